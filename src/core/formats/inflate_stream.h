/*
 * Streamed gzip (RFC 1952) and zlib (RFC 1950) on ISA-L, the fastest inflate we
 * measured (bench/bench_decode.c).  gzip members that follow one another are
 * one stream, as for gzip(1); zero bytes behind the end are ignored.
 */
#ifndef RAD_FORMATS_INFLATE_STREAM_H
#define RAD_FORMATS_INFLATE_STREAM_H

#include "formats/byte_source.h"

typedef struct InflateStream InflateStream;

/*
 * Deflate spends at least one bit on a length and one on a distance for at
 * most 258 bytes, so a byte of input never gives more than this many.
 */
#define RAD_INFLATE_MAX_RATIO 1032

extern bool rad_inflate_recognise(const uint8_t *head, size_t length);

typedef enum InflateFormat
{
	INFLATE_GZIP,
	INFLATE_ZLIB
} InflateFormat;

/* Start at the first byte of the source, which must outlive the stream. */
extern bool rad_inflate_open(RadContext *context, const ByteSource *source,
							 InflateFormat format, InflateStream **stream);

/* Go back to the first byte. */
extern void rad_inflate_restart(InflateStream *stream);

/*
 * Decompress the next count bytes.  *produced is smaller than count only at
 * the end of the stream, when the checksum (and length) of every member has
 * been found right.  Truncated or corrupt data is RAD_INVALID_BINARY.
 */
extern bool rad_inflate_read(RadContext *context, InflateStream *stream,
							 void *buffer, size_t count, size_t *produced);

#endif							/* RAD_FORMATS_INFLATE_STREAM_H */
