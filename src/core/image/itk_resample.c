/*
 * The resampled grid of PyRadiomics, and ITK's way along its rows.
 */
#include "image/itk_resample.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "image/itk_geometry.h"
#include "image/itk_interpolate.h"
#include "image/spline_filter.h"

void
rad_itk_target_spacing(const Grid *mask, const Box *label_box, const double wanted[3],
					   double spacing[3])
{
	for (int axis = 0; axis < 3; axis++)
	{
		bool		thick = label_box->hi[axis] - label_box->lo[axis] > 1;

		spacing[axis] = wanted[axis] != 0.0 && thick ? wanted[axis] : mask->spacing[axis];
	}
}

bool
rad_itk_keeps_spacing(const Grid *image, const double spacing[3])
{
	for (int axis = 0; axis < 3; axis++)
		if (!(fabs(image->spacing[axis] - spacing[axis]) <=
			  1e-8 + 1e-5 * fabs(spacing[axis])))
			return false;
	return true;
}

bool
rad_itk_target_grid(RadContext *context, const Grid *mask, const Box *label_box,
					const double spacing[3], int pad, Grid *target)
{
	ItkGeometry geometry;
	double		first[3];
	double		voxels = 1.0;

	*target = *mask;
	for (int axis = 0; axis < 3; axis++)
	{
		double		old = mask->spacing[axis];
		double		ratio = old / spacing[axis];
		double		lo = floor((label_box->lo[axis] - 0.5) * ratio - pad);
		double		hi = ceil((label_box->hi[axis] - 0.5) * ratio + pad);

		lo = fmax(lo, 0.0);
		hi = fmin(hi, ceil(mask->size[axis] * ratio) - 1.0);
		if (!(hi - lo < RAD_MAX_DIMENSION))
		{
			rad_fail(context, RAD_LIMIT_EXCEEDED,
					 "resampled image of %.0f voxels along axis %c is too large",
					 hi - lo + 1.0, "xyz"[axis]);
			return rad_hint(context, "At most %d voxels along an axis are accepted: "
							"choose a larger \"resampledPixelSpacing\" (mm).",
							RAD_MAX_DIMENSION);
		}
		target->size[axis] = (int) (hi - lo) + 1;
		target->spacing[axis] = spacing[axis];
		first[axis] = 0.5 * (spacing[axis] - old) / old + lo / ratio;
		voxels *= target->size[axis];
	}
	if (voxels > (double) RAD_MAX_VOLUME_VOXELS)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "resampled image of %.0f voxels is too large",
				 voxels);
		return rad_hint(context, "Choose a larger \"resampledPixelSpacing\" (mm).");
	}
	rad_itk_geometry(mask, &geometry);
	rad_itk_index_to_world(&geometry, first, target->origin);
	return true;
}

bool
rad_itk_inside(const Grid *mask, const Box *label_box, const Grid *image)
{
	const double tolerance = 1e-3;
	ItkGeometry from;
	ItkGeometry to;
	double		corner[2][3];

	rad_itk_geometry(mask, &from);
	rad_itk_geometry(image, &to);
	for (int end = 0; end < 2; end++)
	{
		double		index[3];
		double		world[3];

		for (int axis = 0; axis < 3; axis++)
			index[axis] = (end == 0 ? label_box->lo[axis] : label_box->hi[axis]) - 0.5;
		rad_itk_index_to_world(&from, index, world);
		rad_itk_world_to_index(&to, world, corner[end]);
	}
	for (int axis = 0; axis < 3; axis++)
		if (!(fmin(corner[0][axis], corner[1][axis]) >= -0.5 - tolerance) ||
			!(fmax(corner[0][axis], corner[1][axis]) <= image->size[axis] - 0.5 + tolerance))
			return false;
	return true;
}

/* The positions of a row: first + (k / size) (end - first) for its voxel k. */
typedef struct RowPositions
{
	double		first[3];
	double		span[3];
	double		size;
} RowPositions;

typedef struct Resampling
{
	const Volume *image;
	const Grid *target;
	ItkGeometry from;			/* the target's */
	ItkGeometry to;				/* the image's */
	ItkInterpolator interpolator;
	ItkSamples	samples;
} Resampling;

static void
row_positions(const Resampling *resampling, int y, int z, RowPositions *row)
{
	int			index[3] = {0, y, z};
	double		world[3];
	double		end[3];

	rad_itk_voxel_to_world(&resampling->from, index, world);
	rad_itk_world_to_index(&resampling->to, world, row->first);
	index[0] = resampling->target->size[0];
	rad_itk_voxel_to_world(&resampling->from, index, world);
	rad_itk_world_to_index(&resampling->to, world, end);
	for (int axis = 0; axis < 3; axis++)
		row->span[axis] = end[axis] - row->first[axis];
	row->size = resampling->target->size[0];
}

/* Position of voxel k of a row; false when it is outside the image. */
static inline bool
position_in_row(const Resampling *resampling, const RowPositions *row, int k,
				double position[3])
{
	double		fraction = k / row->size;
	bool		inside = true;

	for (int axis = 0; axis < 3; axis++)
	{
		position[axis] = row->first[axis] + fraction * row->span[axis];
		inside = inside && position[axis] >= -0.5 &&
			position[axis] < resampling->image->grid.size[axis] - 0.5;
	}
	return inside;
}

/* Voxels of the image that the target's voxels are computed from. */
static Box
support_of(const Resampling *resampling)
{
	const Grid *image = &resampling->image->grid;
	const Grid *target = resampling->target;
	int			reach = rad_itk_reach(resampling->interpolator);
	double		lowest[3] = {INFINITY, INFINITY, INFINITY};
	double		highest[3] = {-INFINITY, -INFINITY, -INFINITY};
	Box			box;

	/* Positions are linear in the index: extremes are at the corners. */
	for (int corner = 0; corner < 4; corner++)
	{
		RowPositions row;

		row_positions(resampling, corner & 1 ? target->size[1] - 1 : 0,
					  corner & 2 ? target->size[2] - 1 : 0, &row);
		for (int axis = 0; axis < 3; axis++)
		{
			double		end = row.first[axis] + row.span[axis];

			lowest[axis] = fmin(lowest[axis], fmin(row.first[axis], end));
			highest[axis] = fmax(highest[axis], fmax(row.first[axis], end));
		}
	}
	for (int axis = 0; axis < 3; axis++)
	{
		int			last = image->size[axis] - 1;

		box.lo[axis] = (int) fmin(fmax(floor(lowest[axis]) - reach, 0.0), last);
		box.hi[axis] = (int) fmin(fmax(floor(highest[axis]) + reach, 0.0), last) + 1;
	}
	return box;
}

/* Doubles of the box, and coefficients where the interpolator wants them. */
static bool
load_samples(RadContext *context, Resampling *resampling)
{
	const Volume *image = resampling->image;
	ItkSamples *samples = &resampling->samples;
	Box		   *box = &samples->box;
	int			size[3];
	int			width;

	*box = support_of(resampling);
	memcpy(samples->size, image->grid.size, sizeof(samples->size));
	memcpy(samples->spacing, image->grid.spacing, sizeof(samples->spacing));
	for (int axis = 0; axis < 3; axis++)
		size[axis] = box->hi[axis] - box->lo[axis];
	width = size[0];
	samples->values = rad_new(context, double, rad_box_voxel_count(box));
	if (samples->values == NULL)
		return false;
	for (int z = box->lo[2]; z < box->hi[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = box->lo[1]; y < box->hi[1]; y++)
		{
			int64_t		from = ((int64_t) z * samples->size[1] + y) * samples->size[0] + box->lo[0];
			int64_t		to = (int64_t) (z - box->lo[2]) * size[1] + (y - box->lo[1]);

			rad_voxels_to_double(image->type, image->voxels, from, width,
								 samples->values + to * width);
		}
	}
	return resampling->interpolator != ITK_BSPLINE ||
		rad_spline_filter(context, SPLINE_ITK, size, samples->values);
}

/* Clamped to the range of the type; integers are truncated towards zero. */
static void
store_row(VoxelType type, const double *row, int64_t first, int count, void *voxels)
{
#define STORE(ctype, lowest, highest) \
	for (int n = 0; n < count; n++) \
		((ctype *) voxels)[first + n] = row[n] < (lowest) ? (ctype) (lowest) : \
			row[n] > (highest) ? (ctype) (highest) : (ctype) row[n]; \
	break

	switch (type)
	{
		case VOXEL_INT8:
			STORE(int8_t, INT8_MIN, INT8_MAX);
		case VOXEL_UINT8:
			STORE(uint8_t, 0, UINT8_MAX);
		case VOXEL_INT16:
			STORE(int16_t, INT16_MIN, INT16_MAX);
		case VOXEL_UINT16:
			STORE(uint16_t, 0, UINT16_MAX);
		case VOXEL_INT32:
			STORE(int32_t, INT32_MIN, INT32_MAX);
		case VOXEL_UINT32:
			STORE(uint32_t, 0, UINT32_MAX);
		case VOXEL_FLOAT32:
			for (int n = 0; n < count; n++)
				((float *) voxels)[first + n] = (float) fmin(fmax(row[n], -FLT_MAX), FLT_MAX);
			break;
		case VOXEL_FLOAT64:
			memcpy((double *) voxels + first, row, (size_t) count * sizeof(double));
			break;
	}
#undef STORE
}

static void
nearest_row(const Resampling *resampling, const RowPositions *positions, int64_t first,
			void *voxels)
{
	const Volume *image = resampling->image;
	size_t		size = rad_voxel_size(image->type);
	char	   *out = (char *) voxels + (size_t) first * size;

	for (int k = 0; k < resampling->target->size[0]; k++, out += size)
	{
		double		position[3];
		int64_t		at = 0;

		if (!position_in_row(resampling, positions, k, position))
		{
			memset(out, 0, size);
			continue;
		}
		for (int axis = 2; axis >= 0; axis--)
			at = at * image->grid.size[axis] + (int64_t) floor(position[axis] + 0.5);
		memcpy(out, (const char *) image->voxels + (size_t) at * size, size);
	}
}

/* Values of a row; those inside the image lie next to each other. */
static void
interpolated_row(const Resampling *resampling, const RowPositions *row, double (*positions)[3],
				 double *values)
{
	int			count = resampling->target->size[0];
	int			first = 0;
	int			inside = 0;

	for (int k = 0; k < count; k++)
	{
		values[k] = 0.0;
		if (!position_in_row(resampling, row, k, positions[inside]))
			continue;
		if (inside++ == 0)
			first = k;
	}
	rad_itk_interpolate_row(&resampling->samples, resampling->interpolator, inside, positions,
							values + first);
}

bool
rad_itk_resample(RadContext *context, const Volume *image, const Grid *target,
				 ItkInterpolator interpolator, Volume *resampled)
{
	Resampling	resampling = {.image = image, .target = target, .interpolator = interpolator};
	bool		nearest = interpolator == ITK_NEAREST_NEIGHBOR;
	double	   *row = rad_new(context, double, target->size[0]);
	double		(*places)[3] = rad_allocate(context, (size_t) target->size[0], sizeof(*places));

	rad_itk_geometry(target, &resampling.from);
	rad_itk_geometry(&image->grid, &resampling.to);
	resampled->grid = *target;
	resampled->box = rad_grid_box(target);
	resampled->type = image->type;
	resampled->voxels = rad_allocate(context, (size_t) rad_grid_voxel_count(target),
									 rad_voxel_size(image->type));
	if (row == NULL || places == NULL || resampled->voxels == NULL ||
		(!nearest && !load_samples(context, &resampling)))
		return false;
	for (int z = 0; z < target->size[2]; z++)
		for (int y = 0; y < target->size[1]; y++)
		{
			int64_t		first = ((int64_t) z * target->size[1] + y) * target->size[0];
			RowPositions positions;

			if (!rad_continue(context))
				return false;
			row_positions(&resampling, y, z, &positions);
			if (nearest)
				nearest_row(&resampling, &positions, first, resampled->voxels);
			else
			{
				interpolated_row(&resampling, &positions, places, row);
				store_row(image->type, row, first, target->size[0], resampled->voxels);
			}
		}
	rad_release(context, resampling.samples.values);
	rad_release(context, places);
	rad_release(context, row);
	return true;
}
