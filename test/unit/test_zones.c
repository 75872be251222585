/*
 * Zones, border distances, GLSZM and GLDZM: against flood fills and breadth
 * first searches written from the definitions, and the IBSI digital phantom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "digital_phantom.h"
#include "features/texture.h"
#include "ibsi_reference.h"
#include "levels_fixture.h"
#include "matrix_collector.h"
#include "random_levels.h"

static const char *const cpu_levels[] = {"v2", "v3"};

/* A voxel of a list, as index into a dense array. */
static int64_t
dense_index(const int size[3], int x, int y, int z)
{
	return ((int64_t) z * size[1] + y) * size[0] + x;
}

static bool
inside_box(const int size[3], int x, int y, int z)
{
	return x >= 0 && y >= 0 && z >= 0 && x < size[0] && y < size[1] && z < size[2];
}

/*
 * City-block distance by definition: a breadth first search from every voxel
 * outside, on an array grown by one voxel, over faces (planar: of a slice).
 */
static uint16_t *
brute_distance(const int size[3], const uint8_t *mask, bool planar)
{
	int			grown[3] = {size[0] + 2, size[1] + 2, planar ? size[2] : size[2] + 2};
	int			shift = planar ? 0 : 1;
	int64_t		count = (int64_t) grown[0] * grown[1] * grown[2];
	int		   *reached = malloc((size_t) count * sizeof(int));
	int64_t    *queue = malloc((size_t) count * sizeof(int64_t));
	uint16_t   *distance = malloc((size_t) (size[0] * size[1] * size[2]) * sizeof(uint16_t));
	int64_t		head = 0;
	int64_t		tail = 0;

	for (int64_t n = 0; n < count; n++)
	{
		int			x = (int) (n % grown[0]) - 1;
		int			y = (int) (n / grown[0] % grown[1]) - 1;
		int			z = (int) (n / grown[0] / grown[1]) - shift;
		bool		outside = !inside_box(size, x, y, z) ||
			mask[dense_index(size, x, y, z)] == 0;

		reached[n] = outside ? 0 : -1;
		if (outside)
			queue[tail++] = n;
	}
	while (head < tail)
	{
		static const int steps[6][3] = {
			{1, 0, 0}, {-1, 0, 0}, {0, 1, 0}, {0, -1, 0}, {0, 0, 1}, {0, 0, -1}
		};
		int64_t		n = queue[head++];
		int			x = (int) (n % grown[0]);
		int			y = (int) (n / grown[0] % grown[1]);
		int			z = (int) (n / grown[0] / grown[1]);

		for (int s = 0; s < (planar ? 4 : 6); s++)
		{
			int			to[3] = {x + steps[s][0], y + steps[s][1], z + steps[s][2]};
			int64_t		m;

			if (!inside_box(grown, to[0], to[1], to[2]))
				continue;
			m = dense_index(grown, to[0], to[1], to[2]);
			if (reached[m] >= 0)
				continue;
			reached[m] = reached[n] + 1;
			queue[tail++] = m;
		}
	}
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++)
				distance[dense_index(size, x, y, z)] =
					(uint16_t) reached[dense_index(grown, x + 1, y + 1, z + shift)];
	free(reached);
	free(queue);
	return distance;
}

/* Zones by flood fill from each voxel not yet taken, in memory order. */
static int64_t
brute_zones(const int size[3], const uint16_t *dense, const uint16_t *distance,
			bool planar, Zone *zones)
{
	int64_t		voxels = (int64_t) size[0] * size[1] * size[2];
	bool	   *taken = calloc((size_t) voxels, sizeof(bool));
	int64_t    *stack = malloc((size_t) voxels * sizeof(int64_t));
	int64_t		count = 0;

	for (int64_t start = 0; start < voxels; start++)
	{
		Zone	   *zone = &zones[count];
		int64_t		top = 0;

		if (dense[start] == 0 || taken[start])
			continue;
		zone->level = dense[start];
		zone->slice = planar ? (int32_t) (start / size[0] / size[1]) : -1;
		zone->size = 0;
		zone->distance = distance != NULL ? UINT32_MAX : 0;
		count++;
		stack[top++] = start;
		taken[start] = true;
		while (top > 0)
		{
			int64_t		n = stack[--top];
			int			x = (int) (n % size[0]);
			int			y = (int) (n / size[0] % size[1]);
			int			z = (int) (n / size[0] / size[1]);

			zone->size++;
			if (distance != NULL && distance[n] < zone->distance)
				zone->distance = distance[n];
			for (int dz = planar ? 0 : -1; dz <= (planar ? 0 : 1); dz++)
				for (int dy = -1; dy <= 1; dy++)
					for (int dx = -1; dx <= 1; dx++)
					{
						int64_t		m;

						if (!inside_box(size, x + dx, y + dy, z + dz))
							continue;
						m = dense_index(size, x + dx, y + dy, z + dz);
						if (taken[m] || dense[m] != dense[start])
							continue;
						taken[m] = true;
						stack[top++] = m;
					}
		}
	}
	free(taken);
	free(stack);
	return count;
}

/* A matrix cell by cell from zones of a slice (-1: all). */
static void
assert_matrix(const TextureMatrix *matrix, const Zone *zones, int64_t count, int slice,
			  bool by_distance)
{
	int64_t		total = 0;

	for (int64_t z = 0; z < count; z++)
		total += slice < 0 || zones[z].slice == slice;
	assert_int_equal(matrix->total, total);
	total = 0;
	for (int64_t c = 0; c < matrix->cell_count; c++)
	{
		const MatrixCell *cell = &matrix->cells[c];
		int64_t		expected = 0;

		for (int64_t z = 0; z < count; z++)
			expected += (slice < 0 || zones[z].slice == slice) &&
				zones[z].level == cell->i &&
				(int32_t) (by_distance ? zones[z].distance : zones[z].size) == cell->j;
		assert_int_equal(cell->count, expected);
		assert_true(cell->count > 0);
		total += cell->count;
		if (c > 0)
			assert_true(cell[-1].i < cell->i ||
						(cell[-1].i == cell->i && cell[-1].j < cell->j));
	}
	/* Every cell is right and different, so none is missing. */
	assert_int_equal(total, matrix->total);
}

static void
border_distance_is_breadth_first_search(void **state)
{
	uint64_t	seed = 1;

	(void) state;
	for (int round = 0; round < 150; round++)
	{
		RandomLevels volume = random_levels(&seed, round % 10 == 0 ? 60 : 20, 2);
		int64_t		voxels = (int64_t) volume.size[0] * volume.size[1] * volume.size[2];
		uint8_t    *mask = malloc((size_t) voxels);

		for (int64_t n = 0; n < voxels; n++)
			mask[n] = round % 5 == 0 ? 1 : volume.dense[n] != 0;
		for (int planar = 0; planar <= 1; planar++)
		{
			uint16_t   *expected = brute_distance(volume.size, mask, planar);

			for (int cpu = 0; cpu < 2; cpu++)
			{
				const Device *device = rad_cpu_named(cpu_levels[cpu]);
				RadContext *context = rad_context_create();
				uint16_t   *distance = rad_new(context, uint16_t, voxels);

				if (device == NULL)
					continue;
				assert_true(device->border_distance(context, volume.size, mask, planar,
													distance));
				assert_memory_equal(distance, expected, (size_t) voxels * sizeof(uint16_t));
				rad_context_destroy(context);
			}
			free(expected);
		}
		free(mask);
		free(volume.dense);
	}
}

static int
smaller(int a, int b)
{
	return a < b ? a : b;
}

/*
 * A cuboid with a few holes has a closed form: the nearest face or hole.  Far
 * from both, every step along x counts.
 */
static void
border_distance_of_a_cuboid(void **state)
{
	uint64_t	seed = 7;

	(void) state;
	for (int round = 0; round < 40; round++)
	{
		int			size[3] = {random_between(&seed, 20, 50), random_between(&seed, 20, 50),
			random_between(&seed, 20, 40)};
		int			holes[3][3];
		bool		planar = round % 2 == 1;
		const Device *device = rad_cpu_named(cpu_levels[round / 2 % 2]);
		RadContext *context = rad_context_create();
		size_t		voxels = (size_t) size[0] * (size_t) size[1] * (size_t) size[2];
		uint8_t    *mask = rad_new(context, uint8_t, voxels);
		uint16_t   *distance = rad_new(context, uint16_t, voxels);

		memset(mask, 1, voxels);
		for (int h = 0; h < 3; h++)
		{
			for (int axis = 0; axis < 3; axis++)
				holes[h][axis] = random_between(&seed, 0, size[axis] - 1);
			mask[dense_index(size, holes[h][0], holes[h][1], holes[h][2])] = 0;
		}
		if (device != NULL)
			assert_true(device->border_distance(context, size, mask, planar, distance));
		for (int64_t n = 0; device != NULL && n < (int64_t) voxels; n++)
		{
			int			x = (int) (n % size[0]);
			int			y = (int) (n / size[0] % size[1]);
			int			z = (int) (n / size[0] / size[1]);
			int			expected = smaller(smaller(x + 1, size[0] - x),
										   smaller(y + 1, size[1] - y));

			if (!planar)
				expected = smaller(expected, smaller(z + 1, size[2] - z));
			for (int h = 0; h < 3; h++)
				if (!planar || z == holes[h][2])
					expected = smaller(expected, abs(x - holes[h][0]) +
									   abs(y - holes[h][1]) + abs(z - holes[h][2]));
			assert_int_equal(distance[n], expected);
		}
		rad_context_destroy(context);
	}
}

static void
assert_zones(const RandomLevels *volume, int padding, int spare)
{
	int64_t		voxels = (int64_t) volume->size[0] * volume->size[1] * volume->size[2];
	Zone	   *expected = malloc((size_t) voxels * sizeof(Zone));
	uint8_t    *mask = malloc((size_t) voxels);

	for (int64_t n = 0; n < voxels; n++)
		mask[n] = volume->dense[n] != 0;
	for (int variant = 0; variant < 16; variant++)
	{
		bool		planar = (variant & 1) != 0;
		int			bytes = variant & 2 ? 2 : 1;
		uint16_t   *distance = variant & 4 ? brute_distance(volume->size, mask, planar) : NULL;
		const Device *device = rad_cpu_named(cpu_levels[variant >> 3]);
		RadContext *context = rad_context_create();
		ZoneList	list = {0};
		int64_t		count;

		if (device != NULL && (bytes == 2 || volume->level_count <= 255))
		{
			GreyLevels *levels = levels_from_dense(context, volume->size, volume->dense,
												   volume->level_count, bytes, padding,
												   spare);

			count = brute_zones(volume->size, volume->dense, distance, planar, expected);
			assert_true(device->find_zones(context, levels, distance, planar, &list));
			assert_int_equal(list.count, count);
			assert_memory_equal(list.zones, expected, (size_t) count * sizeof(Zone));
		}
		free(distance);
		rad_context_destroy(context);
	}
	free(expected);
	free(mask);
}

static void
zones_are_flood_fills(void **state)
{
	uint64_t	seed = 2;

	(void) state;
	for (int round = 0; round < 300; round++)
	{
		int			level_count = round % 20 == 0 ? 255 : round % 21 == 0 ? 300 :
			round % 22 == 0 ? 5000 : random_between(&seed, 1, 40);
		RandomLevels volume = random_levels(&seed, 20, level_count);

		assert_zones(&volume, random_between(&seed, 1, 3), random_between(&seed, 0, 5));
		free(volume.dense);
	}
}

/* Long rows: several vectors, rows that end at every offset. */
static void
zones_of_long_rows(void **state)
{
	uint64_t	seed = 3;

	(void) state;
	for (int width = 60; width < 140; width += 7)
	{
		RandomLevels volume = random_levels(&seed, 5, 3);
		int64_t		voxels;

		free(volume.dense);
		volume.size[0] = width;
		voxels = (int64_t) width * volume.size[1] * volume.size[2];
		volume.dense = malloc((size_t) voxels * sizeof(uint16_t));
		for (int64_t n = 0; n < voxels; n++)
			volume.dense[n] = (uint16_t) random_between(&seed, 0, 3);
		assert_zones(&volume, 1, 0);
		free(volume.dense);
	}
}

/*
 * A region with a margin, a morphological mask and a smaller intensity mask,
 * as TextureInput wants them.
 */
typedef struct ZoneCase
{
	RadContext *context;
	int			size[3];		/* of the region's arrays */
	int			levels_size[3];
	Region		region;
	Settings	settings;
	TextureInput input;
	uint16_t   *dense;			/* levels on the region's arrays */
	uint16_t   *cropped;		/* levels on the intensity mask's box */
} ZoneCase;

static void
tight_box(const int size[3], const uint8_t *mask, Box *box)
{
	for (int axis = 0; axis < 3; axis++)
	{
		box->lo[axis] = size[axis];
		box->hi[axis] = 0;
	}
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++)
			{
				int			at[3] = {x, y, z};

				if (mask[dense_index(size, x, y, z)] == 0)
					continue;
				for (int axis = 0; axis < 3; axis++)
				{
					if (at[axis] < box->lo[axis])
						box->lo[axis] = at[axis];
					if (at[axis] >= box->hi[axis])
						box->hi[axis] = at[axis] + 1;
				}
			}
}

/* Levels of a random volume become the region; some voxels leave the intensity mask. */
static bool
zone_case_create(ZoneCase *zone, uint64_t *seed, int level_count, int removed_percent)
{
	RandomLevels volume = random_levels(seed, 16, level_count);
	int			margin = random_between(seed, 0, 2);
	int64_t		count;
	GreyLevels *levels;
	int64_t		inside = 0;

	memset(zone, 0, sizeof(*zone));
	zone->context = rad_context_create();
	for (int axis = 0; axis < 3; axis++)
		zone->size[axis] = zone->region.grid.size[axis] = volume.size[axis] + 2 * margin;
	count = (int64_t) zone->size[0] * zone->size[1] * zone->size[2];
	zone->region.morphological_mask = rad_new_zeroed(zone->context, uint8_t, count);
	zone->region.intensity_mask = rad_new_zeroed(zone->context, uint8_t, count);
	zone->dense = rad_new_zeroed(zone->context, uint16_t, count);
	zone->cropped = rad_new_zeroed(zone->context, uint16_t, count);
	for (int z = 0; z < volume.size[2]; z++)
		for (int y = 0; y < volume.size[1]; y++)
			for (int x = 0; x < volume.size[0]; x++)
			{
				int64_t		at = dense_index(zone->size, x + margin, y + margin, z + margin);
				int			level = volume.dense[dense_index(volume.size, x, y, z)];

				zone->region.morphological_mask[at] = level != 0;
				if (random_between(seed, 0, 99) < removed_percent)
					level = 0;
				zone->region.intensity_mask[at] = level != 0;
				zone->dense[at] = (uint16_t) level;
				inside += level != 0;
			}
	free(volume.dense);
	if (inside == 0)
	{
		rad_context_destroy(zone->context);
		return false;
	}
	tight_box(zone->size, zone->region.morphological_mask, &zone->region.morphological_box);
	tight_box(zone->size, zone->region.intensity_mask, &zone->region.intensity_box);
	for (int axis = 0; axis < 3; axis++)
		zone->levels_size[axis] = zone->region.intensity_box.hi[axis] -
			zone->region.intensity_box.lo[axis];
	for (int z = 0; z < zone->levels_size[2]; z++)
		for (int y = 0; y < zone->levels_size[1]; y++)
			for (int x = 0; x < zone->levels_size[0]; x++)
				zone->cropped[dense_index(zone->levels_size, x, y, z)] =
					zone->dense[dense_index(zone->size,
											x + zone->region.intensity_box.lo[0],
											y + zone->region.intensity_box.lo[1],
											z + zone->region.intensity_box.lo[2])];
	levels = levels_from_dense(zone->context, zone->levels_size, zone->cropped, level_count,
							   level_count <= 255 ? 1 : 2, 1, 0);
	memcpy(levels->offset, zone->region.intensity_box.lo, sizeof(levels->offset));
	zone->settings.families = ALL_FAMILIES;
	zone->input = (TextureInput) {
		.device = rad_cpu_best(), .region = &zone->region, .levels = levels,
		.settings = &zone->settings, .aggregations = ALL_AGGREGATIONS,
	};
	return true;
}

/* Distances on the whole region, cropped to the levels' box. */
static uint16_t *
zone_case_distance(const ZoneCase *zone, bool planar)
{
	uint16_t   *whole = brute_distance(zone->size, zone->region.morphological_mask, planar);
	uint16_t   *part = malloc(sizeof(uint16_t) * (size_t) zone->levels_size[0] *
							  (size_t) zone->levels_size[1] * (size_t) zone->levels_size[2]);

	for (int z = 0; z < zone->levels_size[2]; z++)
		for (int y = 0; y < zone->levels_size[1]; y++)
			for (int x = 0; x < zone->levels_size[0]; x++)
				part[dense_index(zone->levels_size, x, y, z)] =
					whole[dense_index(zone->size, x + zone->input.levels->offset[0],
									  y + zone->input.levels->offset[1],
									  z + zone->input.levels->offset[2])];
	free(whole);
	return part;
}

static void
matrices_count_zones(void **state)
{
	uint64_t	seed = 4;

	(void) state;
	for (int round = 0; round < 120; round++)
	{
		ZoneCase	zone;
		int			slices = 0;
		Zone	   *expected[2];
		int64_t		count[2];

		if (!zone_case_create(&zone, &seed, round % 15 == 0 ? 700 : random_between(&seed, 1, 9),
							  round % 3 * 15))
			continue;
		for (int planar = 0; planar <= 1; planar++)
		{
			uint16_t   *distance = zone_case_distance(&zone, planar);

			expected[planar] = malloc(sizeof(Zone) * (size_t) zone.input.levels->voxel_count);
			count[planar] = brute_zones(zone.levels_size, zone.cropped, distance, planar,
										expected[planar]);
			free(distance);
		}
		for (int z = 0; z < zone.levels_size[2]; z++)
			slices += zone.input.levels->slice_voxel_count[z] > 0;
		/* GLSZM first without distances: GLDZM must find them all the same. */
		if (round % 2 == 0)
			zone.settings.families = 1u << FAMILY_GLSZM;
		for (int by_distance = 0; by_distance <= 1; by_distance++)
		{
			MatrixCollector collector = {0};
			int			seen = 0;

			assert_true((by_distance ? rad_gldzm_matrices : rad_glszm_matrices)
						(zone.context, &zone.input, collect_matrix, &collector));
			assert_int_equal(collector.count, slices + 2);
			for (int m = 0; m < collector.count; m++)
			{
				const TextureMatrix *matrix = &collector.matrices[m];
				bool		planar = matrix->aggregation != AGGREGATION_3D_AVG;

				assert_int_equal(matrix->direction, -1);
				assert_int_equal(matrix->level_count, zone.input.levels->level_count);
				assert_true(matrix->aggregation % 2 == 0);
				assert_int_equal(matrix->slice >= 0,
								 matrix->aggregation == AGGREGATION_2D_AVG);
				assert_int_equal(matrix->voxel_count, matrix->slice >= 0 ?
								 zone.input.levels->slice_voxel_count[matrix->slice] :
								 zone.input.levels->voxel_count);
				assert_matrix(matrix, expected[planar], count[planar], matrix->slice,
							  by_distance);
				seen += matrix->slice >= 0;
			}
			assert_int_equal(seen, slices);
		}
		free(expected[0]);
		free(expected[1]);
		rad_context_destroy(zone.context);
	}
}

/*
 * A wide slice, where distances exceed one word of the table's marks; with
 * many levels the table is smaller and the largest distances are sorted.
 */
static void
matrices_of_large_distances(void **state)
{
	static const int level_counts[] = {3, RAD_MAX_LEVELS};
	enum
	{
		width = 141, height = 135, voxels = width * height
	};
	int			size[3] = {width, height, 1};
	uint64_t	seed = 8;
	uint16_t   *dense = malloc(voxels * sizeof(uint16_t));
	uint8_t    *mask = malloc(voxels);
	Zone	   *expected = malloc(voxels * sizeof(Zone));
	uint16_t   *distance;
	int64_t		count;

	(void) state;
	memset(mask, 1, voxels);
	for (int n = 0; n < voxels; n++)
		dense[n] = (uint16_t) random_between(&seed, 1, 3);
	distance = brute_distance(size, mask, true);
	count = brute_zones(size, dense, distance, true, expected);
	for (int c = 0; c < 2; c++)
	{
		RadContext *context = rad_context_create();
		Settings	settings = {.families = ALL_FAMILIES};
		Region		region = {
			.grid.size = {width, height, 1}, .morphological_mask = mask,
			.morphological_box = {{0, 0, 0}, {width, height, 1}},
		};
		TextureInput input = {
			.device = rad_cpu_best(), .region = &region, .settings = &settings,
			.levels = levels_from_dense(context, size, dense, level_counts[c],
										level_counts[c] <= 255 ? 1 : 2, 1, 0),
			.aggregations = 1u << AGGREGATION_2_5D_MRG,
		};
		MatrixCollector collector = {0};
		const TextureMatrix *matrix = &collector.matrices[0];

		assert_true(rad_gldzm_matrices(context, &input, collect_matrix, &collector));
		assert_int_equal(collector.count, 1);
		assert_matrix(matrix, expected, count, -1, true);
		assert_true(matrix->cells[matrix->cell_count - 1].j > 64);
		rad_context_destroy(context);
	}
	free(dense);
	free(mask);
	free(expected);
	free(distance);
}

/* Aggregations: the first chosen of a pair names the matrices, others are left out. */
static void
aggregations_as_chosen(void **state)
{
	static const struct
	{
		AggregationSet chosen;
		AggregationSet delivered;
	}			cases[] = {
		{1u << AGGREGATION_2D_MRG, 1u << AGGREGATION_2D_MRG},
		{1u << AGGREGATION_2_5D_MRG, 1u << AGGREGATION_2_5D_MRG},
		{1u << AGGREGATION_3D_MRG, 1u << AGGREGATION_3D_MRG},
		{1u << AGGREGATION_3D_MRG | 1u << AGGREGATION_3D_AVG, 1u << AGGREGATION_3D_AVG},
		{1u << AGGREGATION_2D_AVG | 1u << AGGREGATION_2_5D_MRG,
		1u << AGGREGATION_2D_AVG | 1u << AGGREGATION_2_5D_MRG},
	};
	uint64_t	seed = 5;
	ZoneCase	zone;

	(void) state;
	assert_true(zone_case_create(&zone, &seed, 5, 10));
	zone.settings.ngtdm_distance = zone.settings.ngldm_distance = 1;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		MatrixProducer producers[] = {
			rad_glszm_matrices, rad_gldzm_matrices, rad_ngtdm_matrices, rad_ngldm_matrices
		};

		zone.input.aggregations = cases[n].chosen;
		for (int family = 0; family < 4; family++)
		{
			MatrixCollector collector = {0};
			AggregationSet delivered = 0;

			assert_true(producers[family] (zone.context, &zone.input, collect_matrix,
										   &collector));
			for (int m = 0; m < collector.count; m++)
				delivered |= 1u << collector.matrices[m].aggregation;
			assert_int_equal(delivered, cases[n].delivered);
		}
	}
	rad_context_destroy(zone.context);
}

/* One zone larger than any table: a solid cuboid with one level. */
static void
one_large_zone(void **state)
{
	RadContext *context = rad_context_create();
	int			size[3] = {50, 40, 30};
	uint16_t   *dense = rad_new(context, uint16_t, 60000);
	GreyLevels *levels;
	ZoneList	list;

	(void) state;
	for (int n = 0; n < 60000; n++)
		dense[n] = 7;
	levels = levels_from_dense(context, size, dense, 7, 1, 1, 0);
	assert_true(rad_cpu_best()->find_zones(context, levels, NULL, false, &list));
	assert_int_equal(list.count, 1);
	assert_int_equal(list.zones[0].size, 60000);
	assert_int_equal(list.zones[0].level, 7);
	assert_int_equal(list.zones[0].distance, 0);
	rad_context_destroy(context);
}

/* The digital phantom as region and levels. */
static void
digital_phantom_case(ZoneCase *zone)
{
	static const int size[3] = {5, 4, 4};
	uint16_t	dense[80];
	GreyLevels *levels;

	memset(zone, 0, sizeof(*zone));
	zone->context = rad_context_create();
	for (int n = 0; n < 80; n++)
		dense[n] = digital_phantom_mask[n] ? (uint16_t) digital_phantom_image[n] : 0;
	levels = levels_from_dense(zone->context, size, dense, 6, 1, 1, 0);
	zone->region.morphological_mask = (uint8_t *) digital_phantom_mask;
	zone->region.intensity_mask = (uint8_t *) digital_phantom_mask;
	memcpy(zone->region.grid.size, size, sizeof(size));
	memcpy(zone->region.morphological_box.hi, size, sizeof(size));
	zone->settings.families = ALL_FAMILIES;
	zone->settings.ngtdm_distance = zone->settings.ngldm_distance = 1;
	zone->input = (TextureInput) {
		.device = rad_cpu_best(), .region = &zone->region, .levels = levels,
		.settings = &zone->settings, .aggregations = ALL_AGGREGATIONS,
	};
}

static void
digital_phantom_reference_values(void **state)
{
	static const struct
	{
		Family		family;
		MatrixProducer matrices;
		MatrixFormulas formulas;
	}			families[] = {
		{FAMILY_GLSZM, rad_glszm_matrices, rad_glszm_formulas},
		{FAMILY_GLDZM, rad_gldzm_matrices, rad_gldzm_formulas},
		{FAMILY_NGTDM, rad_ngtdm_matrices, rad_ngtdm_formulas},
		{FAMILY_NGLDM, rad_ngldm_matrices, rad_ngldm_formulas},
	};
	static IbsiReference rows[482];
	int			row_count = ibsi_digital_phantom_rows(rows);
	int			met = 0;
	int			failed = 0;
	ZoneCase	zone;

	(void) state;
	assert_int_equal(row_count, 482);
	digital_phantom_case(&zone);
	for (int f = 0; f < 4; f++)
	{
		const FamilyEntry *entry = &rad_families[families[f].family];
		MatrixCollector collector = {0};

		assert_true(families[f].matrices(zone.context, &zone.input, collect_matrix,
										 &collector));
		for (int aggregation = 0; aggregation < AGGREGATION_COUNT; aggregation += 2)
		{
			const char *label = rad_aggregation_label(families[f].family,
													  (Aggregation) aggregation);
			double		values[25];

			collector_features(zone.context, &collector, families[f].formulas,
							   (Aggregation) aggregation, values);
			for (int n = 0; n < entry->count; n++)
				for (int r = 0; r < row_count; r++)
				{
					if (strcmp(rows[r].tag, rad_features[entry->first + n].tag) != 0 ||
						strcmp(rows[r].aggregation, label) != 0)
						continue;
					if (ibsi_reference_met(values[n], rows[r].value, rows[r].tolerance))
						met++;
					else
					{
						print_error("%s %s: %.6g, reference %g +- %g\n", rows[r].tag, label,
									values[n], rows[r].value, rows[r].tolerance);
						failed++;
					}
				}
		}
	}
	print_message("digital phantom: %d rows met, %d not\n", met, failed);
	assert_int_equal(failed, 0);
	/* 16 + 16 + 5 + 17 features in three aggregations. */
	assert_int_equal(met, 3 * 54);
	rad_context_destroy(zone.context);
}

/* Features that only depend on level and number of zones: the same in both families. */
static void
size_and_distance_share_levels(void **state)
{
	static const int shared[] = {2, 3, 8, 9, 12, 13};	/* in both families' order */
	uint64_t	seed = 6;

	(void) state;
	for (int round = 0; round < 30; round++)
	{
		MatrixCollector sizes = {0};
		MatrixCollector distances = {0};
		ZoneCase	zone;

		if (!zone_case_create(&zone, &seed, random_between(&seed, 2, 12), 10))
			continue;
		assert_true(rad_glszm_matrices(zone.context, &zone.input, collect_matrix, &sizes));
		assert_true(rad_gldzm_matrices(zone.context, &zone.input, collect_matrix, &distances));
		for (int aggregation = 0; aggregation < AGGREGATION_COUNT; aggregation += 2)
		{
			double		by_size[25];
			double		by_distance[25];

			collector_features(zone.context, &sizes, rad_glszm_formulas,
							   (Aggregation) aggregation, by_size);
			collector_features(zone.context, &distances, rad_gldzm_formulas,
							   (Aggregation) aggregation, by_distance);
			/* Rounding: sums of up to 4096 terms in another order. */
			for (size_t n = 0; n < sizeof(shared) / sizeof(shared[0]); n++)
				assert_true(fabs(by_size[shared[n]] - by_distance[shared[n]]) <=
							1e-12 * fabs(by_size[shared[n]]));
		}
		rad_context_destroy(zone.context);
	}
}

static int	polls;
static int	polls_until_cancel;

static bool
count_poll(void *argument)
{
	(void) argument;
	return ++polls >= polls_until_cancel;
}

/* A cancel stops each kernel, and every slice polls. */
static void
kernels_can_be_cancelled(void **state)
{
	RadContext *context = rad_context_create();
	int			size[3] = {10, 10, 12};
	uint16_t	dense[1200];
	uint8_t		mask[1200];
	uint16_t	distance[1200];
	GreyLevels *levels;
	ZoneList	list;

	(void) state;
	for (int n = 0; n < 1200; n++)
	{
		dense[n] = (uint16_t) (1 + n % 3);
		mask[n] = 1;
	}
	levels = levels_from_dense(context, size, dense, 3, 1, 1, 0);
	context->interrupted = count_poll;
	polls = 0;
	polls_until_cancel = 1000;
	assert_true(rad_cpu_best()->find_zones(context, levels, NULL, false, &list));
	assert_true(polls >= size[2]);
	assert_true(rad_cpu_best()->border_distance(context, size, mask, false, distance));
	polls = 0;
	polls_until_cancel = 5;
	assert_false(rad_cpu_best()->find_zones(context, levels, NULL, false, &list));
	assert_int_equal(context->code, RAD_CANCELLED);
	rad_clear_error(context);
	polls = 0;
	assert_false(rad_cpu_best()->border_distance(context, size, mask, false, distance));
	assert_int_equal(context->code, RAD_CANCELLED);
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(border_distance_is_breadth_first_search),
		cmocka_unit_test(border_distance_of_a_cuboid),
		cmocka_unit_test(zones_are_flood_fills),
		cmocka_unit_test(zones_of_long_rows),
		cmocka_unit_test(matrices_count_zones),
		cmocka_unit_test(matrices_of_large_distances),
		cmocka_unit_test(aggregations_as_chosen),
		cmocka_unit_test(one_large_zone),
		cmocka_unit_test(digital_phantom_reference_values),
		cmocka_unit_test(size_and_distance_share_levels),
		cmocka_unit_test(kernels_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
