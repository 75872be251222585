/*
 * Neighbouring grey level dependence matrix (IBSI REK0, manual section 3.11).
 *
 * s[i][j] is the number of voxels of grey level i and dependence j: 1 for the
 * voxel itself and 1 for every neighbour in the intensity mask whose level
 * differs by at most alpha.  Every voxel has an entry.  The formulas are those
 * of level_size_formulas.h with size = dependence, and all are defined.
 */
#include "features/level_size_formulas.h"
#include "features/neighbourhoods.h"

typedef double (*Formula) (const LevelSizeFeatures *features);

static bool
count_dependences(RadContext *context, const TextureInput *input, int first_slice,
				  int last_slice, bool planar, NeighbourhoodTable *table)
{
	const Settings *settings = input->settings;

	return input->device->count_dependences(context, input->levels, first_slice,
											last_slice, settings->ngldm_distance,
											settings->ngldm_alpha, planar, table->count);
}

static int64_t
dependence_cells(int32_t level, const int64_t *count, const int64_t *difference,
				 int64_t width, MatrixCell *cells, double *cell_difference)
{
	int64_t		cell_count = 0;

	(void) difference;
	(void) cell_difference;
	for (int64_t n = 0; n < width; n++)
		if (count[n] > 0)
			cells[cell_count++] = (MatrixCell) {level, (int32_t) n + 1, count[n]};
	return cell_count;
}

bool
rad_ngldm_matrices(RadContext *context, TextureInput *input, MatrixSink sink,
				   void *argument)
{
	const NeighbourhoodFamily family = {
		.distance = input->settings->ngldm_distance,
		.count = count_dependences,
		.row_cells = dependence_cells,
	};

	return rad_neighbourhood_matrices(context, input, &family, sink, argument);
}

/* Low dependence emphasis, IBSI SODN. */
static double
low_dependence_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size;
}

/* High dependence emphasis, IBSI IMOQ. */
static double
high_dependence_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size;
}

/* Low grey level count emphasis, IBSI TL9H. */
static double
low_grey_level_count_emphasis(const LevelSizeFeatures *features)
{
	return features->low_level;
}

/* High grey level count emphasis, IBSI OAE7. */
static double
high_grey_level_count_emphasis(const LevelSizeFeatures *features)
{
	return features->high_level;
}

/* Low dependence low grey level emphasis, IBSI EQ3F. */
static double
low_dependence_low_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size_low_level;
}

/* Low dependence high grey level emphasis, IBSI JA6D. */
static double
low_dependence_high_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size_high_level;
}

/* High dependence low grey level emphasis, IBSI NBZI. */
static double
high_dependence_low_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size_low_level;
}

/* High dependence high grey level emphasis, IBSI 9QMG. */
static double
high_dependence_high_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size_high_level;
}

/* Grey level non-uniformity, IBSI FP8K. */
static double
grey_level_non_uniformity(const LevelSizeFeatures *features)
{
	return features->level_non_uniformity;
}

/* Normalised grey level non-uniformity, IBSI 5SPA. */
static double
normalised_grey_level_non_uniformity(const LevelSizeFeatures *features)
{
	return features->level_non_uniformity_normalised;
}

/* Dependence count non-uniformity, IBSI Z87G. */
static double
dependence_count_non_uniformity(const LevelSizeFeatures *features)
{
	return features->size_non_uniformity;
}

/* Normalised dependence count non-uniformity, IBSI OKJI. */
static double
normalised_dependence_count_non_uniformity(const LevelSizeFeatures *features)
{
	return features->size_non_uniformity_normalised;
}

/* Dependence count percentage, IBSI 6XV8. */
static double
dependence_count_percentage(const LevelSizeFeatures *features)
{
	return features->percentage;
}

/* Grey level variance, IBSI 1PFV. */
static double
grey_level_variance(const LevelSizeFeatures *features)
{
	return features->level_variance;
}

/* Dependence count variance, IBSI DNX2. */
static double
dependence_count_variance(const LevelSizeFeatures *features)
{
	return features->size_variance;
}

/* Dependence count entropy, IBSI FCBV. */
static double
dependence_count_entropy(const LevelSizeFeatures *features)
{
	return features->entropy;
}

/* Dependence count energy, IBSI CAS9. */
static double
dependence_count_energy(const LevelSizeFeatures *features)
{
	return features->energy;
}

static const Formula formulas[] = {
#define SELECT_NGLDM(function) function,
#include "catalogue/select_family.h"
};

bool
rad_ngldm_formulas(RadContext *context, const TextureMatrix *matrix, double *values)
{
	LevelSizeFeatures features;

	if (!rad_level_size_formulas(context, matrix, &features))
		return false;
	for (size_t f = 0; f < sizeof(formulas) / sizeof(formulas[0]); f++)
		values[f] = formulas[f](&features);
	return true;
}
