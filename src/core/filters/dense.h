/*
 * What the filters share: their result and their input as rows of doubles.
 */
#ifndef RAD_FILTERS_DENSE_H
#define RAD_FILTERS_DENSE_H

#include "volume/volume.h"

static inline int
rad_box_size(const Box *box, int axis)
{
	return box->hi[axis] - box->lo[axis];
}

/* Voxels of the image before voxel (x, y, z) of its grid. */
static inline int64_t
rad_dense_index(const Volume *image, int x, int y, int z)
{
	const Box  *box = &image->box;
	int64_t		row = (int64_t) (z - box->lo[2]) * rad_box_size(box, 1) + (y - box->lo[1]);

	return row * rad_box_size(box, 0) + (x - box->lo[0]);
}

/*
 * A result of the given type: the image's grid and the wanted box (NULL: the
 * image's), voxels uninitialised.  RAD_INTERNAL when the image does not hold it.
 */
extern bool rad_dense_create(RadContext *context, const Volume *image, const Box *wanted,
							 VoxelType type, Volume *filtered);

/* The voxels of row (y, z) from lo to before hi, as doubles. */
static inline void
rad_dense_row(const Volume *image, int lo, int hi, int y, int z, double *row)
{
	rad_voxels_to_double(image->type, image->voxels, rad_dense_index(image, lo, y, z),
						 hi - lo, row);
}

/* Largest |x| of the whole image; NaN when one voxel is. */
extern bool rad_dense_largest(RadContext *context, const Volume *image, double *largest);

#endif							/* RAD_FILTERS_DENSE_H */
