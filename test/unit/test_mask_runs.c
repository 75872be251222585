/*
 * Masks as runs, against brute force over dense arrays.
 */
#include "read_support.h"

#include <limits.h>
#include <math.h>

#include "formats/mask_runs.h"

static RadContext *context;

static int
setup(void **state)
{
	(void) state;
	context = rad_context_create();
	return 0;
}

static int
teardown(void **state)
{
	(void) state;
	rad_context_destroy(context);
	return 0;
}

/* Scan a little-endian NIfTI-2 file of these voxels. */
static bool
scan(int datatype, int bits, const int size[3], const void *voxels, bool gzip, MaskRuns **mask)
{
	NiftiSpec	spec = nifti_spec(2, false, datatype, bits, size[0], size[1], size[2]);
	int64_t		count = (int64_t) size[0] * size[1] * size[2];
	Bytes		file = build_nifti(&spec, voxels, (size_t) (count * bits / 8));
	VolumeReader *reader;
	ByteSource	source;
	bool		ok;

	if (gzip)
	{
		Bytes		packed = gzip_bytes(file.data, file.length, 1);

		free(file.data);
		file = packed;
	}
	source = memory_source("mask", file);
	rad_clear_error(context);
	ok = rad_volume_open(context, &source, -1, &reader) &&
		rad_mask_scan(context, reader, mask);
	/* A second scan of the same reader gives the same. */
	if (ok)
	{
		MaskRuns   *again;

		assert_true(rad_mask_scan(context, reader, &again));
		assert_int_equal(again->run_count, (*mask)->run_count);
		assert_memory_equal(again->runs, (*mask)->runs,
							(size_t) again->run_count * sizeof(LabelRun));
		rad_release(context, again->runs);
	}
	free(file.data);
	return ok;
}

/* Runs must be maximal, ordered, inside, and paint exactly these labels. */
static void
check_runs(const MaskRuns *mask, const int size[3], const int32_t *labels)
{
	int64_t		count = (int64_t) size[0] * size[1] * size[2];
	int32_t    *painted = calloc((size_t) count, sizeof(int32_t));
	const LabelRun *previous = NULL;

	for (int64_t n = 0; n < mask->run_count; n++)
	{
		const LabelRun *run = &mask->runs[n];

		assert_true(run->label != 0 && run->x_begin >= 0 && run->x_begin < run->x_end &&
					run->x_end <= size[0] && run->y >= 0 && run->y < size[1] && run->z >= 0 &&
					run->z < size[2]);
		if (previous != NULL && previous->z == run->z && previous->y == run->y)
			assert_true(previous->x_end < run->x_begin ||
						(previous->x_end == run->x_begin && previous->label != run->label));
		else if (previous != NULL)
			assert_true(previous->z < run->z || (previous->z == run->z && previous->y < run->y));
		for (int x = run->x_begin; x < run->x_end; x++)
			painted[x + (int64_t) size[0] * (run->y + (int64_t) size[1] * run->z)] = run->label;
		previous = run;
	}
	for (int64_t n = 0; n < count; n++)
	{
		if (painted[n] != labels[n])
			fail_msg("voxel %lld is %d, not %d", (long long) n, painted[n], labels[n]);
	}
	free(painted);
}

/* The label table against counting every voxel. */
static void
check_labels(const MaskRuns *mask, const int size[3], const int32_t *labels)
{
	int64_t		total = 0;
	int64_t		listed = 0;

	for (int n = 0; n < mask->label_count; n++)
	{
		const LabelSummary *summary = &mask->labels[n];
		Box			box = {{INT_MAX, INT_MAX, INT_MAX}, {0, 0, 0}};
		int64_t		count = 0;

		assert_true(summary->label != 0);
		assert_true(n == 0 || summary[-1].label < summary->label);
		assert_ptr_equal(rad_mask_find_label(mask, summary->label), summary);
		for (int z = 0; z < size[2]; z++)
			for (int y = 0; y < size[1]; y++)
				for (int x = 0; x < size[0]; x++)
				{
					const int	index[3] = {x, y, z};

					if (labels[x + (int64_t) size[0] * (y + (int64_t) size[1] * z)] !=
						summary->label)
						continue;
					count++;
					for (int axis = 0; axis < 3; axis++)
					{
						if (index[axis] < box.lo[axis])
							box.lo[axis] = index[axis];
						if (index[axis] >= box.hi[axis])
							box.hi[axis] = index[axis] + 1;
					}
				}
		assert_int_equal(summary->voxel_count, count);
		assert_memory_equal(&summary->box, &box, sizeof(box));
		listed += count;
	}
	for (int64_t n = 0; n < (int64_t) size[0] * size[1] * size[2]; n++)
		total += labels[n] != 0;
	assert_int_equal(listed, total);
}

/*
 * Labels of a blobby mask: mostly background, stretches of equal label of all
 * lengths, so that runs end anywhere in a word and at row ends.
 */
static void
random_labels(uint64_t seed, const int size[3], int lowest, int highest, int32_t *labels)
{
	int64_t		count = (int64_t) size[0] * size[1] * size[2];
	int64_t		n = 0;

	while (n < count)
	{
		uint64_t	random = next_random(&seed);
		int64_t		length = 1 + (int64_t) (random >> 8) % (random % 5 == 0 ? 200 : 12);
		int32_t		label = random % 2 == 0 ? 0 :
			lowest + (int32_t) ((random >> 32) % (uint64_t) (highest - lowest + 1));

		while (length-- > 0 && n < count)
			labels[n++] = label;
	}
}

#define STORE_AS(ctype) \
	do { \
		for (int64_t n = 0; n < count; n++) \
			((ctype *) voxels)[n] = (ctype) labels[n]; \
	} while (0)

static void
masks_of_every_type(void **state)
{
	static const int sizes[][3] = {{1, 1, 1}, {7, 5, 3}, {64, 4, 4}, {61, 33, 9}, {300, 2, 2},
	{1, 40, 40}};
	static const struct
	{
		int			code;
		int			bits;
		int			lowest;
	}			types[] = {
		{2, 8, 1}, {256, 8, -3}, {4, 16, -3}, {512, 16, 1}, {8, 32, -3}, {768, 32, 1},
		{1024, 64, -3}, {1280, 64, 1}, {16, 32, -3}, {64, 64, -3},
	};

	(void) state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
			for (int gzip = 0; gzip < 2; gzip++)
			{
				int64_t		count = (int64_t) sizes[s][0] * sizes[s][1] * sizes[s][2];
				int32_t    *labels = malloc((size_t) count * sizeof(int32_t));
				void	   *voxels = malloc((size_t) count * 8);
				MaskRuns   *mask;

				random_labels(s * 10 + t, sizes[s], types[t].lowest, 5, labels);
				switch (types[t].code)
				{
					case 2:
					case 256:
						STORE_AS(int8_t);
						break;
					case 4:
					case 512:
						STORE_AS(int16_t);
						break;
					case 8:
					case 768:
						STORE_AS(int32_t);
						break;
					case 1024:
					case 1280:
						STORE_AS(int64_t);
						break;
					case 16:
						STORE_AS(float);
						break;
					default:
						STORE_AS(double);
						break;
				}
				if (!scan(types[t].code, types[t].bits, sizes[s], voxels, gzip != 0, &mask))
					fail_msg("%s", context->message);
				check_runs(mask, sizes[s], labels);
				check_labels(mask, sizes[s], labels);
				assert_null(rad_mask_find_label(mask, 0));
				assert_null(rad_mask_find_label(mask, 99));
				assert_null(rad_mask_find_label(mask, INT32_MIN));
				free(voxels);
				free(labels);
			}
}

static void
full_and_empty_masks(void **state)
{
	const int	size[3] = {130, 70, 5};
	uint8_t    *voxels = malloc(130 * 70 * 5);
	MaskRuns   *mask;

	(void) state;
	memset(voxels, 0, 130 * 70 * 5);
	assert_true(scan(2, 8, size, voxels, false, &mask));
	assert_int_equal(mask->run_count, 0);
	assert_int_equal(mask->label_count, 0);
	assert_non_null(mask->runs);
	assert_null(rad_mask_find_label(mask, 1));
	memset(voxels, 255, 130 * 70 * 5);
	assert_true(scan(2, 8, size, voxels, false, &mask));
	assert_int_equal(mask->run_count, 70 * 5);	/* a run never crosses a row */
	assert_int_equal(mask->labels[0].label, 255);
	assert_int_equal(mask->labels[0].voxel_count, 130 * 70 * 5);
	free(voxels);
}

static void
extreme_labels_and_minus_zero(void **state)
{
	const int	size[3] = {6, 1, 1};
	double		voxels[6] = {-2147483648.0, 2147483647.0, -0.0, 0.0, -0.0, -1.0};
	const int32_t labels[6] = {INT32_MIN, INT32_MAX, 0, 0, 0, -1};
	MaskRuns   *mask;

	(void) state;
	assert_true(scan(64, 64, size, voxels, false, &mask));
	check_runs(mask, size, labels);
	assert_int_equal(mask->labels[0].label, INT32_MIN);
	assert_int_equal(mask->labels[1].label, -1);
	assert_int_equal(mask->labels[2].label, INT32_MAX);
}

static void
voxels_that_are_no_labels(void **state)
{
	static const struct
	{
		double		value;
		const char *text;
	}			cases[] = {
		{0.5, "is 0.5,"}, {NAN, "is nan,"}, {-NAN, "nan,"}, {INFINITY, "is inf,"},
		{-INFINITY, "is -inf,"}, {2147483648.0, "is 2.14748365e+09,"},
		{-2147483649.0, "is -2.14748365e+09,"}, {1e300, "is 1e+300,"},
		{1e-300, "is 1e-300,"}, {0.99999994, "is 0.99999994,"},
	};
	const int	size[3] = {5, 4, 3};
	MaskRuns   *mask;
	uint32_t	wide[60] = {[59] = 0x80000000u};

	(void) state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		double		voxels[60] = {[1] = 1};

		voxels[2 + 5 * (1 + 4 * 2)] = cases[n].value;
		assert_false(scan(64, 64, size, voxels, false, &mask));
		assert_int_equal(context->code, RAD_DATA_EXCEPTION);
		assert_contains(context->message, "mask voxel (2, 1, 2)");
		assert_contains(context->message, cases[n].text);
		assert_contains(context->hint, "whole numbers");
	}
	assert_false(scan(768, 32, size, wide, false, &mask));
	assert_contains(context->message, "mask voxel (4, 3, 2) is 2.14748365e+09");
	wide[59] = 0x7fffffff;
	assert_true(scan(768, 32, size, wide, false, &mask));
	assert_int_equal(mask->labels[0].label, INT32_MAX);
}

/* Many labels: the table grows and stays right; past its limit is an error. */
static void
thousands_of_labels(void **state)
{
	const int	size[3] = {1025, 1024, 1};
	int32_t    *labels = malloc(1025 * 1024 * sizeof(int32_t));
	MaskRuns   *mask;

	(void) state;
	for (int n = 0; n < 1025 * 1024; n++)
		labels[n] = n < 50000 ? (n * 7919) % 50021 - 25000 : 0;
	assert_true(scan(8, 32, size, labels, false, &mask));
	check_runs(mask, size, labels);
	assert_true(mask->label_count >= 49999);
	for (int n = 1; n < mask->label_count; n++)
		assert_true(mask->labels[n - 1].label < mask->labels[n].label);
	for (int n = 0; n < 50000; n++)
	{
		const LabelSummary *summary = rad_mask_find_label(mask, labels[n]);

		if (labels[n] == 0)
			continue;
		assert_int_equal(summary->voxel_count, 1);
		assert_int_equal(summary->box.lo[0], n % 1025);
		assert_int_equal(summary->box.lo[1], n / 1025);
	}
	for (int n = 0; n < 1025 * 1024; n++)
		labels[n] = n + 1;
	assert_false(scan(8, 32, size, labels, false, &mask));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	assert_contains(context->message, "mask has more than 1048576 different labels");
	free(labels);
}

/* An image given as mask: voxels that all differ from their neighbours. */
static void
too_many_runs(void **state)
{
	const int	size[3] = {1000, 1000, 14};
	uint8_t    *voxels = malloc(14000000);
	MaskRuns   *mask;

	(void) state;
	for (int n = 0; n < 14000000; n++)
		voxels[n] = (uint8_t) (1 + n % 3);
	assert_false(scan(2, 8, size, voxels, false, &mask));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	assert_contains(context->message, "mask has more than 13421772 runs");
	assert_contains(context->hint, "image was given as the mask");
	free(voxels);
}

/* --- moving to another grid -------------------------------------------------- */

static Grid
axis_grid(int nx, int ny, int nz, double spacing)
{
	return (Grid) {
		.size = {nx, ny, nz},
		.spacing = {spacing, spacing, spacing},
		.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	};
}

/* A rotation about z, then about x. */
static void
rotate(Grid *grid, double about_z, double about_x)
{
	double		cz = cos(about_z);
	double		sz = sin(about_z);
	double		cx = cos(about_x);
	double		sx = sin(about_x);
	double		direction[3][3] = {{cz, -sz, 0}, {cx * sz, cx * cz, -sx}, {sx * sz, sx * cz, cx}};

	memcpy(grid->direction, direction, sizeof(direction));
}

/* Make runs of a dense array without rad_mask_scan. */
static MaskRuns
dense_mask(const Grid *grid, const int32_t *labels)
{
	MaskRuns   *scanned;
	MaskRuns	mask;

	assert_true(scan(8, 32, grid->size, labels, false, &scanned));
	mask = *scanned;
	mask.grid = *grid;
	return mask;
}

/*
 * Brute force: every voxel's world position by the definition of Grid, solved
 * for the index in the mask by Cramer's rule in long double.  Voxels within
 * 1e-5 of a half may go either way here; the tie tests below settle those.
 */
static void
check_aligned(const MaskRuns *aligned, const MaskRuns *mask, const int32_t *labels)
{
	const Grid *to = &aligned->grid;
	const Grid *from = &mask->grid;
	int64_t		count = rad_grid_voxel_count(to);
	int32_t    *painted = calloc((size_t) count, sizeof(int32_t));
	long double m[3][3];
	long double determinant;
	int64_t		ties = 0;

	for (int64_t n = 0; n < aligned->run_count; n++)
		for (int x = aligned->runs[n].x_begin; x < aligned->runs[n].x_end; x++)
			painted[x + (int64_t) to->size[0] *
					(aligned->runs[n].y + (int64_t) to->size[1] * aligned->runs[n].z)] =
				aligned->runs[n].label;
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++)
			m[r][c] = (long double) from->direction[r][c] * from->spacing[c];
#define DETERMINANT(a, b, c) \
	((a)[0] * ((b)[1] * (c)[2] - (b)[2] * (c)[1]) - (b)[0] * ((a)[1] * (c)[2] - (a)[2] * (c)[1]) + \
	 (c)[0] * ((a)[1] * (b)[2] - (a)[2] * (b)[1]))
	{
		long double columns[3][3];

		for (int r = 0; r < 3; r++)
			for (int c = 0; c < 3; c++)
				columns[c][r] = m[r][c];
		determinant = DETERMINANT(columns[0], columns[1], columns[2]);
		for (int64_t n = 0; n < count; n++)
		{
			const long double voxel[3] = {n % to->size[0], n / to->size[0] % to->size[1],
			n / to->size[0] / to->size[1]};
			long double relative[3];
			int64_t		index[3];
			bool		tie = false;
			int32_t		expected = 0;

			for (int r = 0; r < 3; r++)
			{
				relative[r] = (long double) to->origin[r] - from->origin[r];
				for (int c = 0; c < 3; c++)
					relative[r] += (long double) to->direction[r][c] * to->spacing[c] * voxel[c];
			}
			for (int k = 0; k < 3; k++)
			{
				const long double *a = k == 0 ? relative : columns[0];
				const long double *b = k == 1 ? relative : columns[1];
				const long double *c = k == 2 ? relative : columns[2];
				long double position = DETERMINANT(a, b, c) / determinant + 0.5L;

				index[k] = (int64_t) floorl(position);
				tie = tie || fabsl(position - roundl(position)) < 1e-5L;
			}
			if (index[0] >= 0 && index[0] < from->size[0] && index[1] >= 0 &&
				index[1] < from->size[1] && index[2] >= 0 && index[2] < from->size[2])
				expected = labels[index[0] + from->size[0] *
								  (index[1] + (int64_t) from->size[1] * index[2])];
			ties += tie;
			if (!tie && painted[n] != expected)
				fail_msg("voxel %lld is %d, not %d", (long long) n, painted[n], expected);
		}
	}
	assert_true(ties * 100 <= count);
	free(painted);
}

static void
alignment_equals_brute_force(void **state)
{
	uint64_t	seed = 11;

	(void) state;
	for (int round = 0; round < 60; round++)
	{
		Grid		from = axis_grid(30, 25, 20, 1);
		Grid		to = axis_grid(1 + (int) (next_random(&seed) % 50),
								   1 + (int) (next_random(&seed) % 40),
								   1 + (int) (next_random(&seed) % 30), 1);
		int32_t    *labels = malloc(30 * 25 * 20 * sizeof(int32_t));
		MaskRuns	mask;
		MaskRuns   *aligned;
		GridDifference difference;

		for (int k = 0; k < 3; k++)
		{
			from.spacing[k] = 0.5 + (double) (next_random(&seed) % 1000) / 500;
			to.spacing[k] = 0.5 + (double) (next_random(&seed) % 1000) / 500;
			from.origin[k] = (double) (next_random(&seed) % 1000) / 100 - 300;
			to.origin[k] = from.origin[k] + (double) (next_random(&seed) % 2000) / 77 - 13;
		}
		if (round % 3 > 0)
			rotate(&from, (double) (next_random(&seed) % 628) / 100, 0.1 * round);
		if (round % 3 > 1)
			rotate(&to, (double) (next_random(&seed) % 628) / 100, -0.2 * round);
		if (round % 7 == 0)
			for (int r = 0; r < 3; r++)
				to.direction[r][0] = -to.direction[r][0];
		random_labels(seed, from.size, 1, 3, labels);
		/* In half of the rounds only a part is labelled: rows are clipped. */
		if (round % 2 == 0)
			for (int n = 0; n < 30 * 25 * 20; n++)
			{
				if (n % 30 < 8 || n % 30 > 20 || n / 30 % 25 < 10 || n / 750 > 12)
					labels[n] = 0;
			}
		mask = dense_mask(&from, labels);
		assert_true(rad_mask_align(context, &mask, &to, &aligned));
		assert_true(rad_grid_compare(&aligned->grid, &to, 0.0, &difference));
		check_aligned(aligned, &mask, labels);
		free(labels);
	}
}

static void
alignment_to_the_same_grid_changes_nothing(void **state)
{
	Grid		grid = axis_grid(31, 17, 13, 0.7);
	int32_t    *labels = malloc(31 * 17 * 13 * sizeof(int32_t));
	MaskRuns	mask;
	MaskRuns   *aligned;

	(void) state;
	grid.origin[0] = -123.4;
	rotate(&grid, 0.3, 1.1);
	random_labels(4, grid.size, -2, 9, labels);
	mask = dense_mask(&grid, labels);
	assert_true(rad_mask_align(context, &mask, &grid, &aligned));
	assert_int_equal(aligned->run_count, mask.run_count);
	assert_memory_equal(aligned->runs, mask.runs, (size_t) mask.run_count * sizeof(LabelRun));
	assert_int_equal(aligned->label_count, mask.label_count);
	check_labels(aligned, grid.size, labels);
	free(labels);
}

/*
 * Halves round up: voxels of half the size with centres on the borders of the
 * mask's voxels, on grids where floating-point noise could decide otherwise.
 */
static void
halves_round_up(void **state)
{
	const double angles[3] = {0, 0.3, 2};
	const double spacings[3] = {2, 1.4, 0.9765625};

	(void) state;
	for (int a = 0; a < 3; a++)
		for (int s = 0; s < 3; s++)
		{
			Grid		from = axis_grid(20, 1, 1, spacings[s]);
			Grid		to = axis_grid(40, 1, 1, spacings[s] / 2);
			int32_t		labels[20];
			MaskRuns	mask;
			MaskRuns   *aligned;

			from.origin[0] = to.origin[0] = -217.3;
			from.origin[1] = to.origin[1] = 89.1;
			rotate(&from, angles[a], angles[a]);
			rotate(&to, angles[a], angles[a]);
			for (int n = 0; n < 20; n++)
				labels[n] = n + 1;
			mask = dense_mask(&from, labels);
			assert_true(rad_mask_align(context, &mask, &to, &aligned));
			/* Voxel x lies at mask index x / 2: floor(x / 2 + 1 / 2) = (x + 1) / 2. */
			assert_int_equal(aligned->label_count, 20);
			for (int n = 0; n < 20; n++)
			{
				assert_int_equal(aligned->runs[n].label, n + 1);
				assert_int_equal(aligned->runs[n].x_begin, n == 0 ? 0 : 2 * n - 1);
				/* 39 / 2 = 19.5 rounds up to 20: outside. */
				assert_int_equal(aligned->runs[n].x_end, 2 * n + 1);
			}
		}
}

static void
alignment_of_distant_and_empty_masks(void **state)
{
	Grid		from = axis_grid(5, 5, 5, 1);
	Grid		to = axis_grid(5, 5, 5, 1);
	int32_t		labels[125];
	MaskRuns	mask;
	MaskRuns   *aligned;

	(void) state;
	for (int n = 0; n < 125; n++)
		labels[n] = 1;
	mask = dense_mask(&from, labels);
	for (int k = 0; k < 3; k++)
		for (int sign = -1; sign <= 1; sign += 2)
		{
			to.origin[k] = sign * 5.0;
			assert_true(rad_mask_align(context, &mask, &to, &aligned));
			assert_int_equal(aligned->label_count, 0);
			assert_non_null(aligned->runs);
			to.origin[k] = sign * 1e300;
			assert_true(rad_mask_align(context, &mask, &to, &aligned));
			assert_int_equal(aligned->label_count, 0);
			to.origin[k] = 0;
		}
	memset(labels, 0, sizeof(labels));
	mask = dense_mask(&from, labels);
	assert_true(rad_mask_align(context, &mask, &to, &aligned));
	assert_int_equal(aligned->run_count, 0);
}

/* --- interrupts ----------------------------------------------------------------- */

static int	poll_count;
static int	cancel_at;

static bool
count_poll(void *argument)
{
	(void) argument;
	return ++poll_count == cancel_at;
}

static void
scanning_and_aligning_poll(void **state)
{
	const int	size[3] = {256, 256, 64};
	uint8_t    *voxels = calloc(256 * 256 * 64, 1);
	Grid		grid = axis_grid(256, 256, 64, 1);
	MaskRuns   *mask;
	MaskRuns   *aligned;

	(void) state;
	memset(voxels + 1000, 1, 2000000);
	context->interrupted = count_poll;
	poll_count = 0;
	cancel_at = -1;
	assert_true(scan(2, 8, size, voxels, false, &mask));
	/* 4 MB in pieces of 256 kB, twice. */
	assert_true(poll_count >= 32);
	poll_count = 0;
	cancel_at = 5;
	assert_false(scan(2, 8, size, voxels, false, &aligned));
	assert_int_equal(context->code, RAD_CANCELLED);
	rad_clear_error(context);
	poll_count = 0;
	cancel_at = -1;
	mask->grid = grid;
	assert_true(rad_mask_align(context, mask, &grid, &aligned));
	assert_true(poll_count >= 64 * 16);
	poll_count = 0;
	cancel_at = 100;
	assert_false(rad_mask_align(context, mask, &grid, &aligned));
	assert_int_equal(context->code, RAD_CANCELLED);
	context->interrupted = NULL;
	free(voxels);
}

/* --- real masks ----------------------------------------------------------------- */

/* Voxel counts as the READMEs of the shared data give them. */
static void
shared_masks_have_their_counts(void **state)
{
	static const struct
	{
		const char *file;
		int64_t		count;
	}			cases[] = {
		{"ibsi1/digital_phantom/mask.nii.gz", 74},
		{"ibsi1/ct_phantom/nifti/mask.nii.gz", 125256},
		{"sts/STS_002/PET_mask.nii.gz", 555},
		{"sts/STS_002/CT_mask.nii.gz", 17090},
		{"sts/STS_002/MR_T1_mask.nii.gz", 17090},
	};

	(void) state;
	if (shared_folder() == NULL)
	{
		print_message("SKIP: shared data are absent (set RADIOMICS_SHARED)\n");
		skip();
	}
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		Bytes		file = read_shared(cases[n].file);
		ByteSource	source = memory_source("mask", file);
		VolumeReader *reader;
		MaskRuns   *mask = NULL;

		if (file.data == NULL)
		{
			print_message("SKIP: %s is absent\n", cases[n].file);
			continue;
		}
		if (!rad_volume_open(context, &source, -1, &reader) ||
			!rad_mask_scan(context, reader, &mask))
			fail_msg("%s: %s", cases[n].file, context->message);
		assert_int_equal(mask->label_count, 1);
		assert_int_equal(mask->labels[0].voxel_count, cases[n].count);
		free(file.data);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(masks_of_every_type),
		TEST(full_and_empty_masks),
		TEST(extreme_labels_and_minus_zero),
		TEST(voxels_that_are_no_labels),
		TEST(thousands_of_labels),
		TEST(too_many_runs),
		TEST(alignment_equals_brute_force),
		TEST(alignment_to_the_same_grid_changes_nothing),
		TEST(halves_round_up),
		TEST(alignment_of_distant_and_empty_masks),
		TEST(scanning_and_aligning_poll),
		TEST(shared_masks_have_their_counts),
	};

	return cmocka_run_group_tests_name("mask_runs", tests, NULL, NULL);
}
