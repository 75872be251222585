/*
 * How fast DICOM becomes volumes and masks.
 *
 *   make -C bench bench_dicom && build/bench/bench_dicom [FILE...]
 *
 * Without files: a series of 200 slices of 512 x 512, 16 bits, made here, with
 * and without an intercept; its headers alone; and a structure set of 100
 * contours of 500 points on that grid.  With files: those, as one series.
 * Times are wall clock on one core; the median of 7 counts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../test/unit/dicom_builder.h"
#include "formats/dicom_rtstruct.h"
#include "formats/dicom_series.h"

#define REPEATS 7
#define SLICES 200
#define EDGE 512
#define CONTOURS 100
#define POINTS 500

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

static void
require(const RadContext *context, bool ok)
{
	if (!ok)
	{
		fprintf(stderr, "bench_dicom: %s %s\n", context->message, context->detail);
		exit(1);
	}
}

/* Milliseconds of the median, and raw bytes per second when there are any. */
static void
report(const char *what, double *times, double bytes)
{
	double		median;

	qsort(times, REPEATS, sizeof(double), compare_doubles);
	median = times[REPEATS / 2];
	printf("%-44s %9.2f ms", what, 1e3 * median);
	if (bytes > 0.0)
		printf("  %8.0f MB/s of voxels", 1e-6 * bytes / median);
	putchar('\n');
}

static void
measure_series(const char *what, const Bytes *files, int count)
{
	double		times[REPEATS];
	double		bytes = 0.0;

	for (int n = 0; n < REPEATS; n++)
	{
		RadContext *context = rad_context_create();
		DicomSeries series = {0};
		Volume		volume;
		char		modality[RAD_DICOM_CODE_LENGTH];
		char		units[RAD_DICOM_CODE_LENGTH];
		double		begin = now();

		for (int f = 0; f < count; f++)
			require(context, rad_dicom_series_add(context, &series, "file", files[f].data,
												  (int64_t) files[f].length));
		bytes = (double) series.voxel_bytes;
		require(context, rad_dicom_series_assemble(context, &series, &volume, modality, units));
		times[n] = now() - begin;
		rad_context_destroy(context);
	}
	report(what, times, bytes);
}

static void
measure_headers(const Bytes *files, int count)
{
	double		times[REPEATS];

	for (int n = 0; n < REPEATS; n++)
	{
		RadContext *context = rad_context_create();
		double		begin = now();

		for (int f = 0; f < count; f++)
		{
			DicomDataset dataset;

			require(context, rad_dicom_parse(context, "file", files[f].data,
											 (int64_t) files[f].length, DICOM_WALK_ALL,
											 &dataset));
			rad_dicom_release(context, &dataset);
		}
		times[n] = now() - begin;
		rad_context_destroy(context);
	}
	report("headers of the series", times, 0.0);
}

/* Wavy circles around the middle of successive slices. */
static Bytes
build_structures(void)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);

	dicom_header(&builder, 0x30060020, "SQ", 0xffffffff);
	dicom_header(&builder, 0xfffee000, NULL, 0xffffffff);
	dicom_text(&builder, 0x30060022, "IS", "1");
	dicom_text(&builder, 0x30060026, "LO", "body");
	dicom_header(&builder, 0xfffee00d, NULL, 0);
	dicom_header(&builder, 0xfffee0dd, NULL, 0);
	dicom_header(&builder, 0x30060039, "SQ", 0xffffffff);
	dicom_header(&builder, 0xfffee000, NULL, 0xffffffff);
	dicom_header(&builder, 0x30060040, "SQ", 0xffffffff);
	for (int c = 0; c < CONTOURS; c++)
	{
		static char text[POINTS * 48];
		size_t		used = 0;

		for (int p = 0; p < POINTS; p++)
		{
			double		angle = 2.0 * M_PI * p / POINTS;
			double		radius = 60.0 + 5.0 * sin(9.0 * angle + c);

			used += (size_t) snprintf(text + used, sizeof(text) - used, "%s%.4f\\%.4f\\%d",
									  p > 0 ? "\\" : "", 128.0 + radius * cos(angle),
									  192.0 + radius * sin(angle), c);
		}
		dicom_header(&builder, 0xfffee000, NULL, 0xffffffff);
		dicom_text(&builder, 0x30060042, "CS", "CLOSED_PLANAR");
		dicom_text(&builder, 0x30060050, "DS", text);
		dicom_header(&builder, 0xfffee00d, NULL, 0);
	}
	dicom_header(&builder, 0xfffee0dd, NULL, 0);
	dicom_text(&builder, 0x30060084, "IS", "1");
	dicom_header(&builder, 0xfffee00d, NULL, 0);
	dicom_header(&builder, 0xfffee0dd, NULL, 0);
	return (Bytes) {builder.data, builder.length};
}

static void
measure_mask(void)
{
	const Grid	grid = {
		.dimension = 3, .size = {EDGE, EDGE, SLICES}, .spacing = {0.5, 0.75, 1.0},
		.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	};
	Bytes		file = build_structures();
	double		times[REPEATS];

	for (int n = 0; n < REPEATS; n++)
	{
		RadContext *context = rad_context_create();
		DicomDataset dataset;
		Volume		mask;
		double		begin = now();

		require(context, rad_dicom_parse(context, "file", file.data, (int64_t) file.length,
										 DICOM_WALK_ALL, &dataset));
		require(context, rad_rtstruct_mask(context, &dataset, "body", &grid, &mask));
		times[n] = now() - begin;
		rad_context_destroy(context);
	}
	report("mask of 100 contours of 500 points", times, (double) EDGE * EDGE * SLICES);
	free(file.data);
}

static void
measure_synthetic(void)
{
	Bytes	   *files = calloc(SLICES, sizeof(Bytes));

	for (int rescaled = 0; rescaled < 2; rescaled++)
	{
		for (int k = 0; k < SLICES; k++)
		{
			char		instance[32];
			char		position[32];
			SliceSpec	spec;

			snprintf(instance, sizeof(instance), "1.2.%d", k);
			snprintf(position, sizeof(position), "0\\0\\%d", k);
			spec = slice_spec(instance, k, position);
			spec.rows = spec.columns = EDGE;
			spec.is_signed = rescaled == 0;
			spec.bits_stored = rescaled ? 12 : 16;
			spec.intercept = rescaled ? "-1024" : NULL;
			spec.slope = rescaled ? "1" : NULL;
			free(files[k].data);
			files[k] = build_slice(&spec, k);
		}
		measure_series(rescaled ? "series, 12 bits, intercept -1024" : "series, 16 bits as they are",
					   files, SLICES);
	}
	measure_headers(files, SLICES);
	for (int k = 0; k < SLICES; k++)
		free(files[k].data);
	free(files);
	measure_mask();
}

static Bytes
load(const char *path)
{
	FILE	   *stream = fopen(path, "rb");
	Bytes		file = {NULL, 0};

	if (stream != NULL && fseek(stream, 0, SEEK_END) == 0)
	{
		file.length = (size_t) ftell(stream);
		rewind(stream);
		file.data = malloc(file.length + 1);
		if (fread(file.data, 1, file.length, stream) == file.length && fclose(stream) == 0)
			return file;
	}
	perror(path);
	exit(1);
}

int
main(int argc, char **argv)
{
	Bytes	   *files;

	if (argc < 2)
	{
		measure_synthetic();
		return 0;
	}
	files = calloc((size_t) argc, sizeof(Bytes));
	for (int n = 1; n < argc; n++)
		files[n - 1] = load(argv[n]);
	measure_series("series", files, argc - 1);
	measure_headers(files, argc - 1);
	free(files);
	return 0;
}
