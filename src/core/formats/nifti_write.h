/*
 * What reading and writing NIfTI share: how a grid is put into a header, and
 * the extension that keeps the digits which a header cannot.
 *
 * The extension is of the kind "comment" (code 6, plain text), so that every
 * NIfTI program can show it: RAD_NIFTI_EXACT, a space, the text of
 * exact_geometry.h, a line feed.
 */
#ifndef RAD_FORMATS_NIFTI_WRITE_H
#define RAD_FORMATS_NIFTI_WRITE_H

#include "formats/exact_geometry.h"

#define RAD_NIFTI_COMMENT 6
#define RAD_NIFTI_EXACT "radiomics-geometry-lps"

/* Most bytes that the extension's text takes. */
#define RAD_NIFTI_EXTENSION (RAD_GEOMETRY_LENGTH + 32)

/* The place in a header: RAS, and in single precision for version 1. */
typedef struct NiftiTransform
{
	double		pixdim[4];		/* with qfac in front */
	double		quaternion[3];	/* b, c, d */
	double		qoffset[3];
	double		srow[3][4];
} NiftiTransform;

extern void rad_nifti_transform(const Grid *grid, int version, NiftiTransform *transform);

/* Take the geometry out of an extension's text; false when it is none. */
extern bool rad_nifti_parse_exact(const char *text, size_t length, Grid *grid);

#endif							/* RAD_FORMATS_NIFTI_WRITE_H */
