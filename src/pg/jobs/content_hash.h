/*
 * SHA-256 of what images and masks are stored as.
 */
#ifndef RADPG_JOBS_CONTENT_HASH_H
#define RADPG_JOBS_CONTENT_HASH_H

#include "compat.h"

/*
 * Hash of a value of a type that image and mask can have, as palloc'd
 * hexadecimal text.  The number of bytes read is added to *bytes.
 */
extern char *radpg_content_hash(Oid type, Datum value, int64 *bytes);

#endif							/* RADPG_JOBS_CONTENT_HASH_H */
