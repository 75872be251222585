/*
 * GLCM and GLRLM: nanoseconds per voxel of the counting kernels on each x86-64
 * level against plain loops, and microseconds of the formulas.
 *
 * Regions are ellipsoids of smooth noise in boxes about twice their volume.
 * Each figure is the smallest of several repeats (thread CPU time).
 */
#include "features/texture.h"
#include "../test/unit/levels_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static uint64_t random_state = 88172645463325252u;

static double
uniform(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (double) (random_state >> 11) / 9007199254740992.0;
}

/* Running mean of three along one axis. */
static void
smooth(float *values, const int size[3], int axis)
{
	int64_t		stride = axis == 0 ? 1 : axis == 1 ? size[0] : (int64_t) size[0] * size[1];
	int64_t		count = (int64_t) size[0] * size[1] * size[2];
	float	   *copy = malloc((size_t) count * sizeof(float));

	memcpy(copy, values, (size_t) count * sizeof(float));
	for (int64_t n = stride; n < count - stride; n++)
		values[n] = (copy[n - stride] + copy[n] + copy[n + stride]) / 3.0f;
	free(copy);
}

/* An ellipsoid of smooth noise with about the given number of voxels. */
static GreyLevels *
ellipsoid(RadContext *context, double voxels, int level_count)
{
	double		radius = cbrt(voxels * 3.0 / (4.0 * 3.14159265358979) / 0.7);
	int			size[3] = {(int) (2.0 * radius), (int) (2.0 * radius * 0.9),
	(int) (2.0 * radius * 0.78)};
	int64_t		count = (int64_t) size[0] * size[1] * size[2];
	float	   *noise = malloc((size_t) count * sizeof(float));
	uint16_t   *dense = calloc((size_t) count, sizeof(uint16_t));
	float		low = 1e9f;
	float		high = -1e9f;
	GreyLevels *levels;

	for (int64_t n = 0; n < count; n++)
		noise[n] = (float) (uniform() + uniform() + uniform() + uniform());
	for (int axis = 0; axis < 3; axis++)
		smooth(noise, size, axis);
	for (int pass = 0; pass < 2; pass++)
		for (int64_t n = 0; n < count; n++)
		{
			double		x = (double) (n % size[0]) + 0.5 - size[0] / 2.0;
			double		y = (double) (n / size[0] % size[1]) + 0.5 - size[1] / 2.0;
			double		z = (double) (n / size[0] / size[1]) + 0.5 - size[2] / 2.0;
			double		r = 4.0 * (x * x / size[0] / size[0] + y * y / size[1] / size[1] +
								   z * z / size[2] / size[2]);

			if (r > 1.0)
				continue;
			if (pass == 0)
			{
				low = noise[n] < low ? noise[n] : low;
				high = noise[n] > high ? noise[n] : high;
			}
			else
			{
				int			level = 1 + (int) ((noise[n] - low) / (high - low) * (float) level_count);

				dense[n] = (uint16_t) (level > level_count ? level_count : level);
			}
		}
	levels = levels_from_dense(context, size, dense, level_count, level_count <= 255 ? 1 : 2, 1, 0);
	free(noise);
	free(dense);
	return levels;
}

/* The plain loops that a direct reading of the definition gives. */
static void
plain_pairs(const GreyLevels *levels, uint32_t *counts)
{
	const uint8_t *data = levels->levels;
	int64_t		n = levels->level_count;

	for (int d = 0; d < RAD_DIRECTION_COUNT; d++, counts += n * n)
		for (int z = 0; z < levels->size[2]; z++)
			for (int y = 0; y < levels->size[1]; y++)
				for (int x = 0; x < levels->size[0]; x++)
				{
					int64_t		at = x + y * levels->row_stride + z * levels->slice_stride;
					int64_t		to = at + rad_directions[d][0] +
						rad_directions[d][1] * levels->row_stride +
						rad_directions[d][2] * levels->slice_stride;

					if (data[at] != 0 && data[to] != 0)
						counts[(data[at] - 1) * n + data[to] - 1]++;
				}
}

static void
plain_runs(const GreyLevels *levels, int longest, uint32_t *counts)
{
	const uint8_t *data = levels->levels;
	int64_t		n = levels->level_count;

	for (int d = 0; d < RAD_DIRECTION_COUNT; d++, counts += n * longest)
		for (int z = 0; z < levels->size[2]; z++)
			for (int y = 0; y < levels->size[1]; y++)
				for (int x = 0; x < levels->size[0]; x++)
				{
					int64_t		at = x + y * levels->row_stride + z * levels->slice_stride;
					int64_t		step = rad_directions[d][0] +
						rad_directions[d][1] * levels->row_stride +
						rad_directions[d][2] * levels->slice_stride;
					int			length = 1;

					if (data[at] == 0 || data[at] == data[at - step])
						continue;
					while (data[at + length * step] == data[at])
						length++;
					counts[(data[at] - 1) * longest + length - 1]++;
				}
}

/* MatrixSink: the formulas alone, timed. */
typedef struct FormulaTimer
{
	MatrixFormulas formulas;
	double		seconds;
	int			matrices;
} FormulaTimer;

static bool
time_formulas(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	FormulaTimer *timer = argument;
	double		values[32];
	double		start = seconds();

	if (matrix->cell_count > 0 && !timer->formulas(context, matrix, values))
		return false;
	timer->seconds += seconds() - start;
	timer->matrices++;
	return true;
}

/* Microseconds of counting to formulas, whole and formulas only. */
static void
time_features(RadContext *context, GreyLevels *levels, AggregationSet aggregations,
			  bool runs, int repeats)
{
	static const Settings settings = {.glcm_distance = 1};
	TextureInput input = {.device = rad_cpu_best(), .levels = levels,
	.settings = &settings, .aggregations = aggregations};
	double		best = 1e9;
	double		best_formulas = 1e9;
	int			matrices = 0;

	for (int repeat = 0; repeat < repeats; repeat++)
	{
		FormulaTimer timer = {.formulas = runs ? rad_glrlm_formulas : rad_glcm_formulas};
		double		start = seconds();

		if (!(runs ? rad_glrlm_matrices : rad_glcm_matrices) (context, &input, time_formulas,
															  &timer))
			printf("%s\n", context->message);
		start = seconds() - start;
		best = start < best ? start : best;
		best_formulas = timer.seconds < best_formulas ? timer.seconds : best_formulas;
		matrices = timer.matrices;
	}
	printf(" %9.0f %8.1f /%4d |", 1e6 * best, 1e6 * best_formulas, matrices);
}

int
main(void)
{
	static const double voxels[] = {2e3, 54e3, 285e3, 841e3};
	static const int level_counts[] = {11, 32, 64, 255};
	const Device *devices[] = {rad_cpu_named("v2"), rad_cpu_named("v3")};

	printf("%8s %4s %6s | %27s | %27s\n", "voxels", "Ng", "equal", "GLCM plain/v2/v3 ns/voxel",
		   "GLRLM plain/v2/v3 ns/voxel");
	for (int v = 0; v < 4; v++)
		for (int n = 0; n < 4; n++)
		{
			RadContext *context = rad_context_create();
			GreyLevels *levels = ellipsoid(context, voxels[v], level_counts[n]);
			int			ng = levels->level_count;
			int			longest = levels->size[0];
			uint32_t   *counts = rad_new(context, uint32_t, 13 * (ng * ng + ng * longest));
			int			repeats = v == 3 ? 5 : v == 2 ? 9 : 25;
			double		best[2][3];
			int64_t		equal = 0;

			for (int family = 0; family < 2; family++)
				for (int way = 0; way < 3; way++)
				{
					size_t		bytes = sizeof(uint32_t) * 13 * (size_t) ng *
						(size_t) (family == 0 ? ng : longest);

					best[family][way] = 1e9;
					if (way > 0 && devices[way - 1] == NULL)
						continue;
					for (int repeat = 0; repeat < (way == 0 ? 3 : repeats); repeat++)
					{
						double		start;

						memset(counts, 0, bytes);
						start = seconds();
						if (family == 0 && way == 0)
							plain_pairs(levels, counts);
						else if (family == 0)
							devices[way - 1]->count_cooccurrences(context, levels, 0,
																  levels->size[2], 1,
																  ALL_DIRECTIONS, counts);
						else if (way == 0)
							plain_runs(levels, longest, counts);
						else
							devices[way - 1]->count_runs(context, levels, 0, levels->size[2],
														 ALL_DIRECTIONS, longest, counts);
						start = seconds() - start;
						best[family][way] = start < best[family][way] ? start : best[family][way];
					}
					if (family == 0 && way == 0)
						for (int i = 0; i < ng; i++)
							equal += counts[i * ng + i];
				}
			printf("%8lld %4d %5.1f%% |", (long long) levels->voxel_count, ng,
				   100.0 * (double) equal / (double) levels->voxel_count);
			for (int family = 0; family < 2; family++)
				for (int way = 0; way < 3; way++)
					printf(" %8.2f%s", 1e9 * best[family][way] / (double) levels->voxel_count,
						   way == 2 ? " |" : "");
			printf("\n");
			rad_context_destroy(context);
		}
	printf("\n%8s %5s | whole us, formulas us / matrices: GLCM 3D_mrg, 3D_avg, all; GLRLM the same\n",
		   "voxels", "Ng");
	for (int v = 0; v < 3; v++)
		for (int n = 0; n < 6; n++)
		{
			static const int counts[] = {11, 32, 64, 255, 500, 3000};
			RadContext *context = rad_context_create();
			GreyLevels *levels = ellipsoid(context, voxels[v], counts[n]);

			printf("%8lld %5d |", (long long) levels->voxel_count, counts[n]);
			for (int runs = 0; runs < 2; runs++)
			{
				time_features(context, levels, 1u << AGGREGATION_3D_MRG, runs, 7);
				time_features(context, levels, 1u << AGGREGATION_3D_AVG, runs, 7);
				time_features(context, levels, ALL_AGGREGATIONS, runs, 5);
			}
			printf("\n");
			rad_context_destroy(context);
		}
	return 0;
}
