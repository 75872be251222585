/*
 * Text of DICOM attributes as UTF-8 (PS3.3 section C.12.1.1.2).
 */
#ifndef RAD_FORMATS_DICOM_TEXT_H
#define RAD_FORMATS_DICOM_TEXT_H

#include "formats/dicom_dataset.h"

/*
 * The whole value of an element as valid UTF-8, without padding and zero
 * bytes; what cannot be converted becomes U+FFFD.  *text ends with a zero.
 */
extern bool rad_dicom_utf8(RadContext *context, const DicomDataset *dataset,
						   const DicomElement *element, char **text, size_t *length);

#endif							/* RAD_FORMATS_DICOM_TEXT_H */
