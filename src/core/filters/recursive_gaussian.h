/*
 * Recursive filters that approximate convolution with a Gaussian or its second
 * derivative: Deriche's fourth order with the coefficients of Farneback and
 * Westin, "Improving Deriche-style recursive Gaussian filters", J. Math.
 * Imaging Vis. 26 (2006) 293-299, as ITK has them.
 */
#ifndef RAD_FILTERS_RECURSIVE_GAUSSIAN_H
#define RAD_FILTERS_RECURSIVE_GAUSSIAN_H

#include "volume/volume.h"

/* Lines that are filtered side by side. */
#define RAD_RECURSIVE_LANES 16

/* Fewest samples of a line. */
#define RAD_RECURSIVE_SHORTEST 4

/*
 * With x the samples and x_0, x_last repeated outwards, the result is the sum of
 *
 *	y_i = sum over k of n[k] x_(i-k) - sum over k of d[k] y_(i-1-k)
 *	z_i = sum over k of m[k] x_(i+1+k) - sum over k of d[k] z_(i+1+k)
 *
 * where a y before the line counts as x_0 bn[k] / d[k], and a z behind it as
 * x_last bm[k] / d[k].
 */
typedef struct RecursiveFilter
{
	double		n[4];
	double		m[4];
	double		d[4];
	double		bn[4];
	double		bm[4];
} RecursiveFilter;

/* Zero order, or second derivative times sigma squared; sigma, spacing in mm. */
extern void rad_recursive_gaussian(double sigma, double spacing, RecursiveFilter *filter);
extern void rad_recursive_second_derivative(double sigma, double spacing,
											RecursiveFilter *filter);

/* Lines in a volume: sample i of line n is element first + n * apart + i * step. */
typedef struct LineBlock
{
	int64_t		first;
	int64_t		step;
	int64_t		apart;
	int			lanes;			/* lines, at most RAD_RECURSIVE_LANES */
	int			count;			/* samples of a line */
} LineBlock;

typedef struct RecursiveKernels
{
	/*
	 * Filter RAD_RECURSIVE_LANES lines of count samples each: sample i of line n
	 * is samples[i * RAD_RECURSIVE_LANES + n].  result and scratch have the same
	 * size.
	 */
	void		(*filter) (const RecursiveFilter *filter, int count, const double *samples,
						   double *result, double *scratch);

	/* Fill samples from float32 voxels; lines beyond the block's repeat its last. */
	void		(*load) (const float *voxels, const LineBlock *block, double *samples);

	/* Round results lo ... hi - 1 of each line to float32 voxels. */
	void		(*store) (const double *result, const LineBlock *block, int lo, int hi,
						  float *voxels);
} RecursiveKernels;

/* The same operations in the same order at each x86-64 level: equal bits. */
extern const RecursiveKernels rad_recursive_kernels_v2;
extern const RecursiveKernels rad_recursive_kernels_v3;

#endif							/* RAD_FILTERS_RECURSIVE_GAUSSIAN_H */
