/*
 * A single DICOM object as a volume: one slice, or all frames of an enhanced
 * image or a dose.  A series of objects needs formats/dicom_series.h.
 */
#ifndef RAD_FORMATS_DICOM_CODEC_H
#define RAD_FORMATS_DICOM_CODEC_H

#include "formats/codec.h"

extern const Codec rad_dicom_codec;

#endif							/* RAD_FORMATS_DICOM_CODEC_H */
