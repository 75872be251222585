/*
 * What is wrong with a DICOM image, as a list.
 */
#ifndef RAD_FORMATS_DICOM_VALIDATE_H
#define RAD_FORMATS_DICOM_VALIDATE_H

#include "base/context.h"

typedef struct DicomFinding
{
	const char *code;			/* "missing_rows" */
	const char *severity;		/* "error": cannot be read; "warning": little use */
	char		message[512];
} DicomFinding;

#define RAD_DICOM_MAX_FINDINGS 64

/*
 * Check the bytes of an object: that it is a DICOM file, has what a volume
 * needs, with possible values, and that its frames can be decompressed.  False
 * only for what says nothing about the bytes (no memory, cancelled).
 */
extern bool rad_dicom_validate(RadContext *context, const char *name, const uint8_t *bytes,
							   int64_t length, DicomFinding *findings, int *count);

#endif							/* RAD_FORMATS_DICOM_VALIDATE_H */
