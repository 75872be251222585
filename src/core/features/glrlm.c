/*
 * Grey level run length matrix (IBSI TP0I, manual section 3.7).
 *
 * r_ij is the number of runs of j voxels of level i along a direction.  Voxels
 * outside the intensity mask end a run, and each voxel lies in exactly one run
 * per direction.  N_s is the number of runs.
 *
 * No feature is undefined for a matrix with a run.
 */
#include "features/directional.h"
#include "features/level_size_formulas.h"

int
rad_longest_run(const GreyLevels *levels)
{
	int			longest = levels->size[0];

	for (int axis = 1; axis < 3; axis++)
		if (levels->size[axis] > longest)
			longest = levels->size[axis];
	return longest;
}

static bool
count_runs(RadContext *context, const Device *device, const GreyLevels *levels,
		   const Settings *settings, int first_slice, int last_slice,
		   DirectionSet directions, uint32_t *counts)
{
	(void) settings;
	return device->count_runs(context, levels, first_slice, last_slice, directions,
							  rad_longest_run(levels), counts);
}

static int
level_at(const GreyLevels *levels, int64_t at)
{
	return levels->bytes_per_level == 1 ? ((const uint8_t *) levels->levels)[at] :
		((const uint16_t *) levels->levels)[at];
}

/* Keys of the runs that start in a slice, each followed to its end. */
static int64_t
list_runs(const GreyLevels *levels, int slice, int64_t offset, int column_bits,
		  uint64_t *keys)
{
	int64_t		count = 0;

	for (int y = 0; y < levels->size[1]; y++)
	{
		int64_t		row = slice * levels->slice_stride + y * levels->row_stride;

		for (int64_t at = row; at < row + levels->size[0]; at++)
		{
			int			level = level_at(levels, at);
			int64_t		length = 1;

			if (level == 0 || level == level_at(levels, at - offset))
				continue;
			while (level_at(levels, at + length * offset) == level)
				length++;
			keys[count++] = (uint64_t) level << column_bits | (uint64_t) length;
		}
	}
	return count;
}

/* Runs have no distance parameter: neighbours touch. */
static int
unit_distance(const Settings *settings)
{
	(void) settings;
	return 1;
}

bool
rad_glrlm_matrices(RadContext *context, TextureInput *input,
				   MatrixSink sink, void *argument)
{
	static const DirectionalFamily family = {
		.column_count = rad_longest_run,
		.count = count_runs,
		.list = list_runs,
		.keys_per_voxel = 1,
		.distance = unit_distance,
		.symmetric = false,
	};

	return rad_directional_matrices(context, input, &family, sink, argument);
}

/* Short runs emphasis, IBSI 22OV. */
static double
short_runs_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size;
}

/* Long runs emphasis, IBSI W4KF. */
static double
long_runs_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size;
}

/* Low grey level run emphasis, IBSI V3SW. */
static double
low_grey_level_run_emphasis(const LevelSizeFeatures *features)
{
	return features->low_level;
}

/* High grey level run emphasis, IBSI G3QZ. */
static double
high_grey_level_run_emphasis(const LevelSizeFeatures *features)
{
	return features->high_level;
}

/* Short run low grey level emphasis, IBSI HTZT. */
static double
short_run_low_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size_low_level;
}

/* Short run high grey level emphasis, IBSI GD3A. */
static double
short_run_high_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->small_size_high_level;
}

/* Long run low grey level emphasis, IBSI IVPO. */
static double
long_run_low_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size_low_level;
}

/* Long run high grey level emphasis, IBSI 3KUM. */
static double
long_run_high_grey_level_emphasis(const LevelSizeFeatures *features)
{
	return features->large_size_high_level;
}

/* Grey level non-uniformity, IBSI R5YN. */
static double
grey_level_non_uniformity(const LevelSizeFeatures *features)
{
	return features->level_non_uniformity;
}

/* Normalised grey level non-uniformity, IBSI OVBL. */
static double
normalised_grey_level_non_uniformity(const LevelSizeFeatures *features)
{
	return features->level_non_uniformity_normalised;
}

/* Run length non-uniformity, IBSI W92Y. */
static double
run_length_non_uniformity(const LevelSizeFeatures *features)
{
	return features->size_non_uniformity;
}

/* Normalised run length non-uniformity, IBSI IC23. */
static double
normalised_run_length_non_uniformity(const LevelSizeFeatures *features)
{
	return features->size_non_uniformity_normalised;
}

/* Run percentage, IBSI 9ZK5: runs per voxel; N_v counts each merged direction. */
static double
run_percentage(const LevelSizeFeatures *features)
{
	return features->percentage;
}

/* Grey level variance, IBSI 8CE5. */
static double
grey_level_variance(const LevelSizeFeatures *features)
{
	return features->level_variance;
}

/* Run length variance, IBSI SXLW. */
static double
run_length_variance(const LevelSizeFeatures *features)
{
	return features->size_variance;
}

/* Run entropy, IBSI HJ9O, bits. */
static double
run_entropy(const LevelSizeFeatures *features)
{
	return features->entropy;
}

bool
rad_glrlm_formulas(RadContext *context, const TextureMatrix *matrix, double *values)
{
	typedef double (*Formula) (const LevelSizeFeatures *features);
	static const Formula formulas[] = {
#define SELECT_GLRLM(function) function,
#include "catalogue/select_family.h"
	};
	LevelSizeFeatures features;

	if (!rad_level_size_formulas(context, matrix, &features))
		return false;
	for (size_t n = 0; n < sizeof(formulas) / sizeof(formulas[0]); n++)
		values[n] = formulas[n](&features);
	return true;
}
