/*
 * Regions built straight from arrays, for tests of the feature families.
 */
#ifndef TEST_REGION_FIXTURE_H
#define TEST_REGION_FIXTURE_H

#include <math.h>
#include <string.h>

#include "roi/region.h"

static inline void
fixture_box(const int size[3], const uint8_t *mask, Box *box, int64_t *count)
{
	int64_t		n = 0;

	*count = 0;
	for (int axis = 0; axis < 3; axis++)
	{
		box->lo[axis] = size[axis];
		box->hi[axis] = 0;
	}
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++)
			{
				int			position[3] = {x, y, z};

				if (mask[n++] == 0)
					continue;
				(*count)++;
				for (int axis = 0; axis < 3; axis++)
				{
					if (position[axis] < box->lo[axis])
						box->lo[axis] = position[axis];
					if (position[axis] >= box->hi[axis])
						box->hi[axis] = position[axis] + 1;
				}
			}
}

/*
 * A region over arrays that stay the caller's.  intensity_mask may be NULL for
 * the same mask.
 */
static inline Region *
fixture_region(RadContext *context, const int size[3], const double spacing[3],
			   const double *intensity, const uint8_t *mask, const uint8_t *intensity_mask)
{
	Region	   *region = rad_new_zeroed(context, Region, 1);
	int64_t		count = (int64_t) size[0] * size[1] * size[2];

	for (int axis = 0; axis < 3; axis++)
	{
		region->grid.size[axis] = region->image_size[axis] = size[axis];
		region->grid.spacing[axis] = spacing[axis];
		region->grid.direction[axis][axis] = 1.0;
	}
	region->label = 1;
	region->intensity = (double *) intensity;
	region->morphological_mask = (uint8_t *) mask;
	region->intensity_mask = (uint8_t *) (intensity_mask != NULL ? intensity_mask : mask);
	fixture_box(size, mask, &region->morphological_box, &region->morphological_count);
	fixture_box(size, region->intensity_mask, &region->intensity_box,
				&region->intensity_count);
	region->values = rad_new(context, double, region->intensity_count);
	region->minimum = INFINITY;
	region->maximum = -INFINITY;
	region->integer_valued = true;
	region->intensity_count = 0;
	for (int64_t n = 0; n < count; n++)
		if (region->intensity_mask[n] != 0)
		{
			region->values[region->intensity_count++] = intensity[n];
			region->minimum = fmin(region->minimum, intensity[n]);
			region->maximum = fmax(region->maximum, intensity[n]);
			if (intensity[n] != floor(intensity[n]))
				region->integer_valued = false;
		}
	return region;
}

/* A small generator, the same numbers everywhere. */
static inline uint32_t
fixture_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static inline double
fixture_random_unit(uint32_t *state)
{
	return fixture_random(state) / 16777216.0;
}

#endif							/* TEST_REGION_FIXTURE_H */
