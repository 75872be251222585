/*
 * A moving window over the bytes of a file; see byte_stream.h.
 */
#include "formats/byte_stream.h"

#include <string.h>

struct ByteStream
{
	ByteSource	source;
	InflateStream *inflate;		/* NULL for plain bytes */

	/* Of a part of a file: where it begins in the whole. */
	ByteSource	whole;
	int64_t		begin;

	/* Bytes [offset, offset + count) of the stream; unused in memory. */
	uint8_t    *buffer;
	size_t		capacity;
	int64_t		offset;
	size_t		count;
};

bool
rad_byte_stream_open(RadContext *context, const ByteSource *source, ByteStream **stream)
{
	ByteStream *opened = rad_new_zeroed(context, ByteStream, 1);
	uint8_t		head[2];
	size_t		head_length = source->length < 2 ? (size_t) source->length : 2;

	if (opened == NULL)
		return false;
	opened->source = *source;
	if (!rad_source_read(context, source, 0, head, head_length))
		return false;
	if (rad_inflate_recognise(head, head_length) &&
		!rad_inflate_open(context, &opened->source, INFLATE_GZIP, &opened->inflate))
		return false;
	*stream = opened;
	return true;
}

/* Read from a part of a file. */
static bool
read_part(RadContext *context, void *handle, int64_t offset, void *buffer, size_t count)
{
	const ByteStream *part = handle;

	return rad_source_read(context, &part->whole, part->begin + offset, buffer, count);
}

bool
rad_byte_stream_open_part(RadContext *context, const ByteStream *whole, int64_t offset,
						  int64_t length, InflateFormat format, ByteStream **part)
{
	int64_t		available = whole->source.length - offset;
	ByteStream *opened;

	if (whole->inflate != NULL)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s is compressed twice", whole->source.name);
		return rad_hint(context, "Its voxels are compressed inside the file, and the file is "
						"again: store what gunzip makes of it.");
	}
	if (length < 0)
		length = available;
	if (length > available || available < 0)
	{
		rad_fail(context, RAD_INVALID_BINARY, "%s is shorter than its header says",
				 whole->source.name);
		return rad_detail(context, "The header asks for %lld compressed bytes from byte %lld on, "
						  "the file holds %lld.", (long long) length, (long long) offset,
						  (long long) whole->source.length);
	}
	opened = rad_new_zeroed(context, ByteStream, 1);
	if (opened == NULL)
		return false;
	opened->whole = whole->source;
	opened->begin = offset;
	opened->source = (ByteSource) {
		.name = whole->source.name,
		.length = length,
		.memory = whole->source.memory != NULL ? whole->source.memory + offset : NULL,
		.read = read_part,
		.handle = opened,
	};
	*part = opened;
	return rad_inflate_open(context, &opened->source, format, &opened->inflate);
}

const char *
rad_byte_stream_name(const ByteStream *stream)
{
	return stream->source.name;
}

SourceCounters *
rad_byte_stream_counters(const ByteStream *stream)
{
	return stream->source.counters;
}

bool
rad_byte_stream_compressed(const ByteStream *stream)
{
	return stream->inflate != NULL;
}

int64_t
rad_byte_stream_limit(const ByteStream *stream)
{
	int64_t		limit;

	if (stream->inflate == NULL)
		return stream->source.length;
	if (__builtin_mul_overflow(stream->source.length, RAD_INFLATE_MAX_RATIO, &limit))
		return INT64_MAX;
	return limit;
}

static bool
reserve(RadContext *context, ByteStream *stream, size_t capacity)
{
	uint8_t    *buffer;

	if (capacity < RAD_STREAM_WINDOW)
		capacity = RAD_STREAM_WINDOW;
	if (capacity <= stream->capacity)
		return true;
	buffer = rad_new(context, uint8_t, capacity);
	if (buffer == NULL)
		return false;
	if (stream->count > 0)
		memcpy(buffer, stream->buffer, stream->count);
	rad_release(context, stream->buffer);
	stream->buffer = buffer;
	stream->capacity = capacity;
	return true;
}

/* Inflate count more bytes behind those that the buffer holds. */
static bool
inflate_more(RadContext *context, ByteStream *stream, size_t count)
{
	size_t		produced;
	bool		ok = rad_inflate_read(context, stream->inflate,
									  stream->buffer + stream->count, count, &produced);

	stream->count += produced;
	return ok;
}

/* Drop what lies before offset, inflating and dropping as far as needed. */
static bool
skip_to(RadContext *context, ByteStream *stream, int64_t offset)
{
	if (offset < stream->offset)
	{
		rad_inflate_restart(stream->inflate);
		stream->offset = 0;
		stream->count = 0;
	}
	while (offset > stream->offset + (int64_t) stream->count)
	{
		int64_t		distance;

		stream->offset += (int64_t) stream->count;
		stream->count = 0;
		distance = offset - stream->offset;
		if (distance > (int64_t) stream->capacity)
			distance = (int64_t) stream->capacity;
		if (!inflate_more(context, stream, (size_t) distance))
			return false;
		if (stream->count < (size_t) distance)
			return true;		/* the stream ended before offset */
	}
	if (offset > stream->offset)
	{
		size_t		drop = (size_t) (offset - stream->offset);

		memmove(stream->buffer, stream->buffer + drop, stream->count - drop);
		stream->count -= drop;
		stream->offset = offset;
	}
	return true;
}

/* Bytes of the buffer from offset on. */
static size_t
buffered(const ByteStream *stream, int64_t offset)
{
	if (offset < stream->offset || offset > stream->offset + (int64_t) stream->count)
		return 0;
	return stream->count - (size_t) (offset - stream->offset);
}

bool
rad_byte_stream_window(RadContext *context, ByteStream *stream, int64_t offset,
					   size_t minimum, size_t wanted,
					   const uint8_t **bytes, size_t *available)
{
	int64_t		length = stream->source.length;

	if (stream->inflate == NULL)
	{
		size_t		left = offset < length ? (size_t) (length - offset) : 0;

		if (minimum > left)
			minimum = left;
		if (wanted > left)
			wanted = left;
		if (stream->source.memory != NULL || left == 0)
		{
			*bytes = left > 0 ? stream->source.memory + offset : NULL;
			*available = wanted;
			return true;
		}
	}
	if (buffered(stream, offset) < minimum)
	{
		if (!reserve(context, stream, minimum))
			return false;
		if (wanted > stream->capacity)
			wanted = stream->capacity;
		if (stream->inflate == NULL)
		{
			stream->count = 0;
			if (!rad_source_read(context, &stream->source, offset, stream->buffer, wanted))
				return false;
			stream->offset = offset;
			stream->count = wanted;
		}
		else
		{
			if (!skip_to(context, stream, offset))
				return false;
			if (offset == stream->offset && stream->count < wanted &&
				!inflate_more(context, stream, wanted - stream->count))
				return false;
		}
	}
	*available = buffered(stream, offset);
	*bytes = *available > 0 ? stream->buffer + (offset - stream->offset) : stream->buffer;
	return true;
}

bool
rad_byte_stream_ends(RadContext *context, ByteStream *stream, int64_t offset, bool *ends)
{
	const uint8_t *bytes;
	size_t		available;

	if (stream->inflate == NULL)
	{
		*ends = offset == stream->source.length;
		return true;
	}
	if (!rad_byte_stream_window(context, stream, offset, 1, 1, &bytes, &available))
		return false;
	*ends = available == 0;
	return true;
}
