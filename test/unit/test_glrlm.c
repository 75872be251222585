/*
 * GLRLM: counts against a brute force that follows the definition, features
 * against the IBSI digital phantom and closed forms.
 */
#include "directional_test.h"

/* Every run, found at its first voxel and followed (IBSI TP0I). */
static int64_t
brute_force_runs(const RandomVolume *volume, const Settings *settings,
				 int first_slice, int last_slice, const int direction[3], uint64_t *keys)
{
	int64_t		count = 0;

	(void) settings;
	for (int z = first_slice; z < last_slice; z++)
		for (int y = 0; y < volume->size[1]; y++)
			for (int x = 0; x < volume->size[0]; x++)
			{
				int			level = volume_level(volume, x, y, z);
				int			length = 1;

				if (level == 0 || level == volume_level(volume, x - direction[0],
														y - direction[1], z - direction[2]))
					continue;
				while (volume_level(volume, x + length * direction[0],
									y + length * direction[1],
									z + length * direction[2]) == level)
					length++;
				keys[count++] = (uint64_t) level << 32 | (uint64_t) length;
			}
	return count;
}

static void
test_random_volumes(void **state)
{
	static const int level_counts[] = {1, 2, 3, 5, 32, 64, 255};
	uint64_t	random = 4711;
	const Device *devices[2];
	int			device_count = runnable_devices(devices);
	Settings	settings = {.glcm_distance = 2};

	(void) state;
	for (int round = 0; round < 60; round++)
	{
		int			level_count = round % 2 == 0 ? level_counts[round / 2 % 7] :
			1 + (int) (next_random(&random) % 40);
		RandomVolume volume = random_volume(&random, round < 30 ? 8 : 20, level_count);

		for (int d = 0; d < device_count; d++)
			for (int bytes = 1; bytes <= 2; bytes++)
				check_volume(&volume, devices[d], bytes, 1 + round % 3, round % 5, &settings,
							 ALL_AGGREGATIONS, rad_glrlm_matrices, brute_force_runs);
		free(volume.dense);
	}
}

/* Long runs: few levels in long boxes, past the widths of words and counters. */
static void
test_long_runs(void **state)
{
	static const int sizes[][3] = {
		{300, 3, 2}, {3, 300, 2}, {2, 3, 300}, {64, 5, 5}, {65, 64, 3}, {255, 4, 1},
		{256, 4, 1}, {70000, 1, 1}, {1, 70000, 1}, {40, 40, 40},
	};
	uint64_t	random = 12;
	const Device *devices[2];
	int			device_count = runnable_devices(devices);
	Settings	settings = {0};

	(void) state;
	for (int n = 0; n < 10; n++)
		for (unsigned rarity = 1; rarity <= 1000000; rarity *= 100)
		{
			RandomVolume volume = {.level_count = 2};
			int			count = sizes[n][0] * sizes[n][1] * sizes[n][2];

			memcpy(volume.size, sizes[n], sizeof(volume.size));
			volume.dense = malloc((size_t) count * sizeof(uint16_t));
			for (int v = 0; v < count; v++)
				volume.dense[v] = next_random(&random) % (rarity + 1) == 0 ?
					(uint16_t) (next_random(&random) % 2) : 2;
			volume.dense[0] = 2;
			for (int d = 0; d < device_count; d++)
				for (int bytes = 1; bytes <= 2; bytes++)
					check_volume(&volume, devices[d], bytes, 1, 0, &settings,
								 ALL_AGGREGATIONS, rad_glrlm_matrices, brute_force_runs);
			free(volume.dense);
		}
}

static void
test_aggregation_choices(void **state)
{
	uint64_t	random = 70;
	Settings	settings = {0};

	(void) state;
	for (AggregationSet aggregations = 0; aggregations <= ALL_AGGREGATIONS; aggregations++)
	{
		RandomVolume volume = random_volume(&random, 11, 4);

		check_volume(&volume, rad_cpu_best(), 1, 1, 0, &settings, aggregations,
					 rad_glrlm_matrices, brute_force_runs);
		free(volume.dense);
	}
}

/* Many levels: 16-bit, with empty levels, dense and as sorted lists. */
static void
test_many_levels(void **state)
{
	static const int level_counts[] = {256, 300, 5000, 65535};
	uint64_t	random = 990;
	const Device *devices[2];
	int			device_count = runnable_devices(devices);
	Settings	settings = {0};

	(void) state;
	for (int round = 0; round < 8; round++)
	{
		RandomVolume volume = random_volume(&random, 20, level_counts[round % 4]);

		for (int d = 0; d < device_count; d++)
			check_volume(&volume, devices[d], 2, 1, round % 3, &settings,
						 ALL_AGGREGATIONS, rad_glrlm_matrices, brute_force_runs);
		free(volume.dense);
	}
	for (int round = 0; round < 2; round++)
	{
		RandomVolume volume = {.size = {100, 21, 20}, .level_count = 20000};

		volume.dense = malloc(100 * 21 * 20 * sizeof(uint16_t));
		for (int v = 0; v < 100 * 21 * 20; v++)
			volume.dense[v] = v > 0 && next_random(&random) % 3 == 0 ? volume.dense[v - 1] :
				(uint16_t) (1 + next_random(&random) % 20000);
		check_volume(&volume, devices[round % device_count], 2, 1, 0, &settings,
					 ALL_AGGREGATIONS, rad_glrlm_matrices, brute_force_runs);
		free(volume.dense);
	}
}

/* The kernel's contract: sets of directions, slice range, counts added to. */
static void
test_kernel_contract(void **state)
{
	uint64_t	random = 3141;
	const Device *devices[2];
	int			device_count = runnable_devices(devices);

	(void) state;
	for (int round = 0; round < 40; round++)
	{
		int			n = 1 + (int) (next_random(&random) % 6);
		RandomVolume volume = random_volume(&random, 12, n);
		bool		planar = round % 2 == 0;
		DirectionSet directions = next_random(&random) &
			(planar ? PLANAR_DIRECTIONS : ALL_DIRECTIONS);
		int			first = planar ? (int) (next_random(&random) % (unsigned) volume.size[2]) : 0;
		int			last = planar ? first + 1 : volume.size[2];
		int			longest = 12 + round % 3;
		size_t		cells = (size_t) __builtin_popcount(directions) * (size_t) (n * longest);
		uint32_t   *expected = malloc((cells + 1) * sizeof(uint32_t));
		uint32_t   *counts = malloc((cells + 1) * sizeof(uint32_t));
		uint64_t	keys[12 * 12 * 12];
		uint32_t   *next = expected;

		for (size_t c = 0; c <= cells; c++)
			expected[c] = (uint32_t) c * 3;
		for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
		{
			int64_t		key_count;

			if ((directions & (1u << d)) == 0)
				continue;
			key_count = brute_force_runs(&volume, NULL, first, last, rad_directions[d], keys);
			for (int64_t k = 0; k < key_count; k++)
				next[((keys[k] >> 32) - 1) * (uint64_t) longest + (keys[k] & UINT32_MAX) - 1]++;
			next += n * longest;
		}
		for (int d = 0; d < device_count; d++)
			for (int bytes = 1; bytes <= 2; bytes++)
			{
				RadContext *context = rad_context_create();
				GreyLevels *levels = levels_from_dense(context, volume.size, volume.dense, n,
													   bytes, 1, round % 3);

				for (size_t c = 0; c <= cells; c++)
					counts[c] = (uint32_t) c * 3;
				assert_true(devices[d]->count_runs(context, levels, first, last, directions,
												   longest, counts));
				assert_memory_equal(counts, expected, (cells + 1) * sizeof(uint32_t));
				rad_context_destroy(context);
			}
		free(expected);
		free(counts);
		free(volume.dense);
	}
}

static void
test_digital_phantom(void **state)
{
	Settings	settings = {0};

	(void) state;
	assert_int_equal(check_digital_phantom(FAMILY_GLRLM, rad_glrlm_matrices,
										   rad_glrlm_formulas, &settings), 96);
}

/*
 * A constant box of l x m x n voxels: along x all m n runs have length l, so
 * every feature has a closed form.
 */
static void
test_constant_box(void **state)
{
	RadContext *context = rad_context_create();
	MatrixCell	cell = {2, 5, 12};
	TextureMatrix matrix = {.level_count = 2, .voxel_count = 60, .total = 12,
	.cell_count = 1, .cells = &cell};
	double		values[16];
	const double expected[16] = {1 / 25.0, 25, 1 / 4.0, 4, 1 / 100.0, 4 / 25.0, 25 / 4.0, 100,
	12, 1, 12, 1, 1 / 5.0, 0, 0, 0};

	(void) state;
	assert_true(rad_glrlm_formulas(context, &matrix, values));
	for (int n = 0; n < 16; n++)
		assert_close(values[n], expected[n], 1e-14 * expected[n]);
	rad_context_destroy(context);
}

/* Sizes beyond the directly summed columns: zones of GLSZM reach any size. */
static void
test_large_columns(void **state)
{
	RadContext *context = rad_context_create();
	MatrixCell	cells[] = {{1, 2, 3}, {1, 2048, 1}, {1, 2049, 2}, {1, 900000, 1},
	{4, 2, 1}, {4, 2048, 5}, {4, 2049, 1}, {4, 5000, 1}, {9, 2049, 4}, {9, 900000, 7}};
	TextureMatrix matrix = {.level_count = 9, .voxel_count = 9000000, .total = 26,
	.cell_count = 10, .cells = cells};
	double		values[16];

	(void) state;
	assert_true(rad_glrlm_formulas(context, &matrix, values));
	/* Columns 2, 2048, 2049, 5000, 900000 hold 4, 6, 7, 1, 8 of 26. */
	assert_close(values[10], (16 + 36 + 49 + 1 + 64) / 26.0, 1e-13);
	assert_close(values[11], (16 + 36 + 49 + 1 + 64) / 676.0, 1e-15);
	/* Rows 1, 4, 9 hold 7, 8, 11. */
	assert_close(values[8], (49 + 64 + 121) / 26.0, 1e-13);
	rad_context_destroy(context);
}

static int	polls;

static bool
count_polls(void *argument)
{
	(void) argument;
	polls++;
	return argument != NULL;
}

/* Every slice is polled, and a cancel ends the work. */
static void
test_cancel(void **state)
{
	uint64_t	random = 8;
	RandomVolume volume = random_volume(&random, 20, 9);
	RadContext *context = rad_context_create();
	Collected	collected = {0};
	Settings	settings = {0};
	TextureInput input = {.device = rad_cpu_best(), .settings = &settings,
	.aggregations = ALL_AGGREGATIONS};

	(void) state;
	input.levels = levels_from_dense(context, volume.size, volume.dense, 9, 1, 1, 0);
	context->interrupted = count_polls;
	assert_true(rad_glrlm_matrices(context, &input, collect_matrix, &collected));
	assert_true(polls > volume.size[2]);
	context->interrupt_argument = context;
	assert_false(rad_glrlm_matrices(context, &input, collect_matrix, &collected));
	assert_int_equal(context->code, RAD_CANCELLED);
	release_collected(&collected);
	free(volume.dense);
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_volumes),
		cmocka_unit_test(test_long_runs),
		cmocka_unit_test(test_aggregation_choices),
		cmocka_unit_test(test_many_levels),
		cmocka_unit_test(test_kernel_contract),
		cmocka_unit_test(test_digital_phantom),
		cmocka_unit_test(test_constant_box),
		cmocka_unit_test(test_large_columns),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
