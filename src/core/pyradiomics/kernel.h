/*
 * The box around one voxel of a map, and the features of its texture classes.
 *
 * The box is a small dense array (x fastest) of grey levels, 0 where nothing
 * counts: outside the image's crop, and with maskedKernel outside the region.
 * Pairs of its voxels at every offset are listed once for all boxes.
 */
#ifndef RAD_PYRADIOMICS_KERNEL_H
#define RAD_PYRADIOMICS_KERNEL_H

#include "pyradiomics/glcm.h"
#include "pyradiomics/offsets.h"

/* Voxels of the box in pairs, one entry per pair at this offset. */
typedef struct KernelPairs
{
	int			count;
	uint16_t	(*pair)[2];		/* from, to */
	double		weight;			/* of weightingNorm */
} KernelPairs;

/* A line of the box along a direction. */
typedef struct KernelLine
{
	int			count;
	uint16_t   *at;				/* positions in order */
} KernelLine;

/* The lines of one of the directions of GLRLM. */
typedef struct KernelLines
{
	int			count;
	KernelLine *line;
	double		weight;
} KernelLines;

typedef struct MapKernel
{
	const PyradiomicsOptions *options;
	const PyradiomicsGrid *grid;	/* padded by the radius */
	int			size[3];		/* of the box, in the grid's axes */
	int			voxels;

	int			offset_count;	/* of distances: GLCM, GLDM, NGTDM */
	KernelPairs *offset;
	int			near_count;		/* of distance 1: GLSZM */
	KernelPairs *near;
	int			direction_count;	/* of distance 1: GLRLM */
	KernelLines *direction;

	/* The box of the current voxel. */
	int32_t    *level;			/* [voxels] */
	int32_t    *rank;			/* [voxels]: index of the level in present, or -1 */
	int32_t    *present;		/* levels of the box, ascending */
	int			present_count;

	/* Room for its matrices. */
	GlcmWork   *glcm;
	uint16_t   *counts;			/* [voxels][voxels] */
	PyradiomicsCell *cells;
	PyradiomicsCell *merged;
	int64_t		merged_room;
	int32_t    *scratch[4];		/* [voxels] */

	/* What the voxels of a batch have shown. */
	bool	   *offset_filled;	/* not empty for some voxel */
	int			offsets_kept;
} MapKernel;

extern bool rad_map_kernel_create(RadContext *context, const PyradiomicsGrid *grid,
								  const PyradiomicsOptions *options, bool want_mcc,
								  int level_count, int present_count, MapKernel **kernel);

/* Take the box around a voxel of the grid. */
extern void rad_map_kernel_load(MapKernel *kernel, const int at[3]);

/* Mark the offsets that have a pair in the current box; returns how many. */
extern int	rad_map_kernel_mark_offsets(MapKernel *kernel);

/*
 * Features of the current box.  A mean over directions skips empty ones, but
 * JointAverage is NAN with any (of those kept) empty.
 */
extern bool rad_map_kernel_glcm(RadContext *context, MapKernel *kernel,
								double values[PYRADIOMICS_FEATURE_COUNT]);
extern bool rad_map_kernel_glrlm(RadContext *context, MapKernel *kernel,
								 double values[PYRADIOMICS_FEATURE_COUNT]);
extern bool rad_map_kernel_glszm(RadContext *context, MapKernel *kernel,
								 double values[PYRADIOMICS_FEATURE_COUNT]);
extern bool rad_map_kernel_gldm(RadContext *context, MapKernel *kernel,
								double values[PYRADIOMICS_FEATURE_COUNT]);
extern bool rad_map_kernel_ngtdm(RadContext *context, MapKernel *kernel,
								 double values[PYRADIOMICS_FEATURE_COUNT]);

#endif							/* RAD_PYRADIOMICS_KERNEL_H */
