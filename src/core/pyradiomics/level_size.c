/*
 * PyRadiomics' classes glrlm, glszm and gldm: matrices over grey level and
 * size (run length, zone size, dependence), counted by the families of IBSI.
 */
#include "pyradiomics/level_size.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "features/texture.h"
#include "pyradiomics/classes.h"
#include "pyradiomics/offsets.h"

typedef struct NamedValue
{
	PyradiomicsFeature feature;
	size_t		offset;			/* in LevelSizeValues */
} NamedValue;

#define NAMED(class_name, feature, member) \
	{PYRADIOMICS_##class_name##_##feature, offsetof(LevelSizeValues, member)}

static const NamedValue named_values[] = {
	NAMED(glrlm, GrayLevelNonUniformity, level_non_uniformity),
	NAMED(glrlm, GrayLevelNonUniformityNormalized, level_non_uniformity_normalised),
	NAMED(glrlm, GrayLevelVariance, level_variance),
	NAMED(glrlm, HighGrayLevelRunEmphasis, high_level),
	NAMED(glrlm, LongRunEmphasis, large_size),
	NAMED(glrlm, LongRunHighGrayLevelEmphasis, large_size_high_level),
	NAMED(glrlm, LongRunLowGrayLevelEmphasis, large_size_low_level),
	NAMED(glrlm, LowGrayLevelRunEmphasis, low_level),
	NAMED(glrlm, RunEntropy, entropy),
	NAMED(glrlm, RunLengthNonUniformity, size_non_uniformity),
	NAMED(glrlm, RunLengthNonUniformityNormalized, size_non_uniformity_normalised),
	NAMED(glrlm, RunPercentage, percentage),
	NAMED(glrlm, RunVariance, size_variance),
	NAMED(glrlm, ShortRunEmphasis, small_size),
	NAMED(glrlm, ShortRunHighGrayLevelEmphasis, small_size_high_level),
	NAMED(glrlm, ShortRunLowGrayLevelEmphasis, small_size_low_level),
	NAMED(glszm, GrayLevelNonUniformity, level_non_uniformity),
	NAMED(glszm, GrayLevelNonUniformityNormalized, level_non_uniformity_normalised),
	NAMED(glszm, GrayLevelVariance, level_variance),
	NAMED(glszm, HighGrayLevelZoneEmphasis, high_level),
	NAMED(glszm, LargeAreaEmphasis, large_size),
	NAMED(glszm, LargeAreaHighGrayLevelEmphasis, large_size_high_level),
	NAMED(glszm, LargeAreaLowGrayLevelEmphasis, large_size_low_level),
	NAMED(glszm, LowGrayLevelZoneEmphasis, low_level),
	NAMED(glszm, SizeZoneNonUniformity, size_non_uniformity),
	NAMED(glszm, SizeZoneNonUniformityNormalized, size_non_uniformity_normalised),
	NAMED(glszm, SmallAreaEmphasis, small_size),
	NAMED(glszm, SmallAreaHighGrayLevelEmphasis, small_size_high_level),
	NAMED(glszm, SmallAreaLowGrayLevelEmphasis, small_size_low_level),
	NAMED(glszm, ZoneEntropy, entropy),
	NAMED(glszm, ZonePercentage, percentage),
	NAMED(glszm, ZoneVariance, size_variance),
	NAMED(gldm, DependenceEntropy, entropy),
	NAMED(gldm, DependenceNonUniformity, size_non_uniformity),
	NAMED(gldm, DependenceNonUniformityNormalized, size_non_uniformity_normalised),
	NAMED(gldm, DependenceVariance, size_variance),
	NAMED(gldm, GrayLevelNonUniformity, level_non_uniformity),
	NAMED(gldm, GrayLevelVariance, level_variance),
	NAMED(gldm, HighGrayLevelEmphasis, high_level),
	NAMED(gldm, LargeDependenceEmphasis, large_size),
	NAMED(gldm, LargeDependenceHighGrayLevelEmphasis, large_size_high_level),
	NAMED(gldm, LargeDependenceLowGrayLevelEmphasis, large_size_low_level),
	NAMED(gldm, LowGrayLevelEmphasis, low_level),
	NAMED(gldm, SmallDependenceEmphasis, small_size),
	NAMED(gldm, SmallDependenceHighGrayLevelEmphasis, small_size_high_level),
	NAMED(gldm, SmallDependenceLowGrayLevelEmphasis, small_size_low_level),
};

#define NAMED_VALUE_COUNT ((int) (sizeof(named_values) / sizeof(named_values[0])))

void
rad_pyradiomics_level_size_features(PyradiomicsClass class_id, const LevelSizeValues *values,
									double features[PYRADIOMICS_FEATURE_COUNT])
{
	for (int n = 0; n < NAMED_VALUE_COUNT; n++)
		if (rad_pyradiomics_features[named_values[n].feature].class_id == class_id)
			features[named_values[n].feature] =
				*(const double *) ((const char *) values + named_values[n].offset);
}

int
rad_pyradiomics_padding(const PyradiomicsOptions *options)
{
	int			radius = rad_pyradiomics_full_radius(&options->distances);

	return radius > 1 && radius <= PYRADIOMICS_PADDED_RADIUS ? radius : 1;
}

/* A matrix that a family of IBSI delivers, as our cells. */
static PyradiomicsCell *
copy_cells(RadContext *context, const TextureMatrix *matrix)
{
	PyradiomicsCell *cells = rad_new(context, PyradiomicsCell, matrix->cell_count);

	for (int64_t c = 0; cells != NULL && c < matrix->cell_count; c++)
		cells[c] = (PyradiomicsCell) {matrix->cells[c].i, matrix->cells[c].j,
		(double) matrix->cells[c].count};
	return cells;
}

/* Where matrices of one class go. */
typedef struct Target
{
	const PyradiomicsTexture *texture;
	PyradiomicsLogs *logs;

	/* GLRLM */
	DirectionSet directions;	/* that the region has neighbours in */
	LevelSizeValues sum;
	int			matrices;		/* that are not empty */
	PyradiomicsCell *merged;	/* weightingNorm */
	int64_t		merged_count;

	LevelSizeValues values;
} Target;

static TextureInput
texture_input(const PyradiomicsTexture *texture, const Settings *settings, bool by_direction)
{
	TextureInput input = {
		.device = texture->device,
		.levels = texture->grid.levels,
		.settings = settings,
	};

	if (texture->grid.planar)
		input.aggregations = 1u << (by_direction ? AGGREGATION_2_5D_AVG : AGGREGATION_2_5D_MRG);
	else
		input.aggregations = 1u << (by_direction ? AGGREGATION_3D_AVG : AGGREGATION_3D_MRG);
	return input;
}

/* Settings of IBSI's families without those that find zones' distances. */
static Settings
plain_settings(void)
{
	Settings	settings;

	rad_settings_default(&settings);
	settings.families = 0;
	return settings;
}

static inline bool
is_inside(const GreyLevels *levels, int x, int y, int z)
{
	int64_t		at = x + y * levels->row_stride + z * levels->slice_stride;

	if (x < 0 || y < 0 || z < 0 || x >= levels->size[0] || y >= levels->size[1] ||
		z >= levels->size[2])
		return false;
	return levels->bytes_per_level == 1 ? ((const uint8_t *) levels->levels)[at] != 0 :
		((const uint16_t *) levels->levels)[at] != 0;
}

/*
 * Does any line along a direction hold two voxels of the region, however far
 * apart?  Asked only where no run is longer than 1.
 */
static bool
shares_line(RadContext *context, const GreyLevels *levels, const int step[3], bool *shares)
{
	*shares = false;
	for (int z = 0; z < levels->size[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = 0; y < levels->size[1]; y++)
			for (int x = 0; x < levels->size[0]; x++)
			{
				if (!is_inside(levels, x, y, z))
					continue;
				for (int n = 1; n < RAD_MAX_DIMENSION; n++)
				{
					int			to[3] = {x + n * step[0], y + n * step[1], z + n * step[2]};

					if (to[0] < 0 || to[1] < 0 || to[2] < 0 || to[0] >= levels->size[0] ||
						to[1] >= levels->size[1] || to[2] >= levels->size[2])
						break;
					if (is_inside(levels, to[0], to[1], to[2]))
					{
						*shares = true;
						return true;
					}
				}
			}
	}
	return true;
}

/* Add the values of one matrix. */
static void
add_values(LevelSizeValues *sum, const LevelSizeValues *values)
{
	double	   *to = (double *) sum;
	const double *from = (const double *) values;

	for (size_t n = 0; n < sizeof(*sum) / sizeof(double); n++)
		to[n] += from[n];
}

static bool
merge_runs(RadContext *context, Target *target, const PyradiomicsCell *cells,
		   int64_t cell_count, double weight)
{
	PyradiomicsCell *grown = rad_new(context, PyradiomicsCell,
									 target->merged_count + cell_count);

	if (grown == NULL)
		return false;
	if (target->merged_count > 0)
		memcpy(grown, target->merged, (size_t) target->merged_count * sizeof(*grown));
	for (int64_t c = 0; c < cell_count; c++)
	{
		grown[target->merged_count + c] = cells[c];
		grown[target->merged_count + c].value *= weight;
	}
	rad_release(context, target->merged);
	target->merged = grown;
	target->merged_count = rad_pyradiomics_merge_cells(grown,
													   target->merged_count + cell_count);
	return true;
}

/* MatrixSink: the runs of one direction. */
static bool
use_runs(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	Target	   *target = argument;
	PyradiomicsWeighting norm = target->texture->options->weighting_norm;
	const int  *step = rad_directions[matrix->direction];
	PyradiomicsCell *cells;
	bool		lines = false;
	bool		used;

	if ((target->directions & (1u << matrix->direction)) == 0)
		return true;
	for (int64_t c = 0; c < matrix->cell_count && !lines; c++)
		lines = matrix->cells[c].j > 1;
	if (!lines && !shares_line(context, target->texture->grid.levels, step, &lines))
		return false;
	if (!lines)
		return true;
	cells = copy_cells(context, matrix);
	if (cells == NULL)
		return false;
	target->matrices++;
	if (norm == PYRADIOMICS_WEIGHTING_NULL)
	{
		used = rad_pyradiomics_level_size(context, target->logs, cells, matrix->cell_count,
										  &target->values);
		add_values(&target->sum, &target->values);
	}
	else
		used = merge_runs(context, target, cells, matrix->cell_count,
						  rad_pyradiomics_length(step, target->texture->grid.spacing, norm));
	rad_release(context, cells);
	return used;
}

bool
rad_pyradiomics_glrlm(RadContext *context, const PyradiomicsTexture *texture,
					  double values[PYRADIOMICS_FEATURE_COUNT])
{
	const PyradiomicsGrid *grid = &texture->grid;
	const Settings settings = plain_settings();
	TextureInput input = texture_input(texture, &settings, true);
	Target		target = {.texture = texture, .logs = rad_new(context, PyradiomicsLogs, 1)};
	PyradiomicsOffsets offsets;
	double	   *sum = (double *) &target.sum;

	if (target.logs == NULL ||
		!rad_pyradiomics_offsets(context, grid->levels->size, grid->axis, grid->planar, NULL,
								 &offsets))
		return false;
	rad_pyradiomics_logs_fill(target.logs);
	target.directions = rad_pyradiomics_directions(&offsets);
	rad_release(context, offsets.offset);
	if (!rad_glrlm_matrices(context, &input, use_runs, &target))
		return false;
	if (texture->options->weighting_norm != PYRADIOMICS_WEIGHTING_NULL)
	{
		if (!rad_pyradiomics_level_size(context, target.logs, target.merged,
										target.merged_count, &target.sum))
			return false;
	}
	else
		for (size_t n = 0; n < sizeof(target.sum) / sizeof(double); n++)
			sum[n] = target.matrices > 0 ? sum[n] / target.matrices : NAN;
	rad_release(context, target.merged);
	rad_release(context, target.logs);
	rad_pyradiomics_level_size_features(PYRADIOMICS_glrlm, &target.sum, values);
	return true;
}

/* MatrixSink: the only matrix of a class. */
static bool
use_single(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	Target	   *target = argument;
	PyradiomicsCell *cells = copy_cells(context, matrix);
	bool		used;

	if (cells == NULL)
		return false;
	used = rad_pyradiomics_level_size(context, target->logs, cells, matrix->cell_count,
									  &target->values);
	rad_release(context, cells);
	return used;
}

/* Features of the one matrix that a producer delivers. */
static bool
single_matrix(RadContext *context, const PyradiomicsTexture *texture,
			  const Settings *settings, MatrixProducer produce, PyradiomicsClass class_id,
			  double *values)
{
	TextureInput input = texture_input(texture, settings, false);
	Target		target = {.texture = texture, .logs = rad_new(context, PyradiomicsLogs, 1)};

	if (target.logs == NULL)
		return false;
	rad_pyradiomics_logs_fill(target.logs);
	if (!produce(context, &input, use_single, &target))
		return false;
	rad_texture_release_zones(context, &input, texture->grid.planar);
	rad_release(context, target.logs);
	rad_pyradiomics_level_size_features(class_id, &target.values, values);
	return true;
}

bool
rad_pyradiomics_glszm(RadContext *context, const PyradiomicsTexture *texture,
					  double values[PYRADIOMICS_FEATURE_COUNT])
{
	const PyradiomicsGrid *grid = &texture->grid;
	const Settings settings = plain_settings();
	PyradiomicsOffsets offsets;

	/* Only to fail where PyRadiomics does, without any neighbour. */
	if (!rad_pyradiomics_offsets(context, grid->levels->size, grid->axis, grid->planar, NULL,
								 &offsets))
		return false;
	rad_release(context, offsets.offset);
	return single_matrix(context, texture, &settings, rad_glszm_matrices, PYRADIOMICS_glszm,
						 values);
}

/* The dependence matrix for any set of distances. */
static bool
dependence_by_shells(RadContext *context, const PyradiomicsTexture *texture,
					 const PyradiomicsOffsets *offsets, double *values)
{
	PyradiomicsShells shells;
	PyradiomicsLogs *logs = rad_new(context, PyradiomicsLogs, 1);
	PyradiomicsCell *cells;
	LevelSizeValues of;
	int64_t		count = 0;

	if (logs == NULL ||
		!rad_pyradiomics_shells(context, texture, offsets, texture->options->gldm_a, &shells))
		return false;
	rad_pyradiomics_logs_fill(logs);
	cells = rad_new(context, PyradiomicsCell, shells.count);
	if (cells == NULL)
		return false;
	for (int64_t n = 0; n < shells.count; n++)
		cells[count++] = (PyradiomicsCell) {shells.level[n], shells.dependence[n] + 1, 1.0};
	count = rad_pyradiomics_merge_cells(cells, count);
	if (!rad_pyradiomics_level_size(context, logs, cells, count, &of))
		return false;
	rad_pyradiomics_level_size_features(PYRADIOMICS_gldm, &of, values);
	rad_pyradiomics_shells_release(context, &shells);
	rad_release(context, cells);
	rad_release(context, logs);
	return true;
}

bool
rad_pyradiomics_gldm(RadContext *context, const PyradiomicsTexture *texture,
					 double values[PYRADIOMICS_FEATURE_COUNT])
{
	const PyradiomicsGrid *grid = &texture->grid;
	int			radius = rad_pyradiomics_full_radius(&texture->options->distances);
	Settings	settings = plain_settings();
	PyradiomicsOffsets offsets;
	bool		counted;

	if (!rad_pyradiomics_offsets(context, grid->levels->size, grid->axis, grid->planar,
								 &texture->options->distances, &offsets))
		return false;
	if (radius == 0 || radius > grid->levels->padding)
		counted = dependence_by_shells(context, texture, &offsets, values);
	else
	{
		settings.ngldm_distance = radius;
		settings.ngldm_alpha = texture->options->gldm_a;
		counted = single_matrix(context, texture, &settings, rad_ngldm_matrices,
								PYRADIOMICS_gldm, values);
	}
	rad_release(context, offsets.offset);
	return counted;
}
