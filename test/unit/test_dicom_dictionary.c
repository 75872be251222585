/*
 * Without DCMTK's dictionary file: images are read all the same, and what needs
 * names says what is missing.  A program of its own, because DCMTK looks for
 * the file once for each process.
 */
#include "dicom_support.h"

#include "formats/dicom_json.h"

static void
images_need_no_dictionary(void **state)
{
	static const char *const names[] = {
		"u12_implicit.dcm", "u8_jpeg_baseline.dcm", "s16_jpeg_lossless.dcm", "u12_jpeg_ls.dcm"
	};

	(void) state;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
	{
		RadContext *context = rad_context_create();
		DicomSeries series = {0};
		Bytes		file = read_fixture(names[n]);

		assert_no_error(context, rad_dicom_series_add(context, &series, names[n], file.data,
													  (int64_t) file.length));
		free(file.data);
		rad_context_destroy(context);
	}
}

static void
names_need_it(void **state)
{
	RadContext *context = rad_context_create();
	Bytes		file = read_fixture("u12_implicit.dcm");
	DicomDataset dataset;
	char	   *json;

	(void) state;
	assert_no_error(context, rad_dicom_parse(context, "file", file.data, (int64_t) file.length,
											 DICOM_WALK_NAMED, &dataset));
	assert_false(rad_dicom_json(context, &dataset, &json));
	assert_int_equal(context->code, RAD_NOT_SUPPORTED);
	assert_contains(context->message, "attributes cannot be named");
	assert_contains(context->detail, "dictionary of DCMTK is missing");
	free(file.data);
	rad_context_destroy(context);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_need_no_dictionary),
		cmocka_unit_test(names_need_it),
	};

	setenv("DCMDICTPATH", "/nonexistent/dicom.dic", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
