/*
 * Results of filters, and what they need of a whole image.
 */
#include "filters/dense.h"

#include <math.h>

bool
rad_dense_create(RadContext *context, const Volume *image, const Box *wanted,
				 VoxelType type, Volume *filtered)
{
	const Box  *box = wanted != NULL ? wanted : &image->box;

	for (int axis = 0; axis < 3; axis++)
		if (box->lo[axis] < image->box.lo[axis] || box->hi[axis] > image->box.hi[axis] ||
			box->lo[axis] >= box->hi[axis])
			return rad_fail(context, RAD_INTERNAL,
							"voxels %d to %d along axis %d are not in the image", box->lo[axis],
							box->hi[axis] - 1, axis);
	filtered->grid = image->grid;
	filtered->box = *box;
	filtered->type = type;
	filtered->voxels = rad_allocate(context, (size_t) rad_box_voxel_count(box),
									rad_voxel_size(type));
	return filtered->voxels != NULL;
}

bool
rad_dense_largest(RadContext *context, const Volume *image, double *largest)
{
	const Box  *box = &image->box;
	int			width = rad_box_size(box, 0);
	double	   *row = rad_new(context, double, width);
	double		most = 0.0;
	bool		defined = true;

	if (row == NULL)
		return false;
	for (int z = box->lo[2]; z < box->hi[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = box->lo[1]; y < box->hi[1]; y++)
		{
			rad_dense_row(image, box->lo[0], box->hi[0], y, z, row);
			for (int x = 0; x < width; x++)
			{
				double		magnitude = fabs(row[x]);

				most = magnitude > most ? magnitude : most;
				defined &= magnitude == magnitude;
			}
		}
	}
	rad_release(context, row);
	*largest = defined ? most : NAN;
	return true;
}
