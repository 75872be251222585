/*
 * Segmentation objects (SEG, PS3.3 section A.51): frames of one segment each,
 * only those that are not empty need be there.
 */
#ifndef RAD_FORMATS_DICOM_SEG_H
#define RAD_FORMATS_DICOM_SEG_H

#include "formats/dicom_dataset.h"
#include "volume/volume.h"

#define RAD_SEG_TEXT_LENGTH 256

typedef struct SegSegment
{
	int			number;
	char		label[RAD_SEG_TEXT_LENGTH];	/* UTF-8, as the following */
	char		category[RAD_SEG_TEXT_LENGTH];	/* meaning of the code: "Tissue" */
	char		type[RAD_SEG_TEXT_LENGTH];	/* "Lung" */
	char		algorithm[17];	/* MANUAL, AUTOMATIC, SEMIAUTOMATIC */
	int64_t		frame_count;	/* -1 for a label map, whose frames hold all */
} SegSegment;

/* BINARY, FRACTIONAL or LABELMAP. */
extern bool rad_seg_type(RadContext *context, const DicomDataset *dataset, char type[17]);

/* List the segments, in the order of the file. */
extern bool rad_seg_segments(RadContext *context, const DicomDataset *dataset,
							 SegSegment **segments, int *segment_count);

/*
 * The mask of one segment on a grid: 1 where it is, 0 where no frame says so.
 * Of a fractional segmentation, where its fraction of the maximum is at least
 * the threshold.  Frames must lie on the voxels of the grid (in any order and
 * mirrored or transposed in any way).
 */
extern bool rad_seg_mask(RadContext *context, const DicomDataset *dataset, int segment,
						 double threshold, const Grid *grid, Volume *mask);

#endif							/* RAD_FORMATS_DICOM_SEG_H */
