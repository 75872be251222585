/*
 * What a manifest of DICOM files says about each.
 */
#ifndef RAD_FORMATS_DICOM_MANIFEST_H
#define RAD_FORMATS_DICOM_MANIFEST_H

#include "formats/dicom_dataset.h"

typedef struct DicomManifestEntry
{
	char		study[RAD_DICOM_UID_LENGTH];	/* empty when not given, as all text */
	char		series[RAD_DICOM_UID_LENGTH];
	char		sop_instance[RAD_DICOM_UID_LENGTH];
	char		modality[17];
	int64_t		rows;			/* 0 when not given, as all numbers */
	int64_t		columns;
	int64_t		channels;
	int64_t		frames;
} DicomManifestEntry;

/*
 * Describe an object by what stands in front of its pixels.  The bytes may end
 * before the file does (file_length): when they are too few, *more is set and
 * false returned without an error.
 */
extern bool rad_dicom_describe(RadContext *context, const char *name, const uint8_t *bytes,
							   int64_t length, int64_t file_length, DicomManifestEntry *entry,
							   bool *more);

#endif							/* RAD_FORMATS_DICOM_MANIFEST_H */
