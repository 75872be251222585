/*
 * Writes seeds of fuzz_container into the folder given: small stored volumes of
 * every voxel type, filter and compressor, as they are and with checksums to
 * be mended, and voxels to be stored.
 */
#include <stdio.h>
#include <stdlib.h>

#include "formats/container.h"

static int	written;

static void
write_seed(const char *folder, uint8_t choice, const void *bytes, size_t length)
{
	char		path[512];
	FILE	   *stream;

	snprintf(path, sizeof(path), "%s/seed_container_%03d", folder, written++);
	stream = fopen(path, "wb");
	if (stream == NULL || fwrite(&choice, 1, 1, stream) != 1 ||
		fwrite(bytes, 1, length, stream) != length || fclose(stream) != 0)
	{
		perror(path);
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	static const int edges[][3] = {{8, 8, 8}, {4, 5, 2}, {16, 3, 1}};

	if (argc != 2)
	{
		fprintf(stderr, "usage: make_container_seeds FOLDER\n");
		return 1;
	}
	for (int type = 0; type < VOXEL_TYPE_COUNT; type++)
		for (int filter = 0; filter < BRICK_FILTER_COUNT; filter++)
			for (int compression = 0; compression < BRICK_COMPRESSION_COUNT; compression++)
			{
				RadContext *context = rad_context_create();
				const int  *edge = edges[(type + filter + compression) % 3];
				ContainerOptions options = {
					{edge[0], edge[1], edge[2]}, (BrickCompression) compression,
					(BrickFilter) filter, 1
				};
				Volume		volume = {
					.grid = {
						.size = {9, 7, 5}, .spacing = {1, 0.5, 2},
						.direction = {{0, -1, 0}, {1, 0, 0}, {0, 0, 1}}, .dimension = 3,
					},
					.type = (VoxelType) type,
				};
				double		values[9 * 7 * 5];
				ContainerWriter *writer;
				int64_t		length;
				uint8_t    *bytes;

				volume.box = rad_grid_box(&volume.grid);
				volume.voxels = rad_allocate(context, 9 * 7 * 5, rad_voxel_size(volume.type));
				for (int n = 0; n < 9 * 7 * 5; n++)
					values[n] = n < 150 ? 0 : n < 220 ? 3 : filter % 2 == 0 ? n % 7 : 100;
				if (volume.voxels == NULL ||
					rad_voxels_from_double(volume.type, values, 9 * 7 * 5, volume.voxels) >= 0 ||
					!rad_container_store(context, &volume, NULL, &options, &writer, &length) ||
					(bytes = rad_allocate(context, (size_t) length, 1)) == NULL)
				{
					fprintf(stderr, "make_container_seeds: %s\n", context->message);
					return 1;
				}
				rad_container_copy(writer, bytes);
				write_seed(argv[1], (uint8_t) (compression % 2), bytes, (size_t) length);
				write_seed(argv[1], 2, values + 140, 8 + sizeof(double) * 20);
				rad_context_destroy(context);
			}
	return 0;
}
