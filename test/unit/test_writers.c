/*
 * Writing files: what is written reads back as the same voxels of the same
 * type with the same doubles of geometry.  Oracles: the volume that was
 * written, zlib for the compressed bytes.  test/conformance/readers lets
 * SimpleITK read what we write.
 */
#include "read_support.h"

#include <dirent.h>
#include <math.h>

#include "formats/codec.h"
#include "formats/exact_geometry.h"
#include "formats/tiff.h"
#include "formats/writer.h"

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

typedef bool (*Write) (RadContext *context, VolumeReader *reader, bool compress,
					   const ByteSink *sink);

static bool
write_tiff(RadContext *unused, VolumeReader *reader, bool compress, const ByteSink *sink)
{
	TiffOptions options = {.compression = compress ? RAD_TIFF_LZW : RAD_TIFF_NONE};

	return rad_write_tiff(unused, reader, &options, sink);
}

static const struct
{
	const char *name;
	Write		write;
}			writers[] = {
	{"NIfTI", rad_write_nifti},
	{"NRRD", rad_write_nrrd},
	{"MetaImage", rad_write_metaimage},
	{"TIFF", write_tiff},
};

#define WRITER_COUNT (sizeof(writers) / sizeof(writers[0]))

/* A reader of a volume in memory, to write from. */

static bool
read_memory(RadContext *unused, VolumeReader *reader, const Box *box, RowsCallback callback,
			void *argument)
{
	const int  *size = reader->grid.size;
	size_t		voxel = rad_voxel_size(reader->type);

	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int y = box->lo[1]; y < box->hi[1]; y++)
		{
			int64_t		row = y + (int64_t) z * size[1];

			if (!callback(unused, argument, row, 1, (uint8_t *) reader->state +
						  (size_t) (row * size[0] + box->lo[0]) * voxel))
				return false;
		}
	return true;
}

static const Codec memory_codec = {.name = "memory", .read_rows = read_memory};

static VolumeReader
memory_reader(const Volume *volume)
{
	return (VolumeReader) {
		.codec = &memory_codec, .grid = volume->grid, .type = volume->type,
		.state = volume->voxels
	};
}

static Bytes
write_bytes(size_t writer, VolumeReader *reader, bool compress)
{
	ByteBuffer	buffer = {0};
	ByteSink	sink = rad_buffer_sink(&buffer);

	if (!writers[writer].write(context, reader, compress, &sink))
		fail_msg("%s: %s (%s)", writers[writer].name, context->message, context->detail);
	return (Bytes) {buffer.bytes, buffer.length};
}

/* The same bits: 0 and -0 are different. */
static bool
same_geometry(const Grid *a, const Grid *b)
{
	return a->dimension == b->dimension &&
		memcmp(a->spacing, b->spacing, sizeof(a->spacing)) == 0 &&
		memcmp(a->origin, b->origin, sizeof(a->origin)) == 0 &&
		memcmp(a->direction, b->direction, sizeof(a->direction)) == 0;
}

static void
check_same(const char *name, const Volume *volume, Bytes file)
{
	ByteSource	source = memory_source("image", file);
	VolumeReader *reader;
	Volume		read;
	Box			box = rad_grid_box(&volume->grid);

	if (!rad_volume_open(context, &source, -1, &reader))
		fail_msg("%s: %s (%s)", name, context->message, context->detail);
	assert_memory_equal(rad_reader_grid(reader)->size, volume->grid.size,
						sizeof(volume->grid.size));
	if (!same_geometry(rad_reader_grid(reader), &volume->grid))
	{
		char		before[RAD_GEOMETRY_LENGTH];
		char		after[RAD_GEOMETRY_LENGTH];

		rad_geometry_print(&volume->grid, before);
		rad_geometry_print(rad_reader_grid(reader), after);
		fail_msg("%s: geometry %s became %s", name, before, after);
	}
	assert_int_equal(rad_reader_voxel_type(reader), volume->type);
	if (!rad_volume_read_box(context, reader, &box, &read))
		fail_msg("%s: %s (%s)", name, context->message, context->detail);
	if (memcmp(read.voxels, volume->voxels,
			   (size_t) rad_box_voxel_count(&box) * rad_voxel_size(volume->type)) != 0)
		fail_msg("%s: voxels differ", name);
	rad_release(context, read.voxels);
}

/* Random numbers in [-1, 1). */
static double
random_unit(uint64_t *seed)
{
	return (double) (next_random(seed) >> 11) * 0x1p-52 - 1.0;
}

/* A rotation by a random quaternion, left-handed now and then. */
static void
random_direction(uint64_t *seed, double m[3][3])
{
	double		q[4];
	double		norm = 0.0;
	bool		mirror = next_random(seed) % 3 == 0;

	for (int n = 0; n < 4; n++)
	{
		q[n] = random_unit(seed);
		norm += q[n] * q[n];
	}
	for (int n = 0; n < 4; n++)
		q[n] /= sqrt(norm);
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++)
		{
			int			third = 3 - r - c;
			double		sign = (c - r + 3) % 3 == 1 ? -1.0 : 1.0;

			if (r == c)
				m[r][c] = 1.0 - 2.0 * (q[1] * q[1] + q[2] * q[2] + q[3] * q[3] - q[r + 1] * q[r + 1]);
			else
				m[r][c] = 2.0 * (q[r + 1] * q[c + 1] + sign * q[0] * q[third + 1]);
			if (mirror && c == 2)
				m[r][c] = -m[r][c];
		}
}

static Volume
random_volume(uint64_t *seed, VoxelType type, int dimension, bool aligned)
{
	Volume		volume = {.type = type};
	size_t		bytes;

	for (int axis = 0; axis < 3; axis++)
	{
		volume.grid.size[axis] = 1 + (int) (next_random(seed) % 9);
		volume.grid.spacing[axis] = exp(random_unit(seed) * 3.0);
		volume.grid.origin[axis] = random_unit(seed) * 500.0;
		volume.grid.direction[axis][axis] = 1.0;
	}
	if (!aligned)
		random_direction(seed, volume.grid.direction);
	volume.grid.dimension = dimension;
	if (dimension == 2)
		volume.grid.size[2] = 1;
	if (dimension == 2 && aligned)
	{
		volume.grid.origin[2] = 0.0;
		if (next_random(seed) % 2 == 0)
			volume.grid.spacing[2] = 1.0;
	}
	bytes = (size_t) rad_grid_voxel_count(&volume.grid) * rad_voxel_size(type);
	volume.voxels = rad_allocate(context, bytes, 1);
	for (size_t n = 0; n < bytes; n++)
		((uint8_t *) volume.voxels)[n] = (uint8_t) next_random(seed);
	return volume;
}

static void
random_volumes_come_back(void **state)
{
	uint64_t	seed = 11;

	(void) state;
	for (int round = 0; round < 40 * VOXEL_TYPE_COUNT; round++)
	{
		Volume		volume = random_volume(&seed, (VoxelType) (round % VOXEL_TYPE_COUNT),
										   round % 5 < 2 ? 2 : 3, round % 3 == 0);

		for (size_t writer = 0; writer < WRITER_COUNT; writer++)
			for (int compress = 0; compress < 2; compress++)
			{
				VolumeReader reader = memory_reader(&volume);

				check_same(writers[writer].name, &volume,
						   write_bytes(writer, &reader, compress != 0));
			}
	}
}

/* More than 32,767 voxels along an axis need NIfTI-2. */
static void
long_axes_come_back(void **state)
{
	Volume		volume = {
		.grid = {
			.size = {2, 40000, 1}, .spacing = {0.1, 1.0 / 3.0, 2}, .origin = {0.1, -7, 1e6},
			.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, .dimension = 3
		},
		.type = VOXEL_INT16
	};
	int16_t    *voxels = rad_new(context, int16_t, 80000);

	(void) state;
	for (int n = 0; n < 80000; n++)
		voxels[n] = (int16_t) (n * 31);
	volume.voxels = voxels;
	for (size_t writer = 0; writer < WRITER_COUNT; writer++)
	{
		VolumeReader reader = memory_reader(&volume);

		check_same(writers[writer].name, &volume, write_bytes(writer, &reader, writer == 1));
	}
}

/*
 * A slice whose normal has the components 0 and -1, which a cross product makes
 * -0 of, and axes at the limit of what counts as perpendicular, which single
 * precision moves beyond it.
 */
static void
odd_geometries_come_back(void **state)
{
	static const Grid grids[] = {
		{.size = {2, 1, 1}, .spacing = {0.5, 0.25, 1}, .origin = {1, 2, 3}, .dimension = 2,
		.direction = {{0, -1, 0}, {1, 0, 0}, {0, 0, 1}}},
		{.size = {1, 3, 1}, .spacing = {0.5, 0.25, 1}, .origin = {1, 2, 3}, .dimension = 2,
		.direction = {{0, 0, 1}, {0, -1, 0}, {1, 0, 0}}},
		{.size = {3, 3, 1}, .spacing = {236.32647760189786, 1, 1}, .origin = {-1, 7, 1},
			.dimension = 3,
		.direction = {{0.9999999132422586, 0, -0.00035614949862200794},
		{0.0005873913023156996, 0.9992411474684639, 0}, {0, -0.0009994792543196525, -1}}},
	};
	uint8_t		voxels[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

	(void) state;
	for (size_t n = 0; n < sizeof(grids) / sizeof(grids[0]); n++)
		for (size_t writer = 0; writer < WRITER_COUNT; writer++)
		{
			Volume		volume = {.grid = grids[n], .type = VOXEL_UINT8, .voxels = voxels};
			VolumeReader reader = memory_reader(&volume);

			check_same(writers[writer].name, &volume, write_bytes(writer, &reader, false));
		}
}

/* A program that moves the image and keeps the text is believed. */
static void
changed_headers_win(void **state)
{
	uint64_t	seed = 5;
	Volume		volume = random_volume(&seed, VOXEL_UINT8, 3, false);
	VolumeReader writing = memory_reader(&volume);
	VolumeReader *reader;
	Bytes		file = write_bytes(0, &writing, false);
	ByteSource	source = memory_source("image", file);
	char	   *origin;

	(void) state;
	put_float32(file.data + 280 + 12, 77.0, false);
	assert_true(rad_volume_open(context, &source, -1, &reader));
	assert_true(rad_reader_grid(reader)->origin[0] == -77.0);

	file = write_bytes(1, &writing, false);
	source = memory_source("image", file);
	origin = strstr((char *) file.data, "space origin: (");
	assert_non_null(origin);
	memcpy(origin, "space origin: (77 ", 18);
	for (origin += 18; *origin != ','; origin++)
		*origin = ' ';
	assert_true(rad_volume_open(context, &source, -1, &reader));
	assert_true(rad_reader_grid(reader)->origin[0] == 77.0);
	assert_false(rad_geometry_same(rad_reader_grid(reader), &volume.grid));
}

/* What zlib makes of our compressed files is what we write plain. */
static void
zlib_reads_what_is_compressed(void **state)
{
	uint64_t	seed = 3;
	Volume		volume = {.grid = {
			.size = {64, 64, 40}, .spacing = {1, 1, 1},
			.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, .dimension = 3
		}, .type = VOXEL_INT16};
	int16_t    *voxels = rad_new(context, int16_t, 64 * 64 * 40);
	VolumeReader reader;
	Bytes		plain;
	Bytes		packed;
	Bytes		unpacked;

	(void) state;
	for (int n = 0; n < 64 * 64 * 40; n++)
		voxels[n] = (int16_t) (next_random(&seed) % 64 + (uint64_t) n / 512);
	volume.voxels = voxels;
	reader = memory_reader(&volume);
	plain = write_bytes(0, &reader, false);
	packed = write_bytes(0, &reader, true);
	unpacked = gunzip_bytes(packed, plain.length + 1);
	assert_int_equal(unpacked.length, plain.length);
	assert_memory_equal(unpacked.data, plain.data, plain.length);
	assert_true(packed.length < plain.length);
	free(unpacked.data);
	check_same("NIfTI", &volume, packed);
	check_same("MetaImage", &volume, write_bytes(2, &reader, true));
}

/* --- every image of the reference data ------------------------------------- */

static int	file_count;

static void
check_file(const char *path)
{
	FILE	   *stream = fopen(path, "rb");
	Bytes		file = {NULL, 0};
	ByteSource	source;
	VolumeReader *reader;
	Volume		volume;
	Box			box;

	assert_non_null(stream);
	fseek(stream, 0, SEEK_END);
	file.length = (size_t) ftell(stream);
	rewind(stream);
	file.data = malloc(file.length);
	assert_int_equal(fread(file.data, 1, file.length, stream), file.length);
	fclose(stream);
	rad_context_destroy(context);
	context = rad_context_create();
	source = memory_source("image", file);
	if (!rad_volume_open(context, &source, -1, &reader))
		fail_msg("%s: %s", path, context->message);
	box = rad_grid_box(rad_reader_grid(reader));
	if (!rad_volume_read_box(context, reader, &box, &volume))
		fail_msg("%s: %s", path, context->message);
	for (size_t writer = 0; writer < WRITER_COUNT; writer++)
	{
		VolumeReader writing = memory_reader(&volume);
		Bytes		written = write_bytes(writer, &writing, (size_t) file_count % WRITER_COUNT == writer);

		check_same(path, &volume, written);
		rad_release(context, written.data);
	}
	free(file.data);
	file_count++;
}

static bool
ends_with(const char *name, const char *ending)
{
	size_t		length = strlen(name);

	return length > strlen(ending) && strcmp(name + length - strlen(ending), ending) == 0;
}

static void
walk(const char *folder)
{
	DIR		   *directory = opendir(folder);
	struct dirent *entry;

	if (directory == NULL)
		return;
	while ((entry = readdir(directory)) != NULL)
	{
		char		path[1000];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (ends_with(path, ".nii.gz") || ends_with(path, ".nrrd"))
			check_file(path);
		else if (!ends_with(path, ".dcm"))
			walk(path);
	}
	closedir(directory);
}

static void
reference_images_come_back(void **state)
{
	char		folder[600];

	(void) state;
	if (shared_folder() == NULL)
	{
		print_message("# SKIP the reference images are not here\n");
		skip();
	}
	snprintf(folder, sizeof(folder), "%s/data", shared_folder());
	file_count = 0;
	walk(folder);
	print_message("## %d reference images written and read back in %zu formats\n", file_count,
				  WRITER_COUNT);
	assert_true(file_count > 150);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_volumes_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(long_axes_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(odd_geometries_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(changed_headers_win, setup, teardown),
		cmocka_unit_test_setup_teardown(zlib_reads_what_is_compressed, setup, teardown),
		cmocka_unit_test_setup_teardown(reference_images_come_back, setup, teardown),
	};

	return cmocka_run_group_tests_name("writers", tests, NULL, NULL);
}
