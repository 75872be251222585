/*
 * Filters against closed forms, against themselves (a wanted box has the bits
 * of the whole), and the wavelet table against PyWavelets' own.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "assert_close.h"
#include "base/cpu_level.h"
#include "filter_fixture.h"
#include "filters/image_types.h"
#include "filters/lbp3d.h"
#include "filters/recursive_gaussian.h"
#include "read_support.h"

/* Keeps copies of all images that a filter makes. */
typedef struct Gallery
{
	int			count;
	char		names[40][RAD_IMAGE_NAME_SIZE];
	Volume		images[40];
} Gallery;

static bool
keep(RadContext *context, void *argument, const char *name, const Volume *image)
{
	Gallery    *gallery = argument;
	size_t		size = (size_t) rad_box_voxel_count(&image->box) * rad_voxel_size(image->type);
	Volume	   *copy = &gallery->images[gallery->count];

	assert_true(gallery->count < 40);
	strcpy(gallery->names[gallery->count++], name);
	*copy = *image;
	copy->voxels = rad_allocate(context, size, 1);
	memcpy(copy->voxels, image->voxels, size);
	return true;
}

static void
test_wavelet_table(void **state)
{
	Bytes		file = read_shared("pyradiomics/wavelet/filter_banks.csv");
	FILE	   *lines;
	char		line[256];
	int			count = 0;
	int			taps = 0;

	(void) state;
	while (rad_wavelet_name(count) != NULL)
		count++;
	assert_int_equal(count, 106);
	if (file.data == NULL)
	{
		print_message("SKIP: no reference data (../shared/data/pyradiomics)\n");
		skip();
	}
	lines = fmemopen(file.data, file.length, "r");
	assert_non_null(fgets(line, sizeof(line), lines));
	while (fgets(line, sizeof(line), lines) != NULL)
	{
		char		name[32];
		char		filter[32];
		int			tap;
		double		value;
		WaveletBank bank;

		assert_int_equal(sscanf(line, "%31[^,],%31[^,],%d,%lf", name, filter, &tap, &value), 4);
		assert_true(rad_wavelet_bank(name, &bank));
		assert_true(tap < bank.length);
		assert_close(strcmp(filter, "dec_lo") == 0 ? bank.low[tap] : bank.high[tap], value, 0.0);
		taps++;
	}
	fclose(lines);
	free(file.data);
	for (int n = 0; n < count; n++)
	{
		WaveletBank bank;

		rad_wavelet_bank(rad_wavelet_name(n), &bank);
		taps -= 2 * bank.length;
	}
	assert_int_equal(taps, 0);
}

static void
test_wavelet_names(void **state)
{
	WaveletBank bank;

	(void) state;
	assert_false(rad_wavelet_bank("Haar", &bank));
	assert_false(rad_wavelet_bank("mexh", &bank));
	assert_true(rad_wavelet_is_continuous("mexh"));
	assert_false(rad_wavelet_is_continuous("haar"));
}

/* The Haar transform of a row by hand, periodic, with names and their order. */
static void
test_wavelet_by_hand(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_filter_grid(3, 2, 1);
	double		voxels[6] = {1, 2, 4, 10, 20, 40};
	Volume		image = {grid, rad_grid_box(&grid), VOXEL_FLOAT64, voxels};
	WaveletBank bank;
	WaveletParameters parameters = {
		.bank = &bank, .start_level = 0, .levels = 2, .along = {true, true, false}
	};
	static const char *const names[] = {
		"wavelet-LH", "wavelet-HL", "wavelet-HH",
		"wavelet2-LH", "wavelet2-HL", "wavelet2-HH", "wavelet2-LL"
	};
	Gallery		gallery = {0};
	const double *hl;

	(void) state;
	assert_true(rad_wavelet_bank("haar", &bank));
	assert_true(rad_filter_wavelet(context, &image, &parameters, NULL, keep, &gallery));
	assert_int_equal(gallery.count, 7);
	for (int n = 0; n < 7; n++)
		assert_string_equal(gallery.names[n], names[n]);

	/*
	 * x: 3 voxels are extended by the first: 1 2 4 1.  high[k] = (x[k] - x[k + 1])
	 * / sqrt(2); low along y adds both rows: (11 22 44 11), all over 2.
	 */
	hl = gallery.images[1].voxels;
	assert_close(hl[0], (11.0 - 22.0) / 2.0, 1e-14);
	assert_close(hl[1], (22.0 - 44.0) / 2.0, 1e-14);
	assert_close(hl[2], (44.0 - 11.0) / 2.0, 1e-14);

	/* Started one level later the first level's name has no number. */
	gallery.count = 0;
	parameters.start_level = 1;
	parameters.levels = 1;
	assert_true(rad_filter_wavelet(context, &image, &parameters, NULL, keep, &gallery));
	assert_int_equal(gallery.count, 4);
	assert_string_equal(gallery.names[3], "wavelet-LL");
	rad_context_destroy(context);
}

/* Boxes at corners, at borders, in the middle, and of one voxel. */
static const Box boxes[] = {
	{{0, 0, 0}, {3, 4, 2}},
	{{11, 9, 6}, {14, 11, 9}},
	{{5, 4, 3}, {9, 7, 5}},
	{{6, 5, 4}, {7, 6, 5}},
	{{0, 3, 0}, {14, 5, 9}},
};

#define BOX_COUNT ((int) (sizeof(boxes) / sizeof(boxes[0])))

static void
test_wavelet_of_a_box(void **state)
{
	static const char *const wavelets[] = {"haar", "coif1", "bior3.3", "db7"};
	static const VoxelType types[] = {VOXEL_FLOAT32, VOXEL_INT16};
	Grid		grid = plain_filter_grid(14, 11, 9);

	(void) state;
	for (int n = 0; n < 4 * 2 * 2; n++)
	{
		RadContext *context = rad_context_create();
		Volume		image = noise_image(context, &grid, types[n / 4 % 2], 7);
		WaveletBank bank;
		WaveletParameters parameters = {
			.bank = &bank, .start_level = n / 8, .levels = 1 + n % 2,
			.along = {true, n % 3 != 0, true}
		};
		Gallery    *whole = rad_new_zeroed(context, Gallery, 1);

		rad_wavelet_bank(wavelets[n % 4], &bank);
		assert_true(rad_filter_wavelet(context, &image, &parameters, NULL, keep, whole));
		for (int b = 0; b < BOX_COUNT; b++)
		{
			Gallery    *part = rad_new_zeroed(context, Gallery, 1);

			assert_true(rad_filter_wavelet(context, &image, &parameters, &boxes[b], keep, part));
			assert_int_equal(part->count, whole->count);
			for (int k = 0; k < whole->count; k++)
			{
				assert_string_equal(part->names[k], whole->names[k]);
				assert_true(equal_bits(&part->images[k], &whole->images[k]));
			}
		}
		rad_context_destroy(context);
	}
}

/* Every other filter: the wanted box has the bits of the whole. */
static void
test_filters_of_a_box(void **state)
{
	static const VoxelType types[] = {VOXEL_UINT8, VOXEL_INT16, VOXEL_FLOAT32, VOXEL_FLOAT64};
	Grid		grid = plain_filter_grid(14, 11, 9);

	(void) state;
	memcpy(grid.spacing, (double[3]) {0.8, 1.1, 1.9}, sizeof(grid.spacing));
	for (int n = 0; n < 4; n++)
		for (int filter = 0; filter < 10; filter++)
		{
			RadContext *context = rad_context_create();
			Volume		image = noise_image(context, &grid, types[n], 11);
			Volume		whole;
			Volume		part;
			Lbp2dParameters lbp = {
				.radius = 1.5, .samples = 7, .method = n, .slice_axis = filter % 3
			};

			for (int b = -1; b < BOX_COUNT; b++)
			{
				const Box  *wanted = b < 0 ? NULL : &boxes[b];
				Volume	   *result = b < 0 ? &whole : &part;

				if (filter < 4)
					assert_true(rad_filter_pointwise(context, &image, filter, wanted, result));
				else if (filter == 4)
					assert_true(rad_filter_gradient(context, &image, true, wanted, result));
				else if (filter < 7)
					assert_true(rad_filter_log(context, &image, filter - 3.5, wanted, result));
				else
					assert_true(rad_filter_lbp2d(context, &image, &lbp, wanted, result));
				if (b >= 0)
					assert_true(equal_bits(&part, &whole));
			}
			rad_context_destroy(context);
		}
}

static void
test_pointwise_by_hand(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_filter_grid(4, 1, 1);
	int16_t		voxels[4] = {-100, 0, 1, 25};
	Volume		image = {grid, rad_grid_box(&grid), VOXEL_INT16, voxels};
	double		expected[4][4] = {
		{100.0, 0.0, 0.01, 6.25},
		{-100.0, 0.0, 10.0, 50.0},
		{-100.0, 0.0, 100.0 * log(2.0) / log(101.0), 100.0 * log(26.0) / log(101.0)},
		{0.01, 1.0, exp(log(100.0) / 100.0), exp(0.25 * log(100.0))},
	};

	(void) state;
	for (int filter = 0; filter < 4; filter++)
	{
		Volume		result;

		assert_true(rad_filter_pointwise(context, &image, filter, NULL, &result));
		assert_int_equal(result.type, VOXEL_FLOAT64);
		for (int n = 0; n < 4; n++)
			assert_close(((double *) result.voxels)[n], expected[filter][n], 1e-13);
	}
	memset(voxels, 0, sizeof(voxels));
	for (int filter = 0; filter < 4; filter++)
	{
		Volume		result;
		double		value;

		assert_true(rad_filter_pointwise(context, &image, filter, NULL, &result));
		value = *(double *) result.voxels;
		assert_true(filter == POINTWISE_SQUARE_ROOT ? value == 0.0 : isnan(value));
	}
	rad_context_destroy(context);
}

/* 2x + 3y - z per voxel: the magnitude in the middle and, halved, at a border. */
static void
test_gradient_of_a_ramp(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_filter_grid(5, 4, 3);
	int16_t		voxels[60];
	Volume		image = {grid, rad_grid_box(&grid), VOXEL_INT16, voxels};
	Volume		result;
	const float *values;

	(void) state;
	for (int n = 0; n < 60; n++)
		voxels[n] = (int16_t) (2 * (n % 5) + 3 * (n / 5 % 4) - n / 20);
	memcpy(image.grid.spacing, (double[3]) {0.5, 2.0, 1.0}, sizeof(grid.spacing));
	assert_true(rad_filter_gradient(context, &image, true, NULL, &result));
	values = result.voxels;
	assert_close(values[20 + 5 + 1], (float) sqrt(16.0 + 2.25 + 1.0), 0.0);
	assert_close(values[0], (float) sqrt(4.0 + 0.5625 + 0.25), 0.0);
	assert_true(rad_filter_gradient(context, &image, false, NULL, &result));
	values = result.voxels;
	assert_close(values[20 + 5 + 1], (float) sqrt(4.0 + 9.0 + 1.0), 0.0);
	rad_context_destroy(context);
}

/* The recursive filters' moments: 1 and sigma^2; 0, 0 and 2 sigma^2. */
static void
test_recursive_filters(void **state)
{
	enum { COUNT = 301 };
	static double samples[COUNT * RAD_RECURSIVE_LANES];
	static double results[2][COUNT * RAD_RECURSIVE_LANES];
	static double scratch[COUNT * RAD_RECURSIVE_LANES];
	RecursiveFilter filter;
	uint32_t	seed = 1;

	(void) state;
	for (int order = 0; order < 2; order++)
	{
		double		moment[3] = {0.0, 0.0, 0.0};

		memset(samples, 0, sizeof(samples));
		samples[COUNT / 2 * RAD_RECURSIVE_LANES] = 1.0;
		if (order == 0)
			rad_recursive_gaussian(6.0, 1.5, &filter);
		else
			rad_recursive_second_derivative(6.0, 1.5, &filter);
		rad_recursive_kernels_v2.filter(&filter, COUNT, samples, results[0], scratch);
		for (int i = 0; i < COUNT; i++)
			for (int k = 0; k < 3; k++)
				moment[k] += results[0][i * RAD_RECURSIVE_LANES] * pow(i - COUNT / 2, k);
		assert_close(moment[0], order == 0 ? 1.0 : 0.0, 1e-8);
		assert_close(moment[1], 0.0, 1e-8);
		/* The fit's variance is 6% low (ITK's too); the derivative's moment is exact. */
		assert_close(moment[2], order == 0 ? 16.0 : 2.0 * 36.0, order == 0 ? 1.0 : 1e-6);
	}

	/* Both levels have the same bits, also on the shortest lines. */
	if (!rad_cpu_runs_v3())
		print_message("SKIP: this CPU does not run x86-64-v3\n");
	for (int n = 0; n < COUNT * RAD_RECURSIVE_LANES; n++)
		samples[n] = next_noise(&seed) / 1000.0;
	for (int count = RAD_RECURSIVE_SHORTEST; count <= COUNT && rad_cpu_runs_v3(); count += 33)
	{
		rad_recursive_kernels_v2.filter(&filter, count, samples, results[0], scratch);
		rad_recursive_kernels_v3.filter(&filter, count, samples, results[1], scratch);
		assert_memory_equal(results[0], results[1],
							(size_t) count * RAD_RECURSIVE_LANES * sizeof(double));
	}
}

static void
test_log_applies(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_filter_grid(10, 10, 4);
	Volume		image = noise_image(context, &grid, VOXEL_INT16, 1);
	const char *reason;
	char		name[32];

	(void) state;
	assert_true(rad_log_applies(&image, 3.0, &reason));
	assert_false(rad_log_applies(&image, 3.1, &reason));
	assert_string_equal(reason, "sigma is larger than the image");
	assert_false(rad_log_applies(&image, 0.0, &reason));
	assert_false(rad_log_applies(&image, NAN, &reason));
	image.box.hi[2] = 3;
	assert_false(rad_log_applies(&image, 1.0, &reason));
	assert_string_equal(reason, "the image has fewer than 4 voxels along an axis");
	assert_true(rad_log_name(context, "3", name, sizeof(name)));
	assert_string_equal(name, "log-sigma-3-mm-3D");
	assert_true(rad_log_name(context, "0.75", name, sizeof(name)));
	assert_string_equal(name, "log-sigma-0-75-mm-3D");
	assert_false(rad_log_name(context, "1.23456789012345678901", name, sizeof(name)));
	rad_context_destroy(context);
}

/* A single bright pixel: the patterns around it by hand. */
static void
test_lbp2d_by_hand(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_filter_grid(5, 5, 1);
	int16_t		voxels[25];
	Volume		image = {grid, rad_grid_box(&grid), VOXEL_INT16, voxels};
	Lbp2dParameters lbp = {.radius = 1.0, .samples = 4, .slice_axis = 2};
	Volume		result;

	(void) state;
	for (int n = 0; n < 25; n++)
		voxels[n] = n == 12 ? 9 : 1;

	/* Samples are to the right, above, to the left, below. */
	lbp.method = LBP2D_DEFAULT;
	assert_true(rad_filter_lbp2d(context, &image, &lbp, NULL, &result));
	assert_int_equal(((int16_t *) result.voxels)[12], 0);
	assert_int_equal(((int16_t *) result.voxels)[11], 15);
	/* The top left pixel: above and left are outside, which is 0. */
	assert_int_equal(((int16_t *) result.voxels)[0], 1 + 8);
	lbp.method = LBP2D_ROR;
	assert_true(rad_filter_lbp2d(context, &image, &lbp, NULL, &result));
	assert_int_equal(((int16_t *) result.voxels)[0], 3);
	lbp.method = LBP2D_UNIFORM;
	assert_true(rad_filter_lbp2d(context, &image, &lbp, NULL, &result));
	assert_int_equal(((int16_t *) result.voxels)[0], 2);
	lbp.method = LBP2D_VAR;
	assert_true(rad_filter_lbp2d(context, &image, &lbp, NULL, &result));
	/* 9, 1, 1, 1: variance 12; a constant ring is NaN, which int16 has as 0. */
	assert_int_equal(((int16_t *) result.voxels)[11], 12);
	assert_int_equal(((int16_t *) result.voxels)[12], 0);
	lbp.two_dimensional = true;
	assert_true(rad_filter_lbp2d(context, &image, &lbp, NULL, &result));
	assert_int_equal(result.type, VOXEL_FLOAT64);
	assert_true(isnan(((double *) result.voxels)[12]));
	rad_context_destroy(context);
}

static void
test_icosphere(void **state)
{
	static const int counts[] = {12, 42, 162, 642};
	RadContext *context = rad_context_create();

	(void) state;
	for (int n = 0; n < 4; n++)
	{
		Icosphere	sphere;
		double		sum[3] = {0.0, 0.0, 0.0};

		assert_true(rad_icosphere(context, 2.5, n, &sphere));
		assert_int_equal(sphere.count, counts[n]);
		for (int k = 0; k < sphere.count; k++)
		{
			const double *v = sphere.vertices[k];

			assert_close(sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]), 2.5, 1e-15);
			for (int axis = 0; axis < 3; axis++)
				sum[axis] += v[axis];
		}
		for (int axis = 0; axis < 3; axis++)
			assert_close(sum[axis], 0.0, 1e-12);
	}
	Icosphere	sphere;

	assert_false(rad_icosphere(context, 1.0, 6, &sphere));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	rad_context_destroy(context);
}

/* m1 is sqrt(vertices) / (4 pi) times the samples that reach the centre. */
static void
test_lbp3d(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_filter_grid(14, 11, 9);
	Lbp3dParameters parameters = {
		.levels = 3, .icosphere_radius = 1.5, .icosphere_subdivision = 1
	};
	uint8_t		inside[14 * 11 * 9];
	Gallery		whole = {0};
	Volume		image = noise_image(context, &grid, VOXEL_INT16, 23);

	(void) state;
	memset(inside, 1, sizeof(inside));
	assert_true(rad_filter_lbp3d(context, &image, &parameters, inside, NULL, keep, &whole));
	assert_int_equal(whole.count, 4);
	assert_string_equal(whole.names[2], "lbp-3D-m3");
	assert_string_equal(whole.names[3], "lbp-3D-k");
	for (int n = 0; n < 14 * 11 * 9; n++)
	{
		double		ones = ((double *) whole.images[0].voxels)[n] * 4.0 * M_PI / sqrt(42.0);

		assert_close(ones, rint(ones), 1e-12);
	}
	for (int b = 0; b < BOX_COUNT; b++)
	{
		Gallery		part = {0};

		assert_true(rad_filter_lbp3d(context, &image, &parameters, inside, &boxes[b], keep, &part));
		for (int k = 0; k < 4; k++)
			assert_true(equal_bits(&part.images[k], &whole.images[k]));
	}

	/* Equal voxels: all samples reach the centre but those outside, and no kurtosis. */
	memset(image.voxels, 0, sizeof(int16_t) * 14 * 11 * 9);
	whole.count = 0;
	assert_true(rad_filter_lbp3d(context, &image, &parameters, inside, &boxes[3], keep, &whole));
	assert_close(*(double *) whole.images[0].voxels, 42.0 * sqrt(42.0) / (4.0 * M_PI), 1e-13);
	assert_true(isnan(*(double *) whole.images[3].voxels));
	rad_context_destroy(context);
}

/* A visitor's failure and a cancel stop a filter with their error. */
static bool
refuse(RadContext *context, void *argument, const char *name, const Volume *image)
{
	(void) argument;
	(void) image;
	return rad_fail(context, RAD_DATA_EXCEPTION, "refused %s", name);
}

static bool
stop(void *argument)
{
	(void) argument;
	return true;
}

static void
test_failures(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = plain_filter_grid(14, 11, 9);
	Volume		image = noise_image(context, &grid, VOXEL_INT16, 23);
	Volume		result;
	WaveletBank bank;
	WaveletParameters parameters = {.bank = &bank, .levels = 1, .along = {true, true, true}};
	Box			outside = {{0, 0, 0}, {15, 1, 1}};

	(void) state;
	rad_wavelet_bank("db1", &bank);
	assert_false(rad_filter_wavelet(context, &image, &parameters, NULL, refuse, NULL));
	assert_string_equal(context->message, "refused wavelet-LLH");
	assert_false(rad_filter_gradient(context, &image, true, &outside, &result));
	assert_int_equal(context->code, RAD_INTERNAL);
	context->interrupted = stop;
	assert_false(rad_filter_wavelet(context, &image, &parameters, NULL, refuse, NULL));
	assert_int_equal(context->code, RAD_CANCELLED);
	assert_false(rad_filter_log(context, &image, 1.0, NULL, &result));
	assert_false(rad_filter_gradient(context, &image, true, NULL, &result));
	assert_false(rad_filter_pointwise(context, &image, POINTWISE_SQUARE, NULL, &result));
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wavelet_table),
		cmocka_unit_test(test_wavelet_names),
		cmocka_unit_test(test_wavelet_by_hand),
		cmocka_unit_test(test_wavelet_of_a_box),
		cmocka_unit_test(test_filters_of_a_box),
		cmocka_unit_test(test_pointwise_by_hand),
		cmocka_unit_test(test_gradient_of_a_ramp),
		cmocka_unit_test(test_recursive_filters),
		cmocka_unit_test(test_log_applies),
		cmocka_unit_test(test_lbp2d_by_hand),
		cmocka_unit_test(test_icosphere),
		cmocka_unit_test(test_lbp3d),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
