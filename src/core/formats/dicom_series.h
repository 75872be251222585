/*
 * A DICOM series becomes a volume: slices ordered by where they lie.  What does
 * not make a regular grid is refused, with the instances that are to blame.
 */
#ifndef RAD_FORMATS_DICOM_SERIES_H
#define RAD_FORMATS_DICOM_SERIES_H

#include "formats/dicom_slices.h"

/* Directions and, relative to it, pixel spacing may differ by this. */
#define RAD_DICOM_TOLERANCE 1e-4

/* Slices closer than this are at the same place (mm). */
#define RAD_DICOM_SAME_PLACE 1e-3

/*
 * A distance between slices may differ from the usual one by 5 % (or
 * RAD_DICOM_SAME_PLACE), a slice may lie beside its place in the regular grid
 * by 10 % of the distance, and beside the line of first pixels by 5 % of the
 * pixel spacing.
 */
#define RAD_DICOM_GAP_TOLERANCE 0.05
#define RAD_DICOM_DRIFT_TOLERANCE 0.1
#define RAD_DICOM_SHEAR_TOLERANCE 0.05

/* Most bytes of voxels that the slices of a series may hold. */
#define RAD_DICOM_MAX_SERIES ((int64_t) 4 << 30)

typedef struct DicomSeries
{
	int32_t		count;
	int32_t		capacity;
	DicomSlice *slices;
	int64_t		voxel_bytes;
} DicomSeries;

/*
 * Add all frames of an object.  The bytes are not needed afterwards.  After a
 * failure the series is not to be used any more.
 */
extern bool rad_dicom_series_add(RadContext *context, DicomSeries *series, const char *name,
								 const uint8_t *bytes, int64_t length);

/* Add a slice whose voxels belong to the context already. */
extern bool rad_dicom_series_add_slice(RadContext *context, DicomSeries *series,
									   const DicomSlice *slice);

/*
 * Make the volume.  The result does not depend on the order in which instances
 * were added.  Slices give back their voxels as they are copied.
 */
extern bool rad_dicom_series_assemble(RadContext *context, DicomSeries *series, Volume *volume,
									  char modality[RAD_DICOM_CODE_LENGTH],
									  char units[RAD_DICOM_CODE_LENGTH]);

#endif							/* RAD_FORMATS_DICOM_SERIES_H */
