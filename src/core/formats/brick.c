/*
 * Filters and compressors of bricks; see brick.h.
 */
#include "formats/brick.h"

#include <lz4.h>
#include <string.h>
#include <zstd.h>

const char *const rad_brick_compression_names[BRICK_COMPRESSION_COUNT] = {
	[BRICK_PLAIN] = "none",
	[BRICK_LZ4] = "lz4",
	[BRICK_ZSTD] = "zstd",
};

const char *const rad_brick_filter_names[BRICK_FILTER_COUNT] = {
	[FILTER_NONE] = "none",
	[FILTER_SHUFFLE] = "shuffle",
	[FILTER_DELTA_X] = "delta_x",
	[FILTER_DELTA_Y] = "delta_y",
	[FILTER_DELTA_XY] = "delta_xy",
	[FILTER_NARROW] = "narrow",
};

/*
 * The filters for one size of voxels.  Differences wrap around.  `fold` turns
 * 0, -1, 1, -2, ... into 0, 1, 2, 3, ...: their high bytes are then all zero
 * instead of zero or 255 by chance.
 *
 * Encoding takes every difference from the voxels themselves, so that all of
 * it is independent work for vector units; decoding has to add up along x.
 */
#define DEFINE_FILTER(bits) \
typedef uint##bits##_t Voxel##bits; \
\
static inline Voxel##bits \
fold##bits(Voxel##bits difference) \
{ \
	return (Voxel##bits) ((Voxel##bits) (difference << 1) ^ \
						  (Voxel##bits) -(Voxel##bits) (difference >> (bits - 1))); \
} \
\
static inline Voxel##bits \
unfold##bits(Voxel##bits folded) \
{ \
	return (Voxel##bits) ((Voxel##bits) (folded >> 1) ^ (Voxel##bits) -(Voxel##bits) (folded & 1)); \
} \
\
static void \
put_bytes##bits(const Voxel##bits *values, size_t first, size_t count, size_t plane, uint8_t *out) \
{ \
	for (size_t byte = 0; byte < bits / 8; byte++) \
	{ \
		uint8_t    *target = out + byte * plane + first; \
		int			shift = (int) (8 * byte); \
\
		for (size_t n = 0; n < count; n++) \
			target[n] = (uint8_t) (values[n] >> shift); \
	} \
} \
\
static void \
filter##bits(BrickFilter filter, const BrickShape *shape, const Voxel##bits *voxels, uint8_t *out) \
{ \
	size_t		width = shape->width; \
	size_t		plane = shape->count; \
	Voxel##bits row[MAX_WIDTH]; \
\
	if (filter == FILTER_SHUFFLE) \
	{ \
		put_bytes##bits(voxels, 0, plane, plane, out); \
		return; \
	} \
	for (size_t first = 0; first < plane; first += width) \
	{ \
		const Voxel##bits *here = voxels + first; \
		const Voxel##bits *above = here - width; \
\
		if (filter == FILTER_DELTA_X) \
		{ \
			row[0] = fold##bits((Voxel##bits) (here[0] - (first > 0 ? here[-1] : 0))); \
			for (size_t n = 1; n < width; n++) \
				row[n] = fold##bits((Voxel##bits) (here[n] - here[n - 1])); \
		} \
		else if (first == 0) \
		{ \
			row[0] = fold##bits(here[0]); \
			for (size_t n = 1; n < width; n++) \
				row[n] = fold##bits((Voxel##bits) (here[n] - here[n - 1])); \
		} \
		else if (filter == FILTER_DELTA_Y) \
		{ \
			for (size_t n = 0; n < width; n++) \
				row[n] = fold##bits((Voxel##bits) (here[n] - above[n])); \
		} \
		else \
		{ \
			row[0] = fold##bits((Voxel##bits) (here[0] - above[0])); \
			for (size_t n = 1; n < width; n++) \
				row[n] = fold##bits((Voxel##bits) (here[n] - here[n - 1] - above[n] + above[n - 1])); \
		} \
		put_bytes##bits(row, first, width, plane, out); \
	} \
} \
\
static void \
get_bytes##bits(const uint8_t *bytes, size_t first, size_t count, size_t plane, Voxel##bits *values) \
{ \
	const uint8_t *source = bytes + first; \
\
	for (size_t n = 0; n < count; n++) \
	{ \
		Voxel##bits value = 0; \
\
		for (size_t byte = 0; byte < bits / 8; byte++) \
			value |= (Voxel##bits) ((Voxel##bits) source[byte * plane + n] << (8 * byte)); \
		values[n] = value; \
	} \
} \
\
static void \
unfilter##bits(BrickFilter filter, const BrickShape *shape, const uint8_t *bytes, Voxel##bits *voxels) \
{ \
	size_t		width = shape->width; \
	size_t		plane = shape->count; \
\
	get_bytes##bits(bytes, 0, plane, plane, voxels); \
	if (filter == FILTER_SHUFFLE) \
		return; \
	for (size_t n = 0; n < plane; n++) \
		voxels[n] = unfold##bits(voxels[n]); \
	for (size_t first = 0; first < plane; first += width) \
	{ \
		Voxel##bits *here = voxels + first; \
		const Voxel##bits *above = here - width; \
		Voxel##bits sum = filter == FILTER_DELTA_X && first > 0 ? here[-1] : 0; \
\
		if (filter != FILTER_DELTA_Y || first == 0) \
		{ \
			for (size_t n = 0; n < width; n++) \
				here[n] = sum = (Voxel##bits) (sum + here[n]); \
		} \
		if (filter != FILTER_DELTA_X && first > 0) \
		{ \
			for (size_t n = 0; n < width; n++) \
				here[n] = (Voxel##bits) (here[n] + above[n]); \
		} \
	} \
}

/* Widest row of a brick that a filter can take (container.h). */
#define MAX_WIDTH 256

DEFINE_FILTER(8)
DEFINE_FILTER(16)
DEFINE_FILTER(32)
DEFINE_FILTER(64)

static void
apply_filter(BrickFilter filter, const BrickShape *shape, const void *voxels, uint8_t *out)
{
	switch (shape->voxel_size)
	{
		case 1:
			filter8(filter, shape, voxels, out);
			break;
		case 2:
			filter16(filter, shape, voxels, out);
			break;
		case 4:
			filter32(filter, shape, voxels, out);
			break;
		default:
			filter64(filter, shape, voxels, out);
			break;
	}
}

static void
undo_filter(BrickFilter filter, const BrickShape *shape, const uint8_t *bytes, void *voxels)
{
	switch (shape->voxel_size)
	{
		case 1:
			unfilter8(filter, shape, bytes, voxels);
			break;
		case 2:
			unfilter16(filter, shape, bytes, voxels);
			break;
		case 4:
			unfilter32(filter, shape, bytes, voxels);
			break;
		default:
			unfilter64(filter, shape, bytes, voxels);
			break;
	}
}

/*
 * Floating-point voxels as int16 when that loses nothing, not even the sign of
 * a zero: conversion back has to give the same bits.
 */
#define DEFINE_NARROW(ctype, bits) \
static bool \
narrow_##ctype(const ctype *voxels, size_t count, int16_t *out) \
{ \
	uint##bits##_t different = 0; \
\
	for (size_t n = 0; n < count; n++) \
	{ \
		ctype		value = voxels[n] >= -32768 ? voxels[n] : 0;	/* nor NaN */ \
		ctype		back; \
		uint##bits##_t before; \
		uint##bits##_t after; \
\
		value = value <= 32767 ? value : 0; \
		out[n] = (int16_t) value; \
		back = (ctype) out[n]; \
		memcpy(&before, &voxels[n], sizeof(before)); \
		memcpy(&after, &back, sizeof(after)); \
		different |= before ^ after; \
	} \
	return different == 0; \
}

DEFINE_NARROW(float, 32)
DEFINE_NARROW(double, 64)

static bool
narrow(const BrickShape *shape, const void *voxels, int16_t *out)
{
	if (shape->voxel_size == sizeof(float))
		return narrow_float(voxels, shape->count, out);
	return shape->voxel_size == sizeof(double) && narrow_double(voxels, shape->count, out);
}

static void
widen(const BrickShape *shape, const int16_t *narrowed, void *voxels)
{
	if (shape->voxel_size == sizeof(float))
		for (size_t n = 0; n < shape->count; n++)
			((float *) voxels)[n] = narrowed[n];
	else
		for (size_t n = 0; n < shape->count; n++)
			((double *) voxels)[n] = narrowed[n];
}

void
rad_brick_coder_close(BrickCoder *coder)
{
	ZSTD_freeCCtx(coder->compressor);
	ZSTD_freeDCtx(coder->decompressor);
	*coder = (BrickCoder) {0};
}

size_t
rad_brick_bound(const BrickShape *shape)
{
	size_t		raw = shape->count * shape->voxel_size;
	size_t		zstd = ZSTD_compressBound(raw);
	size_t		lz4 = (size_t) LZ4_compressBound((int) raw);

	return zstd > lz4 ? zstd : lz4;
}

size_t
rad_brick_encode(BrickCoder *coder, const BrickShape *shape, const void *voxels, int level,
				 BrickCompression *compression, BrickFilter *filter, void *scratch, void *out)
{
	size_t		raw = shape->count * shape->voxel_size;
	size_t		plain = raw;
	size_t		length = 0;
	const void *filtered = voxels;

	if (*compression == BRICK_PLAIN)
		*filter = FILTER_NONE;
	if (*filter == FILTER_NARROW)
	{
		/* Into the second half of the scratch; the first takes the bytes. */
		BrickShape	narrowed = {2, shape->width, shape->count};
		int16_t    *values = (int16_t *) scratch + shape->count;

		if (narrow(shape, voxels, values))
		{
			raw = 2 * shape->count;
			apply_filter(FILTER_DELTA_XY, &narrowed, values, scratch);
			filtered = scratch;
		}
		else
			*filter = FILTER_DELTA_XY;
	}
	if (*filter != FILTER_NONE && *filter != FILTER_NARROW)
	{
		apply_filter(*filter, shape, voxels, scratch);
		filtered = scratch;
	}
	if (*compression == BRICK_LZ4)
		length = (size_t) LZ4_compress_fast(filtered, out, (int) raw,
											LZ4_compressBound((int) raw), level);
	else if (*compression == BRICK_ZSTD)
	{
		if (coder->compressor == NULL)
			coder->compressor = ZSTD_createCCtx();
		coder->out_of_memory = coder->compressor == NULL;
		if (coder->out_of_memory)
			return 0;
		length = ZSTD_compressCCtx(coder->compressor, out, ZSTD_compressBound(raw), filtered,
								   raw, level);
		/* With that much room, only memory can be missing. */
		coder->out_of_memory = ZSTD_isError(length);
		if (coder->out_of_memory)
			return 0;
	}
	if (*compression == BRICK_PLAIN || length == 0 || length >= plain)
	{
		memcpy(out, voxels, plain);
		*compression = BRICK_PLAIN;
		*filter = FILTER_NONE;
		return plain;
	}
	return length;
}

bool
rad_brick_decode(BrickCoder *coder, const BrickShape *shape, const void *bytes, size_t length,
				 BrickCompression compression, BrickFilter filter, void *scratch, void *voxels)
{
	BrickShape	stored = *shape;
	size_t		raw;
	void	   *filtered = filter == FILTER_NONE ? voxels : scratch;

	if (filter == FILTER_NARROW)
	{
		if (shape->voxel_size < sizeof(float))
			return false;
		stored.voxel_size = 2;
	}
	raw = stored.count * stored.voxel_size;

	switch (compression)
	{
		case BRICK_PLAIN:
			if (length != raw)
				return false;
			memcpy(filtered, bytes, raw);
			break;
		case BRICK_LZ4:
			if (LZ4_decompress_safe(bytes, filtered, (int) length, (int) raw) != (int) raw)
				return false;
			break;
		case BRICK_ZSTD:
			if (coder->decompressor == NULL)
				coder->decompressor = ZSTD_createDCtx();
			coder->out_of_memory = coder->decompressor == NULL;
			if (coder->out_of_memory)
				return false;
			if (ZSTD_decompressDCtx(coder->decompressor, filtered, raw, bytes, length) != raw)
				return false;
			break;
	}
	if (filter == FILTER_NARROW)
	{
		int16_t    *values = (int16_t *) scratch + shape->count;

		undo_filter(FILTER_DELTA_XY, &stored, scratch, values);
		widen(shape, values, voxels);
	}
	else if (filter != FILTER_NONE)
		undo_filter(filter, shape, scratch, voxels);
	return true;
}
