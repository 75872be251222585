/*
 * What the tests of GLCM and GLRLM share: random volumes, a sink that keeps
 * all matrices, and the comparison of every matrix of every aggregation with
 * one that the test counts straight from the definition.
 */
#ifndef TEST_DIRECTIONAL_TEST_H
#define TEST_DIRECTIONAL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "assert_close.h"
#include "digital_phantom.h"
#include "features/texture.h"
#include "ibsi_reference.h"
#include "levels_fixture.h"

typedef struct RandomVolume
{
	int			size[3];
	int			level_count;
	uint16_t   *dense;			/* x fastest, 0 outside */
} RandomVolume;

static inline uint32_t
next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t) (*state >> 33);
}

/*
 * Random levels with holes, whole rows outside, and stretches of equal level.
 * At least one voxel is inside.
 */
static inline RandomVolume
random_volume(uint64_t *state, int largest_size, int level_count)
{
	RandomVolume volume;
	unsigned	inside = 20 + next_random(state) % 81;
	unsigned	repeated = next_random(state) % 90;
	int			count = 1;

	for (int axis = 0; axis < 3; axis++)
	{
		volume.size[axis] = 1 + (int) (next_random(state) % (unsigned) largest_size);
		count *= volume.size[axis];
	}
	volume.level_count = level_count;
	volume.dense = calloc((size_t) count, sizeof(uint16_t));
	for (int n = 0; n < count; n++)
	{
		int			strides[3] = {1, volume.size[0], volume.size[0] * volume.size[1]};
		int			from = n - strides[next_random(state) % 3];

		if (next_random(state) % 100 >= inside)
			continue;
		if (from >= 0 && volume.dense[from] != 0 && next_random(state) % 100 < repeated)
			volume.dense[n] = volume.dense[from];
		else
			volume.dense[n] = (uint16_t) (1 + next_random(state) % (unsigned) level_count);
	}
	if (next_random(state) % 4 == 0)
		memset(volume.dense, 0, sizeof(uint16_t) *
			   (size_t) (volume.size[0] * volume.size[1] * (volume.size[2] / 2)));
	volume.dense[count - 1] = (uint16_t) level_count;
	return volume;
}

static inline int
volume_level(const RandomVolume *volume, int x, int y, int z)
{
	if (x < 0 || y < 0 || z < 0 ||
		x >= volume->size[0] || y >= volume->size[1] || z >= volume->size[2])
		return 0;
	return volume->dense[(z * volume->size[1] + y) * volume->size[0] + x];
}

static inline int64_t
slice_voxels(const RandomVolume *volume, int first_slice, int last_slice)
{
	int64_t		voxels = 0;

	for (int n = first_slice * volume->size[0] * volume->size[1];
		 n < last_slice * volume->size[0] * volume->size[1]; n++)
		voxels += volume->dense[n] != 0;
	return voxels;
}

/* Keys level << 32 | column of one direction of a range of slices. */
typedef int64_t (*BruteForce) (const RandomVolume *volume, const Settings *settings,
							   int first_slice, int last_slice,
							   const int direction[3], uint64_t *keys);

typedef struct Collected
{
	TextureMatrix *matrices;	/* with their own copies of the cells */
	int			count;
	int			compared;
} Collected;

static inline bool
collect_matrix(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	Collected  *collected = argument;
	MatrixCell *cells = malloc((size_t) (matrix->cell_count + 1) * sizeof(MatrixCell));

	(void) context;
	if (matrix->cell_count > 0)
		memcpy(cells, matrix->cells, (size_t) matrix->cell_count * sizeof(MatrixCell));
	collected->matrices = realloc(collected->matrices,
								  (size_t) (collected->count + 1) * sizeof(TextureMatrix));
	collected->matrices[collected->count] = *matrix;
	collected->matrices[collected->count++].cells = cells;
	return true;
}

static inline void
release_collected(Collected *collected)
{
	for (int n = 0; n < collected->count; n++)
		free((void *) collected->matrices[n].cells);
	free(collected->matrices);
	memset(collected, 0, sizeof(*collected));
}

static inline int
compare_keys(const void *left, const void *right)
{
	uint64_t	a = *(const uint64_t *) left;
	uint64_t	b = *(const uint64_t *) right;

	return (a > b) - (a < b);
}

/* Compare one delivered matrix, cell by cell, with the brute force count. */
static inline void
compare_matrix(Collected *collected, const RandomVolume *volume, const Settings *settings,
			   BruteForce brute_force, Aggregation aggregation, int slice, int direction,
			   DirectionSet directions)
{
	int			first_slice = slice < 0 ? 0 : slice;
	int			last_slice = slice < 0 ? volume->size[2] : slice + 1;
	int64_t		voxels = slice_voxels(volume, first_slice, last_slice);
	int64_t		key_count = 0;
	int64_t		cell = -1;
	int64_t		in_cell = 0;
	const TextureMatrix *matrix = NULL;
	uint64_t   *keys = malloc((size_t) (2 * voxels * RAD_DIRECTION_COUNT + 1) * sizeof(uint64_t));

	for (int n = 0; n < collected->count; n++)
		if (collected->matrices[n].aggregation == aggregation &&
			collected->matrices[n].slice == slice &&
			collected->matrices[n].direction == direction)
		{
			assert_null(matrix);
			matrix = &collected->matrices[n];
		}
	assert_non_null(matrix);
	for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
		if ((directions & (1u << d)) != 0)
			key_count += brute_force(volume, settings, first_slice, last_slice,
									 rad_directions[d], keys + key_count);
	qsort(keys, (size_t) key_count, sizeof(uint64_t), compare_keys);
	assert_int_equal(matrix->level_count, volume->level_count);
	assert_int_equal(matrix->voxel_count, voxels * __builtin_popcount(directions));
	assert_int_equal(matrix->total, key_count);
	assert_null(matrix->difference);
	for (int64_t n = 0; n < key_count; n++)
	{
		if (n == 0 || keys[n] != keys[n - 1])
		{
			if (cell >= 0)
				assert_int_equal(matrix->cells[cell].count, in_cell);
			cell++;
			in_cell = 0;
			assert_true(cell < matrix->cell_count);
			assert_int_equal(matrix->cells[cell].i, keys[n] >> 32);
			assert_int_equal(matrix->cells[cell].j, keys[n] & UINT32_MAX);
		}
		in_cell++;
	}
	if (cell >= 0)
		assert_int_equal(matrix->cells[cell].count, in_cell);
	assert_int_equal(matrix->cell_count, cell + 1);
	collected->compared++;
	free(keys);
}

/* Compare every matrix that the aggregations ask for, and no other. */
static inline void
compare_all(Collected *collected, const RandomVolume *volume, const Settings *settings,
			AggregationSet aggregations, BruteForce brute_force)
{
	for (int aggregation = 0; aggregation < AGGREGATION_COUNT; aggregation++)
	{
		bool		by_slice = aggregation <= AGGREGATION_2D_MRG;
		bool		average = aggregation % 2 == 0;
		DirectionSet directions = aggregation < AGGREGATION_3D_AVG ? PLANAR_DIRECTIONS :
			ALL_DIRECTIONS;

		if ((aggregations & (1u << aggregation)) == 0)
			continue;
		for (int z = by_slice ? 0 : -1; z < (by_slice ? volume->size[2] : 0); z++)
		{
			if (by_slice && slice_voxels(volume, z, z + 1) == 0)
				continue;
			for (int d = average ? 0 : -1; d < (average ? RAD_DIRECTION_COUNT : 0); d++)
				if (d < 0 || (directions & (1u << d)) != 0)
					compare_matrix(collected, volume, settings, brute_force,
								   (Aggregation) aggregation, z, d,
								   d < 0 ? directions : 1u << d);
		}
	}
	assert_int_equal(collected->compared, collected->count);
}

/* Count a volume with one device and level width, and compare everything. */
static inline void
check_volume(const RandomVolume *volume, const Device *device, int bytes_per_level,
			 int padding, int spare, const Settings *settings, AggregationSet aggregations,
			 MatrixProducer producer, BruteForce brute_force)
{
	RadContext *context = rad_context_create();
	Collected	collected = {0};
	TextureInput input = {
		.device = device,
		.settings = settings,
		.aggregations = aggregations,
	};

	input.levels = levels_from_dense(context, volume->size, volume->dense,
									 volume->level_count, bytes_per_level, padding, spare);
	assert_true(producer(context, &input, collect_matrix, &collected));
	compare_all(&collected, volume, settings, aggregations, brute_force);
	release_collected(&collected);
	rad_context_destroy(context);
}

/* Memory that runs out: the allocator fails when none is left. */
static int	allocations_left;
static void *(*real_allocate) (void *allocator, size_t size);

static inline void *
scarce_allocate(void *allocator, size_t size)
{
	return --allocations_left < 0 ? NULL : real_allocate(allocator, size);
}

/* Wherever memory runs out, the work ends with that error. */
static inline void
check_out_of_memory(const RandomVolume *volume, const Settings *settings,
					MatrixProducer producer)
{
	bool		done = false;

	for (int allocations = 0; !done; allocations++)
	{
		RadContext *context = rad_context_create();
		Collected	collected = {0};
		TextureInput input = {.device = rad_cpu_best(), .settings = settings,
		.aggregations = ALL_AGGREGATIONS};

		input.levels = levels_from_dense(context, volume->size, volume->dense,
										 volume->level_count,
										 volume->level_count <= 255 ? 1 : 2, 1, 0);
		real_allocate = context->allocate;
		context->allocate = scarce_allocate;
		allocations_left = allocations;
		done = producer(context, &input, collect_matrix, &collected);
		if (!done)
			assert_int_equal(context->code, RAD_OUT_OF_MEMORY);
		assert_true(done || allocations < 10000);
		release_collected(&collected);
		rad_context_destroy(context);
	}
}

/* The CPU levels that this machine can run; returns their number. */
static inline int
runnable_devices(const Device *devices[2])
{
	int			count = 0;

	devices[count++] = rad_cpu_named("v2");
	devices[count] = rad_cpu_named("v3");
	if (devices[count] != NULL)
		count++;
	return count;
}

/* Means over the matrices of each aggregation, as IBSI averages them. */
typedef struct PhantomMeans
{
	MatrixFormulas formulas;
	double		sum[AGGREGATION_COUNT][32];
	int			count[AGGREGATION_COUNT][32];
	int			feature_count;
} PhantomMeans;

static inline bool
add_phantom_matrix(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	PhantomMeans *means = argument;
	double		values[32];

	assert_true(matrix->cell_count > 0);
	if (!means->formulas(context, matrix, values))
		return false;
	for (int n = 0; n < means->feature_count; n++)
		if (!isnan(values[n]))
		{
			means->sum[matrix->aggregation][n] += values[n];
			means->count[matrix->aggregation][n]++;
		}
	return true;
}

/* All reference values of a family on the digital phantom; returns how many. */
static inline int
check_digital_phantom(Family family, MatrixProducer producer, MatrixFormulas formulas,
					  const Settings *settings)
{
	static IbsiReference rows[482];
	const int	row_count = ibsi_digital_phantom_rows(rows);
	const int	size[3] = {5, 4, 4};
	const FamilyEntry *entry = &rad_families[family];
	RadContext *context = rad_context_create();
	PhantomMeans means = {.formulas = formulas, .feature_count = entry->count};
	TextureInput input = {
		.device = rad_cpu_best(),
		.settings = settings,
		.aggregations = ALL_AGGREGATIONS,
	};
	uint16_t	dense[80];
	int			met = 0;

	assert_int_equal(row_count, 482);
	for (int n = 0; n < 80; n++)
		dense[n] = digital_phantom_mask[n] != 0 ? (uint16_t) digital_phantom_image[n] : 0;
	input.levels = levels_from_dense(context, size, dense, 6, 1, 1, 0);
	assert_int_equal(input.levels->voxel_count, 74);
	assert_true(producer(context, &input, add_phantom_matrix, &means));
	for (int row = 0; row < row_count; row++)
	{
		int			feature = rad_find_feature(rows[row].tag);
		int			aggregation = 0;
		double		result;

		assert_true(feature >= 0);
		if (rad_features[feature].family != family)
			continue;
		while (strcmp(rad_aggregation_names[aggregation], rows[row].aggregation) != 0)
			aggregation++;
		feature -= (int) entry->first;
		result = means.sum[aggregation][feature] / means.count[aggregation][feature];
		if (!ibsi_reference_met(result, rows[row].value, rows[row].tolerance))
			fail_msg("%s %s is %.10g, reference %g +- %g", rows[row].tag,
					 rows[row].aggregation, result, rows[row].value, rows[row].tolerance);
		met++;
	}
	rad_context_destroy(context);
	return met;
}

#endif							/* TEST_DIRECTIONAL_TEST_H */
