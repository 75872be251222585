/*
 * Streamed compression; see deflate_stream.h.
 */
#include "formats/deflate_stream.h"

#include <isa-l/igzip_lib.h>

/*
 * ISA-L's densest level: CT of 16 bits comes within a few per cent of zlib's
 * level 6 at several times its speed (bench/bench_decode.c).
 */
#define LEVEL 3
#define LEVEL_BUFFER ISAL_DEF_LVL3_DEFAULT

/* Compressed bytes handed on together, and plain bytes between two polls. */
#define OUTPUT_BUFFER (64 * 1024)
#define INPUT_PIECE (256 * 1024)

struct DeflateStream
{
	const ByteSink *target;
	uint8_t    *level_buffer;
	uint8_t    *output;
	struct isal_zstream state;
};

bool
rad_deflate_open(RadContext *context, const ByteSink *target, InflateFormat format,
				 DeflateStream **stream)
{
	DeflateStream *opened = rad_new_zeroed(context, DeflateStream, 1);

	if (opened == NULL)
		return false;
	opened->target = target;
	opened->level_buffer = rad_new(context, uint8_t, LEVEL_BUFFER);
	opened->output = rad_new(context, uint8_t, OUTPUT_BUFFER);
	if (opened->level_buffer == NULL || opened->output == NULL)
		return false;
	isal_deflate_init(&opened->state);
	opened->state.level = LEVEL;
	opened->state.level_buf = opened->level_buffer;
	opened->state.level_buf_size = LEVEL_BUFFER;
	opened->state.gzip_flag = format == INFLATE_ZLIB ? IGZIP_ZLIB : IGZIP_GZIP;
	*stream = opened;
	return true;
}

/* Compress a piece; the last one ends the stream. */
static bool
compress_piece(RadContext *context, DeflateStream *stream, const uint8_t *bytes, size_t count,
			   bool last)
{
	struct isal_zstream *state = &stream->state;

	state->next_in = (uint8_t *) bytes;
	state->avail_in = (uint32_t) count;
	state->end_of_stream = last;
	do
	{
		int			result;

		state->next_out = stream->output;
		state->avail_out = OUTPUT_BUFFER;
		result = isal_deflate(state);
		if (result != COMP_OK)
			return rad_fail(context, RAD_INTERNAL, "compression failed with code %d", result);
		if (!rad_sink_write(context, stream->target, stream->output,
							OUTPUT_BUFFER - state->avail_out))
			return false;
	} while (state->avail_out == 0);
	return rad_continue(context);
}

static bool
write_plain(RadContext *context, void *handle, const void *bytes, size_t count)
{
	const uint8_t *next = bytes;

	while (count > 0)
	{
		size_t		piece = count < INPUT_PIECE ? count : INPUT_PIECE;

		if (!compress_piece(context, handle, next, piece, false))
			return false;
		next += piece;
		count -= piece;
	}
	return true;
}

ByteSink
rad_deflate_sink(DeflateStream *stream)
{
	return (ByteSink) {.write = write_plain, .handle = stream};
}

bool
rad_deflate_finish(RadContext *context, DeflateStream *stream)
{
	if (!compress_piece(context, stream, NULL, 0, true))
		return false;
	rad_release(context, stream->output);
	rad_release(context, stream->level_buffer);
	rad_release(context, stream);
	return true;
}
