/*
 * Entries of a manifest; see dicom_manifest.h.
 */
#include "formats/dicom_manifest.h"

static void
read_count(const DicomDataset *dataset, DicomTag tag, int64_t *count)
{
	const DicomElement *element = rad_dicom_find(dataset, NULL, tag);

	if (!rad_dicom_integer(dataset, element, 0, INT32_MAX, count))
		*count = 0;
}

bool
rad_dicom_describe(RadContext *context, const char *name, const uint8_t *bytes, int64_t length,
				   int64_t file_length, DicomManifestEntry *entry, bool *more)
{
	DicomDataset dataset;

	*entry = (DicomManifestEntry) {0};
	*more = false;
	if (!rad_dicom_parse(context, name, bytes, length, DICOM_WALK_HEADER, &dataset))
	{
		*more = length < file_length && context->code == RAD_INVALID_BINARY;
		if (*more)
			rad_clear_error(context);
		return false;
	}
	/* A part that ends between two elements looks whole, but is not. */
	if (dataset.complete && length < file_length)
	{
		*more = true;
		return false;
	}
	rad_dicom_top_text(&dataset, DICOM_StudyInstanceUID, entry->study, sizeof(entry->study));
	rad_dicom_top_text(&dataset, DICOM_SeriesInstanceUID, entry->series, sizeof(entry->series));
	rad_dicom_top_text(&dataset, DICOM_SOPInstanceUID, entry->sop_instance,
					   sizeof(entry->sop_instance));
	rad_dicom_top_text(&dataset, DICOM_Modality, entry->modality, sizeof(entry->modality));
	read_count(&dataset, DICOM_Rows, &entry->rows);
	read_count(&dataset, DICOM_Columns, &entry->columns);
	read_count(&dataset, DICOM_SamplesPerPixel, &entry->channels);
	read_count(&dataset, DICOM_NumberOfFrames, &entry->frames);
	if (entry->frames == 0 && entry->rows > 0)
		entry->frames = 1;
	return true;
}
