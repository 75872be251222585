/*
 * Resampling against closed forms, an independent trilinear, scipy, and itself
 * (box against whole image).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image/bspline.h"
#include "image/resample.h"
#include "mask_fixture.h"

/* A few ulps of numbers around 1: for results of some ten operations. */
#define CLOSE 1e-14

static Volume
whole_volume(const Grid *grid, VoxelType type, void *voxels)
{
	return (Volume) {*grid, rad_grid_box(grid), type, voxels};
}

static double *
resample(RadContext *context, const Volume *image, const double spacing[3],
		 Interpolator interpolator, Grid *resampled)
{
	Box			target;
	double	   *out;

	rad_resample_grid(&image->grid, spacing, resampled);
	target = rad_grid_box(resampled);
	out = rad_new(context, double, rad_grid_voxel_count(resampled));
	assert_true(rad_resample_image(context, image, resampled, &target, interpolator, false, out));
	return out;
}

static void
test_grid_of_the_manual(void **state)
{
	/* IBSI manual, section 2.4: 4 x 4 voxels of 3 mm to 2 mm give 6 x 6. */
	Grid		grid = plain_grid(4, 4, 1, 3.0, 3.0, 3.0);
	Grid		out;

	(void) state;
	rad_resample_grid(&grid, (double[3]) {2.0, 2.0, 0.0}, &out);
	assert_int_equal(out.size[0], 6);
	assert_int_equal(out.size[1], 6);
	assert_int_equal(out.size[2], 1);
	assert_close(rad_resample_position(&grid, &out, 0, 0), -1.0 / 6.0, CLOSE);
	assert_close(out.origin[0], -0.5, CLOSE);
	assert_close(out.origin[2], 0.0, 0.0);

	/* Configuration C of the IBSI reference data. */
	grid = plain_grid(204, 201, 60, 0.977, 0.977, 3.0);
	rad_resample_grid(&grid, (double[3]) {2.0, 2.0, 2.0}, &out);
	assert_int_equal(out.size[0], 100);
	assert_int_equal(out.size[1], 99);
	assert_int_equal(out.size[2], 90);
}

static void
test_grid_centre_stays(void **state)
{
	Grid		grid = plain_grid(31, 17, 9, 0.7, 1.1, 3.3);
	Grid		out;
	double		before[3];
	double		after[3];

	/* Rotated by 30 degrees about z. */
	(void) state;
	grid.direction[0][0] = grid.direction[1][1] = cos(M_PI / 6);
	grid.direction[1][0] = 0.5;
	grid.direction[0][1] = -0.5;
	grid.origin[0] = -120.0;
	grid.origin[1] = 33.0;
	rad_resample_grid(&grid, (double[3]) {1.0, 0.45, 2.0}, &out);
	rad_grid_to_world(&grid, (double[3]) {15.0, 8.0, 4.0}, before);
	rad_grid_to_world(&out, (double[3]) {0.5 * (out.size[0] - 1), 0.5 * (out.size[1] - 1),
										 0.5 * (out.size[2] - 1)}, after);
	for (int axis = 0; axis < 3; axis++)
		assert_close(before[axis], after[axis], 1e-12);
}

static void
test_float32_spacing_adds_no_voxel(void **state)
{
	/* 0.3f and 1.1f are a little above 0.3 and 1.1. */
	Grid		grid = plain_grid(10, 512, 512, (double) 0.3f, (double) 1.1f, 1.0);
	Grid		out;

	(void) state;
	rad_resample_grid(&grid, (double[3]) {0.1, 1.1, 0.0}, &out);
	assert_int_equal(out.size[0], 30);
	assert_int_equal(out.size[1], 512);
	assert_close(rad_resample_position(&grid, &out, 1, 100), 100.0, 0.0);
	assert_int_equal(out.size[2], 512);
}

static void
test_too_large_is_refused(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(512, 512, 100, 1.0, 1.0, 1.0);
	Grid		out;

	(void) state;
	rad_resample_grid(&grid, (double[3]) {1e-9, 1.0, 1.0}, &out);
	assert_false(rad_resample_check(context, &out));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	assert_non_null(strstr(context->hint, "resample_spacing"));
	rad_resample_grid(&grid, (double[3]) {0.5, 0.5, 0.5}, &out);
	assert_true(rad_resample_check(context, &out));
	rad_context_destroy(context);
}

static void
test_constant_stays_constant(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(7, 6, 5, 0.9, 1.3, 2.7);
	double		voxels[7 * 6 * 5];
	Volume		image = whole_volume(&grid, VOXEL_FLOAT64, voxels);
	Grid		out;

	(void) state;
	for (int n = 0; n < 7 * 6 * 5; n++)
		voxels[n] = 0.1;
	for (Interpolator how = INTERPOLATOR_NEAREST; how <= INTERPOLATOR_TRICUBIC_SPLINE; how++)
	{
		double	   *values = resample(context, &image, (double[3]) {1.0, 0.4, 1.1}, how, &out);

		for (int64_t n = 0; n < rad_grid_voxel_count(&out); n++)
			assert_close(values[n], 0.1,
							   how == INTERPOLATOR_TRICUBIC_SPLINE ? CLOSE : 0.0);
	}
	rad_context_destroy(context);
}

/* Source position of an output voxel, clamped to the edge voxels' centres. */
static double
source_position(const Grid *grid, const Grid *out, int axis, int k)
{
	double		step = out->spacing[axis] / grid->spacing[axis];
	double		position = 0.5 * (grid->size[axis] - 1 - step * (out->size[axis] - 1)) + step * k;

	return fmin(fmax(position, 0.0), grid->size[axis] - 1.0);
}

static void
test_trilinear_keeps_a_ramp(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(12, 9, 7, 1.0, 1.5, 3.0);
	float		voxels[12 * 9 * 7];
	Volume		image = whole_volume(&grid, VOXEL_FLOAT32, voxels);
	Grid		out;
	double	   *values;

	(void) state;
	for (int n = 0; n < 12 * 9 * 7; n++)
		voxels[n] = (float) (3 * (n % 12) - 5 * (n / 12 % 9) + 7 * (n / 108) - 20);
	values = resample(context, &image, (double[3]) {0.7, 0.8, 1.0}, INTERPOLATOR_TRILINEAR, &out);
	for (int z = 0; z < out.size[2]; z++)
		for (int y = 0; y < out.size[1]; y++)
			for (int x = 0; x < out.size[0]; x++)
				assert_close(*values++,
								   3 * source_position(&grid, &out, 0, x) -
								   5 * source_position(&grid, &out, 1, y) +
								   7 * source_position(&grid, &out, 2, z) - 20, 1e-12);
	rad_context_destroy(context);
}

static double
cubic_polynomial(double x)
{
	return ((0.25 * x - 20.0) * x + 3.0) * x - 7.0;
}

static void
test_spline_keeps_a_cubic(void **state)
{
	/*
	 * Cubic polynomials are cubic splines.  The mirrored ends disturb by a
	 * factor 0.268 less per voxel: at 40 voxels from them by 1e-23.
	 */
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(100, 1, 1, 1.0, 1.0, 1.0);
	double		voxels[100];
	Volume		image = whole_volume(&grid, VOXEL_FLOAT64, voxels);
	int			tested = 0;

	(void) state;
	for (int axis = 0; axis < 3; axis++)
	{
		Grid		out;
		double	   *values;
		double		spacing[3] = {0.0, 0.0, 0.0};

		grid.size[0] = grid.size[1] = grid.size[2] = 1;
		grid.size[axis] = 100;
		image = whole_volume(&grid, VOXEL_FLOAT64, voxels);
		for (int n = 0; n < 100; n++)
			voxels[n] = cubic_polynomial(n);
		spacing[axis] = 0.37;
		values = resample(context, &image, spacing, INTERPOLATOR_TRICUBIC_SPLINE, &out);
		for (int n = 0; n < out.size[axis]; n++)
		{
			double		position = source_position(&grid, &out, axis, n);

			if (position < 40.0 || position > 59.0)
				continue;
			tested++;
			assert_close(values[n], cubic_polynomial(position), 1e-9);
		}
	}
	assert_true(tested > 100);
	rad_context_destroy(context);
}

static void
test_prefilter_solves_its_equations(void **state)
{
	/*
	 * By definition the spline with coefficients c takes the value
	 * (c[k-1] + 4 c[k] + c[k+1]) / 6 at sample k, c mirrored at the ends.
	 */
	RadContext *context = rad_context_create();
	uint64_t	seed = 5;

	(void) state;
	for (int axis = 0; axis < 3; axis++)
		for (int size = 2; size <= 70; size++)
		{
			int			sizes[3] = {3, 3, 3};
			bool		filter[3] = {false, false, false};
			double		samples[9 * 70];
			double		c[9 * 70];
			int			stride;

			sizes[axis] = size;
			filter[axis] = true;
			stride = axis == 0 ? 1 : axis == 1 ? sizes[0] : sizes[0] * sizes[1];
			for (int n = 0; n < 9 * size; n++)
				c[n] = samples[n] = 2000.0 * next_random(&seed) - 1000.0;
			assert_true(rad_spline_prefilter(context, sizes, filter, c));
			for (int n = 0; n < 9 * size; n++)
			{
				int			k = n / stride % size;
				int			before = k > 0 ? n - stride : n + stride;
				int			after = k < size - 1 ? n + stride : n - stride;

				assert_close((c[before] + 4.0 * c[n] + c[after]) / 6.0, samples[n], 1e-11);
			}
		}
	rad_context_destroy(context);
}

static void
test_spline_equals_scipy(void **state)
{
	/*
	 * s = [3, -1, 4, 1, -5, 9, 2, 6]
	 * x = np.clip(0.5 * (7 - 0.6 * 13) + 0.6 * np.arange(14), 0, 7)
	 * c = scipy.ndimage.spline_filter1d(s, 3, mode='mirror')
	 * scipy.ndimage.map_coordinates(c, [x], order=3, prefilter=False, mode='mirror')
	 */
	static const double expected[14] = {
		3.0, 2.591618000687051, -0.5535279972518038, 0.3463029886636883, 4.0,
		3.813631054620406, -1.0836880796976969, -5.620702164204742, 0.5762226039161867, 9.0,
		5.348331157677778, 1.992162143593265, 5.478040535898312, 6.0
	};
	RadContext *context = rad_context_create();
	int16_t		voxels[8] = {3, -1, 4, 1, -5, 9, 2, 6};

	(void) state;
	for (int axis = 0; axis < 3; axis++)
	{
		Grid		grid = plain_grid(1, 1, 1, 1.0, 1.0, 1.0);
		double		spacing[3] = {0.0, 0.0, 0.0};
		Volume		image;
		Grid		out;
		double	   *values;

		grid.size[axis] = 8;
		spacing[axis] = 0.6;
		image = whole_volume(&grid, VOXEL_INT16, voxels);
		values = resample(context, &image, spacing, INTERPOLATOR_TRICUBIC_SPLINE, &out);
		assert_int_equal(out.size[axis], 14);
		for (int n = 0; n < 14; n++)
			assert_close(values[n], expected[n], CLOSE * 10);
	}
	rad_context_destroy(context);
}

/* Voxel types that hold small integers give the same bits. */
static void
test_voxel_types_agree(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(9, 8, 7, 1.0, 1.0, 2.0);
	int8_t		small[504];
	int16_t		integers[504];
	float		floats[504];
	double		doubles[504];
	void	   *voxels[] = {small, integers, floats, doubles};
	VoxelType	types[] = {VOXEL_INT8, VOXEL_INT16, VOXEL_FLOAT32, VOXEL_FLOAT64};
	uint64_t	seed = 11;

	(void) state;
	for (int n = 0; n < 504; n++)
		doubles[n] = floats[n] = integers[n] = small[n] = (int8_t) (200 * next_random(&seed) - 100);
	for (Interpolator how = INTERPOLATOR_NEAREST; how <= INTERPOLATOR_TRICUBIC_SPLINE; how++)
	{
		double	   *first = NULL;

		for (int type = 0; type < 4; type++)
		{
			Volume		image = whole_volume(&grid, types[type], voxels[type]);
			Grid		out;
			double	   *values = resample(context, &image, (double[3]) {0.8, 1.3, 1.0}, how, &out);

			if (type == 0)
				first = values;
			assert_memory_equal(first, values,
								(size_t) rad_grid_voxel_count(&out) * sizeof(double));
		}
	}
	rad_context_destroy(context);
}

static void
test_box_equals_whole(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(90, 70, 60, 1.0, 1.0, 1.0);
	int64_t		count = rad_grid_voxel_count(&grid);
	double	   *voxels = rad_new(context, double, count);
	Volume		image = whole_volume(&grid, VOXEL_FLOAT64, voxels);
	uint64_t	seed = 3;

	(void) state;
	for (int64_t n = 0; n < count; n++)
		voxels[n] = 1000.0 * next_random(&seed);
	for (Interpolator how = INTERPOLATOR_NEAREST; how <= INTERPOLATOR_TRICUBIC_SPLINE; how++)
	{
		Grid		out;
		double	   *whole = resample(context, &image, (double[3]) {0.8, 1.3, 0.9}, how, &out);
		Box			target = {{50, 20, 30}, {61, 33, 36}};
		Box			support = rad_resample_support(&grid, &out, &target, how);
		Volume		part = {grid, support, VOXEL_FLOAT64,
			rad_new(context, double, rad_box_voxel_count(&support))};
		double	   *row = part.voxels;
		double	   *values = rad_new(context, double, rad_box_voxel_count(&target));

		for (int z = support.lo[2]; z < support.hi[2]; z++)
			for (int y = support.lo[1]; y < support.hi[1]; y++)
				for (int x = support.lo[0]; x < support.hi[0]; x++)
					*row++ = voxels[(z * 70 + y) * 90 + x];
		assert_true(rad_resample_image(context, &part, &out, &target, how, false, values));
		for (int z = target.lo[2]; z < target.hi[2]; z++)
			for (int y = target.lo[1]; y < target.hi[1]; y++)
				for (int x = target.lo[0]; x < target.hi[0]; x++)
					assert_close(*values++,
									   whole[((int64_t) z * out.size[1] + y) * out.size[0] + x],
									   how == INTERPOLATOR_TRICUBIC_SPLINE ? 1e-13 * 1000.0 : 0.0);
	}
	rad_context_destroy(context);
}

/* Partial volume at a position by the eight voxels around it. */
static double
partial_volume(const uint8_t *mask, const Grid *grid, const double position[3])
{
	double		sum = 0.0;

	for (int corner = 0; corner < 8; corner++)
	{
		double		weight = 1.0;
		int			at[3];

		for (int axis = 0; axis < 3; axis++)
		{
			int			below = (int) floor(position[axis]);
			double		fraction = position[axis] - below;
			bool		upper = (corner >> axis & 1) != 0;

			weight *= upper ? fraction : 1.0 - fraction;
			at[axis] = upper ? below + 1 : below;
			if (at[axis] >= grid->size[axis])
				at[axis] = grid->size[axis] - 1;
		}
		sum += weight * mask[(at[2] * grid->size[1] + at[1]) * grid->size[0] + at[0]];
	}
	return sum;
}

static void
test_mask_equals_eight_neighbours(void **state)
{
	static const double spacings[][3] = {
		{1.0, 1.0, 1.0}, {2.0, 2.0, 2.0}, {0.75, 3.1, 0.0}, {0.5, 0.5, 0.5}, {1.5, 0.9, 4.0}
	};
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(13, 11, 9, 1.0, 1.5, 3.0);
	uint8_t		mask[13 * 11 * 9];
	Box			box = rad_grid_box(&grid);
	uint64_t	seed = 17;

	(void) state;
	for (int n = 0; n < 13 * 11 * 9; n++)
		mask[n] = next_random(&seed) < 0.6;
	for (int s = 0; s < 5; s++)
	{
		Grid		out;
		Box			target;
		uint8_t    *values;

		rad_resample_grid(&grid, spacings[s], &out);
		target = rad_grid_box(&out);
		values = rad_new(context, uint8_t, rad_grid_voxel_count(&out));
		assert_true(rad_resample_mask(context, &grid, &box, mask, &out, &target,
									  INTERPOLATOR_TRILINEAR, 0.5, values));
		for (int z = 0; z < out.size[2]; z++)
			for (int y = 0; y < out.size[1]; y++)
				for (int x = 0; x < out.size[0]; x++)
				{
					double		position[3] = {
						source_position(&grid, &out, 0, x),
						source_position(&grid, &out, 1, y),
						source_position(&grid, &out, 2, z)
					};

					assert_int_equal(*values++,
									 partial_volume(mask, &grid, position) >= 0.5 - 1e-6);
				}
	}
	rad_context_destroy(context);
}

static void
test_nan_stays_local(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(5, 1, 1, 2.0, 1.0, 1.0);
	double		voxels[5] = {1.0, 2.0, 3.0, NAN, 5.0};
	Volume		image = whole_volume(&grid, VOXEL_FLOAT64, voxels);
	Grid		out;
	Box			target;
	double	   *values;

	/* To 0.4 mm: positions -0.4, -0.2, 0, 0.2, ...; 2.0 is voxel 12. */
	(void) state;
	values = resample(context, &image, (double[3]) {0.4, 0.0, 0.0}, INTERPOLATOR_TRILINEAR, &out);
	assert_int_equal(out.size[0], 25);
	assert_close(values[11], 2.8, CLOSE);
	assert_close(values[12], 3.0, 0.0);
	assert_true(isnan(values[13]));
	assert_close(values[22], 5.0, 0.0);

	/* The spline would spread it: refused. */
	target = rad_grid_box(&out);
	assert_false(rad_resample_image(context, &image, &out, &target,
									INTERPOLATOR_TRICUBIC_SPLINE, false, values));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	assert_non_null(strstr(context->message, "(3, 0, 0)"));
	rad_context_destroy(context);
}

static void
test_rounding(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(6, 1, 1, 1.0, 1.0, 1.0);
	double		voxels[6] = {0.5, 1.5, -0.5, -0.3, 2.4999, 0.49999999999999994};
	static const double expected[6] = {0.0, 2.0, 0.0, 0.0, 2.0, 0.0};
	Volume		image = whole_volume(&grid, VOXEL_FLOAT64, voxels);
	Box			target = rad_grid_box(&grid);
	double		values[6];

	(void) state;
	assert_true(rad_resample_image(context, &image, &grid, &target, INTERPOLATOR_TRILINEAR,
								   true, values));
	for (int n = 0; n < 6; n++)
	{
		assert_true(values[n] == expected[n]);
		assert_false(signbit(values[n]));
	}
	rad_context_destroy(context);
}

/* Interrupt callback that says stop at a given look. */
static bool
stop_at(void *argument)
{
	return --*(int *) argument == 0;
}

static void
test_cancel(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(64, 64, 64, 1.0, 1.0, 1.0);
	uint8_t    *voxels = rad_new_zeroed(context, uint8_t, 64 * 64 * 64);
	Volume		image = whole_volume(&grid, VOXEL_UINT8, voxels);
	Grid		out;
	Box			target;
	double	   *values;
	int			looks = 1 << 30;

	/* 128^3 voxels take some 20 ms: many looks, and each of them can stop. */
	(void) state;
	rad_resample_grid(&grid, (double[3]) {0.5, 0.5, 0.5}, &out);
	target = rad_grid_box(&out);
	values = rad_new(context, double, rad_grid_voxel_count(&out));
	context->interrupted = stop_at;
	context->interrupt_argument = &looks;
	assert_true(rad_resample_image(context, &image, &out, &target,
								   INTERPOLATOR_TRICUBIC_SPLINE, false, values));
	looks = (1 << 30) - looks;
	assert_true(looks > 200);
	for (int stop = 1; stop <= looks; stop += 37)
	{
		int			left = stop;

		context->interrupt_argument = &left;
		assert_false(rad_resample_image(context, &image, &out, &target,
										INTERPOLATOR_TRICUBIC_SPLINE, false, values));
		assert_int_equal(context->code, RAD_CANCELLED);
	}
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grid_of_the_manual),
		cmocka_unit_test(test_grid_centre_stays),
		cmocka_unit_test(test_float32_spacing_adds_no_voxel),
		cmocka_unit_test(test_too_large_is_refused),
		cmocka_unit_test(test_constant_stays_constant),
		cmocka_unit_test(test_trilinear_keeps_a_ramp),
		cmocka_unit_test(test_spline_keeps_a_cubic),
		cmocka_unit_test(test_prefilter_solves_its_equations),
		cmocka_unit_test(test_spline_equals_scipy),
		cmocka_unit_test(test_voxel_types_agree),
		cmocka_unit_test(test_box_equals_whole),
		cmocka_unit_test(test_mask_equals_eight_neighbours),
		cmocka_unit_test(test_nan_stays_local),
		cmocka_unit_test(test_rounding),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
