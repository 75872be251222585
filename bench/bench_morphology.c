/*
 * Milliseconds per part of the morphology family, for noisy ellipsoids of 2k,
 * 54k, 114k, 285k and 841k voxels: minimum and median of several runs, in time of
 * this process, so that others on the machine do not count.
 *
 * The last line of each size compares the diameter with all pairs of mesh
 * vertices; it is skipped where that would take minutes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "features/autocorrelation.h"
#include "features/bounding.h"
#include "features/families.h"
#include "features/mesh.h"

#define MOST_RUNS 15

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double) time.tv_sec * 1e3 + (double) time.tv_nsec * 1e-6;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		first = *(const double *) a;
	double		second = *(const double *) b;

	return (first > second) - (first < second);
}

static uint32_t random_state = 1;

static double
random_unit(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) / 16777216.0;
}

/* An ellipsoid with semi-axes proportional to 1, 0.9, 0.8 and a rough surface. */
static Region *
build_region(RadContext *context, int voxels)
{
	Region	   *region = rad_new_zeroed(context, Region, 1);
	double		radius = cbrt(voxels * 3.0 / (4.0 * M_PI * 0.9 * 0.8));
	double		semi_axes[3] = {radius, radius * 0.9, radius * 0.8};
	int64_t		count = 1;
	int64_t		n = 0;

	for (int axis = 0; axis < 3; axis++)
	{
		region->grid.size[axis] = (int) (2.0 * semi_axes[axis] * 1.1) + 3;
		region->grid.spacing[axis] = axis == 2 ? 1.5 : 1.0;
		region->intensity_box.lo[axis] = region->grid.size[axis];
		count *= region->grid.size[axis];
	}
	region->intensity = rad_new(context, double, count);
	region->morphological_mask = rad_new(context, uint8_t, count);
	region->values = rad_new(context, double, count);
	region->minimum = INFINITY;
	region->maximum = -INFINITY;
	for (int z = 0; z < region->grid.size[2]; z++)
		for (int y = 0; y < region->grid.size[1]; y++)
			for (int x = 0; x < region->grid.size[0]; x++, n++)
			{
				int			position[3] = {x, y, z};
				double		distance = 0.1 * (random_unit() - 0.5);

				for (int axis = 0; axis < 3; axis++)
				{
					double		u = (position[axis] - 0.5 * (region->grid.size[axis] - 1)) /
						semi_axes[axis];

					distance += u * u;
				}
				region->intensity[n] = floor(100.0 * random_unit() + 20.0 * sin(x * 0.3));
				region->morphological_mask[n] = distance <= 1.0;
				if (distance > 1.0)
					continue;
				for (int axis = 0; axis < 3; axis++)
				{
					region->intensity_box.lo[axis] = fmin(region->intensity_box.lo[axis],
														  position[axis]);
					region->intensity_box.hi[axis] = fmax(region->intensity_box.hi[axis],
														  position[axis] + 1);
				}
				region->minimum = fmin(region->minimum, region->intensity[n]);
				region->maximum = fmax(region->maximum, region->intensity[n]);
				region->values[region->intensity_count++] = region->intensity[n];
			}
	region->intensity_mask = region->morphological_mask;
	region->morphological_count = region->intensity_count;
	region->morphological_box = region->intensity_box;
	return region;
}

/* Everything that the parts hand on. */
typedef struct Bench
{
	RadContext *context;
	const Device *device;
	Region	   *region;
	Settings	settings;
	BitMask    *mask;
	CoordinateSums sums;
	CubeCounts	cubes;
	PointList	vertices;
	Hull		hull;
	double		distance;
	double		result[3];
	PairSums	pairs;
	FeatureValues values;
} Bench;

static bool
run_pack(Bench *b)
{
	b->mask = rad_bit_mask_build(b->context, b->region->morphological_mask,
								 b->region->grid.size, &b->region->morphological_box);
	return b->mask != NULL;
}

static bool
run_moments(Bench *b)
{
	return rad_bit_mask_sums(b->context, b->mask, &b->sums);
}

static bool
run_cubes(Bench *b)
{
	return b->device->count_cubes(b->context, b->region->grid.size,
								  b->region->morphological_mask, &b->cubes);
}

static bool
run_mesh(Bench *b)
{
	rad_mesh_measure(&b->cubes, b->region->grid.spacing, &b->result[0], &b->result[1]);
	return true;
}

static bool
run_extremes(Bench *b)
{
	return rad_extreme_vertices(b->context, b->mask, &b->vertices);
}

static bool
run_diameter(Bench *b)
{
	return rad_maximum_distance(b->context, &b->vertices, b->region->grid.spacing,
								&b->distance);
}

static bool
run_hull(Bench *b)
{
	return rad_hull_build(b->context, &b->vertices, &b->hull);
}

static bool
run_box(Bench *b)
{
	return rad_oriented_box(b->context, &b->hull, b->region->grid.spacing, b->result);
}

static bool
run_ellipsoid(Bench *b)
{
	return rad_enclosing_ellipsoid(b->context, &b->hull, b->region->grid.spacing, b->result);
}

static bool
run_pairs(Bench *b)
{
	return rad_autocorrelation(b->context, rad_fourier_columns(b->device), b->region, 50.0,
							   &b->pairs);
}

static bool
run_family(Bench *b)
{
	return rad_morphology_features(b->context, b->device, b->region, &b->settings, &b->values);
}

static void
measure(Bench *bench, const char *name, bool (*run) (Bench *bench))
{
	double		times[MOST_RUNS];
	double		begin = now();
	int			count = 0;

	while (count < MOST_RUNS && (count < 3 || now() - begin < 2000.0))
	{
		double		start = now();

		if (!run(bench))
		{
			printf("%s: %s\n", name, bench->context->message);
			exit(1);
		}
		times[count++] = now() - start;
	}
	qsort(times, count, sizeof(double), compare_doubles);
	printf("  %-26s %9.3f %9.3f ms\n", name, times[0], times[count / 2]);
}

/* All pairs of all mesh vertices, plainly. */
static double
plain_diameter(const Region *region)
{
	const int  *size = region->grid.size;
	const double *spacing = region->grid.spacing;
	int64_t		strides[3] = {1, size[0], (int64_t) size[0] * size[1]};
	int64_t		count = rad_grid_voxel_count(&region->grid);
	double		(*points)[3] = malloc((size_t) count * 3 * sizeof(*points));
	int64_t		vertices = 0;
	double		best = 0.0;

	for (int64_t n = 0; n < count; n++)
		for (int axis = 0; axis < 3; axis++)
		{
			int			position[3] = {(int) (n % size[0]), (int) (n / size[0] % size[1]),
				(int) (n / size[0] / size[1])};

			if (position[axis] + 1 == size[axis] ||
				region->morphological_mask[n] == region->morphological_mask[n + strides[axis]])
				continue;
			for (int other = 0; other < 3; other++)
				points[vertices][other] = (position[other] + (other == axis ? 0.5 : 0.0)) *
					spacing[other];
			vertices++;
		}
	for (int64_t n = 0; n < vertices; n++)
		for (int64_t m = n + 1; m < vertices; m++)
		{
			double		x = points[n][0] - points[m][0];
			double		y = points[n][1] - points[m][1];
			double		z = points[n][2] - points[m][2];

			best = fmax(best, x * x + y * y + z * z);
		}
	free(points);
	return sqrt(best);
}

int
main(int argc, char **argv)
{
	static const int sizes[] = {2000, 54000, 114000, 285000, 841000};
	const Device *device = argc > 1 ? rad_cpu_named(argv[1]) : rad_cpu_best();

	for (int n = 0; device != NULL && n < 5; n++)
	{
		Bench		bench = {.context = rad_context_create(), .device = device};

		bench.region = build_region(bench.context, sizes[n]);
		printf("%lld voxels in %d x %d x %d, %s (minimum, median)\n",
			   (long long) bench.region->intensity_count, bench.region->grid.size[0],
			   bench.region->grid.size[1], bench.region->grid.size[2], device->name);
		measure(&bench, "pack bits", run_pack);
		measure(&bench, "moments", run_moments);
		measure(&bench, "count cubes", run_cubes);
		measure(&bench, "mesh volume and area", run_mesh);
		measure(&bench, "extreme vertices", run_extremes);
		measure(&bench, "maximum diameter", run_diameter);
		measure(&bench, "convex hull", run_hull);
		measure(&bench, "oriented box", run_box);
		measure(&bench, "enclosing ellipsoid", run_ellipsoid);
		measure(&bench, "Moran and Geary", run_pairs);
		measure(&bench, "whole family", run_family);
		for (int feature = FEATURE_morph_vol_dens_ombb; feature <= FEATURE_morph_area_dens_mvee;
			 feature++)
			bench.settings.excluded[feature] =
				feature != FEATURE_morph_vol_dens_aee && feature != FEATURE_morph_area_dens_aee;
		bench.settings.excluded[FEATURE_morph_moran_i] = true;
		bench.settings.excluded[FEATURE_morph_geary_c] = true;
		measure(&bench, "without box, ellipsoid, I, C", run_family);
		printf("  %lld extreme vertices, %lld hull vertices, %lld hull sides\n",
			   (long long) bench.vertices.count, (long long) bench.hull.vertices.count,
			   (long long) bench.hull.side_count);
		if (sizes[n] < 200000)
		{
			double		start = now();
			double		plain = plain_diameter(bench.region);

			printf("  diameter of all pairs: %.3f ms, difference %g\n", now() - start,
				   plain - bench.distance);
		}
		rad_context_destroy(bench.context);
	}
	return device == NULL;
}
