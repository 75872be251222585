/*
 * Structure sets of radiotherapy (RTSTRUCT, PS3.3 section A.19): regions of
 * interest drawn as contours, and the masks that they make.
 */
#ifndef RAD_FORMATS_DICOM_RTSTRUCT_H
#define RAD_FORMATS_DICOM_RTSTRUCT_H

#include "formats/dicom_dataset.h"
#include "volume/volume.h"

#define RAD_DICOM_NAME_LENGTH 256

typedef struct RtRoi
{
	int64_t		number;
	char		name[RAD_DICOM_NAME_LENGTH];	/* UTF-8 */
	char		interpreted_type[17];	/* "GTV"; empty when not given */
	int64_t		contour_count;
	int64_t		point_count;
	const DicomElement *contours;	/* ContourSequence, or NULL */
} RtRoi;

/* List the regions, in the order of the file. */
extern bool rad_rtstruct_rois(RadContext *context, const DicomDataset *dataset, RtRoi **rois,
							  int *roi_count);

/*
 * The mask of the region of that name on a grid: 1 where the centre of a voxel
 * is inside by the even-odd rule.  A contour belongs to the nearest slice;
 * contours of one slice are combined by exclusive or, so that a contour inside
 * another one is a hole.
 */
extern bool rad_rtstruct_mask(RadContext *context, const DicomDataset *dataset, const char *name,
							  const Grid *grid, Volume *mask);

#endif							/* RAD_FORMATS_DICOM_RTSTRUCT_H */
