/*
 * Grey level size zone matrix (IBSI 9SAK, manual section 3.8).
 *
 * s[i][j] is the number of zones of grey level i and j voxels; a zone is a
 * 26-connected (in a slice: 8-connected) set of voxels of one level in the
 * intensity mask.  The formulas are those of level_size_formulas.h with size
 * = zone size.  Every one is defined when there is a zone.
 */
#include "features/level_size_formulas.h"
#include "features/zones.h"

typedef double (*Formula) (const LevelSizeFeatures *features);

bool
rad_glszm_matrices(RadContext *context, TextureInput *input, MatrixSink sink,
				   void *argument)
{
	return rad_zone_matrices(context, input, false, sink, argument);
}

/* Small zone emphasis, IBSI 5QRC. */
static double
small_zone_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size;
}

/* Large zone emphasis, IBSI 48P8. */
static double
large_zone_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size;
}

/* Low grey level zone emphasis, IBSI XMSY. */
static double
low_grey_level_zone_emphasis(const LevelSizeFeatures *features)
{
	return features->low_level;
}

/* High grey level zone emphasis, IBSI 5GN9. */
static double
high_grey_level_zone_emphasis(const LevelSizeFeatures *features)
{
	return features->high_level;
}

/* Small zone low grey level emphasis, IBSI 5RAI. */
static double
small_zone_low_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size_low_level;
}

/* Small zone high grey level emphasis, IBSI HW1V. */
static double
small_zone_high_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size_high_level;
}

/* Large zone low grey level emphasis, IBSI YH51. */
static double
large_zone_low_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size_low_level;
}

/* Large zone high grey level emphasis, IBSI J17V. */
static double
large_zone_high_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size_high_level;
}

/* Grey level non-uniformity, IBSI JNSA. */
static double
grey_level_non_uniformity(const LevelSizeFeatures *features)
{
	return features->level_non_uniformity;
}

/* Normalised grey level non-uniformity, IBSI Y1RO. */
static double
normalised_grey_level_non_uniformity(const LevelSizeFeatures *features)
{
	return features->level_non_uniformity_normalised;
}

/* Zone size non-uniformity, IBSI 4JP3. */
static double
zone_size_non_uniformity(const LevelSizeFeatures *features)
{
	return features->size_non_uniformity;
}

/* Normalised zone size non-uniformity, IBSI VB3A. */
static double
normalised_zone_size_non_uniformity(const LevelSizeFeatures *features)
{
	return features->size_non_uniformity_normalised;
}

/* Zone percentage, IBSI P30P. */
static double
zone_percentage(const LevelSizeFeatures *features)
{
	return features->percentage;
}

/* Grey level variance, IBSI BYLV. */
static double
grey_level_variance(const LevelSizeFeatures *features)
{
	return features->level_variance;
}

/* Zone size variance, IBSI 3NSA. */
static double
zone_size_variance(const LevelSizeFeatures *features)
{
	return features->size_variance;
}

/* Zone size entropy, IBSI GU8N. */
static double
zone_size_entropy(const LevelSizeFeatures *features)
{
	return features->entropy;
}

static const Formula formulas[] = {
#define SELECT_GLSZM(function) function,
#include "catalogue/select_family.h"
};

bool
rad_glszm_formulas(RadContext *context, const TextureMatrix *matrix, double *values)
{
	LevelSizeFeatures features;

	if (!rad_level_size_formulas(context, matrix, &features))
		return false;
	for (size_t f = 0; f < sizeof(formulas) / sizeof(formulas[0]); f++)
		values[f] = formulas[f](&features);
	return true;
}
