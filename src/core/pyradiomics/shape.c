/*
 * PyRadiomics' class shape: of the mask in its box, which is padded by one voxel
 * on every side.
 *
 * The mesh: cubes of 2 x 2 x 2 voxel centres with the triangles of
 * marching_cubes.def between the midpoints of edges.  A configuration with
 * corner 7 inside is complemented and counts negatively, which closes ambiguous
 * faces inconsistently: the mesh can have holes, and its volume (a sum of
 * tetrahedra to the padded array's voxel 0) then depends on where that is.
 * With the number of cubes of each configuration and the sums of their
 * positions the volume is one integer times the volume of a voxel.
 */
#include <math.h>
#include <string.h>

#include "features/eigen.h"
#include "features/extremes.h"
#include "pyradiomics/classes.h"
#include "roi/bit_mask.h"

#define CONFIGURATIONS 256
#define MOST_EDGES 15			/* five triangles */

/* Cubes of each configuration and the sums of their lowest corners' indices. */
typedef struct CubeSums
{
	int64_t		count[CONFIGURATIONS];
	int64_t		position[CONFIGURATIONS][3];	/* x, y, z in the padded array */
} CubeSums;

/* What the triangles of one configuration add. */
typedef struct CubeMeasure
{
	int64_t		flux;			/* sum of determinants, half voxels cubed */
	int64_t		normal[3];		/* sum of (b - a) x (c - a), half voxels squared */
	double		area;			/* mm2 */
} CubeMeasure;

/* Edges of the triangles by PyRadiomics' corner bits; -1 ends a list. */
static const int8_t cube_edges[128][MOST_EDGES + 1] = {
	[0] = {-1},
#define CUBE(index, ...) [index] = {__VA_ARGS__, -1},
#include "pyradiomics/marching_cubes.def"
#undef CUBE
};

/* PyRadiomics' corners as x, y, z, and the two corners of each edge. */
static const int cube_corners[8][3] = {
	{0, 0, 0}, {1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 1}, {1, 1, 1}, {0, 1, 1},
};
static const int edge_corners[12][2] = {
	{0, 1}, {1, 2}, {2, 3}, {3, 0}, {4, 5}, {5, 6}, {6, 7}, {7, 4},
	{0, 4}, {1, 5}, {2, 6}, {3, 7},
};

/* Count the cubes of one row; corners bit dx + 2 dy + 4 dz. */
static void
count_row(const BitMask *mask, int y, int z, CubeSums *sums)
{
	const uint64_t *rows[4] = {
		rad_bit_row(mask, y, z), rad_bit_row(mask, y + 1, z),
		rad_bit_row(mask, y, z + 1), rad_bit_row(mask, y + 1, z + 1),
	};

	/* Word -1 holds the cube at x = -1 as its last bit. */
	for (int word = -1; word < mask->row_words; word++)
	{
		uint64_t	corner[8];
		uint64_t	any = 0;
		uint64_t	all = ~UINT64_C(0);

		for (int n = 0; n < 4; n++)
		{
			uint64_t	here = word < 0 ? 0 : rows[n][word];
			uint64_t	next = word + 1 < mask->row_words ? rows[n][word + 1] : 0;

			corner[2 * n] = here;
			corner[2 * n + 1] = here >> 1 | next << 63;
			any |= corner[2 * n] | corner[2 * n + 1];
			all &= corner[2 * n] & corner[2 * n + 1];
		}
		for (uint64_t active = any & ~all; active != 0; active &= active - 1)
		{
			int			bit = __builtin_ctzll(active);
			unsigned	configuration = 0;

			for (int n = 0; n < 8; n++)
				configuration |= (unsigned) (corner[n] >> bit & 1) << n;
			sums->count[configuration]++;
			sums->position[configuration][0] += (int64_t) word * 64 + bit + 1;
			sums->position[configuration][1] += y + 1;
			sums->position[configuration][2] += z + 1;
		}
	}
}

/* From our corner bits to PyRadiomics'. */
static unsigned
pyradiomics_index(unsigned configuration)
{
	unsigned	index = 0;

	for (int corner = 0; corner < 8; corner++)
	{
		const int  *at = cube_corners[corner];

		index |= (configuration >> (at[0] + 2 * at[1] + 4 * at[2]) & 1) << corner;
	}
	return index;
}

/* The cross product of PyRadiomics' arrays, whose order is z, y, x. */
static void
cross(const int a[3], const int b[3], int product[3])
{
	product[2] = a[1] * b[0] - a[0] * b[1];
	product[1] = a[0] * b[2] - a[2] * b[0];
	product[0] = a[2] * b[1] - a[1] * b[2];
}

static void
measure_cube(unsigned index, const double spacing[3], CubeMeasure *measure)
{
	int			sign = 1;

	memset(measure, 0, sizeof(*measure));
	if (index & 0x80)
	{
		index ^= 0xFF;
		sign = -1;
	}
	for (const int8_t *edge = cube_edges[index]; *edge >= 0; edge += 3)
	{
		int			vertex[3][3];
		int			from[2][3];
		int			product[3];
		double		doubled = 0.0;

		for (int n = 0; n < 3; n++)
			for (int axis = 0; axis < 3; axis++)
				vertex[n][axis] = cube_corners[edge_corners[edge[n]][0]][axis] +
					cube_corners[edge_corners[edge[n]][1]][axis];
		cross(vertex[0], vertex[1], product);
		for (int axis = 0; axis < 3; axis++)
		{
			measure->flux += sign * product[axis] * vertex[2][axis];
			from[0][axis] = vertex[1][axis] - vertex[0][axis];
			from[1][axis] = vertex[2][axis] - vertex[0][axis];
		}
		cross(from[0], from[1], product);
		for (int axis = 0; axis < 3; axis++)
		{
			double		part = product[axis] * spacing[(axis + 1) % 3] * spacing[(axis + 2) % 3];

			measure->normal[axis] += sign * product[axis];
			doubled += part * part;
		}
		/* Quarter voxels of twice the area. */
		measure->area += sqrt(doubled) / 8.0;
	}
}

/* Volume (mm3) and area (mm2) of the mesh. */
static bool
measure_mesh(RadContext *context, const BitMask *mask, const double spacing[3],
			 double *volume, double *area)
{
	CubeSums   *sums = rad_new_zeroed(context, CubeSums, 1);
	__int128	flux = 0;		/* 48 times the volume in voxels */

	if (sums == NULL)
		return false;
	for (int z = -1; z < mask->size[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = -1; y < mask->size[1]; y++)
			count_row(mask, y, z, sums);
	}
	*area = 0.0;
	for (unsigned n = 1; n < CONFIGURATIONS - 1; n++)
	{
		CubeMeasure measure;

		if (sums->count[n] == 0)
			continue;
		measure_cube(pyradiomics_index(n), spacing, &measure);
		flux += (__int128) sums->count[n] * measure.flux;
		for (int axis = 0; axis < 3; axis++)
			flux += (__int128) (2 * sums->position[n][axis]) * measure.normal[axis];
		*area += (double) sums->count[n] * measure.area;
	}
	*volume = (double) flux / 48.0 * (spacing[0] * spacing[1] * spacing[2]);
	rad_release(context, sums);
	return true;
}

/* Largest distances of mesh vertices, in space and in planes. */
static bool
measure_diameters(RadContext *context, const BitMask *mask, const double spacing[3],
				  double *values)
{
	const double turned_spacing[3] = {spacing[1], spacing[0], spacing[2]};
	PointList	vertices;
	BitMask    *turned = rad_bit_mask_transpose(context, mask);

	if (turned == NULL || !rad_extreme_vertices(context, mask, &vertices) ||
		!rad_maximum_distance(context, &vertices, spacing,
							  &values[PYRADIOMICS_shape_Maximum3DDiameter]) ||
		!rad_maximum_plane_distances(context, mask, spacing,
									 &values[PYRADIOMICS_shape_Maximum2DDiameterColumn],
									 &values[PYRADIOMICS_shape_Maximum2DDiameterSlice]) ||
		!rad_maximum_plane_distances(context, turned, turned_spacing,
									 &values[PYRADIOMICS_shape_Maximum2DDiameterRow], NULL))
		return false;
	rad_release(context, vertices.points);
	rad_bit_mask_release(context, turned);
	return true;
}

/* An eigenvalue as PyRadiomics takes its root: rounding below 0 is 0. */
static double
axis_root(double eigenvalue)
{
	if (eigenvalue < 0.0 && eigenvalue > -1e-10)
		return 0.0;
	return eigenvalue < 0.0 ? NAN : eigenvalue;
}

/* Lengths of the axes of the ellipsoid with the same second moments. */
static bool
measure_axes(RadContext *context, const BitMask *mask, const double spacing[3],
			 int64_t *count, double *values)
{
	CoordinateSums sums;
	double		covariance[3][3];
	double		eigenvalue[3];

	if (!rad_bit_mask_sums(context, mask, &sums))
		return false;
	*count = sums.count;
	for (int a = 0; a < 3; a++)
		for (int b = 0; b < 3; b++)
		{
			__int128	central = (__int128) sums.count * sums.second[a][b] -
				(__int128) sums.first[a] * sums.first[b];

			covariance[a][b] = (double) central / (double) sums.count / (double) sums.count *
				spacing[a] * spacing[b];
		}
	rad_eigenvalues(covariance, eigenvalue);
	for (int n = 0; n < 3; n++)
		eigenvalue[n] = axis_root(eigenvalue[n]);
	values[PYRADIOMICS_shape_MajorAxisLength] = 4.0 * sqrt(eigenvalue[0]);
	values[PYRADIOMICS_shape_MinorAxisLength] = 4.0 * sqrt(eigenvalue[1]);
	values[PYRADIOMICS_shape_LeastAxisLength] = 4.0 * sqrt(eigenvalue[2]);
	values[PYRADIOMICS_shape_Elongation] = sqrt(eigenvalue[1] / eigenvalue[0]);
	values[PYRADIOMICS_shape_Flatness] = sqrt(eigenvalue[2] / eigenvalue[0]);
	return true;
}

bool
rad_pyradiomics_shape(RadContext *context, const uint8_t *mask, const int size[3],
					  const double spacing[3], double values[PYRADIOMICS_FEATURE_COUNT])
{
	const Box	box = {{0, 0, 0}, {size[0], size[1], size[2]}};
	BitMask    *bits = rad_bit_mask_build(context, mask, size, &box);
	int64_t		count;
	double		volume;
	double		area;
	double		sphere;

	if (bits == NULL || !measure_mesh(context, bits, spacing, &volume, &area) ||
		!measure_diameters(context, bits, spacing, values) ||
		!measure_axes(context, bits, spacing, &count, values))
		return false;
	rad_bit_mask_release(context, bits);

	sphere = cbrt(36.0 * M_PI * (volume * volume));
	values[PYRADIOMICS_shape_MeshVolume] = volume;
	values[PYRADIOMICS_shape_VoxelVolume] =
		(double) count * (spacing[0] * spacing[1] * spacing[2]);
	values[PYRADIOMICS_shape_SurfaceArea] = area;
	values[PYRADIOMICS_shape_SurfaceVolumeRatio] = area / volume;
	values[PYRADIOMICS_shape_Sphericity] = sphere / area;
	values[PYRADIOMICS_shape_SphericalDisproportion] = area / sphere;
	values[PYRADIOMICS_shape_Compactness1] = volume / (sqrt(M_PI) * pow(area, 1.5));
	values[PYRADIOMICS_shape_Compactness2] =
		36.0 * M_PI * (volume * volume) / (area * area * area);
	return true;
}
