/*
 * Sizes, frames and axes of a header; see layout.h.
 */
#include "formats/layout.h"

#include <math.h>

/* Axes whose directions have a larger cosine are sheared, not just rounded. */
#define MAX_COSINE 1e-3

bool
rad_layout_size(RadContext *context, const char *name, const int64_t extent[3], Grid *grid)
{
	int64_t		voxels = 1;

	for (int axis = 0; axis < 3; axis++)
	{
		if (extent[axis] > RAD_MAX_DIMENSION)
		{
			rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has %lld voxels along %c", name,
					 (long long) extent[axis], "xyz"[axis]);
			return rad_hint(context, "The limit is %d voxels along an axis.", RAD_MAX_DIMENSION);
		}
		grid->size[axis] = (int) extent[axis];
		voxels *= extent[axis];
	}
	if (voxels > RAD_MAX_VOLUME_VOXELS)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has %d x %d x %d = %lld voxels", name,
				 grid->size[0], grid->size[1], grid->size[2], (long long) voxels);
		return rad_hint(context, "The limit is %lld voxels in a volume.",
						(long long) RAD_MAX_VOLUME_VOXELS);
	}
	return true;
}

bool
rad_layout_frame(RadContext *context, const char *name, const char *noun, int64_t frame_count,
				 int frame)
{
	if (frame == -1 && frame_count == 1)
		return true;
	if (frame == -1)
		rad_fail(context, RAD_INVALID_PARAMETER, "%s has %lld %ss and none was selected", name,
				 (long long) frame_count, noun);
	else if (frame < 0 || frame >= frame_count)
		rad_fail(context, RAD_INVALID_PARAMETER, "%s has no %s %d: it has %lld", name, noun,
				 frame, (long long) frame_count);
	else
		return true;
	return rad_hint(context, "Select a %s from 0 to %lld.", noun, (long long) (frame_count - 1));
}

static double
column_product(const double m[3][3], int a, int b)
{
	return m[0][a] * m[0][b] + m[1][a] * m[1][b] + m[2][a] * m[2][b];
}

void
rad_column_cross(double m[3][3], int a, int b, int result)
{
	/* Adding 0 turns -0 into 0. */
	m[0][result] = m[1][a] * m[2][b] - m[2][a] * m[1][b] + 0.0;
	m[1][result] = m[2][a] * m[0][b] - m[0][a] * m[2][b] + 0.0;
	m[2][result] = m[0][a] * m[1][b] - m[1][a] * m[0][b] + 0.0;
}

bool
rad_layout_geometry(RadContext *context, const char *name, const Grid *grid)
{
	double		cosine[3];

	for (int r = 0; r < 3; r++)
	{
		if (!isfinite(grid->origin[r]) || !isfinite(grid->spacing[r]) || grid->spacing[r] <= 0.0)
			return rad_fail(context, RAD_INVALID_BINARY,
							"%s has a geometry out of range: spacing %g mm, origin %g mm", name,
							grid->spacing[r], grid->origin[r]);
	}
	for (int c = 0; c < 3; c++)
	{
		double		length = sqrt(column_product(grid->direction, c, c));

		if (!(fabs(length - 1.0) <= MAX_COSINE))
			return rad_fail(context, RAD_INVALID_BINARY,
							"%s has a direction of length %g for axis %c, not 1", name, length,
							"xyz"[c]);
		cosine[c] = column_product(grid->direction, c == 2, c == 0 ? 1 : 2);
	}
	if (fabs(cosine[0]) <= MAX_COSINE && fabs(cosine[1]) <= MAX_COSINE &&
		fabs(cosine[2]) <= MAX_COSINE)
		return true;
	rad_fail(context, RAD_NOT_SUPPORTED, "%s has axes that are not perpendicular", name);
	rad_detail(context, "The cosines between axes x and y, x and z, y and z are "
			   "%g, %g, %g; at most %g is allowed.", cosine[0], cosine[1], cosine[2],
			   MAX_COSINE);
	return rad_hint(context, "Resample the volume to a grid with perpendicular axes.");
}
