// SPDX-License-Identifier: Apache-2.0
// The framed stream on stdin and stdout of the tree verbs: u32 length (little-endian), then that many bytes, the first of
// which says the kind. Raw content may follow a frame that announces its size.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

/// Longest frame accepted or sent, in bytes.
#define WIRE_FRAME_MAX (64u << 20)

struct wire {
	int in;
	int out; // -1: nothing is ever sent
	struct bytes received;
	size_t start; // of what is not consumed yet in `received`
	struct bytes sending;
};

/// The next frame's payload (valid until the next call). 1: there is one, 0: the stream ended between frames,
/// -1 with errno (EPROTO: cut off, too long or empty). What waits to be sent goes out before this blocks.
int wire_frame(struct wire *wire, struct cursor *payload);

/// True when wire_frame would not have to wait.
bool wire_has_frame(const struct wire *wire);

/// Some raw bytes of the stream, at most `want`; EPROTO when it ends first.
int wire_content(struct wire *wire, size_t want, const unsigned char **data, size_t *got);

/// Queues a frame made of a kind and a payload.
int wire_send(struct wire *wire, char kind, const void *payload, size_t length);
int wire_flush(struct wire *wire);
void wire_free(struct wire *wire);
