/*
 * The stored form of volumes: what goes in comes out, a box reads only what it
 * touches, and no damage passes.
 */
#include "read_support.h"

#include <math.h>

#include "formats/container_layout.h"
#include "formats/mask_runs.h"

typedef struct Stored
{
	RadContext *context;
	Bytes		bytes;			/* of the context */
} Stored;

/* A grid whose numbers use all bits of a double. */
static Grid
oblique_grid(int nx, int ny, int nz)
{
	double		c = cos(0.3);
	double		s = sin(0.3);
	Grid		grid = {
		.size = {nx, ny, nz},
		.spacing = {1.0 / 3.0, 0.7, 2.5 + 1e-13},
		.origin = {-123.456789012345678, 1e-300, 1.0 / 7.0},
		.direction = {{c, -s, 0}, {s, c, 1e-17}, {-0.0, 0, 1}},
		.dimension = 3,
	};

	return grid;
}

/* The same to the last bit. */
static void
assert_same_grid(const Grid *a, const Grid *b)
{
	assert_memory_equal(a->size, b->size, sizeof(a->size));
	assert_memory_equal(a->spacing, b->spacing, sizeof(a->spacing));
	assert_memory_equal(a->origin, b->origin, sizeof(a->origin));
	assert_memory_equal(a->direction, b->direction, sizeof(a->direction));
	assert_int_equal(a->dimension, b->dimension);
}

/* Voxels that are partly smooth, partly noise, partly constant. */
static void
fill_voxels(VoxelType type, void *voxels, const Grid *grid)
{
	uint64_t	state = 7;
	int64_t		n = 0;

	for (int z = 0; z < grid->size[2]; z++)
		for (int y = 0; y < grid->size[1]; y++)
			for (int x = 0; x < grid->size[0]; x++, n++)
			{
				uint64_t	noise = next_random(&state);
				double		value = x < 10 ? 5 : 40 * sin(0.1 * x) + y + 2 * z;

				switch (type)
				{
					case VOXEL_INT8:
						((int8_t *) voxels)[n] = z == 3 ? (int8_t) noise : (int8_t) (value / 2);
						break;
					case VOXEL_UINT8:
						((uint8_t *) voxels)[n] = z == 3 ? (uint8_t) noise :
							(uint8_t) (value + 50);
						break;
					case VOXEL_INT16:
						((int16_t *) voxels)[n] = z == 3 ? (int16_t) noise : (int16_t) value;
						break;
					case VOXEL_UINT16:
						((uint16_t *) voxels)[n] = z == 3 ? (uint16_t) noise :
							(uint16_t) (value + 50);
						break;
					case VOXEL_INT32:
						((int32_t *) voxels)[n] = z == 3 ? (int32_t) noise : (int32_t) value;
						break;
					case VOXEL_UINT32:
						((uint32_t *) voxels)[n] = z == 3 ? (uint32_t) noise :
							(uint32_t) (value + 50);
						break;
					case VOXEL_FLOAT32:
						((float *) voxels)[n] = (float) value;
						if (z == 3)
							memcpy((float *) voxels + n, &noise, 4);
						break;
					case VOXEL_FLOAT64:
						((double *) voxels)[n] = value;
						if (z == 3)
							memcpy((double *) voxels + n, &noise, 8);
						break;
				}
			}
}

static const VolumeAttributes attributes = {.units = "HU", .modality = "CT"};

static Stored
store(const Volume *volume, const ContainerOptions *options)
{
	Stored		stored = {rad_context_create(), {NULL, 0}};
	ContainerWriter *writer;
	int64_t		length;

	if (!rad_container_store(stored.context, volume, &attributes, options, &writer, &length))
		fail_msg("%s", stored.context->message);
	stored.bytes.length = (size_t) length;
	stored.bytes.data = rad_allocate(stored.context, stored.bytes.length, 1);
	rad_container_copy(writer, stored.bytes.data);
	return stored;
}

static Volume
make_volume(RadContext *context, const Grid *grid, VoxelType type)
{
	Volume		volume = {
		.grid = *grid,
		.box = rad_grid_box(grid),
		.type = type,
	};

	volume.voxels = rad_allocate(context, (size_t) rad_grid_voxel_count(grid),
								 rad_voxel_size(type));
	fill_voxels(type, volume.voxels, grid);
	return volume;
}

/* Read a box back and compare it with the same box of the volume. */
static void
check_box(RadContext *context, VolumeReader *reader, const Volume *volume, const Box *box)
{
	size_t		size = rad_voxel_size(volume->type);
	size_t		width = (size_t) (box->hi[0] - box->lo[0]) * size;
	const uint8_t *next;
	Volume		read;

	if (!rad_volume_read_box(context, reader, box, &read))
		fail_msg("%s", context->message);
	next = read.voxels;
	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int y = box->lo[1]; y < box->hi[1]; y++, next += width)
			assert_memory_equal(next, (const uint8_t *) volume->voxels + size *
								((size_t) box->lo[0] + (size_t) volume->grid.size[0] *
								 ((size_t) y + (size_t) volume->grid.size[1] * (size_t) z)),
								width);
	rad_release(context, read.voxels);
}

/* Digests from Python's hashlib.blake2b(data, digest_size=32). */
static void
test_blake2b(void **state)
{
	static const struct
	{
		size_t		length;		/* of bytes 0, 1, 2, ... modulo 251 */
		const char *digest;
	} cases[] = {
		{0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
		{1, "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314"},
		{64, "10d8e6d534b00939843fe9dcc4dae48cdf008f6b8b2b82b156f5404d874887f5"},
		{127, "f2fe67ff342e21b8f45e8f2e0bcd1d9243245d50ee6c78042e9c491388791c72"},
		{128, "c3582f71ebb2be66fa5dd750f80baae97554f3b015663c8be377cfcb2488c1d1"},
		{129, "f7f3c46ba2564ff4c4c162da1f5b605f9f1c4aa6a20652a9f9a337c1a2f5b9c9"},
		{256, "582f782226018ec33076bd8d1c42413530ac7e1126260ffc0f306ba3befc3f24"},
		{1000, "b372d0608f720c8c3dd41e9c8eecb10143b41abe520b616607e754bf79c08331"},
	};
	uint8_t		data[1000];

	(void) state;
	for (size_t n = 0; n < sizeof(data); n++)
		data[n] = (uint8_t) (n % 251);
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		/* In one go and in pieces. */
		for (size_t piece = 1; piece <= 1000; piece += 37)
		{
			Blake2b		hash;
			uint8_t		digest[RAD_HASH_LENGTH];
			char		text[2 * RAD_HASH_LENGTH + 1];

			rad_blake2b_start(&hash);
			for (size_t at = 0; at < cases[n].length; at += piece)
				rad_blake2b_add(&hash, data + at, cases[n].length - at < piece ?
								cases[n].length - at : piece);
			rad_blake2b_finish(&hash, digest);
			for (int k = 0; k < RAD_HASH_LENGTH; k++)
				snprintf(text + 2 * k, 3, "%02x", digest[k]);
			assert_string_equal(text, cases[n].digest);
		}
	}
}

/* The check value of CRC-32C in the catalogue of CRC algorithms. */
static void
test_crc32c(void **state)
{
	(void) state;
	assert_int_equal(rad_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(rad_crc32c(rad_crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
}

static void
test_round_trip(void **state)
{
	static const int edges[][3] = {{32, 32, 32}, {16, 8, 4}, {7, 5, 3}, {1, 1, 1}, {64, 1, 2}};
	Grid		grid = oblique_grid(37, 21, 9);
	uint64_t	random = 3;

	(void) state;
	for (int type = 0; type < VOXEL_TYPE_COUNT; type++)
		for (int compression = 0; compression < BRICK_COMPRESSION_COUNT; compression++)
			for (int filter = 0; filter < BRICK_FILTER_COUNT; filter++)
			{
				RadContext *context = rad_context_create();
				Volume		volume = make_volume(context, &grid, (VoxelType) type);
				ContainerOptions options = {
					.compression = (BrickCompression) compression,
					.filter = (BrickFilter) filter,
					.level = 1,
				};
				Stored		stored;
				ByteSource	source;
				VolumeReader *reader;
				Box			box = rad_grid_box(&grid);

				memcpy(options.brick, edges[(type + compression + filter) % 5], sizeof(options.brick));
				stored = store(&volume, &options);
				source = memory_source("image", stored.bytes);
				assert_true(rad_container_verify(context, &source));
				assert_true(rad_volume_open(context, &source, -1, &reader));
				assert_same_grid(rad_reader_grid(reader), &grid);
				assert_int_equal(rad_reader_voxel_type(reader), type);
				assert_string_equal(rad_reader_attributes(reader)->units, "HU");
				assert_string_equal(rad_reader_attributes(reader)->modality, "CT");
				check_box(context, reader, &volume, &box);
				for (int n = 0; n < 20; n++)
				{
					for (int axis = 0; axis < 3; axis++)
					{
						int			a = (int) (next_random(&random) % (uint64_t) grid.size[axis]);
						int			b = (int) (next_random(&random) % (uint64_t) grid.size[axis]);

						box.lo[axis] = a < b ? a : b;
						box.hi[axis] = (a < b ? b : a) + 1;
					}
					check_box(context, reader, &volume, &box);
				}
				rad_context_destroy(stored.context);
				rad_context_destroy(context);
			}
}

/* Whole numbers as floating point take the room of int16, and come back exactly. */
static void
test_whole_numbers(void **state)
{
	static const double odd[] = {0.5, -0.0, 32768, -32769, NAN, INFINITY, 1e-300};
	Grid		grid = oblique_grid(40, 30, 20);

	(void) state;
	for (int type = VOXEL_FLOAT32; type <= VOXEL_FLOAT64; type++)
		for (int pass = -1; pass < 7; pass++)
		{
			RadContext *context = rad_context_create();
			Volume		volume = make_volume(context, &grid, (VoxelType) type);
			Volume		narrow = make_volume(context, &grid, VOXEL_INT16);
			uint64_t	random = 17;
			Stored		stored;
			Stored		reference;
			ByteSource	source;
			VolumeReader *reader;
			Box			box = rad_grid_box(&grid);

			for (int n = 0; n < 40 * 30 * 20; n++)
			{
				int16_t		value = (int16_t) next_random(&random);

				((int16_t *) narrow.voxels)[n] = value;
				if (type == VOXEL_FLOAT32)
					((float *) volume.voxels)[n] = value;
				else
					((double *) volume.voxels)[n] = value;
			}
			if (pass >= 0 && type == VOXEL_FLOAT32)
				((float *) volume.voxels)[20000] = (float) odd[pass];
			else if (pass >= 0)
				((double *) volume.voxels)[20000] = odd[pass];
			stored = store(&volume, NULL);
			reference = store(&narrow, NULL);
			if (pass < 0)
				assert_true(stored.bytes.length <= reference.bytes.length + 100);
			source = memory_source("image", stored.bytes);
			assert_true(rad_container_verify(context, &source));
			assert_true(rad_volume_open(context, &source, -1, &reader));
			check_box(context, reader, &volume, &box);
			rad_context_destroy(stored.context);
			rad_context_destroy(reference.context);
			rad_context_destroy(context);
		}
}

/* Collects rows and checks that they come in order. */
typedef struct RowCheck
{
	const Volume *volume;
	int64_t		next;
	int			x_lo;
	size_t		row_bytes;
} RowCheck;

static bool
check_row(RadContext *context, void *argument, int y, int z, const void *row)
{
	RowCheck   *check = argument;
	const Volume *volume = check->volume;

	(void) context;
	assert_int_equal(y + volume->grid.size[1] * z, check->next++);
	assert_memory_equal(row, (const uint8_t *) volume->voxels + rad_voxel_size(volume->type) *
						(size_t) volume->grid.size[0] * (size_t) (check->next - 1),
						check->row_bytes);
	return true;
}

static void
test_streams_rows_in_order(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(20, 11, 13);
	Volume		volume = make_volume(context, &grid, VOXEL_INT16);
	ContainerOptions options = {{8, 4, 5}, BRICK_LZ4, FILTER_DELTA_X, 1};
	Stored		stored = store(&volume, &options);
	ByteSource	source = memory_source("image", stored.bytes);
	VolumeReader *reader;
	RowCheck	check = {&volume, 11 * 3, 0, 40};

	(void) state;
	assert_true(rad_volume_open(context, &source, -1, &reader));
	assert_true(rad_volume_stream(context, reader, 3, 12, check_row, &check));
	assert_int_equal(check.next, 11 * 12);
	rad_context_destroy(stored.context);
	rad_context_destroy(context);
}

/* Rows may come in any portions; the value does not depend on them. */
static void
test_portions(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(20, 11, 13);
	Volume		volume = make_volume(context, &grid, VOXEL_FLOAT32);
	ContainerOptions options = {{8, 4, 5}, BRICK_ZSTD, FILTER_SHUFFLE, 1};
	Stored		stored = store(&volume, &options);
	uint64_t	random = 11;

	(void) state;
	for (int pass = 0; pass < 5; pass++)
	{
		ContainerWriter *writer;
		uint8_t    *bytes = rad_allocate(context, stored.bytes.length, 1);
		int64_t		length;

		assert_true(rad_container_begin(context, &grid, VOXEL_FLOAT32, &attributes,
										&options, &writer));
		for (int64_t row = 0, rows; row < 11 * 13; row += rows)
		{
			rows = 1 + (int64_t) (next_random(&random) % (pass == 0 ? 1 : 80));
			if (rows > 11 * 13 - row)
				rows = 11 * 13 - row;
			assert_true(rad_container_add_rows(context, writer, rows,
											   (float *) volume.voxels + row * 20));
		}
		assert_true(rad_container_finish(context, writer, &length));
		assert_int_equal(length, stored.bytes.length);
		rad_container_copy(writer, bytes);
		assert_memory_equal(bytes, stored.bytes.data, stored.bytes.length);
	}
	rad_context_destroy(stored.context);
	rad_context_destroy(context);
}

/* The hash speaks of the content, not of how it is stored. */
static void
test_hash(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(20, 11, 13);
	Volume		volume = make_volume(context, &grid, VOXEL_INT16);
	ContainerOptions options = {{8, 4, 5}, BRICK_LZ4, FILTER_DELTA_X, 1};
	Stored		first = store(&volume, &options);
	Stored		second = store(&volume, NULL);
	ByteSource	source = memory_source("image", first.bytes);
	ContainerHeader a;
	ContainerHeader b;

	(void) state;
	assert_true(rad_container_header(context, &source, &a, NULL));
	source = memory_source("image", second.bytes);
	assert_true(rad_container_header(context, &source, &b, NULL));
	assert_memory_equal(a.hash, b.hash, RAD_HASH_LENGTH);
	((int16_t *) volume.voxels)[100]++;
	rad_context_destroy(second.context);
	second = store(&volume, NULL);
	source = memory_source("image", second.bytes);
	assert_true(rad_container_header(context, &source, &b, NULL));
	assert_memory_not_equal(a.hash, b.hash, RAD_HASH_LENGTH);
	rad_context_destroy(first.context);
	rad_context_destroy(second.context);
	rad_context_destroy(context);
}

static void
test_range(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(100, 3, 1);
	Volume		volume = make_volume(context, &grid, VOXEL_FLOAT64);
	double	   *voxels = volume.voxels;
	Stored		stored;
	ByteSource	source;
	ContainerHeader header;

	(void) state;
	for (int n = 0; n < 300; n++)
		voxels[n] = NAN;
	stored = store(&volume, NULL);
	source = memory_source("image", stored.bytes);
	assert_true(rad_container_header(context, &source, &header, NULL));
	assert_true(isnan(header.minimum) && isnan(header.maximum));
	assert_true(rad_container_verify(context, &source));
	rad_context_destroy(stored.context);

	voxels[150] = -7.25;
	voxels[260] = INFINITY;
	voxels[299] = 3;
	stored = store(&volume, NULL);
	source = memory_source("image", stored.bytes);
	assert_true(rad_container_header(context, &source, &header, NULL));
	assert_true(header.minimum == -7.25 && header.maximum == INFINITY);
	rad_context_destroy(stored.context);
	rad_context_destroy(context);
}

/* A mask of two labels in a large volume: a scan reads their bricks alone. */
static void
test_labels(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(128, 96, 64);
	Volume		volume = {
		.grid = grid, .box = rad_grid_box(&grid), .type = VOXEL_INT16,
	};
	int16_t    *voxels = rad_allocate_zeroed(context, 128 * 96 * 64, 2);
	ContainerOptions options = {{16, 16, 16}, BRICK_LZ4, FILTER_SHUFFLE, 1};
	uint64_t	random = 5;
	Stored		stored;
	ByteSource	source;
	CountingHandle counting;
	ContainerHeader header;
	LabelSummary *labels;
	VolumeReader *reader;
	MaskRuns   *mask;

	(void) state;
	for (int z = 20; z < 30; z++)
		for (int y = 40; y < 60; y++)
			for (int x = 35; x < 55; x++)
				voxels[x + 128 * (y + 96 * z)] = next_random(&random) % 3 == 0 ? 0 : x < 45 ? 7 : -2;
	volume.voxels = voxels;
	stored = store(&volume, &options);
	source = memory_source("mask", stored.bytes);
	assert_true(rad_container_verify(context, &source));
	source = counting_source("mask", stored.bytes, &counting);
	assert_true(rad_container_header(context, &source, &header, &labels));
	assert_int_equal(header.label_count, 2);
	assert_int_equal(labels[0].label, -2);
	assert_int_equal(labels[1].label, 7);
	assert_int_equal(labels[1].box.lo[0], 35);
	assert_int_equal(labels[1].box.hi[0], 45);

	assert_true(rad_volume_open(context, &source, -1, &reader));
	assert_true(rad_mask_scan(context, reader, &mask));
	assert_int_equal(mask->label_count, 2);
	for (int n = 0; n < 2; n++)
	{
		assert_int_equal(mask->labels[n].label, labels[n].label);
		assert_int_equal(mask->labels[n].voxel_count, labels[n].voxel_count);
		assert_memory_equal(&mask->labels[n].box, &labels[n].box, sizeof(Box));
	}
	for (int64_t n = 0; n < mask->run_count; n++)
	{
		const LabelRun *run = &mask->runs[n];

		for (int x = run->x_begin; x < run->x_end; x++)
		{
			int16_t    *voxel = &voxels[x + 128 * (run->y + 96 * run->z)];

			assert_int_equal(*voxel, run->label);
			*voxel = 0;
		}
	}
	for (int n = 0; n < 128 * 96 * 64; n++)
		assert_int_equal(voxels[n], 0);
	rad_context_destroy(stored.context);
	rad_context_destroy(context);
}

/* An image lists no labels, whatever its type; neither does noise. */
static void
test_images_list_no_labels(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(64, 64, 64);
	Volume		volume = make_volume(context, &grid, VOXEL_FLOAT32);
	Stored		stored = store(&volume, NULL);
	ByteSource	source = memory_source("image", stored.bytes);
	ContainerHeader header;
	LabelSummary *labels;
	uint64_t	random = 9;

	(void) state;
	assert_true(rad_container_header(context, &source, &header, &labels));
	assert_int_equal(header.label_count, RAD_CONTAINER_NO_LABELS);
	assert_null(labels);
	rad_context_destroy(stored.context);

	volume.type = VOXEL_UINT8;
	for (int n = 0; n < 64 * 64 * 64; n++)
		((uint8_t *) volume.voxels)[n] = (uint8_t) next_random(&random);
	stored = store(&volume, NULL);
	source = memory_source("image", stored.bytes);
	assert_true(rad_container_header(context, &source, &header, &labels));
	assert_int_equal(header.label_count, RAD_CONTAINER_NO_LABELS);
	rad_context_destroy(stored.context);
	rad_context_destroy(context);
}

/* An empty mask lists no label, and a scan of it reads no voxel. */
static void
test_empty_mask(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(64, 64, 64);
	Volume		volume = {.grid = grid, .box = rad_grid_box(&grid), .type = VOXEL_FLOAT32};
	Stored		stored;
	ByteSource	source;
	VolumeReader *reader;
	MaskRuns   *mask;

	(void) state;
	volume.voxels = rad_allocate_zeroed(context, 64 * 64 * 64, 4);
	stored = store(&volume, NULL);
	/* Constant bricks have no payload. */
	assert_int_equal(stored.bytes.length, RAD_CONTAINER_HEADER + 8 * RAD_CONTAINER_ENTRY);
	source = memory_source("mask", stored.bytes);
	assert_true(rad_container_verify(context, &source));
	assert_true(rad_volume_open(context, &source, -1, &reader));
	assert_true(rad_mask_scan(context, reader, &mask));
	assert_int_equal(mask->run_count, 0);
	assert_int_equal(mask->label_count, 0);
	rad_context_destroy(stored.context);
	rad_context_destroy(context);
}

/* A box fetches its bricks and the directory, and little else. */
static void
test_box_reads_its_bricks(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(256, 256, 64);
	Volume		volume = {.grid = grid, .box = rad_grid_box(&grid), .type = VOXEL_INT16};
	ContainerOptions options = {{32, 32, 32}, BRICK_PLAIN, FILTER_NONE, 0};
	Box			box = {{70, 70, 10}, {90, 90, 20}};
	uint64_t	random = 1;
	Stored		stored;
	ByteSource	source;
	CountingHandle counting;
	VolumeReader *reader;

	(void) state;
	volume.voxels = rad_allocate(context, 256 * 256 * 64, 2);
	for (int n = 0; n < 256 * 256 * 64; n++)
		((int16_t *) volume.voxels)[n] = (int16_t) next_random(&random);
	stored = store(&volume, &options);
	source = counting_source("image", stored.bytes, &counting);
	assert_true(rad_volume_open(context, &source, -1, &reader));
	counting.bytes = counting.reads = 0;
	check_box(context, reader, &volume, &box);
	assert_int_equal(counting.bytes, 32 * 32 * 32 * 2);
	assert_int_equal(counting.reads, 1);
	/* Two bricks side by side are one read, two rows of bricks are two. */
	box.hi[0] = 100;
	assert_true(rad_volume_open(context, &source, -1, &reader));
	counting.bytes = counting.reads = 0;
	check_box(context, reader, &volume, &box);
	assert_int_equal(counting.bytes, 2 * 32 * 32 * 32 * 2);
	assert_int_equal(counting.reads, 1);
	box.hi[1] = 100;
	assert_true(rad_volume_open(context, &source, -1, &reader));
	counting.bytes = counting.reads = 0;
	check_box(context, reader, &volume, &box);
	assert_int_equal(counting.bytes, 4 * 32 * 32 * 32 * 2);
	assert_int_equal(counting.reads, 2);
	rad_context_destroy(stored.context);
	rad_context_destroy(context);
}

/* Every flipped bit of a value is found, whatever it belongs to. */
static void
test_every_flipped_bit(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(12, 9, 5);
	Volume		volume = {.grid = grid, .box = rad_grid_box(&grid), .type = VOXEL_UINT8};
	ContainerOptions options = {{8, 8, 4}, BRICK_LZ4, FILTER_SHUFFLE, 1};
	Stored		stored;
	ByteSource	source;

	(void) state;
	volume.voxels = rad_allocate_zeroed(context, 12 * 9 * 5, 1);
	for (int n = 200; n < 400; n++)
		((uint8_t *) volume.voxels)[n] = (uint8_t) (n % 7 < 3 ? 1 : 4);
	stored = store(&volume, &options);
	source = memory_source("value", stored.bytes);
	assert_true(rad_container_verify(context, &source));
	for (size_t bit = 0; bit < 8 * stored.bytes.length; bit++)
	{
		RadContext *inner = rad_context_create();

		stored.bytes.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
		assert_false(rad_container_verify(inner, &source));
		assert_true(inner->code == RAD_DATA_CORRUPTED || inner->code == RAD_NOT_SUPPORTED ||
					inner->code == RAD_INVALID_BINARY);
		stored.bytes.data[bit / 8] ^= (uint8_t) (1 << bit % 8);
		rad_context_destroy(inner);
	}
	/* Cut off anywhere, or with a byte too many. */
	for (size_t length = 0; length < stored.bytes.length; length++)
	{
		RadContext *inner = rad_context_create();

		source.length = (int64_t) length;
		assert_false(rad_container_verify(inner, &source));
		rad_context_destroy(inner);
	}
	rad_context_destroy(stored.context);
	rad_context_destroy(context);
}

/* A damaged brick is named. */
static void
test_damaged_brick(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(64, 64, 64);
	Volume		volume = make_volume(context, &grid, VOXEL_FLOAT64);
	ContainerOptions options = {{32, 32, 32}, BRICK_PLAIN, FILTER_NONE, 0};
	Stored		stored = store(&volume, &options);
	ByteSource	source = memory_source("image", stored.bytes);
	Box			box = {{40, 40, 10}, {60, 60, 20}};
	VolumeReader *reader;
	Volume		read;

	(void) state;
	/* In brick 3: (1, 1, 0). */
	stored.bytes.data[RAD_CONTAINER_HEADER + 8 * RAD_CONTAINER_ENTRY + 3 * 32768 * 8 + 100] ^= 4;
	assert_true(rad_volume_open(context, &source, -1, &reader));
	assert_false(rad_volume_read_box(context, reader, &box, &read));
	assert_int_equal(context->code, RAD_DATA_CORRUPTED);
	assert_string_equal(context->message, "image has a damaged brick 3 (1, 1, 0)");
	assert_string_equal(context->detail,
						"It holds the voxels from (32, 32, 0) to (63, 63, 31).");
	/* Others can still be read. */
	box = (Box) {{0, 0, 0}, {32, 64, 64}};
	check_box(context, reader, &volume, &box);
	rad_context_destroy(stored.context);
	rad_context_destroy(context);
}

static void
test_refused(void **state)
{
	RadContext *context = rad_context_create();
	VolumeAttributes refused = attributes;
	ContainerOptions options = {{8, 8, 300}, BRICK_LZ4, FILTER_SHUFFLE, 1};
	Grid		grid = oblique_grid(20, 20, 2);
	ContainerWriter *writer;

	(void) state;
	assert_false(rad_container_begin(context, &grid, VOXEL_INT16, &refused, &options, &writer));
	assert_contains(context->message, "brick size");
	grid.dimension = 2;
	assert_false(rad_container_begin(context, &grid, VOXEL_INT16, &refused, NULL, &writer));
	assert_contains(context->message, "size");
	grid.dimension = 3;
	grid.direction[0][0] = 3;
	assert_false(rad_container_begin(context, &grid, VOXEL_INT16, &refused, NULL, &writer));
	assert_contains(context->message, "geometry");
	grid = oblique_grid(20, 20, 2);
	memset(refused.units, 'x', sizeof(refused.units));
	assert_false(rad_container_begin(context, &grid, VOXEL_INT16, &refused, NULL, &writer));
	assert_contains(context->message, "units");
	rad_context_destroy(context);
}

/* Voxels in memory are read as those of a file, and whole ones are not copied. */
static void
test_memory_reader(void **state)
{
	RadContext *context = rad_context_create();
	Grid		grid = oblique_grid(20, 11, 13);
	Volume		volume = make_volume(context, &grid, VOXEL_INT16);
	Box			boxes[] = {{{0, 0, 0}, {20, 11, 13}}, {{0, 3, 2}, {20, 7, 9}}, {{4, 3, 2}, {9, 7, 9}}};
	RowCheck	check = {&volume, 11 * 3, 0, 40};
	VolumeReader *reader;
	Volume		read;

	(void) state;
	assert_true(rad_volume_show(context, &volume, &attributes, "image", &reader));
	assert_same_grid(rad_reader_grid(reader), &grid);
	assert_string_equal(rad_reader_attributes(reader)->units, "HU");
	for (int n = 0; n < 3; n++)
		check_box(context, reader, &volume, &boxes[n]);
	assert_true(rad_volume_stream(context, reader, 3, 12, check_row, &check));
	assert_int_equal(check.next, 11 * 12);
	assert_true(rad_volume_read(context, reader, &read));
	assert_ptr_equal(read.voxels, volume.voxels);
	rad_context_destroy(context);
}

/* Numbers become voxels only when they come back the same. */
static void
test_voxels_from_double(void **state)
{
	static const struct
	{
		VoxelType	type;
		double		held;
		double		refused;
	} cases[] = {
		{VOXEL_INT8, -128, 128}, {VOXEL_UINT8, 255, -1}, {VOXEL_INT16, 32767, 0.5},
		{VOXEL_UINT16, 65535, 65536}, {VOXEL_INT32, -2147483648.0, 2147483648.0},
		{VOXEL_UINT32, 4294967295.0, NAN}, {VOXEL_FLOAT32, 0x1p-149, 0x1p-150},
		{VOXEL_FLOAT32, -INFINITY, 1e300}, {VOXEL_FLOAT32, 0.25, 0.1}, {VOXEL_INT8, 0, INFINITY},
	};

	(void) state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		double		values[3] = {0, cases[n].held, cases[n].refused};
		double		voxels[3];
		double		back[3];

		assert_int_equal(rad_voxels_from_double(cases[n].type, values, 3, voxels), 2);
		assert_int_equal(rad_voxels_from_double(cases[n].type, values, 2, voxels), -1);
		rad_voxels_to_double(cases[n].type, voxels, 0, 2, back);
		assert_memory_equal(back, values, 2 * sizeof(double));
	}
}

/* A mask's voxels from its runs. */
static void
test_mask_voxels(void **state)
{
	static const int32_t labels[][2] = {{3, 255}, {-1, 300}, {2, 70000}};
	static const VoxelType types[] = {VOXEL_UINT8, VOXEL_INT16, VOXEL_INT32};

	(void) state;
	for (int n = 0; n < 3; n++)
	{
		RadContext *context = rad_context_create();
		Grid		grid = oblique_grid(20, 11, 13);
		Volume		volume = {.grid = grid, .box = rad_grid_box(&grid), .type = VOXEL_INT32};
		int32_t    *voxels = rad_allocate_zeroed(context, 20 * 11 * 13, 4);
		uint64_t	random = 31;
		VolumeReader *reader;
		MaskRuns   *mask;
		Volume		made;
		double	   *back = rad_new(context, double, 20 * 11 * 13);

		for (int k = 0; k < 20 * 11 * 13; k++)
		{
			uint64_t	choice = next_random(&random) % 5;

			voxels[k] = choice < 2 ? labels[n][choice] : 0;
		}
		volume.voxels = voxels;
		assert_true(rad_volume_show(context, &volume, NULL, "mask", &reader));
		assert_true(rad_mask_scan(context, reader, &mask));
		assert_true(rad_mask_voxels(context, mask, &made));
		assert_int_equal(made.type, types[n]);
		rad_voxels_to_double(made.type, made.voxels, 0, 20 * 11 * 13, back);
		for (int k = 0; k < 20 * 11 * 13; k++)
			assert_true(back[k] == voxels[k]);
		rad_context_destroy(context);
	}
}

/* The real CT: smaller, and every voxel back. */
static void
test_real_image(void **state)
{
	Bytes		file = read_shared("ibsi1/ct_phantom/nifti/image.nii.gz");
	RadContext *context = rad_context_create();
	ByteSource	source;
	VolumeReader *reader;
	Volume		volume;
	Box			box;
	ContainerWriter *writer;
	int64_t		length;
	Bytes		stored;

	(void) state;
	if (file.data == NULL)
	{
		print_message("skipped: the IBSI phantom is not there\n");
		skip();
	}
	source = memory_source("image", file);
	assert_true(rad_volume_open(context, &source, -1, &reader));
	box = rad_grid_box(rad_reader_grid(reader));
	assert_true(rad_volume_read_box(context, reader, &box, &volume));
	assert_true(rad_container_transcode(context, reader, NULL, &writer, &length));
	stored = (Bytes) {rad_allocate(context, (size_t) length, 1), (size_t) length};
	rad_container_copy(writer, stored.data);
	source = memory_source("image", stored);
	assert_true(rad_container_verify(context, &source));
	assert_true(rad_volume_open(context, &source, -1, &reader));
	assert_same_grid(rad_reader_grid(reader), &volume.grid);
	check_box(context, reader, &volume, &box);
	assert_true((double) length < 0.6 * (double) rad_box_voxel_count(&box) *
				(double) rad_voxel_size(volume.type));
	free(file.data);
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blake2b),
		cmocka_unit_test(test_crc32c),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_whole_numbers),
		cmocka_unit_test(test_streams_rows_in_order),
		cmocka_unit_test(test_portions),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_images_list_no_labels),
		cmocka_unit_test(test_empty_mask),
		cmocka_unit_test(test_box_reads_its_bricks),
		cmocka_unit_test(test_every_flipped_bit),
		cmocka_unit_test(test_damaged_brick),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_memory_reader),
		cmocka_unit_test(test_voxels_from_double),
		cmocka_unit_test(test_mask_voxels),
		cmocka_unit_test(test_real_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
