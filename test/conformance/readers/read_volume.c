/*
 * Prints how the core reads a file: dimension, size, geometry in hexadecimal,
 * voxel type, and then the voxels as they are in memory.  For comparison with
 * other readers (compare).
 *
 *   read_volume FILE [FRAME]
 *   read_volume FILE nifti|nrrd|metaimage plain|packed OUTPUT	write it again
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/reader.h"
#include "formats/writer.h"

static ByteSource
load(const char *path)
{
	FILE	   *stream = fopen(path, "rb");
	ByteSource	source = {.name = "image"};
	uint8_t    *bytes;

	if (stream == NULL || fseek(stream, 0, SEEK_END) != 0)
	{
		perror(path);
		exit(2);
	}
	source.length = ftell(stream);
	rewind(stream);
	bytes = malloc((size_t) source.length + 1);
	if (bytes == NULL || fread(bytes, 1, (size_t) source.length, stream) != (size_t) source.length)
	{
		perror(path);
		exit(2);
	}
	fclose(stream);
	source.memory = bytes;
	return source;
}

static void
print_doubles(const double *values, int count)
{
	for (int n = 0; n < count; n++)
		printf("%s%a", n > 0 ? " " : "", values[n]);
	putchar('\n');
}

/* Write what was opened in another format. */
static int
write_volume(RadContext *context, VolumeReader *reader, char **arguments)
{
	static const struct
	{
		const char *name;
		bool		(*write) (RadContext *context, VolumeReader *reader, bool compress,
							  const ByteSink *sink);
	}			writers[] = {
		{"nifti", rad_write_nifti},
		{"nrrd", rad_write_nrrd},
		{"metaimage", rad_write_metaimage},
	};
	ByteBuffer	buffer = {0};
	ByteSink	sink = rad_buffer_sink(&buffer);
	FILE	   *stream;

	for (size_t n = 0; n < sizeof(writers) / sizeof(writers[0]); n++)
	{
		if (strcmp(arguments[0], writers[n].name) != 0)
			continue;
		if (!writers[n].write(context, reader, strcmp(arguments[1], "packed") == 0, &sink))
		{
			printf("error %s %s\n", context->message, context->detail);
			return 1;
		}
		stream = fopen(arguments[2], "wb");
		if (stream == NULL || fwrite(buffer.bytes, 1, buffer.length, stream) != buffer.length ||
			fclose(stream) != 0)
		{
			perror(arguments[2]);
			return 2;
		}
		return 0;
	}
	fprintf(stderr, "no format \"%s\"\n", arguments[0]);
	return 2;
}

int
main(int argc, char **argv)
{
	RadContext *context = rad_context_create();
	VolumeReader *reader;
	const Grid *grid;
	ByteSource	source;
	Volume		volume;
	Box			box;

	if (argc < 2)
	{
		fprintf(stderr, "usage: read_volume FILE [FRAME]\n");
		return 2;
	}
	source = load(argv[1]);
	if (!rad_volume_open(context, &source, argc == 3 ? atoi(argv[2]) : -1, &reader))
	{
		printf("error %s %s\n", context->message, context->detail);
		return 1;
	}
	if (argc == 5)
		return write_volume(context, reader, argv + 2);
	grid = rad_reader_grid(reader);
	box = rad_grid_box(grid);
	if (!rad_volume_read_box(context, reader, &box, &volume))
	{
		printf("error %s %s\n", context->message, context->detail);
		return 1;
	}
	printf("%d\n%d %d %d\n", grid->dimension, grid->size[0], grid->size[1], grid->size[2]);
	print_doubles(grid->spacing, 3);
	print_doubles(grid->origin, 3);
	print_doubles(&grid->direction[0][0], 9);
	printf("%s\n", rad_voxel_type_name(volume.type));
	fwrite(volume.voxels, rad_voxel_size(volume.type), (size_t) rad_box_voxel_count(&box), stdout);
	return 0;
}
