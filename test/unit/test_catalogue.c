/*
 * The catalogue of features against the IBSI list of features (features.csv of
 * the reference data) and against itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"

/* Number of features of each family in the IBSI reference manual. */
static const struct
{
	const char *name;
	int			count;
} ibsi_families[] = {
	{"morphology", 29}, {"local_intensity", 2}, {"intensity_statistics", 18},
	{"intensity_histogram", 23}, {"intensity_volume_histogram", 7}, {"glcm", 25}, {"glrlm", 16},
	{"glszm", 16}, {"gldzm", 16}, {"ngtdm", 5}, {"ngldm", 17},
};

/* A file of the reference data, which lie beside the checkout, or NULL. */
static FILE *
open_reference(const char *name)
{
	const char *folders[] = {getenv("RADIOMICS_SHARED"), "../shared", "../../../shared"};

	for (size_t n = 0; n < sizeof(folders) / sizeof(folders[0]); n++)
	{
		char		path[1024];
		FILE	   *file;

		if (folders[n] == NULL)
			continue;
		snprintf(path, sizeof(path), "%s/data/%s", folders[n], name);
		file = fopen(path, "r");
		if (file != NULL)
			return file;
	}
	print_message("SKIP: reference data %s not found; set RADIOMICS_SHARED\n", name);
	return NULL;
}

/* Split a line at its commas; none of the columns compared is ever quoted. */
static int
split(char *line, char **fields, int most)
{
	int			count = 0;

	line[strcspn(line, "\r\n")] = '\0';
	for (char *rest = line; rest != NULL && count < most; count++)
		fields[count] = strsep(&rest, ",");
	return count;
}

static void
families_are_consistent(void **state)
{
	int			first = 0;

	(void) state;
	assert_int_equal(FEATURE_COUNT, 174);
	assert_int_equal(FAMILY_COUNT, sizeof(ibsi_families) / sizeof(ibsi_families[0]));
	for (int family = 0; family < FAMILY_COUNT; family++)
	{
		const FamilyEntry *entry = &rad_families[family];

		assert_string_equal(entry->name, ibsi_families[family].name);
		assert_int_equal(entry->count, ibsi_families[family].count);
		assert_int_equal(entry->first, first);
		for (int n = 0; n < entry->count; n++)
			assert_int_equal(rad_features[first + n].family, family);
		first += entry->count;
	}
	assert_int_equal(first, FEATURE_COUNT);
}

static void
names_are_unique(void **state)
{
	(void) state;
	for (int a = 0; a < FEATURE_COUNT; a++)
		for (int b = 0; b < a; b++)
		{
			assert_string_not_equal(rad_features[a].tag, rad_features[b].tag);
			assert_string_not_equal(rad_features[a].code, rad_features[b].code);
			if (rad_features[a].pyradiomics != NULL && rad_features[b].pyradiomics != NULL)
				assert_string_not_equal(rad_features[a].pyradiomics, rad_features[b].pyradiomics);
		}
}

static void
features_are_found_by_name(void **state)
{
	(void) state;
	for (int id = 0; id < FEATURE_COUNT; id++)
		assert_int_equal(rad_find_feature(rad_features[id].tag), id);
	assert_int_equal(rad_find_feature("morph"), -1);
}

static void
texts_are_filled(void **state)
{
	static const char *const units[] = {
		"mm3", "mm2", "1/mm", "mm", "1", "bit", "intensity", "intensity2", "intensity mm3"
	};

	(void) state;
	for (int id = 0; id < FEATURE_COUNT; id++)
	{
		const FeatureEntry *feature = &rad_features[id];
		size_t		length = strlen(feature->definition);
		size_t		range_length = strlen(feature->range);
		bool		known_unit = false;

		assert_true(length > 10);
		assert_int_equal(feature->definition[length - 1], '.');
		for (const char *c = feature->definition; *c != '\0'; c++)
			assert_true(isprint((unsigned char) *c));
		assert_int_equal(strlen(feature->code), 4);
		assert_true(strlen(feature->name) > 3);

		assert_true(range_length >= 5);
		assert_non_null(strchr("[(", feature->range[0]));
		assert_non_null(strchr("])", feature->range[range_length - 1]));
		assert_non_null(strstr(feature->range, ", "));

		for (size_t n = 0; n < sizeof(units) / sizeof(units[0]); n++)
			known_unit = known_unit || strcmp(feature->unit, units[n]) == 0;
		assert_true(known_unit);
		if (strstr(feature->tag, "_entr") != NULL)
			assert_string_equal(feature->unit, "bit");
	}
}

static void
aggregations_have_slots(void **state)
{
	(void) state;
	assert_null(rad_aggregation_label(FAMILY_MORPHOLOGY, AGGREGATION_3D_MRG));
	assert_int_equal(rad_aggregation_slot(FAMILY_MORPHOLOGY, AGGREGATION_3D_MRG), 0);
	assert_string_equal(rad_aggregation_label(FAMILY_GLCM, AGGREGATION_2_5D_AVG), "2.5D_avg");
	assert_int_equal(rad_aggregation_slot(FAMILY_GLCM, AGGREGATION_2_5D_AVG), 2);
	assert_string_equal(rad_aggregation_label(FAMILY_NGTDM, AGGREGATION_2D_AVG), "2D");
	assert_string_equal(rad_aggregation_label(FAMILY_NGTDM, AGGREGATION_2_5D_MRG), "2.5D");
	assert_string_equal(rad_aggregation_label(FAMILY_GLDZM, AGGREGATION_3D_MRG), "3D");
	assert_int_equal(rad_aggregation_slot(FAMILY_GLDZM, AGGREGATION_3D_MRG), 2);
}

/* The names of a family's aggregations as the list writes them: "2D|2.5D|3D". */
static void
write_aggregations(Family family, char *text, size_t size)
{
	int			last_slot = -1;

	text[0] = '\0';
	for (int n = 0; n < AGGREGATION_COUNT; n++)
	{
		const char *label = rad_aggregation_label(family, (Aggregation) n);
		int			slot = rad_aggregation_slot(family, (Aggregation) n);
		size_t		length = strlen(text);

		if (label == NULL || slot == last_slot)
			continue;
		snprintf(text + length, size - length, "%s%s", length > 0 ? "|" : "", label);
		last_slot = slot;
	}
}

/* order,family,family_code,feature,ibsi_code,ibsi_code_generic,base_tag,aggregations,... */
static void
list_is_that_of_ibsi(void **state)
{
	FILE	   *file = open_reference("ibsi1/features.csv");
	char		line[1024];
	int			id = -1;

	(void) state;
	if (file == NULL)
		skip();
	while (fgets(line, sizeof(line), file) != NULL)
	{
		char	   *fields[16];
		char		aggregations[100];

		assert_true(split(line, fields, 16) >= 8);
		if (id >= 0)
		{
			const FeatureEntry *feature;

			assert_true(id < FEATURE_COUNT);
			feature = &rad_features[id];
			assert_int_equal(atoi(fields[0]), id + 1);
			assert_string_equal(fields[1], rad_families[feature->family].name);
			assert_string_equal(fields[2], rad_families[feature->family].code);
			assert_string_equal(fields[3], feature->name);
			assert_string_equal(fields[4], feature->code);
			assert_string_equal(fields[6], feature->tag);
			write_aggregations(feature->family, aggregations, sizeof(aggregations));
			assert_string_equal(fields[7], aggregations);
		}
		id++;
	}
	fclose(file);
	assert_int_equal(id, FEATURE_COUNT);
}

/* class,feature,deprecated,yields_value_when_enabled_by_name */
static void
pyradiomics_names_exist(void **state)
{
	FILE	   *file = open_reference("pyradiomics/features.csv");
	bool		found[FEATURE_COUNT] = {false};
	char		line[1024];

	(void) state;
	if (file == NULL)
		skip();
	while (fgets(line, sizeof(line), file) != NULL)
	{
		char	   *fields[8];
		char		name[200];

		if (split(line, fields, 8) < 4 || strcmp(fields[3], "1") != 0)
			continue;
		snprintf(name, sizeof(name), "%s_%s", fields[0], fields[1]);
		for (int id = 0; id < FEATURE_COUNT; id++)
			if (rad_features[id].pyradiomics != NULL &&
				strcmp(rad_features[id].pyradiomics, name) == 0)
				found[id] = true;
	}
	fclose(file);
	for (int id = 0; id < FEATURE_COUNT; id++)
		if (rad_features[id].pyradiomics != NULL && !found[id])
			fail_msg("PyRadiomics has no feature %s", rad_features[id].pyradiomics);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_are_consistent),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(features_are_found_by_name),
		cmocka_unit_test(texts_are_filled),
		cmocka_unit_test(aggregations_have_slots),
		cmocka_unit_test(list_is_that_of_ibsi),
		cmocka_unit_test(pyradiomics_names_exist),
	};

	return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
