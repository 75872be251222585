/*
 * The pixels of a DICOM object (PS3.3 section C.7.6.3, PS3.5 section 8):
 * frames of one sample per pixel, native or compressed.
 */
#ifndef RAD_FORMATS_DICOM_PIXELS_H
#define RAD_FORMATS_DICOM_PIXELS_H

#include "formats/dicom_dataset.h"
#include "volume/volume.h"

/* A frame of more bytes than this is refused. */
#define RAD_DICOM_MAX_FRAME ((int64_t) 1 << 30)

typedef struct DicomPixels
{
	const DicomDataset *dataset;
	const DicomElement *data;
	int			rows;
	int			columns;
	int			frame_count;
	int			bits_allocated; /* 1, 8, 16, 32 or 64 */
	int			bits_stored;
	int			high_bit;
	bool		is_signed;
	bool		is_encapsulated;
	VoxelType	type;			/* of the samples that are read */

	/*
	 * Of encapsulated data: the fragments of frame f are number
	 * first_fragment[f] up to first_fragment[f + 1], counted from 0 behind the
	 * offset table.
	 */
	int32_t		fragment_count;
	const DicomElement **fragments;
	int32_t    *first_fragment;
} DicomPixels;

/*
 * Check what the header says about the pixels, and that the data can hold
 * them.
 */
extern bool rad_dicom_pixels_open(RadContext *context, const DicomDataset *dataset,
								  DicomPixels *pixels);

/*
 * Read one frame into rows * columns samples of the type, native byte order:
 * the stored values, before any rescaling.
 */
extern bool rad_dicom_read_frame(RadContext *context, const DicomPixels *pixels, int frame,
								 void *samples);

/* Smallest and largest value that the header allows a sample to have. */
extern void rad_dicom_stored_range(const DicomPixels *pixels, double *lowest, double *highest);

#endif							/* RAD_FORMATS_DICOM_PIXELS_H */
