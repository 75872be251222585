/*
 * Prints how the core reads a DICOM series: size, geometry in hexadecimal,
 * voxel type, and then the voxels as they are in memory.  For comparison with
 * other readers (compare_dicom).
 *
 *   read_series FILE...
 */
#include <stdio.h>
#include <stdlib.h>

#include "formats/dicom_series.h"

static void
fail(const RadContext *context)
{
	printf("error %s %s\n", context->message, context->detail);
	exit(1);
}

static void
add_file(RadContext *context, DicomSeries *series, const char *path)
{
	FILE	   *stream = fopen(path, "rb");
	uint8_t    *bytes;
	long		length;

	if (stream == NULL || fseek(stream, 0, SEEK_END) != 0)
	{
		perror(path);
		exit(2);
	}
	length = ftell(stream);
	rewind(stream);
	bytes = malloc((size_t) length + 1);
	if (bytes == NULL || fread(bytes, 1, (size_t) length, stream) != (size_t) length)
	{
		perror(path);
		exit(2);
	}
	fclose(stream);
	if (!rad_dicom_series_add(context, series, path, bytes, length))
		fail(context);
	free(bytes);
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
	DicomSeries series = {0};
	char		modality[RAD_DICOM_CODE_LENGTH];
	char		units[RAD_DICOM_CODE_LENGTH];
	Volume		volume;

	if (argc < 2)
	{
		fprintf(stderr, "usage: read_series FILE...\n");
		return 2;
	}
	for (int n = 1; n < argc; n++)
		add_file(context, &series, argv[n]);
	if (!rad_dicom_series_assemble(context, &series, &volume, modality, units))
		fail(context);
	printf("%d %d %d\n", volume.grid.size[0], volume.grid.size[1], volume.grid.size[2]);
	print_doubles(volume.grid.spacing, 3);
	print_doubles(volume.grid.origin, 3);
	print_doubles(&volume.grid.direction[0][0], 9);
	printf("%s\n", rad_voxel_type_name(volume.type));
	fwrite(volume.voxels, rad_voxel_size(volume.type), (size_t) rad_grid_voxel_count(&volume.grid),
		   stdout);
	rad_context_destroy(context);
	return 0;
}
