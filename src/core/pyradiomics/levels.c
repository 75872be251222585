/*
 * Discretisation by PyRadiomics' rules: a level is the number of bin edges at
 * or below a value, so the edges are computed as numpy computes them.
 *
 * binWidth w: edges low + k step, with low = min - mod(min, w) (floored
 * modulo), step = (low + w) - low and ceil((max + 2 w - low) / w) edges.
 * binCount n: edges min + k (max - min) / n, the last one max + 1; for a
 * float32 image rounded to float32.
 */
#include "pyradiomics/levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Edges more than this would not fit the type of a level. */
#define MOST_EDGES 2147483647.0

/* Most bins of binCount: their edges are listed. */
#define MOST_BINS (1 << 24)

/* Values between two polls for a cancel. */
#define VALUES_PER_POLL (1 << 20)

/*
 * The next run of voxels inside at or behind *begin in a row of a mask; false
 * when there is none.  Rows are a few runs, so runs are what loops are over.
 */
static inline bool
next_run(const uint8_t *mask, int size, int *begin, int *end)
{
	const uint8_t *first = memchr(mask + *begin, 1, (size_t) (size - *begin));
	const uint8_t *last;

	if (first == NULL)
		return false;
	*begin = (int) (first - mask);
	last = memchr(first, 0, (size_t) (size - *begin));
	*end = last == NULL ? size : (int) (last - mask);
	return true;
}

/* Minimum and maximum, both NAN when a value is; whether all are whole numbers. */
static void
find_extremes(PyradiomicsRegion *region)
{
	const double *values = region->values;
	double		low = INFINITY;
	double		high = -INFINITY;
	bool		is_nan = false;
	bool		is_whole = true;

	for (int64_t n = 0; n < region->count; n++)
	{
		low = values[n] < low ? values[n] : low;
		high = values[n] > high ? values[n] : high;
		is_nan |= values[n] != values[n];
		is_whole &= values[n] == rint(values[n]);
	}
	region->minimum = is_nan ? NAN : low;
	region->maximum = is_nan ? NAN : high;
	region->integer_valued = is_whole && !is_nan;
}

bool
rad_pyradiomics_region_fill(RadContext *context, PyradiomicsRegion *region,
							const Volume *image, const Box *box)
{
	const int  *size = region->size;
	const int	width = image->box.hi[0] - image->box.lo[0];
	const int	height = image->box.hi[1] - image->box.lo[1];
	const uint8_t *mask = region->mask;
	double	   *next;

	region->type = image->type;
	next = region->values = rad_new(context, double, region->count);
	if (next == NULL)
		return false;
	for (int z = 0; z < size[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = 0; y < size[1]; y++, mask += size[0])
		{
			int64_t		at = ((int64_t) (box->lo[2] + z - image->box.lo[2]) * height +
							  box->lo[1] + y - image->box.lo[1]) * width +
				box->lo[0] - image->box.lo[0];
			int			end;

			for (int begin = 0; next_run(mask, size[0], &begin, &end); begin = end)
			{
				rad_voxels_to_double(image->type, image->voxels, at + begin, end - begin, next);
				next += end - begin;
			}
		}
	}
	find_extremes(region);
	return true;
}

/* Edges low + k * step for k < count. */
typedef struct EvenEdges
{
	double		low;
	double		step;
	int32_t		count;
} EvenEdges;

static double
floored_modulo(double value, double divisor)
{
	double		remainder = fmod(value, divisor);

	return remainder < 0.0 ? remainder + divisor : remainder;
}

static bool
fail_limit(RadContext *context, const PyradiomicsRegion *region, double width)
{
	rad_fail(context, RAD_LIMIT_EXCEEDED, "binWidth %.10g gives too many grey levels", width);
	rad_detail(context, "Intensities in the region range from %.10g to %.10g.",
			   region->minimum, region->maximum);
	return rad_hint(context, "Choose a larger \"binWidth\", or \"binCount\".");
}

static bool
even_edges(RadContext *context, const PyradiomicsRegion *region, double width,
		   EvenEdges *edges)
{
	double		count;

	edges->low = region->minimum - floored_modulo(region->minimum, width);
	edges->step = edges->low + width - edges->low;
	count = ceil((region->maximum + 2.0 * width - edges->low) / width);
	if (!(count <= MOST_EDGES) || !(edges->step > 0.0))
		return fail_limit(context, region, width);
	edges->count = (int32_t) count;
	return true;
}

/* Values whose levels are found together. */
#define PIECE 512

/*
 * The quotient finds the edge up to rounding: off by one at most, which the
 * edges themselves then say.
 */
static void
levels_of_piece(const EvenEdges *edges, const double *restrict values, int count,
				int32_t *restrict level)
{
	const double low = edges->low;
	const double step = edges->step;
	const int32_t most = edges->count;

	for (int n = 0; n < count; n++)
	{
		int32_t		k = (int32_t) ((values[n] - low) / step);
		double		edge = low + k * step;
		double		next = low + (k + 1.0) * step;

		k = k + 1 + (next <= values[n]) - (edge > values[n]);
		level[n] = k < most ? k : most;
	}
}

static bool
levels_by_width(RadContext *context, const PyradiomicsRegion *region, double width,
				int32_t *level)
{
	EvenEdges	edges = {0};

	if (!even_edges(context, region, width, &edges))
		return false;
	for (int64_t first = 0; first < region->count; first += PIECE)
	{
		int64_t		left = region->count - first;

		if (first % VALUES_PER_POLL == 0 && !rad_continue(context))
			return false;
		levels_of_piece(&edges, region->values + first, left < PIECE ? (int) left : PIECE,
						level + first);
	}
	return true;
}

/* Through memory: gcc 12 at -O3 may drop a rounding in an expression. */
static double
rounded_to_float(double value)
{
	volatile float rounded = (float) value;

	return rounded;
}

/*
 * Levels as the number of edges at or below a value.  The quotient is off by
 * one at most but for edges rounded to float32, which the loops mend.
 */
static void
levels_by_edges(const double *restrict edges, int bin_count, double low, double step,
				const double *restrict values, int count, int32_t *restrict level)
{
	const double last = bin_count - 1;

	for (int n = 0; n < count; n++)
	{
		double		guess = (values[n] - low) / step;

		guess = guess > 0.0 ? guess : 0.0;
		level[n] = (int32_t) (guess < last ? guess : last);
	}
	for (int n = 0; n < count; n++)
	{
		double		value = values[n];
		int32_t		k = level[n];

		k += (edges[k + 1] <= value) - (edges[k] > value);
		while (k < bin_count && edges[k + 1] <= value)
			k++;
		while (k >= 0 && edges[k] > value)
			k--;
		level[n] = k + 1;
	}
}

static bool
levels_by_count(RadContext *context, const PyradiomicsRegion *region, int bin_count,
				int32_t *level)
{
	double		low = region->minimum;
	double		high = region->maximum;
	double	   *edges;
	double		step;

	if (bin_count > MOST_BINS)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "binCount %d is more than %d", bin_count, MOST_BINS);
		return rad_hint(context, "Choose a smaller \"binCount\".");
	}
	edges = rad_new(context, double, (int64_t) bin_count + 1);
	if (edges == NULL)
		return false;
	if (low == high)
	{
		low -= 0.5;
		high += 0.5;
	}
	step = (high - low) / bin_count;
	for (int k = 0; k < bin_count; k++)
		edges[k] = k * step + low;
	edges[bin_count] = high + 1.0;
	if (region->type == VOXEL_FLOAT32)
	{
		for (int k = 0; k < bin_count; k++)
			edges[k] = rounded_to_float(edges[k]);
		edges[bin_count] = rounded_to_float(rounded_to_float(high) + 1.0);
	}
	for (int64_t first = 0; first < region->count; first += PIECE)
	{
		int64_t		left = region->count - first;

		if (first % VALUES_PER_POLL == 0 && !rad_continue(context))
			return false;
		levels_by_edges(edges, bin_count, low, step, region->values + first,
						left < PIECE ? (int) left : PIECE, level + first);
	}
	rad_release(context, edges);
	return true;
}

static int
compare_levels(const void *left, const void *right)
{
	int32_t		a = *(const int32_t *) left;
	int32_t		b = *(const int32_t *) right;

	return (a > b) - (a < b);
}

/* Levels up to this are counted in an array, whatever the number of voxels. */
#define COUNTED_LEVELS (1 << 20)

/* The levels that occur and their voxels, by counting. */
static bool
list_by_counting(RadContext *context, int64_t count, PyradiomicsLevels *levels)
{
	int64_t    *histogram = rad_new_zeroed(context, int64_t, 2 * (levels->level_count + 1));
	int64_t    *second = histogram + levels->level_count + 1;
	int			present = 0;

	if (histogram == NULL)
		return false;
	/* Two counters in turn: equal neighbours would wait for each other. */
	for (int64_t n = 0; n + 1 < count; n += 2)
	{
		histogram[levels->level[n]]++;
		second[levels->level[n + 1]]++;
	}
	if (count % 2 != 0)
		histogram[levels->level[count - 1]]++;
	for (int32_t i = 1; i <= levels->level_count; i++)
	{
		histogram[i] += second[i];
		present += histogram[i] > 0;
	}
	levels->present = rad_new(context, int32_t, present);
	levels->voxels = rad_new(context, int64_t, present);
	if (levels->present == NULL || levels->voxels == NULL)
		return false;
	levels->present_count = 0;
	for (int32_t i = 1; i <= levels->level_count; i++)
		if (histogram[i] > 0)
		{
			levels->present[levels->present_count] = i;
			levels->voxels[levels->present_count++] = histogram[i];
		}
	rad_release(context, histogram);
	return true;
}

/* The same by sorting, for levels far apart. */
static bool
list_by_sorting(RadContext *context, int64_t count, PyradiomicsLevels *levels)
{
	int32_t    *sorted = rad_new(context, int32_t, count);

	levels->voxels = rad_new_zeroed(context, int64_t, count);
	if (sorted == NULL || levels->voxels == NULL)
		return false;
	memcpy(sorted, levels->level, (size_t) count * sizeof(int32_t));
	qsort(sorted, (size_t) count, sizeof(int32_t), compare_levels);
	levels->present = sorted;
	levels->present_count = 0;
	for (int64_t n = 0; n < count; n++)
	{
		if (n == 0 || sorted[n] != sorted[levels->present_count - 1])
			sorted[levels->present_count++] = sorted[n];
		levels->voxels[levels->present_count - 1]++;
	}
	return true;
}

bool
rad_pyradiomics_discretise(RadContext *context, const PyradiomicsRegion *region,
						   const PyradiomicsOptions *options, PyradiomicsLevels *levels)
{
	bool		found;

	if (!isfinite(region->minimum) || !isfinite(region->maximum))
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "intensities of the region are not finite: there are no bins for them");
		return rad_hint(context, "A filter made them, or the image contains them.");
	}
	levels->level = rad_new(context, int32_t, region->count);
	if (levels->level == NULL)
		return false;
	if (options->bin_count > 0)
		found = levels_by_count(context, region, options->bin_count, levels->level);
	else
		found = levels_by_width(context, region, options->bin_width, levels->level);
	if (!found)
		return false;

	levels->level_count = 0;
	for (int64_t n = 0; n < region->count; n++)
		if (levels->level[n] > levels->level_count)
			levels->level_count = levels->level[n];
	if (levels->level_count <= COUNTED_LEVELS)
		return list_by_counting(context, region->count, levels);
	return list_by_sorting(context, region->count, levels);
}

/*
 * Which axis of the region each axis of the grid is, for slices across z, y
 * and x, so that directions keep their sign in PyRadiomics' order.
 */
static const int turned_axes[3][3] = {{0, 1, 2}, {0, 2, 1}, {1, 2, 0}};

/*
 * force2Ddimension counts axes from the slowest, which is z in a volume and y
 * in an image of two axes (that has no third to leave out).
 */
static int
forced_turn(const PyradiomicsRegion *region, const PyradiomicsOptions *options)
{
	if (!options->force_2d)
		return 0;
	if (region->dimension != 2)
		return options->force_2d_dimension;
	return options->force_2d_dimension < 2 ? options->force_2d_dimension + 1 : 0;
}

/* Levels of one row's voxels inside; returns how many these are. */
static int
put_row(const uint8_t *mask, const int32_t *level, int size, GreyLevels *target, int64_t at,
		int64_t stride)
{
	int			count = 0;
	int			end;

	for (int begin = 0; next_run(mask, size, &begin, &end); begin = end)
	{
		const int32_t *from = level + count;
		int			length = end - begin;

		if (target->bytes_per_level == 2)
			for (int n = 0; n < length; n++)
				((uint16_t *) target->levels)[at + (begin + n) * stride] = (uint16_t) from[n];
		else if (stride == 1)
			for (int n = 0; n < length; n++)
				((uint8_t *) target->levels)[at + begin + n] = (uint8_t) from[n];
		else
			for (int n = 0; n < length; n++)
				((uint8_t *) target->levels)[at + (begin + n) * stride] = (uint8_t) from[n];
		count += length;
	}
	return count;
}

/* Put each voxel's level to its place. */
static bool
fill_grid(RadContext *context, const PyradiomicsRegion *region,
		  const PyradiomicsLevels *levels, PyradiomicsGrid *grid)
{
	GreyLevels *target = grid->levels;
	const int64_t strides[3] = {1, target->row_stride, target->slice_stride};
	int64_t		stride[3];
	const uint8_t *mask = region->mask;
	const int32_t *level = levels->level;
	int			slice_axis = grid->axis[2];

	for (int axis = 0; axis < 3; axis++)
		stride[grid->axis[axis]] = strides[axis];
	for (int z = 0; z < region->size[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = 0; y < region->size[1]; y++, mask += region->size[0])
		{
			int			count = put_row(mask, level, region->size[0], target,
										z * stride[2] + y * stride[1], stride[0]);

			level += count;
			if (slice_axis != 0)
				target->slice_voxel_count[slice_axis == 2 ? z : y] += count;
			else
				for (int x = 0; x < region->size[0]; x++)
					target->slice_voxel_count[x] += mask[x];
		}
	}
	return true;
}

bool
rad_pyradiomics_grid_build(RadContext *context, const PyradiomicsRegion *region,
						   const PyradiomicsLevels *levels,
						   const PyradiomicsOptions *options, int padding,
						   PyradiomicsGrid *grid)
{
	GreyLevels *target = rad_new_zeroed(context, GreyLevels, 1);
	int			turn = forced_turn(region, options);

	if (target == NULL)
		return false;
	if (levels->level_count > RAD_MAX_LEVELS)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED,
				 "discretisation gives %d grey levels, more than %d that matrices are made for",
				 levels->level_count, RAD_MAX_LEVELS);
		return rad_hint(context, "Choose a larger \"binWidth\" or a smaller \"binCount\".");
	}
	grid->levels = target;
	grid->planar = options->force_2d;
	grid->of = levels;
	for (int axis = 0; axis < 3; axis++)
	{
		grid->axis[axis] = turned_axes[turn][axis];
		grid->spacing[axis] = region->spacing[grid->axis[axis]];
		target->size[axis] = region->size[grid->axis[axis]];
	}
	target->level_count = levels->level_count;
	target->voxel_count = region->count;
	target->padding = padding;
	if (!rad_grey_levels_allocate(context, target))
		return false;
	for (int n = 0; n < levels->present_count; n++)
		target->histogram[levels->present[n]] = levels->voxels[n];
	return fill_grid(context, region, levels, grid);
}
