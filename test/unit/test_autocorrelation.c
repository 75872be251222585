/*
 * Fourier transforms against their definition, and pair sums against the double
 * loop over all pairs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "features/autocorrelation.h"
#include "region_fixture.h"

static const double twice_pi = 6.28318530717958647692;

static bool
has_v3(void)
{
	return rad_cpu_named("v3") != NULL;
}

/* Both levels, every 5-smooth length to 81, several paddings. */
static void
test_transform(void **state)
{
	RadContext *context = rad_context_create();
	uint32_t	seed = 1;
	enum {BATCH = 4, MOST = 81};
	double		input[2][MOST * BATCH];
	double		buffer[8][MOST * BATCH];

	(void) state;
	for (int length = 1; length <= MOST; length = rad_fourier_length(length + 1))
		for (int filled = length; filled > 0; filled -= 1 + length / 3)
		{
			FourierPlan plan;
			ComplexArray result;
			ComplexArray wide = {buffer[4], buffer[5]};

			assert_true(rad_fourier_plan(context, length, &plan));
			for (int n = 0; n < length * BATCH; n++)
				for (int part = 0; part < 2; part++)
				{
					input[part][n] = fixture_random_unit(&seed) - 0.5;
					buffer[part][n] = buffer[part + 4][n] = input[part][n];
				}
			result = rad_fourier_columns_v2(&plan, BATCH, filled,
											(ComplexArray) {buffer[0], buffer[1]},
											(ComplexArray) {buffer[2], buffer[3]});
			if (has_v3())
				wide = rad_fourier_columns_v3(&plan, BATCH, filled,
											  (ComplexArray) {buffer[4], buffer[5]},
											  (ComplexArray) {buffer[6], buffer[7]});
			for (int k = 0; k < length; k++)
				for (int column = 0; column < BATCH; column++)
				{
					double		real = 0.0;
					double		imaginary = 0.0;
					int			at = k * BATCH + column;

					for (int n = 0; n < filled; n++)
					{
						double		angle = twice_pi * (n * k % length) / length;
						double		a = input[0][n * BATCH + column];
						double		b = input[1][n * BATCH + column];

						real += a * cos(angle) + b * sin(angle);
						imaginary += b * cos(angle) - a * sin(angle);
					}
					/* sums of at most 81 numbers below 1 */
					assert_true(fabs(result.real[at] - real) < 1e-13);
					assert_true(fabs(result.imaginary[at] - imaginary) < 1e-13);
					if (has_v3())
					{
						assert_memory_equal(&result.real[at], &wide.real[at], sizeof(double));
						assert_memory_equal(&result.imaginary[at], &wide.imaginary[at],
											sizeof(double));
					}
				}
			rad_fourier_plan_release(context, &plan);
		}
	rad_context_destroy(context);
}

static void
test_length(void **state)
{
	(void) state;
	assert_int_equal(rad_fourier_length(1), 1);
	assert_int_equal(rad_fourier_length(7), 8);
	assert_int_equal(rad_fourier_length(93), 96);
	assert_int_equal(rad_fourier_length(1021), 1024);
}

/* The definition, over the voxels of the intensity mask. */
static PairSums
plain_sums(const Region *region, double mean)
{
	PairSums	sums = {0.0, 0.0, 0.0};
	const int  *size = region->grid.size;
	int64_t		count = rad_grid_voxel_count(&region->grid);
	double		(*voxels)[4] = malloc((size_t) region->intensity_count * sizeof(*voxels));
	int64_t		inside = 0;

	for (int64_t n = 0; n < count; n++)
	{
		if (region->intensity_mask[n] == 0)
			continue;
		voxels[inside][0] = (double) (n % size[0]) * region->grid.spacing[0];
		voxels[inside][1] = (double) (n / size[0] % size[1]) * region->grid.spacing[1];
		voxels[inside][2] = (double) (n / size[0] / size[1]) * region->grid.spacing[2];
		voxels[inside++][3] = region->intensity[n] - mean;
	}
	for (int64_t i = 0; i < inside; i++)
		for (int64_t j = 0; j < inside; j++)
		{
			double		square = 0.0;
			double		weight;

			if (i == j)
				continue;
			for (int axis = 0; axis < 3; axis++)
				square += (voxels[i][axis] - voxels[j][axis]) *
					(voxels[i][axis] - voxels[j][axis]);
			weight = 1.0 / sqrt(square);
			sums.weights += weight;
			sums.products += weight * voxels[i][3] * voxels[j][3];
			sums.squares += weight * voxels[i][3] * voxels[i][3];
		}
	free(voxels);
	return sums;
}

/*
 * Relative to the sum of absolute terms: products cancel.  1e-12 allows for the
 * rounding of transforms of up to a million numbers.
 */
static void
check_sums(RadContext *context, const Region *region, double mean)
{
	PairSums	plain = plain_sums(region, mean);
	PairSums	narrow;
	PairSums	wide;

	assert_true(rad_autocorrelation(context, rad_fourier_columns_v2, region, mean, &narrow));
	assert_true(fabs(narrow.weights - plain.weights) <= 1e-12 * plain.weights);
	assert_true(fabs(narrow.squares - plain.squares) <= 1e-12 * plain.squares);
	assert_true(fabs(narrow.products - plain.products) <= 1e-12 * plain.squares);
	if (!has_v3())
		return;
	assert_true(rad_autocorrelation(context, rad_fourier_columns_v3, region, mean, &wide));
	assert_memory_equal(&narrow, &wide, sizeof(PairSums));
}

static void
check_random_region(uint32_t *seed, const int size[3], int percent)
{
	RadContext *context = rad_context_create();
	double		spacing[3] = {0.7 + fixture_random_unit(seed), 1.0, 3.1};
	int64_t		count = (int64_t) size[0] * size[1] * size[2];
	double	   *intensity = rad_new(context, double, count);
	uint8_t    *mask = rad_new(context, uint8_t, count);

	for (int64_t n = 0; n < count; n++)
	{
		intensity[n] = 100.0 * fixture_random_unit(seed);
		mask[n] = fixture_random(seed) % 100 < (uint32_t) percent;
	}
	mask[0] = mask[count - 1] = 1;
	check_sums(context,
			   fixture_region(context, size, spacing, intensity, mask, NULL), 47.0);
	rad_context_destroy(context);
}

static void
test_random_regions(void **state)
{
	uint32_t	seed = 2;

	(void) state;
	for (int trial = 0; trial < 40; trial++)
	{
		int			size[3] = {1 + fixture_random(&seed) % 9, 1 + fixture_random(&seed) % 9,
			1 + fixture_random(&seed) % 9};

		check_random_region(&seed, size, 20 + fixture_random(&seed) % 80);
	}
}

/* Sparse, but so large that the longest axis is split into classes. */
static void
test_classes(void **state)
{
	static const int sizes[][3] = {{90, 150, 80}, {64, 60, 243}, {300, 70, 71}, {95, 96, 94}};
	uint32_t	seed = 3;

	(void) state;
	for (size_t trial = 0; trial < sizeof(sizes) / sizeof(sizes[0]); trial++)
	{
		RadContext *context = rad_context_create();
		double		spacing[3] = {0.9, 1.1, 2.0};
		const int  *size = sizes[trial];
		int64_t		count = (int64_t) size[0] * size[1] * size[2];
		double	   *intensity = rad_new_zeroed(context, double, count);
		uint8_t    *mask = rad_new_zeroed(context, uint8_t, count);

		for (int n = 0; n < 200; n++)
		{
			int64_t		voxel = n < 2 ? n * (count - 1) :
				(int64_t) (fixture_random_unit(&seed) * (double) count);

			mask[voxel] = 1;
			intensity[voxel] = fixture_random_unit(&seed);
		}
		check_sums(context, fixture_region(context, size, spacing, intensity, mask, NULL),
				   0.5);
		rad_context_destroy(context);
	}
}

/* Cancelled at every poll in turn, and never a value after a cancel. */
static bool
count_down(void *argument)
{
	int		   *left = argument;

	return (*left)-- == 0;
}

static void
test_cancel(void **state)
{
	RadContext *context = rad_context_create();
	int			size[3] = {6, 5, 4};
	double		spacing[3] = {1.0, 1.0, 1.0};
	double		intensity[120];
	uint8_t		mask[120];
	Region	   *region;
	int			polls = 0;

	(void) state;
	for (int n = 0; n < 120; n++)
	{
		intensity[n] = n;
		mask[n] = 1;
	}
	region = fixture_region(context, size, spacing, intensity, mask, NULL);
	context->interrupted = count_down;
	for (;; polls++)
	{
		PairSums	sums;
		int			left = polls;

		context->interrupt_argument = &left;
		if (rad_autocorrelation(context, rad_fourier_columns_v2, region, 1.0, &sums))
			break;
		assert_int_equal(context->code, RAD_CANCELLED);
		rad_clear_error(context);
	}
	/* Slabs, kernel slabs, and three per plane of half the frequencies. */
	assert_true(polls >= 4 + 2 + 3 * 6);
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_transform),
		cmocka_unit_test(test_random_regions),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
