/*
 * NIfTI-1 and NIfTI-2 in one file, plain or gzip.
 */
#ifndef RAD_FORMATS_NIFTI_H
#define RAD_FORMATS_NIFTI_H

#include "formats/codec.h"

extern const Codec rad_nifti_codec;

#endif							/* RAD_FORMATS_NIFTI_H */
