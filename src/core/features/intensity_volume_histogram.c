/*
 * Intensity-volume histogram (IBSI P88C, manual section 3.5): which fraction nu_i
 * of the intensity mask has at least intensity i, for the grid values
 *
 *	i = start + k step,  k = 0 .. last_step.
 *
 *	none	the intensities themselves, step 1, from min G to max G; G is the
 *			re-segmentation range where it is bounded, else the region's
 *			minimum or maximum;
 *	FBS		bin centres X_min + (bin - 0.5) w, X_min and X_max as G above,
 *			from X_min + w/2 to X_max - w/2, step w;
 *	FBN		bin numbers, G = [1, N_g], step 1.
 *
 * Absent grid values count.  max G is itself a grid value, the highest in the
 * range; only for an open upper end does this matter, and the teams behind the
 * IBSI phase 3 values agree on it.  The grid goes on to the highest bin in use
 * where that lies above max G, as the top bin of an open range does.
 *
 * The curve itself is never stored: with k(x) the step of voxel x, every
 * feature follows from a few counts, two order statistics and the sum of k, all
 * exact.
 */
#include <math.h>

#include "features/families.h"
#include "features/order_statistics.h"

typedef struct VolumeHistogram
{
	double		volume_at_intensity[2]; /* V10, V90 */
	double		intensity_at_volume[2]; /* I10, I90 */
	double		area;
} VolumeHistogram;

/* Volume fraction at 10% intensity, IBSI NK6P. */
static double
volume_fraction_at_10_intensity(const VolumeHistogram *h)
{
	return h->volume_at_intensity[0];
}

/* Volume fraction at 90% intensity, IBSI 4279. */
static double
volume_fraction_at_90_intensity(const VolumeHistogram *h)
{
	return h->volume_at_intensity[1];
}

/* Intensity at 10% volume, IBSI PWN1. */
static double
intensity_at_10_volume(const VolumeHistogram *h)
{
	return h->intensity_at_volume[0];
}

/* Intensity at 90% volume, IBSI BOHI. */
static double
intensity_at_90_volume(const VolumeHistogram *h)
{
	return h->intensity_at_volume[1];
}

/* Volume fraction difference between 10% and 90% intensity, IBSI WITY. */
static double
volume_fraction_difference_between_10_and_90_intensity(const VolumeHistogram *h)
{
	return h->volume_at_intensity[0] - h->volume_at_intensity[1];
}

/* Intensity difference between 10% and 90% volume, IBSI JXJA. */
static double
intensity_difference_between_10_and_90_volume(const VolumeHistogram *h)
{
	return h->intensity_at_volume[0] - h->intensity_at_volume[1];
}

/*
 * Area under the IVH curve, IBSI 9CMM (no reference values): trapezoidal rule
 * over the grid, of the volume fraction over the intensity; 0 with a single
 * discretised intensity.
 */
static double
area_under_the_ivh_curve(const VolumeHistogram *h)
{
	return h->area;
}

typedef double (*Formula) (const VolumeHistogram *histogram);

static const Formula formulas[] = {
#define SELECT_INTENSITY_VOLUME_HISTOGRAM(function) function,
#include "catalogue/select_family.h"
};

/* The grid, and how an intensity gets its step. */
typedef struct IntensityGrid
{
	double		low;			/* step = floor(factor (x - low) / divisor) */
	double		factor;
	double		divisor;
	double		highest;		/* no step above */

	double		start;			/* intensity of step 0 */
	double		step;
	double		extent;			/* max G - min G */
	double		last_step;
} IntensityGrid;

/* Relative slack for counts of steps that are whole numbers but for rounding. */
#define FRACTION_EPSILON 1e-12

static inline double
step_of(const IntensityGrid *grid, double intensity)
{
	double		step = grid->factor * (intensity - grid->low) / grid->divisor;

	return floor(step < grid->highest ? step : grid->highest);
}

static Discretisation
resolve_discretisation(const Region *region, const Settings *settings)
{
	if (settings->ivh_discretisation != DISCRETISATION_AUTO)
		return settings->ivh_discretisation;
	return region->integer_valued ? DISCRETISATION_NONE : DISCRETISATION_FIXED_BIN_NUMBER;
}

static IntensityGrid
choose_grid(const Region *region, const Settings *settings)
{
	const double *range = settings->resegmentation_range;
	double		low = range[0] > -INFINITY ? range[0] : region->minimum;
	double		high = range[1] < INFINITY ? range[1] : region->maximum;
	double		width = settings->ivh_bin_size;
	IntensityGrid grid = {.low = low, .factor = 1.0, .divisor = 1.0, .highest = INFINITY,
		.start = low, .step = 1.0, .extent = high - low};
	double		steps;

	switch (resolve_discretisation(region, settings))
	{
		case DISCRETISATION_FIXED_BIN_SIZE:
			grid.divisor = width;
			grid.start = low + 0.5 * width;
			grid.step = width;
			grid.extent = high - low - width;
			break;
		case DISCRETISATION_FIXED_BIN_NUMBER:
			grid.low = region->minimum;
			grid.start = 1.0;
			grid.extent = 0.0;
			grid.factor = 0.0;
			if (region->maximum > region->minimum)
			{
				grid.factor = settings->ivh_bin_number;
				grid.divisor = region->maximum - region->minimum;
				grid.extent = settings->ivh_bin_number - 1;
			}
			grid.highest = grid.extent;
			break;
		case DISCRETISATION_NONE:
		case DISCRETISATION_AUTO:
			break;
	}
	steps = fmax(floor(grid.extent / grid.step * (1.0 + FRACTION_EPSILON)), 0.0);
	grid.extent = steps * grid.step;
	grid.last_step = fmax(steps, step_of(&grid, region->maximum));
	return grid;
}

/* Voxels between two looks at the interrupt flag. */
#define POLL_VOXELS (1 << 20)

/* Partial sums; their order does not matter, they hold integers. */
#define LANES 4

/* What the features need to know about the steps of the voxels. */
typedef struct StepCounts
{
	double		sum;			/* of all voxels' steps; exact below 2^53 */
	double		reached[3];		/* voxels at or above three steps */
	double		element[2];		/* steps of two ranks */
} StepCounts;

/* Sum and reached counts in one pass over the voxels. */
static bool
count_steps(RadContext *context, const Region *region, const IntensityGrid *grid,
			const double steps[3], StepCounts *counts)
{
	const IntensityGrid fixed = *grid;
	const double least[3] = {steps[0], steps[1], steps[2]};

	*counts = (StepCounts) {0};
	for (int64_t first = 0; first < region->intensity_count; first += POLL_VOXELS)
	{
		int64_t		count = region->intensity_count - first;
		const double *values = region->values + first;
		double		sum[LANES] = {0};
		double		reached[3][LANES] = {{0}};

		if (!rad_continue(context))
			return false;
		count = count < POLL_VOXELS ? count : POLL_VOXELS;
		for (int64_t n = 0; n < count; n += LANES)
			for (int lane = 0; lane < LANES && n + lane < count; lane++)
			{
				double		step = step_of(&fixed, values[n + lane]);

				sum[lane] += step;
				for (int m = 0; m < 3; m++)
					reached[m][lane] += step >= least[m] ? 1.0 : 0.0;
			}
		for (int lane = 0; lane < LANES; lane++)
		{
			counts->sum += sum[lane];
			for (int m = 0; m < 3; m++)
				counts->reached[m] += reached[m][lane];
		}
	}
	return true;
}

/* The general way: for grids of any length. */
static bool
count_by_selection(RadContext *context, const Region *region, const IntensityGrid *grid,
				   const double steps[3], const int64_t ranks[2], StepCounts *counts)
{
	double		elements[2];

	/* Steps grow with the intensity, so their ranks are the same. */
	if (!count_steps(context, region, grid, steps, counts) ||
		!rad_order_statistics(context, region->values, region->intensity_count,
							  region->minimum, region->maximum, ranks, 2, elements))
		return false;
	for (int n = 0; n < 2; n++)
		counts->element[n] = step_of(grid, elements[n]);
	return true;
}

/* Longest grid whose steps are counted one by one. */
#define MOST_STEPS 65536

/* Voxels whose steps are computed before they are counted. */
#define PIECE 512

/* The same for short grids: count the voxels of each step. */
static bool
count_by_histogram(RadContext *context, const Region *region, const IntensityGrid *grid,
				   const double steps[3], const int64_t ranks[2], StepCounts *counts)
{
	const IntensityGrid fixed = *grid;
	int64_t		length = (int64_t) step_of(grid, region->maximum) + 1;
	int64_t    *histogram = rad_new_zeroed(context, int64_t, 2 * length);
	int64_t		below = 0;
	int32_t		step[PIECE];

	if (histogram == NULL)
		return false;
	for (int64_t first = 0; first < region->intensity_count; first += PIECE)
	{
		const double *values = region->values + first;
		int			count = region->intensity_count - first < PIECE ?
			(int) (region->intensity_count - first) : PIECE;

		if (first % POLL_VOXELS == 0 && !rad_continue(context))
			return false;
		for (int n = 0; n < count; n++)
			step[n] = (int32_t) step_of(&fixed, values[n]);

		/* Two histograms: neighbouring voxels are often equal. */
		for (int n = 0; n < count; n++)
			histogram[2 * step[n] + (n & 1)]++;
	}
	*counts = (StepCounts) {0};
	for (int64_t k = 0; k < length; k++)
	{
		int64_t		count = histogram[2 * k] + histogram[2 * k + 1];

		for (int n = 0; n < 2; n++)
			if (ranks[n] >= below && ranks[n] < below + count)
				counts->element[n] = (double) k;
		below += count;
		counts->sum += (double) count * (double) k;
		for (int m = 0; m < 3; m++)
			if ((double) k >= steps[m])
				counts->reached[m] += (double) count;
	}
	rad_release(context, histogram);
	return true;
}

/* Largest number of voxels that is at most a fraction of all. */
static int64_t
allowed_voxels(double fraction, int64_t voxel_count)
{
	double		all = (double) voxel_count;
	double		allowed = floor(fraction * all);

	if ((allowed + 1.0) / all <= fraction)
		allowed += 1.0;
	else if (allowed / all > fraction)
		allowed -= 1.0;
	return (int64_t) allowed;
}

/*
 * Area under the curve by the trapezoidal rule.  A voxel at step k adds 1 to the
 * counts at steps 0 .. k; half of the first count (all voxels) and of the last
 * one are taken off again.
 */
static double
area_under_curve(const Region *region, const IntensityGrid *grid, const StepCounts *counts)
{
	double		all = (double) region->intensity_count;

	if (step_of(grid, region->minimum) == step_of(grid, region->maximum))
		return 0.0;
	return (counts->sum + all - 0.5 * (all + counts->reached[2])) / all * grid->step;
}

bool
rad_intensity_volume_histogram_features(RadContext *context, const Region *region,
										const Settings *settings, FeatureValues *values)
{
	static const double fractions[2] = {0.1, 0.9};
	const FamilyEntry *family = &rad_families[FAMILY_INTENSITY_VOLUME_HISTOGRAM];
	const IntensityGrid grid = choose_grid(region, settings);
	int64_t		voxel_count = region->intensity_count;
	VolumeHistogram histogram;
	StepCounts	counts;
	double		steps[3] = {0.0, 0.0, grid.last_step};
	int64_t		ranks[2];
	bool		short_grid = grid.last_step < MOST_STEPS &&
		grid.last_step < 4096.0 + 2.0 * (double) voxel_count;

	for (int n = 0; n < 2; n++)
	{
		steps[n] = ceil(fractions[n] * grid.extent / grid.step * (1.0 - FRACTION_EPSILON));

		/*
		 * I_x: with m voxels allowed at or above it, the step behind the one of
		 * the voxel that has m voxels above it.  I90 has the lower rank.
		 */
		ranks[1 - n] = voxel_count - 1 - allowed_voxels(fractions[n], voxel_count);
	}
	if (!(short_grid ? count_by_histogram : count_by_selection) (context, region, &grid, steps,
																 ranks, &counts))
		return false;

	for (int n = 0; n < 2; n++)
	{
		double		step = counts.element[1 - n] + 1.0;

		/* The curve falls, so V_x is its value at the first step of fraction x. */
		histogram.volume_at_intensity[n] = grid.extent > 0.0 && steps[n] <= grid.last_step ?
			counts.reached[n] / (double) voxel_count : NAN;
		histogram.intensity_at_volume[n] = step <= grid.last_step ?
			grid.start + step * grid.step : NAN;
	}
	histogram.area = area_under_curve(region, &grid, &counts);
	for (int n = 0; n < family->count; n++)
		if (!settings->excluded[family->first + n])
			values->value[family->first + n][0] = formulas[n](&histogram);
	return true;
}
