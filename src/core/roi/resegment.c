/*
 * Range re-segmentation and outlier filter; see resegment.h.
 */
#include "roi/resegment.h"

#include <math.h>
#include <string.h>

/* Voxels between two looks at the interrupt flag. */
#define POLL_VOXELS (1 << 20)

/*
 * Set the intensity mask to the voxels of the morphological mask that lie in
 * [low, high].  Returns their number.
 */
static bool
apply_range(RadContext *context, Region *region, double low, double high)
{
	int64_t		total = rad_grid_voxel_count(&region->grid);

	region->intensity_count = 0;
	for (int64_t first = 0; first < total; first += POLL_VOXELS)
	{
		int64_t		last = first + POLL_VOXELS < total ? first + POLL_VOXELS : total;
		int64_t		count = 0;

		if (!rad_continue(context))
			return false;
		for (int64_t n = first; n < last; n++)
		{
			uint8_t		inside = region->morphological_mask[n] &
				(region->intensity[n] >= low) & (region->intensity[n] <= high);

			region->intensity_mask[n] = inside;
			count += inside;
		}
		region->intensity_count += count;
	}
	return true;
}

/* Copy the intensities of the intensity mask to values[], in voxel order. */
static bool
pack_values(RadContext *context, Region *region)
{
	int64_t		count = 0;
	const Grid *grid = &region->grid;
	Box			box = {{grid->size[0], grid->size[1], grid->size[2]}, {0, 0, 0}};
	double		minimum = INFINITY;
	double		maximum = -INFINITY;
	bool		integers = true;

	for (int z = 0; z < grid->size[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = 0; y < grid->size[1]; y++)
		{
			int64_t		row = ((int64_t) z * grid->size[1] + y) * grid->size[0];
			const uint8_t *mask = region->intensity_mask + row;
			const uint8_t *begin = memchr(mask, 1, (size_t) grid->size[0]);
			int			x;

			if (begin == NULL)
				continue;
			x = (int) (begin - mask);
			if (x < box.lo[0])
				box.lo[0] = x;
			if (y < box.lo[1])
				box.lo[1] = y;
			if (z < box.lo[2])
				box.lo[2] = z;
			if (y >= box.hi[1])
				box.hi[1] = y + 1;
			box.hi[2] = z + 1;
			for (int end = grid->size[0]; x < end; x++)
			{
				double		value = region->intensity[row + x];

				if (mask[x] == 0)
					continue;
				region->values[count++] = value;
				if (x >= box.hi[0])
					box.hi[0] = x + 1;
				minimum = value < minimum ? value : minimum;
				maximum = value > maximum ? value : maximum;
				integers = integers && value == floor(value);
			}
		}
	}
	region->intensity_box = box;
	region->minimum = minimum;
	region->maximum = maximum;
	region->integer_valued = integers && fmax(fabs(minimum), fabs(maximum)) < 2147483648.0;
	return true;
}

/* Number of values whose sum is formed on its own (fixed, for equal bits). */
#define SUM_BLOCK 4096

/*
 * Mean and population standard deviation of the values.  Differences to the
 * first value are summed, so that a constant region has deviation 0.
 */
static void
mean_and_deviation(const double *values, int64_t count, double *mean, double *deviation)
{
	double		total = 0.0;
	double		squares = 0.0;

	for (int64_t first = 0; first < count; first += SUM_BLOCK)
	{
		int64_t		last = first + SUM_BLOCK < count ? first + SUM_BLOCK : count;
		double		sum = 0.0;

		for (int64_t n = first; n < last; n++)
			sum += values[n] - values[0];
		total += sum;
	}
	*mean = values[0] + total / (double) count;
	for (int64_t first = 0; first < count; first += SUM_BLOCK)
	{
		int64_t		last = first + SUM_BLOCK < count ? first + SUM_BLOCK : count;
		double		sum = 0.0;

		for (int64_t n = first; n < last; n++)
			sum += (values[n] - *mean) * (values[n] - *mean);
		squares += sum;
	}
	*deviation = sqrt(squares / (double) count);
}

/* Lowest and highest intensity of the morphological mask, for the message. */
static void
describe_intensities(RadContext *context, const Region *region)
{
	int64_t		total = rad_grid_voxel_count(&region->grid);
	double		minimum = INFINITY;
	double		maximum = -INFINITY;

	for (int64_t n = 0; n < total; n++)
	{
		if (region->morphological_mask[n] == 0)
			continue;
		minimum = fmin(minimum, region->intensity[n]);
		maximum = fmax(maximum, region->intensity[n]);
	}
	rad_detail(context, "The region's %lld voxels have intensities from %.10g to %.10g.",
			   (long long) region->morphological_count, minimum, maximum);
}

bool
rad_resegment(RadContext *context, const Settings *settings, Region *region)
{
	double		low = settings->resegmentation_range[0];
	double		high = settings->resegmentation_range[1];
	double		mean;
	double		deviation;

	region->intensity_mask = rad_new(context, uint8_t, rad_grid_voxel_count(&region->grid));
	if (region->intensity_mask == NULL || !apply_range(context, region, low, high))
		return false;
	if (region->intensity_count == 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "region of label %d is empty after re-segmentation to [%.10g, %.10g]",
				 region->label, low, high);
		describe_intensities(context, region);
		return rad_hint(context, "Set \"resegmentation_range\" to a range that overlaps these "
						"intensities, or to null.");
	}
	region->values = rad_new(context, double, region->intensity_count);
	if (region->values == NULL || !pack_values(context, region))
		return false;
	if (!(settings->outlier_sigma > 0.0) || region->minimum == region->maximum)
		return true;

	mean_and_deviation(region->values, region->intensity_count, &mean, &deviation);
	low = fmax(low, mean - settings->outlier_sigma * deviation);
	high = fmin(high, mean + settings->outlier_sigma * deviation);
	if (region->minimum >= low && region->maximum <= high)
		return true;
	if (!apply_range(context, region, low, high))
		return false;
	if (region->intensity_count == 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "region of label %d is empty after the outlier filter of %.10g standard deviations",
				 region->label, settings->outlier_sigma);
		rad_detail(context, "The mean is %.10g and the standard deviation %.10g.",
				   mean, deviation);
		return rad_hint(context, "Choose a larger \"outlier_sigma\"; 3 is usual.");
	}
	return pack_values(context, region);
}
