/*
 * Regions and grey levels: masks, re-segmentation, discretisation, layout,
 * errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "digital_phantom.h"
#include "image/resample.h"
#include "mask_fixture.h"
#include "roi/grey_levels.h"

static Volume
whole_volume(const Grid *grid, VoxelType type, void *voxels)
{
	return (Volume) {*grid, rad_grid_box(grid), type, voxels};
}

/* A ball of label 1 in a noisy image; a second label touches it. */
typedef struct Scene
{
	Grid		grid;
	uint8_t    *labels;
	float	   *voxels;
	Volume		image;
	MaskRuns   *mask;
} Scene;

static Scene
build_scene(RadContext *context)
{
	Scene		scene = {.grid = plain_grid(60, 50, 40, 1.0, 1.2, 2.0)};
	int64_t		count = rad_grid_voxel_count(&scene.grid);
	uint64_t	seed = 23;

	scene.grid.origin[0] = -30.0;
	scene.labels = rad_new_zeroed(context, uint8_t, count);
	scene.voxels = rad_new(context, float, count);
	for (int64_t n = 0; n < count; n++)
	{
		double		x = (double) (n % 60) - 33.0;
		double		y = ((double) (n / 60 % 50) - 22.0) * 1.2;
		double		z = ((double) (n / 3000) - 18.0) * 2.0;

		scene.voxels[n] = (float) (2000.0 * next_random(&seed) - 1000.0);
		if (x * x + y * y + z * z < 64.0)
			scene.labels[n] = x < 4.0 ? 1 : 2;
	}
	scene.image = whole_volume(&scene.grid, VOXEL_FLOAT32, scene.voxels);
	scene.mask = mask_from_labels(context, &scene.grid, scene.labels);
	return scene;
}

static void
test_region_without_processing(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(5, 4, 4, 2.0, 2.0, 2.0);
	Settings	settings = plain_settings();
	Volume		image = whole_volume(&grid, VOXEL_INT16, (void *) digital_phantom_image);
	MaskRuns   *mask = mask_from_labels(context, &grid, digital_phantom_mask);
	Region	   *region;
	int64_t		at = 0;

	(void) state;
	assert_true(rad_region_build(context, &image, mask, 1, &settings, &region));
	assert_int_equal(region->morphological_count, 74);
	assert_int_equal(region->intensity_count, 74);
	assert_true(region->minimum == 1.0 && region->maximum == 6.0);
	assert_true(region->integer_valued);
	for (int n = 0; n < 80; n++)
	{
		assert_int_equal(region->intensity_mask[n], digital_phantom_mask[n]);
		assert_true(region->intensity[n] == digital_phantom_image[n]);
		if (digital_phantom_mask[n] != 0)
			assert_true(region->values[at++] == digital_phantom_image[n]);
	}
	rad_context_destroy(context);
}

static void
test_region_is_minimal_and_placed(void **state)
{
	RadContext *context = rad_context_create();
	Scene		scene = build_scene(context);
	Settings	settings = plain_settings();
	Region	   *region;
	int64_t		inside = 0;

	(void) state;
	assert_true(rad_region_build(context, &scene.image, scene.mask, 1, &settings, &region));
	assert_int_equal(region->morphological_count,
					 rad_mask_find_label(scene.mask, 1)->voxel_count);
	for (int axis = 0; axis < 3; axis++)
	{
		const LabelSummary *summary = rad_mask_find_label(scene.mask, 1);
		int			margin = (int) floor(RAD_PEAK_RADIUS / scene.grid.spacing[axis]);

		assert_int_equal(region->image_size[axis], scene.grid.size[axis]);
		assert_int_equal(region->image_offset[axis], summary->box.lo[axis] - margin);
		assert_int_equal(region->grid.size[axis],
						 summary->box.hi[axis] - summary->box.lo[axis] + 2 * margin);
		assert_int_equal(region->morphological_box.lo[axis], margin);
		assert_close(region->grid.origin[axis], scene.grid.origin[axis] +
					 region->image_offset[axis] * scene.grid.spacing[axis], 1e-12);
	}
	for (int z = 0; z < region->grid.size[2]; z++)
		for (int y = 0; y < region->grid.size[1]; y++)
			for (int x = 0; x < region->grid.size[0]; x++)
			{
				int64_t		n = ((int64_t) z * region->grid.size[1] + y) * region->grid.size[0] + x;
				int64_t		from = ((int64_t) (z + region->image_offset[2]) * 50 +
									y + region->image_offset[1]) * 60 + x + region->image_offset[0];

				assert_int_equal(region->morphological_mask[n], scene.labels[from] == 1);
				assert_true(region->intensity[n] == (double) scene.voxels[from]);
				inside += region->intensity_mask[n];
			}
	assert_int_equal(inside, region->intensity_count);

	/* Without local intensity there is no margin; the intensities stay. */
	settings.families = ALL_FAMILIES & ~(1u << FAMILY_LOCAL_INTENSITY);
	assert_true(rad_region_build(context, &scene.image, scene.mask, 1, &settings, &region));
	assert_int_equal(region->morphological_box.lo[0], 0);
	rad_context_destroy(context);
}

/* The values of a region do not depend on how much of the image is at hand. */
static void
test_source_box_suffices(void **state)
{
	static const Interpolator how[] = {
		INTERPOLATOR_NEAREST, INTERPOLATOR_TRILINEAR, INTERPOLATOR_TRICUBIC_SPLINE
	};
	static const double spacings[][3] = {{0, 0, 0}, {1, 1, 1}, {2, 2, 0}, {3.0, 0.7, 1.9}};
	RadContext *context = rad_context_create();
	Scene		scene = build_scene(context);

	(void) state;
	for (int i = 0; i < 3; i++)
		for (int s = 0; s < 4; s++)
		{
			Settings	settings = plain_settings();
			const Box  *label_box = &rad_mask_find_label(scene.mask, 2)->box;
			Volume		part = {.grid = scene.grid, .type = VOXEL_FLOAT32};
			Region	   *whole;
			Region	   *region;
			float	   *row;

			settings.image_interpolator = how[i];
			memcpy(settings.resample_spacing, spacings[s], sizeof(spacings[s]));
			part.box = rad_region_source_box(&scene.grid, label_box, &settings);
			part.voxels = row = rad_new(context, float, rad_box_voxel_count(&part.box));
			for (int z = part.box.lo[2]; z < part.box.hi[2]; z++)
				for (int y = part.box.lo[1]; y < part.box.hi[1]; y++)
					for (int x = part.box.lo[0]; x < part.box.hi[0]; x++)
						*row++ = scene.voxels[(z * 50 + y) * 60 + x];
			assert_true(rad_region_build(context, &part, scene.mask, 2, &settings, &region));
			settings.diagnostics = true;
			part.box = rad_region_source_box(&scene.grid, label_box, &settings);
			assert_memory_equal(&part.box, &scene.image.box, sizeof(Box));
			assert_true(rad_region_build(context, &scene.image, scene.mask, 2, &settings, &whole));
			assert_int_equal(region->intensity_count, whole->intensity_count);
			assert_memory_equal(region->values, whole->values,
								(size_t) region->intensity_count * sizeof(double));
			assert_memory_equal(region->intensity, whole->intensity,
								(size_t) rad_grid_voxel_count(&region->grid) * sizeof(double));

			/* Nor on the features that are wanted. */
			settings.families = 1u << FAMILY_INTENSITY_STATISTICS;
			assert_true(rad_region_build(context, &scene.image, scene.mask, 2, &settings, &whole));
			assert_memory_equal(region->values, whole->values,
								(size_t) region->intensity_count * sizeof(double));
		}
	rad_context_destroy(context);
}

static void
test_resegmentation(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_grid(10, 1, 1, 1.0, 1.0, 1.0);
	uint8_t		labels[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	double		voxels[10] = {-1, 0, 0, 0, 0, 0, 0, 0, 0, 9};
	Volume		image = whole_volume(&grid, VOXEL_FLOAT64, voxels);
	MaskRuns   *mask = mask_from_labels(context, &grid, labels);
	Settings	settings = plain_settings();
	Region	   *region;

	/* Closed range. */
	(void) state;
	settings.resegmentation_range[0] = -1.0;
	settings.resegmentation_range[1] = 9.0;
	assert_true(rad_region_build(context, &image, mask, 1, &settings, &region));
	assert_int_equal(region->intensity_count, 10);
	settings.resegmentation_range[1] = 8.999;
	assert_true(rad_region_build(context, &image, mask, 1, &settings, &region));
	assert_int_equal(region->intensity_count, 9);
	assert_int_equal(region->morphological_count, 10);
	assert_int_equal(region->intensity_box.hi[0], 9);

	/*
	 * Outliers: mean 0.8, population variance 82/10 - 0.64 = 7.56, so
	 * mean + 2.98 sd = 8.9936 loses the 9 and mean + 3 sd = 9.0486 keeps it.
	 */
	settings.resegmentation_range[1] = INFINITY;
	settings.outlier_sigma = 3.0;
	assert_true(rad_region_build(context, &image, mask, 1, &settings, &region));
	assert_int_equal(region->intensity_count, 10);
	settings.outlier_sigma = 2.98;
	assert_true(rad_region_build(context, &image, mask, 1, &settings, &region));
	assert_int_equal(region->intensity_count, 9);
	assert_true(region->maximum == 0.0);

	/* The mean and deviation are those of the voxels left by the range:
	 * without the 9, mean -1/9 and sd 0.314, so -1 goes at 2.8 sd. */
	settings.resegmentation_range[1] = 5.0;
	settings.outlier_sigma = 2.8;
	assert_true(rad_region_build(context, &image, mask, 1, &settings, &region));
	assert_int_equal(region->intensity_count, 8);

	/* A constant region has no outliers, however its mean is rounded. */
	for (int n = 0; n < 10; n++)
		voxels[n] = 0.1;
	settings.outlier_sigma = 3.0;
	assert_true(rad_region_build(context, &image, mask, 1, &settings, &region));
	assert_int_equal(region->intensity_count, 10);
	rad_context_destroy(context);
}

static void
test_region_errors(void **state)
{
	RadContext *context = rad_context_create();
	Scene		scene = build_scene(context);
	Settings	settings = plain_settings();
	Region	   *region;

	(void) state;
	assert_false(rad_region_build(context, &scene.image, scene.mask, 7, &settings, &region));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);

	/* Empty after the range: message, numbers and hint. */
	settings.resegmentation_range[0] = 5000.0;
	assert_false(rad_region_build(context, &scene.image, scene.mask, 1, &settings, &region));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	assert_non_null(strstr(context->message, "[5000, inf]"));
	assert_non_null(strstr(context->detail, "have intensities from -"));
	assert_non_null(strstr(context->hint, "resegmentation_range"));

	/* Vanishes when resampled: label 2 is a cap some voxels across. */
	settings = plain_settings();
	for (int axis = 0; axis < 3; axis++)
		settings.resample_spacing[axis] = 40.0;
	assert_false(rad_region_build(context, &scene.image, scene.mask, 2, &settings, &region));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	assert_non_null(strstr(context->message, "no voxel left after resampling"));

	/* NaN and infinity inside count; outside they do not matter. */
	settings = plain_settings();
	scene.voxels[(18 * 50 + 22) * 60 + 20] = NAN;
	assert_int_equal(scene.labels[(18 * 50 + 22) * 60 + 20], 0);
	assert_true(rad_region_build(context, &scene.image, scene.mask, 1, &settings, &region));
	scene.voxels[(18 * 50 + 22) * 60 + 33] = NAN;
	scene.voxels[(18 * 50 + 23) * 60 + 33] = INFINITY;
	assert_false(rad_region_build(context, &scene.image, scene.mask, 1, &settings, &region));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	assert_non_null(strstr(context->message, "2 voxels"));
	assert_non_null(strstr(context->detail, "(33, 22, 18)"));
	rad_context_destroy(context);
}

/* A region of one row with the given values. */
static Region *
row_region(RadContext *context, double *voxels, int count, const Settings *settings)
{
	Grid		grid = plain_grid(count, 1, 1, 1.0, 1.0, 1.0);
	uint8_t    *labels = rad_new(context, uint8_t, count);
	Volume		image = whole_volume(&grid, VOXEL_FLOAT64, voxels);
	Region	   *region;

	memset(labels, 1, (size_t) count);
	assert_true(rad_region_build(context, &image, mask_from_labels(context, &grid, labels), 1,
								 settings, &region));
	return region;
}

static void
check_levels(RadContext *context, double *voxels, int count, const Settings *settings,
			 const int *expected, int level_count)
{
	Region	   *region = row_region(context, voxels, count, settings);
	GreyLevels *levels;

	assert_true(rad_grey_levels_build(context, region, settings, 1, &levels));
	assert_int_equal(levels->level_count, level_count);
	for (int n = 0; n < count; n++)
	{
		int			level = levels->bytes_per_level == 1 ? ((uint8_t *) levels->levels)[n] :
			((uint16_t *) levels->levels)[n];

		assert_int_equal(level, expected[n]);
	}
	rad_grey_levels_release(context, levels);
}

static void
test_discretisation(void **state)
{
	RadContext *context = rad_context_create();
	Settings	settings = plain_settings();
	double		voxels[6] = {0.0, 0.999, 1.0, 2.5, 3.999, 4.0};
	double		constant[3] = {7.5, 7.5, 7.5};
	double		whole[4] = {1.0, 9.0, 300.0, 3.0};

	/* FBN with 4 bins of width 1; the maximum falls back into the last. */
	(void) state;
	settings.bin_number = 4;
	check_levels(context, voxels, 6, &settings, (int[]) {1, 1, 2, 3, 4, 4}, 4);
	check_levels(context, constant, 3, &settings, (int[]) {1, 1, 1}, 1);

	/* FBS from the region's minimum; here the maximum opens a bin. */
	settings.discretisation = DISCRETISATION_FIXED_BIN_SIZE;
	settings.bin_size = 1.0;
	check_levels(context, voxels, 6, &settings, (int[]) {1, 1, 2, 3, 4, 5}, 5);

	/* FBS from the lower bound of the range. */
	settings.resegmentation_range[0] = -2.0;
	check_levels(context, voxels, 6, &settings, (int[]) {3, 3, 4, 5, 6, 7}, 7);

	/* Intensities as levels, in two bytes above 255. */
	settings = plain_settings();
	settings.discretisation = DISCRETISATION_NONE;
	check_levels(context, whole, 4, &settings, (int[]) {1, 9, 300, 3}, 300);
	rad_context_destroy(context);
}

static void
test_discretisation_errors(void **state)
{
	RadContext *context = rad_context_create();
	Settings	settings = plain_settings();
	double		zero[2] = {0.0, 5.0};
	double		fraction[2] = {1.0, 2.5};
	double		wide[2] = {0.0, 1e9};
	GreyLevels *levels;

	(void) state;
	settings.discretisation = DISCRETISATION_NONE;
	assert_false(rad_grey_levels_build(context, row_region(context, zero, 2, &settings),
									   &settings, 1, &levels));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	assert_false(rad_grey_levels_build(context, row_region(context, fraction, 2, &settings),
									   &settings, 1, &levels));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	wide[0] = 1.0;
	assert_false(rad_grey_levels_build(context, row_region(context, wide, 2, &settings),
									   &settings, 1, &levels));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	settings.discretisation = DISCRETISATION_FIXED_BIN_SIZE;
	settings.bin_size = 0.5;
	assert_false(rad_grey_levels_build(context, row_region(context, wide, 2, &settings),
									   &settings, 1, &levels));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	assert_non_null(strstr(context->hint, "bin_size"));
	rad_context_destroy(context);
}

/* Zeros all around, voxels where they belong, counts that fit. */
static void
check_layout(RadContext *context, const Region *region, const Settings *settings, int padding)
{
	GreyLevels *levels;
	int64_t		seen = 0;
	int64_t		histogram_sum = 0;
	int64_t		slice_sum = 0;

	assert_true(rad_grey_levels_build(context, region, settings, padding, &levels));
	assert_true((levels->row_stride & (levels->row_stride - 1)) != 0);
	assert_int_equal(levels->bytes_per_level, levels->level_count <= 255 ? 1 : 2);
	for (int z = -padding; z < levels->size[2] + padding; z++)
		for (int y = -padding; y < levels->size[1] + padding; y++)
			for (int x = -padding; x < levels->size[0] + padding; x++)
			{
				int64_t		n = x + y * levels->row_stride + z * levels->slice_stride;
				int			level = levels->bytes_per_level == 1 ?
					((uint8_t *) levels->levels)[n] : ((uint16_t *) levels->levels)[n];
				bool		in_box = x >= 0 && x < levels->size[0] && y >= 0 &&
					y < levels->size[1] && z >= 0 && z < levels->size[2];
				int64_t		from = ((int64_t) (z + levels->offset[2]) * region->grid.size[1] +
									y + levels->offset[1]) * region->grid.size[0] +
					x + levels->offset[0];

				if (!in_box || region->intensity_mask[from] == 0)
					assert_int_equal(level, 0);
				else
				{
					assert_in_range(level, 1, levels->level_count);
					seen++;
				}
			}
	for (int n = 1; n <= RAD_LEVEL_SLACK; n++)
	{
		uint8_t    *first = (uint8_t *) levels->levels - padding *
			(levels->slice_stride + levels->row_stride + 1) * levels->bytes_per_level;
		uint8_t    *end = first + levels->slice_stride * (levels->size[2] + 2 * padding) *
			levels->bytes_per_level;

		assert_int_equal(first[-n], 0);
		assert_int_equal(end[n - 1], 0);
	}
	for (int level = 1; level <= levels->level_count; level++)
		histogram_sum += levels->histogram[level];
	for (int z = 0; z < levels->size[2]; z++)
		slice_sum += levels->slice_voxel_count[z];
	assert_int_equal(seen, region->intensity_count);
	assert_int_equal(levels->voxel_count, region->intensity_count);
	assert_int_equal(histogram_sum, region->intensity_count);
	assert_int_equal(slice_sum, region->intensity_count);
	rad_grey_levels_release(context, levels);
}

static void
test_level_layout(void **state)
{
	RadContext *context = rad_context_create();
	Scene		scene = build_scene(context);
	Settings	settings = plain_settings();
	Region	   *region;

	(void) state;
	settings.resegmentation_range[0] = -900.0;
	settings.outlier_sigma = 1.5;
	assert_true(rad_region_build(context, &scene.image, scene.mask, 1, &settings, &region));
	for (int padding = 0; padding <= 3; padding++)
	{
		settings.bin_number = 32;
		check_layout(context, region, &settings, padding);
		settings.bin_number = 1000;
		check_layout(context, region, &settings, padding);
	}
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_region_without_processing),
		cmocka_unit_test(test_region_is_minimal_and_placed),
		cmocka_unit_test(test_source_box_suffices),
		cmocka_unit_test(test_resegmentation),
		cmocka_unit_test(test_region_errors),
		cmocka_unit_test(test_discretisation),
		cmocka_unit_test(test_discretisation_errors),
		cmocka_unit_test(test_level_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
