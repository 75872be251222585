/*
 * ITK's arithmetic between voxel indices and world coordinates.  It is that of
 * volume/grid.h in another order of operations: where a grid meets the voxels
 * of another one exactly, truncation to an integer shows the last bit.
 */
#ifndef RAD_IMAGE_ITK_GEOMETRY_H
#define RAD_IMAGE_ITK_GEOMETRY_H

#include "volume/grid.h"

typedef struct ItkGeometry
{
	double		origin[3];
	double		to_world[3][3];
	double		to_index[3][3];
} ItkGeometry;

extern void rad_itk_geometry(const Grid *grid, ItkGeometry *geometry);

/* World position of a voxel, and of a continuous index. */
extern void rad_itk_voxel_to_world(const ItkGeometry *geometry, const int index[3],
								   double world[3]);
extern void rad_itk_index_to_world(const ItkGeometry *geometry, const double index[3],
								   double world[3]);
extern void rad_itk_world_to_index(const ItkGeometry *geometry, const double world[3],
								   double index[3]);

#endif							/* RAD_IMAGE_ITK_GEOMETRY_H */
