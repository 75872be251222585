/*
 * What reading and writing TIFF share: geometry in ImageDescription, two lines
 * of the first page,
 *
 *	radiomics-size 512 512 200
 *	radiomics-geometry-lps 3 0.7 0.7 3 -180 -170 40 1 0 0 0 1 0 0 0 1
 *
 * the second being that of exact_geometry.h.  It is believed while size and
 * resolution agree with it.
 */
#ifndef RAD_FORMATS_TIFF_WRITE_H
#define RAD_FORMATS_TIFF_WRITE_H

#include "formats/exact_geometry.h"

/* Room for the description. */
#define RAD_TIFF_DESCRIPTION (RAD_GEOMETRY_LENGTH + 128)

extern void rad_tiff_print_description(const Grid *grid, char text[RAD_TIFF_DESCRIPTION]);

/*
 * Take size and geometry from a description that agrees with a resolution of
 * pixels per centimetre.  Otherwise leave the grid alone.
 */
extern void rad_tiff_parse_description(const char *text, const float resolution[2],
									   bool centimetres, Grid *grid);

/* Forget what a description said besides the spacing of x and y. */
extern void rad_tiff_plain_geometry(Grid *grid);

#endif							/* RAD_FORMATS_TIFF_WRITE_H */
