/*
 * The outermost vertices of the mesh, as integers, and their largest distance.
 */
#ifndef RAD_FEATURES_EXTREMES_H
#define RAD_FEATURES_EXTREMES_H

#include "roi/bit_mask.h"

/*
 * Points in half voxels of a box: voxel centres are at even coordinates, so a
 * mesh vertex has exactly one odd one.  All geometry on them is exact, and
 * independent of the spacing.
 */
typedef struct PointList
{
	int64_t		count;
	int32_t		(*points)[3];
} PointList;

/*
 * A small subset of the mesh's vertices that contains every vertex of its
 * convex hull.
 */
extern bool rad_extreme_vertices(RadContext *context, const BitMask *mask,
								 PointList *list);

/* Largest distance (mm) between two of the points. */
extern bool rad_maximum_distance(RadContext *context, const PointList *list,
								 const double spacing[3], double *distance);

/*
 * Largest distances (mm) between two vertices of the mesh that have the same y,
 * and (unless NULL) the same z; -1 when no plane holds two of them.
 */
extern bool rad_maximum_plane_distances(RadContext *context, const BitMask *mask,
										const double spacing[3], double *same_y,
										double *same_z);

#endif							/* RAD_FEATURES_EXTREMES_H */
