/*
 * The convex hull of the mesh, as exact integers.
 */
#ifndef RAD_FEATURES_HULL_H
#define RAD_FEATURES_HULL_H

#include "features/extremes.h"

/* One flat side: its outward area vector times 2, in the points' units squared. */
typedef struct HullSide
{
	int64_t		area[3];
} HullSide;

/* An edge between two sides. */
typedef struct HullEdge
{
	int32_t		vertex[2];
	int32_t		side[2];
} HullEdge;

typedef struct Hull
{
	PointList	vertices;		/* half voxels; no point inside a side or an edge */
	int64_t		side_count;
	HullSide   *sides;
	int64_t		edge_count;
	HullEdge   *edges;
	int64_t		volume;			/* times 6, in the points' units cubed */
} Hull;

/*
 * Hull of distinct points that do not lie in a plane; the vertices of a mesh
 * never do.  Errors: RAD_DATA_EXCEPTION for points in a plane,
 * RAD_LIMIT_EXCEEDED beyond RAD_HULL_LIMIT.
 */
extern bool rad_hull_build(RadContext *context, const PointList *points, Hull *hull);
extern void rad_hull_release(RadContext *context, Hull *hull);

/* Largest coordinate: heights and volumes, up to 100 times its cube, fit in 64 bits. */
#define RAD_HULL_LIMIT 250000

/* Volume (mm3) and area (mm2). */
extern double rad_hull_volume(const Hull *hull, const double spacing[3]);
extern double rad_hull_area(const Hull *hull, const double spacing[3]);

#endif							/* RAD_FEATURES_HULL_H */
