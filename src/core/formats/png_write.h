/*
 * PNG files of 8-bit colours through libpng.
 */
#ifndef RAD_FORMATS_PNG_WRITE_H
#define RAD_FORMATS_PNG_WRITE_H

#include "formats/byte_sink.h"

/*
 * Append a picture to a buffer: rows from the top, red, green and blue of each
 * pixel.  pixels_per_metre goes into the file when it is above 0.
 */
extern bool rad_write_png(RadContext *context, int width, int height, const uint8_t *rgb,
						  double pixels_per_metre, ByteBuffer *file);

#endif							/* RAD_FORMATS_PNG_WRITE_H */
