/*
 * How to store volumes: brick edge, filter and compressor compared on real
 * images, one core, without a server.
 *
 *   make -C bench bench_volume && build/bench/bench_volume [--int16] FILE...
 *
 * --int16: images whose values allow it are measured as int16, as scanners
 * write CT and MR; others as they are.
 *
 *   bench_volume --tile IMAGE.nii.gz FOLDER
 *
 * writes FOLDER/large_image.nii, .nii.gz and large_mask.nii.gz instead: the
 * image as int16, mirrored until it fills 512 x 512 x 200 voxels, and a ball of
 * 30,000 voxels in its middle.
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

#include "../test/unit/nifti_builder.h"
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

static void
write_file(const char *folder, const char *name, Bytes file)
{
	char		path[1024];
	FILE	   *stream;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	stream = fopen(path, "wb");
	if (stream == NULL || fwrite(file.data, 1, file.length, stream) != file.length ||
		fclose(stream) != 0)
	{
		perror(path);
		exit(1);
	}
}

/* Position in an image that is mirrored at its borders without end. */
static int
mirror(int position, int size)
{
	position %= 2 * size;
	return position < size ? position : 2 * size - 1 - position;
}

/* A large scan made of a real one (see above). */
static void
tile(RadContext *context, const char *path, const char *folder)
{
	static const int size[3] = {512, 512, 200};
	ByteSource	source = read_file(context, path);
	NiftiSpec	spec = nifti_spec(1, false, 4, 16, size[0], size[1], size[2]);
	int16_t    *image = rad_allocate(context, (size_t) size[0] * 512 * 200, sizeof(int16_t));
	uint8_t    *mask = rad_allocate_zeroed(context, (size_t) size[0] * 512 * 200, 1);
	VolumeReader *reader;
	Volume		volume;
	Bytes		file;
	size_t		n = 0;

	if (image == NULL || mask == NULL || !rad_volume_open(context, &source, -1, &reader) ||
		!rad_volume_read(context, reader, &volume))
		fail(context);
	narrow(context, &volume);
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++, n++)
			{
				int			dx = x - 256;
				int			dy = y - 256;
				int			dz = z - 100;
				int64_t		from = mirror(x, volume.grid.size[0]) + (int64_t) volume.grid.size[0] *
					(mirror(y, volume.grid.size[1]) + (int64_t) volume.grid.size[1] *
					 mirror(z, volume.grid.size[2]));

				image[n] = ((const int16_t *) volume.voxels)[from];
				/* A radius of 19.3 voxels holds 30,000. */
				mask[n] = dx * dx + dy * dy + dz * dz <= 372;
			}
	spec.pixdim[1] = spec.pixdim[2] = 0.9;
	spec.pixdim[3] = 2.5;
	file = build_nifti(&spec, image, n * sizeof(int16_t));
	write_file(folder, "large_image.nii", file);
	write_file(folder, "large_image.nii.gz", gzip_bytes(file.data, file.length, 6));
	spec.datatype = 2;
	spec.bitpix = 8;
	file = build_nifti(&spec, mask, n);
	write_file(folder, "large_mask.nii.gz", gzip_bytes(file.data, file.length, 6));
}

int
main(int argc, char **argv)
{
	RadContext *context = rad_context_create();
	Volume	   *volumes = calloc((size_t) argc, sizeof(Volume));

	bool		int16 = argc > 1 && strcmp(argv[1], "--int16") == 0;
	int			count = 0;

	if (argc == 4 && strcmp(argv[1], "--tile") == 0)
	{
		tile(context, argv[2], argv[3]);
		return 0;
	}
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
