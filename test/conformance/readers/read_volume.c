/*
 * Prints how the core reads a file: dimension, size, geometry in hexadecimal,
 * voxel type, and then the voxels as they are in memory.  For comparison with
 * other readers (compare).
 *
 *   read_volume FILE [FRAME]
 */
#include <stdio.h>
#include <stdlib.h>

#include "formats/reader.h"

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
	if (!rad_volume_open(context, &source, argc > 2 ? atoi(argv[2]) : -1, &reader))
	{
		printf("error %s %s\n", context->message, context->detail);
		return 1;
	}
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
