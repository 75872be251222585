/*
 * Decompression of one frame of DICOM pixel data: RLE, JPEG, JPEG-LS, JPEG
 * 2000.  Samples come out in native byte order, bits_allocated wide.
 */
#ifndef RAD_FORMATS_DICOM_DECODE_H
#define RAD_FORMATS_DICOM_DECODE_H

#include "formats/dicom_pixels.h"

extern bool rad_dicom_decode_frame(RadContext *context, const DicomPixels *pixels, int frame,
								   const uint8_t *bytes, size_t length, void *samples);

#endif							/* RAD_FORMATS_DICOM_DECODE_H */
