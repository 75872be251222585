/*
 * Grey level distance zone matrix (IBSI VMDZ, manual section 3.9).
 *
 * d[i][j] is the number of zones (those of GLSZM) of grey level i whose
 * smallest distance to the border is j: city-block distance to the outside of
 * the morphological mask (in a slice: of its part in that slice), 1 for border
 * voxels.  The formulas are those of level_size_formulas.h with size = zone
 * distance.  Every one is defined when there is a zone.
 */
#include "features/level_size_formulas.h"
#include "features/zones.h"

typedef double (*Formula) (const LevelSizeFeatures *features);

bool
rad_gldzm_matrices(RadContext *context, TextureInput *input, MatrixSink sink,
				   void *argument)
{
	return rad_zone_matrices(context, input, true, sink, argument);
}

/* Small distance emphasis, IBSI 0GBI. */
static double
small_distance_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size;
}

/* Large distance emphasis, IBSI MB4I. */
static double
large_distance_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size;
}

/* Low grey level zone emphasis, IBSI S1RA. */
static double
low_grey_level_zone_emphasis(const LevelSizeFeatures *features)
{
	return features->low_level;
}

/* High grey level zone emphasis, IBSI K26C. */
static double
high_grey_level_zone_emphasis(const LevelSizeFeatures *features)
{
	return features->high_level;
}

/* Small distance low grey level emphasis, IBSI RUVG. */
static double
small_distance_low_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size_low_level;
}

/* Small distance high grey level emphasis, IBSI DKNJ. */
static double
small_distance_high_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size_high_level;
}

/* Large distance low grey level emphasis, IBSI A7WM. */
static double
large_distance_low_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size_low_level;
}

/* Large distance high grey level emphasis, IBSI KLTH. */
static double
large_distance_high_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size_high_level;
}

/* Grey level non-uniformity, IBSI VFT7. */
static double
grey_level_non_uniformity(const LevelSizeFeatures *features)
{
	return features->level_non_uniformity;
}

/* Normalised grey level non-uniformity, IBSI 7HP3. */
static double
normalised_grey_level_non_uniformity(const LevelSizeFeatures *features)
{
	return features->level_non_uniformity_normalised;
}

/* Zone distance non-uniformity, IBSI V294. */
static double
zone_distance_non_uniformity(const LevelSizeFeatures *features)
{
	return features->size_non_uniformity;
}

/* Normalised zone distance non-uniformity, IBSI IATH. */
static double
normalised_zone_distance_non_uniformity(const LevelSizeFeatures *features)
{
	return features->size_non_uniformity_normalised;
}

/* Zone percentage, IBSI VIWW. */
static double
zone_percentage(const LevelSizeFeatures *features)
{
	return features->percentage;
}

/* Grey level variance, IBSI QK93. */
static double
grey_level_variance(const LevelSizeFeatures *features)
{
	return features->level_variance;
}

/* Zone distance variance, IBSI 7WT1. */
static double
zone_distance_variance(const LevelSizeFeatures *features)
{
	return features->size_variance;
}

/* Zone distance entropy, IBSI GBDU. */
static double
zone_distance_entropy(const LevelSizeFeatures *features)
{
	return features->entropy;
}

static const Formula formulas[] = {
#define SELECT_GLDZM(function) function,
#include "catalogue/select_family.h"
};

bool
rad_gldzm_formulas(RadContext *context, const TextureMatrix *matrix, double *values)
{
	LevelSizeFeatures features;

	if (!rad_level_size_formulas(context, matrix, &features))
		return false;
	for (size_t f = 0; f < sizeof(formulas) / sizeof(formulas[0]); f++)
		values[f] = formulas[f](&features);
	return true;
}
