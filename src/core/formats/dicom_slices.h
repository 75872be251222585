/*
 * The slices of a DICOM object: one for a classic image, one per frame of an
 * enhanced one, each with its own geometry and rescaling.
 */
#ifndef RAD_FORMATS_DICOM_SLICES_H
#define RAD_FORMATS_DICOM_SLICES_H

#include "formats/dicom_pixels.h"

/* Longest code string (16) with its end. */
#define RAD_DICOM_CODE_LENGTH 17

#define RAD_DICOM_NO_NUMBER INT64_MIN

typedef struct DicomSlice
{
	char		sop_instance[RAD_DICOM_UID_LENGTH];
	char		series[RAD_DICOM_UID_LENGTH];
	char		frame_of_reference[RAD_DICOM_UID_LENGTH];
	char		modality[RAD_DICOM_CODE_LENGTH];
	char		units[RAD_DICOM_CODE_LENGTH];	/* of PET */
	int64_t		instance_number;	/* or RAD_DICOM_NO_NUMBER */
	int			frame;			/* from 0 */
	int			frame_count;	/* of the instance */
	int			rows;
	int			columns;
	VoxelType	type;			/* of the stored values */
	double		lowest;			/* that the header allows a stored value to have */
	double		highest;
	double		slope;			/* value = slope * stored + intercept */
	double		intercept;
	bool		has_position;
	bool		has_orientation;
	bool		has_spacing;
	double		position[3];	/* of the centre of the first pixel; mm, LPS */
	double		orientation[6]; /* cosines along a row (x), then along a column (y) */
	double		spacing[2];		/* between columns (x), between rows (y); mm */
	double		thickness;		/* 0 when not given */
	double		between;		/* SpacingBetweenSlices; 0 when not given */
	uint8_t    *voxels;			/* stored values; NULL until they are read */
	double		along;			/* position along the normal, for sorting */
} DicomSlice;

/* Bytes of a slice's voxels. */
extern size_t rad_dicom_slice_bytes(const DicomSlice *slice);

/*
 * Describe all frames of an object, without reading the voxels.  *slices has
 * pixels->frame_count entries.
 */
extern bool rad_dicom_slices(RadContext *context, const DicomPixels *pixels,
							 DicomSlice **slices);

/*
 * The first count numbers of an attribute of a frame: from the frame's own
 * functional groups, else from those shared, else from the top level; sequence
 * is the group's.  frame may be NULL.  False when they are nowhere.
 */
extern bool rad_dicom_frame_numbers(const DicomDataset *dataset, const DicomElement *frame,
									DicomTag sequence, DicomTag tag, int count,
									double *numbers);

#endif							/* RAD_FORMATS_DICOM_SLICES_H */
