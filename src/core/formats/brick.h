/*
 * One brick of a stored volume: filtered, compressed, and back.  The voxels of
 * a brick lie one after another, x fastest.
 */
#ifndef RAD_FORMATS_BRICK_H
#define RAD_FORMATS_BRICK_H

#include "base/context.h"

/* Numbers are stored in volumes. */
typedef enum BrickCompression
{
	BRICK_PLAIN = 0,
	BRICK_LZ4 = 1,
	BRICK_ZSTD = 2
} BrickCompression;

/*
 * What happens before compression.  The differences are taken between the
 * voxels' bits as unsigned integers, so that every type comes back exactly,
 * and signed small ones are folded into small unsigned ones.  All but NONE
 * then put the lowest bytes of all voxels first, the next ones behind, ...
 */
typedef enum BrickFilter
{
	FILTER_NONE = 0,
	FILTER_SHUFFLE = 1,			/* bytes only */
	FILTER_DELTA_X = 2,			/* to the voxel before */
	FILTER_DELTA_Y = 3,			/* to the voxel of the row before */
	FILTER_DELTA_XY = 4,		/* both: the corner of a parallelogram */
	FILTER_NARROW = 5			/* floating-point voxels that are whole numbers of 16
								 * bits, as such, then DELTA_XY; the encoder takes
								 * DELTA_XY alone when they are not */
} BrickFilter;

#define BRICK_COMPRESSION_COUNT 3
#define BRICK_FILTER_COUNT 6

extern const char *const rad_brick_compression_names[BRICK_COMPRESSION_COUNT];
extern const char *const rad_brick_filter_names[BRICK_FILTER_COUNT];

typedef struct BrickShape
{
	size_t		voxel_size;		/* bytes: 1, 2, 4 or 8 */
	size_t		width;			/* voxels along x */
	size_t		count;			/* voxels, a multiple of width */
} BrickShape;

/*
 * Compressors hold memory of their libraries: open one, use it for as long as
 * nothing can leave by longjmp, close it.
 */
typedef struct BrickCoder
{
	void	   *compressor;
	void	   *decompressor;
	bool		out_of_memory;	/* why the last call failed */
} BrickCoder;

extern void rad_brick_coder_close(BrickCoder *coder);

/* Room that an encoded brick may need. */
extern size_t rad_brick_bound(const BrickShape *shape);

/*
 * Encode a brick into out, which has rad_brick_bound() bytes; scratch has room
 * for the voxels.  *compression and *filter say what is wanted and what it
 * became: a brick that does not shrink is stored as it is.  Returns the length
 * in bytes, or 0 (never an encoded length) when there was no memory.
 */
extern size_t rad_brick_encode(BrickCoder *coder, const BrickShape *shape, const void *voxels,
							   int level, BrickCompression *compression, BrickFilter *filter,
							   void *scratch, void *out);

/*
 * Decode a brick.  Scratch has room for the voxels.  False when the bytes are
 * not what was written, or there was no memory.
 */
extern bool rad_brick_decode(BrickCoder *coder, const BrickShape *shape, const void *bytes,
							 size_t length, BrickCompression compression, BrickFilter filter,
							 void *scratch, void *voxels);

#endif							/* RAD_FORMATS_BRICK_H */
