/*
 * Grey levels: the discretised intensity mask, laid out for the counting
 * kernels.  Level 0 is "outside".
 */
#ifndef RAD_ROI_GREY_LEVELS_H
#define RAD_ROI_GREY_LEVELS_H

#include "roi/region.h"

/* Most grey levels (N_g) that textures are computed for. */
#define RAD_MAX_LEVELS 65535

/* Readable zero bytes before the first and behind the last voxel. */
#define RAD_LEVEL_SLACK 128

typedef struct GreyLevels
{
	int			size[3];		/* tight box of the intensity mask */
	int			offset[3];		/* of that box in the region's arrays */
	int			level_count;	/* N_g: highest bin index, empty bins included */
	int64_t		voxel_count;	/* N_v */

	/*
	 * Voxel (x, y, z) is at element x + y * row_stride + z * slice_stride of
	 * `levels`, which is uint8_t when bytes_per_level is 1 and uint16_t when 2.
	 * Around the box lie at least `padding` zero voxels in every direction, and
	 * around the whole buffer RAD_LEVEL_SLACK zero bytes, so kernels may
	 * read past row ends in full vectors.
	 */
	int			bytes_per_level;	/* 1 when level_count <= 255 */
	int			padding;		/* voxels */
	int64_t		row_stride;		/* elements */
	int64_t		slice_stride;	/* elements */
	void	   *levels;			/* at voxel (0, 0, 0) */

	int64_t    *histogram;		/* [level_count + 1]; [0] unused */
	int64_t    *slice_voxel_count;	/* [size[2]] */

	/* Bin number b (from 1) covers [low + (b - 1) * width, low + b * width). */
	double		bin_low;
	double		bin_width;
} GreyLevels;

/*
 * Discretise the intensity mask for textures and the histogram.
 *
 * FBN: floor(N (x - min) / (max - min)) + 1, the maximum in bin N; a constant
 * region has level 1 only.  FBS: floor((x - low) / width) + 1 with low = lower bound of the
 * re-segmentation range, or the region's minimum when it is open.  NONE: the
 * intensities must be integers >= 1.
 *
 * padding is the largest neighbourhood distance that a family will look at.
 *
 * Errors: RAD_LIMIT_EXCEEDED when more than RAD_MAX_LEVELS levels come out
 * (hint: a larger bin), RAD_DATA_EXCEPTION for NONE with other intensities.
 */
extern bool rad_grey_levels_build(RadContext *context, const Region *region,
								  const Settings *settings, int padding,
								  GreyLevels **levels);
extern void rad_grey_levels_release(RadContext *context, GreyLevels *levels);

/*
 * Zeroed levels, histogram and slice counts for the size, level_count and
 * padding that are set; fills in the strides.  For discretisations of their own.
 */
extern bool rad_grey_levels_allocate(RadContext *context, GreyLevels *levels);

#endif							/* RAD_ROI_GREY_LEVELS_H */
