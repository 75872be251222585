/*
 * Decompression of frames; see dicom_decode.h.  RLE is decoded here, JPEG and
 * JPEG-LS by DCMTK, JPEG 2000 by OpenJPEG.  Before a library sees a stream,
 * its size is compared with the header of the object, so that a stream cannot
 * make it allocate for another size.
 */
#include "formats/dicom_decode.h"

#include <stdio.h>
#include <string.h>

#ifdef RAD_HAVE_OPENJPEG
#include <openjpeg.h>
#endif

#include "formats/dicom_dcmtk.h"

static bool
fail_frame(RadContext *context, const DicomPixels *pixels, int frame, const char *what,
		   const char *problem)
{
	rad_fail(context, RAD_INVALID_BINARY, "%s: frame %d of %d cannot be decompressed: %s",
			 pixels->dataset->name, frame + 1, pixels->frame_count, problem);
	return rad_detail(context, "The pixels are %s, transfer syntax %s.", what,
					  pixels->dataset->transfer_syntax);
}

/* --- RLE (PS3.5 annex G) ---------------------------------------------------- */

static uint32_t
little32(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t) bytes[1] << 8 | (uint32_t) bytes[2] << 16 |
		(uint32_t) bytes[3] << 24;
}

/* One byte plane: PackBits into every step-th byte; false when it falls short. */
static bool
unpack_segment(const uint8_t *bytes, size_t length, uint8_t *target, size_t count, size_t step)
{
	size_t		position = 0;
	size_t		done = 0;

	while (done < count)
	{
		int			control;
		size_t		run;

		if (position >= length)
			return false;
		control = (int8_t) bytes[position++];
		if (control == -128)
			continue;
		run = control >= 0 ? (size_t) control + 1 : (size_t) -control + 1;
		if (run > count - done)
			run = count - done; /* some writers overrun the last row */
		if (control >= 0 ? run > length - position : position >= length)
			return false;
		for (size_t n = 0; n < run; n++)
			target[(done + n) * step] = bytes[position + (control >= 0 ? n : 0)];
		position += control >= 0 ? run : 1;
		done += run;
	}
	return true;
}

static bool
decode_rle(RadContext *context, const DicomPixels *pixels, int frame, const uint8_t *bytes,
		   size_t length, uint8_t *samples)
{
	size_t		planes = (size_t) pixels->bits_allocated / 8;
	size_t		count = (size_t) pixels->rows * (size_t) pixels->columns;

	if (length < 64 || little32(bytes) != planes)
		return fail_frame(context, pixels, frame, "RLE", "its header is wrong");
	for (size_t plane = 0; plane < planes; plane++)
	{
		size_t		begin = little32(bytes + 4 + 4 * plane);
		size_t		end = plane + 1 < planes ? little32(bytes + 8 + 4 * plane) : length;

		/* Planes come with the most significant byte first. */
		if (begin < 64 || begin > end || end > length ||
			!unpack_segment(bytes + begin, end - begin, samples + planes - 1 - plane, count,
							planes))
			return fail_frame(context, pixels, frame, "RLE", "a segment is damaged");
	}
	return true;
}

/* --- JPEG and JPEG-LS -------------------------------------------------------- */

/*
 * Compare every frame header (SOF, ITU-T T.81 section B.2.2, T.87 C.2.2) of
 * the stream, up to the image data, with the object's header.
 */
static const char *
check_jpeg_header(const DicomPixels *pixels, const uint8_t *bytes, size_t length)
{
	size_t		position = 2;
	bool		found = false;

	if (length < 4 || bytes[0] != 0xff || bytes[1] != 0xd8)
		return "it does not begin as a JPEG stream does";
	while (position + 4 <= length)
	{
		uint8_t		marker = bytes[position + 1];
		size_t		size = (size_t) bytes[position + 2] << 8 | bytes[position + 3];

		if (bytes[position] != 0xff)
			return "a marker of the JPEG stream is missing";
		if (marker == 0xff)
		{
			position++;
			continue;
		}
		if (marker == 0xda)
			return found ? NULL : "the JPEG stream has no frame header";
		if (size < 2 || size > length - position - 2)
			return "a segment of the JPEG stream is cut off";
		if ((marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
			 marker != 0xcc) || marker == 0xf7)
		{
			const uint8_t *frame = bytes + position + 4;

			if (size < 8 || found)
				return "the JPEG stream has a wrong frame header";
			if (frame[0] > pixels->bits_allocated || frame[0] < 2)
				return "the JPEG stream has another number of bits than its object";
			if ((frame[1] << 8 | frame[2]) != pixels->rows ||
				(frame[3] << 8 | frame[4]) != pixels->columns || frame[5] != 1)
				return "the JPEG stream has another size than its object";
			found = true;
		}
		position += 2 + size;
	}
	return "the JPEG stream is cut off";
}

static bool
decode_dcmtk(RadContext *context, const DicomPixels *pixels, int frame, const uint8_t *bytes,
			 size_t length, void *samples)
{
	const char *what = pixels->dataset->encoding == DICOM_JPEG ? "JPEG" : "JPEG-LS";
	const char *problem = check_jpeg_header(pixels, bytes, length);
	DcmtkFrame	compressed = {
		.transfer_syntax = pixels->dataset->transfer_syntax,
		.bytes = bytes,
		.length = length,
		.rows = pixels->rows,
		.columns = pixels->columns,
		.bits_allocated = pixels->bits_allocated,
		.bits_stored = pixels->bits_stored,
		.is_signed = pixels->is_signed,
	};
	char		message[RAD_DCMTK_MESSAGE];

	if (problem != NULL)
		return fail_frame(context, pixels, frame, what, problem);
	if (pixels->bits_allocated > 16 || length > UINT32_MAX / 2)
		return fail_frame(context, pixels, frame, what, "it has more than 16 bits per pixel");
	if (!rad_dcmtk_decode(&compressed, samples, message))
		return fail_frame(context, pixels, frame, what, message);
	return true;
}

/* --- JPEG 2000 --------------------------------------------------------------- */

#ifdef RAD_HAVE_OPENJPEG

typedef struct MemoryStream
{
	const uint8_t *bytes;
	size_t		length;
	size_t		position;
} MemoryStream;

static OPJ_SIZE_T
stream_read(void *buffer, OPJ_SIZE_T count, void *argument)
{
	MemoryStream *stream = argument;
	size_t		left = stream->length - stream->position;

	if (left == 0)
		return (OPJ_SIZE_T) -1;
	if (count > left)
		count = left;
	memcpy(buffer, stream->bytes + stream->position, count);
	stream->position += count;
	return count;
}

static OPJ_OFF_T
stream_skip(OPJ_OFF_T count, void *argument)
{
	MemoryStream *stream = argument;
	size_t		left = stream->length - stream->position;

	if (count < 0)
		return -1;
	if ((uint64_t) count > left)
		count = (OPJ_OFF_T) left;
	stream->position += (size_t) count;
	return count;
}

static OPJ_BOOL
stream_seek(OPJ_OFF_T position, void *argument)
{
	MemoryStream *stream = argument;

	if (position < 0 || (uint64_t) position > stream->length)
		return OPJ_FALSE;
	stream->position = (size_t) position;
	return OPJ_TRUE;
}

/* The last message of OpenJPEG, without the end of its line. */
static void
keep_message(const char *text, void *argument)
{
	char	   *message = argument;

	snprintf(message, RAD_DCMTK_MESSAGE, "%s", text);
	message[strcspn(message, "\n")] = '\0';
}

static const char *
check_image(const DicomPixels *pixels, const opj_image_t *image)
{
	if (image->numcomps != 1)
		return "the JPEG 2000 stream has more than one component";
	if ((int64_t) image->x1 - image->x0 != pixels->columns ||
		(int64_t) image->y1 - image->y0 != pixels->rows ||
		image->comps[0].dx != 1 || image->comps[0].dy != 1)
		return "the JPEG 2000 stream has another size than its object";
	if ((int) image->comps[0].prec > pixels->bits_allocated)
		return "the JPEG 2000 stream has more bits than its object";
	return NULL;
}

static void
store_samples(const DicomPixels *pixels, const OPJ_INT32 *values, void *samples)
{
	int64_t		count = (int64_t) pixels->rows * pixels->columns;

	for (int64_t n = 0; n < count; n++)
	{
		if (pixels->bits_allocated == 8)
			((uint8_t *) samples)[n] = (uint8_t) values[n];
		else if (pixels->bits_allocated == 16)
			((uint16_t *) samples)[n] = (uint16_t) values[n];
		else
			((uint32_t *) samples)[n] = (uint32_t) values[n];
	}
}

/*
 * OpenJPEG allocates with malloc and never calls into the server, so nothing
 * can leave between creation and destruction.
 */
static bool
decode_jpeg_2000(RadContext *context, const DicomPixels *pixels, int frame,
				 const uint8_t *bytes, size_t length, void *samples)
{
	MemoryStream memory = {bytes, length, 0};
	bool		is_codestream = length >= 2 && bytes[0] == 0xff && bytes[1] == 0x4f;
	opj_codec_t *codec = opj_create_decompress(is_codestream ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
	opj_stream_t *stream = opj_stream_default_create(OPJ_TRUE);
	opj_image_t *image = NULL;
	opj_dparameters_t parameters;
	char		message[RAD_DCMTK_MESSAGE] = "out of memory";
	const char *problem = message;

	opj_set_default_decoder_parameters(&parameters);
	if (codec != NULL && stream != NULL)
	{
		opj_set_error_handler(codec, keep_message, message);
		opj_stream_set_user_data(stream, &memory, NULL);
		opj_stream_set_user_data_length(stream, length);
		opj_stream_set_read_function(stream, stream_read);
		opj_stream_set_skip_function(stream, stream_skip);
		opj_stream_set_seek_function(stream, stream_seek);
		if (opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &image))
		{
			problem = check_image(pixels, image);
			if (problem == NULL && !(opj_decode(codec, stream, image) &&
									 opj_end_decompress(codec, stream)))
				problem = message;
			else if (problem == NULL && (image->comps[0].data == NULL ||
										 (int) image->comps[0].w != pixels->columns ||
										 (int) image->comps[0].h != pixels->rows))
				problem = "the JPEG 2000 stream is incomplete";
			if (problem == NULL)
				store_samples(pixels, image->comps[0].data, samples);
		}
	}
	opj_image_destroy(image);
	opj_stream_destroy(stream);
	opj_destroy_codec(codec);
	return problem == NULL || fail_frame(context, pixels, frame, "JPEG 2000", problem);
}

#else

static bool
decode_jpeg_2000(RadContext *context, const DicomPixels *pixels, int frame,
				 const uint8_t *bytes, size_t length, void *samples)
{
	(void) bytes;
	(void) length;
	(void) samples;
	return fail_frame(context, pixels, frame, "JPEG 2000", "this build has no OpenJPEG library");
}

#endif

bool
rad_dicom_decode_frame(RadContext *context, const DicomPixels *pixels, int frame,
					   const uint8_t *bytes, size_t length, void *samples)
{
	if (pixels->bits_allocated % 8 == 0)
	{
		switch (pixels->dataset->encoding)
		{
			case DICOM_RLE:
				return decode_rle(context, pixels, frame, bytes, length, samples);
			case DICOM_JPEG:
			case DICOM_JPEG_LS:
				return decode_dcmtk(context, pixels, frame, bytes, length, samples);
			case DICOM_JPEG_2000:
				return decode_jpeg_2000(context, pixels, frame, bytes, length, samples);
			case DICOM_NATIVE:
			case DICOM_UNKNOWN_ENCODING:
				break;
		}
	}
	rad_fail(context, RAD_NOT_SUPPORTED, "%s has a transfer syntax that cannot be read: %s",
			 pixels->dataset->name, pixels->dataset->transfer_syntax);
	return rad_hint(context, "Native, deflated, RLE, JPEG, JPEG-LS and JPEG 2000 pixels can be "
					"read.");
}
