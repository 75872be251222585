/*
 * Streamed gzip (RFC 1952) and zlib (RFC 1950) output on ISA-L: a sink that
 * compresses what it is given.  The same bytes in give the same bytes out (no
 * time stamp, no file name).
 */
#ifndef RAD_FORMATS_DEFLATE_STREAM_H
#define RAD_FORMATS_DEFLATE_STREAM_H

#include "formats/byte_sink.h"
#include "formats/inflate_stream.h"

typedef struct DeflateStream DeflateStream;

/* Compressed bytes go to target, which must outlive the stream. */
extern bool rad_deflate_open(RadContext *context, const ByteSink *target, InflateFormat format,
							 DeflateStream **stream);

/* The sink for plain bytes. */
extern ByteSink rad_deflate_sink(DeflateStream *stream);

/* Write the rest and the checksum, and release the stream. */
extern bool rad_deflate_finish(RadContext *context, DeflateStream *stream);

#endif							/* RAD_FORMATS_DEFLATE_STREAM_H */
