/*
 * Reading NRRD and MetaImage: headers in text, every type, byte order,
 * encoding; geometry; every error.  The geometry expected here was printed by
 * SimpleITK 2.5.7 (ITK 5.4) for the same headers; test/conformance/readers
 * compares whole files.
 */
#include "read_support.h"

#include <math.h>

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

/* A header and bytes behind it. */
static Bytes
join(const char *header, const void *data, size_t length)
{
	size_t		head = strlen(header);
	Bytes		file = {malloc(head + length + 1), head + length};

	memcpy(file.data, header, head);
	if (length > 0)
		memcpy(file.data + head, data, length);
	return file;
}

/* Open a file; on failure the error is in the context. */
static bool
open_bytes(Bytes file, int frame, VolumeReader **reader)
{
	ByteSource	source = memory_source("image", file);

	rad_clear_error(context);
	return rad_volume_open(context, &source, frame, reader);
}

/* All voxels of a file as doubles; fails the test when it cannot be read. */
static double *
read_values(const ByteSource *source, int frame, int64_t count, VoxelType type)
{
	double	   *values = malloc((size_t) count * sizeof(double));
	VolumeReader *reader;
	Volume		volume;
	Box			box;

	rad_clear_error(context);
	if (!rad_volume_open(context, source, frame, &reader))
		fail_msg("open: %s (%s)", context->message, context->detail);
	assert_int_equal(rad_reader_voxel_type(reader), type);
	box = rad_grid_box(rad_reader_grid(reader));
	assert_int_equal(rad_box_voxel_count(&box), count);
	if (!rad_volume_read_box(context, reader, &box, &volume))
		fail_msg("read: %s (%s)", context->message, context->detail);
	rad_voxels_to_double(volume.type, volume.voxels, 0, count, values);
	return values;
}

/* --- voxels ---------------------------------------------------------------- */

typedef struct TypeNames
{
	const char *nrrd;
	const char *meta;
	int			size;
	bool		is_float;
	bool		is_signed;
	VoxelType	delivered;
} TypeNames;

static const TypeNames types[] = {
	{"signed char", "MET_CHAR", 1, false, true, VOXEL_INT8},
	{"uchar", "MET_UCHAR", 1, false, false, VOXEL_UINT8},
	{"short", "MET_SHORT", 2, false, true, VOXEL_INT16},
	{"ushort", "MET_USHORT", 2, false, false, VOXEL_UINT16},
	{"int", "MET_INT", 4, false, true, VOXEL_INT32},
	{"unsigned int", "MET_UINT", 4, false, false, VOXEL_UINT32},
	{"int32_t", "MET_LONG", 4, false, true, VOXEL_INT32},
	{"uint32", "MET_ULONG", 4, false, false, VOXEL_UINT32},
	{"long long int", "MET_LONG_LONG", 8, false, true, VOXEL_FLOAT64},
	{"uint64_t", "MET_ULONG_LONG", 8, false, false, VOXEL_FLOAT64},
	{"FLOAT", "MET_FLOAT", 4, true, true, VOXEL_FLOAT32},
	{"double", "MET_DOUBLE", 8, true, true, VOXEL_FLOAT64},
};

#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

/* A value for number n: the extremes first, then a mixture. */
static double
number(const TypeNames *type, int n)
{
	double		half = ldexp(1.0, type->size == 8 ? 52 : 8 * type->size - 1);
	double		whole = fmod(n * 7919.0, half);

	if (type->is_float)
		return n == 0 ? -0.0 : n == 1 ? INFINITY : n == 2 ? 0.1f : (n - 100) * 0.25;
	if (type->is_signed)
		return n == 0 ? -half : n == 1 ? half - 1 : n % 2 == 0 ? whole : -whole;
	return n == 0 ? 0 : n == 1 ? 2 * half - 1 : whole;
}

static void
put_number(uint8_t *at, const TypeNames *type, double value, bool big)
{
	if (type->is_float && type->size == 4)
		put_float32(at, value, big);
	else if (type->is_float)
		put_float64(at, value, big);
	else
		put_bits(at, value < 0 ? (uint64_t) (int64_t) value : (uint64_t) value, type->size, big);
}

static Bytes
zlib_bytes(const void *data, size_t length)
{
	uLongf		room = compressBound((uLong) length);
	Bytes		packed = {malloc(room), 0};

	assert_int_equal(compress(packed.data, &room, data, (uLong) length), Z_OK);
	packed.length = room;
	return packed;
}

typedef enum Packing
{
	PACK_RAW,
	PACK_COMPRESSED,
	PACK_TEXT,
	PACKING_COUNT
} Packing;

/* A file of 13 x 11 x 35 voxels, each with so many channels. */
#define VOXELS (13 * 11 * 35)

static Bytes
make_file(bool nrrd, const TypeNames *type, bool big, Packing packing, int channels)
{
	static const char *const encodings[] = {"raw", "gzip", "ascii"};
	size_t		count = (size_t) VOXELS * (size_t) channels;
	uint8_t    *raw = malloc(count * (size_t) type->size);
	char	   *text = malloc(count * 26 + 1);
	size_t		used = 0;
	Bytes		data = {raw, count * (size_t) type->size};
	char		header[500];
	Bytes		file;

	for (size_t n = 0; n < count; n++)
	{
		put_number(raw + n * (size_t) type->size, type, number(type, (int) n), big);
		used += (size_t) sprintf(text + used, "%.17g%c", number(type, (int) n),
								 n % 13 == 12 ? '\n' : ' ');
	}
	if (packing == PACK_COMPRESSED)
		data = nrrd ? gzip_bytes(raw, data.length, 6) : zlib_bytes(raw, data.length);
	if (packing == PACK_TEXT)
		data = (Bytes) {(uint8_t *) text, used};
	if (nrrd)
		snprintf(header, sizeof(header), "NRRD0004\n# comment\nencoding: %s\nendian: %s\n"
				 "sizes: %d 13 11 35\ntype: %s\nkinds: vector domain domain domain\n"
				 "dimension: 4\nkey:=value: with\n\n", encodings[packing],
				 big ? "big" : "little", channels, type->nrrd);
	else
		snprintf(header, sizeof(header), "ObjectType = Image\nNDims = 3\n"
				 "BinaryData = %s\nBinaryDataByteOrderMSB = %s\nCompressedData = %s\n"
				 "DimSize = 13 11 35\nElementType = %s\nElementNumberOfChannels = %d\n"
				 "ElementDataFile = LOCAL\n", packing == PACK_TEXT ? "False" : "True",
				 big ? "True" : "False", packing == PACK_COMPRESSED ? "True" : "False",
				 type->meta, channels);
	file = join(header, data.data, data.length);
	if (packing == PACK_COMPRESSED)
		free(data.data);
	free(raw);
	free(text);
	return file;
}

static void
check_numbers(const ByteSource *source, const TypeNames *type, int channels)
{
	for (int channel = 0; channel < channels; channel++)
	{
		double	   *values = read_values(source, channels == 1 ? -1 : channel, VOXELS,
										 type->delivered);

		for (int n = 0; n < VOXELS; n++)
		{
			double		expected = number(type, n * channels + channel);

			if (memcmp(&values[n], &expected, sizeof(double)) != 0)
				fail_msg("%s voxel %d channel %d: %.17g, not %.17g", type->nrrd, n, channel,
						 values[n], expected);
		}
		free(values);
	}
}

static void
every_type_order_encoding_and_channel(void **state)
{
	(void) state;
	for (int nrrd = 0; nrrd < 2; nrrd++)
		for (size_t t = 0; t < TYPE_COUNT; t++)
			for (int big = 0; big < 2; big++)
				for (Packing packing = 0; packing < PACKING_COUNT; packing++)
					for (int channels = 1; channels <= 3; channels += 2)
					{
						Bytes		file = make_file(nrrd != 0, &types[t], big != 0, packing,
													 channels);
						Bytes		packed = gzip_bytes(file.data, file.length, 1);
						CountingHandle handle;
						ByteSource	source = memory_source("image", file);
						VolumeReader *reader;

						check_numbers(&source, &types[t], channels);
						source = counting_source("image", file, &handle);
						check_numbers(&source, &types[t], channels);
						source = memory_source("image", packed);
						if (packing != PACK_COMPRESSED)
							check_numbers(&source, &types[t], channels);
						else
						{
							assert_false(rad_volume_open(context, &source, 0, &reader));
							assert_int_equal(context->code, RAD_NOT_SUPPORTED);
							assert_contains(context->message, "compressed twice");
						}
						free(packed.data);
						free(file.data);
					}
}

/* Any box, in any order, is the part of the whole. */
static void
boxes_equal_the_whole(void **state)
{
	uint64_t	seed = 7;

	(void) state;
	for (int nrrd = 0; nrrd < 2; nrrd++)
		for (Packing packing = 0; packing < PACKING_COUNT; packing++)
			for (int channels = 1; channels <= 2; channels++)
			{
				const TypeNames *type = &types[2];
				Bytes		file = make_file(nrrd != 0, type, true, packing, channels);
				VolumeReader *reader;

				assert_true(open_bytes(file, channels - 1, &reader));
				for (int round = 0; round < 12; round++)
				{
					const int  *size = rad_reader_grid(reader)->size;
					Volume		volume;
					Box			box;
					int			at = 0;

					for (int axis = 0; axis < 3; axis++)
					{
						box.lo[axis] = (int) (next_random(&seed) % (uint64_t) size[axis]);
						box.hi[axis] = box.lo[axis] + 1 +
							(int) (next_random(&seed) % (uint64_t) (size[axis] - box.lo[axis]));
					}
					assert_true(rad_volume_read_box(context, reader, &box, &volume));
					for (int z = box.lo[2]; z < box.hi[2]; z++)
						for (int y = box.lo[1]; y < box.hi[1]; y++)
							for (int x = box.lo[0]; x < box.hi[0]; x++)
							{
								int			voxel = x + size[0] * (y + size[1] * z);

								assert_int_equal(((int16_t *) volume.voxels)[at++],
												 (int) number(type, voxel * channels + channels - 1));
							}
				}
				free(file.data);
			}
}

/* --- geometry -------------------------------------------------------------- */

typedef struct Geometry
{
	const char *header;			/* what differs from file to file */
	double		spacing[3];
	double		origin[3];
	double		direction[9];
} Geometry;

#define IDENTITY {1, 0, 0, 0, 1, 0, 0, 0, 1}

static void
check_geometry(const Geometry *expected, const Grid *grid)
{
	for (int k = 0; k < 3; k++)
	{
		if (grid->spacing[k] != expected->spacing[k] || grid->origin[k] != expected->origin[k])
			fail_msg("%s: axis %d has spacing %a and origin %a", expected->header, k,
					 grid->spacing[k], grid->origin[k]);
		for (int c = 0; c < 3; c++)
		{
			if (grid->direction[k][c] != expected->direction[3 * k + c] ||
				(grid->direction[k][c] == 0.0 && signbit(grid->direction[k][c])))
				fail_msg("%s: direction[%d][%d] is %a", expected->header, k, c,
						 grid->direction[k][c]);
		}
	}
}

static const Geometry nrrd_geometries[] = {
	{"space: right-anterior-superior\nspace directions: (2,0,0) (0,3,0) (0,0,4)\n"
	"space origin: (1,2,3)", {2, 3, 4}, {-1, -2, 3}, {-1, 0, 0, 0, -1, 0, 0, 0, 1}},
	{"space: LAS\nspace directions: (2,0,0) (0,3,0) (0,0,4)\nspace origin: (1,2,3)",
	{2, 3, 4}, {1, -2, 3}, {1, 0, 0, 0, -1, 0, 0, 0, 1}},
	{"space: LPS\nspace directions: ( 2 , 0, 0)   (0,3,0) (0,0,4)\nspace origin: (1,2,3)",
	{2, 3, 4}, {1, 2, 3}, IDENTITY},
	{"space: scanner-xyz\nspace directions: (2,0,0) (0,3,0) (0,0,4)\nspace origin: (1,2,3)",
	{2, 3, 4}, {1, 2, 3}, IDENTITY},
	{"space: 3D-left-handed\nspace directions: (2,0,0) (0,3,0) (0,0,4)\nspace origin: (1,2,3)",
	{2, 3, 4}, {1, 2, 3}, IDENTITY},
	{"space dimension: 3\nspace directions: (2,0,0) (0,3,0) (0,0,4)\nspace origin: (1,2,3)",
	{2, 3, 4}, {1, 2, 3}, IDENTITY},
	{"space: left-posterior-superior\nspace directions: (2,0,0) (0,3,0) (0,0,4)",
	{2, 3, 4}, {0, 0, 0}, IDENTITY},
	{"space: left-posterior-superior-time\n"
	"space directions: (2,0,0,0) (0,3,0,0) (0,0,4,0)\nspace origin: (1,2,3,9)",
	{2, 3, 4}, {1, 2, 3}, IDENTITY},
	{"space: LPS\nkinds: domain space domain\nspace directions: (2,0,0) (0,3,0) none\n"
	"space origin: (1,2,3)", {2, 3, 1}, {1, 2, 3}, IDENTITY},
	{"spacings: 1 2 3", {1, 2, 3}, {0, 0, 0}, IDENTITY},
	{"spacings: 1 nan 3", {1, 1, 3}, {0, 0, 0}, IDENTITY},
	{"spacings: 1 -2 3", {1, 2, 3}, {0, 0, 0}, {1, 0, 0, 0, -1, 0, 0, 0, 1}},
	{"spacings: 1 2 3\naxis mins: 10 20 30", {1, 2, 3}, {10.5, 21, 31.5}, IDENTITY},
	{"spacings: 1 2 3\naxis mins: 10 20 30\ncenters: node cell node",
	{1, 2, 3}, {10, 21, 30}, IDENTITY},
	{"old min: 0\nold max: 255\ncontent: x: y", {1, 1, 1}, {0, 0, 0}, IDENTITY},

	/* data/pyradiomics/synthetic/s1_float_image and images/brain1_image */
	{"space: left-posterior-superior\nspace directions: (0.8156770083329848,0.3803564355666295,0.0) "
		"(-0.4648800879147694,0.9969385657403149,0.0) (0.0,0.0,2.5)\nspace origin: (-12.5,30.25,7.75)",
		{0x1.cccccccccccccp-1, 0x1.199999999999ap+0, 2.5}, {-12.5, 30.25, 7.75},
		{0x1.d0079302dd766p-1, -0x1.b0c2d77379853p-2, 0, 0x1.b0c2d77379854p-2,
	0x1.d0079302dd767p-1, 0, 0, 0, 1}},
	{"space: left-posterior-superior\nspace directions: (0.78124999999999989,0,0) "
		"(0,-0.78124999999999989,0) (0,0,6.4999999999999982)\n"
		"space origin: (-99.609374999999986,99.609374999999986,-77.999999999999957)",
		{0x1.8ffffffffffffp-1, 0x1.8ffffffffffffp-1, 0x1.9fffffffffffep+2},
		{-99.609374999999986, 99.609374999999986, -77.999999999999957},
	{1, 0, 0, 0, -1, 0, 0, 0, 1}},
};

static void
nrrd_geometry_is_that_of_itk(void **state)
{
	static const uint8_t voxels[24];

	(void) state;
	for (size_t n = 0; n < sizeof(nrrd_geometries) / sizeof(nrrd_geometries[0]); n++)
	{
		char		header[1000];
		VolumeReader *reader;
		Bytes		file;

		/* The fields of the place come first, before dimension and type. */
		snprintf(header, sizeof(header), "NRRD0005\r\n%s\r\nencoding: raw\r\ntype: uint8\r\n"
				 "sizes: 2 3 4\r\ndimension: 3\r\n\r\n", nrrd_geometries[n].header);
		file = join(header, voxels, sizeof(voxels));
		if (!open_bytes(file, -1, &reader))
			fail_msg("%s: %s", nrrd_geometries[n].header, context->message);
		check_geometry(&nrrd_geometries[n], rad_reader_grid(reader));
		assert_int_equal(rad_reader_grid(reader)->dimension, 3);
		free(file.data);
	}
}

static const Geometry meta_geometries[] = {
	{"Comment = none", {1, 1, 1}, {0, 0, 0}, IDENTITY},
	{"TransformMatrix = 0 1 0 -1 0 0 0 0 1\nOffset = 1 2 3\nCenterOfRotation = 9 9 9\n"
		"ElementSpacing = 1 2 3\nAnatomicalOrientation = RAI", {1, 2, 3}, {1, 2, 3},
	{0, -1, 0, 1, 0, 0, 0, 0, 1}},
	{"Offset = 1 2 3\nAnatomicalOrientation = LPI", {1, 1, 1}, {1, 2, 3}, IDENTITY},
	{"Position = 1 2 3\nRotation = 0 1 0 -1 0 0 0 0 1", {1, 1, 1}, {1, 2, 3},
	{0, -1, 0, 1, 0, 0, 0, 0, 1}},
	{"Origin: 1 2 3\nOrientation: 0 1 0 -1 0 0 0 0 1", {1, 1, 1}, {1, 2, 3},
	{0, -1, 0, 1, 0, 0, 0, 0, 1}},
	{"ElementSize = 1 2 3", {1, 2, 3}, {0, 0, 0}, IDENTITY},
	{"ElementSize = 1 2 3\nElementSpacing = 4 5 6", {4, 5, 6}, {0, 0, 0}, IDENTITY},
	{"ElementSpacing = 4 -5 6", {4, 5, 6}, {0, 0, 0}, {1, 0, 0, 0, -1, 0, 0, 0, 1}},
	{"ElementSpacing = 0.1 0.78124999999999989 2.0615528128088303\nOffset = 1e-7 -0 3\nFoo = bar\n",
	{0.1, 0x1.8ffffffffffffp-1, 2.0615528128088303}, {1e-7, 0, 3}, IDENTITY},
};

static void
metaimage_geometry_is_that_of_itk(void **state)
{
	static const uint8_t voxels[24];

	(void) state;
	for (size_t n = 0; n < sizeof(meta_geometries) / sizeof(meta_geometries[0]); n++)
	{
		char		header[1000];
		VolumeReader *reader;
		Bytes		file;

		snprintf(header, sizeof(header), "%s\nObjectType=Image\r\nNDims = 3\r\nDimSize = 2 3 4\n"
				 "ElementType = MET_UCHAR\nElementDataFile = LOCAL\r\n", meta_geometries[n].header);
		file = join(header, voxels, sizeof(voxels));
		if (!open_bytes(file, -1, &reader))
			fail_msg("%s: %s", meta_geometries[n].header, context->message);
		check_geometry(&meta_geometries[n], rad_reader_grid(reader));
		free(file.data);
	}
}

/* Directions of a few digits are kept as they are, and still invertible. */
static void
rounded_directions_are_inverted(void **state)
{
	static const uint8_t voxels[24];
	Bytes		file = join("NRRD0005\nencoding: raw\ntype: uint8\nsizes: 2 3 4\ndimension: 3\n"
							"space: LPS\nspace directions: (0.8,0.0005,0) (0,0.8,0) (0,0.002,3)\n"
							"space origin: (-200,100,40)\n\n", voxels, sizeof(voxels));
	const double index[3] = {300, -20.5, 77};
	VolumeReader *reader;
	double		world[3];
	double		back[3];

	(void) state;
	assert_true(open_bytes(file, -1, &reader));
	rad_grid_to_world(rad_reader_grid(reader), index, world);
	/* The axes as the file has them: position = origin + sum of index times vector. */
	assert_true(fabs(world[1] - (100 + 300 * 0.0005 - 20.5 * 0.8 + 77 * 0.002)) < 1e-9);
	rad_grid_to_index(rad_reader_grid(reader), world, back);
	for (int axis = 0; axis < 3; axis++)
		assert_true(fabs(back[axis] - index[axis]) < 1e-9);
	free(file.data);
}

/* --- axes ------------------------------------------------------------------ */

typedef struct Axes
{
	const char *header;
	int			frames;			/* to be selected from */
	int			size[3];
	int			dimension;
	int			first[2];		/* voxels 0 and 1 of the last frame */
} Axes;

#define DIRECTIONS_LAST "space: LPS\nspace directions: (2,0,0) (0,3,0) (0,0,4) none\n"
#define DIRECTIONS_FIRST "space: LPS\nspace directions: none (2,0,0) (0,3,0) (0,0,4)\n"

/* Files of the bytes 0, 1, 2 and so on. */
static const Axes axes[] = {
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 3\nsizes: 2 3 4\n\n", 1, {2, 3, 4}, 3, {0, 1}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 2\nsizes: 4 6\nspace dimension: 2\n"
	"space directions: (2,0) (0,3)\nspace origin: (1,2)\n\n", 1, {4, 6, 1}, 2, {0, 1}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 2\nsizes: 4 6\nspace: LPS\n"
	"space directions: (2,0,0) (0,0,3)\nspace origin: (1,2,5)\n\n", 1, {4, 6, 1}, 2, {0, 1}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 3\nsizes: 4 6 1\n\n", 1, {4, 6, 1}, 3, {0, 1}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 1\nsizes: 24\n\n", 1, {24, 1, 1}, 2, {0, 1}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 4\nsizes: 2 2 3 2\n"
	"kinds: vector domain domain domain\n" DIRECTIONS_FIRST "\n", 2, {2, 3, 2}, 3, {1, 3}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 4\nsizes: 3 2 2 2\n"
	"kinds: RGB-color domain domain domain\n\n", 3, {2, 2, 2}, 3, {2, 5}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 4\nsizes: 2 3 2 2\n"
	"kinds: domain domain domain list\n" DIRECTIONS_LAST "\n", 2, {2, 3, 2}, 3, {12, 13}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 4\nsizes: 2 3 2 2\n" DIRECTIONS_LAST "\n",
	2, {2, 3, 2}, 3, {12, 13}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 4\nsizes: 2 2 3 2\n" DIRECTIONS_FIRST "\n",
	2, {2, 3, 2}, 3, {1, 3}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 4\nsizes: 2 3 2 2\n"
	"kinds: space space space time\nspacings: 1 2 3 4\n\n", 2, {2, 3, 2}, 3, {12, 13}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 4\nsizes: 1 2 3 4\n"
	"kinds: stub domain domain domain\n" DIRECTIONS_FIRST "\n", 1, {2, 3, 4}, 3, {0, 1}},
	{"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 4\nsizes: 2 1 3 4\n"
	"kinds: domain list domain domain\n\n", 1, {2, 3, 4}, 3, {0, 1}},
	{"NDims = 2\nDimSize = 4 6\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n",
	1, {4, 6, 1}, 2, {0, 1}},
	{"NDims = 3\nDimSize = 4 6 1\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n",
	1, {4, 6, 1}, 3, {0, 1}},
	{"NDims = 4\nDimSize = 2 3 2 2\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n",
	2, {2, 3, 2}, 3, {12, 13}},
	{"NDims = 3\nDimSize = 2 3 2\nElementType = MET_UCHAR_ARRAY\nElementNumberOfChannels = 2\n"
	"ElementDataFile = LOCAL\n", 2, {2, 3, 2}, 3, {1, 3}},
};

static void
axes_become_places_channels_and_frames(void **state)
{
	uint8_t		voxels[24];

	(void) state;
	for (int n = 0; n < 24; n++)
		voxels[n] = (uint8_t) n;
	for (size_t n = 0; n < sizeof(axes) / sizeof(axes[0]); n++)
	{
		Bytes		file = join(axes[n].header, voxels, sizeof(voxels));
		ByteSource	source = memory_source("image", file);
		VolumeReader *reader;
		double	   *values;

		if (open_bytes(file, -1, &reader) != (axes[n].frames == 1))
			fail_msg("%s: %s", axes[n].header, context->message);
		if (axes[n].frames > 1)
			assert_int_equal(context->code, RAD_INVALID_PARAMETER);
		assert_false(open_bytes(file, axes[n].frames, &reader));
		assert_int_equal(context->code, RAD_INVALID_PARAMETER);
		if (!open_bytes(file, axes[n].frames - 1, &reader))
			fail_msg("%s: %s", axes[n].header, context->message);
		assert_memory_equal(rad_reader_grid(reader)->size, axes[n].size, sizeof(axes[n].size));
		assert_int_equal(rad_reader_grid(reader)->dimension, axes[n].dimension);
		values = read_values(&source, axes[n].frames - 1, 24 / axes[n].frames, VOXEL_UINT8);
		if (values[0] != axes[n].first[0] || values[1] != axes[n].first[1])
			fail_msg("%s: voxels %g, %g", axes[n].header, values[0], values[1]);
		free(values);
		free(file.data);
	}
}

/* --- where the voxels begin ------------------------------------------------ */

static void
check_begin(const char *header, const char *before)
{
	uint8_t		data[200];
	size_t		junk = strlen(before);
	Bytes		file;
	ByteSource	source;
	double	   *values;

	memcpy(data, before, junk);
	for (int n = 0; n < 24; n++)
		data[junk + (size_t) n] = (uint8_t) (n + 40);
	file = join(header, data, junk + 24);
	source = memory_source("image", file);
	values = read_values(&source, -1, 24, VOXEL_UINT8);
	assert_true(values[0] == 40.0 && values[23] == 63.0);
	free(values);
	free(file.data);
}

static void
skipped_bytes_and_lines(void **state)
{
	(void) state;
	check_begin("NRRD0001\ntype: uchar\ndimension: 3\nsizes: 2 3 4\nencoding: raw\n"
				"byte skip: 3\n\n", "abc");
	check_begin("NRRD0001\ntype: uchar\ndimension: 3\nsizes: 2 3 4\nencoding: raw\n"
				"byte skip: -1\n\n", "abcdef");
	check_begin("NRRD0001\ntype: uchar\ndimension: 3\nsizes: 2 3 4\nencoding: raw\n"
				"line skip: 2\nbyteskip: 1\n\n", "abc\n\nx");
	check_begin("NDims = 3\nDimSize = 2 3 4\nElementType = MET_UCHAR\nHeaderSize = -1\n"
				"ElementDataFile = LOCAL\n", "junk");
	check_begin("NDims = 3\nDimSize = 2 3 4\nElementType = MET_UCHAR\nHeaderSize = 97\n"
				"ElementDataFile = LOCAL\n", "seven..");
}

/* --- errors ---------------------------------------------------------------- */

typedef struct Wrong
{
	RadErrorCode code;
	const char *message;
	const char *file;
} Wrong;

#define NRRD "NRRD0005\ntype: uchar\nencoding: raw\ndimension: 3\nsizes: 2 1 2\n"
#define TEXT "NRRD0005\ntype: short\nencoding: ascii\ndimension: 3\nsizes: 2 1 2\n\n"
#define META "NDims = 3\nDimSize = 2 1 2\nElementType = MET_UCHAR\n"
#define LOCAL "ElementDataFile = LOCAL\n"

static const Wrong wrongs[] = {
	{RAD_INVALID_BINARY, "no NRRD version", "NRRD0006\ntype: uchar\n\n"},
	{RAD_INVALID_BINARY, "no NRRD version", "NRRDx\n\n"},
	{RAD_INVALID_BINARY, "ends inside its NRRD header", "NRRD0005\ntype: uchar\n"},
	{RAD_INVALID_BINARY, "no field \"type\"", "NRRD0005\ndimension: 3\n\n"},
	{RAD_INVALID_BINARY, "no field \"encoding\"",
	"NRRD0005\ntype: uchar\ndimension: 3\nsizes: 2 1 2\n\nabcd"},
	{RAD_INVALID_BINARY, "\"char\" as \"type\"",
	"NRRD0005\ntype: char\nencoding: raw\ndimension: 3\nsizes: 2 1 2\n\nabcd"},
	{RAD_NOT_SUPPORTED, "type block",
	"NRRD0005\ntype: block\nencoding: raw\ndimension: 3\nsizes: 2 1 2\n\nabcd"},
	{RAD_NOT_SUPPORTED, "NRRD encoding \"bzip2\"",
	"NRRD0005\ntype: uchar\nencoding: bzip2\ndimension: 3\nsizes: 2 1 2\n\nabcd"},
	{RAD_INVALID_BINARY, "no field \"endian\"",
	"NRRD0005\ntype: short\nencoding: raw\ndimension: 3\nsizes: 2 1 2\n\nabcdefgh"},
	{RAD_INVALID_BINARY, "\"middle\" as \"endian\"", NRRD "endian: middle\n\nabcd"},
	{RAD_INVALID_BINARY, "twice", NRRD "type: uchar\n\nabcd"},
	{RAD_INVALID_BINARY, "unknown field \"typ\"", NRRD "typ: uchar\n\nabcd"},
	{RAD_INVALID_BINARY, "that is no field", NRRD "nothing here\n\nabcd"},
	{RAD_INVALID_BINARY, "\"2 1\" as \"sizes\"",
	"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 3\nsizes: 2 1\n\nabcd"},
	{RAD_INVALID_BINARY, "as \"sizes\"",
	"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 3\nsizes: 2 1 2 1\n\nabcd"},
	{RAD_INVALID_BINARY, "as \"sizes\"",
	"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 3\nsizes: 2 0 2\n\nabcd"},
	{RAD_INVALID_BINARY, "as \"dimension\"",
	"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 17\nsizes: 2 0 2\n\nabcd"},
	{RAD_LIMIT_EXCEEDED, "99999 voxels along y",
	"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 3\nsizes: 2 99999 2\n\nabcd"},
	{RAD_NOT_SUPPORTED, "another file, \"a.raw\"", NRRD "data file: a.raw\n\n"},
	{RAD_INVALID_BINARY, "as \"space\"", NRRD "space: nowhere\n\nabcd"},
	{RAD_INVALID_BINARY, "as \"space directions\"",
	NRRD "space: LPS\nspace directions: (1,0,0) (0,1,0)\n\nabcd"},
	{RAD_INVALID_BINARY, "as \"space directions\"",
	NRRD "space: LPS\nspace directions: (1,0,0) (0,1,0) (0,0)\n\nabcd"},
	{RAD_INVALID_BINARY, "no \"space\"", NRRD "space directions: (1,0,0) (0,1,0) (0,0,1)\n\nabcd"},
	{RAD_INVALID_BINARY, "out of range",
	NRRD "space: LPS\nspace directions: (1,0,0) (0,0,0) (0,0,1)\n\nabcd"},
	{RAD_NOT_SUPPORTED, "not perpendicular",
	NRRD "space: LPS\nspace directions: (2,0.5,0) (0,3,0) (0,0,4)\n\nabcd"},
	{RAD_INVALID_BINARY, "as \"space origin\"",
		NRRD "space: LPS\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (1,2,x)\n\n"
	"abcd"},
	{RAD_NOT_SUPPORTED, "with \"spacings\"", NRRD "space: LPS\nspacings: 1 2 3\n\nabcd"},
	{RAD_INVALID_BINARY, "out of range", NRRD "spacings: 1 0 3\n\nabcd"},
	{RAD_INVALID_BINARY, "as \"spacings\"", NRRD "spacings: 1 inf 3\n\nabcd"},
	{RAD_NOT_SUPPORTED, "without \"spacings\"", NRRD "axis mins: 1 2 3\n\nabcd"},
	{RAD_NOT_SUPPORTED, "as \"space units\"",
		NRRD "space: LPS\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n"
	"space units: \"um\" \"um\" \"um\"\n\nabcd"},
	{RAD_INVALID_BINARY, "no spatial axis", NRRD "kinds: list list list\n\nabcd"},
	{RAD_NOT_SUPPORTED, "has axes of sizes",
		"NRRD0005\ntype: uchar\nencoding: raw\ndimension: 4\nsizes: 2 2 1 2\n"
	"kinds: domain list domain domain\n\nabcdefgh"},
	{RAD_INVALID_BINARY, "shorter than its header", NRRD "\nabc"},
	{RAD_INVALID_BINARY, "longer than its header", NRRD "\nabcde"},
	{RAD_INVALID_BINARY, "skips", NRRD "line skip: 9\n\nabcd"},
	{RAD_INVALID_BINARY, "no integer", TEXT "1 2 3 4.5"},
	{RAD_INVALID_BINARY, "no integer", TEXT "1,2,3,4"},
	{RAD_OUT_OF_RANGE, "\"32768\" as its number 2", TEXT "1 2 32768 4"},
	{RAD_INVALID_BINARY, "shorter", TEXT "1 2 3     "},
	{RAD_INVALID_BINARY, "shorter", TEXT "1"},
	{RAD_INVALID_BINARY, "longer", TEXT "1 2 3 4 5"},
	{RAD_OUT_OF_RANGE, "no double holds exactly",
		"NRRD0005\ntype: int64\nencoding: ascii\ndimension: 3\nsizes: 1 1 1\n\n"
	"9007199254740993"},
	{RAD_OUT_OF_RANGE, "outside its type's range",
	"NRRD0005\ntype: float\nencoding: ascii\ndimension: 3\nsizes: 1 1 1\n\n1e39"},
	{RAD_INVALID_BINARY, "ends inside its MetaImage header", META},
	{RAD_NOT_SUPPORTED, "another file, \"a.raw\"", META "ElementDataFile = a.raw\n"},
	{RAD_NOT_SUPPORTED, "\"Scene\"", "ObjectType = Scene\n" META LOCAL},
	{RAD_NOT_SUPPORTED, "MET_STRING", "NDims = 3\nDimSize = 2 1 2\nElementType = MET_STRING\n" LOCAL},
	{RAD_INVALID_BINARY, "no ElementType", "NDims = 3\nDimSize = 2 1 2\n" LOCAL},
	{RAD_INVALID_BINARY, "no NDims", "DimSize = 2 1 2\nElementType = MET_UCHAR\n" LOCAL},
	{RAD_INVALID_BINARY, "no DimSize", "NDims = 3\nElementType = MET_UCHAR\n" LOCAL},
	{RAD_INVALID_BINARY, "\"5\" as NDims", "NDims = 5\nElementType = MET_UCHAR\n" LOCAL},
	{RAD_INVALID_BINARY, "as DimSize", "NDims = 3\nDimSize = 2 -1 2\nElementType = MET_UCHAR\n" LOCAL},
	{RAD_INVALID_BINARY, "as ElementSpacing", META "ElementSpacing = 1 2\n" LOCAL},
	{RAD_INVALID_BINARY, "out of range", META "ElementSpacing = 1 0 2\n" LOCAL "abcd"},
	{RAD_INVALID_BINARY, "of length 2", META "TransformMatrix = 2 0 0 0 2 0 0 0 2\n" LOCAL "abcd"},
	{RAD_NOT_SUPPORTED, "not perpendicular",
	META "TransformMatrix = 1 0 0 0.6 0.8 0 0 0 1\n" LOCAL "abcd"},
	{RAD_NOT_SUPPORTED, "ElementToIntensityFunction",
	META "ElementToIntensityFunctionSlope = 2\n" LOCAL "abcd"},
	{RAD_INVALID_BINARY, "as HeaderSize", META "HeaderSize = 7\n" LOCAL "abcd"},
	{RAD_INVALID_BINARY, "shorter", META LOCAL "abc"},
	{RAD_INVALID_BINARY, "longer", META LOCAL "abcde"},
	{RAD_INVALID_BINARY, "zlib data is corrupt", META "CompressedData = True\n" LOCAL "abcd"},
	{RAD_INVALID_BINARY, "compressed bytes",
	META "CompressedData = True\nCompressedDataSize = 99\n" LOCAL "abcd"},
	{RAD_NOT_SUPPORTED, "compressed text",
	META "CompressedData = True\nBinaryData = False\n" LOCAL "abcd"},
	{RAD_NOT_SUPPORTED, "channels in each of",
		"NDims = 4\nDimSize = 2 1 2 2\nElementType = MET_UCHAR\nElementNumberOfChannels = 2\n" LOCAL
	"abcdefghabcdefgh"},
};

static void
wrong_files_are_refused(void **state)
{
	(void) state;
	for (size_t n = 0; n < sizeof(wrongs) / sizeof(wrongs[0]); n++)
	{
		Bytes		file = {(uint8_t *) wrongs[n].file, strlen(wrongs[n].file)};
		VolumeReader *reader;
		Volume		volume;
		Box			box;
		bool		ok = open_bytes(file, -1, &reader);

		if (ok)
		{
			box = rad_grid_box(rad_reader_grid(reader));
			ok = rad_volume_read_box(context, reader, &box, &volume);
		}
		if (ok)
			fail_msg("read without an error: %s", wrongs[n].file);
		if (context->code != wrongs[n].code || strstr(context->message, wrongs[n].message) == NULL)
		{
			if (strstr(context->detail, wrongs[n].message) == NULL)
				fail_msg("%s\ngives %d \"%s\" (%s)", wrongs[n].file, context->code,
						 context->message, context->detail);
		}
	}
}

/* Cut anywhere, and with any byte changed, a file is read or refused. */
static void
damage_never_crashes(void **state)
{
	(void) state;
	for (int nrrd = 0; nrrd < 2; nrrd++)
		for (Packing packing = 0; packing < PACKING_COUNT; packing++)
		{
			Bytes		file = make_file(nrrd != 0, &types[2], false, packing, 1);
			size_t		header = packing == PACK_TEXT ? 250 : 400;

			for (size_t n = 0; n < file.length; n += n < header ? 1 : 997)
			{
				Bytes		part = {malloc(file.length), n};
				VolumeReader *reader;
				Volume		volume;
				Box			box = {{0, 0, 0}, {1, 1, 1}};

				memcpy(part.data, file.data, file.length);
				if (open_bytes(part, -1, &reader))
					rad_volume_read_box(context, reader, &box, &volume);
				part.length = file.length;
				part.data[n] ^= (uint8_t) (1 + n % 255);
				if (open_bytes(part, -1, &reader))
					rad_volume_read_box(context, reader, &box, &volume);
				free(part.data);
			}
			free(file.data);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_type_order_encoding_and_channel, setup, teardown),
		cmocka_unit_test_setup_teardown(boxes_equal_the_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(nrrd_geometry_is_that_of_itk, setup, teardown),
		cmocka_unit_test_setup_teardown(metaimage_geometry_is_that_of_itk, setup, teardown),
		cmocka_unit_test_setup_teardown(rounded_directions_are_inverted, setup, teardown),
		cmocka_unit_test_setup_teardown(axes_become_places_channels_and_frames, setup, teardown),
		cmocka_unit_test_setup_teardown(skipped_bytes_and_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_files_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_never_crashes, setup, teardown),
	};

	return cmocka_run_group_tests_name("text_headers", tests, NULL, NULL);
}
