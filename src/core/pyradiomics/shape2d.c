/*
 * PyRadiomics' class shape2D: of a mask that is one voxel thick, padded by one
 * pixel.  Marching squares between the midpoints of pixel pairs; pixels that
 * touch at a corner only are separate.
 */
#include <math.h>

#include "features/eigen.h"
#include "pyradiomics/classes.h"

/* Vertex pairs between two polls for a cancel. */
#define PAIRS_PER_POLL 4000000

/*
 * Directed segments by the pixels inside: bit 0 (row 0, column 0), 1 (0, 1),
 * 2 (1, 1), 3 (1, 0).  Midpoints: 0 top, 1 right, 2 bottom, 3 left.
 */
static const int8_t square_segments[16][5] = {
	{-1}, {3, 0, -1}, {0, 1, -1}, {3, 1, -1}, {1, 2, -1}, {1, 2, 3, 0, -1}, {0, 2, -1},
	{3, 2, -1}, {2, 3, -1}, {2, 0, -1}, {0, 1, 2, 3, -1}, {2, 1, -1}, {1, 3, -1},
	{1, 0, -1}, {0, 3, -1}, {-1},
};

/* Row and column of the midpoints, half pixels. */
static const int midpoints[4][2] = {{0, 1}, {1, 2}, {2, 1}, {1, 0}};

/* The plane of the mask: rows and columns in PyRadiomics' array order. */
typedef struct Plane
{
	const uint8_t *mask;
	int			rows;
	int			columns;
	int64_t		row_stride;
	int64_t		column_stride;
	double		row_spacing;
	double		column_spacing;
} Plane;

static bool
is_inside(const Plane *plane, int row, int column)
{
	if (row < 0 || column < 0 || row >= plane->rows || column >= plane->columns)
		return false;
	return plane->mask[row * plane->row_stride + column * plane->column_stride] != 0;
}

/* Perimeter (mm) and area (mm2); the origin is the padded array's pixel 0. */
static void
measure_mesh(const Plane *plane, double *perimeter, double *area)
{
	int64_t		doubled = 0;	/* twice the area, quarter pixels */

	*perimeter = 0.0;
	for (int row = -1; row < plane->rows; row++)
		for (int column = -1; column < plane->columns; column++)
		{
			int			index = is_inside(plane, row, column) |
				is_inside(plane, row, column + 1) << 1 |
				is_inside(plane, row + 1, column + 1) << 2 |
				is_inside(plane, row + 1, column) << 3;

			for (const int8_t *segment = square_segments[index]; *segment >= 0; segment += 2)
			{
				const int  *from = midpoints[segment[0]];
				const int  *to = midpoints[segment[1]];
				int64_t		a[2] = {2 * (row + 1) + from[0], 2 * (column + 1) + from[1]};
				int64_t		b[2] = {2 * (row + 1) + to[0], 2 * (column + 1) + to[1]};
				double		rows = (double) (b[0] - a[0]) * plane->row_spacing;
				double		columns = (double) (b[1] - a[1]) * plane->column_spacing;

				doubled += a[0] * b[1] - b[0] * a[1];
				*perimeter += sqrt(rows * rows + columns * columns) / 2.0;
			}
		}
	*area = (double) doubled / 8.0 * (plane->row_spacing * plane->column_spacing);
}

/* Largest distance between midpoints of a pixel inside and one outside. */
static bool
measure_diameter(RadContext *context, const Plane *plane, double *diameter)
{
	int64_t		room = 0;
	int64_t		count = 0;
	int64_t		measured = 0;
	double		best = 0.0;
	double	   *points;

	for (int row = 0; row < plane->rows; row++)
		for (int column = 0; column < plane->columns; column++)
			room += is_inside(plane, row, column);
	points = rad_new(context, double, 8 * room);
	if (points == NULL)
		return false;
	for (int row = -1; row < plane->rows; row++)
		for (int column = -1; column < plane->columns; column++)
		{
			bool		inside = is_inside(plane, row, column);

			if (inside != is_inside(plane, row, column + 1))
			{
				points[2 * count] = row * plane->row_spacing;
				points[2 * count++ + 1] = (column + 0.5) * plane->column_spacing;
			}
			if (inside != is_inside(plane, row + 1, column))
			{
				points[2 * count] = (row + 0.5) * plane->row_spacing;
				points[2 * count++ + 1] = column * plane->column_spacing;
			}
		}
	for (int64_t n = 0; n < count; n++)
	{
		for (int64_t m = n + 1; m < count; m++)
		{
			double		rows = points[2 * n] - points[2 * m];
			double		columns = points[2 * n + 1] - points[2 * m + 1];

			best = fmax(best, rows * rows + columns * columns);
		}
		measured += count - n;
		if (measured > PAIRS_PER_POLL)
		{
			if (!rad_continue(context))
				return false;
			measured = 0;
		}
	}
	rad_release(context, points);
	*diameter = sqrt(best);
	return true;
}

/* Covariance of the pixel centres; exact sums. */
static int64_t
measure_axes(const Plane *plane, double *major, double *minor)
{
	int64_t		count = 0;
	int64_t		first[2] = {0, 0};
	int64_t		second[3] = {0, 0, 0};
	double		covariance[3][3] = {{0.0}};
	double		eigenvalue[3];
	double		squared;

	for (int64_t row = 0; row < plane->rows; row++)
		for (int64_t column = 0; column < plane->columns; column++)
		{
			if (!is_inside(plane, (int) row, (int) column))
				continue;
			count++;
			first[0] += row;
			first[1] += column;
			second[0] += row * row;
			second[1] += row * column;
			second[2] += column * column;
		}
	squared = (double) count * (double) count;
	covariance[0][0] = (double) (count * second[0] - first[0] * first[0]) / squared *
		(plane->row_spacing * plane->row_spacing);
	covariance[0][1] = covariance[1][0] =
		(double) (count * second[1] - first[0] * first[1]) / squared *
		(plane->row_spacing * plane->column_spacing);
	covariance[1][1] = (double) (count * second[2] - first[1] * first[1]) / squared *
		(plane->column_spacing * plane->column_spacing);

	/* One eigenvalue is that of the missing axis, 0; rounding below it is 0, too. */
	rad_eigenvalues(covariance, eigenvalue);
	*major = eigenvalue[0];
	*minor = eigenvalue[1];
	return count;
}

bool
rad_pyradiomics_shape2d(RadContext *context, const uint8_t *mask, const int size[3],
						const double spacing[3], int slice_axis,
						double values[PYRADIOMICS_FEATURE_COUNT])
{
	const int64_t strides[3] = {1, size[0], (int64_t) size[0] * size[1]};
	const int	column_axis = slice_axis == 0 ? 1 : 0;
	const int	row_axis = slice_axis == 2 ? 1 : 2;
	const Plane plane = {
		.mask = mask,
		.rows = size[row_axis],
		.columns = size[column_axis],
		.row_stride = strides[row_axis],
		.column_stride = strides[column_axis],
		.row_spacing = spacing[row_axis],
		.column_spacing = spacing[column_axis],
	};
	double		perimeter;
	double		area;
	double		major;
	double		minor;
	int64_t		count;

	if (size[slice_axis] > 1)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "shape2D needs a region of one slice; this one has %d slices across axis %c",
				 size[slice_axis], "xyz"[slice_axis]);
		return rad_hint(context, "Set \"force2Ddimension\" to the axis along which the region is "
						"one voxel thick, or leave out the class shape2D.");
	}
	if (!measure_diameter(context, &plane, &values[PYRADIOMICS_shape2D_MaximumDiameter]))
		return false;
	measure_mesh(&plane, &perimeter, &area);
	count = measure_axes(&plane, &major, &minor);
	values[PYRADIOMICS_shape2D_MeshSurface] = area;
	values[PYRADIOMICS_shape2D_Perimeter] = perimeter;
	values[PYRADIOMICS_shape2D_PixelSurface] =
		(double) count * (plane.row_spacing * plane.column_spacing);
	values[PYRADIOMICS_shape2D_PerimeterSurfaceRatio] = perimeter / area;
	values[PYRADIOMICS_shape2D_Sphericity] = 2.0 * sqrt(M_PI * area) / perimeter;
	values[PYRADIOMICS_shape2D_SphericalDisproportion] = perimeter / (2.0 * sqrt(M_PI * area));
	values[PYRADIOMICS_shape2D_MajorAxisLength] = 4.0 * sqrt(major);
	values[PYRADIOMICS_shape2D_MinorAxisLength] = 4.0 * sqrt(minor);
	values[PYRADIOMICS_shape2D_Elongation] = sqrt(minor / major);
	return true;
}
