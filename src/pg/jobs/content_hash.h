/*
 * Hashes of what images and masks are stored as.
 */
#ifndef RADPG_JOBS_CONTENT_HASH_H
#define RADPG_JOBS_CONTENT_HASH_H

#include "scan.h"

/*
 * Hash of an image or a mask as palloc'd hexadecimal text.  The number of
 * bytes stored is added to *bytes.
 */
extern char *radpg_content_hash(SourceKind kind, Datum value, int64 *bytes);

#endif							/* RADPG_JOBS_CONTENT_HASH_H */
