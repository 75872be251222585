/*
 * Local intensity, statistics, histogram and volume histogram against the IBSI
 * reference values of the digital phantom, numpy, closed forms and direct
 * implementations of the definitions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "digital_phantom.h"
#include "features/distribution.h"
#include "features/families.h"
#include "features/order_statistics.h"
#include "ibsi_reference.h"
#include "mask_fixture.h"

static FeatureValues *
undefined_values(RadContext *context)
{
	FeatureValues *values = rad_new(context, FeatureValues, 1);

	for (int feature = 0; feature < FEATURE_COUNT; feature++)
		for (int slot = 0; slot < AGGREGATION_COUNT; slot++)
			values->value[feature][slot] = NAN;
	return values;
}

/* All families of this test. */
static FeatureValues *
all_features(RadContext *context, const Region *region, const Settings *settings)
{
	FeatureValues *values = undefined_values(context);
	GreyLevels *levels;

	assert_true(rad_grey_levels_build(context, region, settings, 1, &levels));
	assert_true(rad_local_intensity_features(context, region, settings, values));
	assert_true(rad_intensity_statistics_features(context, region, settings, values));
	assert_true(rad_intensity_histogram_features(context, levels, settings, values));
	assert_true(rad_intensity_volume_histogram_features(context, region, settings, values));
	return values;
}

static Region *
build_region(RadContext *context, const Grid *grid, VoxelType type, void *voxels,
			 const uint8_t *labels, const Settings *settings)
{
	Volume		image = {*grid, rad_grid_box(grid), type, voxels};
	Region	   *region;

	assert_true(rad_region_build(context, &image, mask_from_labels(context, grid, labels), 1,
								 settings, &region));
	return region;
}

/* count voxels in a row, all in the region. */
static Region *
row_region(RadContext *context, double *voxels, int count, const Settings *settings)
{
	Grid		grid = plain_grid(count, 1, 1, 1.0, 1.0, 1.0);
	uint8_t    *labels = rad_new(context, uint8_t, count);

	memset(labels, 1, (size_t) count);
	return build_region(context, &grid, VOXEL_FLOAT64, voxels, labels, settings);
}

static Region *
digital_phantom_region(RadContext *context, const Settings *settings)
{
	Grid		grid = plain_grid(5, 4, 4, 2.0, 2.0, 2.0);

	return build_region(context, &grid, VOXEL_INT16, (void *) digital_phantom_image,
						digital_phantom_mask, settings);
}

static void
test_digital_phantom(void **state)
{
	RadContext *context = rad_context_create();
	Settings	settings = plain_settings();
	IbsiReference rows[482];
	int			row_count = ibsi_digital_phantom_rows(rows);
	int			met = 0;
	const FeatureValues *values;

	(void) state;
	settings.discretisation = DISCRETISATION_FIXED_BIN_SIZE;
	settings.bin_size = 1.0;
	values = all_features(context, digital_phantom_region(context, &settings), &settings);
	for (int n = 0; n < row_count; n++)
	{
		int			feature = rad_find_feature(rows[n].tag);

		if (feature < FEATURE_loc_peak_loc || feature >= FEATURE_ivh_auc)
			continue;
		if (!ibsi_reference_met(values->value[feature][0], rows[n].value, rows[n].tolerance))
			fail_msg("%s is %.17g, not %g", rows[n].tag, values->value[feature][0], rows[n].value);
		met++;
	}
	assert_int_equal(met, 2 + 18 + 23 + 6);

	/*
	 * Area under the curve of the manual's table in section 3.5: volume
	 * fractions 74, 24, 24, 23, 7, 7 of 74 at intensities 1 .. 6.
	 */
	assert_close(values->value[FEATURE_ivh_auc][0],
				 (37.0 + 24.0 + 24.0 + 23.0 + 7.0 + 3.5) / 74.0, 1e-15);
	rad_context_destroy(context);
}

static void
test_numpy_example(void **state)
{
	/*
	 * v = [3.5, -1.25, 7, 0.1, 2.2, 9.75, -4, 0, 5.5, 1, 3.5]
	 * np.percentile(v, [10, 25, 50, 75, 90]); v.mean(); v.var();
	 * scipy.stats.skew(v); scipy.stats.kurtosis(v)
	 */
	RadContext *context = rad_context_create();
	Settings	settings = plain_settings();
	double		v[11] = {3.5, -1.25, 7.0, 0.1, 2.2, 9.75, -4.0, 0.0, 5.5, 1.0, 3.5};
	const FeatureValues *values = all_features(context, row_region(context, v, 11, &settings),
											   &settings);

	(void) state;
	assert_close(values->value[FEATURE_stat_p10][0], -1.25, 0.0);
	assert_close(values->value[FEATURE_stat_median][0], 2.2, 0.0);
	assert_close(values->value[FEATURE_stat_p90][0], 7.0, 0.0);
	assert_close(values->value[FEATURE_stat_iqr][0], 4.5 - 0.05, 1e-15);
	assert_close(values->value[FEATURE_stat_mean][0], 2.4818181818181815, 1e-15);
	assert_close(values->value[FEATURE_stat_var][0], 14.042851239669421, 1e-14);
	assert_close(values->value[FEATURE_stat_skew][0], 0.25812425900594865, 1e-14);
	assert_close(values->value[FEATURE_stat_kurt][0], -0.5444766317401597, 1e-14);
	rad_context_destroy(context);
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* Shapes of distributions that selection must survive. */
static double
shaped_value(int shape, int n, int count, uint64_t *seed)
{
	switch (shape)
	{
		case 0:
			return next_random(seed);
		case 1:				/* few distinct values */
			return floor(5.0 * next_random(seed));
		case 2:				/* one far outlier */
			return n == count / 2 ? 1e300 : next_random(seed);
		case 3:				/* exponents all over */
			return (n % 2 ? 1.0 : -1.0) * exp2(600.0 * next_random(seed) - 300.0);
		case 4:				/* nearly constant */
			return n == 7 ? 1.0 + 1e-15 : 1.0;
		case 5:				/* a range that overflows */
			return n == 0 ? -1.7e308 : n == 1 ? 1.7e308 : next_random(seed);
		default:			/* denormal */
			return 5e-324 * floor(100.0 * next_random(seed));
	}
}

static void
test_order_statistics(void **state)
{
	static const int counts[] = {2, 3, 64, 65, 1000, 60000};
	RadContext *context = rad_context_create();
	uint64_t	seed = 31;

	(void) state;
	for (int shape = 0; shape <= 6; shape++)
		for (int c = 0; c < 6; c++)
		{
			int			count = counts[c];
			double	   *values = rad_new(context, double, count);
			double	   *sorted = rad_new(context, double, count);
			int64_t		ranks[6] = {0, count / 10, count / 10 + 1, count / 2, count - 2, count - 1};
			double		found[6];

			for (int n = 1; n < 6; n++)
				if (ranks[n] < ranks[n - 1])
					ranks[n] = ranks[n - 1];
			for (int n = 0; n < count; n++)
				sorted[n] = values[n] = shaped_value(shape, n, count, &seed);
			qsort(sorted, (size_t) count, sizeof(double), compare_doubles);
			assert_true(rad_order_statistics(context, values, count, sorted[0], sorted[count - 1],
											 ranks, 6, found));
			for (int n = 0; n < 6; n++)
				assert_true(found[n] == sorted[ranks[n]]);
		}
	rad_context_destroy(context);
}

/* Percentile of sorted values, by the definition. */
static double
sorted_percentile(const double *sorted, int count, double q)
{
	double		position = q * (count - 1);
	int			below = (int) position;

	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + (position - below) * (sorted[below + 1] - sorted[below]);
}

/* The definitions in long double, one after the other. */
static void
direct_distribution(const double *values, int count, Distribution *d)
{
	double	   *sorted = malloc((size_t) count * sizeof(double));
	long double sum = 0;
	long double moments[5] = {0};
	long double mean_deviation = 0;
	long double median_deviation = 0;
	long double squares = 0;
	long double inner_sum = 0;
	long double inner_deviation = 0;
	int			inner_count = 0;

	memcpy(sorted, values, (size_t) count * sizeof(double));
	qsort(sorted, (size_t) count, sizeof(double), compare_doubles);
	d->p10 = sorted_percentile(sorted, count, 0.1);
	d->p25 = sorted_percentile(sorted, count, 0.25);
	d->median = sorted_percentile(sorted, count, 0.5);
	d->p75 = sorted_percentile(sorted, count, 0.75);
	d->p90 = sorted_percentile(sorted, count, 0.9);
	for (int n = 0; n < count; n++)
		sum += values[n];
	for (int n = 0; n < count; n++)
	{
		long double difference = values[n] - sum / count;

		moments[2] += difference * difference;
		moments[3] += difference * difference * difference;
		moments[4] += difference * difference * difference * difference;
		mean_deviation += fabsl(difference);
		median_deviation += fabsl((long double) values[n] - d->median);
		squares += (long double) values[n] * values[n];
		if (values[n] >= d->p10 && values[n] <= d->p90)
		{
			inner_sum += values[n];
			inner_count++;
		}
	}
	for (int n = 0; n < count; n++)
		if (values[n] >= d->p10 && values[n] <= d->p90)
			inner_deviation += fabsl(values[n] - inner_sum / inner_count);
	d->mean = (double) (sum / count);
	d->second = (double) (moments[2] / count);
	d->third = (double) (moments[3] / count);
	d->fourth = (double) (moments[4] / count);
	d->mean_deviation = (double) (mean_deviation / count);
	d->median_deviation = (double) (median_deviation / count);
	d->robust_deviation = (double) (inner_deviation / inner_count);
	d->sum_of_squares = (double) squares;
	free(sorted);
}

/* Sums of some thousand doubles: relative errors of a few 1e-15, with room. */
#define SUM_TOLERANCE 1e-12

static void
compare_distributions(const Distribution *a, const Distribution *b)
{
	double		sd = sqrt(b->second);

	assert_close(a->mean, b->mean, SUM_TOLERANCE * sd);
	assert_close(a->second, b->second, SUM_TOLERANCE * b->second);
	assert_close(a->third, b->third, SUM_TOLERANCE * sd * sd * sd);
	assert_close(a->fourth, b->fourth, SUM_TOLERANCE * b->fourth);
	assert_close(a->p10, b->p10, SUM_TOLERANCE * sd);
	assert_close(a->p25, b->p25, SUM_TOLERANCE * sd);
	assert_close(a->median, b->median, SUM_TOLERANCE * sd);
	assert_close(a->p75, b->p75, SUM_TOLERANCE * sd);
	assert_close(a->p90, b->p90, SUM_TOLERANCE * sd);
	assert_close(a->mean_deviation, b->mean_deviation, SUM_TOLERANCE * sd);
	assert_close(a->median_deviation, b->median_deviation, SUM_TOLERANCE * sd);
	if (isnan(b->robust_deviation))
		assert_true(isnan(a->robust_deviation));
	else
		assert_close(a->robust_deviation, b->robust_deviation, SUM_TOLERANCE * sd);
	assert_close(a->sum_of_squares, b->sum_of_squares, SUM_TOLERANCE * b->sum_of_squares);
}

/* What the statistics features show of a distribution. */
static void
read_statistics(const FeatureValues *values, Distribution *d)
{
	d->mean = values->value[FEATURE_stat_mean][0];
	d->second = values->value[FEATURE_stat_var][0];
	d->third = values->value[FEATURE_stat_skew][0] * d->second * sqrt(d->second);
	d->fourth = (values->value[FEATURE_stat_kurt][0] + 3.0) * d->second * d->second;
	d->p10 = values->value[FEATURE_stat_p10][0];
	d->median = values->value[FEATURE_stat_median][0];
	d->p90 = values->value[FEATURE_stat_p90][0];
	d->mean_deviation = values->value[FEATURE_stat_mad][0];
	d->median_deviation = values->value[FEATURE_stat_medad][0];
	d->robust_deviation = values->value[FEATURE_stat_rmad][0];
	d->sum_of_squares = values->value[FEATURE_stat_energy][0];
}

static void
test_statistics_by_definition(void **state)
{
	static const int counts[] = {2, 3, 5, 11, 100, 4095, 4096, 4097, 20011};
	RadContext *context = rad_context_create();
	uint64_t	seed = 41;

	(void) state;
	for (int c = 0; c < 9; c++)
		for (int kind = 0; kind < 2; kind++)
		{
			int			count = counts[c];
			Settings	settings = plain_settings();
			double	   *values = rad_new(context, double, count);
			Distribution direct;
			Distribution general;
			Distribution shown;
			Region	   *region;

			/* kind 0: integers, which are counted; kind 1: fractions. */
			for (int n = 0; n < count; n++)
			{
				double		sum = next_random(&seed) + next_random(&seed) + next_random(&seed);

				values[n] = kind == 0 ? floor(1000.0 * sum) - 1000.0 : 100.0 * sum + 1e5;
			}
			region = row_region(context, values, count, &settings);
			assert_int_equal(region->integer_valued, kind == 0);
			direct_distribution(values, count, &direct);
			assert_true(rad_distribution_of_values(context, values, count, region->minimum,
												   region->maximum, &general));
			compare_distributions(&general, &direct);
			read_statistics(all_features(context, region, &settings), &shown);
			shown.p25 = direct.p25;
			shown.p75 = direct.p75;
			compare_distributions(&shown, &direct);

			/* Both ways give the same bits where they give elements. */
			assert_true(shown.p10 == general.p10);
			assert_true(shown.median == general.median);
			assert_true(shown.p90 == general.p90);
		}
	rad_context_destroy(context);
}

static void
test_histogram_rules(void **state)
{
	RadContext *context = rad_context_create();
	Settings	settings = plain_settings();
	const FeatureValues *values;
	double		two_modes[7] = {1, 1, 2, 3, 3, 9, 9};
	double		equidistant[4] = {1, 1, 3, 3};

	/* Bins 1, 3 and 9 have two voxels each; the mean is 4: bin 3. */
	(void) state;
	settings.discretisation = DISCRETISATION_NONE;
	values = all_features(context, row_region(context, two_modes, 7, &settings), &settings);
	assert_true(values->value[FEATURE_ih_mode][0] == 3.0);

	/* Counts 2 1 2 0 0 0 0 0 2: gradients -1 0 -.5 -1 0 0 0 1 2. */
	assert_true(values->value[FEATURE_ih_max_grad][0] == 2.0);
	assert_true(values->value[FEATURE_ih_max_grad_g][0] == 9.0);
	assert_true(values->value[FEATURE_ih_min_grad][0] == -1.0);
	assert_true(values->value[FEATURE_ih_min_grad_g][0] == 1.0);
	assert_close(values->value[FEATURE_ih_uniformity][0], 13.0 / 49.0, 1e-15);

	/* Both modes are 1 away from the mean: the lower one. */
	values = all_features(context, row_region(context, equidistant, 4, &settings), &settings);
	assert_true(values->value[FEATURE_ih_mode][0] == 1.0);
	assert_close(values->value[FEATURE_ih_entropy][0], 1.0, 0.0);
	rad_context_destroy(context);
}

static void
test_constant_region(void **state)
{
	RadContext *context = rad_context_create();
	Settings	settings = plain_settings();
	double		fractions[5] = {0.1, 0.1, 0.1, 0.1, 0.1};
	double		zeros[3] = {0.0, 0.0, 0.0};
	const FeatureValues *values = all_features(context, row_region(context, fractions, 5, &settings),
											   &settings);

	(void) state;
	assert_true(values->value[FEATURE_stat_mean][0] == 0.1);
	assert_true(values->value[FEATURE_stat_var][0] == 0.0);
	assert_true(values->value[FEATURE_stat_skew][0] == 0.0);
	assert_true(values->value[FEATURE_stat_kurt][0] == 0.0);
	assert_true(values->value[FEATURE_stat_cov][0] == 0.0);
	assert_true(values->value[FEATURE_ih_mode][0] == 1.0);
	assert_true(values->value[FEATURE_ih_entropy][0] == 0.0);
	assert_true(isnan(values->value[FEATURE_ih_max_grad][0]));
	assert_true(isnan(values->value[FEATURE_ivh_v10][0]));
	assert_true(isnan(values->value[FEATURE_ivh_i10][0]));
	assert_true(values->value[FEATURE_ivh_auc][0] == 0.0);
	assert_close(values->value[FEATURE_loc_peak_loc][0], 0.1, 1e-16);

	values = all_features(context, row_region(context, zeros, 3, &settings), &settings);
	assert_true(isnan(values->value[FEATURE_stat_cov][0]));
	assert_true(isnan(values->value[FEATURE_stat_qcod][0]));

	/* One voxel is a constant region too. */
	values = all_features(context, row_region(context, fractions, 1, &settings), &settings);
	assert_true(values->value[FEATURE_stat_kurt][0] == 0.0);
	rad_context_destroy(context);
}

static void
test_excluded_stay_undefined(void **state)
{
	RadContext *context = rad_context_create();
	Settings	settings = plain_settings();
	const FeatureValues *values;

	(void) state;
	for (int feature = 0; feature < FEATURE_COUNT; feature += 2)
		settings.excluded[feature] = true;
	values = all_features(context, digital_phantom_region(context, &settings), &settings);
	for (int feature = FEATURE_loc_peak_loc; feature <= FEATURE_ivh_auc; feature++)
	{
		assert_int_equal(isnan(values->value[feature][0]) != 0, feature % 2 == 0);
		assert_true(isnan(values->value[feature][1]));
	}
	rad_context_destroy(context);
}

/*
 * The curve as the manual defines it: walk over all grid values from start to
 * last; G ends at high.
 */
static void
check_volume_histogram(RadContext *context, const Region *region, const Settings *settings,
					   const double *discretised, double start, double step, double high,
					   double last)
{
	FeatureValues *values = undefined_values(context);
	int64_t		count = region->intensity_count;
	double		volume[2] = {0.0, 0.0};
	double		intensity[2] = {NAN, NAN};
	double		area = 0.0;
	double		previous = NAN;

	for (int k = 0; start + k * step <= last + 1e-9; k++)
	{
		double		fraction = k * step / (high - start);
		int64_t		reached = 0;
		double		nu;

		for (int64_t n = 0; n < count; n++)
			reached += discretised[n] >= start + (k - 1e-6) * step;
		nu = (double) reached / (double) count;
		for (int x = 0; x < 2; x++)
		{
			if (fraction >= (x == 0 ? 0.1 : 0.9) - 1e-12)
				volume[x] = fmax(volume[x], nu);
			if (nu <= (x == 0 ? 0.1 : 0.9) && isnan(intensity[x]))
				intensity[x] = start + k * step;
		}
		if (k > 0)
			area += 0.5 * (nu + previous) * step;
		previous = nu;
	}
	assert_true(rad_intensity_volume_histogram_features(context, region, settings, values));
	assert_close(values->value[FEATURE_ivh_v10][0], volume[0], 1e-15);
	assert_close(values->value[FEATURE_ivh_v90][0], volume[1], 1e-15);
	assert_close(values->value[FEATURE_ivh_i10][0], intensity[0], 1e-9);
	assert_close(values->value[FEATURE_ivh_i90][0], intensity[1], 1e-9);
	assert_close(values->value[FEATURE_ivh_auc][0], area, 1e-12 * area);
}

static void
test_volume_histogram_by_definition(void **state)
{
	enum { COUNT = 1000 };
	RadContext *context = rad_context_create();
	uint64_t	seed = 53;
	double		voxels[COUNT];
	double		discretised[COUNT];
	double		highest;
	Settings	settings = plain_settings();
	Region	   *region;

	/* Integers over the bounded range. */
	(void) state;
	for (int n = 0; n < COUNT; n++)
		voxels[n] = floor(300.0 * (next_random(&seed) + next_random(&seed)));
	settings.resegmentation_range[0] = -50.0;
	settings.resegmentation_range[1] = 700.0;
	region = row_region(context, voxels, COUNT, &settings);
	check_volume_histogram(context, region, &settings, voxels, -50.0, 1.0, 700.0, 700.0);

	/* A grid too long to be counted step by step. */
	settings.resegmentation_range[1] = 90000.0;
	check_volume_histogram(context, region, &settings, voxels, -50.0, 1.0, 90000.0,
						   90000.0);

	/* Half open and open ranges. */
	settings.resegmentation_range[1] = INFINITY;
	check_volume_histogram(context, region, &settings, voxels, -50.0, 1.0, region->maximum,
						   region->maximum);
	settings.resegmentation_range[0] = -INFINITY;
	check_volume_histogram(context, region, &settings, voxels, region->minimum, 1.0,
						   region->maximum, region->maximum);

	/* Bins of 2.5 from -50 to 700, as their centres. */
	settings.ivh_discretisation = DISCRETISATION_FIXED_BIN_SIZE;
	settings.resegmentation_range[0] = -50.0;
	settings.resegmentation_range[1] = 700.0;
	for (int n = 0; n < COUNT; n++)
		discretised[n] = -50.0 + (floor((voxels[n] + 50.0) / 2.5) + 0.5) * 2.5;
	check_volume_histogram(context, region, &settings, discretised, -48.75, 2.5, 698.75, 698.75);

	/*
	 * The same with an open end: the maximum is in bin b, and the highest centre
	 * that is not above maximum - 1.25 is that of bin b - 1.
	 */
	settings.resegmentation_range[1] = INFINITY;
	highest = -48.75 + floor((region->maximum + 50.0) / 2.5) * 2.5;
	check_volume_histogram(context, region, &settings, discretised, -48.75, 2.5, highest - 2.5,
						   highest);

	/* Fractions: automatic is 1000 bins. */
	settings = plain_settings();
	for (int n = 0; n < COUNT; n++)
		voxels[n] = 3.0 * next_random(&seed) * next_random(&seed);
	region = row_region(context, voxels, COUNT, &settings);
	for (int n = 0; n < COUNT; n++)
		discretised[n] = voxels[n] == region->maximum ? 1000.0 :
			floor(1000.0 * (voxels[n] - region->minimum) /
				  (region->maximum - region->minimum)) + 1.0;
	check_volume_histogram(context, region, &settings, discretised, 1.0, 1.0, 1000.0, 1000.0);
	rad_context_destroy(context);
}

/* Peaks by visiting every voxel of the image for every voxel of the region. */
static void
direct_peaks(const Grid *grid, const double *voxels, const uint8_t *labels, double *local,
			 double *global)
{
	int64_t		count = rad_grid_voxel_count(grid);
	double		maximum = -INFINITY;

	*local = *global = -INFINITY;
	for (int64_t n = 0; n < count; n++)
		if (labels[n] != 0)
			maximum = fmax(maximum, voxels[n]);
	for (int64_t n = 0; n < count; n++)
	{
		long double sum = 0;
		int			inside = 0;

		if (labels[n] == 0)
			continue;
		for (int64_t m = 0; m < count; m++)
		{
			int			width = grid->size[0];
			int			height = grid->size[1];
			double		dx = (double) (m % width - n % width) * grid->spacing[0];
			double		dy = (double) (m / width % height - n / width % height) *
				grid->spacing[1];
			double		dz = (double) (m / width / height - n / width / height) *
				grid->spacing[2];

			if (dx * dx + dy * dy + dz * dz <= RAD_PEAK_RADIUS * RAD_PEAK_RADIUS &&
				isfinite(voxels[m]))
			{
				sum += voxels[m];
				inside++;
			}
		}
		*global = fmax(*global, (double) (sum / inside));
		if (voxels[n] == maximum)
			*local = fmax(*local, (double) (sum / inside));
	}
}

static void
test_local_intensity_by_definition(void **state)
{
	static const double spacings[][3] = {
		{1.0, 1.0, 1.0}, {0.977, 0.977, 3.0}, {2.0, 3.1, 1.3}, {7.0, 7.0, 7.0}, {6.0, 1.5, 8.0}
	};
	RadContext *context = rad_context_create();
	uint64_t	seed = 61;

	/* round 0: at the image's edge; 1: well inside; 2: with NaN around. */
	(void) state;
	for (int s = 0; s < 5; s++)
		for (int round = 0; round < 3; round++)
		{
			int			margin = round == 1 ? 8 : 0;
			Grid		grid = plain_grid(9 + 2 * margin, 8 + 2 * margin, 7 + 2 * margin,
										  spacings[s][0], spacings[s][1], spacings[s][2]);
			int64_t		count = rad_grid_voxel_count(&grid);
			double	   *voxels = rad_new(context, double, count);
			uint8_t    *labels = rad_new_zeroed(context, uint8_t, count);
			Settings	settings = plain_settings();
			FeatureValues *values = undefined_values(context);
			double		local;
			double		global;

			for (int64_t n = 0; n < count; n++)
			{
				int			x = (int) (n % grid.size[0]) - margin;
				int			y = (int) (n / grid.size[0] % grid.size[1]) - margin;
				int			z = (int) (n / grid.size[0] / grid.size[1]) - margin;

				/* Ties for the maximum are likely. */
				voxels[n] = round == 0 ? floor(4.0 * next_random(&seed)) : next_random(&seed);
				labels[n] = x >= 0 && x < 6 && y >= 0 && y < 8 && z >= 2 && z < 7 &&
					next_random(&seed) < 0.5;
				if (round == 2 && labels[n] == 0 && next_random(&seed) < 0.2)
					voxels[n] = n % 2 == 0 ? NAN : INFINITY;
			}
			direct_peaks(&grid, voxels, labels, &local, &global);
			assert_true(rad_local_intensity_features(context,
													 build_region(context, &grid, VOXEL_FLOAT64,
																  voxels, labels, &settings),
													 &settings, values));
			assert_close(values->value[FEATURE_loc_peak_loc][0], local, 1e-14);
			assert_close(values->value[FEATURE_loc_peak_glob][0], global, 1e-14);
		}
	rad_context_destroy(context);
}

/* Interrupt callback that counts the looks. */
static bool
count_looks(void *argument)
{
	++*(int *) argument;
	return false;
}

static bool
always_stop(void *argument)
{
	(void) argument;
	return true;
}

static void
test_interrupts(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(128, 128, 128, 1.0, 1.0, 1.0);
	int64_t		count = rad_grid_voxel_count(&grid);
	float	   *voxels = rad_new(context, float, count);
	uint8_t    *labels = rad_new(context, uint8_t, count);
	Settings	settings = plain_settings();
	FeatureValues *values = undefined_values(context);
	Region	   *region;
	GreyLevels *levels;
	uint64_t	seed = 71;
	int			looks = 0;

	(void) state;
	for (int64_t n = 0; n < count; n++)
	{
		voxels[n] = (float) next_random(&seed);
		labels[n] = 1;
	}
	region = build_region(context, &grid, VOXEL_FLOAT32, voxels, labels, &settings);
	context->interrupt_argument = &looks;
	context->interrupted = count_looks;

	/* Two million voxels: local intensity takes 50 ms or more, the rest ten. */
	assert_true(rad_local_intensity_features(context, region, &settings, values));
	assert_in_range(looks, 128, 1 << 20);
	looks = 0;
	assert_true(rad_intensity_statistics_features(context, region, &settings, values));
	assert_in_range(looks, 4, 1 << 20);
	looks = 0;
	assert_true(rad_intensity_volume_histogram_features(context, region, &settings, values));
	assert_in_range(looks, 2, 1 << 20);
	looks = 0;
	assert_true(rad_grey_levels_build(context, region, &settings, 1, &levels));
	assert_in_range(looks, 64, 1 << 20);

	context->interrupted = always_stop;
	assert_false(rad_local_intensity_features(context, region, &settings, values));
	assert_false(rad_intensity_statistics_features(context, region, &settings, values));
	assert_false(rad_intensity_volume_histogram_features(context, region, &settings, values));
	assert_false(rad_grey_levels_build(context, region, &settings, 1, &levels));
	assert_int_equal(context->code, RAD_CANCELLED);
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digital_phantom),
		cmocka_unit_test(test_numpy_example),
		cmocka_unit_test(test_order_statistics),
		cmocka_unit_test(test_statistics_by_definition),
		cmocka_unit_test(test_histogram_rules),
		cmocka_unit_test(test_constant_region),
		cmocka_unit_test(test_excluded_stay_undefined),
		cmocka_unit_test(test_volume_histogram_by_definition),
		cmocka_unit_test(test_local_intensity_by_definition),
		cmocka_unit_test(test_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
