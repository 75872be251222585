/*
 * PyRadiomics' settings: which parameter files pass, what they mean, and the
 * canonical form.  JSON is read as the YAML that it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pyradiomics/parameter_file.h"
#include "pyradiomics/profile.h"
#include "pyradiomics/settings_table.h"
#include "pyradiomics/yaml_scalar.h"

#include "pyradiomics_parameter_files.h"

static int
set_up(void **state)
{
	*state = rad_context_create();
	return *state == NULL;
}

static int
tear_down(void **state)
{
	rad_context_destroy(*state);
	return 0;
}

#ifdef RAD_HAVE_YAML

static bool
try_settings(RadContext *context, const char *json, ProfileSettings *settings)
{
	SettingValue value;

	rad_clear_error(context);
	if (!rad_yaml_parse(context, json, strlen(json), &value))
		fail_msg("%s: %s", json, context->message);
	return rad_profile_parse(context, &value, PROFILE_PYRADIOMICS, settings);
}

static PyradiomicsSettings
parse(RadContext *context, const char *json)
{
	ProfileSettings settings;

	if (!try_settings(context, json, &settings))
		fail_msg("%s: %s", json, context->message);
	assert_int_equal(settings.profile, PROFILE_PYRADIOMICS);
	return settings.pyradiomics;
}

static PyradiomicsSettings
parse_file(RadContext *context, const char *text)
{
	char	   *json = rad_pyradiomics_from_file(context, text, strlen(text));

	if (json == NULL)
		fail_msg("%s: %s", text, context->message);
	return parse(context, json);
}

static void
assert_refused(RadContext *context, const char *json, const char *message, const char *hint)
{
	ProfileSettings settings;

	if (try_settings(context, json, &settings))
		fail_msg("accepted: %s", json);
	assert_int_equal(context->code, RAD_INVALID_PARAMETER);
	assert_string_equal(context->message, message);
	assert_string_equal(context->hint, hint);
}

static void
files_pass_as_in_pyradiomics(void **state)
{
	RadContext *context = *state;
	size_t		count = sizeof(parameter_file_verdicts) / sizeof(parameter_file_verdicts[0]);

	for (size_t n = 0; n < count; n++)
	{
		const char *text = parameter_file_verdicts[n].text;
		bool		accepted;

		rad_clear_error(context);
		accepted = rad_pyradiomics_from_file(context, text, strlen(text)) != NULL;
		if (accepted != parameter_file_verdicts[n].accepted)
			fail_msg("%s: %s%s", text, accepted ? "accepted" : "refused: ", context->message);
		if (!accepted)
			assert_true(context->code == RAD_INVALID_PARAMETER && context->message[0] != '\0');
	}
}

/* The table against the list of PyRadiomics' documentation. */
static void
defaults_are_those_of_pyradiomics(void **state)
{
	PyradiomicsSettings settings = parse(*state, "{}");
	const PyradiomicsOptions *options = &settings.options;
	int			sections[PYRADIOMICS_SECTION_COUNT] = {0};

	for (int key = 0; key < PYRADIOMICS_KEY_COUNT; key++)
		sections[rad_pyradiomics_entries[key].section]++;
	assert_int_equal(sections[PYRADIOMICS_SECTION_SETTING], 37);
	assert_int_equal(sections[PYRADIOMICS_SECTION_VOXEL], 4);
	assert_int_equal(options->minimum_roi_dimensions, 2);
	assert_int_equal(options->minimum_roi_size, -1);
	assert_int_equal(options->label, 1);
	assert_int_equal(options->interpolator, 3);
	assert_int_equal(options->pad_distance, 5);
	assert_int_equal(options->bin_count, 0);
	assert_int_equal(options->lbp2d_samples, 8);
	assert_int_equal(options->lbp2d_method, PYRADIOMICS_LBP2D_UNIFORM);
	assert_int_equal(options->weighting_norm, PYRADIOMICS_WEIGHTING_NULL);
	assert_int_equal(options->kernel_radius, 1);
	assert_true(options->bin_width == 25 && options->normalize_scale == 1);
	assert_true(options->symmetrical_glcm && options->masked_kernel);
	assert_string_equal(options->wavelet, "coif1");
	assert_int_equal(options->distances.count, 1);
	assert_true(options->distances.values[0] == 1);
	assert_int_equal(options->sigma.count, 0);
	assert_int_equal(options->resegment_range.count, 0);
	assert_int_equal(settings.image_count, 1);
	assert_int_equal(settings.images[0].type, PYRADIOMICS_ORIGINAL);
	assert_int_equal(settings.class_count, 7);
	assert_false(settings.label_given);
	assert_int_equal(settings.frame, -1);
}

static void
default_run_has_107_features(void **state)
{
	PyradiomicsSettings settings = parse(*state, "{}");
	static const int expected[] = {18, 24, 14, 16, 16, 5, 14};
	int			total = 0;

	assert_int_equal(PYRADIOMICS_FEATURE_COUNT, 127);
	for (int n = 0; n < settings.class_count; n++)
	{
		assert_int_equal(settings.classes[n].class_id, n);
		assert_int_equal(settings.classes[n].count, expected[n]);
		total += settings.classes[n].count;
	}
	assert_int_equal(total, 107);
	for (int n = 0; n < PYRADIOMICS_CLASS_COUNT; n++)
	{
		const PyradiomicsClassEntry *entry = &rad_pyradiomics_classes[n];

		assert_true(entry->count <= PYRADIOMICS_CLASS_SIZE);
		for (int m = 0; m < entry->count; m++)
			assert_int_equal(rad_pyradiomics_features[entry->first + m].class_id, n);
		/* PyRadiomics sorts its methods, getMeanFeatureValue and so on. */
		for (int m = 1; m < entry->count; m++)
		{
			char		before[100];
			char		after[100];

			snprintf(before, sizeof(before), "get%sFeatureValue",
					 rad_pyradiomics_features[entry->first + m - 1].name);
			snprintf(after, sizeof(after), "get%sFeatureValue",
					 rad_pyradiomics_features[entry->first + m].name);
			assert_true(strcmp(before, after) < 0);
		}
	}
}

static void
a_file_without_classes_has_all_eight(void **state)
{
	PyradiomicsSettings settings = parse_file(*state, "setting: {binWidth: 5}");

	assert_int_equal(settings.class_count, 8);
	assert_non_null(rad_pyradiomics_class(&settings, PYRADIOMICS_shape2D));
	assert_true(settings.options.bin_width == 5);
	settings = parse_file(*state, "featureClass: {}");
	assert_int_equal(settings.class_count, 8);
	settings = parse(*state, "{featureClass: {}}");
	assert_int_equal(settings.class_count, 8);
}

static void
order_is_that_of_the_file(void **state)
{
	PyradiomicsSettings settings = parse_file(*state,
		"imageType: {Wavelet: {}, LoG: {sigma: [3, 1.0]}, Original: {binWidth: 7}}\n"
		"featureClass: {ngtdm: , glcm: [SumAverage, Contrast, SumAverage, Dissimilarity]}\n"
		"setting: {binWidth: 9}");
	const PyradiomicsClassChoice *glcm = rad_pyradiomics_class(&settings, PYRADIOMICS_glcm);
	char		text[PYRADIOMICS_NUMBER_SIZE];

	assert_int_equal(settings.image_count, 3);
	assert_int_equal(settings.images[0].type, PYRADIOMICS_WAVELET);
	assert_int_equal(settings.images[1].type, PYRADIOMICS_LOG);
	assert_int_equal(settings.images[2].type, PYRADIOMICS_ORIGINAL);
	assert_true(settings.images[0].options.bin_width == 9);
	assert_true(settings.images[2].options.bin_width == 7);
	assert_true(settings.options.bin_width == 9);
	assert_int_equal(settings.images[1].options.sigma.count, 2);
	rad_pyradiomics_number_text(&settings.images[1].options.sigma, 0, text);
	assert_string_equal(text, "3");
	rad_pyradiomics_number_text(&settings.images[1].options.sigma, 1, text);
	assert_string_equal(text, "1.0");
	assert_int_equal(settings.class_count, 2);
	assert_int_equal(settings.classes[0].class_id, PYRADIOMICS_ngtdm);
	assert_int_equal(settings.classes[0].count, 5);
	assert_int_equal(glcm->count, 3);
	assert_int_equal(glcm->features[0], PYRADIOMICS_glcm_SumAverage);
	assert_int_equal(glcm->features[1], PYRADIOMICS_glcm_Contrast);
	assert_int_equal(glcm->features[2], PYRADIOMICS_glcm_Dissimilarity);

	/* An object has no order: that of PyRadiomics' own lists. */
	settings = parse(*state, "{imageType: {Wavelet: {}, Original: {}}, "
					 "featureClass: {shape: [], glcm: []}}");
	assert_int_equal(settings.images[0].type, PYRADIOMICS_ORIGINAL);
	assert_int_equal(settings.classes[0].class_id, PYRADIOMICS_glcm);
	settings = parse(*state, "{imageType: [Wavelet, {Original: {}}], featureClass: [shape, {glcm: "
					 "[MCC]}]}");
	assert_int_equal(settings.images[0].type, PYRADIOMICS_WAVELET);
	assert_int_equal(settings.classes[0].class_id, PYRADIOMICS_shape);
	assert_int_equal(settings.classes[1].count, 1);
}

/* repr() of Python 3.11. */
static void
numbers_read_as_in_python(void **state)
{
	static const struct
	{
		double		number;
		const char *text;
	} expected[] = {
		{1, "1.0"}, {2.5, "2.5"}, {0.1, "0.1"}, {1e-4, "0.0001"}, {1e-5, "1e-05"},
		{1.5e-7, "1.5e-07"}, {123456789.125, "123456789.125"}, {1e15, "1000000000000000.0"},
		{1e16, "1e+16"}, {1.25e22, "1.25e+22"}, {0.30000000000000004, "0.30000000000000004"},
		{100, "100.0"}, {5e-324, "5e-324"}, {1.7976931348623157e308, "1.7976931348623157e+308"}
	};
	PyradiomicsList list = {.count = 1};
	char		text[PYRADIOMICS_NUMBER_SIZE];

	(void) state;
	for (size_t n = 0; n < sizeof(expected) / sizeof(expected[0]); n++)
	{
		list.values[0] = expected[n].number;
		rad_pyradiomics_number_text(&list, 0, text);
		assert_string_equal(text, expected[n].text);
	}
}

static void
single_keys_win_over_sections(void **state)
{
	PyradiomicsSettings settings = parse(*state,
		"{setting: {binWidth: 9, label: 4}, binWidth: 3, kernelRadius: 2, voxelSetting: "
		"{initValue: nan}, on_error: 'null', diagnostics: true, frame: 2, imageType: "
		"{Original: {binWidth: 5}, Square: {}}}");

	assert_true(settings.options.bin_width == 3);
	assert_true(settings.images[0].options.bin_width == 5);
	assert_true(settings.images[1].options.bin_width == 3);
	assert_int_equal(settings.options.kernel_radius, 2);
	assert_true(isnan(settings.options.init_value));
	assert_int_equal(settings.options.label, 4);
	assert_true(settings.label_given);
	assert_true(settings.on_error_null && settings.diagnostics);
	assert_int_equal(settings.frame, 2);
}

static void
null_means_what_pyradiomics_makes_of_it(void **state)
{
	PyradiomicsSettings settings = parse(*state,
		"{setting: {normalize: null, interpolator: null, resampledPixelSpacing: [1, 1, 1], "
		"additionalInfo: null, symmetricalGLCM: null, gradientUseSpacing: null, binCount: 3, "
		"weightingNorm: null, padDistance: null, normalizeScale: null, sigma: null, label: null, "
		"force2Ddimension: null, resegmentMode: null, geometryTolerance: null, "
		"lbp2DMethod: null, force2D: null, distances: null}, featureClass: [firstorder], "
		"imageType: {Original: {minimumROIDimensions: null}}}");

	assert_int_equal(settings.options.interpolator, 0);
	assert_false(settings.options.symmetrical_glcm);
	assert_false(settings.options.additional_info);
	assert_false(settings.label_given);

	/* Fine while nothing looks at it. */
	settings = parse(*state, "{binWidth: null, binCount: 8}");
	assert_int_equal(settings.options.bin_count, 8);
	assert_refused(*state, "{binWidth: null}", "setting \"binWidth\" is null, but used",
				   "PyRadiomics accepts this in a file and then fails. Give a number above 0.");
	assert_refused(*state, "{sigma: null, imageType: {LoG: {}}}",
				   "setting \"sigma\" is null, but used",
				   "PyRadiomics accepts this in a file and then fails. Give a list, each "
				   "element of it a number above 0.");
	assert_refused(*state, "{force2D: true, force2Ddimension: null}",
				   "setting \"force2Ddimension\" is null, but used",
				   "PyRadiomics accepts this in a file and then fails. Give an integer from 0 "
				   "to 2.");
	assert_refused(*state, "{featureClass: [gldm], gldm_a: null}",
				   "setting \"gldm_a\" is null, but used",
				   "PyRadiomics accepts this in a file and then fails. Give an integer of at "
				   "least 0.");
	parse(*state, "{featureClass: [glcm], gldm_a: null}");
	assert_refused(*state, "{featureClass: [glrlm], force2D: null}",
				   "setting \"force2D\" is null, but used",
				   "PyRadiomics accepts this in a file and then fails. Give true or false.");
	assert_refused(*state, "{gradientUseSpacing: null, imageType: [Gradient]}",
				   "setting \"gradientUseSpacing\" is null, but used",
				   "PyRadiomics accepts this in a file and then fails. Give true or false.");
	assert_refused(*state, "{minimumROIDimensions: null}",
				   "setting \"minimumROIDimensions\" is null, but used",
				   "PyRadiomics accepts this in a file and then fails. Give an integer from 1 to 3.");
}

/* An image type's label would pick other voxels inside the region's box. */
static void
image_types_share_the_label(void **state)
{
	ProfileSettings settings;

	parse(*state, "{label: 2, imageType: {Original: {label: 2}}}");
	assert_false(try_settings(*state, "{label: 2, imageType: {Original: {label: 3}}}", &settings));
	assert_int_equal(((RadContext *) *state)->code, RAD_NOT_SUPPORTED);
}

static void
interpolators_have_names_and_numbers(void **state)
{
	assert_int_equal(parse(*state, "{interpolator: 3}").options.interpolator, 3);
	assert_int_equal(parse(*state, "{interpolator: sitkLinear}").options.interpolator, 2);
	assert_int_equal(parse(*state, "{interpolator: sitkBlackmanWindowedSinc}").options.interpolator,
					 10);
	assert_refused(*state, "{interpolator: sitkBspline}",
				   "invalid value for setting \"interpolator\": \"sitkBspline\"",
				   "Did you mean \"sitkBSpline\"? Give \"sitkNearestNeighbor\", \"sitkLinear\", "
				   "\"sitkBSpline\", \"sitkGaussian\", \"sitkLabelGaussian\", "
				   "\"sitkHammingWindowedSinc\", \"sitkCosineWindowedSinc\", "
				   "\"sitkWelchWindowedSinc\", \"sitkLanczosWindowedSinc\" or "
				   "\"sitkBlackmanWindowedSinc\" or null.");
}

static void
mistakes_are_named(void **state)
{
	assert_refused(*state, "{binWith: 3}", "unknown setting \"binWith\"",
				   "Did you mean \"binWidth\"?");
	assert_refused(*state, "{setting: {binwidth: 3}}", "unknown setting \"binwidth\"",
				   "Did you mean \"binWidth\"?");
	assert_refused(*state, "{imageType: {LoG: {sigmas: [3]}}}",
				   "unknown setting \"sigmas\" of image type \"LoG\"", "Did you mean \"sigma\"?");
	assert_refused(*state, "{imageType: {LoG: {sigma: [0]}}}",
				   "invalid value for setting \"sigma\" of image type \"LoG\": [0]",
				   "Give a list, each element of it a number above 0.");
	assert_refused(*state, "{imageType: {log: {}}}", "unknown image type \"log\"",
				   "Did you mean \"LoG\"?");
	assert_refused(*state, "{imageType: [LoG, LoG]}", "image type \"LoG\" is given twice", "");
	assert_refused(*state, "{featureClass: [glcm, {glcm: []}]}",
				   "feature class \"glcm\" is given twice", "");
	assert_refused(*state, "{featureClass: {glcms: []}}", "unknown feature class \"glcms\"",
				   "Did you mean \"glcm\"?");
	assert_refused(*state, "{featureClass: {glcm: [Contrst]}}",
				   "unknown feature \"Contrst\" of class \"glcm\"", "Did you mean \"Contrast\"?");
	assert_refused(*state, "{wavelet: coif}", "invalid value for setting \"wavelet\": \"coif\"",
				   "Did you mean \"coif1\"? Give the name of a wavelet in PyWavelets, such as "
				   "\"coif1\" or \"bior2.2\".");
	assert_refused(*state, "{resegmentRange: [1, 2, 3]}",
				   "invalid value for setting \"resegmentRange\": [1, 2, 3]",
				   "Give a list of one or two, each a number or null.");
	assert_refused(*state, "{resampledPixelSpacing: [1]}",
				   "invalid value for setting \"resampledPixelSpacing\": [1]",
				   "Give a list of one per axis, each a number of at least 0 or null.");
	assert_refused(*state, "{imageType: [Wavelet], wavelet: mexh}",
				   "wavelet \"mexh\" is continuous, which no image can be decomposed with",
				   "PyRadiomics accepts its name in a file and then fails. Give a discrete "
				   "wavelet, such as \"coif1\" or \"bior2.2\".");
	parse(*state, "{wavelet: mexh}");
	assert_refused(*state, "{binWidth: .nan}", "invalid value for setting \"binWidth\": \"nan\"",
				   "Give a number above 0.");
	assert_refused(*state, "{binCount: 16.0}", "invalid value for setting \"binCount\": 16.0",
				   "Give an integer above 0 or null.");
	assert_refused(*state, "{bin_size: 3}", "unknown setting \"bin_size\"",
				   "Setting \"bin_size\" belongs to the profile \"ibsi\", which these settings do "
				   "not have.");
	assert_refused(*state, "{profile: ibsi, binWidth: 3}", "unknown setting \"binWidth\"",
				   "It is a setting of PyRadiomics: add \"profile\": \"pyradiomics\".");
	assert_refused(*state, "{profile: mirp}", "invalid value for setting \"profile\": \"mirp\"",
				   "Give \"ibsi\" or \"pyradiomics\".");
	assert_refused(*state, "[]", "settings must be a JSON object",
				   "Write '{}' for the defaults, or for example '{\"bin_number\": 64}'.");
}

static void
a_list_has_an_end(void **state)
{
	char		json[4096] = "{distances: [1";
	ProfileSettings settings;
	PyradiomicsSettings repeated = parse(*state, "{sigma: [2, 1.5, 2, 2.0, 1.5]}");

	/* A sigma that is given twice gives its features once. */
	assert_int_equal(repeated.options.sigma.count, 3);
	assert_true(repeated.options.sigma.integers == 1);
	assert_true(repeated.options.sigma.values[2] == 2.0);

	for (int n = 1; n < PYRADIOMICS_LIST_SIZE; n++)
		strcat(json, ", 1");
	strcat(json, "]}");
	assert_int_equal(parse(*state, json).options.distances.count, PYRADIOMICS_LIST_SIZE);
	strcpy(strchr(json, ']'), ", 1]}");
	assert_false(try_settings(*state, json, &settings));
	assert_int_equal(((RadContext *) *state)->code, RAD_LIMIT_EXCEEDED);
}

static void
profiles_are_chosen(void **state)
{
	ProfileSettings settings;
	const SettingsPreset *preset = rad_find_preset("pyradiomics_default");

	assert_true(try_settings(*state, preset->json, &settings));
	assert_int_equal(settings.profile, PROFILE_PYRADIOMICS);
	assert_true(try_settings(*state, "{profile: ibsi, bin_number: 64, on_error: 'null'}", &settings));
	assert_int_equal(settings.profile, PROFILE_IBSI);
	assert_int_equal(settings.ibsi.bin_number, 64);
	assert_true(settings.ibsi.on_error_null);
	assert_string_equal(rad_profile_canonical(*state, &settings),
						rad_settings_canonical(*state, &settings.ibsi));
}

/* ------------------------------------------------------------ canonical form */

static const char *
canonical(RadContext *context, const char *json)
{
	PyradiomicsSettings settings = parse(context, json);

	return rad_pyradiomics_canonical(context, &settings);
}

static void
canonical_form_is_complete(void **state)
{
	const char *text = canonical(*state, "{}");
	ProfileSettings again;

	for (int key = 0; key < PYRADIOMICS_KEY_COUNT; key++)
	{
		char		member[80];

		snprintf(member, sizeof(member), "\"%s\": ", rad_pyradiomics_entries[key].key);
		if (strstr(text, member) == NULL)
			fail_msg("no %s", member);
	}
	assert_true(try_settings(*state, text, &again));
}

static void
canonical_form_is_its_own(void **state)
{
	static const char *const given[] = {
		"{}",
		"{imageType: [{LoG: {sigma: [3, 1.0, 1e-5]}}, {Original: {binWidth: 3, binCount: 4}}, "
		"Wavelet], featureClass: [{glcm: [MCC, Contrast]}, shape], label: 3, wavelet: bior2.2, "
		"distances: [1, 2], weightingNorm: manhattan, resegmentRange: [-3, .inf], "
		"resegmentMode: sigma, initValue: nan, voxelBatch: 10, interpolator: 10, "
		"resampledPixelSpacing: [1, 0, 2.5], minimumROISize: 3, removeOutliers: 3, frame: 1, "
		"on_error: 'null', diagnostics: true, binWidth: 0.1, geometryTolerance: 1e-16}",
		("{binWidth: null, binCount: 8, sigma: null, padDistance: null, distances: [], "
		 "imageType: [{Original: {binWidth: 4, binCount: null}}]}")
	};

	for (size_t n = 0; n < sizeof(given) / sizeof(given[0]); n++)
	{
		const char *once = canonical(*state, given[n]);

		assert_string_equal(canonical(*state, once), once);
	}
}

static void
equal_meaning_has_equal_form(void **state)
{
	assert_string_equal(canonical(*state, "{binWidth: 25.0, imageType: {Original: {binWidth: 25}}}"),
						canonical(*state, "{setting: {binWidth: 25}}"));
	assert_string_equal(canonical(*state, "{resampledPixelSpacing: [1.0, 1.0, 1.0]}"),
						canonical(*state, "{resampledPixelSpacing: [1, 1, 1], interpolator: 3}"));
	assert_string_equal(canonical(*state, "{featureClass: [{ngtdm: []}]}"),
						canonical(*state, "{featureClass: [{ngtdm: [Busyness, Coarseness, Complexity, "
								  "Contrast, Strength]}]}"));
	assert_string_not_equal(canonical(*state, "{imageType: [{LoG: {sigma: [1]}}]}"),
							canonical(*state, "{imageType: [{LoG: {sigma: [1.0]}}]}"));
	assert_string_not_equal(canonical(*state, "{label: 1}"), canonical(*state, "{}"));
}

/* --------------------------------------------------- upstream's example files */

/*
 * The eight example files of PyRadiomics, written anew from the facts in them:
 * image types, LoG sigmas, spacing, bin width and so on.
 */
#define GLCM_22 \
	"  glcm: [Autocorrelation, JointAverage, ClusterProminence, ClusterShade, ClusterTendency,\n" \
	"    Contrast, Correlation, DifferenceAverage, DifferenceEntropy, DifferenceVariance,\n" \
	"    JointEnergy, JointEntropy, Imc1, Imc2, Idm, Idmn, Id, Idn, InverseVariance,\n" \
	"    MaximumProbability, SumEntropy, SumSquares]\n"
#define CLASSES_3D \
	"featureClass:\n  shape:\n  firstorder:\n" GLCM_22 "  glrlm:\n  glszm:\n  gldm:\n"

static void
example_files_load(void **state)
{
	static const struct
	{
		const char *text;
		int			images;
		int			sigmas;
		int			classes;
		int			features;
		double		bin_width;
		double		spacing_x;
	} examples[] = {
		/* Params */
		{"setting: {binWidth: 25, label: 1, interpolator: sitkBSpline, resampledPixelSpacing: ,\n"
		"  weightingNorm: }\nimageType:\n  Original: {}\n"
		"featureClass:\n  shape: # all\n  firstorder: []\n" GLCM_22 "  glrlm:\n  glszm:\n  gldm:\n",
		1, 0, 6, 100, 25, 0},
		/* exampleCT */
		{"imageType:\n  Original: {}\n  LoG:\n    sigma: [1.0, 2.0, 3.0, 4.0, 5.0]\n  Wavelet: {}\n"
		CLASSES_3D "setting:\n  interpolator: 'sitkBSpline'\n  resampledPixelSpacing: [1, 1, 1]\n"
		"  padDistance: 10\n  binWidth: 25\n  voxelArrayShift: 1000\n  label: 1\n",
		3, 5, 6, 100, 25, 1},
		/* exampleMR_3mm */
		{"imageType:\n  Original: {}\n  LoG:\n    sigma: [2.0, 3.0, 4.0, 5.0]\n  Wavelet: {}\n"
		CLASSES_3D "setting:\n  normalize: true\n  normalizeScale: 100\n"
		"  interpolator: 'sitkBSpline'\n  resampledPixelSpacing: [2, 2, 2]\n  binWidth: 5\n"
		"  voxelArrayShift: 300\n  label: 1\n",
		3, 4, 6, 100, 5, 2},
		/* exampleMR_5mm */
		{"imageType:\n  Original: {}\n  LoG:\n    sigma: [3.0, 5.0]\n  Wavelet: {}\n"
		CLASSES_3D "setting:\n  normalize: true\n  normalizeScale: 100\n"
		"  interpolator: 'sitkBSpline'\n  resampledPixelSpacing: [3, 3, 3]\n  binWidth: 5\n"
		"  voxelArrayShift: 300\n  label: 1\n",
		3, 2, 6, 100, 5, 3},
		/* exampleMR_NoResampling */
		{"imageType:\n  Original: {}\n  LoG:\n    sigma: [1.0, 3.0, 5.0]\n  Wavelet: {}\n"
		CLASSES_3D "setting:\n  normalize: true\n  normalizeScale: 100\n  preCrop: true\n"
		"  force2D: true\n  force2Ddimension: 0\n  binWidth: 5\n  voxelArrayShift: 300\n  label: 1\n",
		3, 3, 6, 100, 5, 0},
		/* MR_2D_extraction */
		{"imageType:\n  Original: {}\n  LoG:\n    sigma: [2.0, 3.0, 4.0, 5.0]\n  Wavelet: {}\n"
		"featureClass:\n  shape2D:\n  firstorder:\n" GLCM_22
		"  glrlm:\n  glszm:\n  gldm:\n  ngtdm:\n"
		"setting:\n  normalize: true\n  normalizeScale: 100\n  interpolator: 'sitkBSpline'\n"
		"  resampledPixelSpacing: [2, 2, 0]\n  padDistance: 10\n  preCrop: true\n  force2D: true\n"
		"  force2Ddimension: 0\n  binWidth: 5\n  voxelArrayShift: 300\n  label: 1\n",
		3, 4, 7, 100, 5, 2},
		/* exampleVoxel */
		{"imageType:\n  Original: {}\nfeatureClass:\n  glcm:\n    - JointEntropy\n"
		"setting:\n  binWidth: 25\n  force2D: true\n  label: 1\n"
		"voxelSetting:\n  kernelRadius: 2\n  maskedKernel: true\n  initValue: nan\n"
		"  voxelBatch: 10000\n",
		1, 0, 1, 1, 25, 0},
		/* example_allShape */
		{"setting:\n  label: 1\n  interpolator: 'sitkBSpline'\n  resampledPixelSpacing:\n"
		"featureClass:\n  shape: [VoxelVolume, MeshVolume, SurfaceArea, SurfaceVolumeRatio,\n"
		"    Compactness1, Compactness2, Sphericity, SphericalDisproportion, Maximum3DDiameter,\n"
		"    Maximum2DDiameterSlice, Maximum2DDiameterColumn, Maximum2DDiameterRow,\n"
		"    MajorAxisLength, MinorAxisLength, LeastAxisLength, Elongation, Flatness]\n",
		1, 0, 1, 17, 25, 0},
	};

	for (size_t n = 0; n < sizeof(examples) / sizeof(examples[0]); n++)
	{
		PyradiomicsSettings settings = parse_file(*state, examples[n].text);
		int			features = 0;

		for (int m = 0; m < settings.class_count; m++)
			features += settings.classes[m].count;
		assert_int_equal(settings.image_count, examples[n].images);
		if (settings.image_count == 3)
			assert_int_equal(settings.images[1].options.sigma.count, examples[n].sigmas);
		assert_int_equal(settings.class_count, examples[n].classes);
		assert_int_equal(features, examples[n].features);
		assert_true(settings.options.bin_width == examples[n].bin_width);
		assert_true(settings.options.resampled_pixel_spacing.values[0] == examples[n].spacing_x);
		assert_true(settings.label_given || n == 0 || settings.options.label == 1);
	}
}

static void
bad_yaml_has_a_place(void **state)
{
	RadContext *context = *state;
	char	   *deep = rad_new(context, char, 200);
	static const char bytes[] = "setting: {label: \xff}";

	assert_null(rad_pyradiomics_from_file(context, "setting: {a\n b: [}", 17));
	assert_int_equal(context->code, RAD_INVALID_PARAMETER);
	assert_non_null(strstr(context->message, "line 2"));
	memset(deep, '[', 200);
	assert_null(rad_pyradiomics_from_file(context, deep, 200));
	assert_non_null(strstr(context->message, "nested too deep"));
	assert_null(rad_pyradiomics_from_file(context, "a: &x [*x]", 10));
	assert_non_null(strstr(context->message, "alias"));
	assert_null(rad_pyradiomics_from_file(context, bytes, sizeof(bytes) - 1));
	assert_null(rad_pyradiomics_from_file(context, bytes, (size_t) 1 << 21));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
}

#else

static void
yaml_needs_its_library(void **state)
{
	RadContext *context = *state;

	assert_null(rad_pyradiomics_from_file(context, "{}", 2));
	assert_int_equal(context->code, RAD_NOT_SUPPORTED);
	assert_non_null(strstr(context->message, "libyaml"));
}

#endif							/* RAD_HAVE_YAML */

int
main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef RAD_HAVE_YAML
		cmocka_unit_test_setup_teardown(files_pass_as_in_pyradiomics, set_up, tear_down),
		cmocka_unit_test_setup_teardown(defaults_are_those_of_pyradiomics, set_up, tear_down),
		cmocka_unit_test_setup_teardown(default_run_has_107_features, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_without_classes_has_all_eight, set_up, tear_down),
		cmocka_unit_test_setup_teardown(order_is_that_of_the_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_read_as_in_python, set_up, tear_down),
		cmocka_unit_test_setup_teardown(single_keys_win_over_sections, set_up, tear_down),
		cmocka_unit_test_setup_teardown(null_means_what_pyradiomics_makes_of_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(image_types_share_the_label, set_up, tear_down),
		cmocka_unit_test_setup_teardown(interpolators_have_names_and_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mistakes_are_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_list_has_an_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(profiles_are_chosen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(canonical_form_is_complete, set_up, tear_down),
		cmocka_unit_test_setup_teardown(canonical_form_is_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(equal_meaning_has_equal_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(example_files_load, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_yaml_has_a_place, set_up, tear_down),
#else
		cmocka_unit_test_setup_teardown(yaml_needs_its_library, set_up, tear_down),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
