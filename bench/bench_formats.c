/*
 * How fast volumes become files and files volumes, and how large they are:
 * every format and compression, and a picture.
 *
 *   make -C bench bench_formats && build/bench/bench_formats [FILE...]
 *
 * FILE is a volume in any format; without one, a synthetic body of soft tissue
 * with noise in air is used (int16, 512 x 512 x 100).  Times are CPU time of
 * one core, the median of seven.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "formats/codec.h"
#include "formats/png_write.h"
#include "formats/tiff.h"
#include "formats/writer.h"
#include "picture/picture.h"

#define REPEATS 7

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return 1e3 * (double) time.tv_sec + 1e-6 * (double) time.tv_nsec;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return (left > right) - (left < right);
}

static void
fail(const RadContext *context)
{
	fprintf(stderr, "bench_formats: %s (%s)\n", context->message, context->detail);
	exit(1);
}

/* A reader of a volume in memory. */

static bool
read_memory(RadContext *context, VolumeReader *reader, const Box *box, RowsCallback callback,
			void *argument)
{
	const Volume *volume = reader->state;
	size_t		row_bytes = (size_t) volume->grid.size[0] * rad_voxel_size(volume->type);

	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int y = box->lo[1]; y < box->hi[1]; y++)
		{
			int64_t		row = y + (int64_t) z * volume->grid.size[1];

			if (!callback(context, argument, row, 1, (uint8_t *) volume->voxels +
						  (size_t) row * row_bytes +
						  (size_t) box->lo[0] * rad_voxel_size(volume->type)))
				return false;
		}
	return true;
}

static const Codec memory_codec = {.format = "memory", .name = "memory", .read_rows = read_memory};

static VolumeReader
memory_reader(Volume *volume)
{
	return (VolumeReader) {
		.codec = &memory_codec, .name = "image", .grid = volume->grid, .type = volume->type,
		.state = volume
	};
}

static Volume
synthetic_body(RadContext *context)
{
	Volume		volume = {
		.grid = {
			.size = {512, 512, 100}, .spacing = {0.8, 0.8, 2.5},
			.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, .dimension = 3
		},
		.type = VOXEL_INT16
	};
	int16_t    *voxel = rad_new(context, int16_t, rad_grid_voxel_count(&volume.grid));
	uint64_t	state = 1;

	if (voxel == NULL)
		fail(context);
	volume.voxels = voxel;
	for (int z = 0; z < 100; z++)
		for (int y = 0; y < 512; y++)
			for (int x = 0; x < 512; x++)
			{
				double		dx = (x - 256) / 200.0;
				double		dy = (y - 256) / 140.0;

				state = state * 6364136223846793005u + 1442695040888963407u;
				*voxel++ = (int16_t) (dx * dx + dy * dy > 1.0 ? -1024 :
									  40 + 20 * sin(x / 30.0 + z / 9.0) + (double) (state >> 59) - 16);
			}
	return volume;
}

static Volume
load_volume(RadContext *context, const char *path)
{
	FILE	   *stream = fopen(path, "rb");
	ByteSource	source = {.name = "image"};
	VolumeReader *reader;
	Volume		volume;
	Box			box;
	uint8_t    *bytes;

	if (stream == NULL || fseek(stream, 0, SEEK_END) != 0)
	{
		perror(path);
		exit(1);
	}
	source.length = ftell(stream);
	rewind(stream);
	bytes = rad_new(context, uint8_t, source.length);
	if (bytes == NULL || fread(bytes, 1, (size_t) source.length, stream) != (size_t) source.length)
		exit(1);
	fclose(stream);
	source.memory = bytes;
	if (!rad_volume_open(context, &source, -1, &reader))
		fail(context);
	box = rad_grid_box(rad_reader_grid(reader));
	if (!rad_volume_read_box(context, reader, &box, &volume))
		fail(context);
	return volume;
}

/* One way of writing. */
typedef struct Form
{
	const char *name;
	bool		(*write) (RadContext *context, VolumeReader *reader, bool compress,
						  const ByteSink *sink);
	bool		compress;
	TiffCompression tiff;
} Form;

static const Form forms[] = {
	{"nifti", rad_write_nifti, false, 0},
	{"nifti gzip", rad_write_nifti, true, 0},
	{"nrrd", rad_write_nrrd, false, 0},
	{"nrrd gzip", rad_write_nrrd, true, 0},
	{"metaimage", rad_write_metaimage, false, 0},
	{"metaimage zlib", rad_write_metaimage, true, 0},
	{"tiff", NULL, false, RAD_TIFF_NONE},
	{"tiff packbits", NULL, false, RAD_TIFF_PACKBITS},
	{"tiff lzw", NULL, false, RAD_TIFF_LZW},
	{"tiff deflate", NULL, false, RAD_TIFF_DEFLATE},
};

static void
measure_form(const Form *form, Volume *volume)
{
	double		writing[REPEATS];
	double		reading[REPEATS];
	size_t		length = 0;
	double		megabytes = (double) rad_grid_voxel_count(&volume->grid) *
		(double) rad_voxel_size(volume->type) / 1e6;

	for (int n = 0; n < REPEATS; n++)
	{
		RadContext *context = rad_context_create();
		VolumeReader reader = memory_reader(volume);
		TiffOptions options = {.compression = form->tiff};
		ByteBuffer	buffer = {0};
		ByteSink	sink = rad_buffer_sink(&buffer);
		ByteSource	source;
		VolumeReader *again;
		Volume		read;
		Box			box = rad_grid_box(&volume->grid);
		double		begin = now();

		if (!(form->write != NULL ? form->write(context, &reader, form->compress, &sink) :
			  rad_write_tiff(context, &reader, &options, &sink)))
			fail(context);
		writing[n] = now() - begin;
		length = buffer.length;
		source = (ByteSource) {
			.name = "image", .length = (int64_t) buffer.length, .memory = buffer.bytes
		};
		begin = now();
		if (!rad_volume_open(context, &source, -1, &again) ||
			!rad_volume_read_box(context, again, &box, &read))
			fail(context);
		reading[n] = now() - begin;
		rad_context_destroy(context);
	}
	qsort(writing, REPEATS, sizeof(double), compare_doubles);
	qsort(reading, REPEATS, sizeof(double), compare_doubles);
	printf("%-16s %8.1f MB %6.1f %% of the voxels  write %7.0f ms %6.0f MB/s  read %6.0f ms %6.0f MB/s\n",
		   form->name, (double) length / 1e6, 100.0 * (double) length / 1e6 / megabytes,
		   writing[REPEATS / 2], 1e3 * megabytes / writing[REPEATS / 2], reading[REPEATS / 2],
		   1e3 * megabytes / reading[REPEATS / 2]);
}

static void
measure_picture(Volume *volume)
{
	double		times[REPEATS];
	size_t		length = 0;

	for (int n = 0; n < REPEATS; n++)
	{
		RadContext *context = rad_context_create();
		VolumeReader reader = memory_reader(volume);
		PictureOptions options = rad_picture_defaults();
		ByteBuffer	file = {0};
		double		pixels_per_metre;
		Canvas		canvas;
		double		begin = now();

		if (!rad_picture_draw(context, &reader, NULL, &options, &canvas, &pixels_per_metre) ||
			!rad_write_png(context, canvas.width, canvas.height, canvas.rgb, pixels_per_metre, &file))
			fail(context);
		times[n] = now() - begin;
		length = file.length;
		rad_context_destroy(context);
	}
	qsort(times, REPEATS, sizeof(double), compare_doubles);
	printf("%-16s %8.1f kB, %.0f ms\n", "png", (double) length / 1e3, times[REPEATS / 2]);
}

int
main(int argc, char **argv)
{
	for (int n = 1; n < argc || n == 1; n++)
	{
		RadContext *context = rad_context_create();
		Volume		volume = argc > 1 ? load_volume(context, argv[n]) : synthetic_body(context);

		printf("%s: %d x %d x %d %s\n", argc > 1 ? argv[n] : "synthetic body", volume.grid.size[0],
			   volume.grid.size[1], volume.grid.size[2], rad_voxel_type_name(volume.type));
		for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++)
			measure_form(&forms[form], &volume);
		measure_picture(&volume);
		rad_context_destroy(context);
	}
	return 0;
}
