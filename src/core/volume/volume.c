/*
 * Voxel types and their conversion to double (exact for every type).
 */
#include "volume/volume.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const struct
{
	size_t		size;
	const char *name;
}			voxel_types[VOXEL_TYPE_COUNT] = {
	[VOXEL_INT8] = {1, "int8"},
	[VOXEL_UINT8] = {1, "uint8"},
	[VOXEL_INT16] = {2, "int16"},
	[VOXEL_UINT16] = {2, "uint16"},
	[VOXEL_INT32] = {4, "int32"},
	[VOXEL_UINT32] = {4, "uint32"},
	[VOXEL_FLOAT32] = {4, "float32"},
	[VOXEL_FLOAT64] = {8, "float64"},
};

size_t
rad_voxel_size(VoxelType type)
{
	return voxel_types[type].size;
}

const char *
rad_voxel_type_name(VoxelType type)
{
	return voxel_types[type].name;
}

#define CONVERT(ctype) \
	do { \
		const ctype *source = (const ctype *) voxels + first; \
		for (int64_t n = 0; n < count; n++) \
			out[n] = (double) source[n]; \
	} while (0)

void
rad_voxels_to_double(VoxelType type, const void *voxels, int64_t first,
					 int64_t count, double *out)
{
	switch (type)
	{
		case VOXEL_INT8:
			CONVERT(int8_t);
			break;
		case VOXEL_UINT8:
			CONVERT(uint8_t);
			break;
		case VOXEL_INT16:
			CONVERT(int16_t);
			break;
		case VOXEL_UINT16:
			CONVERT(uint16_t);
			break;
		case VOXEL_INT32:
			CONVERT(int32_t);
			break;
		case VOXEL_UINT32:
			CONVERT(uint32_t);
			break;
		case VOXEL_FLOAT32:
			CONVERT(float);
			break;
		case VOXEL_FLOAT64:
			CONVERT(double);
			break;
	}
}

/* Integers: the range first, because conversion of others is undefined. */
#define CONVERT_INTEGER(ctype, lowest, highest) \
	do { \
		for (int64_t n = 0; n < count; n++) \
		{ \
			if (!(values[n] >= (lowest) && values[n] <= (highest)) || \
				values[n] != trunc(values[n])) \
				return n; \
			((ctype *) voxels)[n] = (ctype) values[n]; \
		} \
	} while (0)

int64_t
rad_voxels_from_double(VoxelType type, const double *values, int64_t count, void *voxels)
{
	switch (type)
	{
		case VOXEL_INT8:
			CONVERT_INTEGER(int8_t, INT8_MIN, INT8_MAX);
			break;
		case VOXEL_UINT8:
			CONVERT_INTEGER(uint8_t, 0, UINT8_MAX);
			break;
		case VOXEL_INT16:
			CONVERT_INTEGER(int16_t, INT16_MIN, INT16_MAX);
			break;
		case VOXEL_UINT16:
			CONVERT_INTEGER(uint16_t, 0, UINT16_MAX);
			break;
		case VOXEL_INT32:
			CONVERT_INTEGER(int32_t, INT32_MIN, INT32_MAX);
			break;
		case VOXEL_UINT32:
			CONVERT_INTEGER(uint32_t, 0, UINT32_MAX);
			break;
		case VOXEL_FLOAT32:
			for (int64_t n = 0; n < count; n++)
			{
				float	   *voxel = (float *) voxels + n;

				if (fabs(values[n]) > FLT_MAX && !isinf(values[n]))
					return n;
				*voxel = (float) values[n];
				if ((double) *voxel != values[n] && !isnan(values[n]))
					return n;
			}
			break;
		case VOXEL_FLOAT64:
			memcpy(voxels, values, (size_t) count * sizeof(double));
			break;
	}
	return -1;
}

#define STORE(ctype) \
	do { \
		ctype *target = voxels; \
		for (int64_t n = 0; n < count; n++) \
			target[n] = (ctype) values[n]; \
	} while (0)

void
rad_voxels_store(VoxelType type, const double *values, int64_t count, void *voxels)
{
	switch (type)
	{
		case VOXEL_INT8:
			STORE(int8_t);
			break;
		case VOXEL_UINT8:
			STORE(uint8_t);
			break;
		case VOXEL_INT16:
			STORE(int16_t);
			break;
		case VOXEL_UINT16:
			STORE(uint16_t);
			break;
		case VOXEL_INT32:
			STORE(int32_t);
			break;
		case VOXEL_UINT32:
			STORE(uint32_t);
			break;
		case VOXEL_FLOAT32:
			STORE(float);
			break;
		case VOXEL_FLOAT64:
			STORE(double);
			break;
	}
}
