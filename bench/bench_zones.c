/*
 * Zones, border distance, NGTDM and NGLDM: nanoseconds per voxel of the
 * region, for ellipsoids of noise as smooth as that of CT (of face neighbours
 * about 30, 11, 6 and 1.4 % have equal levels at 11, 32, 64 and 255 levels), next
 * to plain loops: union-find over voxels with all 13 earlier neighbours, and
 * 26 neighbours one by one.
 *
 * usage: bench_zones [v2|v3]
 */
#include "device/device.h"
#include "features/zones.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Sample
{
	RadContext *context;
	GreyLevels	levels;
	uint8_t    *mask;			/* dense */
	uint16_t   *distance;
	double		equal;			/* share of equal neighbours along x */
} Sample;

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double) time.tv_sec * 1e9 + (double) time.tv_nsec;
}

static double
uniform(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double) (*state * 2685821657736338717u >> 11) / 9007199254740992.0;
}

/* Blur along one axis by (1 2 1) / 4, in place, circular. */
static void
blur(float *field, const int size[3], int axis)
{
	int64_t		stride = axis == 0 ? 1 : axis == 1 ? size[0] : (int64_t) size[0] * size[1];
	int64_t		count = (int64_t) size[0] * size[1] * size[2];
	float	   *line = malloc((size_t) size[axis] * sizeof(float));

	for (int64_t start = 0; start < count; start++)
	{
		if (start / stride % size[axis] != 0)
			continue;
		for (int n = 0; n < size[axis]; n++)
			line[n] = field[start + n * stride];
		for (int n = 0; n < size[axis]; n++)
			field[start + n * stride] = 0.25f * line[(n + size[axis] - 1) % size[axis]] +
				0.5f * line[n] + 0.25f * line[(n + 1) % size[axis]];
	}
	free(line);
}

static void
sample_create(Sample *sample, const int size[3], int level_count)
{
	int64_t		count = (int64_t) size[0] * size[1] * size[2];
	float	   *field = malloc((size_t) count * sizeof(float));
	uint64_t	state = 42;
	GreyLevels *levels = &sample->levels;
	int64_t		pairs = 0;
	int64_t		equal = 0;
	uint8_t    *buffer;

	memset(sample, 0, sizeof(*sample));
	sample->context = rad_context_create();
	sample->mask = calloc((size_t) count, 1);
	sample->distance = calloc((size_t) count, sizeof(uint16_t));
	for (int64_t n = 0; n < count; n++)
		field[n] = (float) (uniform(&state) + uniform(&state) + uniform(&state) - 1.5);
	for (int pass = 0; pass < 2; pass++)
		for (int axis = 0; axis < 3; axis++)
			blur(field, size, axis);

	memcpy(levels->size, size, sizeof(levels->size));
	levels->level_count = level_count;
	levels->bytes_per_level = level_count <= 255 ? 1 : 2;
	levels->padding = 1;
	levels->row_stride = size[0] + 2;
	levels->slice_stride = levels->row_stride * (size[1] + 2);
	levels->slice_voxel_count = calloc((size_t) size[2], sizeof(int64_t));
	buffer = calloc((size_t) (levels->slice_stride * (size[2] + 2) + 2 * RAD_LEVEL_SLACK), 2);
	levels->levels = buffer + RAD_LEVEL_SLACK +
		(levels->slice_stride + levels->row_stride + 1) * levels->bytes_per_level;
	for (int64_t n = 0; n < count; n++)
	{
		int			x = (int) (n % size[0]);
		int			y = (int) (n / size[0] % size[1]);
		int			z = (int) (n / size[0] / size[1]);
		double		a = 2.0 * (x + 0.5) / size[0] - 1.0;
		double		b = 2.0 * (y + 0.5) / size[1] - 1.0;
		double		c = 2.0 * (z + 0.5) / size[2] - 1.0;
		int64_t		at = x + y * levels->row_stride + z * levels->slice_stride;
		/* Blurred noise has a standard deviation of about 0.11. */
		int			level = 1 + (int) ((field[n] / 0.7 + 0.5) * level_count);

		if (a * a + b * b + c * c > 1.0)
			continue;
		level = level < 1 ? 1 : level > level_count ? level_count : level;
		sample->mask[n] = 1;
		levels->voxel_count++;
		levels->slice_voxel_count[z]++;
		if (levels->bytes_per_level == 1)
		{
			uint8_t    *voxel = (uint8_t *) levels->levels + at;

			*voxel = (uint8_t) level;
			pairs += voxel[-1] != 0;
			equal += voxel[-1] == level;
		}
		else
		{
			uint16_t   *voxel = (uint16_t *) levels->levels + at;

			*voxel = (uint16_t) level;
			pairs += voxel[-1] != 0;
			equal += voxel[-1] == level;
		}
	}
	free(field);
	sample->equal = (double) equal / (double) pairs;
}

static int
level_at(const GreyLevels *levels, int64_t at)
{
	return levels->bytes_per_level == 1 ? ((const uint8_t *) levels->levels)[at]
		: ((const uint16_t *) levels->levels)[at];
}

static uint32_t
find_root(uint32_t *parent, uint32_t n)
{
	while (parent[n] != n)
		n = parent[n] = parent[parent[n]];
	return n;
}

/* What one writes first; returns the number of zones. */
static int64_t
plain_zones(const GreyLevels *levels)
{
	int64_t		count = (int64_t) levels->size[0] * levels->size[1] * levels->size[2];
	uint32_t   *parent = malloc((size_t) count * sizeof(uint32_t));
	uint32_t   *size = calloc((size_t) count, sizeof(uint32_t));
	int64_t		zones = 0;

	for (int64_t n = 0; n < count; n++)
	{
		int			x = (int) (n % levels->size[0]);
		int			y = (int) (n / levels->size[0] % levels->size[1]);
		int			z = (int) (n / levels->size[0] / levels->size[1]);
		int64_t		at = x + y * levels->row_stride + z * levels->slice_stride;
		int			level = level_at(levels, at);

		parent[n] = (uint32_t) n;
		if (level == 0)
			continue;
		for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
		{
			const int  *step = rad_directions[d];
			int64_t		back = step[0] + (int64_t) step[1] * levels->size[0] +
				(int64_t) step[2] * levels->size[0] * levels->size[1];
			uint32_t	a;
			uint32_t	b;

			if (level_at(levels, at - step[0] - step[1] * levels->row_stride -
						 step[2] * levels->slice_stride) != level)
				continue;
			a = find_root(parent, (uint32_t) n);
			b = find_root(parent, (uint32_t) (n - back));
			if (a < b)
				parent[b] = a;
			else
				parent[a] = b;
		}
	}
	for (int64_t n = 0; n < count; n++)
	{
		uint32_t	root = find_root(parent, (uint32_t) n);
		int			x = (int) (n % levels->size[0]);
		int			y = (int) (n / levels->size[0] % levels->size[1]);
		int			z = (int) (n / levels->size[0] / levels->size[1]);

		if (level_at(levels, x + y * levels->row_stride + z * levels->slice_stride) == 0)
			continue;
		zones += size[root]++ == 0;
	}
	free(parent);
	free(size);
	return zones;
}

static void
plain_neighbours(const GreyLevels *levels, int64_t *count, int64_t *difference,
				 int64_t *dependence)
{
	for (int z = 0; z < levels->size[2]; z++)
		for (int y = 0; y < levels->size[1]; y++)
			for (int x = 0; x < levels->size[0]; x++)
			{
				int64_t		at = x + y * levels->row_stride + z * levels->slice_stride;
				int			level = level_at(levels, at);
				int			k = 0;
				int			sum = 0;
				int			similar = 0;

				if (level == 0)
					continue;
				for (int c = -1; c <= 1; c++)
					for (int b = -1; b <= 1; b++)
						for (int a = -1; a <= 1; a++)
						{
							int			other = level_at(levels, at + a + b * levels->row_stride +
														 c * levels->slice_stride);

							k += other != 0;
							sum += other;
							similar += other == level;
						}
				count[(level - 1) * 27 + k - 1]++;
				difference[(level - 1) * 27 + k - 1] += abs(level * k - sum);
				dependence[(level - 1) * 27 + similar - 1]++;
			}
}

/* Take the shortest of many runs of a statement, as ns per voxel. */
#define MEASURE(result, repeats, statement) \
	do \
	{ \
		result = 1e30; \
		for (int repeat = 0; repeat < (repeats); repeat++) \
		{ \
			double		start = now(); \
			double		taken; \
			statement; \
			taken = (now() - start) / (double) sample.levels.voxel_count; \
			if (taken < result) \
				result = taken; \
		} \
	} while (0)

static bool
drop_matrix(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	(void) context;
	*(int64_t *) argument += matrix->cell_count;
	return true;
}

static void
measure(const Device *device, const int size[3], int level_count)
{
	Sample		sample;
	ZoneList	zones = {0};
	size_t		cells = (size_t) level_count * 27;
	int64_t    *tables = calloc(3 * cells, sizeof(int64_t));
	int			repeats;
	double		find;
	double		planar;
	double		measured;
	double		matrix;
	double		border;
	double		differences;
	double		equal;
	double		similar;
	double		plain_find;
	double		plain_count;
	int64_t		plain = 0;
	int64_t		zone_count = 0;
	Settings	settings = {0};
	TextureInput input = {.device = device, .levels = &sample.levels, .settings = &settings,
		.aggregations = 1u << AGGREGATION_3D_MRG};

	sample_create(&sample, size, level_count);
	repeats = 5 + (int) (4000000 / sample.levels.voxel_count);
#define FIND(map, flat) \
	(device->find_zones(sample.context, &sample.levels, map, flat, &zones), \
	 zone_count = zones.count, rad_release(sample.context, zones.zones))
	MEASURE(find, repeats, FIND(NULL, false));
	plain = zone_count;
	MEASURE(planar, repeats, FIND(NULL, true));
	MEASURE(border, repeats, device->border_distance(sample.context, size, sample.mask,
													  false, sample.distance));
	MEASURE(measured, repeats, FIND(sample.distance, false));
	zone_count = 0;
	settings.families = 1u << FAMILY_GLSZM;
	MEASURE(matrix, repeats, rad_zone_matrices(sample.context, &input, false, drop_matrix,
												&zone_count));
	MEASURE(differences, repeats, device->count_neighbourhood_differences(
			sample.context, &sample.levels, 0, size[2], 1, false, tables, tables + cells));
	MEASURE(equal, repeats, device->count_dependences(
			sample.context, &sample.levels, 0, size[2], 1, 0, false, tables + 2 * cells));
	MEASURE(similar, repeats, device->count_dependences(
			sample.context, &sample.levels, 0, size[2], 1, 1, false, tables + 2 * cells));
	zone_count = plain;
	MEASURE(plain_find, 3, plain = plain_zones(&sample.levels));
	MEASURE(plain_count, 3, plain_neighbours(&sample.levels, tables, tables + cells,
											 tables + 2 * cells));
	if (plain != zone_count)
		printf("zones differ: %lld, plain %lld\n", (long long) zone_count, (long long) plain);
	printf("%7lld %5d %5.1f%% %8lld %6.2f %6.2f %6.2f %6.2f %6.2f %6.2f %6.2f %6.2f %7.1f %7.1f\n",
		   (long long) sample.levels.voxel_count, level_count, 100.0 * sample.equal,
		   (long long) zone_count, find, planar, measured, matrix, border, differences, equal,
		   similar, plain_find, plain_count);
	fflush(stdout);
	free(tables);
}

int
main(int argument_count, char **arguments)
{
	static const int sizes[4][3] = {{20, 18, 11}, {62, 56, 30}, {100, 88, 62}, {140, 128, 90}};
	static const int level_counts[] = {11, 32, 64, 255, 1000};
	const Device *device = argument_count > 1 ? rad_cpu_named(arguments[1]) : rad_cpu_best();

	if (device == NULL)
		return 1;
	printf("%s, ns per voxel of the region (shortest run)\n", device->name);
	printf(" voxels    Ng equal     zones  zones planar  +dist matrix  borde  NGTDM  NGLDM alpha1"
		   "  plain: zones, NGTDM+NGLDM\n");
	for (int s = 0; s < 4; s++)
		for (int l = 0; l < 5; l++)
			measure(device, sizes[s], level_counts[l]);
	return 0;
}
