/*
 * Checking a DICOM image; see dicom_validate.h.
 */
#include "formats/dicom_validate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "formats/dicom_slices.h"

typedef struct Report
{
	DicomFinding *findings;
	int			count;
} Report;

static void add(Report *report, const char *code, const char *severity, const char *format,...)
			__attribute__((format(printf, 4, 5)));

static void
add(Report *report, const char *code, const char *severity, const char *format,...)
{
	DicomFinding *finding = &report->findings[report->count];
	va_list		arguments;

	if (report->count == RAD_DICOM_MAX_FINDINGS)
		return;
	finding->code = code;
	finding->severity = severity;
	va_start(arguments, format);
	vsnprintf(finding->message, sizeof(finding->message), format, arguments);
	va_end(arguments);
	report->count++;
}

/* Attributes that an image must have, with the whole numbers they may be. */
static const struct
{
	DicomTag	tag;
	int			lowest;
	int			highest;
	const char *missing;
	const char *invalid;
}			integers[] = {
	{DICOM_Rows, 1, 65535, "missing_rows", "invalid_rows"},
	{DICOM_Columns, 1, 65535, "missing_columns", "invalid_columns"},
	{DICOM_SamplesPerPixel, 1, 4, "missing_samples_per_pixel", "invalid_samples_per_pixel"},
	{DICOM_BitsAllocated, 1, 64, "missing_bits_allocated", "invalid_bits_allocated"},
	{DICOM_BitsStored, 1, 64, "missing_bits_stored", "invalid_bits_stored"},
	{DICOM_HighBit, 0, 63, "missing_high_bit", "invalid_high_bit"},
	{DICOM_PixelRepresentation, 0, 1, "missing_pixel_representation",
	"invalid_pixel_representation"},
};

/* Text that must be there (PS3.3: type 1). */
static const struct
{
	DicomTag	tag;
	const char *missing;
}			texts[] = {
	{DICOM_SOPClassUID, "missing_sop_class_uid"},
	{DICOM_SOPInstanceUID, "missing_sop_instance_uid"},
	{DICOM_StudyInstanceUID, "missing_study_instance_uid"},
	{DICOM_SeriesInstanceUID, "missing_series_instance_uid"},
	{DICOM_PhotometricInterpretation, "missing_photometric_interpretation"},
};

static bool
is_empty(const DicomDataset *dataset, DicomTag tag)
{
	return rad_dicom_value_count(dataset, rad_dicom_find(dataset, NULL, tag)) == 0;
}

/* True when pixels of floating point are there, which need fewer attributes. */
static bool
has_float_pixels(const DicomDataset *dataset)
{
	return rad_dicom_find(dataset, NULL, DICOM_FloatPixelData) != NULL ||
		rad_dicom_find(dataset, NULL, DICOM_DoubleFloatPixelData) != NULL;
}

static void
check_attributes(const DicomDataset *dataset, Report *report)
{
	const char *severity = "error";

	for (size_t n = 0; n < sizeof(texts) / sizeof(texts[0]); n++)
	{
		/* UIDs are for order in the archive: a volume can do without. */
		severity = texts[n].tag == DICOM_PhotometricInterpretation ? "error" : "warning";
		if (is_empty(dataset, texts[n].tag))
			add(report, texts[n].missing, severity, "there is no %s",
				rad_dicom_known_name(texts[n].tag));
	}
	for (size_t n = 0; n < sizeof(integers) / sizeof(integers[0]); n++)
	{
		const DicomElement *element = rad_dicom_find(dataset, NULL, integers[n].tag);
		int64_t		number;

		if (integers[n].tag == DICOM_BitsStored && has_float_pixels(dataset))
			break;
		severity = integers[n].tag == DICOM_HighBit ? "warning" : "error";
		if (rad_dicom_value_count(dataset, element) == 0)
			add(report, integers[n].missing, severity, "there is no %s",
				rad_dicom_known_name(integers[n].tag));
		else if (!rad_dicom_integer(dataset, element, integers[n].lowest, integers[n].highest,
									&number))
			add(report, integers[n].invalid, "error", "%s is not a whole number from %d to %d",
				rad_dicom_known_name(integers[n].tag), integers[n].lowest, integers[n].highest);
	}
}

static void
check_geometry(const DicomDataset *dataset, const DicomPixels *pixels, const DicomSlice *slices,
			   Report *report)
{
	int			without_position = 0;
	int			without_orientation = 0;
	int			without_spacing = 0;

	for (int n = 0; n < pixels->frame_count; n++)
	{
		without_position += !slices[n].has_position;
		without_orientation += !slices[n].has_orientation;
		without_spacing += !slices[n].has_spacing;
	}
	if (without_position > 0)
		add(report, "missing_position", "warning", "%d of %d frames have no ImagePositionPatient",
			without_position, pixels->frame_count);
	if (without_orientation > 0)
		add(report, "missing_orientation", "warning",
			"%d of %d frames have no ImageOrientationPatient", without_orientation,
			pixels->frame_count);
	if (without_spacing > 0)
		add(report, "missing_pixel_spacing", "warning", "%d of %d frames have no PixelSpacing",
			without_spacing, pixels->frame_count);
	if (is_empty(dataset, DICOM_FrameOfReferenceUID))
		add(report, "missing_frame_of_reference", "warning", "there is no FrameOfReferenceUID");
}

/* True when the failure says something about the bytes; forgets it then. */
static bool
is_finding(const RadContext *context)
{
	return context->code == RAD_INVALID_BINARY || context->code == RAD_NOT_SUPPORTED ||
		context->code == RAD_DATA_EXCEPTION || context->code == RAD_LIMIT_EXCEEDED;
}

static const char *
code_of(const RadContext *context, const char *code, const char *unsupported)
{
	return context->code == RAD_NOT_SUPPORTED ? unsupported : code;
}

/* Decompress every frame. */
static bool
check_frames(RadContext *context, const DicomPixels *pixels, const DicomSlice *slices,
			 Report *report)
{
	void	   *samples = rad_allocate(context, rad_dicom_slice_bytes(&slices[0]), 1);

	if (samples == NULL)
		return false;
	for (int n = 0; n < pixels->frame_count; n++)
	{
		if (rad_dicom_read_frame(context, pixels, n, samples))
			continue;
		if (!is_finding(context))
			return false;
		add(report, code_of(context, "undecodable_frame", "unsupported_transfer_syntax"),
			"error", "%s", context->message);
		return true;
	}
	return true;
}

static bool
check_object(RadContext *context, const char *name, const uint8_t *bytes, int64_t length,
			 Report *report)
{
	DicomDataset dataset;
	DicomPixels pixels;
	DicomSlice *slices;
	int			found;

	if (!rad_dicom_parse(context, name, bytes, length, DICOM_WALK_ALL, &dataset))
	{
		if (is_finding(context))
			add(report, rad_dicom_recognise(bytes, (size_t) length) ? "damaged" : "not_dicom",
				"error", "%s", context->message);
		return is_finding(context);
	}
	if (rad_dicom_find(&dataset, NULL, DICOM_PixelData) == NULL && !has_float_pixels(&dataset))
	{
		add(report, "missing_pixel_data", "error", "there is no PixelData");
		return true;
	}
	check_attributes(&dataset, report);
	found = report->count;
	if (!rad_dicom_pixels_open(context, &dataset, &pixels))
	{
		bool		known = false;

		/* Once is enough for what a missing attribute causes. */
		for (int n = 0; n < found; n++)
			known |= strcmp(report->findings[n].severity, "error") == 0;
		if (is_finding(context) && !known)
			add(report, code_of(context, "invalid_pixel_data", "unsupported_pixels"), "error",
				"%s", context->message);
		return is_finding(context);
	}
	if (!rad_dicom_slices(context, &pixels, &slices))
	{
		if (is_finding(context))
			add(report, code_of(context, "invalid_frames", "unsupported_frames"), "error", "%s",
				context->message);
		return is_finding(context);
	}
	check_geometry(&dataset, &pixels, slices, report);
	return check_frames(context, &pixels, slices, report);
}

bool
rad_dicom_validate(RadContext *context, const char *name, const uint8_t *bytes, int64_t length,
				   DicomFinding *findings, int *count)
{
	Report		report = {.findings = findings};
	Scope		scope;
	bool		ok;

	rad_scope_open(&scope, context);
	ok = check_object(&scope.context, name, bytes, length, &report);
	rad_scope_close(&scope);
	*count = report.count;
	return ok || rad_scope_fail(&scope);
}
