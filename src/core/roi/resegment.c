/*
 * Range re-segmentation and outlier filter; see resegment.h.
 */
#include "roi/resegment.h"

#include <math.h>
#include <string.h>

/* First element of row (y, z) of the region's arrays. */
static int64_t
row_start(const Region *region, int y, int z)
{
	return ((int64_t) z * region->grid.size[1] + y) * region->grid.size[0];
}

/*
 * Set the intensity mask to the voxels of the morphological mask that lie in
 * [low, high], and count them.
 */
static bool
apply_range(RadContext *context, Region *region, double low, double high)
{
	const Box  *box = &region->morphological_box;
	int			width = box->hi[0] - box->lo[0];

	region->intensity_count = 0;
	for (int z = box->lo[2]; z < box->hi[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = box->lo[1]; y < box->hi[1]; y++)
		{
			int64_t		first = row_start(region, y, z) + box->lo[0];
			const uint8_t *restrict morphological = region->morphological_mask + first;
			const double *restrict intensity = region->intensity + first;
			uint8_t    *restrict mask = region->intensity_mask + first;
			int			inside = 0;

			if (low == -INFINITY && high == INFINITY)
				memcpy(mask, morphological, (size_t) width);
			else
				for (int x = 0; x < width; x++)
					mask[x] = morphological[x] & (intensity[x] >= low) & (intensity[x] <= high);
			for (int x = 0; x < width; x++)
				inside += mask[x];
			region->intensity_count += inside;
		}
	}
	return true;
}

/*
 * Copy the intensities of the intensity mask to values[], in voxel order, and
 * find the mask's box.
 */
static bool
pack_values(RadContext *context, Region *region)
{
	const Box  *frame = &region->morphological_box;
	Box			box = {{frame->hi[0], frame->hi[1], frame->hi[2]}, {0, 0, 0}};
	double	   *out = region->values;

	for (int z = frame->lo[2]; z < frame->hi[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = frame->lo[1]; y < frame->hi[1]; y++)
		{
			int64_t		row = row_start(region, y, z);
			const uint8_t *mask = region->intensity_mask + row;
			const double *intensity = region->intensity + row;
			const uint8_t *found = memchr(mask + frame->lo[0], 1,
										  (size_t) (frame->hi[0] - frame->lo[0]));
			Box			row_box;
			int			begin;
			int			end = frame->hi[0];

			if (found == NULL)
				continue;
			begin = (int) (found - mask);
			while (mask[end - 1] == 0)
				end--;
			row_box = (Box) {{begin, y, z}, {end, y + 1, z + 1}};
			box = rad_box_union(&box, &row_box);
			if (memchr(found, 0, (size_t) (end - begin)) == NULL)
			{
				memcpy(out, intensity + begin, (size_t) (end - begin) * sizeof(double));
				out += end - begin;
			}
			else
				for (int x = begin; x < end; x++)
					if (mask[x] != 0)
						*out++ = intensity[x];
		}
	}
	region->intensity_box = box;
	return true;
}

/* Independent extremes, so that the loop runs in vectors. */
#define LANES 4

/* Extremes of the values, and whether all of them are integers. */
static void
summarise_values(Region *region)
{
	const double *values = region->values;
	int64_t		count = region->intensity_count;
	double		minimum[LANES];
	double		maximum[LANES];
	int64_t		fractions[LANES] = {0};

	for (int lane = 0; lane < LANES; lane++)
		minimum[lane] = maximum[lane] = values[0];
	for (int64_t n = 0; n < count; n += LANES)
		for (int lane = 0; lane < LANES && n + lane < count; lane++)
		{
			double		value = values[n + lane];

			minimum[lane] = value < minimum[lane] ? value : minimum[lane];
			maximum[lane] = value > maximum[lane] ? value : maximum[lane];
			fractions[lane] |= value != rint(value);
		}
	region->minimum = fmin(fmin(minimum[0], minimum[1]), fmin(minimum[2], minimum[3]));
	region->maximum = fmax(fmax(maximum[0], maximum[1]), fmax(maximum[2], maximum[3]));
	region->integer_valued =
		(fractions[0] | fractions[1] | fractions[2] | fractions[3]) == 0 &&
		fmax(fabs(region->minimum), fabs(region->maximum)) < 2147483648.0;
}

/* Everything that follows from the intensity mask. */
static bool
describe_intensity_mask(RadContext *context, Region *region)
{
	if (!pack_values(context, region))
		return false;
	summarise_values(region);
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

	region->intensity_mask = rad_new_zeroed(context, uint8_t,
											rad_grid_voxel_count(&region->grid));
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
	if (region->values == NULL || !describe_intensity_mask(context, region))
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
	return describe_intensity_mask(context, region);
}
