/*
 * Byte sources of the server: bytea values and large objects.
 */
#ifndef RADPG_SOURCE_H
#define RADPG_SOURCE_H

#include "context.h"

#include "formats/byte_source.h"

/*
 * Bytes of a bytea argument.  A value that is stored uncompressed out of line
 * is read piece by piece, so a large one is never in memory as a whole; other
 * values are detoasted.  The source is valid as long as the datum and the
 * context.  May ereport, now and when it is read.
 */
extern bool radpg_bytea_source(RadContext *context, Datum datum, const char *name,
							   ByteSource *source);

/*
 * Bytes of a large object, read piece by piece with the current user's
 * privileges.  A missing object is a failure of the context; a missing
 * privilege is raised by the server.
 */
extern bool radpg_large_object_source(RadContext *context, Oid object, const char *name,
									  ByteSource *source);

/* Close what the source holds open; a transaction's end does it too. */
extern void radpg_source_close(ByteSource *source);

#endif							/* RADPG_SOURCE_H */
