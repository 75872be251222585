/*
 * A region of interest as the feature classes of PyRadiomics see it, and its
 * discretisation by PyRadiomics' rules.
 */
#ifndef RAD_PYRADIOMICS_LEVELS_H
#define RAD_PYRADIOMICS_LEVELS_H

#include "device/device.h"
#include "pyradiomics/settings.h"

/* 2^-52, in every entropy and in a few quotients of PyRadiomics. */
#define PYRADIOMICS_EPSILON 2.220446049250313e-16

/*
 * The box around a region in one image.  Arrays are x fastest; in PyRadiomics'
 * array order (z, y, x) axis d is our axis 2 - d.
 */
typedef struct PyradiomicsRegion
{
	int			size[3];		/* x, y, z */
	double		spacing[3];		/* mm */
	int			dimension;		/* 2: of an image with two axes */
	VoxelType	type;			/* of the image, where rounding depends on it */
	const uint8_t *mask;		/* 0 or 1 */
	int64_t		count;			/* voxels inside */
	double	   *values;			/* of the voxels inside, in voxel order */
	double		minimum;
	double		maximum;
	bool		integer_valued; /* every value is a whole number */
} PyradiomicsRegion;

/*
 * Take the values of the voxels inside from an image that holds the box;
 * region->size, spacing, dimension and mask are set.  NaN is allowed here.
 */
extern bool rad_pyradiomics_region_fill(RadContext *context, PyradiomicsRegion *region,
										const Volume *image, const Box *box);

/* Grey levels: which a region's values have, and how many voxels each has. */
typedef struct PyradiomicsLevels
{
	int32_t    *level;			/* per value of the region, from 1 */
	int32_t		level_count;	/* Ng: the highest that occurs */
	int			present_count;	/* levels that occur */
	int32_t    *present;		/* ascending */
	int64_t    *voxels;			/* of each of these */
} PyradiomicsLevels;

/*
 * Discretise by binCount or binWidth.  RAD_DATA_EXCEPTION for NaN or infinite
 * values, RAD_LIMIT_EXCEEDED for more than 2^31 levels.
 */
extern bool rad_pyradiomics_discretise(RadContext *context, const PyradiomicsRegion *region,
									   const PyradiomicsOptions *options,
									   PyradiomicsLevels *levels);

/*
 * Levels in the layout of the counting kernels.  With force2D its axes are
 * those of the region turned so that the forced one is the last: slices are
 * then planes of the kernels.
 */
typedef struct PyradiomicsGrid
{
	GreyLevels *levels;
	int			axis[3];		/* of the region behind each axis here */
	double		spacing[3];		/* along the axes here */
	bool		planar;			/* force2D: nothing crosses slices */
	const PyradiomicsLevels *of;
} PyradiomicsGrid;

/*
 * Build the grid with the given padding around it.  RAD_LIMIT_EXCEEDED for
 * more levels than matrices are made for.
 */
extern bool rad_pyradiomics_grid_build(RadContext *context, const PyradiomicsRegion *region,
									   const PyradiomicsLevels *levels,
									   const PyradiomicsOptions *options, int padding,
									   PyradiomicsGrid *grid);

#endif							/* RAD_PYRADIOMICS_LEVELS_H */
