/*
 * How a picture was preprocessed, as TIFF tags that dicom-preprocessing
 * (medcognetics) writes and reads: flip, crop, resize, pad, in this order.
 *
 *	50718 DefaultScale			FLOAT x 2	x, y
 *	50719 DefaultCropOrigin		LONG x 2	left + width / 2, top + height / 2
 *	50720 DefaultCropSize		LONG x 2	width, height
 *	50829 ActiveArea			LONG x 4	padding: left, top, right, bottom
 *	65000 (private)				LONG x 4	width, height, flipped along x, along y
 *
 * That program's documentation calls 50719 the origin and 50829 coordinates;
 * its code writes and reads what stands here, and so do we.
 */
#ifndef RAD_FORMATS_TIFF_TRANSFORM_H
#define RAD_FORMATS_TIFF_TRANSFORM_H

#include "base/context.h"

typedef struct TiffTransform
{
	bool		has_flip;
	uint32_t	flip_size[2];	/* of the picture before it */
	bool		flip[2];		/* along x, y */
	bool		has_crop;
	uint32_t	crop_origin[2]; /* left, top */
	uint32_t	crop_size[2];
	bool		has_scale;
	float		scale[2];
	bool		has_padding;
	uint32_t	padding[4];		/* left, top, right, bottom */
} TiffTransform;

/*
 * Where a pixel of the original went, and where one came from.  Coordinates
 * are whole pixels; outside the crop they are moved to its border, scaling
 * truncates in single precision.  RAD_OUT_OF_RANGE beyond 2^32.
 */
extern bool rad_tiff_map(RadContext *context, const TiffTransform *transform,
						 const uint32_t from[2], uint32_t to[2]);
extern bool rad_tiff_unmap(RadContext *context, const TiffTransform *transform,
						   const uint32_t from[2], uint32_t to[2]);

/* Check that sizes and scales are such that points can be mapped. */
extern bool rad_tiff_check_transform(RadContext *context, const TiffTransform *transform);

#endif							/* RAD_FORMATS_TIFF_TRANSFORM_H */
