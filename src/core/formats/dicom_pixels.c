/*
 * Frames of DICOM pixel data; see dicom_pixels.h.
 */
#include "formats/dicom_pixels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/dicom_decode.h"

static bool
fail_attribute(RadContext *context, const DicomDataset *dataset, DicomTag tag, const char *problem)
{
	return rad_fail(context, RAD_INVALID_BINARY, "%s %s %s (%04x,%04x)", dataset->name, problem,
					rad_dicom_known_name(tag), tag >> 16, tag & 0xffff);
}

static bool
read_integer(RadContext *context, const DicomDataset *dataset, DicomTag tag, int lowest,
			 int highest, int *value)
{
	const DicomElement *element = rad_dicom_find(dataset, NULL, tag);
	int64_t		number;

	if (element == NULL || element->length == 0)
		return fail_attribute(context, dataset, tag, "has no");
	if (!rad_dicom_integer(dataset, element, lowest, highest, &number))
	{
		double		given = NAN;

		rad_dicom_number(dataset, element, 0, &given);
		fail_attribute(context, dataset, tag, "has an impossible");
		return rad_detail(context, "It is %g, not a whole number from %d to %d.", given, lowest,
						  highest);
	}
	*value = (int) number;
	return true;
}

/* Only grey values are numbers that mean something. */
static bool
check_colour(RadContext *context, const DicomDataset *dataset)
{
	char		photometric[17];
	int			samples;

	if (!read_integer(context, dataset, DICOM_SamplesPerPixel, 1, 255, &samples))
		return false;
	rad_dicom_top_text(dataset, DICOM_PhotometricInterpretation, photometric,
					   sizeof(photometric));
	if (photometric[0] == '\0')
		return fail_attribute(context, dataset, DICOM_PhotometricInterpretation, "has no");
	if (samples == 1 && (strcmp(photometric, "MONOCHROME1") == 0 ||
						 strcmp(photometric, "MONOCHROME2") == 0))
		return true;
	rad_fail(context, RAD_NOT_SUPPORTED, "%s has colour pixels: %s with %d samples",
			 dataset->name, photometric, samples);
	return rad_hint(context, "Only images of MONOCHROME1 or MONOCHROME2 can become a volume.");
}

/* The type of the samples, from the bits and the sign. */
static bool
choose_type(RadContext *context, DicomPixels *pixels)
{
	switch (pixels->bits_allocated)
	{
		case 1:
			pixels->type = VOXEL_UINT8;
			return true;
		case 8:
			pixels->type = pixels->is_signed ? VOXEL_INT8 : VOXEL_UINT8;
			return true;
		case 16:
			pixels->type = pixels->is_signed ? VOXEL_INT16 : VOXEL_UINT16;
			return true;
		case 32:
			pixels->type = pixels->is_signed ? VOXEL_INT32 : VOXEL_UINT32;
			return true;
	}
	rad_fail(context, RAD_NOT_SUPPORTED, "%s has %d bits allocated for a pixel",
			 pixels->dataset->name, pixels->bits_allocated);
	return rad_hint(context, "1, 8, 16 and 32 can be read.");
}

/* What the header says about a sample of integers. */
static bool
read_sample_format(RadContext *context, DicomPixels *pixels)
{
	const DicomDataset *dataset = pixels->dataset;
	int			representation;

	if (!read_integer(context, dataset, DICOM_BitsAllocated, 1, 64, &pixels->bits_allocated) ||
		!read_integer(context, dataset, DICOM_BitsStored, 1, pixels->bits_allocated,
					  &pixels->bits_stored) ||
		!read_integer(context, dataset, DICOM_PixelRepresentation, 0, 1, &representation))
		return false;
	pixels->high_bit = pixels->bits_stored - 1;
	if (rad_dicom_value_count(dataset, rad_dicom_find(dataset, NULL, DICOM_HighBit)) > 0 &&
		!read_integer(context, dataset, DICOM_HighBit, pixels->bits_stored - 1,
					  pixels->bits_allocated - 1, &pixels->high_bit))
		return false;
	pixels->is_signed = representation == 1;
	return choose_type(context, pixels);
}

/* Fill fragments from the items behind the pixel data element. */
static bool
list_fragments(RadContext *context, DicomPixels *pixels)
{
	const DicomDataset *dataset = pixels->dataset;
	const DicomElement *table = rad_dicom_first_item(dataset, pixels->data);
	const DicomElement *item;

	if (table == NULL)
		return rad_fail(context, RAD_INVALID_BINARY, "%s has empty pixel data", dataset->name);
	for (item = table; item != NULL; item = rad_dicom_next_item(dataset, pixels->data, item))
		pixels->fragment_count++;
	pixels->fragment_count--;	/* the offset table */
	pixels->fragments = rad_new(context, const DicomElement *, pixels->fragment_count);
	pixels->first_fragment = rad_new_zeroed(context, int32_t, (size_t) pixels->frame_count + 1);
	if (pixels->fragments == NULL || pixels->first_fragment == NULL)
		return false;
	item = table;
	for (int32_t n = 0; n < pixels->fragment_count; n++)
		pixels->fragments[n] = item = rad_dicom_next_item(dataset, pixels->data, item);
	return true;
}

/*
 * Which fragments belong to which frame, by the offset table: offsets count
 * from the first byte behind the table's item.
 */
static bool
use_offset_table(RadContext *context, DicomPixels *pixels, int64_t table, int size)
{
	const DicomDataset *dataset = pixels->dataset;
	int64_t		base = pixels->fragments[0]->offset - 8;
	int32_t		fragment = 0;

	for (int frame = 0; frame < pixels->frame_count; frame++)
	{
		uint64_t	offset = rad_dicom_unsigned(dataset, table + (int64_t) frame * size, size);

		while (fragment < pixels->fragment_count &&
			   (uint64_t) (pixels->fragments[fragment]->offset - 8 - base) < offset)
			fragment++;
		if (fragment == pixels->fragment_count ||
			(uint64_t) (pixels->fragments[fragment]->offset - 8 - base) != offset ||
			(frame == 0 && fragment != 0) ||
			(frame > 0 && fragment == pixels->first_fragment[frame - 1]))
			return rad_fail(context, RAD_INVALID_BINARY,
							"%s has a wrong offset of frame %d in its table of offsets",
							dataset->name, frame + 1);
		pixels->first_fragment[frame] = fragment;
	}
	pixels->first_fragment[pixels->frame_count] = pixels->fragment_count;
	return true;
}

static bool
assign_fragments(RadContext *context, DicomPixels *pixels)
{
	const DicomDataset *dataset = pixels->dataset;
	const DicomElement *table = rad_dicom_first_item(dataset, pixels->data);
	const DicomElement *extended = rad_dicom_find(dataset, NULL, DICOM_ExtendedOffsetTable);

	if (pixels->fragment_count < pixels->frame_count)
		return rad_fail(context, RAD_INVALID_BINARY,
						"%s has %d frames, but %d fragments of pixel data", dataset->name,
						pixels->frame_count, pixels->fragment_count);
	if (pixels->frame_count == 1)
		pixels->first_fragment[1] = pixels->fragment_count;
	else if (pixels->fragment_count == pixels->frame_count)
	{
		for (int frame = 0; frame <= pixels->frame_count; frame++)
			pixels->first_fragment[frame] = frame;
	}
	else if (table->length >= 4 * (int64_t) pixels->frame_count)
		return use_offset_table(context, pixels, table->offset, 4);
	else if (extended != NULL && extended->length >= 8 * (int64_t) pixels->frame_count)
		return use_offset_table(context, pixels, extended->offset, 8);
	else
	{
		rad_fail(context, RAD_NOT_SUPPORTED,
				 "%s has %d frames in %d fragments and no table of offsets", dataset->name,
				 pixels->frame_count, pixels->fragment_count);
		return rad_hint(context, "Write the file anew with a basic offset table, or without "
						"compression.");
	}
	return true;
}

/* Native pixels must all be there. */
static bool
check_native_length(RadContext *context, const DicomPixels *pixels)
{
	int64_t		bits = (int64_t) pixels->rows * pixels->columns * pixels->frame_count;
	int64_t		bytes;

	if (__builtin_mul_overflow(bits, pixels->bits_allocated, &bits))
		return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has too many pixels",
						pixels->dataset->name);
	bytes = bits / 8 + (bits % 8 != 0);
	if (pixels->data->length >= bytes)
		return true;
	rad_fail(context, RAD_INVALID_BINARY, "%s has pixel data of %lld bytes instead of %lld",
			 pixels->dataset->name, (long long) pixels->data->length, (long long) bytes);
	return rad_detail(context, "%d rows, %d columns, %d frames of %d bits.", pixels->rows,
					  pixels->columns, pixels->frame_count, pixels->bits_allocated);
}

bool
rad_dicom_pixels_open(RadContext *context, const DicomDataset *dataset, DicomPixels *pixels)
{
	const DicomElement *frames = rad_dicom_find(dataset, NULL, DICOM_NumberOfFrames);

	*pixels = (DicomPixels) {.dataset = dataset, .frame_count = 1};
	if (!read_integer(context, dataset, DICOM_Rows, 1, RAD_MAX_DIMENSION, &pixels->rows) ||
		!read_integer(context, dataset, DICOM_Columns, 1, RAD_MAX_DIMENSION, &pixels->columns) ||
		!check_colour(context, dataset))
		return false;
	if (rad_dicom_value_count(dataset, frames) > 0 &&
		!read_integer(context, dataset, DICOM_NumberOfFrames, 1, RAD_MAX_DIMENSION,
					  &pixels->frame_count))
		return false;
	pixels->data = rad_dicom_find(dataset, NULL, DICOM_PixelData);
	if (pixels->data != NULL)
	{
		if (!read_sample_format(context, pixels))
			return false;
	}
	else if ((pixels->data = rad_dicom_find(dataset, NULL, DICOM_FloatPixelData)) != NULL)
	{
		pixels->bits_allocated = pixels->bits_stored = 32;
		pixels->type = VOXEL_FLOAT32;
	}
	else if ((pixels->data = rad_dicom_find(dataset, NULL, DICOM_DoubleFloatPixelData)) != NULL)
	{
		pixels->bits_allocated = pixels->bits_stored = 64;
		pixels->type = VOXEL_FLOAT64;
	}
	else
		return fail_attribute(context, dataset, DICOM_PixelData, "has no");

	if ((int64_t) pixels->rows * pixels->columns * (int64_t) rad_voxel_size(pixels->type) >
		RAD_DICOM_MAX_FRAME)
		return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has frames of %d x %d pixels",
						dataset->name, pixels->columns, pixels->rows);
	pixels->is_encapsulated = pixels->data->end > (pixels->data - dataset->elements) + 1;
	if (!pixels->is_encapsulated && pixels->data->length == 0)
		return rad_fail(context, RAD_INVALID_BINARY, "%s has empty pixel data", dataset->name);
	if (!pixels->is_encapsulated && dataset->encoding != DICOM_NATIVE)
	{
		rad_fail(context, RAD_NOT_SUPPORTED,
				 "%s has a transfer syntax that cannot be read: %s", dataset->name,
				 dataset->transfer_syntax);
		return rad_hint(context, "Compressed pixel data must be encapsulated in fragments.");
	}
	if (pixels->is_encapsulated)
		return list_fragments(context, pixels) && assign_fragments(context, pixels);
	return check_native_length(context, pixels);
}

void
rad_dicom_stored_range(const DicomPixels *pixels, double *lowest, double *highest)
{
	*lowest = pixels->is_signed ? -ldexp(1.0, pixels->bits_stored - 1) : 0.0;
	*highest = ldexp(1.0, pixels->bits_stored - pixels->is_signed) - 1.0;
}

/* Samples of 1 bit, the first in the lowest bit (PS3.5 section 8.1.1). */
static void
unpack_bits(const DicomPixels *pixels, int frame, uint8_t *samples)
{
	int64_t		count = (int64_t) pixels->rows * pixels->columns;
	const uint8_t *bytes = pixels->dataset->bytes + pixels->data->offset;
	int64_t		first = frame * count;

	for (int64_t n = 0; n < count; n++)
		samples[n] = bytes[(first + n) / 8] >> ((first + n) % 8) & 1;
}

/*
 * Bytes of native samples into native order.  OB and OW alike: the samples of
 * 16 bits follow the byte order of the data set, those of 8 bits that are
 * packed in big endian words do too.
 */
static void
copy_native(const DicomPixels *pixels, int frame, uint8_t *samples)
{
	size_t		size = (size_t) pixels->bits_allocated / 8;
	size_t		count = (size_t) pixels->rows * (size_t) pixels->columns;
	const uint8_t *bytes = pixels->dataset->bytes + pixels->data->offset;
	size_t		first = (size_t) frame * count * size;

	if (!pixels->dataset->big_endian)
		memcpy(samples, bytes + first, count * size);
	else if (size == 1 && memcmp(pixels->data->vr, "OW", 2) == 0)
	{
		for (size_t n = 0; n < count; n++)
		{
			size_t		at = (first + n) ^ 1;

			/* The last byte of an odd number has no partner when it is cut off. */
			samples[n] = bytes[at < (size_t) pixels->data->length ? at : first + n];
		}
	}
	else
	{
		for (size_t n = 0; n < count; n++)
		{
			for (size_t b = 0; b < size; b++)
				samples[n * size + b] = bytes[first + n * size + size - 1 - b];
		}
	}
}

#define TRIM_SAMPLES(ctype, unsigned_type) \
	do { \
		ctype	   *values = samples; \
		int			left = (int) sizeof(ctype) * 8 - 1 - pixels->high_bit; \
		int			right = (int) sizeof(ctype) * 8 - pixels->bits_stored; \
		\
		for (int64_t n = 0; n < count; n++) \
			values[n] = (ctype) ((ctype) ((unsigned_type) values[n] << left) >> right); \
	} while (0)

/* Drop the bits outside bits_stored (overlays of old files), extend the sign. */
static void
trim_samples(const DicomPixels *pixels, void *samples)
{
	int64_t		count = (int64_t) pixels->rows * pixels->columns;

	if (pixels->bits_stored == pixels->bits_allocated || pixels->bits_allocated == 1)
		return;
	switch (pixels->type)
	{
		case VOXEL_INT8:
			TRIM_SAMPLES(int8_t, uint8_t);
			break;
		case VOXEL_UINT8:
			TRIM_SAMPLES(uint8_t, uint8_t);
			break;
		case VOXEL_INT16:
			TRIM_SAMPLES(int16_t, uint16_t);
			break;
		case VOXEL_UINT16:
			TRIM_SAMPLES(uint16_t, uint16_t);
			break;
		case VOXEL_INT32:
			TRIM_SAMPLES(int32_t, uint32_t);
			break;
		case VOXEL_UINT32:
			TRIM_SAMPLES(uint32_t, uint32_t);
			break;
		case VOXEL_FLOAT32:
		case VOXEL_FLOAT64:
			break;
	}
}

bool
rad_dicom_read_frame(RadContext *context, const DicomPixels *pixels, int frame, void *samples)
{
	const DicomDataset *dataset = pixels->dataset;
	const uint8_t *bytes;
	uint8_t    *joined = NULL;
	int64_t		length = 0;
	int32_t		first;
	int32_t		end;

	if (!rad_continue(context))
		return false;
	if (!pixels->is_encapsulated)
	{
		if (pixels->bits_allocated == 1)
			unpack_bits(pixels, frame, samples);
		else
			copy_native(pixels, frame, samples);
		trim_samples(pixels, samples);
		return true;
	}
	first = pixels->first_fragment[frame];
	end = pixels->first_fragment[frame + 1];
	for (int32_t n = first; n < end; n++)
		length += pixels->fragments[n]->length;
	bytes = dataset->bytes + pixels->fragments[first]->offset;
	if (end - first > 1)
	{
		int64_t		used = 0;

		joined = rad_allocate(context, (size_t) length, 1);
		if (joined == NULL)
			return false;
		for (int32_t n = first; n < end; n++)
		{
			memcpy(joined + used, dataset->bytes + pixels->fragments[n]->offset,
				   (size_t) pixels->fragments[n]->length);
			used += pixels->fragments[n]->length;
		}
		bytes = joined;
	}
	if (!rad_dicom_decode_frame(context, pixels, frame, bytes, (size_t) length, samples))
		return false;
	rad_release(context, joined);
	trim_samples(pixels, samples);
	return true;
}
