/*
 * Where the bytes of a file go that is written: memory of a context, or the
 * server's.
 */
#ifndef RAD_FORMATS_BYTE_SINK_H
#define RAD_FORMATS_BYTE_SINK_H

#include "base/context.h"

typedef struct ByteSink
{
	/* Append bytes.  May longjmp inside the server. */
	bool		(*write) (RadContext *context, void *handle, const void *bytes, size_t count);
	void	   *handle;
} ByteSink;

static inline bool
rad_sink_write(RadContext *context, const ByteSink *sink, const void *bytes, size_t count)
{
	return sink->write(context, sink->handle, bytes, count);
}

/* Bytes in a context's memory that grow. */
typedef struct ByteBuffer
{
	uint8_t    *bytes;
	size_t		length;
	size_t		capacity;
} ByteBuffer;

/* A sink that appends to a buffer, which starts as {0}. */
extern ByteSink rad_buffer_sink(ByteBuffer *buffer);

/* Make room for count bytes in all. */
extern bool rad_buffer_reserve(RadContext *context, ByteBuffer *buffer, size_t count);

#endif							/* RAD_FORMATS_BYTE_SINK_H */
