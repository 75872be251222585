/*
 * The bytes of a file after decompression, seen through a window that moves
 * forward: the same for plain and gzip files, in memory or not.
 *
 * Plain bytes in memory are shown in place, plain bytes elsewhere are read
 * positionally (a gap between two windows is not read), gzip is inflated as
 * far as asked and no further.
 */
#ifndef RAD_FORMATS_BYTE_STREAM_H
#define RAD_FORMATS_BYTE_STREAM_H

#include "formats/inflate_stream.h"

typedef struct ByteStream ByteStream;

/* A window is at least this large when so much was wanted: it fits in L2. */
#define RAD_STREAM_WINDOW (256 * 1024)

extern bool rad_byte_stream_open(RadContext *context, const ByteSource *source,
								 ByteStream **stream);

/*
 * Open the compressed part of a file whose header is plain: length bytes from
 * offset on, or all up to the end with -1.  A file that is compressed as a
 * whole, too, is refused (RAD_NOT_SUPPORTED).
 */
extern bool rad_byte_stream_open_part(RadContext *context, const ByteStream *whole,
									  int64_t offset, int64_t length, InflateFormat format,
									  ByteStream **part);

/* "image" or "mask". */
extern const char *rad_byte_stream_name(const ByteStream *stream);
extern bool rad_byte_stream_compressed(const ByteStream *stream);

/* The source's; may be NULL. */
extern SourceCounters *rad_byte_stream_counters(const ByteStream *stream);

/*
 * How many bytes there can be: exact for plain bytes, an upper bound that
 * follows from the compressed length for gzip.
 */
extern int64_t rad_byte_stream_limit(const ByteStream *stream);

/*
 * Show the bytes from offset on: at least minimum of them, or fewer only when
 * the stream ends before; wanted (>= minimum) says how many will be used in
 * the end, and no byte behind that is read.  The window is valid until the
 * next call.  Going back is allowed; in gzip it starts again from the front.
 */
extern bool rad_byte_stream_window(RadContext *context, ByteStream *stream, int64_t offset,
								   size_t minimum, size_t wanted,
								   const uint8_t **bytes, size_t *available);

/*
 * True when the stream ends at offset, which must be the end of the last
 * window: for gzip this checks CRC and length.  *ends says whether it does;
 * false is returned for corrupt data.
 */
extern bool rad_byte_stream_ends(RadContext *context, ByteStream *stream, int64_t offset,
								 bool *ends);

#endif							/* RAD_FORMATS_BYTE_STREAM_H */
