/*
 * TIFF stacks: every type, compression and layout written and read back; files
 * built here byte by byte; tags and points of dicom-preprocessing; damage.
 * Oracles: the voxels that went in, and the examples in the tests of
 * dicom-preprocessing for the mapping of points.
 */
#include "read_support.h"
#include "tiff_builder.h"

#include <math.h>

#include "formats/exact_geometry.h"
#include "formats/tiff.h"

#ifdef RAD_HAVE_TIFF

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

/* --- writing and reading back ---------------------------------------------- */

static bool
read_memory(RadContext *unused, VolumeReader *reader, const Box *box, RowsCallback callback,
			void *argument)
{
	const Volume *volume = reader->state;
	size_t		row_bytes = (size_t) volume->grid.size[0] * rad_voxel_size(volume->type);
	int64_t		first = (int64_t) box->lo[2] * volume->grid.size[1];

	return callback(unused, argument, first,
					(int64_t) (box->hi[2] - box->lo[2]) * volume->grid.size[1],
					(uint8_t *) volume->voxels + (size_t) first * row_bytes);
}

static const Codec memory_codec = {.name = "memory", .read_rows = read_memory};

static Bytes
write_volume(const Volume *volume, const TiffOptions *options)
{
	VolumeReader reader = {
		.codec = &memory_codec, .grid = volume->grid, .type = volume->type,
		.state = (void *) volume
	};
	ByteBuffer	buffer = {0};
	ByteSink	sink = rad_buffer_sink(&buffer);

	if (!rad_write_tiff(context, &reader, options, &sink))
		fail_msg("%s (%s)", context->message, context->detail);
	return (Bytes) {buffer.bytes, buffer.length};
}

static Volume
make_volume(VoxelType type, int nx, int ny, int nz)
{
	Volume		volume = {
		.grid = {
			.size = {nx, ny, nz}, .spacing = {0.7, 1.0 / 3.0, 2.5}, .origin = {-3.1, 1e-3, 77},
			.direction = {{0, 1, 0}, {-1, 0, 0}, {0, 0, 1}}, .dimension = nz == 1 ? 2 : 3
		},
		.type = type,
	};
	size_t		bytes = (size_t) nx * (size_t) ny * (size_t) nz * rad_voxel_size(type);
	uint64_t	seed = (uint64_t) type + 1;

	volume.voxels = rad_allocate(context, bytes, 1);
	for (size_t n = 0; n < bytes; n++)
		((uint8_t *) volume.voxels)[n] = (uint8_t) (next_random(&seed) % 7 * (n % 5));
	return volume;
}

static void
check_same(const Volume *volume, Bytes file)
{
	ByteSource	source = memory_source("image", file);
	VolumeReader *reader;
	Volume		read;
	Box			box = rad_grid_box(&volume->grid);

	rad_clear_error(context);
	if (!rad_volume_open(context, &source, -1, &reader))
		fail_msg("open: %s (%s)", context->message, context->detail);
	assert_memory_equal(rad_reader_grid(reader)->size, volume->grid.size, sizeof(box.lo));
	assert_true(rad_geometry_same(rad_reader_grid(reader), &volume->grid));
	assert_int_equal(rad_reader_voxel_type(reader), volume->type);
	if (!rad_volume_read_box(context, reader, &box, &read))
		fail_msg("read: %s (%s)", context->message, context->detail);
	assert_memory_equal(read.voxels, volume->voxels, (size_t) rad_box_voxel_count(&box) *
						rad_voxel_size(volume->type));
}

static void
every_type_compression_and_layout(void **state)
{
	static const int sizes[][3] = {{1, 1, 1}, {17, 9, 5}, {300, 40, 3}, {33, 700, 2}};
	static const int tiles[] = {0, 16, 64};

	(void) state;
	for (VoxelType type = 0; type < VOXEL_TYPE_COUNT; type++)
		for (int compression = 0; compression < RAD_TIFF_COMPRESSION_COUNT; compression++)
			for (size_t tile = 0; tile < 3; tile++)
				for (size_t size = 0; size < 4; size++)
				{
					Volume		volume = make_volume(type, sizes[size][0], sizes[size][1],
													 sizes[size][2]);
					TiffOptions options = {.compression = (TiffCompression) compression,
					.tile = tiles[tile]};

					check_same(&volume, write_volume(&volume, &options));
				}
}

/* More pages than a batch holds, and a file that comes compressed or in pieces. */
static void
many_pages_and_other_sources(void **state)
{
	Volume		volume = make_volume(VOXEL_INT16, 200, 130, 190);
	TiffOptions options = {.compression = RAD_TIFF_DEFLATE};
	Bytes		file = write_volume(&volume, &options);
	Bytes		packed = gzip_bytes(file.data, file.length, 1);
	CountingHandle handle;
	ByteSource	source = counting_source("image", file, &handle);
	VolumeReader *reader;
	Volume		read;
	Box			box = {{7, 11, 100}, {190, 13, 180}};
	size_t		at = 0;

	(void) state;
	assert_true(file.length < 200 * 130 * 190 * 2);
	check_same(&volume, file);
	check_same(&volume, packed);
	assert_true(rad_volume_open(context, &source, -1, &reader));
	assert_true(rad_volume_read_box(context, reader, &box, &read));
	for (int z = 100; z < 180; z++)
		for (int y = 11; y < 13; y++)
			for (int x = 7; x < 190; x++)
				assert_int_equal(((int16_t *) read.voxels)[at++],
								 ((int16_t *) volume.voxels)[(z * 130 + y) * 200 + x]);
	free(packed.data);
}

/* --- files of others ------------------------------------------------------- */

static bool
open_built(const TiffBuilder *builder, int frame, VolumeReader **reader)
{
	ByteSource	source = {.name = "image", .length = (int64_t) builder->length,
	.memory = builder->bytes};

	rad_clear_error(context);
	return rad_volume_open(context, &source, frame, reader);
}

static void
byte_orders_samples_and_previews(void **state)
{
	(void) state;
	for (int big = 0; big < 2; big++)
		for (int planar = 1; planar <= 2; planar++)
			for (int samples = 1; samples <= 3; samples += 2)
			{
				TiffBuilder builder;
				PageSpec	page = plain_page;
				PageSpec	preview = plain_page;
				uint8_t		voxels[36];

				page.samples = samples;
				page.planar = planar;
				preview.width = 1;
				preview.height = 1;
				preview.subfile = 1;
				begin_tiff(&builder, big != 0);
				for (int z = 0; z < 3; z++)
				{
					for (int n = 0; n < 6 * samples; n++)
						put_bits(voxels + 2 * n, (uint64_t) (1000 * z + n), 2, big != 0);
					add_page(&builder, &page, voxels, 12 * (size_t) samples);
					add_page(&builder, &preview, voxels, 2);
				}
				for (int sample = 0; sample < samples; sample++)
				{
					VolumeReader *reader;
					Volume		volume;
					Box			box = {{1, 0, 1}, {3, 2, 3}};
					int			at = 0;

					if (!open_built(&builder, samples > 1 ? sample : -1, &reader))
						fail_msg("%s (%s)", context->message, context->detail);
					assert_int_equal(rad_reader_grid(reader)->size[2], 3);
					assert_int_equal(rad_reader_grid(reader)->dimension, 3);
					assert_true(rad_volume_read_box(context, reader, &box, &volume));
					for (int z = 1; z < 3; z++)
						for (int y = 0; y < 2; y++)
							for (int x = 1; x < 3; x++)
							{
								int			pixel = x + 3 * y;

								assert_int_equal(((uint16_t *) volume.voxels)[at++], 1000 * z +
												 (planar == 1 ? pixel * samples + sample :
												  sample * 6 + pixel));
							}
				}
				if (samples > 1)
				{
					VolumeReader *reader;

					assert_false(open_built(&builder, -1, &reader));
					assert_int_equal(context->code, RAD_INVALID_PARAMETER);
					assert_contains(context->message, "3 channels");
				}
			}
}

static void
check_spacing(const PageSpec *page, int pages, double x, double z)
{
	static const uint8_t voxels[12];
	TiffBuilder builder;
	VolumeReader *reader;

	begin_tiff(&builder, false);
	for (int n = 0; n < pages; n++)
		add_page(&builder, page, voxels, 12);
	if (!open_built(&builder, -1, &reader))
		fail_msg("%s (%s)", context->message, context->detail);
	assert_true(fabs(rad_reader_grid(reader)->spacing[0] - x) <= 1e-6 * x);
	assert_true(fabs(rad_reader_grid(reader)->spacing[2] - z) <= 1e-6 * z);
	assert_int_equal(rad_reader_grid(reader)->dimension, pages == 1 ? 2 : 3);
}

static void
resolutions_become_spacings(void **state)
{
	PageSpec	page = plain_page;

	(void) state;
	check_spacing(&page, 1, 1.0, 1.0);
	page.resolution = 20;
	page.unit = 3;
	check_spacing(&page, 2, 0.5, 1.0);
	page.unit = 2;
	page.resolution = 254;
	check_spacing(&page, 2, 0.1, 1.0);
	page.unit = 1;
	check_spacing(&page, 2, 1.0, 1.0);
	page.resolution = 2;
	page.description = "ImageJ=1.53t\nimages=2\nslices=2\nunit=mm\nspacing=2.5\nloop=false\n";
	check_spacing(&page, 2, 0.5, 2.5);
	page.description = "ImageJ=1.53t\nunit=micron\nspacing=2.5\n";
	check_spacing(&page, 2, 0.0005, 0.0025);
	/* Ours, and ours after somebody cropped the pages or changed the resolution. */
	page.unit = 3;
	page.resolution = 12.5f;
	page.description = "radiomics-size 3 2 2\n"
		"radiomics-geometry-lps 3 0.8 0.8 7 1 2 3 1 0 0 0 1 0 0 0 1\n";
	check_spacing(&page, 2, 0.8, 7);
	check_spacing(&page, 3, 0.8, 1);
	page.resolution = 13;
	check_spacing(&page, 2, 10 / 13.0, 1);
	/* Two dimensions and two pages. */
	page.resolution = 12.5f;
	page.description = "radiomics-size 3 2 2\n"
		"radiomics-geometry-lps 2 0.8 0.8 7 1 2 3 1 0 0 0 1 0 0 0 1\n";
	check_spacing(&page, 2, 0.8, 1);
}

typedef struct Wrong
{
	RadErrorCode code;
	const char *message;
	PageSpec	page;
} Wrong;

static void
wrong_pages_are_refused(void **state)
{
	static const uint8_t voxels[12];
	Wrong		wrongs[] = {
		{RAD_NOT_SUPPORTED, "12 bits", plain_page},
		{RAD_NOT_SUPPORTED, "16 bits in sample format 3", plain_page},
		{RAD_NOT_SUPPORTED, "orientation 4", plain_page},
		{RAD_NOT_SUPPORTED, "compression 7", plain_page},
		{RAD_INVALID_BINARY, "cannot be decoded", plain_page},
		{RAD_LIMIT_EXCEEDED, "70000 voxels", plain_page},
		{RAD_NOT_SUPPORTED, "different sizes", plain_page},
	};

	(void) state;
	wrongs[0].page.bits = 12;
	wrongs[1].page.format = 3;
	wrongs[2].page.orientation = 4;
	wrongs[3].page.compression = 7;
	wrongs[4].page.compression = 8;	/* but not compressed */
	wrongs[5].page.width = 70000;
	wrongs[6].page.width = 2;
	for (size_t n = 0; n < sizeof(wrongs) / sizeof(wrongs[0]); n++)
	{
		TiffBuilder builder;
		VolumeReader *reader;
		bool		ok;

		begin_tiff(&builder, false);
		if (n == 6)
			add_page(&builder, &plain_page, voxels, 12);
		add_page(&builder, &wrongs[n].page, voxels, 12);
		ok = open_built(&builder, -1, &reader);
		if (ok)
		{
			Box			box = rad_grid_box(rad_reader_grid(reader));
			Volume		volume;

			ok = rad_volume_read_box(context, reader, &box, &volume);
		}
		if (ok || context->code != wrongs[n].code ||
			strstr(context->message, wrongs[n].message) == NULL)
			fail_msg("\"%s\": got %d \"%s\" (%s)", wrongs[n].message, context->code,
					 context->message, context->detail);
	}
}

/* --- dicom-preprocessing ---------------------------------------------------- */

static void
check_map(const TiffTransform *transform, uint32_t x, uint32_t y, uint32_t to_x, uint32_t to_y,
		  bool back)
{
	uint32_t	from[2] = {x, y};
	uint32_t	to[2];

	assert_true(rad_tiff_map(context, transform, from, to));
	assert_int_equal(to[0], to_x);
	assert_int_equal(to[1], to_y);
	if (!back)
		return;
	assert_true(rad_tiff_unmap(context, transform, to, from));
	assert_int_equal(from[0], x);
	assert_int_equal(from[1], y);
}

/* The cases of its own tests. */
static void
points_are_mapped(void **state)
{
	TiffTransform all = {
		.has_flip = true, .flip_size = {100, 80}, .flip = {true, false},
		.has_crop = true, .crop_origin = {70, 20}, .crop_size = {20, 20},
		.has_scale = true, .scale = {2, 2},
		.has_padding = true, .padding = {5, 7, 0, 0}
	};
	TiffTransform corner = {
		.has_crop = true, .crop_size = {4, 4}, .has_scale = true, .scale = {2, 2},
		.has_padding = true, .padding = {0, 0, 1, 1}
	};
	TiffTransform flip = {.has_flip = true, .flip_size = {100, 80}, .flip = {true, true}};
	TiffTransform scale = {.has_scale = true, .scale = {1.5f, 1.5f}};
	TiffTransform padding = {.has_padding = true, .padding = {2, 3, 1, 1}};
	uint32_t	far[2] = {UINT32_MAX, 0};
	uint32_t	to[2];

	(void) state;
	check_map(&all, 10, 30, 43, 27, true);
	check_map(&corner, 0, 0, 0, 0, true);
	check_map(&corner, 1, 1, 2, 2, true);
	check_map(&corner, 7, 7, 6, 6, false);
	check_map(&flip, 10, 30, 89, 49, true);
	check_map(&flip, 20, 40, 79, 39, true);
	check_map(&scale, 4, 6, 6, 9, true);
	check_map(&padding, 5, 5, 7, 8, true);
	assert_false(rad_tiff_map(context, &padding, far, to));
	assert_int_equal(context->code, RAD_OUT_OF_RANGE);
	scale.scale[0] = NAN;
	assert_false(rad_tiff_map(context, &scale, far, to));
	assert_int_equal(context->code, RAD_INVALID_PARAMETER);
}

/* The bytes of an entry of the first directory of a little-endian file. */
static const uint8_t *
find_entry(Bytes file, int tag)
{
	size_t		at;
	int			count;

	memcpy(&at, file.data + 4, 4);
	at &= 0xffffffff;
	count = file.data[at] | file.data[at + 1] << 8;
	for (int n = 0; n < count; n++)
	{
		const uint8_t *entry = file.data + at + 2 + 12 * n;

		if ((entry[0] | entry[1] << 8) == tag)
			return entry;
	}
	return NULL;
}

static void
check_entry(Bytes file, int tag, int type, int count)
{
	const uint8_t *entry = find_entry(file, tag);

	assert_non_null(entry);
	assert_int_equal(entry[2] | entry[3] << 8, type);
	assert_int_equal(entry[4] | entry[5] << 8, count);
}

static void
tags_are_written_and_read(void **state)
{
	TiffTransform transform = {
		.has_flip = true, .flip_size = {100, 80}, .flip = {true, false},
		.has_crop = true, .crop_origin = {71, 20}, .crop_size = {21, 20},
		.has_scale = true, .scale = {0.3f, 2},
		.has_padding = true, .padding = {5, 7, 8, 9}
	};
	Volume		volume = make_volume(VOXEL_UINT16, 20, 30, 4);
	TiffOptions options = {.compression = RAD_TIFF_PACKBITS, .transform = &transform};
	Bytes		file = write_volume(&volume, &options);
	ByteSource	source = memory_source("image", file);
	const uint8_t *origin;
	uint32_t	at;
	TiffTags	tags;

	(void) state;
	check_same(&volume, file);
	/* The types that dicom-preprocessing expects, LONG 4, FLOAT 11, SHORT 3. */
	check_entry(file, 50718, 11, 2);
	check_entry(file, 50719, 4, 2);
	check_entry(file, 50720, 4, 2);
	check_entry(file, 50829, 4, 4);
	check_entry(file, 65000, 4, 4);
	check_entry(file, 297, 3, 2);
	origin = find_entry(file, 50719);
	memcpy(&at, origin + 8, 4);
	assert_int_equal(file.data[at], 71 + 10);
	assert_int_equal(file.data[at + 4], 20 + 10);
	if (!rad_tiff_tags(context, &source, &tags))
		fail_msg("%s (%s)", context->message, context->detail);
	assert_memory_equal(&tags.transform.flip_size, &transform.flip_size, 8);
	assert_true(tags.transform.has_flip && tags.transform.flip[0] && !tags.transform.flip[1]);
	assert_true(tags.transform.has_crop && tags.transform.has_scale && tags.transform.has_padding);
	assert_memory_equal(tags.transform.crop_origin, transform.crop_origin, 8);
	assert_memory_equal(tags.transform.crop_size, transform.crop_size, 8);
	assert_memory_equal(tags.transform.scale, transform.scale, 8);
	assert_memory_equal(tags.transform.padding, transform.padding, 16);
	assert_int_equal(tags.page_count, 4);
	assert_int_equal(tags.page_number[1], 4);
	assert_int_equal(tags.width, 20);
	assert_int_equal(tags.height, 30);
	assert_string_equal(tags.software, "radiomics");
	assert_contains(tags.description, "radiomics-size 20 30 4\n");
	file.data[0] = 'X';
	assert_false(rad_tiff_tags(context, &source, &tags));
	assert_contains(context->message, "is no TIFF file");
}

/* --- damage and cancelling -------------------------------------------------- */

static void
damage_never_crashes(void **state)
{
	(void) state;
	for (int compression = 0; compression < RAD_TIFF_COMPRESSION_COUNT; compression++)
	{
		Volume		volume = make_volume(VOXEL_INT16, 9, 8, 2);
		TiffOptions options = {.compression = (TiffCompression) compression,
		.tile = compression == 2 ? 16 : 0};
		Bytes		file = write_volume(&volume, &options);

		for (size_t n = 0; n < file.length; n++)
			for (int way = 0; way < 2; way++)
			{
				Bytes		spoilt = {malloc(file.length), file.length};
				ByteSource	source = memory_source("image", spoilt);
				VolumeReader *reader;
				TiffTags	tags;

				memcpy(spoilt.data, file.data, file.length);
				if (way == 0)
					source.length = (int64_t) n;
				else
					spoilt.data[n] ^= (uint8_t) (1 + n % 255);
				rad_clear_error(context);
				if (rad_volume_open(context, &source, -1, &reader))
				{
					Box			box = {{0, 0, 0}, {1, 1, 1}};
					Volume		read;

					rad_volume_read_box(context, reader, &box, &read);
				}
				rad_clear_error(context);
				rad_tiff_tags(context, &source, &tags);
				free(spoilt.data);
			}
	}
}

static bool
yes(void *argument)
{
	(void) argument;
	return true;
}

static void
a_cancel_is_noticed(void **state)
{
	Volume		volume = make_volume(VOXEL_INT16, 100, 100, 3);
	TiffOptions options = {.compression = RAD_TIFF_LZW};
	Bytes		file = write_volume(&volume, &options);
	ByteSource	source = memory_source("image", file);
	VolumeReader reading = {
		.codec = &memory_codec, .grid = volume.grid, .type = volume.type, .state = &volume
	};
	ByteBuffer	buffer = {0};
	ByteSink	sink = rad_buffer_sink(&buffer);
	VolumeReader *reader;

	(void) state;
	context->pending = yes;
	assert_false(rad_volume_open(context, &source, -1, &reader));
	assert_int_equal(context->code, RAD_CANCELLED);
	rad_clear_error(context);
	assert_false(rad_write_tiff(context, &reading, &options, &sink));
	assert_int_equal(context->code, RAD_CANCELLED);
	context->interrupted = yes;
	rad_clear_error(context);
	assert_false(rad_volume_open(context, &source, -1, &reader));
	assert_int_equal(context->code, RAD_CANCELLED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_type_compression_and_layout, setup, teardown),
		cmocka_unit_test_setup_teardown(many_pages_and_other_sources, setup, teardown),
		cmocka_unit_test_setup_teardown(byte_orders_samples_and_previews, setup, teardown),
		cmocka_unit_test_setup_teardown(resolutions_become_spacings, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_pages_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(points_are_mapped, setup, teardown),
		cmocka_unit_test_setup_teardown(tags_are_written_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(damage_never_crashes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cancel_is_noticed, setup, teardown),
	};

	return cmocka_run_group_tests_name("tiff", tests, NULL, NULL);
}

#else

int
main(void)
{
	printf("1..0 # SKIP TIFF: " "libtiff was not there when this was built\n");
	return 0;
}

#endif
