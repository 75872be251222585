/*
 * A box of a mask with one bit per voxel: what the mesh's vertices and the
 * moments of the coordinates are found from, 64 voxels at a time.
 */
#ifndef RAD_ROI_BIT_MASK_H
#define RAD_ROI_BIT_MASK_H

#include <string.h>

#include "volume/grid.h"

/*
 * Bit x & 63 of word x >> 6 of row (y, z) is voxel (x, y, z) of the box.  Rows
 * run over -1 <= y <= size[1] and -1 <= z <= size[2], those outside the box
 * being empty, so that neighbouring rows exist everywhere.
 */
typedef struct BitMask
{
	int			size[3];
	int			row_words;
	uint64_t   *words;
} BitMask;

/* Pack 64 or fewer bytes 0 or 1 into bits, the first in bit 0. */
static inline uint64_t
rad_pack_bits(const uint8_t *bytes, int count)
{
	uint64_t	bits = 0;
	int			n = 0;

	/* The product moves byte k's lowest bit to bit 56 + k, without carries. */
	for (; n + 8 <= count; n += 8)
	{
		uint64_t	eight;

		memcpy(&eight, bytes + n, 8);
		bits |= ((eight * UINT64_C(0x0102040810204080)) >> 56) << n;
	}
	for (; n < count; n++)
		bits |= (uint64_t) bytes[n] << n;
	return bits;
}

static inline const uint64_t *
rad_bit_row(const BitMask *mask, int y, int z)
{
	int64_t		row = (int64_t) (z + 1) * (mask->size[1] + 2) + y + 1;

	return mask->words + row * mask->row_words;
}

/* Pack the box of a mask with the given array size (bytes 0 or 1, x fastest). */
extern BitMask *rad_bit_mask_build(RadContext *context, const uint8_t *mask,
								   const int size[3], const Box *box);
extern void rad_bit_mask_release(RadContext *context, BitMask *mask);

/* The same mask with the axes x and y exchanged. */
extern BitMask *rad_bit_mask_transpose(RadContext *context, const BitMask *mask);

/*
 * Exact sums over the voxels inside of their coordinates in the box:
 * first[a] = sum of x_a, second[a][b] = sum of x_a x_b.
 */
typedef struct CoordinateSums
{
	int64_t		count;
	int64_t		first[3];
	int64_t		second[3][3];
} CoordinateSums;

extern bool rad_bit_mask_sums(RadContext *context, const BitMask *mask,
							  CoordinateSums *sums);

#endif							/* RAD_ROI_BIT_MASK_H */
