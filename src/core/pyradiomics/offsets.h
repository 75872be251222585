/*
 * Neighbour offsets by PyRadiomics' rules, and the weights of weightingNorm.
 */
#ifndef RAD_PYRADIOMICS_OFFSETS_H
#define RAD_PYRADIOMICS_OFFSETS_H

#include "pyradiomics/classes.h"

typedef struct PyradiomicsOffset
{
	int			step[3];		/* along the axes of the grid, voxels */
} PyradiomicsOffset;

/* One offset of every pair of opposite ones, in PyRadiomics' order. */
typedef struct PyradiomicsOffsets
{
	int			count;
	PyradiomicsOffset *offset;
} PyradiomicsOffsets;

/* Most distance, voxels, between neighbours that offsets are listed for. */
#define PYRADIOMICS_MOST_DISTANCE 64

/*
 * Offsets whose Chebyshev length is one of distances (NULL: 1), which are
 * shorter than a region of this size along every axis and, when planar, stay in
 * the slice; those of a distance that is given twice are listed twice.  size and axis as in PyradiomicsGrid.  RAD_DATA_EXCEPTION when
 * there are none.
 */
extern bool rad_pyradiomics_offsets(RadContext *context, const int size[3],
									const int axis[3], bool planar,
									const PyradiomicsList *distances,
									PyradiomicsOffsets *offsets);

/* The kernels' directions of offsets of length 1; bit as in rad_directions. */
extern DirectionSet rad_pyradiomics_directions(const PyradiomicsOffsets *offsets);

/* d when the distances are 1 .. d in any order, each once, else 0. */
extern int	rad_pyradiomics_full_radius(const PyradiomicsList *distances);

/*
 * Length of an offset by the norm, in mm; 1 for "no_weighting".  GLRLM weighs
 * with it, GLCM with exp(-length^2).
 */
extern double rad_pyradiomics_length(const int step[3], const double spacing[3],
									 PyradiomicsWeighting norm);

/*
 * Neighbourhoods of any set of distances, for GLDM and NGTDM: per voxel of the
 * region (in the grid's voxel order) the neighbours inside at the offsets and
 * their opposites.
 */
typedef struct PyradiomicsShells
{
	int64_t		count;			/* voxels */
	int32_t    *level;
	int32_t    *neighbours;
	int64_t    *sum;			/* of the neighbours' levels */
	int32_t    *dependence;		/* neighbours whose level differs by at most alpha */
} PyradiomicsShells;

extern bool rad_pyradiomics_shells(RadContext *context, const PyradiomicsTexture *texture,
								   const PyradiomicsOffsets *offsets, int alpha,
								   PyradiomicsShells *shells);
extern void rad_pyradiomics_shells_release(RadContext *context, PyradiomicsShells *shells);

#endif							/* RAD_PYRADIOMICS_OFFSETS_H */
