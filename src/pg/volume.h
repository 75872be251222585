/*
 * Values of type radiomics.volume for the rest of the glue: how to read one,
 * and how to make one.
 */
#ifndef RADPG_VOLUME_H
#define RADPG_VOLUME_H

#include "context.h"

#include "formats/container.h"
#include "formats/reader.h"

/*
 * Open a volume argument.  Of a stored one only the header and the bricks that
 * are asked for are fetched.  The reader is valid as long as the datum and the
 * context.  frame as in rad_volume_open (a volume has one).  Returns false
 * with the failure in the context; may ereport, now and when it is read.
 */
extern bool radpg_volume_reader(RadContext *context, Datum datum, const char *name, int frame,
								VolumeReader **reader);

/*
 * The header alone, and the labels when labels is not NULL.  A value that a
 * function has just made, and that is not stored yet, is stored for it; the
 * grid alone costs nothing.
 */
extern bool radpg_volume_header(RadContext *context, Datum datum, const char *name,
								ContainerHeader *header, LabelSummary **labels);

extern bool radpg_volume_grid(RadContext *context, Datum datum, const char *name, Grid *grid);

/*
 * A value that keeps its voxels in memory until it is stored in a table or
 * leaves the server: the function that takes it next reads them where they
 * are.  The memory of the context becomes the value's, so the context must not
 * be deleted; release what is large and not part of the volume before.
 * attributes may be NULL.
 */
extern Datum radpg_volume_expanded(RadContext *context, const Volume *volume,
								   const VolumeAttributes *attributes);

/* What this session has done with volumes so far; for tests of who copies. */
typedef struct VolumeWork
{
	SourceCounters read;
	int64_t		stored;			/* volumes that were compressed */
} VolumeWork;

extern VolumeWork radpg_volume_work;

/*
 * A stored value made of a whole volume in memory (attributes may be NULL), or
 * of everything that a reader delivers, in CurrentMemoryContext.  What the
 * context allocated is not needed afterwards.  Returns false with the failure
 * in the context; may ereport.
 */
extern bool radpg_volume_datum(RadContext *context, const Volume *volume,
							   const VolumeAttributes *attributes, Datum *datum);
extern bool radpg_volume_transcode(RadContext *context, VolumeReader *reader, Datum *datum);

/*
 * A value of what came from outside: a file in the named format ("auto": any),
 * or a volume in its stored form, which is checked to the last voxel.
 * Ereports.
 */
extern Datum radpg_volume_of_source(RadContext *context, const ByteSource *source,
									const char *format, int frame);

#endif							/* RADPG_VOLUME_H */
