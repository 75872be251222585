/*
 * TIFF stacks through libtiff: reading (rad_tiff_codec), what the tags say, and
 * writing.
 *
 * libtiff allocates with malloc and must not be left by longjmp.  So a TIFF is
 * in memory as a whole, and a handle is open only while neither a byte source
 * nor rad_continue() nor a callback is called.
 */
#ifndef RAD_FORMATS_TIFF_H
#define RAD_FORMATS_TIFF_H

#include "formats/byte_sink.h"
#include "formats/codec.h"
#include "formats/tiff_transform.h"

extern const Codec rad_tiff_codec;

/* Largest strip or tile, decompressed: 256 MB. */
#define RAD_TIFF_MAX_BLOCK ((int64_t) 256 << 20)

typedef enum TiffCompression
{
	RAD_TIFF_NONE,
	RAD_TIFF_PACKBITS,
	RAD_TIFF_LZW,
	RAD_TIFF_DEFLATE
} TiffCompression;

#define RAD_TIFF_COMPRESSION_COUNT 4

/* "none", "packbits", "lzw", "deflate" */
extern const char *const rad_tiff_compression_names[RAD_TIFF_COMPRESSION_COUNT];

typedef struct TiffOptions
{
	TiffCompression compression;
	int			tile;			/* edge of square tiles, a multiple of 16; 0: strips */
	const TiffTransform *transform; /* tags to write, or NULL */
} TiffOptions;

/* Stream the whole volume of a reader into a sink, one page per slice. */
extern bool rad_write_tiff(RadContext *context, VolumeReader *reader, const TiffOptions *options,
						   const ByteSink *sink);

/* What the first page says. */
typedef struct TiffTags
{
	int64_t		page_count;
	uint32_t	width;
	uint32_t	height;
	int			bits;			/* per sample */
	int			samples;		/* per pixel */
	int			sample_format;	/* 1 unsigned, 2 signed, 3 floating point */
	int			compression;	/* TIFF's number */
	int			tile_width;		/* 0: strips */
	int			tile_height;
	double		resolution[2];	/* pixels per unit; 0 when absent */
	int			resolution_unit;	/* 1 none, 2 inch, 3 centimetre */
	int			page_number[2]; /* page, pages; 0, 0 when absent */
	char	   *description;	/* or NULL */
	char	   *software;		/* or NULL */
	TiffTransform transform;
} TiffTags;

extern bool rad_tiff_tags(RadContext *context, const ByteSource *source, TiffTags *tags);

#endif							/* RAD_FORMATS_TIFF_H */
