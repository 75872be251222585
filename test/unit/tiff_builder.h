/*
 * Makes TIFF files in memory for tests and fuzzing seeds: one strip per plane
 * of a page, every field byte by byte.  Written from the TIFF 6.0
 * specification and sharing nothing with the reader.
 */
#ifndef TIFF_BUILDER_H
#define TIFF_BUILDER_H

#include "nifti_builder.h"

typedef struct TiffBuilder
{
	uint8_t		bytes[4000];
	size_t		length;
	size_t		link;			/* where the next directory's offset goes */
	bool		big;
} TiffBuilder;

static inline void
begin_tiff(TiffBuilder *builder, bool big)
{
	*builder = (TiffBuilder) {.length = 8, .link = 4, .big = big};
	memcpy(builder->bytes, big ? "MM\0*" : "II*\0", 4);
}

static inline void
add_entry(TiffBuilder *builder, int tag, int type, uint32_t count, uint32_t value)
{
	uint8_t    *at = builder->bytes + builder->length;

	put_bits(at, (uint64_t) tag, 2, builder->big);
	put_bits(at + 2, (uint64_t) type, 2, builder->big);
	put_bits(at + 4, count, 4, builder->big);
	/* Short values stand at the left of the field. */
	put_bits(at + 8, value, type == 3 && count == 1 ? 2 : 4, builder->big);
	builder->length += 12;
}

typedef struct PageSpec
{
	int			width;
	int			height;
	int			bits;
	int			format;
	int			samples;
	int			planar;
	int			subfile;
	int			orientation;
	int			compression;
	float		resolution;		/* pixels per unit; 0: none */
	int			unit;
	const char *description;
} PageSpec;

static inline void
add_page(TiffBuilder *builder, const PageSpec *spec, const void *voxels, size_t voxel_bytes)
{
	size_t		data = builder->length;
	size_t		strips = spec->planar == 2 ? (size_t) spec->samples : 1;
	size_t		bits_at = data + voxel_bytes;
	size_t		strips_at = bits_at + 16;
	size_t		rational_at = strips_at + 32;
	size_t		text_at = rational_at + 8;
	size_t		text = spec->description != NULL ? strlen(spec->description) + 1 : 0;
	int			entries = 13 + (text > 0) + (spec->resolution > 0 ? 3 : 0);

	memcpy(builder->bytes + data, voxels, voxel_bytes);
	for (int n = 0; n < spec->samples; n++)
	{
		put_bits(builder->bytes + bits_at + 2 * n, (uint64_t) spec->bits, 2, builder->big);
		put_bits(builder->bytes + bits_at + 8 + 2 * n, (uint64_t) spec->format, 2, builder->big);
	}
	for (size_t n = 0; n < strips; n++)
	{
		put_bits(builder->bytes + strips_at + 4 * n, data + n * voxel_bytes / strips, 4, builder->big);
		put_bits(builder->bytes + strips_at + 16 + 4 * n, voxel_bytes / strips, 4, builder->big);
	}
	put_bits(builder->bytes + rational_at, (uint64_t) (spec->resolution * 1000), 4, builder->big);
	put_bits(builder->bytes + rational_at + 4, 1000, 4, builder->big);
	if (text > 0)
		memcpy(builder->bytes + text_at, spec->description, text);
	builder->length = (text_at + text + 1) / 2 * 2;
	put_bits(builder->bytes + builder->link, builder->length, 4, builder->big);
	put_bits(builder->bytes + builder->length, (uint64_t) entries, 2, builder->big);
	builder->length += 2;
	add_entry(builder, 254, 4, 1, (uint32_t) spec->subfile);
	add_entry(builder, 256, 4, 1, (uint32_t) spec->width);
	add_entry(builder, 257, 4, 1, (uint32_t) spec->height);
	add_entry(builder, 258, 3, (uint32_t) spec->samples, spec->samples == 1 ?
			  (uint32_t) spec->bits : (uint32_t) bits_at);
	add_entry(builder, 259, 3, 1, (uint32_t) spec->compression);
	add_entry(builder, 262, 3, 1, spec->samples == 3 ? 2 : 1);
	if (text > 0)
		add_entry(builder, 270, 2, (uint32_t) text, (uint32_t) text_at);
	add_entry(builder, 273, 4, (uint32_t) strips, strips > 1 ? (uint32_t) strips_at : (uint32_t) data);
	add_entry(builder, 274, 3, 1, (uint32_t) spec->orientation);
	add_entry(builder, 277, 3, 1, (uint32_t) spec->samples);
	add_entry(builder, 278, 4, 1, (uint32_t) spec->height);
	add_entry(builder, 279, 4, (uint32_t) strips, strips > 1 ? (uint32_t) strips_at + 16 :
			  (uint32_t) voxel_bytes);
	if (spec->resolution > 0)
	{
		add_entry(builder, 282, 5, 1, (uint32_t) rational_at);
		add_entry(builder, 283, 5, 1, (uint32_t) rational_at);
	}
	add_entry(builder, 284, 3, 1, (uint32_t) spec->planar);
	if (spec->resolution > 0)
		add_entry(builder, 296, 3, 1, (uint32_t) spec->unit);
	add_entry(builder, 339, 3, (uint32_t) spec->samples, spec->samples == 1 ?
			  (uint32_t) spec->format : (uint32_t) bits_at + 8);
	builder->link = builder->length;
	put_bits(builder->bytes + builder->length, 0, 4, builder->big);
	builder->length += 4;
}

static const PageSpec plain_page = {
	.width = 3, .height = 2, .bits = 16, .format = 1, .samples = 1, .planar = 1, .orientation = 1,
	.compression = 1
};

#endif							/* TIFF_BUILDER_H */
