/*
 * Reading NIfTI: every type, byte order, version and packing; geometry; every
 * error.  Oracles: files built byte by byte here, zlib, __float128 of the
 * compiler, rotations worked out by hand.
 */
#include "read_support.h"

#include <math.h>
#include <sys/mman.h>

#include "formats/stored_voxels.h"

/* A context per test, freed with all that the test allocated through it. */
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

/* --- every voxel type ---------------------------------------------------- */

typedef __float128 Quad;

static const struct
{
	int			code;
	int			bits;
	bool		is_float;
	bool		is_signed;
	VoxelType	delivered;
}			types[] = {
	{2, 8, false, false, VOXEL_UINT8},
	{256, 8, false, true, VOXEL_INT8},
	{4, 16, false, true, VOXEL_INT16},
	{512, 16, false, false, VOXEL_UINT16},
	{8, 32, false, true, VOXEL_INT32},
	{768, 32, false, false, VOXEL_UINT32},
	{1024, 64, false, true, VOXEL_FLOAT64},
	{1280, 64, false, false, VOXEL_FLOAT64},
	{16, 32, true, true, VOXEL_FLOAT32},
	{64, 64, true, true, VOXEL_FLOAT64},
	{1536, 128, true, true, VOXEL_FLOAT64},
};

#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

/* Encode a value that the type can hold. */
static void
put_voxel(uint8_t *at, size_t type, double value, bool big)
{
	int			size = types[type].bits / 8;

	if (types[type].bits == 128)
	{
		Quad		quad = value;
		uint64_t	words[2];

		memcpy(words, &quad, 16);
		put_bits(at + (big ? 8 : 0), words[0], 8, big);
		put_bits(at + (big ? 0 : 8), words[1], 8, big);
	}
	else if (types[type].is_float && size == 4)
		put_float32(at, value, big);
	else if (types[type].is_float)
		put_float64(at, value, big);
	else if (value < 0)
		put_bits(at, (uint64_t) (int64_t) value, size, big);
	else
		put_bits(at, (uint64_t) value, size, big);
}

/* A value for voxel n: extremes of the type first, then a mixture. */
static double
voxel_value(size_t type, int n)
{
	double		scale = types[type].bits >= 53 ? 0x1p53 : ldexp(1.0, types[type].bits);
	uint64_t	seed = (uint64_t) n * 77 + type;
	double		unit = (double) (next_random(&seed) >> 11) * 0x1p-53;

	if (types[type].is_float)
	{
		static const double special[] = {0.0, -0.0, 1.5, -2.25, INFINITY, -INFINITY, 0x1p-140};

		if (n < 7)
			return special[n];
		return types[type].bits == 32 ? (float) ((unit - 0.5) * 2e4) : (unit - 0.5) * 2e4;
	}
	if (types[type].is_signed && types[type].bits < 53)
		return n == 0 ? -scale / 2 : n == 1 ? scale / 2 - 1 : floor((unit - 0.5) * scale);
	if (types[type].is_signed)
		return n == 0 ? -scale : n == 1 ? scale : floor((unit - 0.5) * scale);
	return n == 0 ? 0 : n == 1 ? scale - 1 : floor(unit * scale);
}

/* Read everything and compare with the values that went in. */
static void
check_values(const ByteSource *source, size_t type, int count)
{
	VolumeReader *reader;
	Volume		volume;
	Box			box;
	double	   *values = malloc((size_t) count * sizeof(double));

	if (!rad_volume_open(context, source, -1, &reader))
		fail_msg("open: %s (%s)", context->message, context->detail);
	assert_int_equal(rad_reader_voxel_type(reader), types[type].delivered);
	box = rad_grid_box(rad_reader_grid(reader));
	assert_int_equal(rad_box_voxel_count(&box), count);
	if (!rad_volume_read_box(context, reader, &box, &volume))
		fail_msg("read: %s (%s)", context->message, context->detail);
	rad_voxels_to_double(volume.type, volume.voxels, 0, count, values);
	for (int n = 0; n < count; n++)
	{
		double		expected = voxel_value(type, n);

		if (memcmp(&values[n], &expected, sizeof(double)) != 0)
			fail_msg("type %d voxel %d: %.17g, not %.17g", types[type].code, n, values[n],
					 expected);
	}
	free(values);
}

static void
every_type_order_version_and_packing(void **state)
{
	(void) state;
	for (size_t type = 0; type < TYPE_COUNT; type++)
		for (int version = 1; version <= 2; version++)
			for (int big = 0; big < 2; big++)
			{
				/* 5005 voxels: several blocks of the converter and a rest. */
				enum
				{
					COUNT = 13 * 11 * 35
				};
				NiftiSpec	spec = nifti_spec(version, big != 0, types[type].code,
											  types[type].bits, 13, 11, 35);
				size_t		size = (size_t) types[type].bits / 8;
				uint8_t    *voxels = malloc(COUNT * size);
				CountingHandle handle;
				ByteSource	source;
				Bytes		plain;
				Bytes		packed;

				for (int n = 0; n < COUNT; n++)
					put_voxel(voxels + (size_t) n * size, type, voxel_value(type, n), big != 0);
				/* An odd offset in half of the cases: nothing is aligned. */
				if (big == 0)
					spec.vox_offset += 1001;
				plain = build_nifti(&spec, voxels, COUNT * size);
				packed = gzip_bytes(plain.data, plain.length, 6);
				source = memory_source("image", plain);
				check_values(&source, type, COUNT);
				source = counting_source("image", plain, &handle);
				check_values(&source, type, COUNT);
				source = memory_source("image", packed);
				check_values(&source, type, COUNT);
				source = counting_source("image", packed, &handle);
				check_values(&source, type, COUNT);
				free(packed.data);
				free(plain.data);
				free(voxels);
			}
}

/* binary128 to double against the compiler's own conversion. */
static void
binary128_rounds_as_the_compiler_does(void **state)
{
	uint64_t	seed = 128;

	(void) state;
	for (int n = 0; n < 1000000; n++)
	{
		uint64_t	words[2] = {next_random(&seed), next_random(&seed)};
		Quad		quad;
		double		expected;
		double		actual;

		/* Most exponents near those of doubles, fractions near ties. */
		if (n % 4 != 0)
			words[1] = (words[1] & 0x8000ffffffffffff) |
				(uint64_t) (16383 - 1100 + next_random(&seed) % 2200) << 48;
		if (n % 4 == 2)
			words[0] = (words[0] & 0xf000000000000000) | (uint64_t) 1 << 59;
		if (n % 4 == 3)
		{
			words[0] = 0;
			words[1] &= ~(((uint64_t) 1 << next_random(&seed) % 48) - 1);
		}
		memcpy(&quad, words, 16);
		expected = (double) quad;
		actual = rad_double_from_binary128(words[1], words[0]);
		if (isnan(expected) ? !isnan(actual) : memcmp(&expected, &actual, 8) != 0)
			fail_msg("%016llx%016llx: %a, not %a", (unsigned long long) words[1],
					 (unsigned long long) words[0], actual, expected);
	}
}

/* --- slope and intercept -------------------------------------------------- */

/* Read a 4 x 1 x 1 file of the type with a scaling. */
static bool
read_four(int code, int bits, double slope, double intercept, const double stored[4],
		  VoxelType *type, double values[4])
{
	NiftiSpec	spec = nifti_spec(2, false, code, bits, 4, 1, 1);
	size_t		index = 0;
	uint8_t		voxels[4 * 16];
	VolumeReader *reader;
	Volume		volume;
	Box			box = {{0, 0, 0}, {4, 1, 1}};
	ByteSource	source;
	Bytes		file;
	bool		ok;

	while (types[index].code != code)
		index++;
	for (int n = 0; n < 4; n++)
		put_voxel(voxels + n * bits / 8, index, stored[n], false);
	spec.slope = slope;
	spec.intercept = intercept;
	file = build_nifti(&spec, voxels, (size_t) bits / 2);
	source = memory_source("image", file);
	ok = rad_volume_open(context, &source, -1, &reader) &&
		rad_volume_read_box(context, reader, &box, &volume);
	if (ok)
	{
		*type = volume.type;
		rad_voxels_to_double(volume.type, volume.voxels, 0, 4, values);
	}
	free(file.data);
	return ok;
}

static void
scaling_is_exact_in_integers_or_rounds_once(void **state)
{
	static const struct
	{
		int			code;
		int			bits;
		double		slope;
		double		intercept;
		VoxelType	expected;
	}			cases[] = {
		{2, 8, 0, 5, VOXEL_UINT8},	/* slope 0: no scaling at all */
		{2, 8, NAN, NAN, VOXEL_UINT8},
		{2, 8, 1, 0, VOXEL_UINT8},
		{2, 8, 1, -128, VOXEL_INT16},
		{2, 8, 257, 0, VOXEL_UINT16},
		{4, 16, 1, -1024, VOXEL_INT32},
		{4, 16, 1, 32768, VOXEL_UINT16},
		{512, 16, 1, -32768, VOXEL_INT16},
		{512, 16, 1, -1024, VOXEL_INT32},
		{512, 16, 65537, 0, VOXEL_UINT32},
		{512, 16, 65538, 0, VOXEL_FLOAT32},
		{4, 16, -1, 0, VOXEL_INT32},
		{4, 16, 0.1, 0, VOXEL_FLOAT32},
		{4, 16, 1, 0.5, VOXEL_FLOAT32},
		{256, 8, 1e300, 0, VOXEL_FLOAT32},
		{8, 32, 1, 1, VOXEL_FLOAT64},
		{8, 32, 0.5, 0, VOXEL_FLOAT64},
		{8, 32, 1, 2147483648.0, VOXEL_UINT32},
		{768, 32, 1, -2147483648.0, VOXEL_INT32},
		{16, 32, 1, 1, VOXEL_FLOAT32},
		{16, 32, 0.3, -7, VOXEL_FLOAT32},
		{64, 64, 0.3, -7, VOXEL_FLOAT64},
		{1024, 64, 2, 1, VOXEL_FLOAT64},
		{1536, 128, 2, 1, VOXEL_FLOAT64},
	};

	(void) state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		const double stored[4] = {0, 1, 100, 127};
		bool		scaled = cases[n].slope != 0 && !isnan(cases[n].slope);
		VoxelType	type;
		double		values[4];

		assert_true(read_four(cases[n].code, cases[n].bits, cases[n].slope,
							  cases[n].intercept, stored, &type, values));
		if (type != cases[n].expected)
			fail_msg("case %zu: type %s", n, rad_voxel_type_name(type));
		for (int k = 0; k < 4; k++)
		{
			double		expected = scaled ? cases[n].slope * stored[k] + cases[n].intercept :
				stored[k];

			if (type == VOXEL_FLOAT32)
				expected = (float) expected;
			if (values[k] != expected)
				fail_msg("case %zu: %.17g, not %.17g", n, values[k], expected);
		}
	}
}

/* Extremes of an integer type under the chosen type: nothing wraps. */
static void
scaled_extremes_fit(void **state)
{
	const double stored[4] = {-32768, 32767, -1, 0};
	VoxelType	type;
	double		values[4];

	(void) state;
	assert_true(read_four(4, 16, -3, 7, stored, &type, values));
	assert_int_equal(type, VOXEL_INT32);
	assert_true(values[0] == 98311 && values[1] == -98294 && values[2] == 10 && values[3] == 7);
	assert_true(read_four(4, 16, 1, 32768, stored, &type, values));
	assert_int_equal(type, VOXEL_UINT16);
	assert_true(values[0] == 0 && values[1] == 65535);
}

static void
an_intercept_must_be_finite(void **state)
{
	const double stored[4] = {0, 1, 2, 3};
	VoxelType	type;
	double		values[4];

	(void) state;
	assert_false(read_four(4, 16, 1, NAN, stored, &type, values));
	assert_int_equal(context->code, RAD_INVALID_BINARY);
	assert_contains(context->message, "scl_inter");
}

static void
large_integers_are_exact_or_an_error(void **state)
{
	const double exact[4] = {-0x1p63, 0x1p53, 0x1p62, 0};
	VoxelType	type;
	double		values[4];
	int64_t		voxels[2 * 3 * 2] = {[7] = ((int64_t) 1 << 53) + 1};
	uint64_t	large[1] = {UINT64_MAX};
	NiftiSpec	spec = nifti_spec(1, false, 1024, 64, 2, 3, 2);
	VolumeReader *reader;
	Volume		volume;
	Box			box;
	ByteSource	source;
	Bytes		file;

	(void) state;
	assert_true(read_four(1024, 64, 0, 0, exact, &type, values));
	assert_memory_equal(values, exact, sizeof(values));

	file = build_nifti(&spec, voxels, sizeof(voxels));
	source = memory_source("mask", file);
	assert_true(rad_volume_open(context, &source, -1, &reader));
	box = rad_grid_box(rad_reader_grid(reader));
	assert_false(rad_volume_read_box(context, reader, &box, &volume));
	assert_int_equal(context->code, RAD_OUT_OF_RANGE);
	assert_contains(context->message, "mask voxel (1, 0, 1) is 9007199254740993");
	/* Position in a cropped box, too. */
	box = (Box) {{1, 0, 1}, {2, 2, 2}};
	assert_false(rad_volume_read_box(context, reader, &box, &volume));
	assert_contains(context->message, "mask voxel (1, 0, 1) is 9007199254740993");
	free(file.data);

	spec = nifti_spec(1, false, 1280, 64, 1, 1, 1);
	file = build_nifti(&spec, large, sizeof(large));
	source = memory_source("image", file);
	assert_true(rad_volume_open(context, &source, -1, &reader));
	box = rad_grid_box(rad_reader_grid(reader));
	assert_false(rad_volume_read_box(context, reader, &box, &volume));
	assert_contains(context->message, "is 18446744073709551615");
	free(file.data);
}

/* --- geometry ------------------------------------------------------------- */

/* Open a uint8 file of 2 x 3 x nz voxels with the spec's geometry. */
static bool
open_geometry(const NiftiSpec *spec, Grid *grid)
{
	uint8_t		voxels[2 * 3 * 4] = {0};
	Bytes		file = build_nifti(spec, voxels, (size_t) (6 * spec->dim[3]));
	ByteSource	source = memory_source("image", file);
	VolumeReader *reader;
	bool		ok = rad_volume_open(context, &source, -1, &reader);

	if (ok)
		*grid = *rad_reader_grid(reader);
	free(file.data);
	return ok;
}

static void
check_grid(const Grid *grid, const double spacing[3], const double origin[3],
		   const double direction[3][3], double tolerance)
{
	for (int r = 0; r < 3; r++)
	{
		if (!(fabs(grid->spacing[r] - spacing[r]) <= tolerance) ||
			!(fabs(grid->origin[r] - origin[r]) <= tolerance))
			fail_msg("axis %d: spacing %.17g, origin %.17g", r, grid->spacing[r],
					 grid->origin[r]);
		for (int c = 0; c < 3; c++)
		{
			if (!(fabs(grid->direction[r][c] - direction[r][c]) <= tolerance))
				fail_msg("direction[%d][%d] is %.17g, not %.17g", r, c, grid->direction[r][c],
						 direction[r][c]);
		}
	}
}

static const double lps_identity[3][3] = {{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}};

static void
pixdim_alone_gives_spacing(void **state)
{
	NiftiSpec	spec = nifti_spec(2, false, 2, 8, 2, 3, 4);
	const double spacing[3] = {0.7, 0.9, 2.5};
	const double origin[3] = {0, 0, 0};
	Grid		grid;

	(void) state;
	memcpy(spec.pixdim + 1, spacing, sizeof(spacing));
	/* Neither transform counts while its code is 0. */
	spec.srow[0][0] = NAN;
	spec.quaternion[0] = NAN;
	assert_true(open_geometry(&spec, &grid));
	check_grid(&grid, spacing, origin, lps_identity, 0.0);
	assert_int_equal(grid.size[0], 2);
	assert_int_equal(grid.size[1], 3);
	assert_int_equal(grid.size[2], 4);
	/* No negative zero that would print as "-0". */
	assert_false(signbit(grid.origin[0]) || signbit(grid.direction[0][1]));
}

/*
 * Quarter turns about each axis, worked out by hand: a unit quaternion
 * (cos h, sin h * axis) with h = 45 degrees turns by 90 degrees, so about z
 * it takes x to y and y to -x.  The first two rows then change sign (LPS).
 */
static void
quaternions_of_quarter_turns(void **state)
{
	const double h = 0.70710678118654752440;
	static const double turns[3][3][3] = {
		{{-1, 0, 0}, {0, 0, 1}, {0, 1, 0}},	/* about x: y to z, z to -y */
		{{0, 0, -1}, {0, -1, 0}, {-1, 0, 0}},	/* about y: z to x, x to -z */
		{{0, 1, 0}, {-1, 0, 0}, {0, 0, 1}},	/* about z: x to y, y to -x */
	};
	const double spacing[3] = {1.5, 2, 3};
	const double origin[3] = {-10, 20, 30};

	(void) state;
	for (int axis = 0; axis < 3; axis++)
		for (int version = 1; version <= 2; version++)
			for (int left = 0; left < 2; left++)
			{
				NiftiSpec	spec = nifti_spec(version, version == 1, 2, 8, 2, 3, 4);
				double		direction[3][3];
				Grid		grid;

				memcpy(spec.pixdim + 1, spacing, sizeof(spacing));
				spec.pixdim[0] = left ? -1 : 1;
				spec.qform_code = 1;
				spec.quaternion[axis] = h;
				spec.qoffset[0] = 10;
				spec.qoffset[1] = -20;
				spec.qoffset[2] = 30;
				memcpy(direction, turns[axis], sizeof(direction));
				for (int r = 0; r < 3 && left; r++)
					direction[r][2] = -direction[r][2];
				assert_true(open_geometry(&spec, &grid));
				/* float32 quaternions are 1e-8 off. */
				check_grid(&grid, spacing, origin, direction, version == 1 ? 1e-7 : 1e-15);
			}
}

/* Half turns have a = 0, where rounding must not make the root imaginary. */
static void
quaternions_of_half_turns(void **state)
{
	static const double quaternions[4][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0.6, 0.8, 0}};
	static const double turns[4][3][3] = {
		{{-1, 0, 0}, {0, 1, 0}, {0, 0, -1}},
		{{1, 0, 0}, {0, -1, 0}, {0, 0, -1}},
		{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		/* 2 n n' - 1 with n = (0.6, 0.8, 0), first two rows negated */
		{{0.28, -0.96, 0}, {-0.96, -0.28, 0}, {0, 0, -1}},
	};
	const double spacing[3] = {1, 1, 1};
	const double origin[3] = {0, 0, 0};

	(void) state;
	for (int n = 0; n < 4; n++)
	{
		NiftiSpec	spec = nifti_spec(1, false, 2, 8, 2, 3, 4);
		Grid		grid;

		spec.qform_code = 2;
		memcpy(spec.quaternion, quaternions[n], sizeof(spec.quaternion));
		assert_true(open_geometry(&spec, &grid));
		check_grid(&grid, spacing, origin, turns[n], n < 3 ? 0.0 : 2e-7);
	}
	/* qfac of 0 counts as 1 (nifti1.h). */
	{
		NiftiSpec	spec = nifti_spec(1, false, 2, 8, 2, 3, 4);
		Grid		grid;

		spec.qform_code = 1;
		spec.pixdim[0] = 0;
		assert_true(open_geometry(&spec, &grid));
		check_grid(&grid, spacing, origin, lps_identity, 0.0);
	}
}

/* A component that vanishes while the axes are made perpendicular is 0, not -0. */
static void
zeros_have_no_sign(void **state)
{
	static const double srow[3][4] = {{0, 1.5, 0, 0}, {0, 0, 0.5, 10}, {-0.5, 5e-324, 0, 0}};
	NiftiSpec	spec = nifti_spec(2, false, 2, 8, 2, 3, 4);
	Grid		grid;

	(void) state;
	spec.sform_code = 1;
	memcpy(spec.srow, srow, sizeof(spec.srow));
	assert_true(open_geometry(&spec, &grid));
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++)
			assert_true(grid.direction[r][c] != 0.0 || !signbit(grid.direction[r][c]));
}

static void
sform_comes_before_qform(void **state)
{
	/* x along world z, y along world -x, z along world y (RAS), 2 x 3 x 4 mm. */
	static const double srow[3][4] = {{0, -3, 0, 5}, {0, 0, 4, 6}, {2, 0, 0, 7}};
	static const double direction[3][3] = {{0, 1, 0}, {0, 0, -1}, {1, 0, 0}};
	const double spacing[3] = {2, 3, 4};
	const double origin[3] = {-5, -6, 7};
	double		scaled_spacing[3];
	double		scaled_origin[3];

	(void) state;
	for (int version = 1; version <= 2; version++)
		for (int units = 0; units <= 3; units++)
		{
			static const double millimetres[4] = {1, 1000, 1, 0.001};
			NiftiSpec	spec = nifti_spec(version, true, 2, 8, 2, 3, 4);
			Grid		grid;

			spec.qform_code = 1;
			spec.sform_code = 1;
			spec.quaternion[2] = 1;
			spec.units = units | 8;	/* and seconds */
			memcpy(spec.srow, srow, sizeof(srow));
			assert_true(open_geometry(&spec, &grid));
			for (int r = 0; r < 3; r++)
			{
				scaled_spacing[r] = spacing[r] * millimetres[units];
				scaled_origin[r] = origin[r] * millimetres[units];
			}
			check_grid(&grid, scaled_spacing, scaled_origin, direction, 0.0);
		}
}

/* A little shear is rounding and is removed evenly; more is an error. */
static void
sheared_axes(void **state)
{
	NiftiSpec	spec = nifti_spec(2, false, 2, 8, 2, 3, 4);
	double		product;
	Grid		grid;

	(void) state;
	spec.sform_code = 1;
	spec.srow[0][0] = 1;
	spec.srow[1][1] = 1;
	spec.srow[2][2] = 1;
	spec.srow[0][1] = 5e-4;
	assert_true(open_geometry(&spec, &grid));
	for (int a = 0; a < 3; a++)
		for (int b = 0; b < 3; b++)
		{
			product = 0;
			for (int r = 0; r < 3; r++)
				product += grid.direction[r][a] * grid.direction[r][b];
			assert_true(fabs(product - (a == b)) < 1e-15);
		}
	/* The nearest rotation shares the angle between both axes. */
	assert_true(fabs(grid.direction[0][1] + 2.5e-4) < 1e-9);
	assert_true(fabs(grid.direction[1][0] - 2.5e-4) < 1e-9);

	spec.srow[0][1] = 0.01;
	assert_false(open_geometry(&spec, &grid));
	assert_int_equal(context->code, RAD_NOT_SUPPORTED);
	assert_contains(context->message, "not perpendicular");
	assert_contains(context->detail, "0.0099995");
}

static void
a_single_slice_needs_no_third_column(void **state)
{
	NiftiSpec	spec = nifti_spec(1, false, 2, 8, 2, 3, 1);
	const double spacing[3] = {2, 2, 5};
	const double origin[3] = {0, 0, 0};
	Grid		grid;

	(void) state;
	spec.dim[0] = 2;
	spec.pixdim[3] = 5;
	spec.sform_code = 1;
	spec.srow[0][0] = 2;
	spec.srow[1][1] = 2;
	assert_true(open_geometry(&spec, &grid));
	check_grid(&grid, spacing, origin, lps_identity, 0.0);
	assert_int_equal(grid.size[2], 1);
	assert_int_equal(grid.dimension, 2);
	/* Three axes, the last of one voxel: one slice, but not two-dimensional. */
	spec.dim[0] = 3;
	assert_true(open_geometry(&spec, &grid));
	assert_int_equal(grid.dimension, 3);
	spec.dim[0] = 2;
	/* pixdim alone: 0 along the axis of one voxel. */
	spec.sform_code = 0;
	spec.pixdim[1] = spec.pixdim[2] = 2;
	spec.pixdim[3] = 0;
	assert_true(open_geometry(&spec, &grid));
	assert_true(grid.spacing[2] == 1.0);
	/* dim[0] = 1: one row; what follows in dim does not count. */
	spec = nifti_spec(1, false, 2, 8, 2, 3, 1);
	spec.dim[0] = 1;
	{
		uint8_t		voxels[2] = {1, 2};
		Bytes		file = build_nifti(&spec, voxels, 2);
		ByteSource	source = memory_source("image", file);
		VolumeReader *reader;

		assert_true(rad_volume_open(context, &source, -1, &reader));
		assert_int_equal(rad_reader_grid(reader)->size[1], 1);
		free(file.data);
	}
}

/* --- headers that are wrong ------------------------------------------------ */

typedef void (*Spoil) (NiftiSpec *spec);

#define SPOIL(name, code) static void name(NiftiSpec *spec) { code; }

SPOIL(spoil_dim0_zero, spec->dim[0] = 0)
SPOIL(spoil_dim0_eight, spec->dim[0] = 8)
SPOIL(spoil_dim_zero, spec->dim[2] = 0)
SPOIL(spoil_dim_negative, spec->dim[1] = -5)
SPOIL(spoil_frames_zero, spec->dim[0] = 4; spec->dim[4] = 0)
SPOIL(spoil_fifth, spec->dim[0] = 5; spec->dim[5] = 3)
SPOIL(spoil_dim_large, spec->dim[1] = 70000)
SPOIL(spoil_volume_large, spec->dim[1] = spec->dim[2] = spec->dim[3] = 32767)
SPOIL(spoil_frames_many, spec->dim[0] = 4; spec->dim[4] = INT64_MAX)
SPOIL(spoil_complex, spec->datatype = 32; spec->bitpix = 64)
SPOIL(spoil_complex128, spec->datatype = 1792; spec->bitpix = 128)
SPOIL(spoil_rgb, spec->datatype = 128; spec->bitpix = 24)
SPOIL(spoil_rgba, spec->datatype = 2304; spec->bitpix = 32)
SPOIL(spoil_binary, spec->datatype = 1; spec->bitpix = 1)
SPOIL(spoil_type, spec->datatype = 777)
SPOIL(spoil_bits, spec->bitpix = 16)
SPOIL(spoil_offset_zero, spec->vox_offset = 0)
SPOIL(spoil_offset_fraction, spec->vox_offset = 352.5)
SPOIL(spoil_offset_nan, spec->vox_offset = NAN)
SPOIL(spoil_offset_large, spec->vox_offset = 1e30)
SPOIL(spoil_units, spec->units = 5)
SPOIL(spoil_pixdim_zero, spec->pixdim[3] = 0)
SPOIL(spoil_pixdim_negative, spec->pixdim[1] = -1)
SPOIL(spoil_pixdim_nan, spec->pixdim[1] = NAN)
SPOIL(spoil_pixdim_infinite, spec->pixdim[2] = INFINITY)
SPOIL(spoil_sform_zero, spec->sform_code = 1)
SPOIL(spoil_sform_nan, spec->sform_code = 1; spec->srow[1][2] = NAN)
SPOIL(spoil_sform_infinite, spec->sform_code = 1; spec->srow[2][3] = INFINITY)
SPOIL(spoil_quaternion_long, spec->qform_code = 1; spec->quaternion[0] = 1.1)
SPOIL(spoil_quaternion_nan, spec->qform_code = 1; spec->quaternion[1] = NAN)
SPOIL(spoil_qoffset, spec->qform_code = 1; spec->qoffset[1] = -INFINITY)
SPOIL(spoil_qfac, spec->qform_code = 1; spec->pixdim[0] = NAN)
SPOIL(spoil_longer, spec->dim[3] = 3)
SPOIL(spoil_shorter, spec->dim[3] = 5)
SPOIL(spoil_pair, spec->magic = spec->version == 1 ? "ni1\0" : "ni2\0\r\n\032\n")
SPOIL(spoil_magic, spec->magic = "abcdefgh")

static const struct
{
	Spoil		spoil;
	int			versions;		/* bit 0: NIfTI-1, bit 1: NIfTI-2 */
	RadErrorCode code;
	const char *message;
	const char *more;			/* in detail or hint; NULL: nothing asked */
}			spoiled[] = {
	{spoil_dim0_zero, 3, RAD_INVALID_BINARY, "0 dimensions", NULL},
	{spoil_dim0_eight, 3, RAD_INVALID_BINARY, "8 dimensions", NULL},
	{spoil_dim_zero, 3, RAD_INVALID_BINARY, "dim[2] of 0", NULL},
	{spoil_dim_negative, 3, RAD_INVALID_BINARY, "dim[1] of -5", NULL},
	{spoil_frames_zero, 3, RAD_INVALID_BINARY, "dim[4] of 0", NULL},
	{spoil_fifth, 3, RAD_NOT_SUPPORTED, "3 values along dimension 5", NULL},
	{spoil_dim_large, 2, RAD_LIMIT_EXCEEDED, "70000 voxels along x", "65535"},
	{spoil_volume_large, 3, RAD_LIMIT_EXCEEDED, "35181150961663", "274877906944"},
	{spoil_frames_many, 2, RAD_INVALID_PARAMETER, "9223372036854775807 frames", NULL},
	{spoil_complex, 3, RAD_NOT_SUPPORTED, "complex64", NULL},
	{spoil_complex128, 3, RAD_NOT_SUPPORTED, "complex128", NULL},
	{spoil_rgb, 3, RAD_NOT_SUPPORTED, "RGB24", NULL},
	{spoil_rgba, 3, RAD_NOT_SUPPORTED, "RGBA32", NULL},
	{spoil_binary, 3, RAD_NOT_SUPPORTED, "binary", NULL},
	{spoil_type, 3, RAD_INVALID_BINARY, "datatype 777", NULL},
	{spoil_bits, 3, RAD_INVALID_BINARY, "16 bits", NULL},
	{spoil_offset_zero, 3, RAD_INVALID_BINARY, "vox_offset of 0", NULL},
	{spoil_offset_fraction, 1, RAD_INVALID_BINARY, "vox_offset of 352.5", NULL},
	{spoil_offset_nan, 1, RAD_INVALID_BINARY, "vox_offset of nan", NULL},
	{spoil_offset_large, 1, RAD_INVALID_BINARY, "vox_offset of 1e+30", NULL},
	{spoil_units, 3, RAD_INVALID_BINARY, "xyzt_units 5", NULL},
	{spoil_pixdim_zero, 3, RAD_INVALID_BINARY, "pixdim[3]) of 0", NULL},
	{spoil_pixdim_negative, 3, RAD_INVALID_BINARY, "pixdim[1]) of -1", NULL},
	{spoil_pixdim_nan, 3, RAD_INVALID_BINARY, "pixdim[1]) of nan", NULL},
	{spoil_pixdim_infinite, 3, RAD_INVALID_BINARY, "pixdim[2]) of inf", NULL},
	{spoil_sform_zero, 3, RAD_INVALID_BINARY, "length 0 for axis x", "sform_code"},
	{spoil_sform_nan, 3, RAD_INVALID_BINARY, "nan in its sform", NULL},
	{spoil_sform_infinite, 3, RAD_INVALID_BINARY, "inf in its sform", NULL},
	{spoil_quaternion_long, 3, RAD_INVALID_BINARY, "1.1, 0, 0", NULL},
	{spoil_quaternion_nan, 3, RAD_INVALID_BINARY, "quaternion (0, nan, 0)", NULL},
	{spoil_qoffset, 3, RAD_INVALID_BINARY, "-inf in its qform", NULL},
	{spoil_qfac, 3, RAD_INVALID_BINARY, "qfac nan", NULL},
	{spoil_longer, 3, RAD_INVALID_BINARY, "longer than its header says", "bytes"},
	{spoil_shorter, 3, RAD_INVALID_BINARY, "shorter than its header says", "bytes"},
	{spoil_pair, 3, RAD_NOT_SUPPORTED, ".hdr and .img", "Convert"},
	{spoil_magic, 3, RAD_INVALID_BINARY, "61 62 63 64", "Supported formats: NIfTI"},
};

static void
every_wrong_header_has_its_error(void **state)
{
	(void) state;
	for (size_t n = 0; n < sizeof(spoiled) / sizeof(spoiled[0]); n++)
		for (int version = 1; version <= 2; version++)
			for (int big = 0; big < 2; big++)
			{
				NiftiSpec	spec = nifti_spec(version, big != 0, 2, 8, 2, 3, 4);
				uint8_t		voxels[24] = {0};
				VolumeReader *reader;
				ByteSource	source;
				Bytes		file;

				if ((spoiled[n].versions & version) == 0)
					continue;
				spoiled[n].spoil(&spec);
				file = build_nifti(&spec, voxels, sizeof(voxels));
				source = memory_source("mask", file);
				rad_clear_error(context);
				if (rad_volume_open(context, &source, -1, &reader))
					fail_msg("case %zu was read", n);
				if (context->code != spoiled[n].code)
					fail_msg("case %zu: code %d: %s", n, context->code, context->message);
				assert_contains(context->message, "mask");
				assert_contains(context->message, spoiled[n].message);
				if (spoiled[n].more != NULL && strstr(context->detail, spoiled[n].more) == NULL)
					assert_contains(context->hint, spoiled[n].more);
				free(file.data);
			}
}

static void
bytes_of_other_formats(void **state)
{
	static const struct
	{
		const char *bytes;
		size_t		length;
		const char *detail;
	}			cases[] = {
		{"PK\x03\x04", 4, "50 4b 03 04. It looks like a ZIP archive."},
		{"\\x5c01", 6, "the text form of a bytea"},
		{"x", 1, "78."},
		{"\x5c\x01\x00", 3, "5c 01 00."},
	};
	VolumeReader *reader;
	uint8_t		dicom[200] = {0};
	ByteSource	source;

	(void) state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		Bytes		packed = gzip_bytes(cases[n].bytes, cases[n].length, 6);

		for (int gzip = 0; gzip < 2; gzip++)
		{
			source = gzip ? memory_source("image", packed) :
				memory_source("image", (Bytes) {(uint8_t *) cases[n].bytes, cases[n].length});
			assert_false(rad_volume_open(context, &source, -1, &reader));
			assert_int_equal(context->code, RAD_INVALID_BINARY);
			assert_contains(context->message, "image is not in a supported format");
			assert_contains(context->detail, cases[n].detail);
			assert_contains(context->hint, ".nii.gz");
		}
		free(packed.data);
	}
	memcpy(dicom + 128, "DICM", 4);
	source = memory_source("image", (Bytes) {dicom, sizeof(dicom)});
	assert_false(rad_volume_open(context, &source, -1, &reader));
	assert_contains(context->message, "image has no Rows (0028,0010)");
	/* Analyze 7.5: the size of a NIfTI-1 header without its magic. */
	{
		uint8_t		analyze[352] = {0x5c, 0x01};

		source = memory_source("image", (Bytes) {analyze, sizeof(analyze)});
		assert_false(rad_volume_open(context, &source, -1, &reader));
		assert_int_equal(context->code, RAD_INVALID_BINARY);
		assert_contains(context->message, "00 00 00 00 instead of the NIfTI-1 magic");
	}
	source.length = 0;
	assert_false(rad_volume_open(context, &source, -1, &reader));
	assert_contains(context->message, "image is empty");
}

/* --- frames ---------------------------------------------------------------- */

static void
frames_of_a_4d_file(void **state)
{
	NiftiSpec	spec = nifti_spec(1, false, 2, 8, 2, 3, 2);
	uint8_t		voxels[12 * 5];
	Bytes		plain;
	Bytes		packed;

	(void) state;
	spec.dim[0] = 4;
	spec.dim[4] = 5;
	for (size_t n = 0; n < sizeof(voxels); n++)
		voxels[n] = (uint8_t) n;
	plain = build_nifti(&spec, voxels, sizeof(voxels));
	packed = gzip_bytes(plain.data, plain.length, 6);
	for (int gzip = 0; gzip < 2; gzip++)
	{
		ByteSource	source = memory_source("image", gzip ? packed : plain);
		VolumeReader *reader;
		Box			box = {{0, 0, 0}, {2, 3, 2}};
		Volume		volume;

		assert_false(rad_volume_open(context, &source, -1, &reader));
		assert_int_equal(context->code, RAD_INVALID_PARAMETER);
		assert_contains(context->message, "image has 5 frames");
		assert_contains(context->hint, "0 to 4");
		assert_false(rad_volume_open(context, &source, 5, &reader));
		assert_contains(context->message, "no frame 5: it has 5");
		assert_false(rad_volume_open(context, &source, -2, &reader));
		assert_int_equal(context->code, RAD_INVALID_PARAMETER);
		for (int frame = 0; frame < 5; frame++)
		{
			assert_true(rad_volume_open(context, &source, frame, &reader));
			assert_true(rad_volume_read_box(context, reader, &box, &volume));
			assert_memory_equal(volume.voxels, voxels + 12 * frame, 12);
		}
	}
	free(packed.data);
	free(plain.data);

	/* Three dimensions are one frame, frame 0. */
	spec = nifti_spec(2, false, 2, 8, 2, 3, 2);
	plain = build_nifti(&spec, voxels, 12);
	{
		ByteSource	source = memory_source("image", plain);
		VolumeReader *reader;

		assert_true(rad_volume_open(context, &source, 0, &reader));
		assert_false(rad_volume_open(context, &source, 1, &reader));
		assert_contains(context->message, "no frame 1: it has 1");
	}
	free(plain.data);

	/* More frames than 64 bits can count bytes of. */
	spec.dim[0] = 4;
	spec.dim[4] = INT64_MAX;
	plain = build_nifti(&spec, voxels, 12);
	{
		ByteSource	source = memory_source("image", plain);
		VolumeReader *reader;

		assert_false(rad_volume_open(context, &source, 3, &reader));
		assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	}
	free(plain.data);
}

/* --- boxes ------------------------------------------------------------------ */

/* An int16 volume of pseudo-random voxels. */
static Bytes
random_volume(int version, bool big, int nx, int ny, int nz, int16_t **values)
{
	NiftiSpec	spec = nifti_spec(version, big, 4, 16, nx, ny, nz);
	int64_t		count = (int64_t) nx * ny * nz;
	uint8_t    *voxels = malloc((size_t) count * 2);
	uint64_t	seed = (uint64_t) nx;
	Bytes		file;

	*values = malloc((size_t) count * 2);
	for (int64_t n = 0; n < count; n++)
	{
		/* Eleven bits, so that gzip has something to do. */
		(*values)[n] = (int16_t) (next_random(&seed) % 2048 - 1024);
		put_bits(voxels + 2 * n, (uint64_t) (int64_t) (*values)[n], 2, big);
	}
	file = build_nifti(&spec, voxels, (size_t) count * 2);
	free(voxels);
	return file;
}

static void
check_box(VolumeReader *reader, const Box *box, const int16_t *values)
{
	const int  *size = rad_reader_grid(reader)->size;
	const int16_t *voxel;
	Volume		volume;

	if (!rad_volume_read_box(context, reader, box, &volume))
		fail_msg("%s", context->message);
	assert_int_equal(volume.type, VOXEL_INT16);
	assert_memory_equal(&volume.box, box, sizeof(*box));
	voxel = volume.voxels;
	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int y = box->lo[1]; y < box->hi[1]; y++)
			for (int x = box->lo[0]; x < box->hi[0]; x++)
			{
				if (*voxel++ != values[x + (int64_t) size[0] * (y + (int64_t) size[1] * z)])
					fail_msg("voxel (%d, %d, %d) differs", x, y, z);
			}
	rad_release(context, volume.voxels);
}

/* One reader, many boxes in any order, from every kind of source. */
static void
any_box_any_number_of_times(void **state)
{
	const int	size[3] = {61, 47, 31};

	(void) state;
	for (int big = 0; big < 2; big++)
	{
		int16_t    *values;
		Bytes		plain = random_volume(1 + big, big != 0, size[0], size[1], size[2], &values);
		Bytes		packed = gzip_bytes(plain.data, plain.length, 1);
		uint64_t	seed = 5;

		for (int kind = 0; kind < 4; kind++)
		{
			CountingHandle handle;
			Bytes		file = kind < 2 ? plain : packed;
			ByteSource	source = kind % 2 == 0 ? memory_source("image", file) :
				counting_source("image", file, &handle);
			VolumeReader *reader;

			assert_true(rad_volume_open(context, &source, -1, &reader));
			for (int n = 0; n < 60; n++)
			{
				Box			box;

				for (int axis = 0; axis < 3; axis++)
				{
					int			a = (int) (next_random(&seed) % (uint64_t) size[axis]);
					int			b = (int) (next_random(&seed) % (uint64_t) size[axis]);

					box.lo[axis] = a < b ? a : b;
					box.hi[axis] = (a < b ? b : a) + 1;
					/* Whole rows and whole slices take other paths. */
					if (next_random(&seed) % 3 == 0)
					{
						box.lo[axis] = 0;
						box.hi[axis] = size[axis];
					}
				}
				check_box(reader, &box, values);
			}
			{
				Box			empty = {{3, 3, 3}, {3, 4, 4}};
				Box			outside = {{0, 0, 0}, {1, 1, size[2] + 1}};
				Volume		volume;

				assert_true(rad_volume_read_box(context, reader, &empty, &volume));
				assert_false(rad_volume_read_box(context, reader, &outside, &volume));
				assert_int_equal(context->code, RAD_INTERNAL);
			}
		}
		free(packed.data);
		free(plain.data);
		free(values);
	}
}

typedef struct RowCheck
{
	const int16_t *values;
	const int  *size;
	int64_t		rows;
	int64_t		stop_at;
} RowCheck;

static bool
check_row(RadContext *row_context, void *argument, int y, int z, const void *row)
{
	RowCheck   *check = argument;
	int64_t		index = y + (int64_t) check->size[1] * z;

	if (check->rows == check->stop_at)
		return rad_fail(row_context, RAD_DATA_EXCEPTION, "enough");
	assert_int_equal((uintptr_t) row % 2, 0);
	assert_memory_equal(row, check->values + index * check->size[0], 2 * (size_t) check->size[0]);
	check->rows++;
	return true;
}

static void
rows_stream_in_order(void **state)
{
	const int	size[3] = {33, 21, 17};
	int16_t    *values;
	Bytes		plain = random_volume(1, true, size[0], size[1], size[2], &values);
	ByteSource	source = memory_source("image", plain);
	VolumeReader *reader;
	RowCheck	check = {.values = values, .size = size, .stop_at = -1};

	(void) state;
	assert_true(rad_volume_open(context, &source, -1, &reader));
	assert_true(rad_volume_stream(context, reader, 3, 11, check_row, &check));
	assert_int_equal(check.rows, 8 * 21);
	check.rows = 0;
	check.stop_at = 5;
	assert_false(rad_volume_stream(context, reader, 0, 17, check_row, &check));
	assert_string_equal(context->message, "enough");
	free(plain.data);
	free(values);
}

/* What a box costs in bytes asked of the source. */
static void
only_what_a_box_needs_is_read(void **state)
{
	const int	size[3] = {256, 256, 60};
	int16_t    *values;
	Bytes		plain = random_volume(1, false, size[0], size[1], size[2], &values);
	Bytes		packed = gzip_bytes(plain.data, plain.length, 1);
	const Box	box = {{100, 100, 20}, {140, 130, 30}};
	CountingHandle handle;
	ByteSource	source = counting_source("image", plain, &handle);
	VolumeReader *reader;
	int64_t		compressed_bytes;

	(void) state;
	assert_true(rad_volume_open(context, &source, -1, &reader));
	assert_true(handle.bytes <= 1024);
	handle = (CountingHandle) {.data = plain.data, .length = (int64_t) plain.length};
	check_box(reader, &box, values);
	/* One read per slice, from the first to the last voxel needed. */
	assert_int_equal(handle.reads, 10);
	assert_int_equal(handle.bytes, 10 * (29 * 256 + 40) * 2);

	/* Rows further apart than 32 kB are read one by one. */
	{
		int16_t    *wide_values;
		Bytes		wide = random_volume(2, false, 20000, 5, 2, &wide_values);
		const Box	narrow = {{100, 1, 0}, {110, 4, 2}};

		source = counting_source("image", wide, &handle);
		assert_true(rad_volume_open(context, &source, -1, &reader));
		handle = (CountingHandle) {.data = wide.data, .length = (int64_t) wide.length};
		check_box(reader, &narrow, wide_values);
		assert_int_equal(handle.reads, 6);
		assert_int_equal(handle.bytes, 6 * 10 * 2);
		free(wide.data);
		free(wide_values);
	}

	/* Small slices with small gaps come in one read. */
	{
		int16_t    *small_values;
		Bytes		small = random_volume(2, false, 40, 40, 20, &small_values);
		const Box	inner = {{10, 10, 5}, {20, 20, 15}};

		source = counting_source("image", small, &handle);
		assert_true(rad_volume_open(context, &source, -1, &reader));
		handle = (CountingHandle) {.data = small.data, .length = (int64_t) small.length};
		check_box(reader, &inner, small_values);
		assert_int_equal(handle.reads, 1);
		assert_int_equal(handle.bytes, ((9 * 40 + 9) * 40 + 10) * 2);
		free(small.data);
		free(small_values);
	}

	/* gzip: up to the box's end (30 of 60 slices) and one input buffer more. */
	source = counting_source("image", packed, &handle);
	assert_true(rad_volume_open(context, &source, -1, &reader));
	check_box(reader, &box, values);
	compressed_bytes = (int64_t) packed.length;
	assert_true(handle.highest <= compressed_bytes / 2 + 128 * 1024);
	assert_true(handle.bytes <= handle.highest + 1024);
	/* Going on forward does not start again. */
	{
		const Box	next = {{0, 0, 30}, {256, 256, 40}};
		int64_t		before = handle.bytes;

		check_box(reader, &next, values);
		assert_true(handle.bytes - before <= compressed_bytes / 6 + 128 * 1024);
	}
	free(packed.data);
	free(plain.data);
	free(values);
}

/* --- gzip that is broken ----------------------------------------------------- */

/* Open and read all; what happened is in the context. */
static bool
read_all(const ByteSource *source, Volume *volume)
{
	VolumeReader *reader;
	Box			box;

	rad_clear_error(context);
	if (!rad_volume_open(context, source, -1, &reader))
		return false;
	box = rad_grid_box(rad_reader_grid(reader));
	return rad_volume_read_box(context, reader, &box, volume);
}

/* Fail unless reading fails with this code and text. */
static void
expect_broken(Bytes file, const char *text)
{
	ByteSource	source = memory_source("mask", file);
	Volume		volume;

	if (read_all(&source, &volume))
		fail_msg("broken file was read");
	assert_int_equal(context->code, RAD_INVALID_BINARY);
	assert_contains(context->message, "mask");
	assert_contains(context->message, text);
}

static void
every_truncation_is_an_error(void **state)
{
	int16_t    *values;
	Bytes		plain = random_volume(1, false, 9, 8, 7, &values);
	Bytes		packed = gzip_bytes(plain.data, plain.length, 9);
	size_t		page = (size_t) sysconf(_SC_PAGESIZE);
	size_t		pages = (plain.length + packed.length + page - 1) / page + 1;
	uint8_t    *guarded = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE,
							   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void) state;
	/* The bytes end where reading one more would end the test. */
	mprotect(guarded + pages * page, page, PROT_NONE);
	for (int gzip = 0; gzip < 2; gzip++)
	{
		Bytes		whole = gzip ? packed : plain;

		for (size_t length = 0; length <= whole.length; length++)
		{
			uint8_t    *at = guarded + pages * page - length;
			CountingHandle handle;
			ByteSource	memory = memory_source("image", (Bytes) {at, length});
			ByteSource	counting = counting_source("image", (Bytes) {at, length}, &handle);
			Volume		volume;
			bool		ok;

			memcpy(at, whole.data, length);
			ok = read_all(&memory, &volume);
			if (ok != (length == whole.length))
				fail_msg("gzip %d, %zu of %zu bytes: %s", gzip, length, whole.length,
						 ok ? "was read" : context->message);
			if (ok)
				assert_memory_equal(volume.voxels, values, 9 * 8 * 7 * 2);
			else
			{
				assert_int_equal(context->code, RAD_INVALID_BINARY);
				assert_contains(context->message, "image");
			}
			assert_int_equal(read_all(&counting, &volume), ok);
		}
	}
	munmap(guarded, (pages + 1) * page);
	free(packed.data);
	free(plain.data);
	free(values);
}

/*
 * Every bit of a small .nii.gz flipped: an error (of the header when that is
 * what changed), or the same voxels.
 */
static void
every_flipped_bit_is_noticed(void **state)
{
	int16_t    *values;
	Bytes		plain = random_volume(2, false, 5, 4, 3, &values);
	Bytes		packed = gzip_bytes(plain.data, plain.length, 9);

	(void) state;
	for (size_t bit = 0; bit < 8 * packed.length; bit++)
	{
		ByteSource	source = memory_source("image", packed);
		Volume		volume;

		packed.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
		if (read_all(&source, &volume))
			assert_memory_equal(volume.voxels, values, 5 * 4 * 3 * 2);
		else
			assert_true(context->code == RAD_INVALID_BINARY ||
						context->code == RAD_NOT_SUPPORTED ||
						context->code == RAD_INVALID_PARAMETER ||
						context->code == RAD_LIMIT_EXCEEDED);
		packed.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
	}
	free(packed.data);
	free(plain.data);
	free(values);
}

static void
broken_gzip_says_where(void **state)
{
	int16_t    *values;
	Bytes		plain = random_volume(1, false, 40, 40, 40, &values);
	Bytes		packed = gzip_bytes(plain.data, plain.length, 6);
	Bytes		damaged = {malloc(packed.length + 100), packed.length};

	(void) state;
	memcpy(damaged.data, packed.data, packed.length);
	damaged.length = packed.length / 2;
	expect_broken(damaged, "gzip data is truncated");
	assert_contains(context->detail, "stopped at byte");
	assert_contains(context->hint, "gzip -t");

	damaged.length = packed.length;
	damaged.data[packed.length - 6] ^= 1;
	expect_broken(damaged, "checksum or length differs");
	damaged.data[packed.length - 6] ^= 1;
	damaged.data[packed.length - 1] ^= 1;
	expect_broken(damaged, "checksum or length differs");
	damaged.data[packed.length - 1] ^= 1;
	damaged.data[2] = 7;
	expect_broken(damaged, "unknown compression method");
	damaged.data[2] = 8;
	damaged.data[10] |= 6;		/* block type 3 does not exist */
	expect_broken(damaged, "corrupt");
	damaged.data[10] = packed.data[10];

	/* Zero bytes behind are padding, others are not. */
	{
		ByteSource	source = memory_source("mask", damaged);
		Volume		volume;

		memset(damaged.data + packed.length, 0, 100);
		source.length = (int64_t) packed.length + 100;
		assert_true(read_all(&source, &volume));
		damaged.length = packed.length + 100;
		damaged.data[packed.length + 50] = 'x';
		expect_broken(damaged, "followed by other bytes");
	}
	free(damaged.data);
	free(packed.data);
	free(plain.data);
	free(values);
}

/* Members one after the other are one stream, wherever they are cut. */
static void
gzip_of_many_members(void **state)
{
	int16_t    *values;
	Bytes		plain = random_volume(1, false, 30, 20, 10, &values);
	size_t		cuts[] = {0, 1, 100, 352, 353, 6000, plain.length};
	Bytes		joined = {malloc(2 * plain.length + 4096), 0};
	CountingHandle handle;
	ByteSource	source;
	Volume		volume;

	(void) state;
	for (size_t n = 0; n + 1 < sizeof(cuts) / sizeof(cuts[0]); n++)
	{
		Bytes		member = gzip_bytes(plain.data + cuts[n], cuts[n + 1] - cuts[n], (int) n);

		memcpy(joined.data + joined.length, member.data, member.length);
		joined.length += member.length;
		/* And an empty member between. */
		free(member.data);
		member = gzip_bytes(plain.data, 0, 6);
		memcpy(joined.data + joined.length, member.data, member.length);
		joined.length += member.length;
		free(member.data);
	}
	source = memory_source("image", joined);
	assert_true(read_all(&source, &volume));
	assert_memory_equal(volume.voxels, values, 30 * 20 * 10 * 2);
	source = counting_source("image", joined, &handle);
	assert_true(read_all(&source, &volume));
	assert_memory_equal(volume.voxels, values, 30 * 20 * 10 * 2);
	free(joined.data);
	free(plain.data);
	free(values);
}

/* Headers that lie about sizes, seen through gzip. */
static void
gzip_of_another_length_than_the_header_says(void **state)
{
	uint8_t		voxels[2 * 3 * 5] = {0};
	NiftiSpec	spec = nifti_spec(1, false, 2, 8, 2, 3, 4);
	Bytes		plain = build_nifti(&spec, voxels, 25);
	Bytes		packed = gzip_bytes(plain.data, plain.length, 6);

	(void) state;
	expect_broken(packed, "longer than its header says");
	free(packed.data);
	packed = gzip_bytes(plain.data, plain.length - 2, 6);
	expect_broken(packed, "shorter than its header says");
	assert_contains(context->detail, "376 bytes (voxels from byte 352 on), the file holds 375");
	free(packed.data);
	free(plain.data);

	/* More than deflate could ever hold: refused before anything is allocated. */
	spec = nifti_spec(2, false, 2, 8, 5000, 5000, 5000);
	plain = build_nifti(&spec, voxels, 25);
	packed = gzip_bytes(plain.data, plain.length, 6);
	expect_broken(packed, "shorter than its header says");
	assert_contains(context->detail, "can hold at most");
	free(packed.data);
	free(plain.data);
}

/* A box that ends before the damage is read; nothing behind it is looked at. */
static void
reading_stops_after_the_last_slice(void **state)
{
	int16_t    *values;
	Bytes		plain = random_volume(1, false, 64, 64, 64, &values);
	Bytes		packed = gzip_bytes(plain.data, plain.length, 1);
	ByteSource	source;
	VolumeReader *reader;
	Box			box = {{0, 0, 0}, {64, 64, 16}};
	Volume		volume;

	(void) state;
	packed.length = packed.length * 2 / 5;
	source = memory_source("image", packed);
	assert_true(rad_volume_open(context, &source, -1, &reader));
	check_box(reader, &box, values);
	box.hi[2] = 64;
	assert_false(rad_volume_read_box(context, reader, &box, &volume));
	assert_contains(context->message, "truncated");
	/* The reader starts again after an error. */
	box.hi[2] = 16;
	check_box(reader, &box, values);
	free(packed.data);
	free(plain.data);
	free(values);
}

/* --- interrupts ------------------------------------------------------------- */

static int	poll_count;
static int	cancel_at;

static bool
count_poll(void *argument)
{
	(void) argument;
	return ++poll_count == cancel_at;
}

/* 16 MB: at 256 kB between polls, 64 of them; at 500 MB/s that is 0.5 ms. */
static void
reading_polls_and_can_be_cancelled(void **state)
{
	int16_t    *values;
	Bytes		plain = random_volume(1, true, 256, 256, 128, &values);
	Bytes		packed = gzip_bytes(plain.data, plain.length, 1);

	(void) state;
	context->interrupted = count_poll;
	for (int gzip = 0; gzip < 2; gzip++)
	{
		ByteSource	source = memory_source("image", gzip ? packed : plain);
		Volume		volume;

		poll_count = 0;
		cancel_at = -1;
		assert_true(read_all(&source, &volume));
		assert_true(poll_count >= 64);
		rad_release(context, volume.voxels);
		poll_count = 0;
		cancel_at = 40;
		assert_false(read_all(&source, &volume));
		assert_int_equal(context->code, RAD_CANCELLED);
		assert_int_equal(poll_count, 40);
	}
	context->interrupted = NULL;
	free(packed.data);
	free(plain.data);
	free(values);
}

/* Endless empty stored blocks give no output: polls must come all the same. */
static void
gzip_without_output_polls(void **state)
{
	static const uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
	static const uint8_t empty_block[5] = {0, 0, 0, 0xff, 0xff};
	const size_t blocks = 4 * 1024 * 1024;
	Bytes		file = {malloc(10 + 5 * blocks), 10 + 5 * blocks};

	(void) state;
	memcpy(file.data, header, 10);
	for (size_t n = 0; n < blocks; n++)
		memcpy(file.data + 10 + 5 * n, empty_block, 5);
	context->interrupted = count_poll;
	poll_count = 0;
	cancel_at = -1;
	expect_broken(file, "truncated");
	assert_true(poll_count >= 20);
	context->interrupted = NULL;
	free(file.data);
}

/* --- real scans --------------------------------------------------------------- */

/* Voxels against zlib: all these files are little-endian NIfTI-1 of float32 or integers. */
static void
check_shared_file(const char *relative)
{
	Bytes		packed = read_shared(relative);
	Bytes		plain;
	ByteSource	source;
	VolumeReader *reader;
	Volume		volume;
	Box			box;
	int64_t		count;
	size_t		size;
	float		offset;
	float		slope;

	if (packed.data == NULL)
	{
		print_message("SKIP: %s is absent\n", relative);
		return;
	}
	plain = gunzip_bytes(packed, (size_t) 64 << 20);
	source = memory_source("image", packed);
	if (!rad_volume_open(context, &source, -1, &reader))
		fail_msg("%s: %s (%s)", relative, context->message, context->detail);
	box = rad_grid_box(rad_reader_grid(reader));
	if (!rad_volume_read_box(context, reader, &box, &volume))
		fail_msg("%s: %s (%s)", relative, context->message, context->detail);
	count = rad_box_voxel_count(&box);
	size = (size_t) (plain.data[72] / 8);
	memcpy(&offset, plain.data + 108, 4);
	memcpy(&slope, plain.data + 112, 4);
	assert_int_equal(plain.length, (size_t) offset + (size_t) count * size);
	assert_true(slope == 0 || slope == 1 || isnan(slope));
	assert_int_equal(rad_voxel_size(volume.type), size);
	assert_memory_equal(volume.voxels, plain.data + (size_t) offset, (size_t) count * size);
	rad_release(context, volume.voxels);
	free(plain.data);
	free(packed.data);
}

static void
shared_scans_equal_zlib(void **state)
{
	static const char *const kinds[] = {"CT_image", "CT_mask", "PET_image", "PET_mask",
	"MR_T1_image", "MR_T1_mask"};

	(void) state;
	if (shared_folder() == NULL)
	{
		print_message("SKIP: shared data are absent (set RADIOMICS_SHARED)\n");
		skip();
	}
	check_shared_file("ibsi1/digital_phantom/image.nii.gz");
	check_shared_file("ibsi1/digital_phantom/mask.nii.gz");
	check_shared_file("ibsi1/ct_phantom/nifti/image.nii.gz");
	check_shared_file("ibsi1/ct_phantom/nifti/mask.nii.gz");
	for (int patient = 1; patient <= 8; patient++)
		for (int kind = 0; kind < 6; kind++)
		{
			char		relative[64];

			snprintf(relative, sizeof(relative), "sts/STS_%03d/%s.nii.gz", patient, kinds[kind]);
			check_shared_file(relative);
		}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_type_order_version_and_packing),
		TEST(binary128_rounds_as_the_compiler_does),
		TEST(scaling_is_exact_in_integers_or_rounds_once),
		TEST(scaled_extremes_fit),
		TEST(an_intercept_must_be_finite),
		TEST(large_integers_are_exact_or_an_error),
		TEST(pixdim_alone_gives_spacing),
		TEST(quaternions_of_quarter_turns),
		TEST(quaternions_of_half_turns),
		TEST(zeros_have_no_sign),
		TEST(sform_comes_before_qform),
		TEST(sheared_axes),
		TEST(a_single_slice_needs_no_third_column),
		TEST(every_wrong_header_has_its_error),
		TEST(bytes_of_other_formats),
		TEST(frames_of_a_4d_file),
		TEST(any_box_any_number_of_times),
		TEST(rows_stream_in_order),
		TEST(only_what_a_box_needs_is_read),
		TEST(every_truncation_is_an_error),
		TEST(every_flipped_bit_is_noticed),
		TEST(broken_gzip_says_where),
		TEST(gzip_of_many_members),
		TEST(gzip_of_another_length_than_the_header_says),
		TEST(reading_stops_after_the_last_slice),
		TEST(reading_polls_and_can_be_cancelled),
		TEST(gzip_without_output_polls),
		TEST(shared_scans_equal_zlib),
	};

	return cmocka_run_group_tests_name("nifti", tests, NULL, NULL);
}
