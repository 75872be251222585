/*
 * PyRadiomics' class ngtdm: s_i sums, over the voxels of level i, the absolute
 * difference between i and the mean level of the neighbours; a voxel without
 * neighbours adds nothing to s_i but counts in n_i.
 */
#include "pyradiomics/ngtdm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "features/texture.h"
#include "pyradiomics/classes.h"
#include "pyradiomics/offsets.h"

/* Rows of the double sums between two polls for a cancel. */
#define ROWS_PER_POLL 64

/* Double sums over the levels that occur. */
typedef struct PairSums
{
	double		contrast;		/* p_i p_j (i - j)^2 */
	double		busyness;		/* |i p_i - j p_j| */
	double		complexity;		/* |i - j| (p_i s_i + p_j s_j) / (p_i + p_j) */
	double		strength;		/* (p_i + p_j) (i - j)^2 */
} PairSums;

/* Every sum is symmetric and 0 for i = j: twice the pairs i < j. */
static bool
sum_pairs(RadContext *context, const NgtdmLevel *levels, int level_count, double total,
		  PairSums *sums)
{
	memset(sums, 0, sizeof(*sums));
	for (int a = 0; a < level_count; a++)
	{
		double		i = levels[a].level;
		double		p = (double) levels[a].count / total;
		double		ps = p * levels[a].difference;

		if (a % ROWS_PER_POLL == 0 && !rad_continue(context))
			return false;
		for (int b = a + 1; b < level_count; b++)
		{
			double		j = levels[b].level;
			double		q = (double) levels[b].count / total;
			double		square = (i - j) * (i - j);

			sums->contrast += p * q * square;
			sums->busyness += fabs(i * p - j * q);
			sums->complexity += (j - i) * (ps + q * levels[b].difference) / (p + q);
			sums->strength += (p + q) * square;
		}
	}
	sums->contrast *= 2.0;
	sums->busyness *= 2.0;
	sums->complexity *= 2.0;
	sums->strength *= 2.0;
	return true;
}

bool
rad_pyradiomics_ngtdm_formulas(RadContext *context, const NgtdmLevel *levels,
							   int level_count, double features[PYRADIOMICS_NGTDM_FEATURES])
{
	double		total = 0.0;
	double		differences = 0.0;
	double		weighted = 0.0; /* sum of p_i s_i */
	PairSums	sums;

	for (int n = 0; n < level_count; n++)
		total += (double) levels[n].count;
	for (int n = 0; n < level_count; n++)
	{
		differences += levels[n].difference;
		weighted += (double) levels[n].count / total * levels[n].difference;
	}
	if (!sum_pairs(context, levels, level_count, total, &sums))
		return false;
	features[NGTDM_FEATURE(Coarseness)] = weighted == 0.0 ? 1e6 : 1.0 / weighted;
	features[NGTDM_FEATURE(Contrast)] = level_count < 2 ? 0.0 :
		sums.contrast * differences / total / ((double) level_count * (level_count - 1));
	features[NGTDM_FEATURE(Busyness)] = sums.busyness == 0.0 ? 0.0 : weighted / sums.busyness;
	features[NGTDM_FEATURE(Complexity)] = sums.complexity / total;
	features[NGTDM_FEATURE(Strength)] = differences == 0.0 ? 0.0 : sums.strength / differences;
	return true;
}

/* s_i of the levels, which are in ascending order. */
typedef struct Differences
{
	NgtdmLevel *levels;
	int			level_count;
} Differences;

/* MatrixSink: cells are the levels that have a voxel with neighbours. */
static bool
take_differences(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	Differences *target = argument;
	int			n = 0;

	for (int64_t c = 0; c < matrix->cell_count; c++)
	{
		while (target->levels[n].level < matrix->cells[c].i)
			n++;
		target->levels[n].difference = matrix->difference[c];
	}
	return rad_continue(context);
}

/* s_i from the device's counts, for all distances up to a radius. */
static bool
differences_by_radius(RadContext *context, const PyradiomicsTexture *texture, int radius,
					  Differences *target)
{
	Settings	settings;
	TextureInput input = {
		.device = texture->device,
		.levels = texture->grid.levels,
		.settings = &settings,
		.aggregations = 1u << (texture->grid.planar ? AGGREGATION_2_5D_MRG :
							   AGGREGATION_3D_MRG),
	};

	rad_settings_default(&settings);
	settings.ngtdm_distance = radius;
	return rad_ngtdm_matrices(context, &input, take_differences, target);
}

/* s_i for any set of distances. */
static bool
differences_by_shells(RadContext *context, const PyradiomicsTexture *texture,
					  const PyradiomicsOffsets *offsets, Differences *target)
{
	PyradiomicsShells shells;
	double	   *sum = rad_new_zeroed(context, double, texture->grid.levels->level_count + 1);

	if (sum == NULL || !rad_pyradiomics_shells(context, texture, offsets, 0, &shells))
		return false;
	for (int64_t n = 0; n < shells.count; n++)
		if (shells.neighbours[n] > 0)
		{
			int64_t		away = (int64_t) shells.level[n] * shells.neighbours[n] - shells.sum[n];

			sum[shells.level[n]] += (double) llabs(away) / shells.neighbours[n];
		}
	for (int n = 0; n < target->level_count; n++)
		target->levels[n].difference = sum[target->levels[n].level];
	rad_pyradiomics_shells_release(context, &shells);
	rad_release(context, sum);
	return true;
}

bool
rad_pyradiomics_ngtdm(RadContext *context, const PyradiomicsTexture *texture,
					  double values[PYRADIOMICS_FEATURE_COUNT])
{
	const PyradiomicsGrid *grid = &texture->grid;
	int			radius = rad_pyradiomics_full_radius(&texture->options->distances);
	Differences target = {.level_count = grid->of->present_count};
	PyradiomicsOffsets offsets;
	bool		counted;

	target.levels = rad_new_zeroed(context, NgtdmLevel, target.level_count);
	if (target.levels == NULL ||
		!rad_pyradiomics_offsets(context, grid->levels->size, grid->axis, grid->planar,
								 &texture->options->distances, &offsets))
		return false;
	for (int n = 0; n < target.level_count; n++)
	{
		target.levels[n].level = grid->of->present[n];
		target.levels[n].count = grid->of->voxels[n];
	}
	if (radius == 0 || radius > grid->levels->padding)
		counted = differences_by_shells(context, texture, &offsets, &target);
	else
		counted = differences_by_radius(context, texture, radius, &target);
	if (!counted ||
		!rad_pyradiomics_ngtdm_formulas(context, target.levels, target.level_count,
										values + PYRADIOMICS_ngtdm_Busyness))
		return false;
	rad_release(context, target.levels);
	rad_release(context, offsets.offset);
	return true;
}
