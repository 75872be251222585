/*
 * How to store volumes: brick edge, filter and compressor compared on real
 * images, one core, without a server.
 *
 *   make -C bench bench_volume && build/bench/bench_volume [--int16] FILE...
 *
 * --int16: images whose values allow it are measured as int16, as scanners
 * write CT and MR; others as they are.
 *
 * For every image: stored bytes over raw bytes, raw MB/s of storing (with hash,
 * range, labels and checksums) and of reading everything back, and the time of
 * reading a box of 40 x 40 x 40 voxels in the middle, the size of a lesion of
 * 30,000 voxels.  CPU time; the best of several runs, because others use the
 * machine.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "formats/container.h"

#define REPEATS 5
#define BOX_EDGE 40

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double) time.tv_sec + 1e-9 * (double) time.tv_nsec;
}

static void
fail(const RadContext *context)
{
	fprintf(stderr, "bench_volume: %s\n", context->message);
	exit(1);
}

static ByteSource
read_file(RadContext *context, const char *path)
{
	FILE	   *stream = fopen(path, "rb");
	uint8_t    *bytes;
	long		length;

	if (stream == NULL || fseek(stream, 0, SEEK_END) != 0 || (length = ftell(stream)) < 0)
	{
		perror(path);
		exit(1);
	}
	rewind(stream);
	bytes = rad_allocate(context, (size_t) length, 1);
	if (bytes == NULL || fread(bytes, 1, (size_t) length, stream) != (size_t) length)
	{
		perror(path);
		exit(1);
	}
	fclose(stream);
	return (ByteSource) {.name = path, .length = length, .memory = bytes};
}

/* The same voxels as int16, when that is exact. */
static void
narrow(RadContext *context, Volume *volume)
{
	int64_t		count = rad_box_voxel_count(&volume->box);
	double	   *values = rad_new(context, double, count);
	int16_t    *voxels = rad_new(context, int16_t, count);

	if (values == NULL || voxels == NULL)
		fail(context);
	rad_voxels_to_double(volume->type, volume->voxels, 0, count, values);
	for (int64_t n = 0; n < count; n++)
	{
		if (!(values[n] >= INT16_MIN && values[n] <= INT16_MAX) || values[n] != trunc(values[n]))
			return;
		voxels[n] = (int16_t) values[n];
	}
	volume->voxels = voxels;
	volume->type = VOXEL_INT16;
	rad_release(context, values);
}

typedef struct Figures
{
	double		raw;			/* bytes */
	double		stored;
	double		store_seconds;
	double		read_seconds;
	double		box_seconds;
	int			images;
} Figures;

/* Store a volume once, keep the value, and read it back. */
static void
measure(const Volume *volume, const ContainerOptions *options, Figures *figures)
{
	double		best[3] = {INFINITY, INFINITY, INFINITY};
	double		raw = (double) rad_box_voxel_count(&volume->box) *
		(double) rad_voxel_size(volume->type);
	Box			box = volume->box;
	int64_t		length = 0;

	for (int axis = 0; axis < 3; axis++)
	{
		int			middle = volume->grid.size[axis] / 2;

		if (volume->grid.size[axis] > BOX_EDGE)
		{
			box.lo[axis] = middle - BOX_EDGE / 2;
			box.hi[axis] = middle + BOX_EDGE / 2;
		}
	}
	for (int repeat = 0; repeat < REPEATS; repeat++)
	{
		RadContext *context = rad_context_create();
		ContainerWriter *writer;
		VolumeReader *reader;
		Volume		read;
		ByteSource	source = {.name = "volume"};
		uint8_t    *bytes;
		double		start = now();
		double		elapsed;

		if (!rad_container_store(context, volume, NULL, options, &writer, &length))
			fail(context);
		bytes = rad_allocate(context, (size_t) length, 1);
		rad_container_copy(writer, bytes);
		elapsed = now() - start;
		best[0] = elapsed < best[0] ? elapsed : best[0];

		source.memory = bytes;
		source.length = length;
		start = now();
		if (!rad_volume_open(context, &source, -1, &reader) ||
			!rad_volume_read_box(context, reader, &volume->box, &read))
			fail(context);
		elapsed = now() - start;
		best[1] = elapsed < best[1] ? elapsed : best[1];
		if (memcmp(read.voxels, volume->voxels, (size_t) raw) != 0)
		{
			fprintf(stderr, "bench_volume: voxels differ\n");
			exit(1);
		}
		start = now();
		if (!rad_volume_open(context, &source, -1, &reader) ||
			!rad_volume_read_box(context, reader, &box, &read))
			fail(context);
		elapsed = now() - start;
		best[2] = elapsed < best[2] ? elapsed : best[2];
		rad_context_destroy(context);
	}
	figures->raw += raw;
	figures->stored += (double) length;
	figures->store_seconds += best[0];
	figures->read_seconds += best[1];
	figures->box_seconds += best[2];
	figures->images++;
}

static void
print_row(const Volume *volumes, int count, const ContainerOptions *options)
{
	Figures		figures = {0};

	for (int n = 0; n < count; n++)
	{
		ContainerOptions fitting = options != NULL ? *options :
			rad_container_defaults(volumes[n].type, volumes[n].grid.size);

		for (int axis = 0; axis < 3; axis++)
			if (fitting.brick[axis] > volumes[n].grid.size[axis])
				fitting.brick[axis] = volumes[n].grid.size[axis];
		measure(&volumes[n], &fitting, &figures);
	}
	if (options != NULL)
		printf("%3d x %3d x %3d  %-4s %2d  %-8s ", options->brick[0], options->brick[1],
			   options->brick[2], rad_brick_compression_names[options->compression],
			   options->level, rad_brick_filter_names[options->filter]);
	else
		printf("%-34s ", "as chosen");
	printf("%6.1f %% %8.0f %8.0f %8.2f\n", 100 * figures.stored / figures.raw,
		   figures.raw / figures.store_seconds / 1e6, figures.raw / figures.read_seconds / 1e6,
		   1e3 * figures.box_seconds / figures.images);
	fflush(stdout);
}

static void
measure_all(const Volume *volumes, int count)
{
	static const struct
	{
		BrickCompression compression;
		int			level;
	}			compressors[] = {
		{BRICK_LZ4, 1}, {BRICK_ZSTD, -3}, {BRICK_ZSTD, -1}, {BRICK_ZSTD, 1}, {BRICK_ZSTD, 3},
	};
	static const int edges[][3] = {
		{16, 16, 16}, {32, 32, 16}, {32, 32, 32}, {48, 48, 48}, {64, 64, 16}, {64, 64, 32},
		{64, 64, 64},
	};

	printf("%-34s %8s %8s %8s %8s\n", "brick, compressor, level, filter", "stored",
		   "store", "read", "box ms");
	for (size_t c = 0; c < sizeof(compressors) / sizeof(compressors[0]); c++)
		for (int filter = 0; filter < BRICK_FILTER_COUNT; filter++)
		{
			ContainerOptions options = {
				{32, 32, 32}, compressors[c].compression, (BrickFilter) filter,
				compressors[c].level
			};

			print_row(volumes, count, &options);
		}
	for (size_t e = 0; e < sizeof(edges) / sizeof(edges[0]); e++)
	{
		ContainerOptions options = rad_container_defaults(volumes[0].type, volumes[0].grid.size);

		memcpy(options.brick, edges[e], sizeof(options.brick));
		print_row(volumes, count, &options);
	}
	print_row(volumes, count, NULL);
}

int
main(int argc, char **argv)
{
	RadContext *context = rad_context_create();
	Volume	   *volumes = calloc((size_t) argc, sizeof(Volume));

	bool		int16 = argc > 1 && strcmp(argv[1], "--int16") == 0;
	int			count = 0;

	if (argc < 2 + int16)
	{
		fprintf(stderr, "usage: bench_volume [--int16] FILE...\n");
		return 1;
	}
	for (int n = 1 + int16; n < argc; n++, count++)
	{
		ByteSource	source = read_file(context, argv[n]);
		VolumeReader *reader;
		Box			box;

		if (!rad_volume_open(context, &source, -1, &reader))
			fail(context);
		box = rad_grid_box(rad_reader_grid(reader));
		if (!rad_volume_read_box(context, reader, &box, &volumes[count]))
			fail(context);
		if (int16)
			narrow(context, &volumes[count]);
		printf("%s: %d x %d x %d %s\n", argv[n], box.hi[0], box.hi[1], box.hi[2],
			   rad_voxel_type_name(volumes[count].type));
	}
	measure_all(volumes, count);
	rad_context_destroy(context);
	free(volumes);
	return 0;
}
