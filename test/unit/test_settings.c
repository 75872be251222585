/*
 * Settings: every key's default, accepted and refused values with their
 * messages; the canonical form; presets; nearest names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings/settings.h"

/*
 * A reader of the JSON that the tests need, independent of the code under
 * test: no escapes but \", no checks.  Numbers go through strtod.
 */
#define MOST_ELEMENTS 200

typedef struct Reader
{
	RadContext *context;
	const char *at;
} Reader;

static void
skip_spaces(Reader *reader)
{
	while (*reader->at == ' ' || *reader->at == '\n')
		reader->at++;
}

static bool
take(Reader *reader, const char *token)
{
	skip_spaces(reader);
	if (strncmp(reader->at, token, strlen(token)) != 0)
		return false;
	reader->at += strlen(token);
	return true;
}

static char *
read_text(Reader *reader)
{
	char	   *text = rad_new(reader->context, char, strlen(reader->at) + 1);
	size_t		length = 0;

	assert_true(take(reader, "\""));
	while (*reader->at != '"')
	{
		assert_true(*reader->at != '\0');
		if (*reader->at == '\\')
			reader->at++;
		text[length++] = *reader->at++;
	}
	reader->at++;
	text[length] = '\0';
	return text;
}

static SettingValue
read_value(Reader *reader)
{
	SettingValue value = {.kind = SETTING_NULL};
	char	   *end;

	skip_spaces(reader);
	if (take(reader, "null"))
		return value;
	if (take(reader, "true") || take(reader, "false"))
	{
		value.kind = SETTING_BOOLEAN;
		value.boolean = reader->at[-2] == 'u';
	}
	else if (*reader->at == '"')
	{
		value.kind = SETTING_TEXT;
		value.text = read_text(reader);
	}
	else if (take(reader, "{}"))
		value.kind = SETTING_OBJECT;
	else if (take(reader, "["))
	{
		SettingValue *elements = rad_new(reader->context, SettingValue, MOST_ELEMENTS);

		value.kind = SETTING_LIST;
		value.elements = elements;
		while (!take(reader, "]"))
		{
			assert_true(value.count < MOST_ELEMENTS);
			elements[value.count++] = read_value(reader);
			take(reader, ",");
		}
	}
	else
	{
		value.kind = SETTING_NUMBER;
		value.number = strtod(reader->at, &end);
		assert_ptr_not_equal(end, reader->at);
		reader->at = end;
	}
	return value;
}

static bool
set(RadContext *context, Settings *settings, const char *key, const char *json)
{
	Reader		reader = {context, json};
	SettingValue value = read_value(&reader);

	skip_spaces(&reader);
	assert_int_equal(*reader.at, '\0');
	return rad_settings_set(context, settings, key, &value);
}

/* All keys of an object. */
static bool
set_all(RadContext *context, Settings *settings, const char *json)
{
	Reader		reader = {context, json};

	assert_true(take(&reader, "{"));
	while (!take(&reader, "}"))
	{
		char	   *key = read_text(&reader);
		SettingValue value;

		assert_true(take(&reader, ":"));
		value = read_value(&reader);
		if (!rad_settings_set(context, settings, key, &value))
			return false;
		take(&reader, ",");
	}
	assert_int_equal(*reader.at, '\0');
	return true;
}

/* The value of one key in a canonical text. */
static void
find_canonical(const char *canonical, const char *key, char *value, size_t size)
{
	char		quoted[100];
	const char *start;
	size_t		length = 0;
	int			depth = 0;

	snprintf(quoted, sizeof(quoted), "\"%s\": ", key);
	start = strstr(canonical, quoted);
	assert_non_null(start);
	start += strlen(quoted);
	for (; depth > 0 || (start[length] != ',' && start[length] != '}'); length++)
		depth += start[length] == '[' ? 1 : start[length] == ']' ? -1 : 0;
	assert_true(length < size);
	memcpy(value, start, length);
	value[length] = '\0';
}

static int
create_context(void **state)
{
	*state = rad_context_create();
	return 0;
}

static int
destroy_context(void **state)
{
	rad_context_destroy(*state);
	return 0;
}

/* The canonical form of the defaults, as documented; also fixes the order. */
static const char default_canonical[] =
	"{\"resample_spacing\": null, \"image_interpolator\": \"tricubic_spline\", "
	"\"mask_interpolator\": \"trilinear\", \"mask_threshold\": 0.5, "
	"\"round_intensities\": false, \"resegmentation_range\": null, \"outlier_sigma\": null, "
	"\"discretisation\": \"fixed_bin_number\", \"bin_number\": 32, \"bin_size\": 25, "
	"\"ivh_discretisation\": \"auto\", \"ivh_bin_number\": 1000, \"ivh_bin_size\": 1, "
	"\"aggregation\": \"all\", \"glcm_distance\": 1, \"ngtdm_distance\": 1, "
	"\"ngldm_distance\": 1, \"ngldm_alpha\": 0, \"families\": \"all\", "
	"\"exclude_features\": [], \"frame\": null, \"geometry_tolerance\": 0.001, "
	"\"align\": \"error\", \"diagnostics\": false, \"on_error\": \"error\"}";

static void
defaults_are_as_documented(void **state)
{
	RadContext *context = *state;
	Settings	settings;

	rad_settings_default(&settings);
	assert_true(settings.resample_spacing[0] == 0 && settings.resample_spacing[1] == 0 &&
				settings.resample_spacing[2] == 0);
	assert_int_equal(settings.image_interpolator, INTERPOLATOR_TRICUBIC_SPLINE);
	assert_int_equal(settings.mask_interpolator, INTERPOLATOR_TRILINEAR);
	assert_true(settings.mask_threshold == 0.5);
	assert_false(settings.round_intensities);
	assert_true(settings.resegmentation_range[0] == -INFINITY);
	assert_true(settings.resegmentation_range[1] == INFINITY);
	assert_true(settings.outlier_sigma == 0);
	assert_int_equal(settings.discretisation, DISCRETISATION_FIXED_BIN_NUMBER);
	assert_int_equal(settings.bin_number, 32);
	assert_true(settings.bin_size == 25);
	assert_int_equal(settings.ivh_discretisation, DISCRETISATION_AUTO);
	assert_int_equal(settings.ivh_bin_number, 1000);
	assert_true(settings.ivh_bin_size == 1);
	assert_int_equal(settings.aggregations, ALL_AGGREGATIONS);
	assert_int_equal(settings.glcm_distance, 1);
	assert_int_equal(settings.ngtdm_distance, 1);
	assert_int_equal(settings.ngldm_distance, 1);
	assert_int_equal(settings.ngldm_alpha, 0);
	assert_int_equal(settings.families, ALL_FAMILIES);
	for (int id = 0; id < FEATURE_COUNT; id++)
		assert_false(settings.excluded[id]);
	assert_int_equal(settings.frame, -1);
	assert_true(settings.geometry_tolerance == 0.001);
	assert_false(settings.align_resample_mask);
	assert_false(settings.diagnostics);
	assert_false(settings.on_error_null);
	assert_true(rad_settings_validate(context, &settings));
	assert_string_equal(rad_settings_canonical(context, &settings), default_canonical);
}

/* Values that are accepted, and what the canonical form makes of them. */
static const struct
{
	const char *key;
	const char *json;
	const char *canonical;
} good_values[] = {
	{"resample_spacing", "null", "null"},
	{"resample_spacing", "0", "null"},
	{"resample_spacing", "-0", "null"},
	{"resample_spacing", "[0, 0, -0.0]", "null"},
	{"resample_spacing", "1.5", "[1.5, 1.5, 1.5]"},
	{"resample_spacing", "[2, 2, 0]", "[2, 2, 0]"},
	{"resample_spacing", "[0.1, 1e-3, 3]", "[0.1, 0.001, 3]"},
	{"image_interpolator", "\"nearest\"", "\"nearest\""},
	{"image_interpolator", "\"trilinear\"", "\"trilinear\""},
	{"image_interpolator", "\"tricubic_spline\"", "\"tricubic_spline\""},
	{"mask_interpolator", "\"nearest\"", "\"nearest\""},
	{"mask_interpolator", "\"trilinear\"", "\"trilinear\""},
	{"mask_threshold", "1", "1"},
	{"mask_threshold", "0.25", "0.25"},
	{"round_intensities", "true", "true"},
	{"round_intensities", "false", "false"},
	{"resegmentation_range", "null", "null"},
	{"resegmentation_range", "[null, null]", "null"},
	{"resegmentation_range", "[-500, 400]", "[-500, 400]"},
	{"resegmentation_range", "[0, null]", "[0, null]"},
	{"resegmentation_range", "[-0.0, null]", "[0, null]"},
	{"resegmentation_range", "[null, 1e300]", "[null, 1e+300]"},
	{"resegmentation_range", "[7, 7]", "[7, 7]"},
	{"outlier_sigma", "null", "null"},
	{"outlier_sigma", "0", "null"},
	{"outlier_sigma", "3", "3"},
	{"outlier_sigma", "2.5", "2.5"},
	{"discretisation", "\"none\"", "\"none\""},
	{"discretisation", "\"fixed_bin_number\"", "\"fixed_bin_number\""},
	{"discretisation", "\"fixed_bin_size\"", "\"fixed_bin_size\""},
	{"bin_number", "1", "1"},
	{"bin_number", "64.0", "64"},
	{"bin_number", "65535", "65535"},
	{"bin_size", "0.1", "0.1"},
	{"bin_size", "1e-7", "1e-07"},
	{"ivh_discretisation", "\"auto\"", "\"auto\""},
	{"ivh_discretisation", "\"none\"", "\"none\""},
	{"ivh_discretisation", "\"fixed_bin_number\"", "\"fixed_bin_number\""},
	{"ivh_discretisation", "\"fixed_bin_size\"", "\"fixed_bin_size\""},
	{"ivh_bin_number", "1", "1"},
	{"ivh_bin_number", "65535", "65535"},
	{"ivh_bin_size", "2.5", "2.5"},
	{"aggregation", "\"all\"", "\"all\""},
	{"aggregation", "\"2.5D_mrg\"", "[\"2.5D_mrg\"]"},
	{"aggregation", "[\"3D_mrg\", \"2D_avg\", \"3D_mrg\"]", "[\"2D_avg\", \"3D_mrg\"]"},
	{"aggregation", "[\"3D_mrg\", \"3D_avg\", \"2.5D_mrg\", \"2.5D_avg\", \"2D_mrg\", \"2D_avg\"]",
	"\"all\""},
	{"glcm_distance", "16", "16"},
	{"ngtdm_distance", "2", "2"},
	{"ngldm_distance", "3", "3"},
	{"ngldm_alpha", "0", "0"},
	{"ngldm_alpha", "65535", "65535"},
	{"families", "\"all\"", "\"all\""},
	{"families", "\"glcm\"", "[\"glcm\"]"},
	{"families", "[\"ngldm\", \"morphology\"]", "[\"morphology\", \"ngldm\"]"},
	{"families", "[\"ngldm\", \"ngtdm\", \"gldzm\", \"glszm\", \"glrlm\", \"glcm\", "
		"\"intensity_volume_histogram\", \"intensity_histogram\", \"intensity_statistics\", "
		"\"local_intensity\", \"morphology\"]", "\"all\""},
	{"exclude_features", "[]", "[]"},
	{"exclude_features", "[\"ngl_lde\", \"morph_volume\", \"ngl_lde\"]",
	"[\"morph_volume\", \"ngl_lde\"]"},
	{"frame", "null", "null"},
	{"frame", "0", "0"},
	{"frame", "2147483647", "2147483647"},
	{"geometry_tolerance", "0", "0"},
	{"geometry_tolerance", "1", "1"},
	{"align", "\"error\"", "\"error\""},
	{"align", "\"resample_mask\"", "\"resample_mask\""},
	{"diagnostics", "true", "true"},
	{"on_error", "\"error\"", "\"error\""},
	{"on_error", "\"null\"", "\"null\""},
};

static void
good_values_are_taken(void **state)
{
	RadContext *context = *state;

	for (size_t n = 0; n < sizeof(good_values) / sizeof(good_values[0]); n++)
	{
		Settings	settings;
		char	   *canonical;
		char		value[400];

		rad_settings_default(&settings);
		if (!set(context, &settings, good_values[n].key, good_values[n].json))
			fail_msg("%s: %s", good_values[n].key, context->message);
		canonical = rad_settings_canonical(context, &settings);
		find_canonical(canonical, good_values[n].key, value, sizeof(value));
		assert_string_equal(value, good_values[n].canonical);
	}
}

/* That names set the right member, not only one that prints the same. */
static void
names_reach_their_members(void **state)
{
	RadContext *context = *state;
	Settings	settings;

	rad_settings_default(&settings);
	assert_true(set_all(context, &settings,
						"{\"image_interpolator\": \"nearest\", \"mask_interpolator\": \"nearest\", "
						"\"discretisation\": \"fixed_bin_size\", \"ivh_discretisation\": \"none\", "
						"\"align\": \"resample_mask\", \"on_error\": \"null\", \"frame\": 3, "
						"\"outlier_sigma\": 3, \"ngldm_alpha\": 2, \"glcm_distance\": 4, "
						"\"ngtdm_distance\": 5, \"ngldm_distance\": 6, \"resample_spacing\": [1, 2, 3], "
						"\"resegmentation_range\": [-5, null], \"aggregation\": [\"2D_avg\", \"3D_avg\"], "
						"\"families\": [\"glszm\"], \"exclude_features\": [\"szm_lze\"]}"));
	assert_int_equal(settings.image_interpolator, INTERPOLATOR_NEAREST);
	assert_int_equal(settings.mask_interpolator, INTERPOLATOR_NEAREST);
	assert_int_equal(settings.discretisation, DISCRETISATION_FIXED_BIN_SIZE);
	assert_int_equal(settings.ivh_discretisation, DISCRETISATION_NONE);
	assert_true(settings.align_resample_mask);
	assert_true(settings.on_error_null);
	assert_int_equal(settings.frame, 3);
	assert_true(settings.outlier_sigma == 3);
	assert_int_equal(settings.ngldm_alpha, 2);
	assert_int_equal(settings.glcm_distance, 4);
	assert_int_equal(settings.ngtdm_distance, 5);
	assert_int_equal(settings.ngldm_distance, 6);
	for (int axis = 0; axis < 3; axis++)
		assert_true(settings.resample_spacing[axis] == axis + 1);
	assert_true(settings.resegmentation_range[0] == -5);
	assert_true(settings.resegmentation_range[1] == INFINITY);
	assert_int_equal(settings.aggregations, 1u << AGGREGATION_2D_AVG | 1u << AGGREGATION_3D_AVG);
	assert_int_equal(settings.families, 1u << FAMILY_GLSZM);
	for (int id = 0; id < FEATURE_COUNT; id++)
		assert_int_equal(settings.excluded[id], id == FEATURE_szm_lze);
	assert_int_equal(rad_settings_column_aggregation(&settings), AGGREGATION_2D_AVG);

	/* null goes back to the default of what can be off */
	assert_true(set_all(context, &settings,
						"{\"frame\": null, \"outlier_sigma\": null, \"resample_spacing\": null, "
						"\"resegmentation_range\": null, \"aggregation\": [\"2D_avg\", \"3D_mrg\"]}"));
	assert_int_equal(settings.frame, -1);
	assert_true(settings.outlier_sigma == 0);
	assert_true(settings.resample_spacing[1] == 0);
	assert_true(settings.resegmentation_range[0] == -INFINITY);
	assert_int_equal(rad_settings_column_aggregation(&settings), AGGREGATION_3D_MRG);
}

#define SPACING_HINT "Give null, a number of at least 0 or a list of three such numbers."
#define RANGE_HINT "Give null or a list [low, high] of numbers or nulls, low not above high."
#define BINS_HINT "Give an integer from 1 to 65535."
#define POSITIVE_HINT "Give a number above 0."
#define DISTANCE_HINT "Give an integer from 1 to 16."
#define BOOLEAN_HINT "Give true or false."
#define AGGREGATION_HINT "Give \"all\" or one or a list of \"2D_avg\", \"2D_mrg\", \"2.5D_avg\", " \
	"\"2.5D_mrg\", \"3D_avg\" or \"3D_mrg\"."
#define FAMILY_HINT "Give \"all\" or one or a list of \"morphology\", \"local_intensity\", " \
	"\"intensity_statistics\", \"intensity_histogram\", \"intensity_volume_histogram\", " \
	"\"glcm\", \"glrlm\", \"glszm\", \"gldzm\", \"ngtdm\" or \"ngldm\"."
#define FEATURE_HINT "Give a list of features as the feature catalogue names them, such as " \
	"[\"morph_moran_i\", \"morph_geary_c\"]."

/* Values that are refused; message NULL: invalid value for setting "KEY": JSON. */
static const struct
{
	const char *key;
	const char *json;
	const char *message;
	const char *hint;
} bad_values[] = {
	{"resample_spacing", "-1", NULL, SPACING_HINT},
	{"resample_spacing", "\"2\"", NULL, SPACING_HINT},
	{"resample_spacing", "[1, 2]", NULL, SPACING_HINT},
	{"resample_spacing", "[1, 2, 3, 4]", NULL, SPACING_HINT},
	{"resample_spacing", "[1, 2, null]", NULL, SPACING_HINT},
	{"resample_spacing", "[1, -2, 3]", NULL, SPACING_HINT},
	{"resample_spacing", "true", NULL, SPACING_HINT},
	{"image_interpolator", "\"cubic\"", NULL,
	"Give \"nearest\", \"trilinear\" or \"tricubic_spline\"."},
	{"image_interpolator", "\"linear\"", NULL,
	"Give \"nearest\", \"trilinear\" or \"tricubic_spline\"."},
	{"image_interpolator", "\"Trilinear\"", NULL,
	"Did you mean \"trilinear\"? Give \"nearest\", \"trilinear\" or \"tricubic_spline\"."},
	{"image_interpolator", "3", NULL, "Give \"nearest\", \"trilinear\" or \"tricubic_spline\"."},
	{"image_interpolator", "null", NULL, "Give \"nearest\", \"trilinear\" or \"tricubic_spline\"."},
	{"mask_interpolator", "\"tricubic_spline\"", NULL, "Give \"nearest\" or \"trilinear\"."},
	{"mask_interpolator", "false", NULL, "Give \"nearest\" or \"trilinear\"."},
	{"mask_threshold", "0", NULL, "Give a number above 0 and at most 1."},
	{"mask_threshold", "1.01", NULL, "Give a number above 0 and at most 1."},
	{"mask_threshold", "\"0.5\"", NULL, "Give a number above 0 and at most 1."},
	{"mask_threshold", "null", NULL, "Give a number above 0 and at most 1."},
	{"round_intensities", "1", NULL, BOOLEAN_HINT},
	{"round_intensities", "\"true\"", NULL, BOOLEAN_HINT},
	{"round_intensities", "null", NULL, BOOLEAN_HINT},
	{"resegmentation_range", "5", NULL, RANGE_HINT},
	{"resegmentation_range", "[5]", NULL, RANGE_HINT},
	{"resegmentation_range", "[1, 2, 3]", NULL, RANGE_HINT},
	{"resegmentation_range", "[400, -500]", NULL, RANGE_HINT},
	{"resegmentation_range", "[\"a\", 1]", NULL, RANGE_HINT},
	{"outlier_sigma", "-3", NULL, "Give a number of at least 0 or null."},
	{"outlier_sigma", "false", NULL, "Give a number of at least 0 or null."},
	{"discretisation", "\"auto\"", NULL,
	"Give \"none\", \"fixed_bin_number\" or \"fixed_bin_size\"."},
	{"discretisation", "\"fixed_bin_sizes\"", NULL,
	"Did you mean \"fixed_bin_size\"? Give \"none\", \"fixed_bin_number\" or \"fixed_bin_size\"."},
	{"discretisation", "null", NULL, "Give \"none\", \"fixed_bin_number\" or \"fixed_bin_size\"."},
	{"bin_number", "0", NULL, BINS_HINT},
	{"bin_number", "65536", NULL, BINS_HINT},
	{"bin_number", "32.5", NULL, BINS_HINT},
	{"bin_number", "1e+300", NULL, BINS_HINT},
	{"bin_number", "\"32\"", NULL, BINS_HINT},
	{"bin_number", "[32]", NULL, BINS_HINT},
	{"bin_number", "null", NULL, BINS_HINT},
	{"bin_size", "0", NULL, POSITIVE_HINT},
	{"bin_size", "-25", NULL, POSITIVE_HINT},
	{"bin_size", "\"25 HU\"", NULL, POSITIVE_HINT},
	{"ivh_discretisation", "\"discrete\"", NULL,
	"Give \"none\", \"fixed_bin_number\", \"fixed_bin_size\" or \"auto\"."},
	{"ivh_bin_number", "0", NULL, BINS_HINT},
	{"ivh_bin_number", "65536", NULL, BINS_HINT},
	{"ivh_bin_number", "true", NULL, BINS_HINT},
	{"ivh_bin_size", "0", NULL, POSITIVE_HINT},
	{"ivh_bin_size", "null", NULL, POSITIVE_HINT},
	{"aggregation", "[]", NULL, AGGREGATION_HINT},
	{"aggregation", "null", NULL, AGGREGATION_HINT},
	{"aggregation", "[1]", NULL, AGGREGATION_HINT},
	{"aggregation", "\"merged\"", "unknown aggregation \"merged\" in setting \"aggregation\"",
	AGGREGATION_HINT},
	{"aggregation", "[\"3D_mrg\", \"3d_merg\"]",
	"unknown aggregation \"3d_merg\" in setting \"aggregation\"", "Did you mean \"3D_mrg\"?"},
	{"aggregation", "[\"all\"]", "unknown aggregation \"all\" in setting \"aggregation\"",
	AGGREGATION_HINT},
	{"glcm_distance", "0", NULL, DISTANCE_HINT},
	{"glcm_distance", "17", NULL, DISTANCE_HINT},
	{"glcm_distance", "\"1\"", NULL, DISTANCE_HINT},
	{"ngtdm_distance", "0", NULL, DISTANCE_HINT},
	{"ngtdm_distance", "1.5", NULL, DISTANCE_HINT},
	{"ngldm_distance", "17", NULL, DISTANCE_HINT},
	{"ngldm_distance", "[1]", NULL, DISTANCE_HINT},
	{"ngldm_alpha", "-1", NULL, "Give an integer from 0 to 65535."},
	{"ngldm_alpha", "0.5", NULL, "Give an integer from 0 to 65535."},
	{"ngldm_alpha", "null", NULL, "Give an integer from 0 to 65535."},
	{"families", "[]", NULL, FAMILY_HINT},
	{"families", "{}", "invalid value for setting \"families\": {...}", FAMILY_HINT},
	{"families", "[\"glcm\", \"gldm\"]", "unknown family \"gldm\" in setting \"families\"",
	"Did you mean \"glcm\"?"},
	{"families", "\"shape\"", "unknown family \"shape\" in setting \"families\"", FAMILY_HINT},
	{"exclude_features", "null", NULL, FEATURE_HINT},
	{"exclude_features", "[true]", NULL, FEATURE_HINT},
	{"exclude_features", "[\"moran\"]", "unknown feature \"moran\" in setting \"exclude_features\"",
	FEATURE_HINT},
	{"exclude_features", "[\"morph_moran\"]",
	"unknown feature \"morph_moran\" in setting \"exclude_features\"",
	"Did you mean \"morph_moran_i\"?"},
	{"frame", "-1", NULL, "Give an integer of at least 0 or null."},
	{"frame", "2147483648", NULL, "Give an integer of at least 0 or null."},
	{"frame", "\"first\"", NULL, "Give an integer of at least 0 or null."},
	{"geometry_tolerance", "-0.1", NULL, "Give a number from 0 to 1."},
	{"geometry_tolerance", "2", NULL, "Give a number from 0 to 1."},
	{"geometry_tolerance", "null", NULL, "Give a number from 0 to 1."},
	{"align", "true", NULL, "Give \"error\" or \"resample_mask\"."},
	{"align", "\"resample\"", NULL, "Give \"error\" or \"resample_mask\"."},
	{"align", "\"resample mask\"", NULL,
	"Did you mean \"resample_mask\"? Give \"error\" or \"resample_mask\"."},
	{"diagnostics", "\"yes\"", NULL, BOOLEAN_HINT},
	{"diagnostics", "0", NULL, BOOLEAN_HINT},
	{"on_error", "null", NULL, "Give \"error\" or \"null\"."},
	{"on_error", "\"skip\"", NULL, "Give \"error\" or \"null\"."},
	{"bin_numbr", "32", "unknown setting \"bin_numbr\"", "Did you mean \"bin_number\"?"},
	{"binNumber", "32", "unknown setting \"binNumber\"", "Did you mean \"bin_number\"?"},
	{"discretization", "1", "unknown setting \"discretization\"",
	"Did you mean \"discretisation\"?"},
	{"aggregations", "1", "unknown setting \"aggregations\"", "Did you mean \"aggregation\"?"},
	{"say \"cheese\"", "1", "unknown setting \"say \\\"cheese\\\"\"",
		"The settings are resample_spacing, image_interpolator, mask_interpolator, mask_threshold, "
		"round_intensities, resegmentation_range, outlier_sigma, discretisation, bin_number, "
		"bin_size, ivh_discretisation, ivh_bin_number, ivh_bin_size, aggregation, glcm_distance, "
		"ngtdm_distance, ngldm_distance, ngldm_alpha, families, exclude_features, frame, "
	"geometry_tolerance, align, diagnostics, on_error."},
};

static void
bad_values_are_refused(void **state)
{
	RadContext *context = *state;

	for (size_t n = 0; n < sizeof(bad_values) / sizeof(bad_values[0]); n++)
	{
		Settings	before;
		Settings	settings;
		char		message[400];

		rad_settings_default(&settings);
		memcpy(&before, &settings, sizeof(before));
		rad_clear_error(context);
		if (set(context, &settings, bad_values[n].key, bad_values[n].json))
			fail_msg("%s accepted %s", bad_values[n].key, bad_values[n].json);
		snprintf(message, sizeof(message), "invalid value for setting \"%s\": %s",
				 bad_values[n].key, bad_values[n].json);
		assert_int_equal(context->code, RAD_INVALID_PARAMETER);
		assert_string_equal(context->message,
							bad_values[n].message != NULL ? bad_values[n].message : message);
		assert_string_equal(context->hint, bad_values[n].hint);
		assert_memory_equal(&before, &settings, sizeof(settings));
	}
}

/* JSON has no such numbers, but a caller's parser may overflow into them. */
static void
numbers_must_be_finite(void **state)
{
	static const char *const keys[] = {
		"resample_spacing", "mask_threshold", "outlier_sigma", "bin_number", "bin_size",
		"ivh_bin_number", "ivh_bin_size", "glcm_distance", "ngldm_alpha", "frame",
		"geometry_tolerance"
	};
	static const double numbers[] = {NAN, INFINITY, -INFINITY};
	static const char *const texts[] = {"NaN", "Infinity", "-Infinity"};
	RadContext *context = *state;
	Settings	settings;

	rad_settings_default(&settings);
	for (int k = 0; k < (int) (sizeof(keys) / sizeof(keys[0])); k++)
		for (int n = 0; n < 3; n++)
		{
			SettingValue value = {.kind = SETTING_NUMBER, .number = numbers[n]};
			char		message[200];

			assert_false(rad_settings_set(context, &settings, keys[k], &value));
			snprintf(message, sizeof(message), "invalid value for setting \"%s\": %s", keys[k],
					 texts[n]);
			assert_string_equal(context->message, message);
		}
	for (int n = 0; n < 3; n++)
	{
		SettingValue elements[] = {{.kind = SETTING_NULL}, {.kind = SETTING_NUMBER, .number = numbers[n]}};
		SettingValue value = {.kind = SETTING_LIST, .count = 2, .elements = elements};

		assert_false(rad_settings_set(context, &settings, "resegmentation_range", &value));
	}
	assert_string_equal(rad_settings_canonical(context, &settings), default_canonical);
}

/* Long values are cut in messages, never between the bytes of a character. */
static void
long_values_are_cut(void **state)
{
	RadContext *context = *state;
	Settings	settings;
	char		text[1001];
	SettingValue value = {.kind = SETTING_TEXT, .text = text};

	rad_settings_default(&settings);
	memset(text, 'x', 1000);
	text[1000] = '\0';
	assert_false(rad_settings_set(context, &settings, "bin_number", &value));
	assert_true(strlen(context->message) < 220);
	assert_string_equal(context->message + strlen(context->message) - 4, "x...");
	assert_false(rad_settings_set(context, &settings, text, &value));
	assert_string_equal(context->message + strlen(context->message) - 4, "x...");
	assert_false(rad_settings_set(context, &settings, "families", &value));
	assert_non_null(strstr(context->message, "x... in setting \"families\""));

	for (int n = 0; n < 1000; n += 2)
		memcpy(text + n, n < 40 ? "ab" : "\xc3\xa9", 2);
	assert_false(rad_settings_set(context, &settings, "bin_number", &value));
	assert_string_equal(context->message + strlen(context->message) - 5, "ab...");

	value.text = "a\n\"\\";
	assert_false(rad_settings_set(context, &settings, "bin_number", &value));
	assert_string_equal(context->message,
						"invalid value for setting \"bin_number\": \"a\\u000a\\\"\\\\\"");
	value.text = "";
	assert_false(rad_settings_set(context, &settings, "", &value));
	assert_string_equal(context->message, "unknown setting \"\"");
	assert_false(rad_settings_set(context, &settings, "align", &value));
	assert_string_equal(context->message, "invalid value for setting \"align\": \"\"");
}

static bool
count_polls(void *argument)
{
	return ++*(int *) argument == 20;
}

/* Lists of any length are read with polls for a cancel, and cut in messages. */
static void
long_lists_can_be_cancelled(void **state)
{
	RadContext *context = *state;
	SettingValue *elements = rad_new_zeroed(context, SettingValue, 100000);
	SettingValue value = {.kind = SETTING_LIST, .count = 10000, .elements = elements};
	Settings	settings;
	int			polls = 0;

	context->interrupted = count_polls;
	context->interrupt_argument = &polls;
	rad_settings_default(&settings);
	for (int n = 0; n < 100000; n++)
		elements[n] = (SettingValue) {.kind = SETTING_TEXT, .text = "ngl_lde"};
	assert_true(rad_settings_set(context, &settings, "exclude_features", &value));
	assert_int_equal(polls, 9);
	value.count = 100000;
	assert_false(rad_settings_set(context, &settings, "exclude_features", &value));
	assert_int_equal(context->code, RAD_CANCELLED);
	assert_int_equal(polls, 20);
	assert_false(rad_settings_set(context, &settings, "bin_number", &value));
	assert_string_equal(context->message + strlen(context->message) - 3, "...");
}

static void
unused_bins_are_refused(void **state)
{
	static const struct
	{
		const char *json;
		const char *message;	/* NULL: valid */
		const char *hint;
	} cases[] = {
		{"{\"bin_size\": 10}",
			"setting \"bin_size\" is 10, but \"discretisation\" is \"fixed_bin_number\", which does "
			"not use it",
		"Set \"discretisation\" to \"fixed_bin_size\", or leave \"bin_size\" out."},
		{"{\"bin_size\": 10, \"discretisation\": \"fixed_bin_size\"}", NULL, NULL},
		{"{\"bin_number\": 8, \"discretisation\": \"none\"}",
			"setting \"bin_number\" is 8, but \"discretisation\" is \"none\", which does not use it",
		"Set \"discretisation\" to \"fixed_bin_number\", or leave \"bin_number\" out."},
		{"{\"bin_number\": 32, \"discretisation\": \"none\"}", NULL, NULL},
		{"{\"ivh_bin_number\": 100}", NULL, NULL},
		{"{\"ivh_bin_number\": 100, \"ivh_discretisation\": \"none\"}",
			"setting \"ivh_bin_number\" is 100, but \"ivh_discretisation\" is \"none\", which does not "
			"use it",
		"Set \"ivh_discretisation\" to \"fixed_bin_number\", or leave \"ivh_bin_number\" out."},
		{"{\"ivh_bin_size\": 0.5}",
			"setting \"ivh_bin_size\" is 0.5, but \"ivh_discretisation\" is \"auto\", which does not "
			"use it",
		"Set \"ivh_discretisation\" to \"fixed_bin_size\", or leave \"ivh_bin_size\" out."},
		{"{\"ivh_bin_size\": 0.5, \"ivh_discretisation\": \"fixed_bin_size\"}", NULL, NULL},
	};
	RadContext *context = *state;

	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		Settings	settings;

		rad_settings_default(&settings);
		assert_true(set_all(context, &settings, cases[n].json));
		assert_int_equal(rad_settings_validate(context, &settings), cases[n].message == NULL);
		if (cases[n].message == NULL)
			continue;
		assert_int_equal(context->code, RAD_INVALID_PARAMETER);
		assert_string_equal(context->message, cases[n].message);
		assert_string_equal(context->hint, cases[n].hint);
	}
}

static void
something_must_be_wanted(void **state)
{
	RadContext *context = *state;
	Settings	settings;

	rad_settings_default(&settings);
	assert_true(set_all(context, &settings,
						"{\"families\": [\"local_intensity\", \"glcm\"], "
						"\"exclude_features\": [\"loc_peak_loc\", \"loc_peak_glob\"]}"));
	assert_false(rad_settings_wants_family(&settings, FAMILY_LOCAL_INTENSITY));
	assert_false(rad_settings_wants_family(&settings, FAMILY_NGLDM));
	assert_true(rad_settings_wants_family(&settings, FAMILY_GLCM));
	assert_true(rad_settings_validate(context, &settings));

	assert_true(set(context, &settings, "families", "\"local_intensity\""));
	assert_false(rad_settings_validate(context, &settings));
	assert_string_equal(context->message, "settings leave no feature to compute");
	assert_string_equal(context->hint, "Setting \"exclude_features\" names every feature of the "
						"chosen \"families\"; leave one out.");
	assert_true(set(context, &settings, "exclude_features", "[\"loc_peak_loc\"]"));
	assert_true(rad_settings_wants_family(&settings, FAMILY_LOCAL_INTENSITY));
	assert_true(rad_settings_validate(context, &settings));
}

/* xorshift64, Marsaglia 2003 */
static uint64_t
random_bits(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A positive finite number of any size, from all bit patterns or a short decimal. */
static double
random_positive(uint64_t *seed)
{
	for (;;)
	{
		uint64_t	bits = random_bits(seed) >> 1;
		double		number;

		memcpy(&number, &bits, sizeof(number));
		if (bits % 3 == 0)
			number = (double) (bits % 10000) / 100;
		else if (bits % 3 == 1)
			number = (double) (bits >> 9) / 0x1p40;
		if (isfinite(number) && number > 0)
			return number;
	}
}

static int
random_below(uint64_t *seed, int limit)
{
	return (int) (random_bits(seed) % (uint64_t) limit);
}

static void
random_settings(uint64_t *seed, Settings *settings)
{
	rad_settings_default(settings);
	for (int axis = 0; axis < 3; axis++)
		settings->resample_spacing[axis] = random_below(seed, 2) ? random_positive(seed) : 0;
	settings->image_interpolator = (Interpolator) random_below(seed, 3);
	settings->mask_interpolator = (Interpolator) random_below(seed, 2);
	settings->mask_threshold = (double) (1 + (random_bits(seed) >> 11)) / 0x1p53;
	settings->round_intensities = random_below(seed, 2);
	if (random_below(seed, 2))
		settings->resegmentation_range[0] = -random_positive(seed);
	if (random_below(seed, 2))
		settings->resegmentation_range[1] = random_positive(seed);
	settings->outlier_sigma = random_below(seed, 2) ? random_positive(seed) : 0;
	settings->discretisation = (Discretisation) random_below(seed, 3);
	settings->bin_number = 1 + random_below(seed, 65535);
	settings->bin_size = random_positive(seed);
	settings->ivh_discretisation = (Discretisation) random_below(seed, 4);
	settings->ivh_bin_number = 1 + random_below(seed, 65535);
	settings->ivh_bin_size = random_positive(seed);
	settings->aggregations = 1u + (unsigned) random_below(seed, ALL_AGGREGATIONS);
	settings->glcm_distance = 1 + random_below(seed, 16);
	settings->ngtdm_distance = 1 + random_below(seed, 16);
	settings->ngldm_distance = 1 + random_below(seed, 16);
	settings->ngldm_alpha = random_below(seed, 65536);
	settings->families = 1u + (unsigned) random_below(seed, ALL_FAMILIES);
	for (int id = 0; id < FEATURE_COUNT; id++)
		settings->excluded[id] = random_below(seed, 8) == 0;
	settings->frame = random_below(seed, 2) ? random_below(seed, INT_MAX) : -1;
	settings->geometry_tolerance = (double) (random_bits(seed) >> 11) / 0x1p53;
	settings->align_resample_mask = random_below(seed, 2);
	settings->diagnostics = random_below(seed, 2);
	settings->on_error_null = random_below(seed, 2);
}

/* Both come from rad_settings_default(), so even padding bytes are equal. */
static void
canonical_reads_back(void **state)
{
	uint64_t	seed = 20261121;

	(void) state;
	for (int n = 0; n < 3000; n++)
	{
		RadContext *context = rad_context_create();
		Settings	settings;
		Settings	again;
		char	   *canonical;

		random_settings(&seed, &settings);
		canonical = rad_settings_canonical(context, &settings);
		rad_settings_default(&again);
		if (!set_all(context, &again, canonical))
			fail_msg("%s: %s", context->message, canonical);
		assert_memory_equal(&again, &settings, sizeof(settings));
		assert_string_equal(rad_settings_canonical(context, &again), canonical);
		rad_context_destroy(context);
	}
}

/* No shorter decimal than the printed one reads back as the same number. */
static void
numbers_are_shortest(void **state)
{
	RadContext *context = *state;
	uint64_t	seed = 1;

	for (int n = 0; n < 2000; n++)
	{
		Settings	settings;
		char		printed[400];
		char		shorter[40];
		int			digits = 0;
		double		number = random_positive(&seed);

		rad_settings_default(&settings);
		settings.bin_size = number;
		find_canonical(rad_settings_canonical(context, &settings), "bin_size", printed,
					   sizeof(printed));
		assert_true(strtod(printed, NULL) == number);
		if (number == floor(number) && number < 1e15)
			continue;			/* integers are written out */
		for (const char *c = printed; *c != '\0' && *c != 'e'; c++)
			if (*c != '.' && (digits > 0 || *c != '0'))
				digits++;
		if (digits > 1)
		{
			snprintf(shorter, sizeof(shorter), "%.*e", digits - 2, number);
			assert_true(strtod(shorter, NULL) != number);
		}
	}
}

static void
presets_are_valid(void **state)
{
	static const char *const names[] = {
		"ibsi_digital_phantom", "ibsi_config_a", "ibsi_config_b", "ibsi_config_c", "ibsi_config_d",
		"ibsi_config_e", "ibsi_phase3_ct", "ibsi_phase3_pet", "ibsi_phase3_mr"
	};
	RadContext *context = *state;

	/* One more is of another profile: test_pyradiomics_settings.c. */
	assert_int_equal(rad_preset_count, sizeof(names) / sizeof(names[0]) + 1);
	assert_null(rad_find_preset("ibsi_config_f"));
	for (int n = 0; n < rad_preset_count - 1; n++)
	{
		const SettingsPreset *preset = rad_find_preset(names[n]);
		Settings	settings;

		assert_ptr_equal(preset, &rad_presets[n]);
		assert_true(strlen(preset->description) > 10);
		rad_settings_default(&settings);
		if (!set_all(context, &settings, preset->json) ||
			!rad_settings_validate(context, &settings))
			fail_msg("%s: %s", preset->name, context->message);
	}
}

static void
load_preset(RadContext *context, const char *name, Settings *settings)
{
	rad_settings_default(settings);
	assert_true(set_all(context, settings, rad_find_preset(name)->json));
}

/* Against the table of processing settings in the IBSI reference manual. */
static void
presets_are_those_of_ibsi(void **state)
{
	const AggregationSet by_slice = 1u << AGGREGATION_2D_AVG | 1u << AGGREGATION_2D_MRG |
		1u << AGGREGATION_2_5D_AVG | 1u << AGGREGATION_2_5D_MRG;
	const AggregationSet by_volume = 1u << AGGREGATION_3D_AVG | 1u << AGGREGATION_3D_MRG;
	const AggregationSet merged = 1u << AGGREGATION_3D_MRG;
	const Interpolator linear = INTERPOLATOR_TRILINEAR;
	const Interpolator spline = INTERPOLATOR_TRICUBIC_SPLINE;
	const Discretisation none = DISCRETISATION_NONE;
	const Discretisation number = DISCRETISATION_FIXED_BIN_NUMBER;
	const Discretisation size = DISCRETISATION_FIXED_BIN_SIZE;
	const struct
	{
		const char *name;
		double		in_plane;
		double		between;
		Interpolator image;
		bool		rounded;
		double		low;
		double		high;
		double		sigma;
		Discretisation bins;
		double		bin;
		Discretisation ivh_bins;
		double		ivh_bin;
		AggregationSet aggregations;
	} expected[] = {
		{"ibsi_digital_phantom", 0, 0, spline, false, -INFINITY, INFINITY, 0, none, 0, none, 0,
		ALL_AGGREGATIONS},
		{"ibsi_config_a", 0, 0, spline, true, -500, 400, 0, size, 25, none, 0, by_slice},
		{"ibsi_config_b", 2, 0, linear, true, -500, 400, 0, number, 32, none, 0, by_slice},
		{"ibsi_config_c", 2, 2, linear, true, -1000, 400, 0, size, 25, size, 2.5, by_volume},
		{"ibsi_config_d", 2, 2, linear, true, -INFINITY, INFINITY, 3, number, 32, none, 0, by_volume},
		{"ibsi_config_e", 2, 2, spline, true, -1000, 400, 3, number, 32, number, 1000, by_volume},
		{"ibsi_phase3_ct", 1, 1, spline, true, -200, 200, 0, size, 10, none, 0, merged},
		{"ibsi_phase3_pet", 3, 3, spline, false, 0, INFINITY, 0, size, 0.25, size, 0.1, merged},
		{"ibsi_phase3_mr", 1, 1, spline, false, 0, INFINITY, 0, size, 10, size, 1, merged},
	};

	for (size_t n = 0; n < sizeof(expected) / sizeof(expected[0]); n++)
	{
		Settings	settings;

		load_preset(*state, expected[n].name, &settings);
		assert_true(settings.resample_spacing[0] == expected[n].in_plane);
		assert_true(settings.resample_spacing[1] == expected[n].in_plane);
		assert_true(settings.resample_spacing[2] == expected[n].between);
		assert_int_equal(settings.image_interpolator, expected[n].image);
		assert_int_equal(settings.mask_interpolator, linear);
		assert_true(settings.mask_threshold == 0.5);
		assert_int_equal(settings.round_intensities, expected[n].rounded);
		assert_true(settings.resegmentation_range[0] == expected[n].low);
		assert_true(settings.resegmentation_range[1] == expected[n].high);
		assert_true(settings.outlier_sigma == expected[n].sigma);
		assert_int_equal(settings.discretisation, expected[n].bins);
		assert_true(expected[n].bins == none ||
					expected[n].bin == (expected[n].bins == size ? settings.bin_size :
										settings.bin_number));
		assert_int_equal(settings.ivh_discretisation, expected[n].ivh_bins);
		assert_true(expected[n].ivh_bins == none ||
					expected[n].ivh_bin == (expected[n].ivh_bins == size ? settings.ivh_bin_size :
											settings.ivh_bin_number));
		assert_int_equal(settings.aggregations, expected[n].aggregations);
		assert_int_equal(settings.glcm_distance, 1);
		assert_int_equal(settings.ngtdm_distance, 1);
		assert_int_equal(settings.ngldm_distance, 1);
		assert_int_equal(settings.ngldm_alpha, 0);
		assert_int_equal(settings.families, ALL_FAMILIES);
	}
}

static void
nearest_names_are_near(void **state)
{
	static const char *const names[] = {"bin_number", "bin_size", "frame", "a", "ab"};
	char		word[200];

	(void) state;
	assert_string_equal(rad_nearest_name("bin_number", names, 5), "bin_number");
	assert_string_equal(rad_nearest_name("bin_numbre", names, 5), "bin_number");
	assert_string_equal(rad_nearest_name("BIN-SIZE", names, 5), "bin_size");
	assert_string_equal(rad_nearest_name("binsize", names, 5), "bin_size");
	assert_string_equal(rad_nearest_name("frmae", names, 5), "frame");
	assert_null(rad_nearest_name("", names, 5));
	assert_null(rad_nearest_name("z", names, 4));
	assert_null(rad_nearest_name("spacing", names, 5));
	assert_null(rad_nearest_name("frame", names, 0));
	memset(word, 'a', sizeof(word));
	word[64] = '\0';
	assert_null(rad_nearest_name(word, names, 5));
	word[64] = 'a';
	word[65] = '\0';
	assert_null(rad_nearest_name(word, names, 5));
}

/* Memory that runs out is an error, not a crash. */
static void *
no_memory(void *allocator, size_t size)
{
	(void) allocator;
	(void) size;
	return NULL;
}

static void
canonical_may_lack_memory(void **state)
{
	RadContext	context = {.allocate = no_memory};
	Settings	settings;

	(void) state;
	rad_settings_default(&settings);
	assert_null(rad_settings_canonical(&context, &settings));
	assert_int_equal(context.code, RAD_OUT_OF_MEMORY);
}

int
main(void)
{
#define SETTINGS_TEST(function) \
	cmocka_unit_test_setup_teardown(function, create_context, destroy_context)
	const struct CMUnitTest tests[] = {
		SETTINGS_TEST(defaults_are_as_documented),
		SETTINGS_TEST(good_values_are_taken),
		SETTINGS_TEST(names_reach_their_members),
		SETTINGS_TEST(bad_values_are_refused),
		SETTINGS_TEST(numbers_must_be_finite),
		SETTINGS_TEST(long_values_are_cut),
		SETTINGS_TEST(long_lists_can_be_cancelled),
		SETTINGS_TEST(unused_bins_are_refused),
		SETTINGS_TEST(something_must_be_wanted),
		SETTINGS_TEST(canonical_reads_back),
		SETTINGS_TEST(numbers_are_shortest),
		SETTINGS_TEST(presets_are_valid),
		SETTINGS_TEST(presets_are_those_of_ibsi),
		SETTINGS_TEST(nearest_names_are_near),
		SETTINGS_TEST(canonical_may_lack_memory),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
