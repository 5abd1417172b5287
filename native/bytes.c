// SPDX-License-Identifier: Apache-2.0
// A growing run of bytes and the checked reader of one. Numbers are little-endian whatever the machine.
#include "bytes.h"

#include <errno.h>
#include <stdlib.h>

int bytes_reserve(struct bytes *bytes, size_t more)
{
	size_t wanted;
	if (__builtin_add_overflow(bytes->length, more, &wanted)) {
		errno = ENOMEM;
		return -1;
	}
	if (wanted <= bytes->capacity)
		return 0;
	size_t capacity = bytes->capacity < 4096 ? 4096 : bytes->capacity;
	while (capacity < wanted) {
		if (__builtin_mul_overflow(capacity, (size_t)2, &capacity)) {
			errno = ENOMEM;
			return -1;
		}
	}
	unsigned char *data = realloc(bytes->data, capacity);
	if (data == NULL)
		return -1;
	bytes->data = data;
	bytes->capacity = capacity;
	return 0;
}

int bytes_add(struct bytes *bytes, const void *data, size_t length)
{
	if (length == 0)
		return 0;
	if (bytes_reserve(bytes, length) < 0)
		return -1;
	memcpy(bytes->data + bytes->length, data, length);
	bytes->length += length;
	return 0;
}

int bytes_add_u8(struct bytes *bytes, uint8_t value)
{
	return bytes_add(bytes, &value, 1);
}

int bytes_add_u32(struct bytes *bytes, uint32_t value)
{
	unsigned char encoded[4];
	for (int i = 0; i < 4; i++)
		encoded[i] = (unsigned char)(value >> (8 * i));
	return bytes_add(bytes, encoded, sizeof encoded);
}

int bytes_add_u64(struct bytes *bytes, uint64_t value)
{
	unsigned char encoded[8];
	for (int i = 0; i < 8; i++)
		encoded[i] = (unsigned char)(value >> (8 * i));
	return bytes_add(bytes, encoded, sizeof encoded);
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){0};
}

const unsigned char *take_bytes(struct cursor *cursor, size_t length)
{
	if (cursor->bad || length > cursor->left) {
		cursor->bad = 1;
		return NULL;
	}
	const unsigned char *at = cursor->at;
	cursor->at += length;
	cursor->left -= length;
	return at;
}

static uint64_t take_number(struct cursor *cursor, size_t size)
{
	const unsigned char *at = take_bytes(cursor, size);
	uint64_t value = 0;
	for (size_t i = size; at != NULL && i > 0; i--)
		value = value << 8 | at[i - 1];
	return value;
}

uint8_t take_u8(struct cursor *cursor)
{
	return (uint8_t)take_number(cursor, 1);
}

uint32_t take_u32(struct cursor *cursor)
{
	return (uint32_t)take_number(cursor, 4);
}

uint64_t take_u64(struct cursor *cursor)
{
	return take_number(cursor, 8);
}

const char *take_string(struct cursor *cursor)
{
	const unsigned char *end = cursor->bad ? NULL : memchr(cursor->at, '\0', cursor->left);
	if (end == NULL) {
		cursor->bad = 1;
		return NULL;
	}
	return (const char *)take_bytes(cursor, (size_t)(end - cursor->at) + 1);
}
