/*
 * libtiff over memory; see tiff_file.h.
 */
#include "formats/tiff.h"

#include "formats/tiff_file.h"

const char *const rad_tiff_compression_names[RAD_TIFF_COMPRESSION_COUNT] = {
	[RAD_TIFF_NONE] = "none",
	[RAD_TIFF_PACKBITS] = "packbits",
	[RAD_TIFF_LZW] = "lzw",
	[RAD_TIFF_DEFLATE] = "deflate",
};

#ifdef RAD_HAVE_TIFF

#include <stdio.h>
#include <string.h>

static tmsize_t
read_bytes(thandle_t handle, void *buffer, tmsize_t count)
{
	TiffMemory *memory = (TiffMemory *) handle;
	const uint8_t *bytes = memory->buffer != NULL ? memory->buffer->bytes : memory->bytes;
	uint64_t	left = memory->position < memory->length ? memory->length - memory->position : 0;

	if (count < 0)
		return -1;
	if ((uint64_t) count > left)
		count = (tmsize_t) left;
	if (count > 0)
		memcpy(buffer, bytes + memory->position, (size_t) count);
	memory->position += (uint64_t) count;
	return count;
}

static tmsize_t
write_bytes(thandle_t handle, void *bytes, tmsize_t count)
{
	TiffMemory *memory = (TiffMemory *) handle;
	uint64_t	end;

	if (memory->buffer == NULL || count < 0 ||
		__builtin_add_overflow(memory->position, (uint64_t) count, &end) ||
		!rad_buffer_reserve(memory->context, memory->buffer, (size_t) end))
		return -1;
	/* A seek may have left a gap. */
	if (memory->position > memory->length)
		memset(memory->buffer->bytes + memory->length, 0, memory->position - memory->length);
	memcpy(memory->buffer->bytes + memory->position, bytes, (size_t) count);
	memory->position = end;
	if (end > memory->length)
		memory->length = memory->buffer->length = end;
	return count;
}

static toff_t
seek_bytes(thandle_t handle, toff_t offset, int whence)
{
	TiffMemory *memory = (TiffMemory *) handle;

	if (whence == SEEK_CUR)
		offset += memory->position;
	else if (whence == SEEK_END)
		offset += memory->length;
	memory->position = offset;
	return offset;
}

static toff_t
length_bytes(thandle_t handle)
{
	return ((TiffMemory *) handle)->length;
}

static int
close_bytes(thandle_t handle)
{
	(void) handle;
	return 0;
}

/* Keep the first message; the handlers of the process are not asked. */
static int
keep_error(TIFF *tiff, void *user_data, const char *module, const char *format, va_list arguments)
{
	TiffMemory *memory = user_data;

	(void) tiff;
	(void) module;
	if (memory->error[0] == '\0')
		vsnprintf(memory->error, sizeof(memory->error), format, arguments);
	return 1;
}

static int
drop_warning(TIFF *tiff, void *user_data, const char *module, const char *format,
			 va_list arguments)
{
	(void) tiff;
	(void) user_data;
	(void) module;
	(void) format;
	(void) arguments;
	return 1;
}

TIFF *
rad_tiff_open(TiffMemory *memory, const char *mode)
{
	TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
	TIFF	   *tiff = NULL;

	memory->position = 0;
	if (options != NULL)
	{
		TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t) RAD_TIFF_MAX_BLOCK + 65536);
		TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, memory);
		TIFFOpenOptionsSetWarningHandlerExtR(options, drop_warning, memory);
		tiff = TIFFClientOpenExt("TIFF", mode, (thandle_t) memory, read_bytes, write_bytes,
								 seek_bytes, close_bytes, length_bytes, NULL, NULL, options);
		TIFFOpenOptionsFree(options);
	}
	if (tiff == NULL && memory->error[0] == '\0')
		snprintf(memory->error, sizeof(memory->error), "out of memory");
	return tiff;
}

/* Two numbers that libtiff hands over as floats, whatever type they have. */
static bool
get_pair(TIFF *tiff, uint32_t tag, float pair[2])
{
	float	   *values;

	if (!TIFFGetField(tiff, tag, &values))
		return false;
	pair[0] = values[0];
	pair[1] = values[1];
	return true;
}

static bool
whole_pair(const float pair[2], uint32_t whole[2])
{
	for (int axis = 0; axis < 2; axis++)
	{
		if (!(pair[axis] >= 0.0f && pair[axis] <= 0x1p24f))
			return false;
		whole[axis] = (uint32_t) pair[axis];
	}
	return true;
}

/* Flips are a private tag: of four LONGs, or it is somebody else's. */
static void
get_flip(TIFF *tiff, TiffTransform *transform)
{
	const TIFFField *field = TIFFFindField(tiff, RAD_TIFF_TAG_FLIP, TIFF_ANY);
	uint32_t	count;
	uint32_t   *values;

	if (field == NULL || TIFFFieldDataType(field) != TIFF_LONG || !TIFFFieldPassCount(field) ||
		TIFFFieldReadCount(field) != TIFF_VARIABLE2 ||
		!TIFFGetField(tiff, RAD_TIFF_TAG_FLIP, &count, &values) || count != 4 || values[2] > 1 ||
		values[3] > 1)
		return;
	transform->has_flip = true;
	for (int axis = 0; axis < 2; axis++)
	{
		transform->flip_size[axis] = values[axis];
		transform->flip[axis] = values[axis + 2] == 1;
	}
}

void
rad_tiff_get_transform(TIFF *tiff, TiffTransform *transform)
{
	float		pair[2];
	uint32_t	centre[2];
	uint32_t   *padding;

	*transform = (TiffTransform) {0};
	get_flip(tiff, transform);
	if (get_pair(tiff, TIFFTAG_DEFAULTCROPORIGIN, pair) && whole_pair(pair, centre) &&
		get_pair(tiff, TIFFTAG_DEFAULTCROPSIZE, pair) && whole_pair(pair, transform->crop_size) &&
		centre[0] >= transform->crop_size[0] / 2 && centre[1] >= transform->crop_size[1] / 2)
	{
		transform->has_crop = true;
		for (int axis = 0; axis < 2; axis++)
			transform->crop_origin[axis] = centre[axis] - transform->crop_size[axis] / 2;
	}
	transform->has_scale = get_pair(tiff, TIFFTAG_DEFAULTSCALE, transform->scale);
	if (TIFFGetField(tiff, TIFFTAG_ACTIVEAREA, &padding))
	{
		transform->has_padding = true;
		memcpy(transform->padding, padding, sizeof(transform->padding));
	}
}

#endif							/* RAD_HAVE_TIFF */
