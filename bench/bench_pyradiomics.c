/*
 * Time of PyRadiomics' features through our core, files in memory.
 *
 *   bench_pyradiomics SETTINGS IMAGE MASK [REPEATS]
 *
 * SETTINGS is a parameter file of PyRadiomics.  A run opens both files, scans
 * the mask, prepares the region and computes every feature of the settings;
 * label 1.  Prints the median, and the first and third quartile, of REPEATS (9)
 * runs after one that warms up, in ms of processor time; then the values, one
 * "key value" a line, for a comparison with PyRadiomics' own.
 */
#include <stdio.h>
#include <string.h>

#include "formats/reader.h"
#include "pyradiomics/parameter_file.h"
#include "pyradiomics/pipeline.h"
#include "synthetic.h"

#define MOST_REPEATS 100

typedef struct File
{
	char	   *data;
	size_t		length;
} File;

/* Where the values go; NULL while time is taken. */
typedef struct Sink
{
	FILE	   *out;
	int			count;
} Sink;

static File
read_file(const char *path)
{
	File		file = {NULL, 0};
	FILE	   *stream = fopen(path, "rb");

	if (stream == NULL)
	{
		perror(path);
		exit(1);
	}
	fseek(stream, 0, SEEK_END);
	file.length = (size_t) ftell(stream);
	rewind(stream);
	file.data = calloc(1, file.length + 1);
	if (file.data == NULL || fread(file.data, 1, file.length, stream) != file.length)
	{
		perror(path);
		exit(1);
	}
	fclose(stream);
	return file;
}

static bool
take_value(RadContext *context, void *argument, const char *image_type,
		   PyradiomicsFeature feature, double value)
{
	Sink	   *sink = argument;
	const PyradiomicsFeatureEntry *entry = &rad_pyradiomics_features[feature];

	(void) context;
	sink->count++;
	if (sink->out != NULL)
		fprintf(sink->out, "%s_%s_%s %.17g\n", image_type,
				rad_pyradiomics_classes[entry->class_id].name, entry->name, value);
	return true;
}

static void
fail(RadContext *context)
{
	fprintf(stderr, "%s\n%s\n", context->message, context->hint);
	exit(1);
}

static PyradiomicsSettings *
parse_settings(RadContext *context, const File *file)
{
	PyradiomicsSettings *settings = rad_new(context, PyradiomicsSettings, 1);
	SettingValue value;
	const char *json = rad_pyradiomics_from_file(context, file->data, file->length);

	if (json == NULL || !rad_yaml_parse(context, json, strlen(json), &value) ||
		!rad_pyradiomics_parse(context, &value, settings))
		fail(context);
	return settings;
}

static void
run(const PyradiomicsSettings *settings, const File *image, const File *mask, Sink *sink)
{
	RadContext *context = rad_context_create();
	ByteSource	sources[2] = {
		{.name = "image", .length = (int64_t) image->length, .memory = (uint8_t *) image->data},
		{.name = "mask", .length = (int64_t) mask->length, .memory = (uint8_t *) mask->data},
	};
	const PyradiomicsOutput output = {take_value, NULL, sink};
	VolumeReader *readers[2];
	PyradiomicsScan scan;
	int64_t		count;

	sink->count = 0;
	if (!rad_volume_open(context, &sources[0], -1, &readers[0]) ||
		!rad_volume_open(context, &sources[1], 0, &readers[1]) ||
		!rad_pyradiomics_join(context, readers[0], readers[1], NULL, 0, &scan) ||
		!rad_pyradiomics_extract(context, rad_cpu_best(), &scan, 1, settings, &output, &count))
		fail(context);
	rad_context_destroy(context);
}

int
main(int argc, char **argv)
{
	RadContext *context = rad_context_create();
	double		times[MOST_REPEATS];
	int			repeats = argc > 4 ? atoi(argv[4]) : 9;
	File		files[3];
	PyradiomicsSettings *settings;
	Sink		sink = {NULL, 0};

	if (argc < 4 || repeats < 1 || repeats > MOST_REPEATS)
	{
		fprintf(stderr, "usage: %s SETTINGS IMAGE MASK [REPEATS]\n", argv[0]);
		return 2;
	}
	for (int n = 0; n < 3; n++)
		files[n] = read_file(argv[1 + n]);
	settings = parse_settings(context, &files[0]);
	run(settings, &files[1], &files[2], &sink);
	for (int n = 0; n < repeats; n++)
	{
		double		start = synthetic_clock();

		run(settings, &files[1], &files[2], &sink);
		times[n] = synthetic_clock() - start;
	}
	synthetic_median(times, repeats);
	printf("ms %.4f %.4f %.4f\n", times[repeats / 2], times[repeats / 4], times[repeats * 3 / 4]);
	sink.out = stdout;
	run(settings, &files[1], &files[2], &sink);
	for (int n = 0; n < 3; n++)
		free(files[n].data);
	rad_context_destroy(context);
	return 0;
}
