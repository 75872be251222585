/*
 * What every format asks of the sizes, frames and axes of its header.
 */
#ifndef RAD_FORMATS_LAYOUT_H
#define RAD_FORMATS_LAYOUT_H

#include "volume/volume.h"

/*
 * Take the voxels along x, y and z (all at least 1) into grid->size, when they
 * are within the limits.
 */
extern bool rad_layout_size(RadContext *context, const char *name, const int64_t extent[3],
							Grid *grid);

/*
 * Check that frame is one of frame_count, or -1 with only one.  noun is what
 * the file has several of: "frame" or "channel".
 */
extern bool rad_layout_frame(RadContext *context, const char *name, const char *noun,
							 int64_t frame_count, int frame);

/*
 * Check that spacing is positive, everything finite, and the columns of the
 * direction perpendicular (cosines up to 0.001 are rounding).
 */
extern bool rad_layout_geometry(RadContext *context, const char *name, const Grid *grid);

/* Make column `result` of a matrix the cross product of columns a and b. */
extern void rad_column_cross(double m[3][3], int a, int b, int result);

#endif							/* RAD_FORMATS_LAYOUT_H */
