/*
 * The surface mesh of a mask (IBSI manual 3.1): marching cubes at level 0.5 on
 * the zero-padded 0/1 mask, vertices half way between voxel centres.
 */
#ifndef RAD_FEATURES_MESH_H
#define RAD_FEATURES_MESH_H

#include "device/device.h"

/* A cube has 12 edges, and n loops through k vertices give k - 2n triangles. */
#define RAD_MOST_CUBE_TRIANGLES 10

/*
 * Corners as x, y, z in half voxels from the cube's lowest corner (0 .. 2).
 * Counter-clockwise seen from outside the region.
 */
typedef struct MeshTriangle
{
	int			corner[3][3];
} MeshTriangle;

/*
 * The triangles of one configuration (bits as in CubeCounts); returns their
 * number.  Together the cubes of any mask form a closed surface.
 */
extern int	rad_cube_triangles(unsigned configuration,
							   MeshTriangle triangles[RAD_MOST_CUBE_TRIANGLES]);

/* Volume (mm3) and area (mm2) of the mesh that has these configurations. */
extern void rad_mesh_measure(const CubeCounts *cubes, const double spacing[3],
							 double *volume, double *area);

#endif							/* RAD_FEATURES_MESH_H */
