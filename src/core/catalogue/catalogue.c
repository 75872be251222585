/*
 * The feature catalogue as tables, and the naming of aggregations.
 */
#include "catalogue/catalogue.h"

#include <string.h>

const FeatureEntry rad_features[FEATURE_COUNT] = {
#define FEATURE(family, tag, code, unit, range, name, function, pyradiomics, definition) \
	[FEATURE_##tag] = {FAMILY_##family, #tag, code, unit, range, name, pyradiomics, definition},
#include "catalogue/catalogue.def"
#undef FEATURE
};

const FamilyEntry rad_families[FAMILY_COUNT] = {
	[FAMILY_MORPHOLOGY] = {"morphology", "HCUG", "Morphology",
		AGGREGATION_KIND_NONE, FEATURE_morph_volume, 29},
	[FAMILY_LOCAL_INTENSITY] = {"local_intensity", "9ST6", "Local intensity",
		AGGREGATION_KIND_NONE, FEATURE_loc_peak_loc, 2},
	[FAMILY_INTENSITY_STATISTICS] = {"intensity_statistics", "UHIW", "Intensity-based statistics",
		AGGREGATION_KIND_NONE, FEATURE_stat_mean, 18},
	[FAMILY_INTENSITY_HISTOGRAM] = {"intensity_histogram", "ZVCW", "Intensity histogram",
		AGGREGATION_KIND_NONE, FEATURE_ih_mean, 23},
	[FAMILY_INTENSITY_VOLUME_HISTOGRAM] = {"intensity_volume_histogram", "P88C",
		"Intensity-volume histogram", AGGREGATION_KIND_NONE, FEATURE_ivh_v10, 7},
	[FAMILY_GLCM] = {"glcm", "LFYI", "Grey level co-occurrence matrix",
		AGGREGATION_KIND_DIRECTIONAL, FEATURE_cm_joint_max, 25},
	[FAMILY_GLRLM] = {"glrlm", "TP0I", "Grey level run length matrix",
		AGGREGATION_KIND_DIRECTIONAL, FEATURE_rlm_sre, 16},
	[FAMILY_GLSZM] = {"glszm", "9SAK", "Grey level size zone matrix",
		AGGREGATION_KIND_ZONE, FEATURE_szm_sze, 16},
	[FAMILY_GLDZM] = {"gldzm", "VMDZ", "Grey level distance zone matrix",
		AGGREGATION_KIND_ZONE, FEATURE_dzm_sde, 16},
	[FAMILY_NGTDM] = {"ngtdm", "IPET", "Neighbourhood grey tone difference matrix",
		AGGREGATION_KIND_ZONE, FEATURE_ngt_coarseness, 5},
	[FAMILY_NGLDM] = {"ngldm", "REK0", "Neighbouring grey level dependence matrix",
		AGGREGATION_KIND_ZONE, FEATURE_ngl_lde, 17},
};

const char *const rad_aggregation_names[AGGREGATION_COUNT] = {
	"2D_avg", "2D_mrg", "2.5D_avg", "2.5D_mrg", "3D_avg", "3D_mrg"
};

static const char *const zone_aggregation_names[] = {"2D", "2.5D", "3D"};

int
rad_aggregation_slot(Family family, Aggregation aggregation)
{
	switch (rad_families[family].aggregation_kind)
	{
		case AGGREGATION_KIND_NONE:
			return 0;
		case AGGREGATION_KIND_ZONE:
			return (int) aggregation / 2;
		case AGGREGATION_KIND_DIRECTIONAL:
			return (int) aggregation;
	}
	return 0;
}

const char *
rad_aggregation_label(Family family, Aggregation aggregation)
{
	switch (rad_families[family].aggregation_kind)
	{
		case AGGREGATION_KIND_NONE:
			return NULL;
		case AGGREGATION_KIND_ZONE:
			return zone_aggregation_names[aggregation / 2];
		case AGGREGATION_KIND_DIRECTIONAL:
			return rad_aggregation_names[aggregation];
	}
	return NULL;
}

int
rad_find_feature(const char *tag)
{
	for (int id = 0; id < FEATURE_COUNT; id++)
		if (strcmp(rad_features[id].tag, tag) == 0)
			return id;
	return -1;
}
