// SPDX-License-Identifier: Apache-2.0
// Frames in and out. Requests may be pipelined: answers are collected and written when no further request is at hand.
#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "io.h"

#define READ_SIZE (256u << 10)
#define FLUSH_SIZE (256u << 10)

// Reads once into the buffer; 0 at the end of the stream.
static ssize_t receive(struct wire *wire)
{
	if (wire_flush(wire) < 0)
		return -1;
	if (wire->start > 0) {
		size_t left = wire->received.length - wire->start;
		if (left > 0)
			memmove(wire->received.data, wire->received.data + wire->start, left);
		wire->received.length = left;
		wire->start = 0;
	}
	if (bytes_reserve(&wire->received, READ_SIZE) < 0)
		return -1;
	for (;;) {
		ssize_t got = read(wire->in, wire->received.data + wire->received.length, READ_SIZE);
		if (got >= 0) {
			wire->received.length += (size_t)got;
			return got;
		}
		if (errno == EAGAIN) {
			struct pollfd wait = {.fd = wire->in, .events = POLLIN};
			if (poll(&wait, 1, -1) < 0 && errno != EINTR)
				return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
}

int wire_frame(struct wire *wire, struct cursor *payload)
{
	for (;;) {
		size_t ready = wire->received.length - wire->start;
		if (ready >= 4) {
			struct cursor head = {.at = wire->received.data + wire->start, .left = ready};
			uint32_t length = take_u32(&head);
			if (length == 0 || length > WIRE_FRAME_MAX) {
				errno = EPROTO;
				return -1;
			}
			if (head.left >= length) {
				wire->start += 4 + (size_t)length;
				*payload = (struct cursor){.at = head.at, .left = length};
				return 1;
			}
		}
		ssize_t got = receive(wire);
		if (got < 0)
			return -1;
		if (got == 0 && ready > 0)
			errno = EPROTO;
		if (got == 0)
			return ready > 0 ? -1 : 0;
	}
}

bool wire_has_frame(const struct wire *wire)
{
	struct cursor head = {.at = wire->received.data + wire->start, .left = wire->received.length - wire->start};
	if (head.left < 4)
		return false;
	uint32_t length = take_u32(&head);
	return length <= head.left;
}

int wire_content(struct wire *wire, size_t want, const unsigned char **data, size_t *got)
{
	if (wire->received.length == wire->start) {
		ssize_t received = receive(wire);
		if (received < 0)
			return -1;
		if (received == 0) {
			errno = EPROTO;
			return -1;
		}
	}
	size_t ready = wire->received.length - wire->start;
	*got = ready < want ? ready : want;
	*data = wire->received.data + wire->start;
	wire->start += *got;
	return 0;
}

int wire_send(struct wire *wire, char kind, const void *payload, size_t length)
{
	if (length >= WIRE_FRAME_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if (bytes_add_u32(&wire->sending, (uint32_t)length + 1) < 0 ||
	    bytes_add_u8(&wire->sending, (uint8_t)kind) < 0 || bytes_add(&wire->sending, payload, length) < 0)
		return -1;
	return wire->sending.length >= FLUSH_SIZE ? wire_flush(wire) : 0;
}

int wire_flush(struct wire *wire)
{
	if (wire->sending.length == 0)
		return 0;
	size_t length = wire->sending.length;
	wire->sending.length = 0;
	return write_all(wire->out, wire->sending.data, length);
}

void wire_free(struct wire *wire)
{
	bytes_free(&wire->received);
	bytes_free(&wire->sending);
}
