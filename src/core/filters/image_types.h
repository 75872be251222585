/*
 * The image types of PyRadiomics: filters over a whole image, with PyRadiomics'
 * formulas, storage types and names.
 *
 * The image that a filter sees is the box that its Volume holds: borders are
 * the borders of that box, and maxima are taken over all of it.  `wanted`, a
 * box within it in the same coordinates (NULL: all of it), says which voxels
 * the caller will look at.  The result holds that box, has the image's grid and
 * the bits that the whole filtered image would have there; its voxels are the
 * caller's to release.
 *
 * A wanted box is not only memory saved: filters that look a limited way far
 * compute only what the box depends on.
 */
#ifndef RAD_FILTERS_IMAGE_TYPES_H
#define RAD_FILTERS_IMAGE_TYPES_H

#include "filters/wavelet_bank.h"
#include "volume/volume.h"

/* Room for the longest name of a filtered image, "wavelet<level>-LLL". */
#define RAD_IMAGE_NAME_SIZE 32

/*
 * Receives the images of a filter that makes several, in PyRadiomics' order,
 * one at a time; name is the first part of the feature's name ("wavelet-LLH").
 * The voxels belong to the filter and go when the visitor returns.  false, with
 * the context's error set, stops the filter.
 */
typedef bool (*FilteredImageVisitor) (RadContext *context, void *argument,
									  const char *name, const Volume *image);

/* Filters of single voxels; they rescale to M = max |X| of the image. */
typedef enum PointwiseFilter
{
	POINTWISE_SQUARE,			/* (X / sqrt(M))^2 */
	POINTWISE_SQUARE_ROOT,		/* sign(X) sqrt(|X| M) */
	POINTWISE_LOGARITHM,		/* y M / max |y|, y = sign(X) ln(|X| + 1) */
	POINTWISE_EXPONENTIAL		/* exp(X ln(M) / M) */
} PointwiseFilter;

/* "square", "squareroot", "logarithm" or "exponential". */
extern const char *rad_pointwise_name(PointwiseFilter filter);

/*
 * Stored as double.  An image of zeros gives NaN, as it does in PyRadiomics (and
 * zeros with POINTWISE_SQUARE_ROOT).
 */
extern bool rad_filter_pointwise(RadContext *context, const Volume *image,
								 PointwiseFilter filter, const Box *wanted,
								 Volume *filtered);

/*
 * "gradient": magnitude of the central differences, per mm, or per voxel
 * without use_spacing; edge voxels are repeated outwards.  Stored as float32.
 */
extern bool rad_filter_gradient(RadContext *context, const Volume *image,
								bool use_spacing, const Box *wanted, Volume *filtered);

/*
 * Whether PyRadiomics makes a Laplacian of Gaussian image: sigma (mm) positive,
 * at least 4 voxels along each axis (of the image: two may be all) and more than sigma reaches.  When not,
 * *reason is a sentence for a NOTICE.
 */
extern bool rad_log_applies(const Volume *image, double sigma, const char **reason);

/*
 * Laplacian of Gaussian, times sigma squared, by the recursive filters of
 * Deriche and Farneback.  sigma in mm.  Stored as float32.  Only where
 * rad_log_applies().
 */
extern bool rad_filter_log(RadContext *context, const Volume *image, double sigma,
						   const Box *wanted, Volume *filtered);

/*
 * "log-sigma-1-5-mm-3D" for the sigma that was written as "1.5".  The text is
 * that of the setting, because "3" and "3.0" give different names.
 */
extern bool rad_log_name(RadContext *context, const char *sigma, char *name, size_t size);

typedef struct WaveletParameters
{
	const WaveletBank *bank;	/* filled by rad_wavelet_bank() */
	int			start_level;	/* low passes before the first level, >= 0 */
	int			levels;			/* >= 1 */

	/*
	 * Axes that are transformed: all of a volume's but the one that "force2D"
	 * leaves out, and not z for an image of two dimensions.
	 */
	bool		along[3];
} WaveletParameters;

/*
 * "wavelet-LLH" and so on: undecimated transform, one letter per transformed
 * axis in the order x, y, z.  Stored as float32 for a float32 image, else as
 * double.
 */
extern bool rad_filter_wavelet(RadContext *context, const Volume *image,
							   const WaveletParameters *parameters, const Box *wanted,
							   FilteredImageVisitor visit, void *argument);

typedef enum Lbp2dMethod
{
	LBP2D_DEFAULT,
	LBP2D_ROR,					/* rotation invariant */
	LBP2D_UNIFORM,
	LBP2D_VAR					/* variance of the samples */
} Lbp2dMethod;

typedef struct Lbp2dParameters
{
	double		radius;			/* pixels, > 0 */
	int			samples;		/* >= 1 */
	Lbp2dMethod method;

	/* Slices are across this axis: 2 - force2Ddimension. */
	int			slice_axis;

	/* An image of two dimensions: its result is stored as double. */
	bool		two_dimensional;
} Lbp2dParameters;

/* "lbp-2D": local binary patterns per slice, in the image's own voxel type. */
extern bool rad_filter_lbp2d(RadContext *context, const Volume *image,
							 const Lbp2dParameters *parameters, const Box *wanted,
							 Volume *filtered);

typedef struct Lbp3dParameters
{
	int			levels;			/* >= 1 */
	double		icosphere_radius;	/* voxels, > 0 */
	int			icosphere_subdivision;	/* >= 0 */
} Lbp3dParameters;

/*
 * "lbp-3D-m1" ... "lbp-3D-m<levels>", then "lbp-3D-k", stored as double:
 * spherical harmonics of local binary patterns, and the samples' kurtosis (NaN
 * where all samples are equal).  inside (bytes over wanted, x fastest) says
 * which voxels are computed; the others are 0, where PyRadiomics leaves them
 * undefined.
 */
extern bool rad_filter_lbp3d(RadContext *context, const Volume *image,
							 const Lbp3dParameters *parameters, const uint8_t *inside,
							 const Box *wanted, FilteredImageVisitor visit,
							 void *argument);

#endif							/* RAD_FILTERS_IMAGE_TYPES_H */
