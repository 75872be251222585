/*
 * A region of interest ready for the feature families: the (resampled) image
 * around one label with its two masks.
 */
#ifndef RAD_ROI_REGION_H
#define RAD_ROI_REGION_H

#include "formats/mask_runs.h"
#include "settings/settings.h"
#include "volume/volume.h"

/* Radius of IBSI's 1 cm3 sphere for intensity peaks, mm: (3 / (4 pi))^(1/3) cm. */
#define RAD_PEAK_RADIUS 6.203504908994

typedef struct Region
{
	int32_t		label;

	/*
	 * Geometry of the arrays below (a box of the resampled image: the label's
	 * box plus the margin that the intensity peaks need, clipped to the image).
	 */
	Grid		grid;
	int			image_size[3];	/* of the whole resampled image */
	int			image_offset[3];	/* of grid's voxel 0 in it */

	/* size[0] * size[1] * size[2] values, x fastest */
	double	   *intensity;		/* resampled, rounded */
	uint8_t    *morphological_mask; /* 0 or 1: after interpolation */
	uint8_t    *intensity_mask; /* 0 or 1: after re-segmentation */

	int64_t		morphological_count;	/* voxels */
	int64_t		intensity_count;
	Box			morphological_box;	/* tight, in grid's indices */
	Box			intensity_box;

	/* Intensities of the intensity mask in voxel order, and their extremes. */
	double	   *values;			/* intensity_count */
	double		minimum;
	double		maximum;
	bool		integer_valued; /* every value is an integer (|value| < 2^31) */
} Region;

/*
 * The box of the source image that a region with this label box needs: the
 * box, plus the intensity peak's radius, plus the interpolator's support.
 * The whole image with settings->diagnostics.
 */
extern Box	rad_region_source_box(const Grid *image_grid, const Box *label_box,
								  const Settings *settings);

/*
 * IBSI image processing for one label (spec: interpolate image and mask,
 * round, range re-segmentation, outlier filter).  image must hold at least
 * rad_region_source_box().  The mask must be on the image's grid.
 *
 * Errors: RAD_DATA_EXCEPTION for NaN or infinite voxels inside the region, a
 * label that vanishes in resampling, an empty region after re-segmentation.
 */
extern bool rad_region_build(RadContext *context, const Volume *image,
							 const MaskRuns *mask, int32_t label,
							 const Settings *settings, Region **region);

#endif							/* RAD_ROI_REGION_H */
