/*
 * Where the bytes of a file come from: a value in memory, a TOASTed value read
 * by slices, a large object.  Positional, so that a reader may look twice.
 */
#ifndef RAD_FORMATS_BYTE_SOURCE_H
#define RAD_FORMATS_BYTE_SOURCE_H

#include "base/context.h"

/* What reading did, for those who want to know. */
typedef struct SourceCounters
{
	int64_t		reads;			/* calls of ByteSource.read */
	int64_t		bytes;			/* that they fetched */
	int64_t		bricks;			/* of stored volumes, decoded */
} SourceCounters;

typedef struct ByteSource
{
	const char *name;			/* "image" or "mask", for messages */
	int64_t		length;			/* bytes */
	const uint8_t *memory;		/* all bytes when they are in memory, else NULL */

	/*
	 * Copy `count` bytes at `offset` (inside the length) into buffer.  Used
	 * when memory is NULL.  May longjmp inside the server.
	 */
	bool		(*read) (RadContext *context, void *handle, int64_t offset,
						 void *buffer, size_t count);
	void	   *handle;
	SourceCounters *counters;	/* may be NULL */
} ByteSource;

/* Copy bytes from either kind of source; offset + count must be inside. */
extern bool rad_source_read(RadContext *context, const ByteSource *source,
							int64_t offset, void *buffer, size_t count);

#endif							/* RAD_FORMATS_BYTE_SOURCE_H */
