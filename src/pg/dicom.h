/*
 * What the glue of DICOM shares.
 */
#ifndef RADPG_DICOM_H
#define RADPG_DICOM_H

#include "context.h"

#include "formats/dicom_dataset.h"

/*
 * Walk the object in a bytea argument; raises what is wrong with it.  The data
 * set is valid as long as the context.
 */
extern void radpg_dicom_dataset(RadContext *context, Datum datum, const char *name,
								DicomWalk walk, DicomDataset *dataset);

/* Bytes of a bytea argument, detoasted into the context. */
extern const uint8_t *radpg_dicom_bytes(RadContext *context, Datum datum, int64_t *length);

/* A text value of UTF-8 in the server's encoding; NULL when empty. */
extern Datum radpg_utf8_datum(const char *utf8, bool *is_null);

/* Define radiomics.manifest_folders. */
extern void radpg_manifest_init(void);

#endif							/* RADPG_DICOM_H */
