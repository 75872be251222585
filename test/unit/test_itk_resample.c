/*
 * Resampling as PyRadiomics has it: interpolators against SimpleITK's values,
 * grids against hand calculation, boxes against the whole image.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "assert_close.h"
#include "filter_fixture.h"
#include "ibsi_reference.h"
#include "image/itk_geometry.h"
#include "image/itk_interpolate.h"
#include "image/itk_resample.h"
#include "image/normalise.h"
#include "image/spline_filter.h"

/* The image of test/data/itk_interpolators.csv. */
static Volume
itk_image(RadContext *context)
{
	Grid		grid = plain_filter_grid(6, 5, 4);
	double	   *voxels = rad_new(context, double, 120);
	int			at = 0;

	memcpy(grid.spacing, (double[3]) {1.0, 0.7, 2.0}, sizeof(grid.spacing));
	memcpy(grid.origin, (double[3]) {10.0, -4.0, 2.5}, sizeof(grid.origin));
	memcpy(grid.direction, (double[3][3]) {{0.8, -0.6, 0}, {0.6, 0.8, 0}, {0, 0, 1}},
		   sizeof(grid.direction));
	for (int z = 0; z < 4; z++)
		for (int y = 0; y < 5; y++)
			for (int x = 0; x < 6; x++)
				voxels[at++] = ((x * 7 + y * 13 + z * 29) % 31) * 3.5 - 20 + x * 0.3;
	return (Volume) {grid, rad_grid_box(&grid), VOXEL_FLOAT64, voxels};
}

static void
test_interpolators(void **state)
{
	RadContext *context = rad_context_create();
	Volume		image = itk_image(context);
	Grid		target = image.grid;
	FILE	   *file = open_test_data("itk_interpolators.csv");
	double		expected[10][64];
	char		line[512];

	(void) state;
	assert_non_null(file);
	for (int n = 0; n < 2; n++)
		assert_non_null(fgets(line, sizeof(line), file));
	for (int n = 0; n < 64; n++)
	{
		char	   *at = line;

		assert_non_null(fgets(line, sizeof(line), file));
		for (int k = 0; k < 10; k++, at++)
			expected[k][n] = strtod(at, &at);
	}
	fclose(file);
	memcpy(target.spacing, (double[3]) {1.7, 0.9, 1.6}, sizeof(target.spacing));
	memcpy(target.origin, (double[3]) {9.8, -3.9, 2.0}, sizeof(target.origin));
	memcpy(target.size, (int[3]) {4, 4, 4}, sizeof(target.size));
	for (int k = 0; k < 10; k++)
	{
		Volume		result;

		assert_true(rad_itk_resample(context, &image, &target, k + 1, &result));
		for (int n = 0; n < 64; n++)
		{
			/* Sines and exponentials of another library may differ in the last bit. */
			double		tolerance = k + 1 <= ITK_BSPLINE ? 0.0 : 1e-13;

			assert_close(((double *) result.voxels)[n], expected[k][n], tolerance);
		}
	}
	rad_context_destroy(context);
}

/* Clamped to the type's range, truncated towards zero, 0 outside. */
static void
test_conversion_to_the_type(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_filter_grid(2, 1, 1);
	Grid		target = plain_filter_grid(4, 1, 1);
	int16_t		voxels[2] = {-7, 8};
	Volume		image = {grid, rad_grid_box(&grid), VOXEL_INT16, voxels};
	Volume		result;
	uint8_t		steep[4] = {0, 255, 255, 0};

	(void) state;
	target.spacing[0] = 0.3;
	target.origin[0] = 0.05;
	assert_true(rad_itk_resample(context, &image, &target, ITK_LINEAR, &result));
	/* At 0.05, 0.35, 0.65, 0.95: -6.25, -1.75, 2.75, 7.25. */
	assert_memory_equal(result.voxels, ((int16_t[4]) {-6, -1, 2, 7}), sizeof(int16_t[4]));

	/* Half a voxel out is the border; beyond it is 0. */
	target.spacing[0] = 1.0;
	target.origin[0] = -0.5;
	assert_true(rad_itk_resample(context, &image, &target, ITK_NEAREST_NEIGHBOR, &result));
	assert_memory_equal(result.voxels, ((int16_t[4]) {-7, 8, 0, 0}), sizeof(int16_t[4]));

	/* A spline overshoots; the result is clamped. */
	image.grid.size[0] = 4;
	image.box = rad_grid_box(&image.grid);
	image.type = VOXEL_UINT8;
	image.voxels = steep;
	target.size[0] = 1;
	target.origin[0] = 1.5;
	assert_true(rad_itk_resample(context, &image, &target, ITK_BSPLINE, &result));
	assert_int_equal(*(uint8_t *) result.voxels, 255);
	rad_context_destroy(context);
}

static void
test_target_grid(void **state)
{
	RadContext *context = rad_context_create();
	Grid		mask = plain_filter_grid(20, 20, 10);
	Grid		target;
	Box			box = {{5, 8, 4}, {9, 12, 5}};
	double		spacing[3];

	(void) state;
	memcpy(mask.spacing, (double[3]) {1.0, 2.0, 3.0}, sizeof(mask.spacing));
	/* z: one voxel thick, keeps its spacing; y: 0 keeps it. */
	rad_itk_target_spacing(&mask, &box, (double[3]) {2.0, 0.0, 1.0}, spacing);
	assert_memory_equal(spacing, ((double[3]) {2.0, 2.0, 3.0}), sizeof(spacing));
	assert_true(rad_itk_target_grid(context, &mask, &box, spacing, 1, &target));

	/* x: floor(4.5 / 2 - 1) = 1 to ceil(8.5 / 2 + 1) = 6. */
	assert_int_equal(target.size[0], 6);
	assert_close(target.origin[0], 0.5 * (2.0 - 1.0) + 1 * 2.0, 1e-15);
	/* y: floor(7.5 - 1) = 6 to ceil(11.5 + 1) = 13; z: 2 to 6. */
	assert_int_equal(target.size[1], 8);
	assert_close(target.origin[1], 12.0, 1e-15);
	assert_int_equal(target.size[2], 5);
	assert_close(target.origin[2], 6.0, 1e-15);

	/* Clipped to the mask's extent. */
	assert_true(rad_itk_target_grid(context, &mask, &box, spacing, 50, &target));
	assert_int_equal(target.size[0], 10);
	assert_int_equal(target.size[1], 20);
	assert_int_equal(target.size[2], 10);

	assert_false(rad_itk_target_grid(context, &mask, &box, (double[3]) {1e-6, 1, 1}, 0, &target));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	assert_true(rad_itk_keeps_spacing(&mask, (double[3]) {1.000001, 2.0, 3.0}));
	assert_false(rad_itk_keeps_spacing(&mask, (double[3]) {1.0001, 2.0, 3.0}));
	rad_context_destroy(context);
}

static void
test_label_inside(void **state)
{
	Grid		mask = plain_filter_grid(10, 10, 10);
	Grid		image = plain_filter_grid(10, 10, 10);
	Box			box = {{0, 3, 3}, {2, 5, 10}};

	(void) state;
	assert_true(rad_itk_inside(&mask, &box, &image));
	image.origin[0] = 0.0005;
	assert_true(rad_itk_inside(&mask, &box, &image));
	image.origin[0] = 0.002;
	assert_false(rad_itk_inside(&mask, &box, &image));
	image.origin[0] = 0.0;
	image.size[2] = 9;
	assert_false(rad_itk_inside(&mask, &box, &image));
	/* Flipped about the world's axis: both corners count. */
	image.size[2] = 10;
	image.direction[1][1] = -1.0;
	image.origin[1] = 9.0;
	assert_true(rad_itk_inside(&mask, &box, &image));
	image.origin[1] = 2.0;
	assert_false(rad_itk_inside(&mask, &box, &image));
}

/*
 * The inverse of an oblique grid's matrix, as SimpleITK 2.5.7 has it: the unit
 * vectors through TransformPhysicalPointToContinuousIndex.
 */
static void
test_inverse_of_oblique_axes(void **state)
{
	Grid		grid = plain_filter_grid(4, 4, 4);
	ItkGeometry geometry;

	(void) state;
	memcpy(grid.spacing, (double[3]) {0.9, 1.1, 2.5}, sizeof(grid.spacing));
	memcpy(grid.direction, (double[3][3]) {
		   {0.9063077870366499, -0.42261826174069944, 0},
		   {0.42261826174069944, 0.9063077870366499, 0}, {0, 0, 1}}, sizeof(grid.direction));
	rad_itk_geometry(&grid, &geometry);
	assert_memory_equal(geometry.to_index, ((double[3][3]) {
		{1.0070086522629444, 0.46957584637855504, 0.0},
		{-0.38419841976427227, 0.8239161700333181, 0.0},
		{0.0, 0.0, 0.4}
	}), sizeof(geometry.to_index));
}

/* Only a part of a large image is filtered: the same bits as all of it. */
static void
test_spline_of_a_part(void **state)
{
	RadContext *context = rad_context_create();
	const int	size[3] = {400, 7, 6};
	Grid		grid = plain_filter_grid(size[0], size[1], size[2]);
	Grid		target = plain_filter_grid(20, 6, 5);

	(void) state;
	for (int flavour = SPLINE_ITK; flavour <= SPLINE_SCIPY; flavour++)
		for (int axis = 0; axis < 3; axis++)
		{
			int			whole_size[3] = {6, 7, 5};
			int			part_size[3] = {6, 7, 5};
			int64_t		stride = axis == 0 ? 1 : axis == 1 ? 6 : 42;
			uint32_t	seed = 5;
			double	   *whole = rad_new(context, double, 400 * 42);
			double	   *part = rad_new(context, double, 400 * 42);
			int			at = 0;

			whole_size[axis] = 400;
			part_size[axis] = 250;
			for (int n = 0; n < whole_size[0] * whole_size[1] * whole_size[2]; n++)
				whole[n] = (double) next_noise(&seed) / 1000.0;
			for (int z = 0; z < part_size[2]; z++)
				for (int y = 0; y < part_size[1]; y++)
					for (int x = 0; x < part_size[0]; x++)
						part[at++] = whole[((int64_t) z * whole_size[1] + y) * whole_size[0] + x +
										   50 * stride];
			assert_true(rad_spline_filter(context, flavour, whole_size, whole));
			assert_true(rad_spline_filter(context, flavour, part_size, part));
			for (int z = 0; z < part_size[2]; z++)
				for (int y = 0; y < part_size[1]; y++)
					for (int x = 0; x < part_size[0]; x++)
					{
						int			along = axis == 0 ? x : axis == 1 ? y : z;
						int64_t		in_part = ((int64_t) z * part_size[1] + y) * part_size[0] + x;
						int64_t		in_whole = ((int64_t) z * whole_size[1] + y) * whole_size[0] +
							x + 50 * stride;

						if (along >= RAD_SPLINE_EXACT_MARGIN &&
							along < 250 - RAD_SPLINE_EXACT_MARGIN)
							assert_memory_equal(&part[in_part], &whole[in_whole], sizeof(double));
					}
			rad_release(context, whole);
			rad_release(context, part);
		}

	/* And through the front door: a shifted copy of a part gives the same. */
	Volume		image = noise_image(context, &grid, VOXEL_INT16, 3);
	Volume		middle;
	Volume		all;

	target.origin[0] = 200.25;
	assert_true(rad_itk_resample(context, &image, &target, ITK_BSPLINE, &middle));
	target.size[0] = 399;
	target.origin[0] = 0.25;
	assert_true(rad_itk_resample(context, &image, &target, ITK_BSPLINE, &all));
	for (int z = 0; z < 5; z++)
		for (int y = 0; y < 6; y++)
			assert_memory_equal((int16_t *) middle.voxels + (z * 6 + y) * 20,
								(int16_t *) all.voxels + (z * 6 + y) * 399 + 200,
								20 * sizeof(int16_t));
	rad_context_destroy(context);
}

static void
test_normalise(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_filter_grid(5, 1, 1);
	uint8_t		voxels[5] = {1, 2, 3, 4, 10};
	Volume		image = {grid, rad_grid_box(&grid), VOXEL_UINT8, voxels};
	Volume		result;
	double		deviation = sqrt(50.0 / 4.0);

	(void) state;
	assert_true(rad_normalise(context, &image, 10.0, 0.0, &result));
	assert_int_equal(result.type, VOXEL_FLOAT64);
	for (int n = 0; n < 5; n++)
		assert_close(((double *) result.voxels)[n], (voxels[n] - 4.0) / deviation * 10.0, 1e-14);
	assert_true(rad_normalise(context, &image, 10.0, 0.5, &result));
	assert_close(((double *) result.voxels)[0], -5.0, 0.0);
	assert_close(((double *) result.voxels)[2], -1.0 / deviation * 10.0, 1e-14);
	assert_close(((double *) result.voxels)[4], 5.0, 0.0);
	memset(voxels, 7, sizeof(voxels));
	assert_true(rad_normalise(context, &image, 1.0, 0.0, &result));
	assert_true(isnan(((double *) result.voxels)[0]));
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interpolators),
		cmocka_unit_test(test_conversion_to_the_type),
		cmocka_unit_test(test_target_grid),
		cmocka_unit_test(test_label_inside),
		cmocka_unit_test(test_inverse_of_oblique_axes),
		cmocka_unit_test(test_spline_of_a_part),
		cmocka_unit_test(test_normalise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
