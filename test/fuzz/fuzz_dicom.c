/*
 * Fuzzing of DICOM images: the walk of the elements, pixels of every encoding,
 * series, attributes as JSON, validation, SUV, manifest.  The input is a file.
 */
#include "fuzz_dicom_support.h"

#include "formats/dicom_json.h"
#include "formats/dicom_manifest.h"
#include "formats/dicom_series.h"
#include "formats/dicom_suv.h"
#include "formats/dicom_validate.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RadContext *context = limited_context();
	DicomFinding *findings = malloc(RAD_DICOM_MAX_FINDINGS * sizeof(DicomFinding));
	DicomDataset dataset;
	DicomSeries series = {0};
	DicomManifestEntry entry;
	bool		more;
	bool		ok;
	int			count;

	if (!rad_dicom_recognise(data, size))
	{
		free(findings);
		rad_context_destroy(context);
		return 0;
	}
	ok = rad_dicom_parse(context, "file", data, (int64_t) size, DICOM_WALK_NAMED, &dataset);
	check(context, ok);
	if (ok)
	{
		char	   *json;
		double		factor;

		check(context, rad_dicom_json(context, &dataset, &json));
		check(context, rad_dicom_suv_factor(context, &dataset, &factor));
	}
	ok = rad_dicom_series_add(context, &series, "file", data, (int64_t) size);
	check(context, ok);
	if (ok)
	{
		Volume		volume;
		char		modality[RAD_DICOM_CODE_LENGTH];
		char		units[RAD_DICOM_CODE_LENGTH];

		check(context, rad_dicom_series_assemble(context, &series, &volume, modality, units));
	}
	check(context, rad_dicom_validate(context, "file", data, (int64_t) size, findings, &count));
	check(context, rad_dicom_describe(context, "file", data, (int64_t) size, (int64_t) size,
									  &entry, &more));

	/* Half of it, as the manifest reads the front of a file. */
	ok = rad_dicom_describe(context, "file", data, (int64_t) size / 2, (int64_t) size, &entry,
							&more);
	check(context, ok || more);
	free(findings);
	rad_context_destroy(context);
	return 0;
}
