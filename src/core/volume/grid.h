/*
 * Geometry of a volume.  Axis order is x, y, z everywhere; x is fastest in
 * memory.  World coordinates are LPS millimetres, as in DICOM and ITK.
 */
#ifndef RAD_VOLUME_GRID_H
#define RAD_VOLUME_GRID_H

#include "base/context.h"

/*
 * world[r] = origin[r] + sum over c of direction[r][c] * spacing[c] * index[c]
 *
 * so column c of direction is the unit vector of axis c.  origin is the centre
 * of voxel (0, 0, 0).
 *
 * dimension is 2 for an image that has two axes, which is held as one slice,
 * and 3 (or 0, where nobody has set it) for every other, also when it has one
 * slice: PyRadiomics treats the two differently.
 */
typedef struct Grid
{
	int			size[3];		/* voxels along x, y, z */
	double		spacing[3];		/* mm, positive */
	double		origin[3];		/* mm, LPS */
	double		direction[3][3];	/* orthonormal, or within 0.001 of it */
	int			dimension;		/* axes of the image: 2 or 3 */
} Grid;

/* A box of voxels, half open: lo <= index < hi. */
typedef struct Box
{
	int			lo[3];
	int			hi[3];
} Box;

/* How two grids may differ before they count as different. */
typedef struct GridDifference
{
	bool		size;
	bool		spacing;
	bool		origin;
	bool		direction;
	double		spacing_error;	/* largest difference, mm */
	double		origin_error;	/* distance, mm */
	double		direction_error;	/* largest difference of a cosine */
} GridDifference;

extern int64_t rad_grid_voxel_count(const Grid *grid);
extern int64_t rad_box_voxel_count(const Box *box);
extern Box	rad_grid_box(const Grid *grid);
extern Box	rad_box_union(const Box *a, const Box *b);

/* The box grown by margin[axis] voxels on both sides, clipped to the grid. */
extern Box	rad_box_grow(const Box *box, const int margin[3], const Grid *grid);

/* World position (mm, LPS) of a continuous voxel index, and back. */
extern void rad_grid_to_world(const Grid *grid, const double index[3], double world[3]);
extern void rad_grid_to_index(const Grid *grid, const double world[3], double index[3]);

/* A vector of the world (mm) as lengths along the grid's axes (mm). */
extern void rad_grid_components(const Grid *grid, const double vector[3], double components[3]);

/*
 * Make a nearly orthonormal direction the nearest orthonormal one.  Axis-aligned
 * directions stay exactly as they are, left-handed stay so.
 */
extern void rad_grid_orthonormalise(Grid *grid);

/*
 * Compare two grids.  Spacing and origin may differ by tolerance times the
 * spacing of a, direction cosines by tolerance.  Returns true when they agree;
 * *difference says what does not.
 */
extern bool rad_grid_compare(const Grid *a, const Grid *b, double tolerance,
							 GridDifference *difference);

#endif							/* RAD_VOLUME_GRID_H */
