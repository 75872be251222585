/*
 * The preprocessing of a picture (formats/tiff_transform.h) as jsonb:
 *
 *	{"flip": {"width": 100, "height": 80, "horizontal": true, "vertical": false},
 *	 "crop": {"left": 70, "top": 20, "width": 20, "height": 20},
 *	 "scale": {"x": 2, "y": 2},
 *	 "padding": {"left": 5, "top": 7, "right": 0, "bottom": 0}}
 *
 * each of which may be left out.
 */
#ifndef RADPG_FILES_TIFF_TRANSFORM_H
#define RADPG_FILES_TIFF_TRANSFORM_H

#include "compat.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "formats/tiff_transform.h"

/* Ereports when it is not of that form. */
extern void radpg_tiff_transform(Jsonb *json, TiffTransform *transform);

/* Append the JSON text. */
extern void radpg_tiff_transform_text(const TiffTransform *transform, StringInfo text);

#endif							/* RADPG_FILES_TIFF_TRANSFORM_H */
