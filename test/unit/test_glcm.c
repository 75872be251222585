/*
 * GLCM: counts against a brute force that follows the definition, features
 * against the IBSI digital phantom and closed forms.
 */
#include "directional_test.h"

/* Every pair at the distance, in both orders (IBSI LFYI). */
static int64_t
brute_force_pairs(const RandomVolume *volume, const Settings *settings,
				  int first_slice, int last_slice, const int direction[3], uint64_t *keys)
{
	int64_t		count = 0;
	int			distance = settings->glcm_distance;

	for (int z = first_slice; z < last_slice; z++)
		for (int y = 0; y < volume->size[1]; y++)
			for (int x = 0; x < volume->size[0]; x++)
				for (int sign = -1; sign <= 1; sign += 2)
				{
					uint64_t	i = (uint64_t) volume_level(volume, x, y, z);
					uint64_t	j = (uint64_t) volume_level(volume,
															x + sign * distance * direction[0],
															y + sign * distance * direction[1],
															z + sign * distance * direction[2]);

					if (i != 0 && j != 0)
						keys[count++] = i << 32 | j;
				}
	return count;
}

static void
test_directions(void **state)
{
	(void) state;
	for (int a = 0; a < RAD_DIRECTION_COUNT; a++)
	{
		assert_int_equal(rad_directions[a][2] == 0, a < RAD_PLANAR_DIRECTION_COUNT);
		for (int axis = 0; axis < 3; axis++)
			assert_in_range(rad_directions[a][axis] + 1, 0, 2);
		for (int b = 0; b < RAD_DIRECTION_COUNT; b++)
		{
			bool		same = true;
			bool		opposite = true;

			for (int axis = 0; axis < 3; axis++)
			{
				same &= rad_directions[a][axis] == rad_directions[b][axis];
				opposite &= rad_directions[a][axis] == -rad_directions[b][axis];
			}
			assert_int_equal(same, a == b);
			assert_false(opposite);
		}
	}
}

/* Random volumes: every device, level width, distance and layout. */
static void
test_random_volumes(void **state)
{
	static const int level_counts[] = {1, 2, 5, 15, 16, 35, 36, 40, 67, 68, 131, 132, 255};
	uint64_t	random = 20261;
	const Device *devices[2];
	int			device_count = runnable_devices(devices);
	Settings	settings = {0};

	(void) state;
	for (int round = 0; round < 60; round++)
	{
		int			level_count = round % 2 == 0 ? level_counts[round / 2 % 13] :
			1 + (int) (next_random(&random) % 40);
		RandomVolume volume = random_volume(&random, round < 30 ? 8 : 20, level_count);

		settings.glcm_distance = round % 3 == 0 ? 1 + round / 3 % 3 : 1;
		for (int d = 0; d < device_count; d++)
			for (int bytes = 1; bytes <= 2; bytes++)
				check_volume(&volume, devices[d], bytes, settings.glcm_distance + round % 2,
							 round % 5, &settings, ALL_AGGREGATIONS,
							 rad_glcm_matrices, brute_force_pairs);
		free(volume.dense);
	}
}

/* Any choice of aggregations delivers the same matrices. */
static void
test_aggregation_choices(void **state)
{
	uint64_t	random = 7;
	Settings	settings = {.glcm_distance = 1};

	(void) state;
	for (AggregationSet aggregations = 0; aggregations <= ALL_AGGREGATIONS; aggregations++)
		for (int level_count = 7; level_count <= 3000; level_count += 2993)
		{
			RandomVolume volume = random_volume(&random, 11, level_count);

			check_volume(&volume, rad_cpu_best(), level_count <= 255 ? 1 : 2, 1, 0,
						 &settings, aggregations, rad_glcm_matrices, brute_force_pairs);
			free(volume.dense);
		}
}

/* Many levels: 16-bit, with empty levels, dense and as sorted lists. */
static void
test_many_levels(void **state)
{
	static const int level_counts[] = {256, 300, 5000, 65535};
	uint64_t	random = 99;
	const Device *devices[2];
	int			device_count = runnable_devices(devices);
	Settings	settings = {0};

	(void) state;
	for (int round = 0; round < 12; round++)
	{
		RandomVolume volume = random_volume(&random, 20, level_counts[round % 4]);

		settings.glcm_distance = 1 + round / 4 % 3;
		for (int d = 0; d < device_count; d++)
			check_volume(&volume, devices[d], 2, settings.glcm_distance, round % 3, &settings,
						 ALL_AGGREGATIONS, rad_glcm_matrices, brute_force_pairs);
		free(volume.dense);
	}
}

/* More keys than are sorted at once, so that lists are merged. */
static void
test_merged_lists(void **state)
{
	uint64_t	random = 5;
	RandomVolume volume = {.size = {50, 50, 40}, .level_count = 700};
	Settings	settings = {.glcm_distance = 1};

	(void) state;
	volume.dense = malloc(50 * 50 * 40 * sizeof(uint16_t));
	for (int n = 0; n < 50 * 50 * 40; n++)
		volume.dense[n] = (uint16_t) (1 + next_random(&random) % 700);
	check_volume(&volume, rad_cpu_best(), 2, 1, 0, &settings, 1u << AGGREGATION_3D_MRG,
				 rad_glcm_matrices, brute_force_pairs);
	free(volume.dense);
}

/* The kernel's contract: any set of directions, slice range, counts added to. */
static void
test_kernel_contract(void **state)
{
	uint64_t	random = 314;
	const Device *devices[2];
	int			device_count = runnable_devices(devices);

	(void) state;
	for (int round = 0; round < 40; round++)
	{
		int			n = 1 + (int) (next_random(&random) % 30);
		RandomVolume volume = random_volume(&random, 12, n);
		DirectionSet directions = round % 4 == 0 ? ALL_DIRECTIONS & ~PLANAR_DIRECTIONS :
			next_random(&random) & ALL_DIRECTIONS;
		int			first = (int) (next_random(&random) % (unsigned) volume.size[2]);
		int			last = first + 1 +
			(int) (next_random(&random) % (unsigned) (volume.size[2] - first));
		int			distance = 1 + round % 2;
		size_t		cells = (size_t) __builtin_popcount(directions) * (size_t) (n * n);
		uint32_t   *expected = malloc((cells + 1) * sizeof(uint32_t));
		uint32_t   *counts = malloc((cells + 1) * sizeof(uint32_t));
		uint32_t   *next = expected;

		for (size_t c = 0; c <= cells; c++)
			expected[c] = (uint32_t) c * 3;
		for (int d = 0; d < RAD_DIRECTION_COUNT; d++)
		{
			if ((directions & (1u << d)) == 0)
				continue;
			for (int z = first; z < last; z++)
				for (int y = 0; y < volume.size[1]; y++)
					for (int x = 0; x < volume.size[0]; x++)
					{
						int			i = volume_level(&volume, x, y, z);
						int			j = volume_level(&volume,
													 x + distance * rad_directions[d][0],
													 y + distance * rad_directions[d][1],
													 z + distance * rad_directions[d][2]);

						if (i != 0 && j != 0)
							next[(i - 1) * n + (j - 1)]++;
					}
			next += n * n;
		}
		for (int d = 0; d < device_count; d++)
			for (int bytes = 1; bytes <= 2; bytes++)
			{
				RadContext *context = rad_context_create();
				GreyLevels *levels = levels_from_dense(context, volume.size, volume.dense, n,
													   bytes, distance, round % 3);

				for (size_t c = 0; c <= cells; c++)
					counts[c] = (uint32_t) c * 3;
				assert_true(devices[d]->count_cooccurrences(context, levels, first, last,
															distance, directions, counts));
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
	Settings	settings = {.glcm_distance = 1};

	(void) state;
	assert_int_equal(check_digital_phantom(FAMILY_GLCM, rad_glcm_matrices,
										   rad_glcm_formulas, &settings), 150);
}

static double
value_of(const double *values, const char *tag)
{
	return values[rad_find_feature(tag) - (int) rad_families[FAMILY_GLCM].first];
}

/* One level: correlation and information correlation 1 are undefined. */
static void
test_constant_region(void **state)
{
	RadContext *context = rad_context_create();
	MatrixCell	cell = {3, 3, 20};
	TextureMatrix matrix = {.level_count = 3, .voxel_count = 12, .total = 20,
	.cell_count = 1, .cells = &cell};
	double		values[25];

	(void) state;
	assert_true(rad_glcm_formulas(context, &matrix, values));
	for (int n = 0; n < 25; n++)
	{
		const char *tag = rad_features[rad_families[FAMILY_GLCM].first + n].tag;

		if (strcmp(tag, "cm_corr") == 0 || strcmp(tag, "cm_info_corr1") == 0)
			assert_true(isnan(values[n]));
		else
			assert_false(isnan(values[n]));
	}
	assert_true(value_of(values, "cm_joint_avg") == 3.0);
	assert_true(value_of(values, "cm_auto_corr") == 9.0);
	assert_true(value_of(values, "cm_joint_entr") == 0.0);
	assert_true(value_of(values, "cm_inv_diff") == 1.0);
	assert_true(value_of(values, "cm_info_corr2") == 0.0);
	rad_context_destroy(context);
}

/*
 * Two levels, m = {{a, b}, {b, a}}: closed forms in r = b / (a + b), the share
 * of unequal pairs.  Relative 1e-14: some tens of roundings.
 */
static void
test_two_levels(void **state)
{
	RadContext *context = rad_context_create();
	MatrixCell	cells[4] = {{1, 1, 300}, {1, 2, 100}, {2, 1, 100}, {2, 2, 300}};
	TextureMatrix matrix = {.level_count = 2, .voxel_count = 500, .total = 800,
	.cell_count = 4, .cells = cells};
	double		values[25];
	double		r = 0.25;
	double		mixed = -r * log2(r) - (1 - r) * log2(1 - r);

	(void) state;
	assert_true(rad_glcm_formulas(context, &matrix, values));
	assert_close(value_of(values, "cm_joint_max"), (1 - r) / 2, 1e-14);
	assert_close(value_of(values, "cm_joint_avg"), 1.5, 1e-14);
	assert_close(value_of(values, "cm_joint_var"), 0.25, 1e-14);
	assert_close(value_of(values, "cm_joint_entr"), 1 + mixed, 1e-14);
	assert_close(value_of(values, "cm_diff_avg"), r, 1e-14);
	assert_close(value_of(values, "cm_diff_var"), r * (1 - r), 1e-14);
	assert_close(value_of(values, "cm_contrast"), r, 1e-14);
	assert_close(value_of(values, "cm_corr"), 1 - 2 * r, 1e-14);
	assert_close(value_of(values, "cm_inv_var"), r, 1e-14);
	assert_close(value_of(values, "cm_inv_diff_norm"), 1 - r + r / 1.5, 1e-14);
	assert_close(value_of(values, "cm_inv_diff_mom_norm"), 1 - r + r / 1.25, 1e-14);
	assert_close(value_of(values, "cm_info_corr1"), mixed - 1, 1e-14);
	assert_close(value_of(values, "cm_info_corr2"),
					   sqrt(1 - exp(-2 * (1 - mixed))), 1e-14);
	rad_context_destroy(context);
}

static int	polls_left;

static bool
interrupt_after(void *argument)
{
	(void) argument;
	return --polls_left < 0;
}

/* A cancel at any poll ends the work; slices and directions are polled. */
static void
test_cancel(void **state)
{
	static const int level_counts[] = {20, 5000};
	Settings	settings = {.glcm_distance = 1};
	uint64_t	random = 11;

	(void) state;
	for (int n = 0; n < 2; n++)
	{
		RandomVolume volume = random_volume(&random, 20, level_counts[n]);
		int			polls;
		bool		done = false;

		for (polls = 0; !done; polls++)
		{
			RadContext *context = rad_context_create();
			Collected	collected = {0};
			TextureInput input = {.device = rad_cpu_best(), .settings = &settings,
			.aggregations = ALL_AGGREGATIONS};

			input.levels = levels_from_dense(context, volume.size, volume.dense,
											 volume.level_count, n + 1, 1, 0);
			context->interrupted = interrupt_after;
			polls_left = polls;
			done = rad_glcm_matrices(context, &input, collect_matrix, &collected);
			if (!done)
				assert_int_equal(context->code, RAD_CANCELLED);
			release_collected(&collected);
			rad_context_destroy(context);
		}
		assert_true(polls > volume.size[2]);
		free(volume.dense);
	}
}

static void
test_out_of_memory(void **state)
{
	static const int level_counts[] = {6, 5000};
	Settings	settings = {.glcm_distance = 1};
	uint64_t	random = 33;

	(void) state;
	for (int n = 0; n < 2; n++)
	{
		RandomVolume volume = random_volume(&random, 6, level_counts[n]);

		check_out_of_memory(&volume, &settings, rad_glcm_matrices);
		check_out_of_memory(&volume, &settings, rad_glrlm_matrices);
		free(volume.dense);
	}
}

/* Counts are 32 bits: a region that could overflow them is refused. */
static void
test_too_many_voxels(void **state)
{
	RadContext *context = rad_context_create();
	const int	size[3] = {1, 1, 1};
	const uint16_t dense[1] = {1};
	Settings	settings = {.glcm_distance = 1};
	TextureInput input = {.device = rad_cpu_best(), .settings = &settings,
	.aggregations = ALL_AGGREGATIONS};
	GreyLevels *levels = levels_from_dense(context, size, dense, 1, 1, 1, 0);

	(void) state;
	levels->voxel_count = (int64_t) 1 << 31;
	input.levels = levels;
	assert_false(rad_glcm_matrices(context, &input, collect_matrix, NULL));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	assert_true(context->hint[0] != '\0');
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_random_volumes),
		cmocka_unit_test(test_aggregation_choices),
		cmocka_unit_test(test_many_levels),
		cmocka_unit_test(test_merged_lists),
		cmocka_unit_test(test_kernel_contract),
		cmocka_unit_test(test_digital_phantom),
		cmocka_unit_test(test_constant_region),
		cmocka_unit_test(test_two_levels),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_too_many_voxels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
