/*
 * Makes DICOM files in memory for tests and fuzzing seeds: explicit VR, little
 * endian, element by element.  Written from PS3.5 and sharing nothing with the
 * reader.
 */
#ifndef DICOM_BUILDER_H
#define DICOM_BUILDER_H

#include <stdio.h>

#include "nifti_builder.h"

typedef struct DicomBuilder
{
	uint8_t    *data;
	size_t		length;
	size_t		capacity;
} DicomBuilder;

static inline void
dicom_bytes(DicomBuilder *builder, const void *bytes, size_t length)
{
	while (builder->length + length > builder->capacity)
	{
		builder->capacity = 2 * builder->capacity + 1024;
		builder->data = realloc(builder->data, builder->capacity);
	}
	if (length > 0)
		memcpy(builder->data + builder->length, bytes, length);
	builder->length += length;
}

static inline void
dicom_integer(DicomBuilder *builder, uint64_t value, int size)
{
	uint8_t		bytes[8];

	put_bits(bytes, value, size, false);
	dicom_bytes(builder, bytes, (size_t) size);
}

/* Tag, VR and a length that may be a lie. */
static inline void
dicom_header(DicomBuilder *builder, uint32_t tag, const char *vr, uint32_t length)
{
	dicom_integer(builder, tag >> 16, 2);
	dicom_integer(builder, tag & 0xffff, 2);
	if (vr == NULL)
	{
		dicom_integer(builder, length, 4);
		return;
	}
	dicom_bytes(builder, vr, 2);
	if (strstr("OB OD OF OL OV OW SQ SV UC UN UR UT UV", vr) != NULL)
	{
		dicom_integer(builder, 0, 2);
		dicom_integer(builder, length, 4);
	}
	else
		dicom_integer(builder, length, 2);
}

static inline void
dicom_element(DicomBuilder *builder, uint32_t tag, const char *vr, const void *value, size_t length)
{
	dicom_header(builder, tag, vr, (uint32_t) (length + length % 2));
	dicom_bytes(builder, value, length);
	if (length % 2 == 1)
		dicom_bytes(builder, strcmp(vr, "UI") == 0 || vr[0] == 'O' ? "" : " ", 1);
}

static inline void
dicom_text(DicomBuilder *builder, uint32_t tag, const char *vr, const char *text)
{
	dicom_element(builder, tag, vr, text, strlen(text));
}

static inline void
dicom_short(DicomBuilder *builder, uint32_t tag, int value)
{
	uint8_t		bytes[2];

	put_bits(bytes, (uint64_t) value, 2, false);
	dicom_element(builder, tag, "US", bytes, 2);
}

/* Preamble and meta information. */
static inline DicomBuilder
dicom_begin(const char *transfer_syntax)
{
	DicomBuilder builder = {NULL, 0, 0};
	static const uint8_t preamble[128];

	dicom_bytes(&builder, preamble, sizeof(preamble));
	dicom_bytes(&builder, "DICM", 4);
	dicom_text(&builder, 0x00020010, "UI", transfer_syntax);
	return builder;
}

#define EXPLICIT_LITTLE "1.2.840.10008.1.2.1"

/* A slice of a CT series; fields may be left out by tests. */
typedef struct SliceSpec
{
	const char *instance;
	const char *series;
	const char *frame_of_reference;
	const char *position;
	const char *orientation;
	const char *spacing;
	const char *slope;
	const char *intercept;
	const char *units;
	int			number;
	int			rows;
	int			columns;
	int			bits_stored;
	bool		is_signed;
} SliceSpec;

static inline SliceSpec
slice_spec(const char *instance, int number, const char *position)
{
	return (SliceSpec) {
		.instance = instance,
		.series = "1.2.3",
		.frame_of_reference = "1.2.4",
		.position = position,
		.orientation = "1\\0\\0\\0\\1\\0",
		.spacing = "0.75\\0.5",
		.number = number,
		.rows = 3,
		.columns = 4,
		.bits_stored = 16,
		.is_signed = true,
	};
}

/* Stored values count up from `first`, row by row. */
static inline Bytes
build_slice(const SliceSpec *spec, int first)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);
	char		number[16];

	dicom_text(&builder, 0x00080018, "UI", spec->instance);
	dicom_text(&builder, 0x00080060, "CS", spec->units != NULL ? "PT" : "CT");
	dicom_text(&builder, 0x0020000e, "UI", spec->series);
	snprintf(number, sizeof(number), "%d", spec->number);
	dicom_text(&builder, 0x00200013, "IS", number);
	if (spec->position != NULL)
		dicom_text(&builder, 0x00200032, "DS", spec->position);
	if (spec->orientation != NULL)
		dicom_text(&builder, 0x00200037, "DS", spec->orientation);
	dicom_text(&builder, 0x00200052, "UI", spec->frame_of_reference);
	dicom_short(&builder, 0x00280002, 1);
	dicom_text(&builder, 0x00280004, "CS", "MONOCHROME2");
	dicom_short(&builder, 0x00280010, spec->rows);
	dicom_short(&builder, 0x00280011, spec->columns);
	if (spec->spacing != NULL)
		dicom_text(&builder, 0x00280030, "DS", spec->spacing);
	dicom_short(&builder, 0x00280100, 16);
	dicom_short(&builder, 0x00280101, spec->bits_stored);
	dicom_short(&builder, 0x00280102, spec->bits_stored - 1);
	dicom_short(&builder, 0x00280103, spec->is_signed);
	if (spec->intercept != NULL)
		dicom_text(&builder, 0x00281052, "DS", spec->intercept);
	if (spec->slope != NULL)
		dicom_text(&builder, 0x00281053, "DS", spec->slope);
	if (spec->units != NULL)
		dicom_text(&builder, 0x00541001, "CS", spec->units);
	dicom_header(&builder, 0x7fe00010, "OW", (uint32_t) (2 * spec->rows * spec->columns));
	for (int n = 0; n < spec->rows * spec->columns; n++)
		dicom_integer(&builder, (uint64_t) (first + n), 2);
	return (Bytes) {builder.data, builder.length};
}

#endif							/* DICOM_BUILDER_H */
