/*
 * The GPU's kernels, run block by block by the CPU, against the CPU's own
 * kernels: requests about thousands of random regions, all families, every
 * byte.  The CPU's kernels are compared with the definitions elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernels/host.h"
#include "random_request.h"
#include "region_fixture.h"

/* On a GPU the same tests run with cuda_count_batch (make check-gpu). */
#ifdef ON_GPU
#define COUNT_BATCH cuda_count_batch
#define COUNT_SOURCES cuda_count_sources
#else
#define COUNT_BATCH host_count_batch
#define COUNT_SOURCES host_count_sources
#endif

/* Requests counted in one batch. */
#define BATCH 16

/* A stand-in for the shared memory of different chips. */
static const size_t shared_limits[] = {8192, 49152, 101376, 232448};

static CountBuffer *
copy_of(RadContext *context, const CountBuffer *buffer)
{
	CountBuffer *copy = rad_allocate(context, (size_t) buffer->bytes, 1);

	memcpy(copy, buffer, (size_t) buffer->bytes);
	return copy;
}

/* Several regions of up to the given size and levels, in one batch. */
static void
compare_batch(uint64_t *state, int count, int largest_size, int level_count, int64_t most,
			  unsigned threads)
{
	RadContext *context = rad_context_create();
	CountBuffer *expected[BATCH];
	CountBuffer *counted[BATCH];
	int			requests = 0;

	for (int n = 0; n < count; n++)
	{
		CountBuffer *buffer = random_request(context, state, largest_size,
											 random_between(state, 2, level_count), most);

		if (buffer == NULL)
			continue;
		assert_true(rad_request_is_valid(buffer, buffer->bytes));
		expected[requests] = buffer;
		counted[requests++] = copy_of(context, buffer);
	}
	for (int n = 0; n < requests; n++)
		assert_true(rad_request_answer(context, rad_cpu_best(), expected[n]));
	assert_true(COUNT_BATCH(counted, requests, threads, random_next(state),
								 shared_limits[random_next(state) % 4]));
	for (int n = 0; n < requests; n++)
		assert_true(same_answers(expected[n], counted[n]));
	rad_context_destroy(context);
}

static void
thousands_of_small_regions(void **state)
{
	uint64_t	random = 20240601;

	(void) state;
	for (int n = 0; n < 140; n++)
		compare_batch(&random, BATCH, 1 + n % 12, n % 3 == 0 ? 12 : 40, 4 << 20, 1);
}

static void
hundreds_of_medium_regions(void **state)
{
	uint64_t	random = 20240602;

	(void) state;
	for (int n = 0; n < 30; n++)
		compare_batch(&random, 8, 30, n % 2 ? 64 : 250, 16 << 20, 1);
}

/* 16-bit levels, counters that fit no shared memory. */
static void
many_levels(void **state)
{
	uint64_t	random = 20240603;

	(void) state;
	for (int n = 0; n < 12; n++)
		compare_batch(&random, 4, 24, 1024, 64 << 20, 1);
}

/* Blocks that run at the same time: unions across tiles meet. */
static void
concurrent_blocks(void **state)
{
	uint64_t	random = 20240604;

	(void) state;
	for (int n = 0; n < 12; n++)
		compare_batch(&random, 4, 60, 8, 32 << 20, 4);
}

/* Few levels in large blocks: zones and runs through the whole region. */
static void
large_regions(void **state)
{
	uint64_t	random = 20240605;

	(void) state;
	compare_batch(&random, 1, 200, 3, 256 << 20, 2);
	compare_batch(&random, 2, 100, 32, 256 << 20, 2);
}

/* A cube of 200^3 voxels of one level: one zone, longest runs, full counters. */
static void
one_level(void **state)
{
	const int	size[3] = {200, 200, 200};
	const int	offset[3] = {0, 0, 0};
	const int64_t voxels = 8000000;
	RadContext *context = rad_context_create();
	uint16_t   *dense = rad_new(context, uint16_t, voxels);
	uint8_t    *mask = rad_new(context, uint8_t, voxels);
	RegionRequest request;
	CountBuffer *expected;
	CountBuffer *counted;
	int64_t		bytes;

	(void) state;
	for (int64_t n = 0; n < voxels; n++)
	{
		dense[n] = 1;
		mask[n] = 1;
	}
	rad_request_init(&request, levels_from_dense(context, size, dense, 1, 1, 1, 0));
	rad_request_set_mask(&request, mask, size, 200, 40000, offset);
	rad_request_add(&request, (CountItem) {.kind = COUNT_CUBES});
	rad_request_add(&request, (CountItem) {.kind = COUNT_COOCCURRENCES,.distance = 1,
					.directions = ALL_DIRECTIONS});
	rad_request_add(&request, (CountItem) {.kind = COUNT_RUNS,.columns = 200,
					.directions = ALL_DIRECTIONS});
	rad_request_add(&request, (CountItem) {.kind = COUNT_ZONES,.distance = 1});
	bytes = rad_request_layout(&request, 64 << 20);
	expected = rad_allocate(context, (size_t) bytes, 1);
	rad_request_write(&request, expected);
	counted = copy_of(context, expected);
	assert_true(rad_request_answer(context, rad_cpu_best(), expected));
	assert_true(COUNT_BATCH(&counted, 1, 2, 77, 49152));
	assert_true(same_answers(expected, counted));

	/* Closed forms: one zone of all voxels, at border distance 1; 200^2 runs along x. */
	assert_int_equal(counted->items[3].found, 1);
	assert_int_equal(((Zone *) ((char *) counted + counted->items[3].offset))->size, voxels);
	assert_int_equal(((uint32_t *) ((char *) counted + counted->items[2].offset))[199], 40000);
	rad_context_destroy(context);
}

/* A value of any voxel type, and what it is as a double. */
static double
store_voxel(void *voxels, VoxelType type, int64_t at, int value)
{
	switch (type)
	{
		case VOXEL_INT8:
			return ((int8_t *) voxels)[at] = (int8_t) value;
		case VOXEL_UINT8:
			return ((uint8_t *) voxels)[at] = (uint8_t) value;
		case VOXEL_INT16:
			return ((int16_t *) voxels)[at] = (int16_t) (value * 7);
		case VOXEL_UINT16:
			return ((uint16_t *) voxels)[at] = (uint16_t) (value * 200);
		case VOXEL_INT32:
			return ((int32_t *) voxels)[at] = value * 16000000;
		case VOXEL_UINT32:
			return ((uint32_t *) voxels)[at] = (uint32_t) value * 30000000u;
		case VOXEL_FLOAT32:
			return ((float *) voxels)[at] = (float) value / 3.0f;
		case VOXEL_FLOAT64:
			break;
	}
	return ((double *) voxels)[at] = value / 7.0;
}

/*
 * Levels made on the device out of intensities of every type, against those
 * that rad_grey_levels_build() makes; then histograms, exact sums and tables.
 */
static void
levels_from_intensities(void **state)
{
	static const double spacing[3] = {1.0, 1.0, 1.0};
	static const int bins[] = {2, 32, 255, 256, 1000, 5000};
	uint64_t	random = 20240607;

	(void) state;
	for (int round = 0; round < 96; round++)
	{
		RadContext *context = rad_context_create();
		VoxelType	type = (VoxelType) (round % VOXEL_TYPE_COUNT);
		int			size[3];
		int64_t		voxels = 1;
		__int128	sum = 0;
		__int128	squares = 0;
		Settings	settings;
		GreyLevels *levels;
		RegionRequest request;
		LevelSource source = {.type = (int32_t) type};
		CountBuffer *expected;
		CountBuffer *counted;
		Region	   *region;
		double	   *intensity;
		uint8_t    *mask;
		void	   *stored;
		int64_t		bytes;

		for (int axis = 0; axis < 3; axis++)
			voxels *= size[axis] = random_between(&random, 2, 20);
		intensity = rad_new(context, double, voxels);
		mask = rad_new_zeroed(context, uint8_t, voxels);
		stored = rad_new(context, double, voxels);
		for (int64_t n = 0; n < voxels; n++)
		{
			intensity[n] = store_voxel(stored, type, n, random_between(&random, 0, 127));
			mask[n] = n == voxels / 2 || random_between(&random, 0, 2) > 0;
			if (mask[n])
			{
				sum += (int64_t) intensity[n];
				squares += (__int128) (int64_t) intensity[n] * (int64_t) intensity[n];
			}
		}
		region = fixture_region(context, size, spacing, intensity, mask, NULL);
		rad_settings_default(&settings);
		settings.bin_number = bins[round / 8 % 6];
		assert_true(rad_grey_levels_build(context, region, &settings, 1, &levels));
		rad_request_init(&request, levels);
		rad_request_add(&request, (CountItem) {.kind = COUNT_RUNS,.columns = 20,
						.directions = 0x0021});
		rad_request_add(&request, (CountItem) {.kind = COUNT_ZONES});
		bytes = rad_request_layout(&request, 64 << 20);
		expected = rad_allocate(context, (size_t) bytes, 1);
		rad_request_write(&request, expected);
		counted = copy_of(context, expected);

		/* The device must not see the levels that the CPU made. */
		memset((char *) counted + sizeof(CountBuffer), 0x77,
			   (size_t) counted->results - sizeof(CountBuffer));
		source.voxels = stored;
		source.mask = mask;
		for (int axis = 0; axis < 3; axis++)
		{
			source.size[axis] = size[axis];
			source.offset[axis] = levels->offset[axis];
		}
		source.rule = (BinRule) {region->minimum, settings.bin_number,
			region->maximum - region->minimum, settings.bin_number - 1};
		source.histogram = rad_new(context, int64_t, levels->level_count + 1);
		assert_true(rad_request_answer(context, rad_cpu_best(), expected));
		assert_true(COUNT_SOURCES(&counted, &source, 1, shared_limits[round % 4]));
		assert_true(same_answers(expected, counted));
		assert_memory_equal(source.histogram + 1, levels->histogram + 1,
							(size_t) levels->level_count * sizeof(int64_t));
		assert_int_equal(source.sums.count, region->intensity_count);
		if (type < VOXEL_FLOAT32)
		{
			assert_true(source.sums.sum == (int64_t) sum);
			assert_true(source.sums.squares_low +
						((__int128) source.sums.squares_high << 32) == squares);
		}
		rad_context_destroy(context);
	}
}

/* Zones that find no room are reported as not answered, and nothing is overrun. */
static void
zones_without_room(void **state)
{
	const int	size[3] = {20, 20, 20};
	RadContext *context = rad_context_create();
	uint16_t   *dense = rad_new(context, uint16_t, 8000);
	RegionRequest request;
	CountBuffer *buffer[2];
	int64_t		bytes;

	(void) state;
	for (int n = 0; n < 8000; n++)
		dense[n] = (uint16_t) (1 + n % 20 % 2 + 2 * (n / 20 % 20 % 2) + 4 * (n / 400 % 2));
	rad_request_init(&request, levels_from_dense(context, size, dense, 8, 1, 1, 0));
	rad_request_add(&request, (CountItem) {.kind = COUNT_ZONES});
	bytes = rad_request_layout(&request, 64 << 10);
	assert_int_not_equal(bytes, 0);
	for (int n = 0; n < 2; n++)
	{
		buffer[n] = rad_allocate(context, (size_t) bytes, 1);
		rad_request_write(&request, buffer[n]);
	}
	assert_true(rad_request_answer(context, rad_cpu_best(), buffer[0]));
	assert_true(COUNT_BATCH(&buffer[1], 1, 1, 3, 49152));
	assert_int_equal(buffer[0]->items[0].found, 8000);
	assert_int_equal(buffer[0]->items[0].answered, 0);
	assert_true(same_answers(buffer[0], buffer[1]));
	rad_context_destroy(context);
}

#ifndef ON_GPU
/* Less shared memory than any kernel needs fails, as a launch on a GPU would. */
static void
too_little_shared_memory(void **state)
{
	RadContext *context = rad_context_create();
	uint64_t	random = 20240606;
	CountBuffer *buffer = random_request(context, &random, 12, 8, 4 << 20);

	(void) state;
	assert_false(host_count_batch(&buffer, 1, 1, 1, 64));
	for (int n = 0; n < buffer->item_count; n++)
		assert_int_equal(buffer->items[n].answered, 0);
	rad_context_destroy(context);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thousands_of_small_regions),
		cmocka_unit_test(hundreds_of_medium_regions),
		cmocka_unit_test(many_levels),
		cmocka_unit_test(concurrent_blocks),
		cmocka_unit_test(large_regions),
		cmocka_unit_test(one_level),
		cmocka_unit_test(levels_from_intensities),
		cmocka_unit_test(zones_without_room),
#ifndef ON_GPU
		cmocka_unit_test(too_little_shared_memory),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
