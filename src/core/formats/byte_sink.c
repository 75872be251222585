/*
 * Bytes that grow; see byte_sink.h.
 */
#include "formats/byte_sink.h"

#include <string.h>

#define FIRST_CAPACITY 4096

bool
rad_buffer_reserve(RadContext *context, ByteBuffer *buffer, size_t count)
{
	size_t		capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;
	uint8_t    *bytes;

	if (count <= buffer->capacity)
		return true;
	while (capacity < count)
	{
		if (__builtin_mul_overflow(capacity, 2, &capacity))
			return rad_fail(context, RAD_OUT_OF_MEMORY, "cannot hold %zu bytes in memory", count);
	}
	bytes = rad_new(context, uint8_t, capacity);
	if (bytes == NULL)
		return false;
	if (buffer->length > 0)
		memcpy(bytes, buffer->bytes, buffer->length);
	rad_release(context, buffer->bytes);
	buffer->bytes = bytes;
	buffer->capacity = capacity;
	return true;
}

static bool
append(RadContext *context, void *handle, const void *bytes, size_t count)
{
	ByteBuffer *buffer = handle;
	size_t		length;

	if (__builtin_add_overflow(buffer->length, count, &length))
		return rad_fail(context, RAD_OUT_OF_MEMORY, "cannot hold %zu more bytes in memory", count);
	if (!rad_buffer_reserve(context, buffer, length))
		return false;
	if (count > 0)
		memcpy(buffer->bytes + buffer->length, bytes, count);
	buffer->length = length;
	return true;
}

ByteSink
rad_buffer_sink(ByteBuffer *buffer)
{
	return (ByteSink) {.write = append, .handle = buffer};
}
