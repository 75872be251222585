/*
 * What the six texture families share: the table of them, and the mean of
 * their formulas over the matrices of an aggregation.
 */
#include "features/texture.h"

#include <math.h>

const TextureFamily rad_texture_families[FAMILY_COUNT] = {
	[FAMILY_GLCM] = {rad_glcm_matrices, rad_glcm_formulas},
	[FAMILY_GLRLM] = {rad_glrlm_matrices, rad_glrlm_formulas},
	[FAMILY_GLSZM] = {rad_glszm_matrices, rad_glszm_formulas},
	[FAMILY_GLDZM] = {rad_gldzm_matrices, rad_gldzm_formulas},
	[FAMILY_NGTDM] = {rad_ngtdm_matrices, rad_ngtdm_formulas},
	[FAMILY_NGLDM] = {rad_ngldm_matrices, rad_ngldm_formulas},
};

/* Largest number of features in one texture family (GLCM). */
#define MOST_FEATURES 25

/* Sum and number of defined values per slot and feature of one family. */
typedef struct MeanState
{
	Family		family;
	double		sum[AGGREGATION_COUNT][MOST_FEATURES];
	int64_t		defined[AGGREGATION_COUNT][MOST_FEATURES];
} MeanState;

/* MatrixSink: evaluate one matrix and add its values to the means. */
static bool
add_matrix(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	MeanState  *state = argument;
	int			slot = rad_aggregation_slot(state->family, matrix->aggregation);
	double		values[MOST_FEATURES];

	if (matrix->cell_count == 0)
		return true;
	if (!rad_texture_families[state->family].formulas(context, matrix, values))
		return false;
	for (int n = 0; n < rad_families[state->family].count; n++)
	{
		if (isnan(values[n]))
			continue;
		state->sum[slot][n] += values[n];
		state->defined[slot][n]++;
	}
	return true;
}

bool
rad_texture_features(RadContext *context, TextureInput *input, Family family,
					 FeatureValues *values)
{
	const FamilyEntry *entry = &rad_families[family];
	MeanState	state = {.family = family};

	if (!rad_texture_families[family].matrices(context, input, add_matrix, &state))
		return false;
	for (int n = 0; n < entry->count; n++)
	{
		int			feature = (int) entry->first + n;

		if (input->settings->excluded[feature])
			continue;
		for (int slot = 0; slot < AGGREGATION_COUNT; slot++)
			if (state.defined[slot][n] > 0)
				values->value[feature][slot] =
					state.sum[slot][n] / (double) state.defined[slot][n];
	}
	return true;
}
