/*
 * Geometry as text with all its digits, for formats whose own fields cannot
 * hold every double: NIfTI-1 has single precision, and NRRD and NIfTI store
 * spacing times direction.
 *
 * A writer adds the text where its own fields would not give the same doubles
 * back.  A reader takes the text only when those fields are what the writer
 * makes of it: a program that changed the geometry and kept the text is
 * believed, not the text.
 */
#ifndef RAD_FORMATS_EXACT_GEOMETRY_H
#define RAD_FORMATS_EXACT_GEOMETRY_H

#include "volume/grid.h"

/* Room for the text and for one number. */
#define RAD_GEOMETRY_LENGTH 512
#define RAD_NUMBER_LENGTH 32

/*
 * "3 0.5 0.5 2 -10 20 30 1 0 0 0 1 0 0 0 1": dimension, spacing, origin and
 * the rows of the direction.
 */
extern void rad_geometry_print(const Grid *grid, char text[RAD_GEOMETRY_LENGTH]);

/* Set all but the size of a grid; false when the text is something else. */
extern bool rad_geometry_parse(const char *text, Grid *grid);

/* Whether two grids are the same numbers. */
extern bool rad_geometry_same(const Grid *a, const Grid *b);

/* A number in as few digits (15 to 17) as give it back; returns text. */
extern const char *rad_print_number(double value, char text[RAD_NUMBER_LENGTH]);

/*
 * Whether a two-dimensional grid lies in the plane z = 0, unturned out of it,
 * so that its two axes and a 2-D origin say all but a slice's thickness.
 */
extern bool rad_geometry_flat(const Grid *grid);

#endif							/* RAD_FORMATS_EXACT_GEOMETRY_H */
