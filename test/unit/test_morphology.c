/*
 * Morphology against IBSI's reference values, closed forms of boxes, plates and
 * ellipsoids, and brute force.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libqhull_r/qhull_ra.h>

#include "digital_phantom.h"
#include "features/bounding.h"
#include "features/eigen.h"
#include "features/families.h"
#include "features/mesh.h"
#include "region_fixture.h"

static const double pi = 3.14159265358979323846;

/* A mask with its arrays, and the features of it. */
typedef struct Shape
{
	RadContext *context;
	int			size[3];
	double		spacing[3];
	int64_t		count;
	double	   *intensity;
	uint8_t    *mask;
	Settings	settings;
	FeatureValues values;
} Shape;

static Shape *
new_shape(int x, int y, int z, double sx, double sy, double sz)
{
	RadContext *context = rad_context_create();
	Shape	   *shape = rad_new_zeroed(context, Shape, 1);

	shape->context = context;
	memcpy(shape->size, (int[3]) {x, y, z}, sizeof(shape->size));
	memcpy(shape->spacing, (double[3]) {sx, sy, sz}, sizeof(shape->spacing));
	shape->count = (int64_t) x * y * z;
	shape->intensity = rad_new_zeroed(context, double, shape->count);
	shape->mask = rad_new_zeroed(context, uint8_t, shape->count);
	return shape;
}

static void
free_shape(Shape *shape)
{
	rad_context_destroy(shape->context);
}

static uint8_t *
voxel_of(Shape *shape, int x, int y, int z)
{
	return &shape->mask[x + shape->size[0] * (y + (int64_t) shape->size[1] * z)];
}

static void
fill_box(Shape *shape, const int low[3], const int size[3])
{
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			memset(voxel_of(shape, low[0], low[1] + y, low[2] + z), 1, (size_t) size[0]);
}

static Region *
region_of(Shape *shape)
{
	return fixture_region(shape->context, shape->size, shape->spacing, shape->intensity,
						  shape->mask, NULL);
}

static void
compute(Shape *shape, const Device *device)
{
	if (!rad_morphology_features(shape->context, device, region_of(shape),
								 &shape->settings, &shape->values))
		fail_msg("%s", shape->context->message);
}

static double
value_of(const Shape *shape, FeatureId feature)
{
	return shape->values.value[feature][0];
}

static void
assert_close(double actual, double expected, double relative)
{
	if (!(fabs(actual - expected) <= relative * fabs(expected)))
		fail_msg("%.17g is not %.17g within a relative %g", actual, expected, relative);
}

/* 5 to 99 percent of the voxels of a small array, at least one; any spacing. */
static Shape *
random_shape(uint32_t *seed, int most)
{
	Shape	   *shape = new_shape(1 + fixture_random(seed) % most, 1 + fixture_random(seed) % most,
								  1 + fixture_random(seed) % most,
								  0.5 + fixture_random_unit(seed), 1.0,
								  0.5 + 3.0 * fixture_random_unit(seed));
	uint32_t	percent = 5 + fixture_random(seed) % 95;

	for (int64_t n = 0; n < shape->count; n++)
	{
		shape->mask[n] = fixture_random(seed) % 100 < percent;
		shape->intensity[n] = 50.0 * fixture_random_unit(seed) - 10.0;
	}
	shape->mask[fixture_random(seed) % shape->count] = 1;
	return shape;
}

static unsigned
plain_configuration(Shape *shape, int x, int y, int z)
{
	unsigned	configuration = 0;

	for (int corner = 0; corner < 8; corner++)
	{
		int			at[3] = {x + (corner & 1), y + (corner >> 1 & 1), z + (corner >> 2)};
		bool		outside = false;

		for (int axis = 0; axis < 3; axis++)
			outside = outside || at[axis] < 0 || at[axis] >= shape->size[axis];
		if (!outside && *voxel_of(shape, at[0], at[1], at[2]) != 0)
			configuration |= 1u << corner;
	}
	return configuration;
}

/* Rows up to 200 voxels, so that all cases of words are met. */
static void
test_count_cubes(void **state)
{
	uint32_t	seed = 11;

	(void) state;
	for (int trial = 0; trial < 60; trial++)
	{
		int			most = trial < 30 ? 7 : 200;
		Shape	   *shape = new_shape(1 + fixture_random(&seed) % most,
									  1 + fixture_random(&seed) % 7,
									  1 + fixture_random(&seed) % 7, 1, 1, 1);
		CubeCounts	plain;
		CubeCounts	counted;

		for (int64_t n = 0; n < shape->count; n++)
			shape->mask[n] = fixture_random(&seed) % 10 < (uint32_t) trial % 11;
		memset(&plain, 0, sizeof(plain));
		for (int z = -1; z < shape->size[2]; z++)
			for (int y = -1; y < shape->size[1]; y++)
				for (int x = -1; x < shape->size[0]; x++)
				{
					unsigned	configuration = plain_configuration(shape, x, y, z);

					plain.count[configuration]++;
					plain.z_sum[configuration] += z;
				}
		assert_true(rad_cpu_v2.count_cubes(shape->context, shape->size, shape->mask, &counted));
		assert_memory_equal(&plain, &counted, sizeof(plain));
		if (rad_cpu_named("v3") != NULL)
		{
			assert_true(rad_cpu_v3.count_cubes(shape->context, shape->size, shape->mask,
											   &counted));
			assert_memory_equal(&plain, &counted, sizeof(plain));
		}
		free_shape(shape);
	}
}

typedef struct MeshEdge
{
	int			from[3];
	int			to[3];
} MeshEdge;

static int
compare_edges(const void *a, const void *b)
{
	const int  *first = a;
	const int  *second = b;

	for (int n = 0; n < 6; n++)
		if (first[n] != second[n])
			return first[n] < second[n] ? -1 : 1;
	return 0;
}

/*
 * The surface of random masks is closed: every directed edge comes once, and
 * its opposite once.  Area and volume from counts are those of the triangles.
 */
static void
test_mesh_is_closed(void **state)
{
	uint32_t	seed = 5;

	(void) state;
	for (int trial = 0; trial < 300; trial++)
	{
		Shape	   *shape = random_shape(&seed, 6);
		MeshEdge   *edges = rad_new(shape->context, MeshEdge,
									(shape->size[0] + 1) * (shape->size[1] + 1) *
									(shape->size[2] + 1) * 3 * RAD_MOST_CUBE_TRIANGLES);
		CubeCounts	cubes;
		double		plain_volume = 0.0;
		double		plain_area = 0.0;
		double		volume;
		double		area;
		int			count = 0;

		for (int z = -1; z < shape->size[2]; z++)
			for (int y = -1; y < shape->size[1]; y++)
				for (int x = -1; x < shape->size[0]; x++)
				{
					MeshTriangle triangles[RAD_MOST_CUBE_TRIANGLES];
					int			number =
						rad_cube_triangles(plain_configuration(shape, x, y, z), triangles);

					for (int n = 0; n < number; n++)
					{
						int			base[3] = {2 * x, 2 * y, 2 * z};
						double		p[3][3];
						double		normal[3];

						for (int side = 0; side < 3; side++, count++)
							for (int axis = 0; axis < 3; axis++)
							{
								int			next = (side + 1) % 3;

								edges[count].from[axis] = base[axis] + triangles[n].corner[side][axis];
								edges[count].to[axis] = base[axis] + triangles[n].corner[next][axis];
								p[side][axis] = edges[count].from[axis] / 2.0 * shape->spacing[axis];
							}
						for (int i = 0; i < 3; i++)
						{
							int			j = (i + 1) % 3;
							int			k = (i + 2) % 3;

							normal[i] = (p[1][j] - p[0][j]) * (p[2][k] - p[0][k]) -
								(p[1][k] - p[0][k]) * (p[2][j] - p[0][j]);
							plain_volume += normal[i] * p[0][i] / 6.0;
						}
						plain_area += sqrt(normal[0] * normal[0] + normal[1] * normal[1] +
										   normal[2] * normal[2]) / 2.0;
					}
				}
		qsort(edges, (size_t) count, sizeof(MeshEdge), compare_edges);
		for (int n = 0; n < count; n++)
		{
			MeshEdge	opposite;

			memcpy(opposite.from, edges[n].to, sizeof(opposite.from));
			memcpy(opposite.to, edges[n].from, sizeof(opposite.to));
			assert_non_null(bsearch(&opposite, edges, (size_t) count, sizeof(MeshEdge),
									compare_edges));
			assert_true(n == 0 || compare_edges(&edges[n - 1], &edges[n]) != 0);
		}
		assert_true(rad_cpu_v2.count_cubes(shape->context, shape->size, shape->mask, &cubes));
		rad_mesh_measure(&cubes, shape->spacing, &volume, &area);
		assert_close(volume, plain_volume, 1e-12);
		assert_close(area, plain_area, 1e-12);
		free_shape(shape);
	}
}

/*
 * A box of n voxels per axis: its mesh is the box with edges and corners cut
 * half way between voxel centres, and convex.
 */
static void
test_boxes(void **state)
{
	static const int sizes[4][3] = {{3, 4, 6}, {10, 3, 3}, {7, 7, 7}, {1, 2, 5}};

	(void) state;
	for (int trial = 0; trial < 4; trial++)
	{
		const int  *n = sizes[trial];
		Shape	   *shape = new_shape(12, 9, 8, 0.8, 1.25, 2.0);
		const double *s = shape->spacing;
		double		volume = (n[0] - 1) * (n[1] - 1) * (n[2] - 1) + 1.0 / 6.0;
		double		area = 0.0;
		double		edge[3];
		double		box_area;
		double		box_volume;
		double		x = s[1] * s[2];
		double		y = s[2] * s[0];
		double		z = s[0] * s[1];
		double		voxels = n[0] * n[1] * n[2];

		fill_box(shape, (int[3]) {1, 2, 0}, n);
		for (int64_t i = 0; i < shape->count; i++)
			shape->intensity[i] = (double) (i % 3);
		compute(shape, rad_cpu_best());
		for (int axis = 0; axis < 3; axis++)
		{
			int			j = (axis + 1) % 3;
			int			k = (axis + 2) % 3;

			edge[axis] = n[axis] * s[axis];
			volume += (n[j] - 1) * (n[k] - 1) + 0.5 * (n[axis] - 1);
			area += 2.0 * (n[j] - 1) * (n[k] - 1) * (s[j] * s[k]);
			area += 4.0 * (n[axis] - 1) * s[axis] * sqrt(s[j] * s[j] + s[k] * s[k]) / 2.0;
		}
		area += sqrt(x * x + y * y + z * z);
		volume *= s[0] * s[1] * s[2];
		box_volume = edge[0] * edge[1] * edge[2];
		box_area = 2.0 * (edge[0] * edge[1] + edge[1] * edge[2] + edge[2] * edge[0]);
		assert_close(value_of(shape, FEATURE_morph_volume), volume, 1e-14);
		assert_close(value_of(shape, FEATURE_morph_vol_approx), box_volume, 1e-14);
		assert_close(value_of(shape, FEATURE_morph_area_mesh), area, 1e-14);
		assert_close(value_of(shape, FEATURE_morph_av), area / volume, 1e-14);
		assert_close(value_of(shape, FEATURE_morph_comp_1),
					 volume / (sqrt(pi) * pow(area, 1.5)), 1e-14);
		assert_close(value_of(shape, FEATURE_morph_comp_2),
					 36.0 * pi * volume * volume / pow(area, 3.0), 1e-14);
		assert_close(value_of(shape, FEATURE_morph_sph_dispr),
					 area / pow(36.0 * pi * volume * volume, 1.0 / 3.0), 1e-14);
		assert_close(value_of(shape, FEATURE_morph_sphericity),
					 pow(36.0 * pi * volume * volume, 1.0 / 3.0) / area, 1e-14);
		assert_close(value_of(shape, FEATURE_morph_asphericity),
					 pow(area * area * area / (36.0 * pi * volume * volume), 1.0 / 3.0) - 1.0,
					 1e-13);
		assert_close(value_of(shape, FEATURE_morph_vol_dens_aabb), volume / box_volume, 1e-14);
		assert_close(value_of(shape, FEATURE_morph_area_dens_aabb), area / box_area, 1e-14);
		assert_close(value_of(shape, FEATURE_morph_vol_dens_conv_hull), 1.0, 1e-14);
		assert_close(value_of(shape, FEATURE_morph_area_dens_conv_hull), 1.0, 1e-14);
		if (trial == 2)
		{
			/* Long sides: no turned box can be smaller than the flush one. */
			assert_close(value_of(shape, FEATURE_morph_vol_dens_ombb), volume / box_volume,
						 1e-12);
			assert_close(value_of(shape, FEATURE_morph_area_dens_ombb), area / box_area, 1e-12);
		}
		/* Variance of 0 .. n - 1 is (n^2 - 1) / 12; N - 1 instead of N. */
		if (trial == 0)
		{
			double		factor = voxels / (voxels - 1.0) / 12.0;

			assert_close(value_of(shape, FEATURE_morph_pca_maj_axis),
						 4.0 * 2.0 * sqrt(35.0 * factor), 1e-14);
			assert_close(value_of(shape, FEATURE_morph_pca_min_axis),
						 4.0 * 1.25 * sqrt(15.0 * factor), 1e-14);
			assert_close(value_of(shape, FEATURE_morph_pca_least_axis),
						 4.0 * 0.8 * sqrt(8.0 * factor), 1e-14);
			assert_close(value_of(shape, FEATURE_morph_pca_elongation),
						 1.25 * sqrt(15.0) / (2.0 * sqrt(35.0)), 1e-14);
			assert_close(value_of(shape, FEATURE_morph_pca_flatness),
						 0.8 * sqrt(8.0) / (2.0 * sqrt(35.0)), 1e-14);
			assert_close(value_of(shape, FEATURE_morph_vol_dens_aee),
						 volume / (4.0 / 3.0 * pi * 8.0 * 2.0 *
								   sqrt(35.0 * 15.0 * 8.0 * factor * factor * factor)), 1e-14);
		}
		free_shape(shape);
	}
}

/*
 * IBSI's series in closed form: 1 for a sphere (cubes), and for n x n x k boxes
 * with e^2 = 1 - c^2 / a^2
 *
 *	a > b = c: sum over v of e^(2 v) / (1 - 4 v^2) = (1 + (1 - e^2) / e atanh e) / 2
 *	a = b > c: (sqrt(1 - e^2) + asin(e) / e) / 2
 *
 * It stops at degree 20; the eccentricities here leave less than 1e-7.
 */
static void
test_ellipsoid_area(void **state)
{
	static const int sizes[3][3] = {{5, 5, 5}, {5, 5, 6}, {6, 6, 5}};

	(void) state;
	for (int trial = 0; trial < 3; trial++)
	{
		const int  *n = sizes[trial];
		Shape	   *shape = new_shape(6, 6, 6, 1.5, 1.5, 1.5);
		double		voxels = n[0] * n[1] * n[2];
		double		factor = 1.5 * 1.5 * voxels / (voxels - 1.0) / 12.0;
		double		across = 2.0 * sqrt(factor * (n[0] * n[0] - 1));
		double		along = 2.0 * sqrt(factor * (n[2] * n[2] - 1));
		double		area;

		fill_box(shape, (int[3]) {0, 0, 0}, n);
		compute(shape, rad_cpu_best());
		if (n[2] == n[0])
			area = 4.0 * pi * across * across;
		else if (n[2] > n[0])
		{
			double		e = sqrt(1.0 - across * across / (along * along));

			area = 2.0 * pi * along * across * (1.0 + (1.0 - e * e) / e * atanh(e));
		}
		else
		{
			double		e = sqrt(1.0 - along * along / (across * across));

			area = 2.0 * pi * across * across * (sqrt(1.0 - e * e) + asin(e) / e);
		}
		assert_close(value_of(shape, FEATURE_morph_area_mesh) /
					 value_of(shape, FEATURE_morph_area_dens_aee), area,
					 n[2] == n[0] ? 1e-14 : 1e-7);
		free_shape(shape);
	}
}

/*
 * The hull's vertices of a cube of n voxels are the permutations of
 * (+-n/2, +-(n-1)/2, +-(n-1)/2): the enclosing ellipsoid is a sphere through
 * them, or with a spacing that sphere stretched.  Khachiyan's tolerance bounds
 * the volume by a factor (1 + 0.001)^2.
 */
static void
test_enclosing_ellipsoid(void **state)
{
	(void) state;
	for (int n = 1; n <= 9; n += 4)
	{
		Shape	   *shape = new_shape(n, n, n, 0.7, 1.0, 3.0);
		double		radius = sqrt(n * n + 2.0 * (n - 1) * (n - 1)) / 2.0;
		double		volume = 4.0 / 3.0 * pi * radius * radius * radius * 0.7 * 1.0 * 3.0;
		double		actual;

		memset(shape->mask, 1, (size_t) shape->count);
		compute(shape, rad_cpu_best());
		actual = value_of(shape, FEATURE_morph_volume) /
			value_of(shape, FEATURE_morph_vol_dens_mvee);
		assert_true(actual >= volume * (1.0 - 1e-12));
		assert_true(actual <= volume * 1.0021);
		free_shape(shape);
	}
}

/* A plate turned by 45 degrees, |x - y| <= 6 and |x + y - 49| <= 30. */
static void
test_turned_plate(void **state)
{
	Shape	   *shape = new_shape(50, 50, 9, 1.0, 1.0, 1.0);
	double		volume;

	(void) state;
	for (int z = 0; z < 9; z++)
		for (int y = 0; y < 50; y++)
			for (int x = 0; x < 50; x++)
				*voxel_of(shape, x, y, z) = abs(x - y) <= 6 && abs(x + y - 49) <= 30;
	compute(shape, rad_cpu_best());
	/* Vertices lie half a voxel further along x or y, so x -+ y half more. */
	volume = (2 * 6.5 / sqrt(2.0)) * (2 * 30.5 / sqrt(2.0)) * 9.0;
	assert_close(value_of(shape, FEATURE_morph_volume) /
				 value_of(shape, FEATURE_morph_vol_dens_ombb), volume, 1e-12);
	free_shape(shape);
}

/* Mesh vertices, found voxel by voxel, in half voxels. */
static int
plain_vertices(Shape *shape, int (*vertices)[3])
{
	int			count = 0;

	for (int z = -1; z < shape->size[2]; z++)
		for (int y = -1; y < shape->size[1]; y++)
			for (int x = -1; x < shape->size[0]; x++)
			{
				unsigned	configuration = plain_configuration(shape, x, y, z);

				for (int axis = 0; axis < 3; axis++)
				{
					if ((configuration & 1) == (configuration >> (1 << axis) & 1))
						continue;
					vertices[count][0] = 2 * x + (axis == 0);
					vertices[count][1] = 2 * y + (axis == 1);
					vertices[count++][2] = 2 * z + (axis == 2);
				}
			}
	return count;
}

/* Exactly the diameter of all pairs. */
static void
test_diameter(void **state)
{
	uint32_t	seed = 21;

	(void) state;
	for (int trial = 0; trial < 200; trial++)
	{
		Shape	   *shape = random_shape(&seed, trial < 150 ? 8 : 14);
		int			(*vertices)[3] = rad_allocate(shape->context,
												  (size_t) shape->count * 12 + 100, sizeof(int[3]));
		int			count = plain_vertices(shape, vertices);
		double		largest = 0.0;

		for (int n = 0; n < count; n++)
			for (int m = 0; m < n; m++)
			{
				double		square = 0.0;

				for (int axis = 0; axis < 3; axis++)
				{
					double		difference = vertices[n][axis] / 2.0 * shape->spacing[axis] -
						vertices[m][axis] / 2.0 * shape->spacing[axis];

					square += difference * difference;
				}
				largest = fmax(largest, square);
			}
		compute(shape, rad_cpu_best());
		assert_true(value_of(shape, FEATURE_morph_diam) == sqrt(largest));
		free_shape(shape);
	}
}

/*
 * Every side of the hull supports all mesh vertices, the sides are those that
 * brute force finds, and they enclose the volume that they claim.
 */
static void
test_hull(void **state)
{
	uint32_t	seed = 31;

	(void) state;
	for (int trial = 0; trial < 40; trial++)
	{
		Shape	   *shape = random_shape(&seed, 4);
		Region	   *region = region_of(shape);
		BitMask    *mask = rad_bit_mask_build(shape->context, shape->mask, shape->size,
											  &region->morphological_box);
		int			vertices[500][3];
		int			count = plain_vertices(shape, vertices);
		PointList	list;
		Hull		hull;
		double		volume = 0.0;
		int			found = 0;

		assert_true(rad_extreme_vertices(shape->context, mask, &list));
		assert_true(rad_hull_build(shape->context, &list, &hull));
		for (int n = 0; n < count; n++)
			for (int axis = 0; axis < 3; axis++)
				vertices[n][axis] -= 2 * region->morphological_box.lo[axis];
		for (int64_t side = 0; side < hull.side_count; side++)
		{
			int64_t		support = INT64_MIN;
			int			touching = 0;

			for (int pass = 0; pass < 2; pass++)
				for (int n = 0; n < count; n++)
				{
					int64_t		height = 0;

					for (int axis = 0; axis < 3; axis++)
						height += hull.sides[side].area[axis] * vertices[n][axis];
					if (pass == 0 && height > support)
						support = height;
					if (pass == 1 && height == support)
						touching++;
				}
			assert_true(touching >= 3);
			/* 6 V = sum of (2 area vector) * (support point), half voxels */
			volume += (double) support;
		}
		assert_true(volume == (double) hull.volume);

		/* Planes through three vertices with all others on one side, each once. */
		for (int i = 0; i < list.count; i++)
			for (int j = i + 1; j < list.count; j++)
				for (int k = j + 1; k < list.count; k++)
				{
					const int32_t *a = list.points[i];
					const int32_t *b = list.points[j];
					const int32_t *c = list.points[k];
					int64_t		normal[3];
					bool		above = false;
					bool		below = false;
					bool		first = true;

					for (int axis = 0; axis < 3; axis++)
					{
						int			u = (axis + 1) % 3;
						int			v = (axis + 2) % 3;

						normal[axis] = (int64_t) (b[u] - a[u]) * (c[v] - a[v]) -
							(int64_t) (b[v] - a[v]) * (c[u] - a[u]);
					}
					if (normal[0] == 0 && normal[1] == 0 && normal[2] == 0)
						continue;
					for (int n = 0; n < list.count && !(above && below) && first; n++)
					{
						int64_t		height = 0;

						for (int axis = 0; axis < 3; axis++)
							height += normal[axis] * (list.points[n][axis] - a[axis]);
						above = above || height > 0;
						below = below || height < 0;
						/* count a plane at its lowest three points only */
						if (height == 0 && n < k && n != i && n != j)
						{
							int64_t		turned = 0;

							for (int axis = 0; axis < 3; axis++)
							{
								int			u = (axis + 1) % 3;
								int			v = (axis + 2) % 3;
								int64_t		cross = (int64_t) (b[u] - a[u]) *
									(list.points[n][v] - a[v]) -
									(int64_t) (b[v] - a[v]) * (list.points[n][u] - a[u]);

								turned += llabs(cross);
							}
							if (turned != 0 || n < j)
								first = false;
						}
					}
					if (first && !(above && below))
						found++;
				}
		assert_int_equal(found, hull.side_count);
		free_shape(shape);
	}
}

/* Volume and area of larger hulls, with and without a rough surface, as libqhull has them. */
static void
test_hull_against_qhull(void **state)
{
	uint32_t	seed = 35;

	(void) state;
	for (int trial = 0; trial < 12; trial++)
	{
		Shape	   *shape = new_shape(20 + 5 * trial, 30, 25, 0.9, 1.0, 2.5);
		int64_t		n = 0;
		PointList	list;
		Hull		hull;
		double	   *coordinates;
		BitMask    *mask;
		qhT			qhull;
		char		command[] = "qhull Qt";
		int			left;
		int			total;

		for (int z = 0; z < shape->size[2]; z++)
			for (int y = 0; y < shape->size[1]; y++)
				for (int x = 0; x < shape->size[0]; x++, n++)
				{
					double		u = 2.0 * x / (shape->size[0] - 1) - 1.0;
					double		v = y / 14.5 - 1.0;
					double		w = z / 12.0 - 1.0;
					double		rough = trial % 2 * 0.3 * fixture_random_unit(&seed);

					shape->mask[n] = u * u + v * v + w * w <= 1.0 - rough ||
						(trial == 5 && x < 4 && y < 20);
				}
		mask = rad_bit_mask_build(shape->context, shape->mask, shape->size,
								  &region_of(shape)->morphological_box);
		assert_true(rad_extreme_vertices(shape->context, mask, &list));
		assert_true(rad_hull_build(shape->context, &list, &hull));
		coordinates = rad_new(shape->context, double, list.count * 3);
		for (int64_t point = 0; point < list.count; point++)
			for (int axis = 0; axis < 3; axis++)
				coordinates[3 * point + axis] = list.points[point][axis] *
					shape->spacing[axis] / 2.0;
		qh_zero(&qhull, stderr);
		assert_int_equal(qh_new_qhull(&qhull, 3, (int) list.count, coordinates, False, command,
									  NULL, stderr), 0);
		qh_getarea(&qhull, qhull.facet_list);
		/* qhull's own rounding */
		assert_close(rad_hull_volume(&hull, shape->spacing), qhull.totvol, 1e-12);
		assert_close(rad_hull_area(&hull, shape->spacing), qhull.totarea, 1e-12);
		qh_freeqhull(&qhull, !qh_ALL);
		qh_memfreeshort(&qhull, &left, &total);
		free_shape(shape);
	}
}

/* Points in a plane and coordinates beyond the limit are refused. */
static void
test_hull_errors(void **state)
{
	RadContext *context = rad_context_create();
	int32_t		points[5][3] = {{0, 0, 1}, {4, 0, 1}, {0, 4, 1}, {4, 4, 1}, {2, 2, 1}};
	PointList	list = {5, points};
	Hull		hull;

	(void) state;
	assert_false(rad_hull_build(context, &list, &hull));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	points[4][2] = 5;
	assert_true(rad_hull_build(context, &list, &hull));
	assert_int_equal(hull.vertices.count, 5);
	assert_int_equal(hull.side_count, 5);
	assert_int_equal(hull.volume, 2 * 16 * 4);
	points[4][0] = RAD_HULL_LIMIT + 1;
	assert_false(rad_hull_build(context, &list, &hull));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	rad_context_destroy(context);
}

/* No box among many random directions is smaller than the one found. */
static void
test_oriented_box(void **state)
{
	uint32_t	seed = 41;

	(void) state;
	for (int trial = 0; trial < 20; trial++)
	{
		Shape	   *shape = random_shape(&seed, 7);
		int			(*vertices)[3] = rad_allocate(shape->context,
												  (size_t) shape->count * 12 + 100, sizeof(int[3]));
		int			count = plain_vertices(shape, vertices);
		double		volume;
		double		hull_volume;

		compute(shape, rad_cpu_best());
		volume = value_of(shape, FEATURE_morph_volume) /
			value_of(shape, FEATURE_morph_vol_dens_ombb);
		hull_volume = value_of(shape, FEATURE_morph_volume) /
			value_of(shape, FEATURE_morph_vol_dens_conv_hull);
		assert_true(volume > hull_volume);
		for (int sample = 0; sample < 2000; sample++)
		{
			double		q[4];
			double		norm = 0.0;
			double		product = 1.0;
			double		rotation[3][3];

			for (int n = 0; n < 4; n++)
			{
				q[n] = sample == 0 ? n == 0 : fixture_random_unit(&seed) - 0.5;
				norm += q[n] * q[n];
			}
			for (int i = 0; i < 3; i++)
				for (int j = 0; j < 3; j++)
				{
					int			k = 3 - i - j;
					double		sign = (j - i + 3) % 3 == 1 ? -1.0 : 1.0;

					if (i == j)
						rotation[i][j] = 2.0 * (q[0] * q[0] + q[i + 1] * q[i + 1]) / norm - 1.0;
					else
						rotation[i][j] = 2.0 * (q[i + 1] * q[j + 1] + sign * q[0] * q[k + 1]) /
							norm;
				}
			for (int axis = 0; axis < 3; axis++)
			{
				double		low = INFINITY;
				double		high = -INFINITY;

				for (int n = 0; n < count; n++)
				{
					double		height = 0.0;

					for (int other = 0; other < 3; other++)
						height += rotation[axis][other] * vertices[n][other] *
							shape->spacing[other] / 2.0;
					low = fmin(low, height);
					high = fmax(high, height);
				}
				product *= high - low;
			}
			assert_true(volume <= product * (1.0 + 1e-12));
		}
		free_shape(shape);
	}
}

/* Eigenvalues: sum, sum of squares and determinant of random matrices. */
static void
test_eigenvalues(void **state)
{
	uint32_t	seed = 51;

	(void) state;
	for (int trial = 0; trial < 1000; trial++)
	{
		double		a[3][3];
		double		e[3];
		double		squares = 0.0;
		double		determinant;

		for (int i = 0; i < 3; i++)
			for (int j = 0; j <= i; j++)
				a[i][j] = a[j][i] = fixture_random_unit(&seed) - 0.3;
		for (int i = 0; i < 3; i++)
			for (int j = 0; j < 3; j++)
				squares += a[i][j] * a[i][j];
		determinant = a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) -
			a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) +
			a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
		rad_eigenvalues((const double (*)[3]) a, e);
		assert_true(e[0] >= e[1] && e[1] >= e[2]);
		assert_true(fabs(e[0] + e[1] + e[2] - a[0][0] - a[1][1] - a[2][2]) < 1e-14);
		assert_true(fabs(e[0] * e[0] + e[1] * e[1] + e[2] * e[2] - squares) < 1e-14);
		assert_true(fabs(e[0] * e[1] * e[2] - determinant) < 1e-14);
	}
}

/* Data of the reference values: IBSI manual and consensus, digital phantom. */
typedef struct Reference
{
	FeatureId	feature;
	double		value;
	double		tolerance;
} Reference;

static const Reference phantom_references[] = {
	{FEATURE_morph_volume, 556, 4}, {FEATURE_morph_vol_approx, 592, 4},
	{FEATURE_morph_area_mesh, 388, 3}, {FEATURE_morph_av, 0.698, 0.004},
	{FEATURE_morph_comp_1, 0.0411, 0.0003}, {FEATURE_morph_comp_2, 0.599, 0.004},
	{FEATURE_morph_sph_dispr, 1.19, 0.01}, {FEATURE_morph_sphericity, 0.843, 0.005},
	{FEATURE_morph_asphericity, 0.186, 0.001}, {FEATURE_morph_com, 0.672, 0.004},
	{FEATURE_morph_diam, 13.1, 0.1}, {FEATURE_morph_pca_maj_axis, 11.4, 0.1},
	{FEATURE_morph_pca_min_axis, 9.31, 0.06}, {FEATURE_morph_pca_least_axis, 8.54, 0.05},
	{FEATURE_morph_pca_elongation, 0.816, 0.005}, {FEATURE_morph_pca_flatness, 0.749, 0.005},
	{FEATURE_morph_vol_dens_aabb, 0.869, 0.005}, {FEATURE_morph_area_dens_aabb, 0.866, 0.005},
	{FEATURE_morph_vol_dens_aee, 1.17, 0.01}, {FEATURE_morph_area_dens_aee, 1.36, 0.01},
	{FEATURE_morph_vol_dens_conv_hull, 0.961, 0.006},
	{FEATURE_morph_area_dens_conv_hull, 1.03, 0.01}, {FEATURE_morph_integ_int, 1200, 10},
	{FEATURE_morph_moran_i, 0.0397, 0.0003}, {FEATURE_morph_geary_c, 0.974, 0.006},
};

/* IBSI's rule: round to three significant digits, then compare. */
static void
test_digital_phantom(void **state)
{
	Shape	   *shape = new_shape(5, 4, 4, 2.0, 2.0, 2.0);

	(void) state;
	for (int n = 0; n < 80; n++)
		shape->intensity[n] = digital_phantom_image[n];
	memcpy(shape->mask, digital_phantom_mask, 80);
	compute(shape, rad_cpu_best());
	for (size_t n = 0; n < sizeof(phantom_references) / sizeof(phantom_references[0]); n++)
	{
		const Reference *reference = &phantom_references[n];
		double		value = value_of(shape, reference->feature);
		double		unit = pow(10.0, floor(log10(fabs(value))) - 2.0);
		double		rounded = round(value / unit) * unit;

		/* 1e-9: decimal fractions are not exact in binary */
		if (!(fabs(rounded - reference->value) <= reference->tolerance * (1.0 + 1e-9)))
			fail_msg("%s is %g, not %g +- %g", rad_features[reference->feature].tag, value,
					 reference->value, reference->tolerance);
	}
	free_shape(shape);
}

static bool
same_bits(const FeatureValues *a, const FeatureValues *b)
{
	return memcmp(a->value[FEATURE_morph_volume], b->value[FEATURE_morph_volume],
				  29 * sizeof(a->value[0])) == 0;
}

/* Both levels, and the same region inside a larger array. */
static void
test_same_bits(void **state)
{
	uint32_t	seed = 61;

	(void) state;
	for (int trial = 0; trial < 30; trial++)
	{
		Shape	   *shape = random_shape(&seed, 15);
		Shape	   *larger = new_shape(shape->size[0] + 5, shape->size[1] + 3, shape->size[2] + 4,
									   shape->spacing[0], shape->spacing[1], shape->spacing[2]);
		int64_t		n = 0;

		for (int z = 0; z < shape->size[2]; z++)
			for (int y = 0; y < shape->size[1]; y++)
				for (int x = 0; x < shape->size[0]; x++, n++)
				{
					uint8_t    *voxel = voxel_of(larger, x + 2, y + 3, z + 1);

					*voxel = shape->mask[n];
					larger->intensity[voxel - larger->mask] = shape->intensity[n];
				}
		compute(shape, &rad_cpu_v2);
		compute(larger, rad_cpu_best());
		assert_true(same_bits(&shape->values, &larger->values));
		free_shape(shape);
		free_shape(larger);
	}
}

static void
assert_defined(const Shape *shape, FeatureId first, FeatureId last)
{
	for (int feature = (int) first; feature <= (int) last; feature++)
		if (isnan(shape->values.value[feature][0]))
			fail_msg("%s is undefined", rad_features[feature].tag);
}

static void
assert_undefined(const Shape *shape, FeatureId first, FeatureId last)
{
	for (int feature = (int) first; feature <= (int) last; feature++)
		if (!isnan(shape->values.value[feature][0]))
			fail_msg("%s is %g", rad_features[feature].tag, shape->values.value[feature][0]);
}

/* One voxel, a line, a plane (also an oblique one), equal intensities. */
static void
test_undefined(void **state)
{
	Shape	   *one = new_shape(1, 1, 1, 1.0, 2.0, 3.0);
	Shape	   *line = new_shape(9, 3, 3, 1.0, 2.0, 3.0);
	Shape	   *plane = new_shape(9, 9, 9, 1.0, 2.0, 3.0);

	(void) state;
	one->mask[0] = 1;
	one->intensity[0] = 7.0;
	compute(one, rad_cpu_best());
	assert_defined(one, FEATURE_morph_volume, FEATURE_morph_diam);
	assert_close(value_of(one, FEATURE_morph_volume), 1.0, 1e-15);
	assert_close(value_of(one, FEATURE_morph_diam), 3.0, 1e-15);
	assert_close(value_of(one, FEATURE_morph_integ_int), 7.0, 1e-15);
	assert_true(value_of(one, FEATURE_morph_com) == 0.0);
	assert_undefined(one, FEATURE_morph_pca_maj_axis, FEATURE_morph_pca_flatness);
	assert_defined(one, FEATURE_morph_vol_dens_aabb, FEATURE_morph_area_dens_ombb);
	assert_undefined(one, FEATURE_morph_vol_dens_aee, FEATURE_morph_area_dens_aee);
	assert_defined(one, FEATURE_morph_vol_dens_mvee, FEATURE_morph_integ_int);
	assert_undefined(one, FEATURE_morph_moran_i, FEATURE_morph_geary_c);

	for (int x = 0; x < 9; x++)
		line->intensity[voxel_of(line, x, 1, 1) - line->mask] = x;
	fill_box(line, (int[3]) {1, 1, 1}, (int[3]) {7, 1, 1});
	compute(line, rad_cpu_best());
	assert_defined(line, FEATURE_morph_volume, FEATURE_morph_area_dens_ombb);
	assert_true(value_of(line, FEATURE_morph_pca_min_axis) == 0.0);
	assert_true(value_of(line, FEATURE_morph_pca_elongation) == 0.0);
	assert_undefined(line, FEATURE_morph_vol_dens_aee, FEATURE_morph_area_dens_aee);
	assert_defined(line, FEATURE_morph_vol_dens_mvee, FEATURE_morph_geary_c);

	for (int z = 0; z < 9; z++)
		for (int y = 0; y < 9; y++)
			*voxel_of(plane, y, y, z) = 1;
	compute(plane, rad_cpu_best());
	assert_defined(plane, FEATURE_morph_volume, FEATURE_morph_asphericity);
	assert_defined(plane, FEATURE_morph_diam, FEATURE_morph_diam);
	assert_true(value_of(plane, FEATURE_morph_pca_min_axis) > 0.0);
	assert_true(value_of(plane, FEATURE_morph_pca_least_axis) == 0.0);
	assert_true(value_of(plane, FEATURE_morph_pca_flatness) == 0.0);
	assert_undefined(plane, FEATURE_morph_vol_dens_aee, FEATURE_morph_vol_dens_aee);
	assert_defined(plane, FEATURE_morph_area_dens_aee, FEATURE_morph_area_dens_conv_hull);
	/* All intensities are zero here: no weights, no variance. */
	assert_undefined(plane, FEATURE_morph_com, FEATURE_morph_com);
	assert_undefined(plane, FEATURE_morph_moran_i, FEATURE_morph_geary_c);
	assert_true(value_of(plane, FEATURE_morph_integ_int) == 0.0);
	free_shape(one);
	free_shape(line);
	free_shape(plane);
}

/* Excluded features are NAN and the others keep their bits. */
static void
test_excluded(void **state)
{
	uint32_t	seed = 71;
	Shape	   *shape = random_shape(&seed, 9);
	FeatureValues all;

	(void) state;
	compute(shape, rad_cpu_best());
	all = shape->values;
	for (int excluded = FEATURE_morph_volume; excluded <= FEATURE_morph_geary_c; excluded++)
	{
		memset(shape->settings.excluded, 1, sizeof(shape->settings.excluded));
		shape->settings.excluded[excluded] = false;
		compute(shape, rad_cpu_best());
		for (int feature = FEATURE_morph_volume; feature <= FEATURE_morph_geary_c; feature++)
			if (feature != excluded)
				assert_true(isnan(shape->values.value[feature][0]));
			else
				assert_memory_equal(shape->values.value[feature], all.value[feature],
									sizeof(double));
	}
	free_shape(shape);
}

static bool
count_down(void *argument)
{
	int		   *left = argument;

	return (*left)-- == 0;
}

/* A cancel at any poll stops; the large parts poll often. */
static void
test_cancel(void **state)
{
	uint32_t	seed = 81;
	Shape	   *shape = random_shape(&seed, 12);
	Region	   *region = region_of(shape);
	int			polls = 0;

	(void) state;
	shape->context->interrupted = count_down;
	for (;; polls++)
	{
		int			left = polls;

		shape->context->interrupt_argument = &left;
		if (rad_morphology_features(shape->context, rad_cpu_best(), region, &shape->settings,
									&shape->values))
			break;
		assert_int_equal(shape->context->code, RAD_CANCELLED);
		rad_clear_error(shape->context);
	}
	assert_true(polls > 5 * shape->size[2] + 20);
	free_shape(shape);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count_cubes),
		cmocka_unit_test(test_mesh_is_closed),
		cmocka_unit_test(test_boxes),
		cmocka_unit_test(test_ellipsoid_area),
		cmocka_unit_test(test_enclosing_ellipsoid),
		cmocka_unit_test(test_turned_plate),
		cmocka_unit_test(test_diameter),
		cmocka_unit_test(test_hull),
		cmocka_unit_test(test_hull_against_qhull),
		cmocka_unit_test(test_hull_errors),
		cmocka_unit_test(test_oriented_box),
		cmocka_unit_test(test_eigenvalues),
		cmocka_unit_test(test_digital_phantom),
		cmocka_unit_test(test_same_bits),
		cmocka_unit_test(test_undefined),
		cmocka_unit_test(test_excluded),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
