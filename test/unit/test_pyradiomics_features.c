/*
 * The feature classes of PyRadiomics through the whole pipeline, against values
 * that PyRadiomics computed: test/data/pyradiomics_digital_phantom.csv says with
 * which versions.
 */
#include "read_support.h"

#include <math.h>

#include "digital_phantom.h"
#include "ibsi_reference.h"
#include "pyradiomics/classes.h"
#include "pyradiomics/maps.h"
#include "pyradiomics/parameter_file.h"

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

/* Files of image (int16) and mask (uint8), and the opened pair. */
typedef struct Scan
{
	Bytes		files[2];
	PyradiomicsScan scan;
} Scan;

static void
open_files(Scan *scan)
{
	ByteSource	image = memory_source("image", scan->files[0]);
	ByteSource	mask = memory_source("mask", scan->files[1]);
	VolumeReader *readers[2];

	assert_true(rad_volume_open(context, &image, -1, &readers[0]));
	assert_true(rad_volume_open(context, &mask, 0, &readers[1]));
	assert_true(rad_pyradiomics_join(context, readers[0], readers[1], NULL, 0, &scan->scan));
}

static Scan
open_scan(const int size[3], const double spacing[3], const int16_t *image,
		  const uint8_t *mask)
{
	Scan		scan;

	scan.files[0] = make_file(4, 16, size, spacing, image);
	scan.files[1] = make_file(2, 8, size, spacing, mask);
	open_files(&scan);
	return scan;
}

static Scan
open_phantom(void)
{
	static const int size[3] = DIGITAL_PHANTOM_SIZE;
	static const double spacing[3] = DIGITAL_PHANTOM_SPACING;

	return open_scan(size, spacing, digital_phantom_image, digital_phantom_mask);
}

static void
close_scan(Scan *scan)
{
	free(scan->files[0].data);
	free(scan->files[1].data);
}

/* Settings from the text of a parameter file. */
static PyradiomicsSettings *
parse(const char *text)
{
	PyradiomicsSettings *settings = malloc(sizeof(*settings));
	SettingValue value;
	const char *json = rad_pyradiomics_from_file(context, text, strlen(text));

	if (json == NULL)
		fail_msg("%s", context->message);
	assert_true(rad_yaml_parse(context, json, strlen(json), &value));
	assert_true(rad_pyradiomics_parse(context, &value, settings));
	return settings;
}

/* What an extraction delivered. */
typedef struct Delivered
{
	int			count;
	char		key[2000][96];
	double		value[2000];
	int			notices;
} Delivered;

static void
make_key(char *key, size_t size, const char *image_type, PyradiomicsFeature feature)
{
	const PyradiomicsFeatureEntry *entry = &rad_pyradiomics_features[feature];

	snprintf(key, size, "%s_%s_%s", image_type, rad_pyradiomics_classes[entry->class_id].name,
			 entry->name);
}

static bool
deliver(RadContext *in, void *argument, const char *image_type, PyradiomicsFeature feature,
		double value)
{
	Delivered  *delivered = argument;

	(void) in;
	make_key(delivered->key[delivered->count], 96, image_type, feature);
	delivered->value[delivered->count++] = value;
	return true;
}

static void
count_notice(void *argument, const char *message)
{
	assert_true(message[0] != '\0');
	((Delivered *) argument)->notices++;
}

static bool
extract(Scan *scan, int label, const char *text, Delivered *delivered)
{
	const PyradiomicsOutput output = {deliver, count_notice, delivered};
	PyradiomicsSettings *settings = parse(text);
	int64_t		count;
	bool		extracted;

	delivered->count = delivered->notices = 0;
	extracted = rad_pyradiomics_extract(context, rad_cpu_best(), &scan->scan, label, settings,
										&output, &count);
	free(settings);
	return extracted;
}

/* -------------------------------------------------------------- the phantom */

/* Take the case, settings, key and value of a row apart; settings may be empty. */
static void
split_row(char *line, char **name, char **settings, char **key, double *value)
{
	char	   *out;

	*name = line;
	line = strchr(line, ',');
	*line++ = '\0';
	*settings = out = line;
	if (*line == '"')
	{
		/* CSV doubles quotes inside quotes. */
		for (line++; !(line[0] == '"' && line[1] == ','); line++)
		{
			if (*line == '"')
				line++;
			*out++ = *line;
		}
		line++;
	}
	*out = '\0';
	*line++ = '\0';
	*key = line;
	line = strchr(line, ',');
	*line++ = '\0';
	*value = strtod(line, NULL);
}

/*
 * Relative to 1e-10, or to 1e-13 where a value is zero but for rounding: both
 * sum the same terms in other orders.
 */
static bool
agrees(double value, double expected)
{
	if (isnan(expected))
		return isnan(value);
	return fabs(value - expected) <= fmax(1e-10 * fabs(expected), 1e-13);
}

static void
digital_phantom(void **state)
{
	Scan		scan = open_phantom();
	Delivered  *delivered = malloc(sizeof(*delivered));
	FILE	   *file = open_test_data("pyradiomics_digital_phantom.csv");
	char		line[2048];
	int			at = 0;
	int			compared = 0;

	(void) state;
	assert_non_null(file);
	delivered->count = 0;
	while (fgets(line, sizeof(line), file) != NULL)
	{
		char	   *name;
		char	   *settings;
		char	   *key;
		double		expected;

		if (line[0] == '#' || strncmp(line, "case,", 5) == 0)
			continue;
		split_row(line, &name, &settings, &key, &expected);
		if (settings[0] != '\0')
		{
			assert_int_equal(at, delivered->count);
			if (!extract(&scan, 1, settings, delivered))
				fail_msg("%s: %s", name, context->message);
			at = 0;
		}
		assert_true(at < delivered->count);
		assert_string_equal(delivered->key[at], key);
		if (!agrees(delivered->value[at], expected))
			fail_msg("%s %s: %.17g instead of %.17g", name, key, delivered->value[at], expected);
		at++;
		compared++;
	}
	assert_int_equal(at, delivered->count);
	assert_int_equal(compared, 740);
	fclose(file);
	free(delivered);
	close_scan(&scan);
}

/* The counting levels of the CPU give the same bits. */
static void
same_bits_on_every_level(void **state)
{
	static const char *const text = "{setting: {binWidth: 1, distances: [1, 2]}}";
	Scan		scan = open_phantom();
	Delivered  *first = malloc(sizeof(*first));
	Delivered  *second = malloc(sizeof(*second));
	PyradiomicsSettings *settings = parse(text);
	const Device *v3 = rad_cpu_named("v3");
	PyradiomicsOutput output = {deliver, NULL, first};
	int64_t		count;

	(void) state;
	first->count = second->count = 0;
	assert_true(rad_pyradiomics_extract(context, &rad_cpu_v2, &scan.scan, 1, settings, &output,
										&count));
	assert_int_equal(count, 74);
	if (v3 != NULL)
	{
		output.argument = second;
		assert_true(rad_pyradiomics_extract(context, v3, &scan.scan, 1, settings, &output,
											&count));
		assert_int_equal(first->count, second->count);
		assert_memory_equal(first->value, second->value,
							(size_t) first->count * sizeof(double));
	}
	free(settings);
	free(first);
	free(second);
	close_scan(&scan);
}

/* ------------------------------------------------------------ discretisation */

static PyradiomicsRegion
region_of(double *values, int count, VoxelType type)
{
	PyradiomicsRegion region = {.values = values, .count = count, .type = type,
	.minimum = INFINITY, .maximum = -INFINITY};

	for (int n = 0; n < count; n++)
	{
		region.minimum = fmin(region.minimum, values[n]);
		region.maximum = fmax(region.maximum, values[n]);
	}
	return region;
}

static void
check_levels(double *values, int count, VoxelType type, double bin_width, int bin_count,
			 const int *expected)
{
	const PyradiomicsRegion region = region_of(values, count, type);
	PyradiomicsOptions options = {.bin_width = bin_width, .bin_count = bin_count};
	PyradiomicsLevels levels;

	assert_true(rad_pyradiomics_discretise(context, &region, &options, &levels));
	for (int n = 0; n < count; n++)
		assert_int_equal(levels.level[n], expected[n]);
}

/*
 * Expected levels are numpy.digitize(x, edges) of NumPy 1.26 with the edges of
 * PyRadiomics' getBinEdges.
 */
static void
bins(void **state)
{
	double		ties[] = {-5, -2.5, 0, 2.4, 2.5, 5};
	double		tenths[] = {0.1, 0.2, 0.3, 0.30000000000000004, 0.7, 0.8};
	double		counted[] = {0, 1, 2, 3, 4, 8};
	double		flat[] = {110, 110, 110};

	(void) state;
	check_levels(ties, 6, VOXEL_INT16, 2.5, 0, (const int[]) {1, 2, 3, 3, 4, 5});
	check_levels(tenths, 6, VOXEL_FLOAT64, 0.1, 0, (const int[]) {1, 2, 2, 3, 6, 8});
	check_levels(counted, 6, VOXEL_INT16, 25, 4, (const int[]) {1, 1, 2, 2, 3, 4});
	/* The only value of a flat region lies in the middle bin. */
	check_levels(flat, 3, VOXEL_INT16, 25, 8, (const int[]) {5, 5, 5});
	check_levels(flat, 3, VOXEL_INT16, 25, 0, (const int[]) {1, 1, 1});
}

static void
bins_of_what_is_not_finite(void **state)
{
	double		values[] = {1, NAN, 2};
	PyradiomicsRegion region = region_of(values, 3, VOXEL_FLOAT64);
	PyradiomicsOptions options = {.bin_width = 25};
	PyradiomicsLevels levels;

	(void) state;
	region.minimum = region.maximum = NAN;
	assert_false(rad_pyradiomics_discretise(context, &region, &options, &levels));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	rad_clear_error(context);

	values[1] = 1e300;
	region = region_of(values, 3, VOXEL_FLOAT64);
	assert_false(rad_pyradiomics_discretise(context, &region, &options, &levels));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
}

/* ------------------------------------------------------------------ failures */

static void
failures(void **state)
{
	static const struct
	{
		int			label;
		const char *settings;
		RadErrorCode code;
		const char *message;
	} cases[] = {
		{2, "{}", RAD_DATA_EXCEPTION, "mask has no label 2"},
		{1, "{setting: {minimumROISize: 74}}", RAD_DATA_EXCEPTION, "more than 74 are required"},
		{1, "{setting: {resegmentRange: [100, 200]}}", RAD_DATA_EXCEPTION,
		"re-segmentation leaves 0 voxels"},
		{1, "{setting: {resampledPixelSpacing: [1, 1]}}", RAD_INVALID_PARAMETER,
		"\"resampledPixelSpacing\" has 2 elements"},
		{1, "{setting: {distances: [5]}}", RAD_DATA_EXCEPTION, "wanted distances"},
		{1, "{featureClass: {shape2D: }, setting: {force2D: true}}", RAD_DATA_EXCEPTION,
		"shape2D needs a region of one slice"},
	};
	Scan		scan = open_phantom();
	Delivered  *delivered = malloc(sizeof(*delivered));

	(void) state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		if (extract(&scan, cases[n].label, cases[n].settings, delivered))
			fail_msg("%s: no failure", cases[n].settings);
		assert_int_equal(context->code, cases[n].code);
		assert_contains(context->message, cases[n].message);
		rad_clear_error(context);
	}
	free(delivered);
	close_scan(&scan);
}

/* What PyRadiomics leaves out with a warning gives a notice. */
static void
notices(void **state)
{
	Scan		scan = open_phantom();
	Delivered  *delivered = malloc(sizeof(*delivered));

	(void) state;
	assert_true(extract(&scan, 1, "{featureClass: {shape2D: }}", delivered));
	assert_int_equal(delivered->count, 0);
	assert_int_equal(delivered->notices, 1);
	assert_true(extract(&scan, 1, "{imageType: {LoG: {sigma: [20.0]}}, "
						"featureClass: {firstorder: [Mean]}}", delivered));
	assert_int_equal(delivered->count, 0);
	assert_int_equal(delivered->notices, 1);
	free(delivered);
	close_scan(&scan);
}

/* ---------------------------------------------------------------------- maps */

/* A map's volume, kept. */
typedef struct KeptMap
{
	int			count;
	Grid		grid;
	double		voxels[DIGITAL_PHANTOM_VOXELS];
} KeptMap;

static bool
keep_map(RadContext *in, void *argument, const char *image_type, PyradiomicsFeature feature,
		 const Volume *map)
{
	KeptMap    *kept = argument;

	(void) in;
	(void) feature;
	assert_string_equal(image_type, "original");
	kept->count++;
	kept->grid = map->grid;
	assert_true(rad_grid_voxel_count(&map->grid) <= DIGITAL_PHANTOM_VOXELS);
	memcpy(kept->voxels, map->voxels,
		   (size_t) rad_grid_voxel_count(&map->grid) * sizeof(double));
	return true;
}

/* The map of a maximum is the maximum of each voxel's box, by definition. */
static void
map_of_maxima(void **state)
{
	static const int size[3] = DIGITAL_PHANTOM_SIZE;
	Scan		scan = open_phantom();
	PyradiomicsSettings *settings = parse("{featureClass: {firstorder: [Maximum]}, "
										  "setting: {binWidth: 1}, "
										  "voxelSetting: {kernelRadius: 1, initValue: -7}}");
	KeptMap		kept = {0};
	const PyradiomicsMapOutput output = {.visit = keep_map, .argument = &kept};

	(void) state;
	assert_true(rad_pyradiomics_maps(context, &scan.scan, 1, settings, &output));
	assert_int_equal(kept.count, 1);
	assert_memory_equal(kept.grid.size, size, sizeof(size));
	for (int n = 0; n < DIGITAL_PHANTOM_VOXELS; n++)
	{
		double		expected = -7;

		for (int m = 0; m < DIGITAL_PHANTOM_VOXELS && digital_phantom_mask[n]; m++)
			if (digital_phantom_mask[m] && abs(m % 5 - n % 5) <= 1 &&
				abs(m / 5 % 4 - n / 5 % 4) <= 1 && abs(m / 20 - n / 20) <= 1)
				expected = fmax(expected, digital_phantom_image[m]);
		assert_true(kept.voxels[n] == expected);
	}
	free(settings);
	close_scan(&scan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(digital_phantom, setup, teardown),
		cmocka_unit_test_setup_teardown(same_bits_on_every_level, setup, teardown),
		cmocka_unit_test_setup_teardown(bins, setup, teardown),
		cmocka_unit_test_setup_teardown(bins_of_what_is_not_finite, setup, teardown),
		cmocka_unit_test_setup_teardown(failures, setup, teardown),
		cmocka_unit_test_setup_teardown(notices, setup, teardown),
		cmocka_unit_test_setup_teardown(map_of_maxima, setup, teardown),
	};

	return cmocka_run_group_tests_name("pyradiomics_features", tests, NULL, NULL);
}
