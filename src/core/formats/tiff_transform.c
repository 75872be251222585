/*
 * Points through the preprocessing of a picture; see tiff_transform.h.
 */
#include "formats/tiff_transform.h"

#include <math.h>

bool
rad_tiff_check_transform(RadContext *context, const TiffTransform *transform)
{
	for (int axis = 0; axis < 2; axis++)
	{
		if (transform->has_flip && transform->flip_size[axis] == 0)
			return rad_fail(context, RAD_INVALID_PARAMETER, "the flip has a size of 0 along %c",
							"xy"[axis]);
		if (transform->has_crop && transform->crop_size[axis] == 0)
			return rad_fail(context, RAD_INVALID_PARAMETER, "the crop has a size of 0 along %c",
							"xy"[axis]);
		if (transform->has_crop &&
			(uint64_t) transform->crop_origin[axis] + transform->crop_size[axis] > UINT32_MAX)
			return rad_fail(context, RAD_INVALID_PARAMETER,
							"the crop ends at %llu along %c, beyond 2^32",
							(unsigned long long) transform->crop_origin[axis] +
							transform->crop_size[axis], "xy"[axis]);
		if (transform->has_scale &&
			(!(transform->scale[axis] > 0.0f) || isinf(transform->scale[axis])))
			return rad_fail(context, RAD_INVALID_PARAMETER, "the scale along %c is %g",
							"xy"[axis], (double) transform->scale[axis]);
	}
	return true;
}

/* A flip is its own inverse. */
static void
flip(const TiffTransform *transform, uint32_t point[2])
{
	for (int axis = 0; axis < 2 && transform->has_flip; axis++)
	{
		uint32_t	last = transform->flip_size[axis] - 1;

		if (transform->flip[axis])
			point[axis] = point[axis] < last ? last - point[axis] : 0;
	}
}

/* Truncate as a cast in Rust does: what is out of range becomes the limit. */
static uint32_t
truncate_single(float value)
{
	volatile float single = value;

	return single >= 0x1p32f ? UINT32_MAX : single > 0.0f ? (uint32_t) single : 0;
}

static bool
fail_range(RadContext *context, uint32_t x, uint32_t y)
{
	return rad_fail(context, RAD_OUT_OF_RANGE, "point (%u, %u) is mapped beyond 2^32", x, y);
}

bool
rad_tiff_map(RadContext *context, const TiffTransform *transform, const uint32_t from[2],
			 uint32_t to[2])
{
	if (!rad_tiff_check_transform(context, transform))
		return false;
	to[0] = from[0];
	to[1] = from[1];
	flip(transform, to);
	for (int axis = 0; axis < 2; axis++)
	{
		if (transform->has_crop)
		{
			uint32_t	left = transform->crop_origin[axis];
			uint32_t	inside = to[axis] > left ? to[axis] - left : 0;
			uint32_t	last = transform->crop_size[axis] - 1;

			to[axis] = inside < last ? inside : last;
		}
		if (transform->has_scale)
			to[axis] = truncate_single((float) to[axis] * transform->scale[axis]);
		if (transform->has_padding &&
			__builtin_add_overflow(to[axis], transform->padding[axis], &to[axis]))
			return fail_range(context, from[0], from[1]);
	}
	return true;
}

bool
rad_tiff_unmap(RadContext *context, const TiffTransform *transform, const uint32_t from[2],
			   uint32_t to[2])
{
	if (!rad_tiff_check_transform(context, transform))
		return false;
	for (int axis = 0; axis < 2; axis++)
	{
		to[axis] = from[axis];
		if (transform->has_padding)
			to[axis] = to[axis] > transform->padding[axis] ?
				to[axis] - transform->padding[axis] : 0;
		if (transform->has_scale)
			to[axis] = truncate_single((float) to[axis] / transform->scale[axis]);
		if (transform->has_crop &&
			__builtin_add_overflow(to[axis], transform->crop_origin[axis], &to[axis]))
			return fail_range(context, from[0], from[1]);
	}
	flip(transform, to);
	return true;
}
