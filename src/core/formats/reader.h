/*
 * Reading a volume from bytes of any supported format.  The format is found by
 * content.  Voxels are delivered in native byte order with the file's slope
 * and intercept applied: as integers where that is exact, else as float32.
 *
 * The order that keeps memory small: open both files, scan the mask into runs
 * (rad_mask_scan), then read only the box of the image that the regions need;
 * reading stops after the last slice of the box.
 */
#ifndef RAD_FORMATS_READER_H
#define RAD_FORMATS_READER_H

#include "formats/byte_source.h"
#include "volume/volume.h"

typedef struct VolumeReader VolumeReader;

/*
 * Read and check the header.  frame selects one 3-D frame of a 4-D file
 * (from 0); -1 means none was asked for, which is an error that says how many
 * frames there are when the file has more than one.
 *
 * Errors: RAD_INVALID_BINARY (wrong magic, corrupt header, header that lies
 * about sizes), RAD_NOT_SUPPORTED (voxel type), RAD_LIMIT_EXCEEDED,
 * RAD_INVALID_PARAMETER (frame).
 */
extern bool rad_volume_open(RadContext *context, const ByteSource *source, int frame,
							VolumeReader **reader);

/* The same for bytes that have to be in the named format ("nifti"; "auto": any). */
extern bool rad_volume_open_format(RadContext *context, const ByteSource *source,
								   const char *format, int frame, VolumeReader **reader);

extern const Grid *rad_reader_grid(const VolumeReader *reader);
extern VoxelType rad_reader_voxel_type(const VolumeReader *reader);
extern const VolumeAttributes *rad_reader_attributes(const VolumeReader *reader);

/* Read a box of voxels into newly allocated memory (volume->voxels). */
extern bool rad_volume_read_box(RadContext *context, VolumeReader *reader,
								const Box *box, Volume *volume);

/*
 * All voxels.  Those of a reader that rad_volume_show() made are the shown
 * ones, not a copy: they may be read only.
 */
extern bool rad_volume_read(RadContext *context, VolumeReader *reader, Volume *volume);

/*
 * A reader over a whole volume in memory, which has to stay there; attributes
 * may be NULL.
 */
extern bool rad_volume_show(RadContext *context, const Volume *volume,
							const VolumeAttributes *attributes, const char *name,
							VolumeReader **reader);

/*
 * Deliver rows of voxels (native order and type, scaled) one after the other,
 * x fastest, for slices first_slice <= z < last_slice.  The callback returns
 * false to fail.  Polls for interrupts.
 */
typedef bool (*RowCallback) (RadContext *context, void *argument, int y, int z,
							 const void *row);
extern bool rad_volume_stream(RadContext *context, VolumeReader *reader,
							  int first_slice, int last_slice,
							  RowCallback callback, void *argument);

#endif							/* RAD_FORMATS_READER_H */
