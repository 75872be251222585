/*
 * The convex hull of the mesh, as exact integers.
 */
#ifndef RAD_FEATURES_HULL_H
#define RAD_FEATURES_HULL_H

#include "features/extremes.h"

/*
 * One flat side: its area vector (outward) times 2, in the points' units
 * squared.  Sides are ordered by direction, whatever order qhull found.
 */
typedef struct HullSide
{
	int64_t		area[3];
} HullSide;

typedef struct Hull
{
	PointList	vertices;		/* half voxels; ordered by x, y, z */
	int64_t		side_count;
	HullSide   *sides;
	int64_t		volume;			/* times 6, in the points' units cubed */
} Hull;

/*
 * Hull of at least four points that do not lie in a plane; a mesh always has
 * such.  Errors: RAD_INTERNAL with qhull's message, RAD_OUT_OF_MEMORY.
 */
extern bool rad_hull_build(RadContext *context, const PointList *points, Hull *hull);

extern void rad_hull_release(RadContext *context, Hull *hull);

/* Volume (mm3) and area (mm2). */
extern double rad_hull_volume(const Hull *hull, const double spacing[3]);
extern double rad_hull_area(const Hull *hull, const double spacing[3]);

#endif							/* RAD_FEATURES_HULL_H */
