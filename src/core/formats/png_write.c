/*
 * PNG through libpng; see png_write.h.
 *
 * All memory that libpng (and zlib behind it) asks for is the context's, and
 * the file grows in the context's memory, so nothing is left behind and
 * nothing called from inside libpng can leave by the server's longjmp.
 * libpng's own longjmp ends in the function that set it up.
 */
#include "formats/png_write.h"

#ifndef RAD_HAVE_PNG

bool
rad_write_png(RadContext *context, int width, int height, const uint8_t *rgb,
			  double pixels_per_metre, ByteBuffer *file)
{
	(void) width;
	(void) height;
	(void) rgb;
	(void) pixels_per_metre;
	(void) file;
	rad_fail(context, RAD_NOT_SUPPORTED, "this build has no libpng");
	return rad_hint(context, "Install libpng's development files and build the extension again.");
}

#else

#include <png.h>
#include <setjmp.h>
#include <stdio.h>

/* Rows between two looks for a cancel. */
#define POLL_ROWS 64

typedef struct PngWriting
{
	RadContext *context;
	ByteSink	sink;
	jmp_buf		failed;
	char		error[200];
} PngWriting;

static png_voidp
allocate(png_structp png, png_alloc_size_t size)
{
	PngWriting *writing = png_get_mem_ptr(png);

	return rad_allocate(writing->context, 1, size);
}

static void
release(png_structp png, png_voidp pointer)
{
	PngWriting *writing = png_get_mem_ptr(png);

	rad_release(writing->context, pointer);
}

static void
write_bytes(png_structp png, png_bytep bytes, size_t count)
{
	PngWriting *writing = png_get_io_ptr(png);

	if (!rad_sink_write(writing->context, &writing->sink, bytes, count))
		png_error(png, "out of memory");
}

static void
flush_bytes(png_structp png)
{
	(void) png;
}

static void
fail(png_structp png, png_const_charp message)
{
	PngWriting *writing = png_get_error_ptr(png);

	snprintf(writing->error, sizeof(writing->error), "%s", message);
	longjmp(writing->failed, 1);
}

static void
ignore(png_structp png, png_const_charp message)
{
	(void) png;
	(void) message;
}

/* False when libpng failed, or a cancel waits; *png is set in any case. */
static bool
write_picture(PngWriting *writing, int width, int height, const uint8_t *rgb,
			  double pixels_per_metre, png_structp *png, png_infop *info)
{
	if (setjmp(writing->failed) != 0)
		return false;
	*png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, writing, fail, ignore, writing,
									 allocate, release);
	if (*png == NULL)
		return false;
	*info = png_create_info_struct(*png);
	if (*info == NULL)
		return false;
	png_set_write_fn(*png, writing, write_bytes, flush_bytes);
	png_set_IHDR(*png, *info, (png_uint_32) width, (png_uint_32) height, 8, PNG_COLOR_TYPE_RGB,
				 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	if (pixels_per_metre > 0.0 && pixels_per_metre < 1e9)
		png_set_pHYs(*png, *info, (png_uint_32) pixels_per_metre, (png_uint_32) pixels_per_metre,
					 PNG_RESOLUTION_METER);
	png_write_info(*png, *info);
	for (int y = 0; y < height; y++)
	{
		if (y % POLL_ROWS == 0 && rad_pending(writing->context))
			return false;
		png_write_row(*png, (png_const_bytep) rgb + (size_t) y * (size_t) width * 3);
	}
	png_write_end(*png, *info);
	return true;
}

bool
rad_write_png(RadContext *context, int width, int height, const uint8_t *rgb,
			  double pixels_per_metre, ByteBuffer *file)
{
	PngWriting	writing = {.context = context, .sink = rad_buffer_sink(file)};
	png_structp png = NULL;
	png_infop	info = NULL;
	bool		ok = write_picture(&writing, width, height, rgb, pixels_per_metre, &png, &info);

	if (png != NULL)
		png_destroy_write_struct(&png, &info);
	if (!rad_continue(context))
		return false;
	if (ok || context->code != RAD_OK)
		return ok;
	if (writing.error[0] == '\0')
		return rad_fail(context, RAD_CANCELLED, "writing was cancelled");
	return rad_fail(context, RAD_INTERNAL, "libpng could not write the picture: %s", writing.error);
}

#endif							/* RAD_HAVE_PNG */
