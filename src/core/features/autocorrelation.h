/*
 * Sums over all pairs of voxels, weighted by inverse distance: what Moran's I
 * and Geary's C are made of.
 */
#ifndef RAD_FEATURES_AUTOCORRELATION_H
#define RAD_FEATURES_AUTOCORRELATION_H

#include "features/fourier.h"
#include "roi/region.h"

/*
 * Over ordered pairs i != j of the intensity mask, w = 1 / distance in mm, d the
 * deviation from the mean.
 */
typedef struct PairSums
{
	double		weights;		/* sum of w */
	double		products;		/* sum of w d_i d_j */
	double		squares;		/* sum of w d_i^2 */
} PairSums;

/*
 * Needs at most about 40 MB for boxes up to 250 voxels across (two longest axes
 * but one), and beyond that 2 bytes per voxel of the box and 192 bytes per voxel
 * of a plane across its longest axis.
 */
extern bool rad_autocorrelation(RadContext *context, FourierColumns columns,
								const Region *region, double mean, PairSums *sums);

#endif							/* RAD_FEATURES_AUTOCORRELATION_H */
