/*
 * A libtiff handle over memory, for tiff_read.c and tiff_write.c.
 */
#ifndef RAD_FORMATS_TIFF_FILE_H
#define RAD_FORMATS_TIFF_FILE_H

#ifdef RAD_HAVE_TIFF
#include <tiffio.h>

/* Options of a handle (limits, own error handlers) came with 4.5. */
#if TIFFLIB_VERSION < 20221213
#undef RAD_HAVE_TIFF
#endif
#endif

#include "formats/byte_sink.h"

#define RAD_TIFF_NO_LIBRARY "this build has no libtiff (4.5 or newer)"
#define RAD_TIFF_NO_LIBRARY_HINT "Install libtiff's development files and build the extension again."

#ifdef RAD_HAVE_TIFF

typedef struct TiffMemory
{
	RadContext *context;		/* that a growing buffer takes memory from */
	const uint8_t *bytes;		/* of a file that is read */
	ByteBuffer *buffer;			/* of a file that is written, else NULL */
	uint64_t	length;
	uint64_t	position;
	char		error[256];		/* libtiff's first message */
} TiffMemory;

/* The tag of flips, and stand-ins for tags that libtiff would write as RATIONAL. */
#define RAD_TIFF_TAG_FLIP 65000
#define RAD_TIFF_STAND_IN 20	/* below the real tag */

/*
 * Open memory: mode "r" to read bytes, "w" to begin the buffer, "a" to add
 * pages.  NULL with a message in memory->error.
 */
extern TIFF *rad_tiff_open(TiffMemory *memory, const char *mode);

/* Fill a transform from the tags of the current page. */
extern void rad_tiff_get_transform(TIFF *tiff, TiffTransform *transform);

#endif							/* RAD_HAVE_TIFF */
#endif							/* RAD_FORMATS_TIFF_FILE_H */
