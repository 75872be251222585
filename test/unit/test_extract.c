/*
 * The whole way from files to features: reference values, labels, failures,
 * memory and cancelling.
 */
#include "read_support.h"

#include <math.h>

#include "base/scope.h"
#include "digital_phantom.h"
#include "features/extract.h"
#include "ibsi_reference.h"
#include "metered_context.h"

static RadContext *context;

static int
setup(void **state)
{
	(void) state;
	context = rad_context_create();
	return 0;
}

static int
teardown(void **state)
{
	(void) state;
	rad_context_destroy(context);
	return 0;
}

/* ------------------------------------------------------------ test material */

/* Little-endian NIfTI-2 with the given spacing; freed by the caller. */
static Bytes
make_file(int datatype, int bits, const int size[3], const double spacing[3],
		  const void *voxels)
{
	NiftiSpec	spec = nifti_spec(2, false, datatype, bits, size[0], size[1], size[2]);
	size_t		count = (size_t) size[0] * (size_t) size[1] * (size_t) size[2];

	for (int axis = 0; axis < 3; axis++)
		spec.pixdim[1 + axis] = spacing[axis];
	return build_nifti(&spec, voxels, count * (size_t) bits / 8);
}

typedef struct Pair
{
	Bytes		image_file;
	Bytes		mask_file;
	ByteSource	image;
	ByteSource	mask;
} Pair;

static Pair
make_pair(const int size[3], const double spacing[3], const int16_t *image, const uint8_t *mask)
{
	Pair		pair;

	pair.image_file = make_file(4, 16, size, spacing, image);
	pair.mask_file = make_file(2, 8, size, spacing, mask);
	pair.image = memory_source("image", pair.image_file);
	pair.mask = memory_source("mask", pair.mask_file);
	return pair;
}

static void
free_pair(Pair *pair)
{
	free(pair->image_file.data);
	free(pair->mask_file.data);
}

/*
 * 12 x 10 x 9 voxels: a gradient with noise, and slabs of labels 1, 2 and 5 with
 * some holes.
 */
static const int scene_size[3] = {12, 10, 9};
static const double scene_spacing[3] = {1.0, 1.0, 2.0};

#define SCENE_VOXELS (12 * 10 * 9)

static Pair
make_scene(void)
{
	static const uint8_t labels[3] = {1, 2, 5};
	int16_t		image[SCENE_VOXELS];
	uint8_t		mask[SCENE_VOXELS] = {0};
	uint64_t	random = 7;

	for (int n = 0; n < SCENE_VOXELS; n++)
	{
		int			x = n % 12;
		int			y = n / 12 % 10;
		int			z = n / 120;

		image[n] = (int16_t) (10 * x + 3 * y - z + (int) (next_random(&random) % 40));
		if (x % 4 != 3 && y > 0 && y < 9 && z > 0 && z < 8 && next_random(&random) % 16 != 0)
			mask[n] = labels[x / 4];
	}
	return make_pair(scene_size, scene_spacing, image, mask);
}

/* Keeps what is delivered. */
typedef struct Delivered
{
	int			count;
	LabelFeatures features[8];
} Delivered;

static bool
keep(RadContext *unused, void *argument, const LabelFeatures *features)
{
	Delivered  *delivered = argument;

	(void) unused;
	assert_true(delivered->count < 8);
	delivered->features[delivered->count++] = *features;
	return true;
}

/* Open and extract; what the two allocate stays with the context. */
static bool
extract_with(RadContext *in, const Device *device, const Pair *files, const int32_t *labels,
			 int label_count, const Settings *settings, Delivered *delivered)
{
	ScanPair	pair;

	delivered->count = 0;
	rad_clear_error(in);
	return rad_scan_open(in, &files->image, &files->mask, settings, &pair) &&
		rad_extract(in, device, &pair, labels, label_count, settings, keep, delivered);
}

static bool
extract(const Pair *files, const int32_t *labels, int label_count, const Settings *settings,
		Delivered *delivered)
{
	return extract_with(context, rad_cpu_best(), files, labels, label_count, settings, delivered);
}

static void
assert_same_values(const FeatureValues *a, const FeatureValues *b)
{
	for (int feature = 0; feature < FEATURE_COUNT; feature++)
		for (int slot = 0; slot < AGGREGATION_COUNT; slot++)
			if (memcmp(&a->value[feature][slot], &b->value[feature][slot], sizeof(double)) != 0)
				fail_msg("%s slot %d: %.17g and %.17g", rad_features[feature].tag, slot,
						 a->value[feature][slot], b->value[feature][slot]);
}

/* ------------------------------------------------------------------- values */

static int
slot_of(Family family, const char *aggregation)
{
	for (int n = 0; n < AGGREGATION_COUNT; n++)
	{
		const char *label = rad_aggregation_label(family, (Aggregation) n);

		if (strcmp(label != NULL ? label : "", aggregation) == 0)
			return rad_aggregation_slot(family, (Aggregation) n);
	}
	fail_msg("no aggregation \"%s\"", aggregation);
	return -1;
}

/* All 482 reference values of the digital phantom, from bytes to features. */
static void
test_digital_phantom(void **state)
{
	static const int size[3] = {5, 4, 4};
	static const double spacing[3] = {2, 2, 2};
	static IbsiReference rows[482];
	Pair		files = make_pair(size, spacing, digital_phantom_image, digital_phantom_mask);
	Delivered	delivered;
	Settings	settings;

	(void) state;
	rad_settings_default(&settings);
	settings.discretisation = DISCRETISATION_NONE;
	settings.ivh_discretisation = DISCRETISATION_NONE;
	settings.aggregations = ALL_AGGREGATIONS;
	assert_true(extract(&files, NULL, 0, &settings, &delivered));
	assert_int_equal(delivered.count, 1);
	assert_int_equal(delivered.features[0].label, 1);
	assert_int_equal(delivered.features[0].voxel_count, 74);
	assert_int_equal(ibsi_digital_phantom_rows(rows), 482);
	for (int n = 0; n < 482; n++)
	{
		int			feature = rad_find_feature(rows[n].tag);
		double		value;

		assert_true(feature >= 0);
		value = delivered.features[0].values.value[feature]
			[slot_of(rad_features[feature].family, rows[n].aggregation)];
		if (!ibsi_reference_met(value, rows[n].value, rows[n].tolerance))
			fail_msg("%s %s is %g, not %g +- %g", rows[n].tag, rows[n].aggregation, value,
					 rows[n].value, rows[n].tolerance);
	}
	free_pair(&files);
}

static void
test_every_level_gives_the_same_bits(void **state)
{
	Pair		files = make_scene();
	Delivered	narrow;
	Delivered	wide;
	Settings	settings;

	(void) state;
	rad_settings_default(&settings);
	settings.aggregations = ALL_AGGREGATIONS;
	for (int axis = 0; axis < 3; axis++)
		settings.resample_spacing[axis] = 0.9;
	if (rad_cpu_named("v3") == NULL)
		skip();
	assert_true(extract_with(context, rad_cpu_named("v2"), &files, NULL, 0, &settings, &narrow));
	assert_true(extract_with(context, rad_cpu_named("v3"), &files, NULL, 0, &settings, &wide));
	assert_int_equal(narrow.count, 3);
	for (int n = 0; n < 3; n++)
		assert_same_values(&narrow.features[n].values, &wide.features[n].values);
	free_pair(&files);
}

/* ------------------------------------------------------------------- labels */

static void
test_labels_in_the_order_given(void **state)
{
	static const int32_t wanted[] = {5, 1, 5};
	Pair		files = make_scene();
	Delivered	all;
	Delivered	some;
	Settings	settings;

	(void) state;
	rad_settings_default(&settings);
	assert_true(extract(&files, NULL, 0, &settings, &all));
	assert_int_equal(all.count, 3);
	assert_int_equal(all.features[0].label, 1);
	assert_int_equal(all.features[1].label, 2);
	assert_int_equal(all.features[2].label, 5);

	/* One label's values do not depend on which others are computed. */
	assert_true(extract(&files, wanted, 3, &settings, &some));
	assert_int_equal(some.count, 3);
	assert_int_equal(some.features[0].label, 5);
	assert_int_equal(some.features[1].label, 1);
	assert_same_values(&some.features[0].values, &all.features[2].values);
	assert_same_values(&some.features[1].values, &all.features[0].values);
	assert_same_values(&some.features[2].values, &all.features[2].values);

	assert_true(extract(&files, wanted, 0, &settings, &some));
	assert_int_equal(some.count, 0);
	free_pair(&files);
}

static void
test_missing_label(void **state)
{
	static const int32_t wanted[] = {2, 3, 1};
	Pair		files = make_scene();
	Delivered	delivered;
	Settings	settings;

	(void) state;
	rad_settings_default(&settings);
	assert_false(extract(&files, wanted, 3, &settings, &delivered));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	assert_string_equal(context->message, "mask has no label 3");
	assert_string_equal(context->detail, "The labels of the mask are 1, 2, 5.");
	assert_int_equal(delivered.count, 0);

	settings.on_error_null = true;
	assert_true(extract(&files, wanted, 3, &settings, &delivered));
	assert_int_equal(delivered.count, 3);
	assert_int_equal(delivered.features[0].code, RAD_OK);
	assert_int_equal(delivered.features[1].code, RAD_DATA_EXCEPTION);
	assert_string_equal(delivered.features[1].message, "mask has no label 3");
	assert_int_equal(delivered.features[1].label, 3);
	assert_int_equal(delivered.features[1].voxel_count, 0);
	for (int feature = 0; feature < FEATURE_COUNT; feature++)
		assert_true(isnan(delivered.features[1].values.value[feature][0]));
	assert_int_equal(delivered.features[2].code, RAD_OK);
	free_pair(&files);
}

/* Among several labels the error says which one failed. */
static void
test_failing_label_is_named(void **state)
{
	static const int32_t one[] = {2};
	Pair		files = make_scene();
	Delivered	delivered;
	Settings	settings;

	(void) state;
	rad_settings_default(&settings);
	settings.resegmentation_range[0] = -1000;
	settings.discretisation = DISCRETISATION_FIXED_BIN_SIZE;
	settings.bin_size = 1e-4;
	assert_false(extract(&files, NULL, 0, &settings, &delivered));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	assert_contains(context->detail, ". The region is label 1 of the mask.");
	assert_false(extract(&files, one, 1, &settings, &delivered));
	assert_null(strstr(context->detail, "The region is label"));
	free_pair(&files);
}

static void
test_many_labels_are_not_all_listed(void **state)
{
	static const int size[3] = {5, 5, 2};
	static const double spacing[3] = {1, 1, 1};
	static const int32_t wanted[] = {77};
	int16_t		image[50] = {0};
	uint8_t		mask[50];
	Pair		files;
	Delivered	delivered;
	Settings	settings;

	(void) state;
	for (int n = 0; n < 50; n++)
		mask[n] = (uint8_t) (n / 2 + 1);
	files = make_pair(size, spacing, image, mask);
	rad_settings_default(&settings);
	assert_false(extract(&files, wanted, 1, &settings, &delivered));
	assert_contains(context->detail, "18, 19, 20 and 5 more.");
	free_pair(&files);
}

static void
test_families_and_exclusions(void **state)
{
	Pair		files = make_scene();
	Delivered	delivered;
	Settings	settings;

	(void) state;
	rad_settings_default(&settings);
	settings.families = 1u << FAMILY_NGTDM | 1u << FAMILY_INTENSITY_STATISTICS;
	settings.excluded[FEATURE_ngt_busyness] = true;
	settings.excluded[FEATURE_stat_rms] = true;
	assert_true(extract(&files, NULL, 0, &settings, &delivered));
	for (int feature = 0; feature < FEATURE_COUNT; feature++)
	{
		Family		family = rad_features[feature].family;
		bool		wanted = (family == FAMILY_NGTDM || family == FAMILY_INTENSITY_STATISTICS) &&
			feature != FEATURE_ngt_busyness && feature != FEATURE_stat_rms;
		int			slot = rad_aggregation_slot(family, AGGREGATION_3D_MRG);

		if (isnan(delivered.features[0].values.value[feature][slot]) == wanted)
			fail_msg("%s is %s", rad_features[feature].tag, wanted ? "missing" : "there");
	}
	free_pair(&files);
}

/* ----------------------------------------------------------------- geometry */

static void
test_geometry_must_agree(void **state)
{
	static const int other_size[3] = {12, 10, 8};
	static const double other_spacing[3] = {1.0, 1.0, 2.5};
	Pair		files = make_scene();
	uint8_t		voxels[SCENE_VOXELS];
	Bytes		other;
	Delivered	delivered;
	Settings	settings;

	(void) state;
	memset(voxels, 1, sizeof(voxels));
	other = make_file(2, 8, other_size, other_spacing, voxels);
	files.mask = memory_source("mask", other);
	rad_settings_default(&settings);
	assert_false(extract(&files, NULL, 0, &settings, &delivered));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	assert_string_equal(context->message,
						"image and mask have different geometry: size, spacing");
	assert_contains(context->detail,
					"Size is 12 x 10 x 9 voxels in the image, 12 x 10 x 8 in the mask.");
	assert_contains(context->detail, "1 x 1 x 2 mm in the image, 1 x 1 x 2.5 in the mask, "
					"up to 0.5 mm apart.");
	assert_contains(context->hint, "\"align\": \"resample_mask\"");

	/* A mask of 8 slices of 2.5 mm covers the 9 slices of 2 mm. */
	settings.align_resample_mask = true;
	assert_true(extract(&files, NULL, 0, &settings, &delivered));
	assert_int_equal(delivered.features[0].voxel_count, SCENE_VOXELS);
	free(other.data);
	free_pair(&files);
}

/* -------------------------------------------------------------- diagnostics */

/* An image that grows along x, and a box of it; every number is countable. */
static void
test_diagnostics(void **state)
{
	static const int size[3] = {6, 5, 4};
	static const double spacing[3] = {1, 2, 3};
	int16_t		image[120];
	uint8_t		mask[120] = {0};
	Pair		files;
	Delivered	delivered;
	Settings	settings;
	const Diagnostics *d = &delivered.features[0].diagnostics;

	(void) state;
	for (int n = 0; n < 120; n++)
	{
		image[n] = (int16_t) (10 * (n % 6));
		mask[n] = n % 6 >= 1 && n % 6 < 5 && n / 6 % 5 >= 3 && n / 30 == 2;
	}
	files = make_pair(size, spacing, image, mask);
	rad_settings_default(&settings);
	settings.diagnostics = true;
	settings.families = 1u << FAMILY_INTENSITY_STATISTICS;
	settings.resegmentation_range[0] = 15;
	settings.image_interpolator = INTERPOLATOR_TRILINEAR;
	settings.resample_spacing[1] = 1;
	assert_true(extract(&files, NULL, 0, &settings, &delivered));

	/* Twice as many rows along y; x and its intensities stay. */
	assert_int_equal(d->initial_image.size[1], 5);
	assert_int_equal(d->interpolated_image.size[0], 6);
	assert_int_equal(d->interpolated_image.size[1], 10);
	assert_int_equal(d->interpolated_image.size[2], 4);
	assert_true(d->initial_image.spacing[1] == 2 && d->interpolated_image.spacing[1] == 1);
	assert_true(d->interpolated_image.spacing[2] == 3);
	assert_true(d->initial_image.mean == 25 && d->interpolated_image.mean == 25);
	assert_true(d->initial_image.minimum == 0 && d->initial_image.maximum == 50);

	/* 4 x 2 x 1 voxels, then 4 x 4 x 1; x = 1 (intensity 10) is cut off. */
	assert_int_equal(d->initial_mask.size[0], 6);
	assert_int_equal(d->interpolated_mask.size[1], 10);
	assert_int_equal(d->initial_mask.intensity_count, 8);
	assert_int_equal(d->initial_mask.morphological_box[1], 2);
	assert_true(d->initial_mask.mean == 25 && d->initial_mask.minimum == 10);
	assert_int_equal(d->interpolated_mask.intensity_count, 16);
	assert_int_equal(d->interpolated_mask.intensity_box[1], 4);
	assert_int_equal(d->resegmented_mask.intensity_count, 12);
	assert_int_equal(d->resegmented_mask.morphological_count, 16);
	assert_int_equal(d->resegmented_mask.intensity_box[0], 3);
	assert_int_equal(d->resegmented_mask.morphological_box[0], 4);
	assert_true(d->resegmented_mask.mean == 30 && d->resegmented_mask.minimum == 20);
	assert_true(d->resegmented_mask.maximum == 40);
	free_pair(&files);
}

/* ----------------------------------------------------------- memory, cancel */

/* Nothing of a label stays behind, whether it succeeds or fails half way. */
static void
test_labels_leave_no_memory(void **state)
{
	static const int32_t wanted[] = {1, 9, 2, 5, 1, 2};
	Pair		files = make_scene();
	Meter		meter;
	RadContext	metered = metered_context(context, &meter);
	ScanPair	pair;
	Delivered	delivered = {0};
	Settings	settings;
	int64_t		before;

	(void) state;
	rad_settings_default(&settings);
	settings.on_error_null = true;
	assert_true(rad_scan_open(&metered, &files.image, &files.mask, &settings, &pair));
	before = meter.blocks;
	assert_true(rad_extract(&metered, rad_cpu_best(), &pair, wanted, 6, &settings, keep,
							&delivered));
	assert_int_equal(meter.blocks, before);

	/* Intensities below 1 are no grey levels: fails after the region is built. */
	settings.discretisation = DISCRETISATION_NONE;
	settings.round_intensities = true;
	settings.resegmentation_range[1] = -1;
	delivered.count = 0;
	assert_true(rad_extract(&metered, rad_cpu_best(), &pair, wanted, 6, &settings, keep,
							&delivered));
	for (int n = 0; n < 6; n++)
		assert_int_equal(delivered.features[n].code, RAD_DATA_EXCEPTION);
	assert_int_equal(meter.blocks, before);
	free_pair(&files);
}

/* Whatever allocation fails, the failure arrives and is never a status. */
static void
test_every_allocation_may_fail(void **state)
{
	Pair		files = make_scene();
	Meter		meter;
	RadContext	metered = metered_context(context, &meter);
	Delivered	delivered;
	Settings	settings;
	int64_t		requests;
	int64_t		step;

	(void) state;
	rad_settings_default(&settings);
	settings.aggregations = ALL_AGGREGATIONS;
	settings.on_error_null = true;
	settings.diagnostics = true;
	for (int axis = 0; axis < 3; axis++)
		settings.resample_spacing[axis] = 1.2;
	assert_true(extract_with(&metered, rad_cpu_best(), &files, NULL, 0, &settings, &delivered));
	requests = meter.requests;
	step = requests / 200 + 1;
	for (int64_t n = 1; n <= requests; n += step)
	{
		RadContext *outer = context;

		context = rad_context_create();
		metered = metered_context(context, &meter);
		meter.failing_request = n;
		assert_false(extract_with(&metered, rad_cpu_best(), &files, NULL, 0, &settings,
								  &delivered));
		assert_int_equal(metered.code, RAD_OUT_OF_MEMORY);
		rad_context_destroy(context);
		context = outer;
	}
	free_pair(&files);
}

/* So does a cancel, at whichever poll it is noticed. */
static void
test_every_poll_may_cancel(void **state)
{
	Pair		files = make_scene();
	Meter		meter;
	RadContext	metered = metered_context(context, &meter);
	Delivered	delivered;
	Settings	settings;
	int64_t		polls;

	(void) state;
	rad_settings_default(&settings);
	settings.on_error_null = true;
	settings.diagnostics = true;
	assert_true(extract_with(&metered, rad_cpu_best(), &files, NULL, 0, &settings, &delivered));
	polls = meter.polls;
	assert_true(polls > 20);
	for (int64_t n = 1; n <= polls; n += polls / 100 + 1)
	{
		metered = metered_context(context, &meter);
		meter.stopping_poll = n;
		assert_false(extract_with(&metered, rad_cpu_best(), &files, NULL, 0, &settings,
								  &delivered));
		assert_int_equal(metered.code, RAD_CANCELLED);
	}
	free_pair(&files);
}

/* ------------------------------------------------------------------ matrices */

static bool
count_cells(RadContext *unused, void *argument, const TextureMatrix *matrix)
{
	int64_t    *slice_total = argument;

	(void) unused;
	if (matrix->slice >= 0)
		slice_total[matrix->slice] += matrix->total;
	return true;
}

/* Slices of matrices are slices of the image: 1 to 7 of 0 to 8 in the scene. */
static void
test_matrices_count_slices_of_the_image(void **state)
{
	Pair		files = make_scene();
	ScanPair	pair;
	Settings	settings;
	int64_t		slice_total[16] = {0};

	(void) state;
	rad_settings_default(&settings);
	settings.aggregations = 1u << AGGREGATION_2D_MRG;
	assert_true(rad_scan_open(context, &files.image, &files.mask, &settings, &pair));
	assert_true(rad_extract_matrices(context, rad_cpu_best(), &pair, 2, FAMILY_NGLDM, &settings,
									 count_cells, slice_total));
	assert_int_equal(slice_total[0], 0);
	for (int z = 1; z < 8; z++)
		assert_true(slice_total[z] > 0);
	assert_int_equal(slice_total[8], 0);
	assert_false(rad_extract_matrices(context, rad_cpu_best(), &pair, 4, FAMILY_GLCM, &settings,
									  count_cells, slice_total));
	assert_string_equal(context->message, "mask has no label 4");
	free_pair(&files);
}

/* ------------------------------------------------------------------- scopes */

static void
test_scope(void **state)
{
	Meter		meter;
	RadContext	metered = metered_context(context, &meter);
	Scope		scope;
	char	   *a;
	char	   *b;
	char	   *c;

	(void) state;
	rad_scope_open(&scope, &metered);
	a = rad_new(&scope.context, char, 100);
	b = rad_new(&scope.context, char, 0);
	c = rad_new(&scope.context, char, 1);
	assert_true(a != NULL && b != NULL && c != NULL);
	assert_int_equal((uintptr_t) a % 16, 0);
	assert_int_equal(meter.blocks, 3);
	rad_release(&scope.context, b);
	assert_int_equal(meter.blocks, 2);
	assert_null(rad_new(&scope.context, double, SIZE_MAX / 8));
	assert_int_equal(scope.context.code, RAD_OUT_OF_MEMORY);
	assert_int_equal(metered.code, RAD_OK);
	assert_false(rad_scope_fail(&scope));
	assert_int_equal(metered.code, RAD_OUT_OF_MEMORY);
	rad_scope_close(&scope);
	assert_int_equal(meter.blocks, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_digital_phantom, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_level_gives_the_same_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_labels_in_the_order_given, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_label, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failing_label_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_labels_are_not_all_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_families_and_exclusions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_geometry_must_agree, setup, teardown),
		cmocka_unit_test_setup_teardown(test_diagnostics, setup, teardown),
		cmocka_unit_test_setup_teardown(test_labels_leave_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_allocation_may_fail, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_poll_may_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_matrices_count_slices_of_the_image, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scope, setup, teardown),
	};

	return cmocka_run_group_tests_name("extract", tests, NULL, NULL);
}
