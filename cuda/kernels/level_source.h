/*
 * Intensities that a device makes grey levels of itself: the region is cropped
 * out of a larger array and discretised where it will be counted.
 */
#ifndef RAD_CUDA_LEVEL_SOURCE_H
#define RAD_CUDA_LEVEL_SOURCE_H

#include <stdint.h>

#include "roi/bin_rule.h"

/*
 * Exact sums over the voxels of a region, of integer voxel types; of others
 * only the count.  A square has 64 bits, and its halves are summed apart, so
 * that no sum can overflow: sum of squares = low + 2^32 high.
 */
typedef struct IntensitySums
{
	int64_t		count;
	int64_t		sum;
	int64_t		squares_low;
	int64_t		squares_high;
} IntensitySums;

typedef struct LevelSource
{
	const void *voxels;			/* x fastest */
	const uint8_t *mask;		/* of the same size; 1 inside, 0 outside */
	int32_t		type;			/* VoxelType */
	int32_t		size[3];
	int32_t		offset[3];		/* of the request's box of levels in it */
	BinRule		rule;

	/* Results. */
	int64_t    *histogram;		/* [level_count + 1]; [0] is 0 */
	IntensitySums sums;
} LevelSource;

#endif							/* RAD_CUDA_LEVEL_SOURCE_H */
