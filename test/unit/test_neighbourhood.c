/*
 * NGTDM and NGLDM: kernels against direct loops over every neighbour of every
 * voxel, features against the definitions' double sums and closed forms.  The
 * digital phantom's values are in test_zones.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "features/texture.h"
#include "levels_fixture.h"
#include "matrix_collector.h"
#include "random_levels.h"

static const char *const cpu_levels[] = {"v2", "v3"};

/* One voxel's neighbourhood by definition. */
typedef struct Neighbourhood
{
	int			level;
	int			neighbours;		/* inside */
	int64_t		level_sum;		/* of them */
	int			similar;		/* of them, within alpha */
} Neighbourhood;

static Neighbourhood
look_around(const RandomLevels *volume, int x, int y, int z, int distance, int alpha,
			bool planar)
{
	const int  *size = volume->size;
	int			reach = planar ? 0 : distance;
	Neighbourhood found = {0};

	found.level = volume->dense[(z * size[1] + y) * size[0] + x];
	for (int c = z - reach; c <= z + reach; c++)
		for (int b = y - distance; b <= y + distance; b++)
			for (int a = x - distance; a <= x + distance; a++)
			{
				int			level;

				if ((a == x && b == y && c == z) || a < 0 || b < 0 || c < 0 ||
					a >= size[0] || b >= size[1] || c >= size[2])
					continue;
				level = volume->dense[(c * size[1] + b) * size[0] + a];
				if (level == 0)
					continue;
				found.neighbours++;
				found.level_sum += level;
				found.similar += abs(level - found.level) <= alpha;
			}
	return found;
}

typedef struct Tables
{
	size_t		cells;
	int64_t    *count;
	int64_t    *difference;
	int64_t    *dependence;
} Tables;

static Tables
tables_create(size_t cells)
{
	return (Tables) {
		cells, calloc(cells, sizeof(int64_t)), calloc(cells, sizeof(int64_t)),
		calloc(cells, sizeof(int64_t))
	};
}

static void
tables_free(Tables *tables)
{
	free(tables->count);
	free(tables->difference);
	free(tables->dependence);
}

static void
brute_tables(const RandomLevels *volume, int first_slice, int last_slice, int distance,
			 int alpha, bool planar, int64_t width, Tables *tables)
{
	for (int z = first_slice; z < last_slice; z++)
		for (int y = 0; y < volume->size[1]; y++)
			for (int x = 0; x < volume->size[0]; x++)
			{
				Neighbourhood found = look_around(volume, x, y, z, distance, alpha, planar);
				int64_t		row = (found.level - 1) * width;
				int64_t		difference = (int64_t) found.level * found.neighbours -
					found.level_sum;

				if (found.level == 0)
					continue;
				tables->count[row + found.neighbours]++;
				tables->difference[row + found.neighbours] += llabs(difference);
				tables->dependence[row + found.similar]++;
			}
}

static void
assert_tables(const RandomLevels *volume, int distance, int alpha, bool planar,
			  int first_slice, int last_slice, int spare)
{
	int64_t		side = 2 * distance + 1;
	int64_t		width = planar ? side * side : side * side * side;
	size_t		cells = (size_t) (volume->level_count * width);
	Tables		expected = tables_create(cells);

	brute_tables(volume, first_slice, last_slice, distance, alpha, planar, width, &expected);
	for (int variant = 0; variant < 4; variant++)
	{
		int			bytes = variant & 1 ? 2 : 1;
		const Device *device = rad_cpu_named(cpu_levels[variant >> 1]);
		RadContext *context = rad_context_create();
		Tables		tables = tables_create(cells);

		if (device != NULL && (bytes == 2 || volume->level_count <= 255))
		{
			GreyLevels *levels = levels_from_dense(context, volume->size, volume->dense,
												   volume->level_count, bytes, distance,
												   spare);

			assert_true(device->count_neighbourhood_differences(context, levels, first_slice,
																last_slice, distance, planar,
																tables.count,
																tables.difference));
			assert_true(device->count_dependences(context, levels, first_slice, last_slice,
												  distance, alpha, planar,
												  tables.dependence));
			assert_memory_equal(tables.count, expected.count, cells * sizeof(int64_t));
			assert_memory_equal(tables.difference, expected.difference,
								cells * sizeof(int64_t));
			assert_memory_equal(tables.dependence, expected.dependence,
								cells * sizeof(int64_t));
		}
		tables_free(&tables);
		rad_context_destroy(context);
	}
	tables_free(&expected);
}

static void
kernels_count_neighbours(void **state)
{
	uint64_t	seed = 11;

	(void) state;
	for (int round = 0; round < 120; round++)
	{
		int			level_count = round % 15 == 0 ? 255 : round % 16 == 0 ? 300 :
			round % 31 == 0 ? 5000 : random_between(&seed, 1, 40);
		RandomLevels volume = random_levels(&seed, 20, level_count);
		int			first = random_between(&seed, 0, volume.size[2] - 1);
		int			last = random_between(&seed, first + 1, volume.size[2]);

		if (round % 2 == 0)
		{
			first = 0;
			last = volume.size[2];
		}
		for (int planar = 0; planar <= 1; planar++)
			assert_tables(&volume, 1 + round % 5 / 4, round % 3, planar, first, last,
						  random_between(&seed, 0, 3));
		free(volume.dense);
	}
}

/* Coarseness parameters at and beyond the ends of the level range. */
static void
dependences_for_every_alpha(void **state)
{
	static const int alphas[] = {0, 1, 3, 100, 254, 255, 256, 1000, 65534, 65535, 100000};
	uint64_t	seed = 12;

	(void) state;
	for (size_t n = 0; n < sizeof(alphas) / sizeof(alphas[0]); n++)
		for (int kind = 0; kind < 3; kind++)
		{
			static const int level_counts[] = {40, 255, 65535};
			RandomLevels volume = random_levels(&seed, 9, level_counts[kind]);

			assert_tables(&volume, 1, alphas[n], kind == 1, 0, volume.size[2], 0);
			free(volume.dense);
		}
}

static void
rows_of_every_length(void **state)
{
	uint64_t	seed = 13;

	(void) state;
	for (int width = 1; width < 140; width += width < 70 ? 1 : 9)
	{
		RandomLevels volume = {.size = {width, 3, 2}, .level_count = 4};

		volume.dense = malloc((size_t) width * 6 * sizeof(uint16_t));
		for (int n = 0; n < width * 6; n++)
			volume.dense[n] = (uint16_t) random_between(&seed, 0, 4);
		assert_tables(&volume, 1, width % 2, false, 0, 2, 0);
		free(volume.dense);
	}
}

/* A random volume as the features' input. */
typedef struct Case
{
	RadContext *context;
	RandomLevels volume;
	Settings	settings;
	TextureInput input;
} Case;

static void
case_create(Case *texture, const RandomLevels *volume, int distance, int alpha)
{
	memset(texture, 0, sizeof(*texture));
	texture->context = rad_context_create();
	texture->volume = *volume;
	texture->settings.ngtdm_distance = texture->settings.ngldm_distance = distance;
	texture->settings.ngldm_alpha = alpha;
	texture->input = (TextureInput) {
		.device = rad_cpu_best(),
		.levels = levels_from_dense(texture->context, volume->size, volume->dense,
									volume->level_count,
									volume->level_count <= 255 ? 1 : 2, distance, 0),
		.settings = &texture->settings,
		.aggregations = ALL_AGGREGATIONS,
	};
}

/* Equal up to rounding of sums of some thousand terms. */
static void
assert_close(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-12 * fabs(expected)))
		fail_msg("%.17g instead of %.17g", value, expected);
}

/* n_i and s_i of slices (first .. last) by definition: |i - mean of neighbours|. */
static int64_t
brute_ngtdm(const RandomLevels *volume, int first_slice, int last_slice, int distance,
			bool planar, double *n, double *s)
{
	int64_t		total = 0;

	memset(n, 0, sizeof(double) * (size_t) (volume->level_count + 1));
	memset(s, 0, sizeof(double) * (size_t) (volume->level_count + 1));
	for (int z = first_slice; z < last_slice; z++)
		for (int y = 0; y < volume->size[1]; y++)
			for (int x = 0; x < volume->size[0]; x++)
			{
				Neighbourhood found = look_around(volume, x, y, z, distance, 0, planar);

				if (found.level == 0 || found.neighbours == 0)
					continue;
				n[found.level] += 1.0;
				s[found.level] += fabs(found.level - (double) found.level_sum /
									   found.neighbours);
				total++;
			}
	return total;
}

/* The five features as the manual writes them. */
static void
brute_ngtdm_features(int level_count, int64_t total, const double *n, const double *s,
					 double values[5])
{
	double		weighted = 0.0;
	double		sum = 0.0;
	double		present = 0.0;
	double		spread = 0.0;
	double		gaps = 0.0;
	double		complexity = 0.0;
	double		strength = 0.0;

	for (int i = 1; i <= level_count; i++)
	{
		weighted += n[i] / (double) total * s[i];
		sum += s[i];
		present += n[i] > 0.0;
		for (int j = 1; j <= level_count; j++)
		{
			double		p = n[i] / (double) total;
			double		q = n[j] / (double) total;

			spread += p * q * (i - j) * (i - j);
			if (p == 0.0 || q == 0.0)
				continue;
			gaps += fabs(i * p - j * q);
			complexity += abs(i - j) * (p * s[i] + q * s[j]) / (p + q);
			strength += (p + q) * (i - j) * (i - j);
		}
	}
	values[0] = 1.0 / weighted;
	values[1] = spread / (present * (present - 1.0)) * (sum / (double) total);
	values[2] = weighted / gaps;
	values[3] = complexity / (double) total;
	values[4] = strength / sum;
}

static void
ngtdm_is_its_definition(void **state)
{
	uint64_t	seed = 14;
	int			compared = 0;

	(void) state;
	for (int round = 0; round < 60; round++)
	{
		int			level_count = round % 12 == 0 ? 400 : random_between(&seed, 3, 30);
		RandomLevels volume = random_levels(&seed, 12, level_count);
		int			distance = 1 + round % 6 / 5;
		double	   *n = malloc(sizeof(double) * (size_t) (level_count + 1));
		double	   *s = malloc(sizeof(double) * (size_t) (level_count + 1));
		MatrixCollector collector = {0};
		int			slices = 0;
		Case		texture;

		case_create(&texture, &volume, distance, 0);
		for (int z = 0; z < volume.size[2]; z++)
			slices += texture.input.levels->slice_voxel_count[z] > 0;
		assert_true(rad_ngtdm_matrices(texture.context, &texture.input, collect_matrix,
									   &collector));
		assert_int_equal(collector.count, slices + 2);
		for (int m = 0; m < collector.count; m++)
		{
			const TextureMatrix *matrix = &collector.matrices[m];
			bool		planar = matrix->aggregation != AGGREGATION_3D_AVG;
			int			first = matrix->slice >= 0 ? matrix->slice : 0;
			int			last = matrix->slice >= 0 ? first + 1 : volume.size[2];
			int64_t		total = brute_ngtdm(&volume, first, last, distance, planar, n, s);
			int64_t		cell = 0;
			double		expected[5];
			double		values[5];

			assert_int_equal(matrix->total, total);
			assert_int_equal(matrix->voxel_count, matrix->slice >= 0 ?
							 texture.input.levels->slice_voxel_count[first] :
							 texture.input.levels->voxel_count);
			for (int i = 1; i <= level_count; i++)
			{
				if (n[i] == 0.0)
					continue;
				assert_true(cell < matrix->cell_count);
				assert_int_equal(matrix->cells[cell].i, i);
				assert_int_equal(matrix->cells[cell].j, 0);
				assert_int_equal(matrix->cells[cell].count, (int64_t) n[i]);
				assert_true(fabs(matrix->difference[cell] - s[i]) <= 1e-10 * (1.0 + s[i]));
				cell++;
			}
			assert_int_equal(matrix->cell_count, cell);
			if (cell < 2)
				continue;
			brute_ngtdm_features(level_count, total, n, s, expected);
			assert_true(rad_ngtdm_formulas(texture.context, matrix, values));
			for (int f = 0; f < 5; f++)
				if (isfinite(expected[f]) && expected[f] < 1e6)
				{
					assert_close(values[f], expected[f]);
					compared++;
				}
		}
		free(n);
		free(s);
		free(volume.dense);
		rad_context_destroy(texture.context);
	}
	assert_true(compared > 1000);
}

/* Cells of every NGLDM matrix, and the identities with the histogram. */
static void
ngldm_is_its_definition(void **state)
{
	uint64_t	seed = 15;

	(void) state;
	for (int round = 0; round < 60; round++)
	{
		int			level_count = round % 12 == 0 ? 400 : random_between(&seed, 1, 30);
		RandomLevels volume = random_levels(&seed, 12, level_count);
		int			distance = 1 + round % 6 / 5;
		int64_t		side = 2 * distance + 1;
		int			alpha = round % 3;
		MatrixCollector collector = {0};
		Case		texture;

		case_create(&texture, &volume, distance, alpha);
		assert_true(rad_ngldm_matrices(texture.context, &texture.input, collect_matrix,
									   &collector));
		for (int m = 0; m < collector.count; m++)
		{
			const TextureMatrix *matrix = &collector.matrices[m];
			bool		planar = matrix->aggregation != AGGREGATION_3D_AVG;
			int			first = matrix->slice >= 0 ? matrix->slice : 0;
			int			last = matrix->slice >= 0 ? first + 1 : volume.size[2];
			int64_t		width = planar ? side * side : side * side * side;
			Tables		expected = tables_create((size_t) (level_count * width));
			int64_t		cell = 0;

			brute_tables(&volume, first, last, distance, alpha, planar, width, &expected);
			for (int64_t n = 0; n < level_count * width; n++)
			{
				if (expected.dependence[n] == 0)
					continue;
				assert_true(cell < matrix->cell_count);
				assert_int_equal(matrix->cells[cell].i, n / width + 1);
				assert_int_equal(matrix->cells[cell].j, n % width + 1);
				assert_int_equal(matrix->cells[cell].count, expected.dependence[n]);
				cell++;
			}
			assert_int_equal(matrix->cell_count, cell);
			assert_int_equal(matrix->total, matrix->voxel_count);
			tables_free(&expected);
		}
		if (texture.input.levels->voxel_count > 0)
		{
			const TextureMatrix *matrix = &collector.matrices[collector.count - 1];
			double		values[17];
			double		mean = 0.0;
			double		variance = 0.0;
			double		uniformity = 0.0;

			for (int i = 1; i <= level_count; i++)
				mean += (double) texture.input.levels->histogram[i] * i /
					(double) texture.input.levels->voxel_count;
			for (int i = 1; i <= level_count; i++)
			{
				double		p = (double) texture.input.levels->histogram[i] /
					(double) texture.input.levels->voxel_count;

				variance += p * (i - mean) * (i - mean);
				uniformity += p * p;
			}
			assert_true(rad_ngldm_formulas(texture.context, matrix, values));
			/* Normalised grey level non-uniformity, dependence count percentage, variance. */
			assert_close(values[9], uniformity);
			assert_true(values[12] == 1.0);
			assert_true(fabs(values[13] - variance) <= 1e-12 * mean * mean);
		}
		free(volume.dense);
		rad_context_destroy(texture.context);
	}
}

/* Formulas of one 3-D matrix of a hand-made volume; false when it has no cell. */
static bool
ngtdm_of(const int size[3], uint16_t *dense, int level_count, double values[5])
{
	RandomLevels volume = {.level_count = level_count, .dense = dense};
	MatrixCollector collector = {0};
	Case		texture;
	bool		defined;

	memcpy(volume.size, size, sizeof(volume.size));
	case_create(&texture, &volume, 1, 0);
	texture.input.aggregations = 1u << AGGREGATION_3D_MRG;
	assert_true(rad_ngtdm_matrices(texture.context, &texture.input, collect_matrix,
								   &collector));
	assert_int_equal(collector.count, 1);
	assert_int_equal(collector.matrices[0].aggregation, AGGREGATION_3D_MRG);
	defined = collector.matrices[0].cell_count > 0;
	if (defined)
		assert_true(rad_ngtdm_formulas(texture.context, &collector.matrices[0], values));
	rad_context_destroy(texture.context);
	return defined;
}

/* What the manual fixes for degenerate regions. */
static void
ngtdm_special_cases(void **state)
{
	double		values[5];

	(void) state;
	/* One level only: coarseness 10^6, everything else 0. */
	assert_true(ngtdm_of((int[]) {3, 1, 1}, (uint16_t[]) {2, 2, 2}, 2, values));
	assert_true(values[0] == 1e6);
	for (int n = 1; n < 5; n++)
		assert_true(values[n] == 0.0);
	/* Two regions of one level each that never meet: contrast 0, strength 0. */
	assert_true(ngtdm_of((int[]) {5, 1, 1}, (uint16_t[]) {1, 1, 0, 3, 3}, 3, values));
	assert_true(values[0] == 1e6);
	assert_true(values[1] == 0.0);
	assert_true(values[2] == 0.0);
	assert_true(values[3] == 0.0);
	assert_true(values[4] == 0.0);
	/* Isolated voxels have no neighbourhood: no matrix. */
	assert_false(ngtdm_of((int[]) {5, 1, 1}, (uint16_t[]) {1, 0, 2, 0, 3}, 3, values));
	/*
	 * n_1 = 2, n_2 = 1: i p_i are equal, so busyness divides by zero, although
	 * 1 * (2 / 3) and 2 * (1 / 3) need not be equal in floating point.
	 */
	assert_true(ngtdm_of((int[]) {3, 1, 1}, (uint16_t[]) {1, 2, 1}, 2, values));
	assert_true(isnan(values[2]));
	/* s = {2, 1}: coarseness 3 / (2 * 2 + 1), complexity 2 * (4 + 1) / 3 / 3. */
	assert_close(values[0], 0.6);
	assert_close(values[1], 2.0 * 2.0 / 9.0 / 2.0 * (3.0 / 3.0));
	assert_close(values[3], 10.0 / 9.0);
	assert_close(values[4], 2.0 / 3.0);
}

static int	polls;

static bool
cancel_at_third_poll(void *argument)
{
	(void) argument;
	return ++polls >= 3;
}

static void
kernels_can_be_cancelled(void **state)
{
	RadContext *context = rad_context_create();
	int			size[3] = {4, 4, 5};
	uint16_t	dense[80];
	Tables		tables = tables_create(5 * 27);
	GreyLevels *levels;

	(void) state;
	for (int n = 0; n < 80; n++)
		dense[n] = (uint16_t) (1 + n % 5);
	levels = levels_from_dense(context, size, dense, 5, 1, 1, 0);
	context->interrupted = cancel_at_third_poll;
	polls = 0;
	assert_false(rad_cpu_best()->count_neighbourhood_differences(context, levels, 0,
																 size[2], 1, false,
																 tables.count,
																 tables.difference));
	assert_int_equal(context->code, RAD_CANCELLED);
	rad_clear_error(context);
	polls = 0;
	assert_false(rad_cpu_best()->count_dependences(context, levels, 0, size[2], 1, 0,
												   false, tables.dependence));
	assert_int_equal(context->code, RAD_CANCELLED);
	tables_free(&tables);
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernels_count_neighbours),
		cmocka_unit_test(dependences_for_every_alpha),
		cmocka_unit_test(rows_of_every_length),
		cmocka_unit_test(ngtdm_is_its_definition),
		cmocka_unit_test(ngldm_is_its_definition),
		cmocka_unit_test(ngtdm_special_cases),
		cmocka_unit_test(kernels_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
