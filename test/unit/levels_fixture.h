/*
 * Grey levels for tests, built by hand from a dense array (x fastest, 0 is
 * outside) in the layout that roi/grey_levels.h describes.
 *
 * The box is taken as given, tight or not.  Rows and slices share their
 * padding (the zeros behind a row are those in front of the next one), the
 * tightest layout that the description allows; `spare` more elements per row
 * and per slice make a looser one.
 */
#ifndef TEST_LEVELS_FIXTURE_H
#define TEST_LEVELS_FIXTURE_H

#include "roi/grey_levels.h"

static inline GreyLevels *
levels_from_dense(RadContext *context, const int size[3], const uint16_t *dense,
				  int level_count, int bytes_per_level, int padding, int spare)
{
	GreyLevels *levels = rad_new_zeroed(context, GreyLevels, 1);
	int64_t		lead;
	int64_t		element_count;
	uint8_t    *buffer;

	for (int axis = 0; axis < 3; axis++)
		levels->size[axis] = size[axis];
	levels->level_count = level_count;
	levels->bytes_per_level = bytes_per_level;
	levels->padding = padding;
	levels->row_stride = size[0] + padding + spare;
	levels->slice_stride = levels->row_stride * (size[1] + padding) + spare;
	levels->histogram = rad_new_zeroed(context, int64_t, level_count + 1);
	levels->slice_voxel_count = rad_new_zeroed(context, int64_t, size[2]);
	levels->bin_width = 1.0;

	lead = padding * (levels->slice_stride + levels->row_stride + 1);
	element_count = 2 * lead + size[2] * levels->slice_stride;
	buffer = rad_new_zeroed(context, uint8_t,
							element_count * bytes_per_level + 2 * RAD_LEVEL_SLACK);
	levels->levels = buffer + RAD_LEVEL_SLACK + lead * bytes_per_level;

	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++)
			{
				int			level = dense[((int64_t) z * size[1] + y) * size[0] + x];
				int64_t		at = x + y * levels->row_stride + z * levels->slice_stride;

				if (bytes_per_level == 1)
					((uint8_t *) levels->levels)[at] = (uint8_t) level;
				else
					((uint16_t *) levels->levels)[at] = (uint16_t) level;
				if (level == 0)
					continue;
				levels->histogram[level]++;
				levels->slice_voxel_count[z]++;
				levels->voxel_count++;
			}
	return levels;
}

#endif							/* TEST_LEVELS_FIXTURE_H */
