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

/* The header alone, and the labels when labels is not NULL. */
extern bool radpg_volume_header(RadContext *context, Datum datum, const char *name,
								ContainerHeader *header, LabelSummary **labels);

/*
 * A value made of a whole volume in memory (attributes may be NULL), or of everything that a reader
 * delivers, in CurrentMemoryContext.  What the context allocated is not needed
 * afterwards.  Returns false with the failure in the context; may ereport.
 */
extern bool radpg_volume_datum(RadContext *context, const Volume *volume,
							   const VolumeAttributes *attributes, Datum *datum);
extern bool radpg_volume_transcode(RadContext *context, VolumeReader *reader, Datum *datum);

#endif							/* RADPG_VOLUME_H */
