/*
 * Streamed gzip and zlib; see inflate_stream.h.
 *
 * ISA-L keeps the 32 kB of history itself, so every call may have another
 * output buffer.  It checks CRC-32 and length of a gzip member, or the Adler-32
 * of a zlib stream, when it reaches the trailer.
 */
#include "formats/inflate_stream.h"

#include <isa-l/igzip_lib.h>

/* Input: read by this much at a time, or shown to ISA-L in memory. */
#define INPUT_BUFFER (128 * 1024)
#define INPUT_PIECE (1024 * 1024)

/* Output between two polls for a cancel: about half a millisecond. */
#define OUTPUT_PIECE (256 * 1024)

/* Calls in a row that neither read nor write before we call it stuck. */
#define MAX_IDLE_CALLS 3

struct InflateStream
{
	const ByteSource *source;
	InflateFormat format;
	uint8_t    *buffer;			/* INPUT_BUFFER bytes; NULL with a memory source */
	int64_t		input_offset;	/* of the first byte not yet shown to ISA-L */
	int64_t		total;			/* bytes produced */
	bool		ended;			/* the last member is complete */
	struct inflate_state state;
};

static const uint32_t isal_flags[] = {
	[INFLATE_GZIP] = ISAL_GZIP,
	[INFLATE_ZLIB] = ISAL_ZLIB,
};

static const char *const format_names[] = {
	[INFLATE_GZIP] = "gzip",
	[INFLATE_ZLIB] = "zlib",
};

bool
rad_inflate_recognise(const uint8_t *head, size_t length)
{
	return length >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

void
rad_inflate_restart(InflateStream *stream)
{
	stream->input_offset = 0;
	stream->total = 0;
	stream->ended = false;
	isal_inflate_init(&stream->state);
	stream->state.crc_flag = isal_flags[stream->format];
	stream->state.next_in = NULL;
	stream->state.avail_in = 0;
}

bool
rad_inflate_open(RadContext *context, const ByteSource *source, InflateFormat format,
				 InflateStream **stream)
{
	InflateStream *opened = rad_new(context, InflateStream, 1);

	if (opened == NULL)
		return false;
	opened->source = source;
	opened->format = format;
	opened->buffer = NULL;
	if (source->memory == NULL)
	{
		opened->buffer = rad_new(context, uint8_t, INPUT_BUFFER);
		if (opened->buffer == NULL)
			return false;
	}
	rad_inflate_restart(opened);
	*stream = opened;
	return true;
}

/* Show ISA-L the next piece of input; leaves avail_in 0 at the end. */
static bool
refill(RadContext *context, InflateStream *stream)
{
	const ByteSource *source = stream->source;
	int64_t		count = source->length - stream->input_offset;

	if (source->memory != NULL)
	{
		if (count > INPUT_PIECE)
			count = INPUT_PIECE;
		stream->state.next_in = (uint8_t *) source->memory + stream->input_offset;
	}
	else
	{
		if (count > INPUT_BUFFER)
			count = INPUT_BUFFER;
		if (!rad_source_read(context, source, stream->input_offset,
							 stream->buffer, (size_t) count))
			return false;
		stream->state.next_in = stream->buffer;
	}
	stream->state.avail_in = (uint32_t) count;
	stream->input_offset += count;
	return true;
}

static bool
fail_broken(RadContext *context, const InflateStream *stream, const char *what)
{
	rad_fail(context, RAD_INVALID_BINARY, "%s: %s data is %s",
			 stream->source->name, format_names[stream->format], what);
	rad_detail(context, "Decompression stopped at byte %lld of %lld, after %lld bytes of output.",
			   (long long) (stream->input_offset - stream->state.avail_in),
			   (long long) stream->source->length, (long long) stream->total);
	if (stream->format == INFLATE_ZLIB)
		return rad_hint(context, "Load the file again from its origin.");
	return rad_hint(context, "Load the file again from its origin; "
					"\"gzip -t\" tests a copy on disk.");
}

static bool
fail_corrupt(RadContext *context, const InflateStream *stream, int result)
{
	switch (result)
	{
		case ISAL_INVALID_BLOCK:
			return fail_broken(context, stream, "corrupt: invalid block");
		case ISAL_INVALID_SYMBOL:
			return fail_broken(context, stream, "corrupt: invalid symbol");
		case ISAL_INVALID_LOOKBACK:
			return fail_broken(context, stream, "corrupt: reference before its start");
		case ISAL_INVALID_WRAPPER:
			return fail_broken(context, stream, "corrupt: invalid header");
		case ISAL_UNSUPPORTED_METHOD:
			return fail_broken(context, stream, "corrupt: unknown compression method");
		case ISAL_INCORRECT_CHECKSUM:
			return fail_broken(context, stream, "corrupt: checksum or length differs");
		default:
			return fail_broken(context, stream, "corrupt");
	}
}

/* A member is complete: go on with the next one, or end. */
static bool
next_member(RadContext *context, InflateStream *stream)
{
	struct inflate_state *state = &stream->state;

	for (;;)
	{
		if (state->avail_in == 0)
		{
			if (stream->input_offset == stream->source->length)
			{
				stream->ended = true;
				return true;
			}
			if (!rad_continue(context) || !refill(context, stream))
				return false;
		}
		if (*state->next_in != 0)
			break;
		state->next_in++;
		state->avail_in--;
	}
	if (stream->format != INFLATE_GZIP || *state->next_in != 0x1f)
		return fail_broken(context, stream, "followed by other bytes");
	isal_inflate_reset(state);
	state->crc_flag = ISAL_GZIP;
	return true;
}

bool
rad_inflate_read(RadContext *context, InflateStream *stream,
				 void *buffer, size_t count, size_t *produced)
{
	struct inflate_state *state = &stream->state;
	int			idle_calls = 0;

	*produced = 0;
	while (*produced < count && !stream->ended)
	{
		size_t		room = count - *produced;
		uint32_t	input_before;
		size_t		made;
		int			result;

		if (!rad_continue(context))
			return false;
		if (state->avail_in == 0 && stream->input_offset < stream->source->length &&
			!refill(context, stream))
			return false;
		if (room > OUTPUT_PIECE)
			room = OUTPUT_PIECE;
		input_before = state->avail_in;
		state->next_out = (uint8_t *) buffer + *produced;
		state->avail_out = (uint32_t) room;
		result = isal_inflate(state);
		made = room - state->avail_out;
		*produced += made;
		stream->total += (int64_t) made;
		if (result < 0)
			return fail_corrupt(context, stream, result);
		if (state->block_state == ISAL_BLOCK_FINISH)
		{
			if (!next_member(context, stream))
				return false;
			idle_calls = 0;
			continue;
		}
		if (made > 0 || state->avail_in != input_before)
			idle_calls = 0;
		else if (++idle_calls >= MAX_IDLE_CALLS)
		{
			if (state->avail_in == 0)
				return fail_broken(context, stream, "truncated");
			return fail_broken(context, stream, "corrupt");
		}
	}
	return true;
}
