/*
 * Voxels with geometry: what a reader delivers.  A volume may hold only a box
 * of its grid.
 */
#ifndef RAD_VOLUME_VOLUME_H
#define RAD_VOLUME_VOLUME_H

#include "volume/grid.h"

/* Largest size along one axis, and most voxels in a volume, that we accept. */
#define RAD_MAX_DIMENSION 65535
#define RAD_MAX_VOLUME_VOXELS ((int64_t) 1 << 38)

typedef enum VoxelType
{
	VOXEL_INT8,
	VOXEL_UINT8,
	VOXEL_INT16,
	VOXEL_UINT16,
	VOXEL_INT32,
	VOXEL_UINT32,
	VOXEL_FLOAT32,
	VOXEL_FLOAT64
} VoxelType;

#define VOXEL_TYPE_COUNT 8

/* What a file says about a volume besides geometry and voxels. */
#define RAD_HINT_LENGTH 16

typedef struct VolumeAttributes
{
	char		units[RAD_HINT_LENGTH];	/* of intensities ("HU"); "" when unknown */
	char		modality[RAD_HINT_LENGTH];	/* DICOM's term ("CT"); "" when unknown */
} VolumeAttributes;

typedef struct Volume
{
	Grid		grid;			/* of the whole volume */
	Box			box;			/* the part that voxels holds */
	VoxelType	type;
	void	   *voxels;			/* box, x fastest; native byte order */
} Volume;

/* Bytes of one voxel, and the type's name as users write it ("int16"). */
extern size_t rad_voxel_size(VoxelType type);
extern const char *rad_voxel_type_name(VoxelType type);

/*
 * Copy count voxels starting at element first into doubles, exactly.
 */
extern void rad_voxels_to_double(VoxelType type, const void *voxels, int64_t first,
								 int64_t count, double *out);

/*
 * The other way round.  Returns the first element that the type does not hold
 * exactly (a NaN is held by floating-point types), or -1.
 */
extern int64_t rad_voxels_from_double(VoxelType type, const double *values, int64_t count,
									  void *voxels);

/*
 * The same unchecked, for values that are whole numbers inside an integer type;
 * a floating-point type rounds them once.
 */
extern void rad_voxels_store(VoxelType type, const double *values, int64_t count,
							 void *voxels);

#endif							/* RAD_VOLUME_VOLUME_H */
