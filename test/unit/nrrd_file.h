/*
 * Reads the NRRD files of the PyRadiomics reference data: one file, three
 * dimensions, raw or gzip, little-endian, geometry in LPS.
 */
#ifndef TEST_NRRD_FILE_H
#define TEST_NRRD_FILE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "volume/volume.h"

/* Folder data/pyradiomics of the shared reference data, or NULL without it. */
static inline const char *
pyradiomics_folder(void)
{
	static char folder[4096];
	const char *shared = getenv("RADIOMICS_SHARED");
	ssize_t		length;

	if (shared != NULL)
		snprintf(folder, sizeof(folder), "%s/data/pyradiomics", shared);
	else
	{
		length = readlink("/proc/self/exe", folder, 3900);
		if (length < 0)
			return NULL;
		folder[length] = '\0';
		*strrchr(folder, '/') = '\0';
		strcat(folder, "/../../../shared/data/pyradiomics");
	}
	return access(folder, R_OK) == 0 ? folder : NULL;
}

static inline bool
nrrd_geometry(const char *line, Grid *grid)
{
	double		v[3][3];

	if (sscanf(line, "space directions: (%lf,%lf,%lf) (%lf,%lf,%lf) (%lf,%lf,%lf)",
			   &v[0][0], &v[0][1], &v[0][2], &v[1][0], &v[1][1], &v[1][2],
			   &v[2][0], &v[2][1], &v[2][2]) != 9)
		return false;
	for (int axis = 0; axis < 3; axis++)
	{
		grid->spacing[axis] = sqrt(v[axis][0] * v[axis][0] + v[axis][1] * v[axis][1] +
								   v[axis][2] * v[axis][2]);
		for (int r = 0; r < 3; r++)
			grid->direction[r][axis] = v[axis][r] / grid->spacing[axis];
	}
	return true;
}

static inline bool
nrrd_type(const char *name, VoxelType *type)
{
	static const struct
	{
		const char *name;
		VoxelType	type;
	}			types[] = {
		{"int8", VOXEL_INT8}, {"signed char", VOXEL_INT8}, {"uint8", VOXEL_UINT8},
		{"unsigned char", VOXEL_UINT8}, {"uchar", VOXEL_UINT8},
		{"short", VOXEL_INT16}, {"int16", VOXEL_INT16}, {"unsigned short", VOXEL_UINT16},
		{"ushort", VOXEL_UINT16}, {"uint16", VOXEL_UINT16}, {"int", VOXEL_INT32},
		{"int32", VOXEL_INT32}, {"unsigned int", VOXEL_UINT32}, {"uint", VOXEL_UINT32},
		{"uint32", VOXEL_UINT32}, {"float", VOXEL_FLOAT32}, {"double", VOXEL_FLOAT64},
	};

	for (size_t n = 0; n < sizeof(types) / sizeof(types[0]); n++)
		if (strcmp(types[n].name, name) == 0)
		{
			*type = types[n].type;
			return true;
		}
	return false;
}

/* Inflate (gzip) or copy the rest of a file into size bytes. */
static inline bool
nrrd_data(FILE *file, bool gzip, size_t size, unsigned char *out)
{
	unsigned char *bytes;
	long		start = ftell(file);
	size_t		length;
	z_stream	stream = {0};
	bool		done;

	fseek(file, 0, SEEK_END);
	length = (size_t) (ftell(file) - start);
	fseek(file, start, SEEK_SET);
	if (!gzip)
		return fread(out, 1, size, file) == size;
	bytes = malloc(length);
	done = bytes != NULL && fread(bytes, 1, length, file) == length &&
		inflateInit2(&stream, 16 + MAX_WBITS) == Z_OK;
	if (done)
	{
		stream.next_in = bytes;
		stream.avail_in = (uInt) length;
		stream.next_out = out;
		stream.avail_out = (uInt) size;
		done = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_out == 0;
		inflateEnd(&stream);
	}
	free(bytes);
	return done;
}

/* Read a file below pyradiomics_folder() whole. */
static inline bool
nrrd_read(RadContext *context, const char *name, Volume *volume)
{
	char		path[4400];
	char		line[1024];
	char		word[64];
	bool		gzip = false;
	bool		found = false;
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/%s", pyradiomics_folder(), name);
	file = fopen(path, "rb");
	if (file == NULL)
		return false;
	memset(volume, 0, sizeof(*volume));
	while (fgets(line, sizeof(line), file) != NULL)
	{
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0')
		{
			found = true;
			break;
		}
		if (sscanf(line, "encoding: %63s", word) == 1)
			gzip = strcmp(word, "gzip") == 0 || strcmp(word, "gz") == 0;
		else if (strncmp(line, "type: ", 6) == 0)
			found = nrrd_type(line + 6, &volume->type);
		else if (strncmp(line, "space directions:", 17) == 0)
			nrrd_geometry(line, &volume->grid);
		else
		{
			sscanf(line, "sizes: %d %d %d", &volume->grid.size[0], &volume->grid.size[1],
				   &volume->grid.size[2]);
			sscanf(line, "space origin: (%lf,%lf,%lf)", &volume->grid.origin[0],
				   &volume->grid.origin[1], &volume->grid.origin[2]);
		}
	}
	volume->box = rad_grid_box(&volume->grid);
	if (found)
	{
		size_t		count = (size_t) rad_grid_voxel_count(&volume->grid);
		size_t		size = rad_voxel_size(volume->type);

		volume->voxels = rad_allocate(context, count, size);
		found = volume->voxels != NULL && nrrd_data(file, gzip, count * size, volume->voxels);
	}
	fclose(file);
	return found;
}

#endif							/* TEST_NRRD_FILE_H */
