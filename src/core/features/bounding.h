/*
 * The oriented minimum bounding box and the minimum volume enclosing ellipsoid
 * of a convex hull.  IBSI has not standardised either.
 */
#ifndef RAD_FEATURES_BOUNDING_H
#define RAD_FEATURES_BOUNDING_H

#include "features/hull.h"

/*
 * Edge lengths (mm) of a box around the hull.  The boxes with a side flush with a
 * side of the hull are searched, and the smallest of them turned about their own
 * axes while that makes them smaller.  The true minimum need not have such a side
 * (O'Rourke 1985); in comparisons it was at most 0.1 % below.
 */
extern bool rad_oriented_box(RadContext *context, const Hull *hull,
							 const double spacing[3], double edges[3]);

/*
 * Semi-axes (mm, descending) of an ellipsoid that encloses all vertices and
 * whose volume is at most about 0.2 % above the minimum (Khachiyan's algorithm,
 * tolerance 0.001).
 */
extern bool rad_enclosing_ellipsoid(RadContext *context, const Hull *hull,
									const double spacing[3], double semi_axes[3]);

#endif							/* RAD_FEATURES_BOUNDING_H */
