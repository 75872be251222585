/*
 * How fast bytes become voxels and runs: gzip libraries compared, scanning of
 * masks, boxes out of large volumes.
 *
 *   make -C bench bench_decode && build/bench/bench_decode [repeats]
 *
 * The volume is synthetic: an elliptic body of soft tissue with bones and
 * noise in air, int16, 512 x 512 x 200, so that gzip shrinks it about as much
 * as a CT.  Times are wall clock, one core; the median counts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "../test/unit/nifti_builder.h"
#include "formats/inflate_stream.h"
#include "formats/mask_runs.h"

#define MAX_REPEATS 99

static int	repeats = 7;

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + 1e-9 * (double) time.tv_nsec;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return (left > right) - (left < right);
}

/* What a measured operation works on. */
typedef struct Job
{
	Bytes		packed;			/* or plain, for what does not decompress */
	size_t		plain_length;
	Box			box;
} Job;

typedef void (*Operation) (const Job *job);

static void
fail(const char *what)
{
	fprintf(stderr, "bench_decode: %s\n", what);
	exit(1);
}

static void
measure(const char *name, Operation operation, const Job *job)
{
	double		seconds[MAX_REPEATS];

	for (int n = 0; n < repeats; n++)
	{
		double		start = now();

		operation(job);
		seconds[n] = now() - start;
	}
	qsort(seconds, (size_t) repeats, sizeof(double), compare_doubles);
	printf("%-44s %9.2f %9.2f %9.2f %10.0f\n", name, 1e3 * seconds[repeats / 2],
		   1e3 * seconds[0], 1e3 * seconds[repeats - 1],
		   1e-6 * (double) job->plain_length / seconds[repeats / 2]);
}

/* --- gzip libraries --------------------------------------------------------- */

#define CHUNK (256 * 1024)

static void
inflate_isal(const Job *job)
{
	RadContext *context = rad_context_create();
	ByteSource	source = {
		.name = "image", .length = (int64_t) job->packed.length, .memory = job->packed.data
	};
	uint8_t    *chunk = rad_new(context, uint8_t, CHUNK);
	InflateStream *stream;
	size_t		total = 0;
	size_t		produced;

	if (!rad_inflate_open(context, &source, INFLATE_GZIP, &stream))
		fail(context->message);
	do
	{
		if (!rad_inflate_read(context, stream, chunk, CHUNK, &produced))
			fail(context->message);
		total += produced;
	} while (produced == CHUNK);
	if (total != job->plain_length)
		fail("wrong length from ISA-L");
	rad_context_destroy(context);
}

static void
inflate_zlib(const Job *job)
{
	uint8_t    *chunk = malloc(CHUNK);
	z_stream	stream = {0};
	size_t		total = 0;
	int			result;

	inflateInit2(&stream, 15 + 16);
	stream.next_in = job->packed.data;
	stream.avail_in = (uInt) job->packed.length;
	do
	{
		stream.next_out = chunk;
		stream.avail_out = CHUNK;
		result = inflate(&stream, Z_NO_FLUSH);
		total += CHUNK - stream.avail_out;
	} while (result == Z_OK);
	if (result != Z_STREAM_END || total != job->plain_length)
		fail("wrong length from zlib");
	inflateEnd(&stream);
	free(chunk);
}

#ifdef HAVE_LIBDEFLATE
static void
inflate_libdeflate(const Job *job)
{
	struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
	uint8_t    *plain = malloc(job->plain_length);
	size_t		total;

	if (libdeflate_gzip_decompress(decompressor, job->packed.data, job->packed.length, plain,
								   job->plain_length, &total) != LIBDEFLATE_SUCCESS ||
		total != job->plain_length)
		fail("libdeflate failed");
	free(plain);
	libdeflate_free_decompressor(decompressor);
}
#endif

/* --- our reading ------------------------------------------------------------- */

static bool
copy_from_memory(RadContext *context, void *handle, int64_t offset, void *buffer, size_t count)
{
	(void) context;
	memcpy(buffer, (const uint8_t *) handle + offset, count);
	return true;
}

static void
scan_mask(const Job *job)
{
	RadContext *context = rad_context_create();
	ByteSource	source = {
		.name = "mask", .length = (int64_t) job->packed.length, .memory = job->packed.data
	};
	VolumeReader *reader;
	MaskRuns   *mask;

	if (!rad_volume_open(context, &source, -1, &reader) ||
		!rad_mask_scan(context, reader, &mask))
		fail(context->message);
	rad_context_destroy(context);
}

static void
align_mask(const Job *job)
{
	RadContext *context = rad_context_create();
	ByteSource	source = {
		.name = "mask", .length = (int64_t) job->packed.length, .memory = job->packed.data
	};
	VolumeReader *reader;
	MaskRuns   *mask;
	MaskRuns   *aligned;
	Grid		grid;

	if (!rad_volume_open(context, &source, -1, &reader) ||
		!rad_mask_scan(context, reader, &mask))
		fail(context->message);
	grid = *rad_reader_grid(reader);
	grid.origin[0] += 0.3;
	if (!rad_mask_align(context, mask, &grid, &aligned))
		fail(context->message);
	rad_context_destroy(context);
}

static void
read_box_from(const Job *job, const ByteSource *source)
{
	RadContext *context = rad_context_create();
	VolumeReader *reader;
	Volume		volume;

	if (!rad_volume_open(context, source, -1, &reader) ||
		!rad_volume_read_box(context, reader, &job->box, &volume))
		fail(context->message);
	rad_context_destroy(context);
}

static void
read_box(const Job *job)
{
	ByteSource	source = {
		.name = "image", .length = (int64_t) job->packed.length, .memory = job->packed.data
	};

	read_box_from(job, &source);
}

static void
read_box_positional(const Job *job)
{
	ByteSource	source = {
		.name = "image", .length = (int64_t) job->packed.length,
		.read = copy_from_memory, .handle = job->packed.data
	};

	read_box_from(job, &source);
}

/* --- inputs -------------------------------------------------------------------- */

static uint32_t
noise(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

static Bytes
make_image(int nx, int ny, int nz)
{
	NiftiSpec	spec = nifti_spec(1, false, 4, 16, nx, ny, nz);
	int16_t    *voxels = malloc((size_t) nx * ny * nz * 2);
	int16_t    *voxel = voxels;
	uint32_t	state = 1;
	Bytes		file;

	for (int z = 0; z < nz; z++)
		for (int y = 0; y < ny; y++)
			for (int x = 0; x < nx; x++)
			{
				double		u = (x - 0.5 * nx) / (0.38 * nx);
				double		v = (y - 0.5 * ny) / (0.27 * ny);
				double		radius = u * u + v * v;
				int			value = -1000;

				if (radius < 1)
					value = (int) (40 + 30 * sin(0.05 * x) * cos(0.04 * y + 0.1 * z)) +
						(int) (noise(&state) % 24) - 12;
				if (radius < 0.05)
					value += 600;
				*voxel++ = (int16_t) value;
			}
	file = build_nifti(&spec, voxels, (size_t) nx * ny * nz * 2);
	free(voxels);
	return file;
}

/* Spheres of labels 1 .. count on a diagonal, radius voxels each. */
static Bytes
make_mask(int nx, int ny, int nz, int count, double radius)
{
	NiftiSpec	spec = nifti_spec(1, false, 2, 8, nx, ny, nz);
	uint8_t    *voxels = calloc((size_t) nx * ny * nz, 1);
	Bytes		file;

	for (int label = 1; label <= count; label++)
	{
		double		at = (double) label / (count + 1);

		for (int z = 0; z < nz; z++)
			for (int y = 0; y < ny; y++)
				for (int x = 0; x < nx; x++)
				{
					double		dx = x - at * nx;
					double		dy = y - at * ny;
					double		dz = z - at * nz;

					if (dx * dx + dy * dy + dz * dz < radius * radius)
						voxels[x + (size_t) nx * (y + (size_t) ny * z)] = (uint8_t) label;
				}
	}
	file = build_nifti(&spec, voxels, (size_t) nx * ny * nz);
	free(voxels);
	return file;
}

int
main(int argc, char **argv)
{
	Bytes		image = make_image(512, 512, 200);
	Bytes		packed_image = gzip_bytes(image.data, image.length, 6);
	Bytes		empty = make_mask(512, 512, 400, 0, 0);
	Bytes		lesion = make_mask(512, 512, 400, 1, 19.3);
	Bytes		organs = make_mask(512, 512, 400, 8, 60);
	Bytes		packed_lesion = gzip_bytes(lesion.data, lesion.length, 6);
	const Box	middle = {{230, 230, 80}, {272, 274, 117}};
	const Box	all = {{0, 0, 0}, {512, 512, 200}};
	Job			job = {.packed = packed_image, .plain_length = image.length};

	if (argc > 1)
		repeats = atoi(argv[1]);
	if (repeats < 1 || repeats > MAX_REPEATS)
		fail("repeats must be 1 to 99");
	printf("512x512x200 int16: %.1f MB, gzip %.1f MB; median of %d\n", 1e-6 * image.length,
		   1e-6 * packed_image.length, repeats);
	printf("%-44s %9s %9s %9s %10s\n", "", "median ms", "min ms", "max ms", "MB/s");
	measure("inflate, ISA-L in 256 kB chunks", inflate_isal, &job);
	measure("inflate, zlib in 256 kB chunks", inflate_zlib, &job);
#ifdef HAVE_LIBDEFLATE
	measure("inflate, libdeflate in one piece", inflate_libdeflate, &job);
#endif
	job.box = middle;
	job.plain_length = (size_t) 512 * 512 * 117 * 2;
	measure(".nii.gz: box 42x44x37 ending at slice 117", read_box, &job);
	job.box = all;
	job.plain_length = image.length;
	measure(".nii.gz: whole volume", read_box, &job);
	job = (Job) {.packed = image, .plain_length = (size_t) 42 * 44 * 37 * 2, .box = middle};
	measure(".nii in memory: box 42x44x37", read_box, &job);
	measure(".nii by reads: box 42x44x37", read_box_positional, &job);
	job.box = all;
	job.plain_length = image.length;
	measure(".nii in memory: whole volume", read_box, &job);
	job = (Job) {.packed = empty, .plain_length = empty.length};
	measure("mask 512x512x400 uint8: scan, empty", scan_mask, &job);
	job.packed = lesion;
	measure("mask 512x512x400 uint8: scan, 30k voxels", scan_mask, &job);
	measure("  the same, and align to a shifted grid", align_mask, &job);
	job.packed = organs;
	measure("mask 512x512x400 uint8: scan, 8 x 900k voxels", scan_mask, &job);
	measure("  the same, and align to a shifted grid", align_mask, &job);
	job.packed = packed_lesion;
	measure("mask 512x512x400 .nii.gz: scan, 30k voxels", scan_mask, &job);
	return 0;
}
