/*
 * The formulas that GLRLM, GLSZM, GLDZM and NGLDM share.  Their matrices count
 * things of grey level i and size j (run length, zone size, zone distance,
 * dependence), and IBSI defines the same sixteen features on each, in the same
 * order (manual sections 3.7, 3.8, 3.9 and 3.11).
 */
#ifndef RAD_FEATURES_LEVEL_SIZE_FORMULAS_H
#define RAD_FEATURES_LEVEL_SIZE_FORMULAS_H

#include "features/texture.h"

/*
 * c_ij: the counts; N_s: their sum; p_ij = c_ij / N_s; c_i. and c_.j: sums of
 * a row and of a column; mu: means of i and j under p.
 */
typedef struct LevelSizeFeatures
{
	double		small_size;		/* sum c_ij / j^2, over N_s */
	double		large_size;		/* sum c_ij j^2, over N_s */
	double		low_level;		/* sum c_ij / i^2, over N_s */
	double		high_level;		/* sum c_ij i^2, over N_s */
	double		small_size_low_level;	/* sum c_ij / (i^2 j^2), over N_s */
	double		small_size_high_level;	/* sum c_ij i^2 / j^2, over N_s */
	double		large_size_low_level;	/* sum c_ij j^2 / i^2, over N_s */
	double		large_size_high_level;	/* sum c_ij i^2 j^2, over N_s */
	double		level_non_uniformity;	/* sum c_i.^2, over N_s */
	double		level_non_uniformity_normalised;	/* sum c_i.^2, over N_s^2 */
	double		size_non_uniformity;	/* sum c_.j^2, over N_s */
	double		size_non_uniformity_normalised; /* sum c_.j^2, over N_s^2 */
	double		percentage;		/* N_s / N_v */
	double		level_variance; /* sum p_ij (i - mu_i)^2 */
	double		size_variance;	/* sum p_ij (j - mu_j)^2 */
	double		entropy;		/* - sum p_ij log2 p_ij */
	double		energy;			/* sum p_ij^2; only NGLDM has it */
} LevelSizeFeatures;

/*
 * Evaluate all of them on a matrix with at least one cell.  Sums run in the
 * cells' order, so equal matrices give equal bits.
 */
extern bool rad_level_size_formulas(RadContext *context, const TextureMatrix *matrix,
									LevelSizeFeatures *features);

#endif							/* RAD_FEATURES_LEVEL_SIZE_FORMULAS_H */
