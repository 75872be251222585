/*
 * Walking DICOM objects and decoding their pixels.  Oracles: the formulas from
 * which test/data/dicom/make_fixtures.py made the files with other writers
 * (DCMTK, pydicom, OpenJPEG), what pydicom's decoders make of lossy ones, and
 * files built byte by byte here.
 */
#include "dicom_support.h"

#include <math.h>

#include "formats/dicom_dcmtk.h"
#include "formats/dicom_json.h"
#include "formats/dicom_validate.h"

static RadContext *context;

static int
setup(void **state)
{
	(void) state;
	context = rad_context_create();
	return 0;
}

static int
teardown(void **state)
{
	(void) state;
	rad_context_destroy(context);
	return 0;
}

#define COLUMNS 40
#define ROWS 36

/* The formulas of make_fixtures.py. */

static int
formula_u8(int x, int y)
{
	return (x * 5 + y * 3) % 256;
}

static int
formula_u12(int x, int y)
{
	return (x * 37 + y * 101 + x * y * 3) % 4096;
}

static int
formula_s16(int x, int y)
{
	return (x * 1237 + y * 2111 + x * y * 13) % 60000 - 30000;
}

static const struct
{
	const char *file;
	int			(*formula) (int x, int y);
	int			intercept;
	int			tolerance;		/* of the stored values */
	VoxelType	type;			/* after rescaling */
	const char *syntax;
}			lossless[] = {
	{"u8.dcm", formula_u8, 0, 0, VOXEL_UINT8, "1.2.840.10008.1.2.1"},
	{"u12.dcm", formula_u12, -1000, 0, VOXEL_INT16, "1.2.840.10008.1.2.1"},
	{"s16.dcm", formula_s16, 0, 0, VOXEL_INT16, "1.2.840.10008.1.2.1"},
	{"u12_implicit.dcm", formula_u12, -1000, 0, VOXEL_INT16, "1.2.840.10008.1.2"},
	{"u12_big_endian.dcm", formula_u12, -1000, 0, VOXEL_INT16, "1.2.840.10008.1.2.2"},
	{"u8_big_endian.dcm", formula_u8, 0, 0, VOXEL_UINT8, "1.2.840.10008.1.2.2"},
	{"u12_deflated.dcm", formula_u12, -1000, 0, VOXEL_INT16, "1.2.840.10008.1.2.1.99"},
	{"u8_rle.dcm", formula_u8, 0, 0, VOXEL_UINT8, "1.2.840.10008.1.2.5"},
	{"u12_rle.dcm", formula_u12, -1000, 0, VOXEL_INT16, "1.2.840.10008.1.2.5"},
	{"s16_rle.dcm", formula_s16, 0, 0, VOXEL_INT16, "1.2.840.10008.1.2.5"},
	{"u8_jpeg_lossless.dcm", formula_u8, 0, 0, VOXEL_UINT8, "1.2.840.10008.1.2.4.70"},
	{"u12_jpeg_lossless.dcm", formula_u12, -1000, 0, VOXEL_INT16, "1.2.840.10008.1.2.4.70"},
	{"s16_jpeg_lossless.dcm", formula_s16, 0, 0, VOXEL_INT16, "1.2.840.10008.1.2.4.70"},
	{"u12_jpeg_lossless_4.dcm", formula_u12, -1000, 0, VOXEL_INT16, "1.2.840.10008.1.2.4.57"},
	{"u8_jpeg_ls.dcm", formula_u8, 0, 0, VOXEL_UINT8, "1.2.840.10008.1.2.4.80"},
	{"u12_jpeg_ls.dcm", formula_u12, -1000, 0, VOXEL_INT16, "1.2.840.10008.1.2.4.80"},
	{"s16_jpeg_ls.dcm", formula_s16, 0, 0, VOXEL_INT16, "1.2.840.10008.1.2.4.80"},
	/* Near-lossless promises at most its parameter, which is 2. */
	{"u12_jpeg_ls_near.dcm", formula_u12, -1000, 2, VOXEL_INT16, "1.2.840.10008.1.2.4.81"},
	{"u8_jpeg_2000.dcm", formula_u8, 0, 0, VOXEL_UINT8, "1.2.840.10008.1.2.4.90"},
	{"u12_jpeg_2000.dcm", formula_u12, -1000, 0, VOXEL_INT16, "1.2.840.10008.1.2.4.90"},
	{"s16_jpeg_2000.dcm", formula_s16, 0, 0, VOXEL_INT16, "1.2.840.10008.1.2.4.90"},
};

/* One file as a volume. */
static Volume
read_volume(const char *name)
{
	Bytes		file = read_fixture(name);
	DicomSeries series = {0};
	Volume		volume;
	char		modality[RAD_DICOM_CODE_LENGTH];
	char		units[RAD_DICOM_CODE_LENGTH];

	assert_no_error(context, rad_dicom_series_add(context, &series, name, file.data,
												  (int64_t) file.length));
	free(file.data);
	assert_no_error(context, rad_dicom_series_assemble(context, &series, &volume, modality, units));
	return volume;
}

static double
voxel(const Volume *volume, int64_t n)
{
	double		value;

	rad_voxels_to_double(volume->type, volume->voxels, n, 1, &value);
	return value;
}

static void
transfer_syntaxes(void **state)
{
	(void) state;
	for (size_t f = 0; f < sizeof(lossless) / sizeof(lossless[0]); f++)
	{
		Volume		volume = read_volume(lossless[f].file);
		int			worst = 0;

		assert_int_equal(volume.type, lossless[f].type);
		assert_int_equal(volume.grid.size[0], COLUMNS);
		assert_int_equal(volume.grid.size[1], ROWS);
		assert_int_equal(volume.grid.size[2], 1);
		for (int y = 0; y < ROWS; y++)
		{
			for (int x = 0; x < COLUMNS; x++)
			{
				int			wanted = lossless[f].formula(x, y) + lossless[f].intercept;
				int			error = abs((int) voxel(&volume, y * COLUMNS + x) - wanted);

				worst = error > worst ? error : worst;
			}
		}
		if (worst > lossless[f].tolerance)
			fail_msg("%s: a voxel is wrong by %d", lossless[f].file, worst);
	}
}

/* The table above means what it says: the files have those transfer syntaxes. */
static void
transfer_syntaxes_of_the_files(void **state)
{
	(void) state;
	for (size_t f = 0; f < sizeof(lossless) / sizeof(lossless[0]); f++)
	{
		Bytes		file = read_fixture(lossless[f].file);
		DicomDataset dataset;

		assert_no_error(context, rad_dicom_parse(context, "file", file.data,
												 (int64_t) file.length, DICOM_WALK_ALL, &dataset));
		assert_string_equal(dataset.transfer_syntax, lossless[f].syntax);
		free(file.data);
	}
}

/* Decoders of a lossy stream may round differently (T.83 allows it): by 1. */
static void
lossy_syntaxes(void **state)
{
	static const char *const names[] = {
		"u8_jpeg_baseline", "smooth12_jpeg_extended", "smooth12_jpeg_2000_lossy"
	};

	(void) state;
	for (size_t f = 0; f < sizeof(names) / sizeof(names[0]); f++)
	{
		char		name[64];
		Bytes		decoded;
		Volume		volume;

		snprintf(name, sizeof(name), "%s.raw", names[f]);
		decoded = read_fixture(name);
		assert_int_equal(decoded.length, 2 * COLUMNS * ROWS);
		snprintf(name, sizeof(name), "%s.dcm", names[f]);
		volume = read_volume(name);
		for (int n = 0; n < COLUMNS * ROWS; n++)
		{
			int			other = decoded.data[2 * n] | decoded.data[2 * n + 1] << 8;
			int			ours = (int) voxel(&volume, n);

			if (abs(ours - other) > 1)
				fail_msg("%s: voxel %d is %d and not %d", name, n, ours, other);
		}
		free(decoded.data);
	}
}

/* Frames out of order, each with its own slope, oblique, also in fragments. */
static void
enhanced_multi_frame(void **state)
{
	static const char *const names[] = {
		"enhanced.dcm", "enhanced_fragments.dcm", "enhanced_rle.dcm"
	};
	static const double direction[3][3] = {{0.8, 0, -0.6}, {0.6, 0, 0.8}, {0, -1, 0}};

	(void) state;
	for (size_t f = 0; f < sizeof(names) / sizeof(names[0]); f++)
	{
		Volume		volume = read_volume(names[f]);

		assert_int_equal(volume.type, VOXEL_INT16);
		assert_int_equal(volume.grid.size[2], 5);
		assert_true(volume.grid.spacing[0] == 0.5 && volume.grid.spacing[1] == 0.75);
		assert_true(fabs(volume.grid.spacing[2] - 2.5) < 1e-9);
		assert_true(volume.grid.origin[0] == 5 && volume.grid.origin[1] == -7 &&
					volume.grid.origin[2] == 11);
		for (int r = 0; r < 3; r++)
		{
			for (int c = 0; c < 3; c++)
				assert_true(fabs(volume.grid.direction[r][c] - direction[r][c]) < 1e-12);
		}
		for (int64_t n = 0; n < 5 * COLUMNS * ROWS; n++)
		{
			int			x = (int) (n % COLUMNS);
			int			y = (int) (n / COLUMNS % ROWS);
			int			k = (int) (n / COLUMNS / ROWS);

			assert_true(voxel(&volume, n) == (k + 1) * ((x * 3 + y * 7 + 50 * k) % 512) - 100);
		}
	}
}

/* --- damage ---------------------------------------------------------------- */

static bool
parse(const DicomBuilder *builder)
{
	DicomDataset dataset;

	rad_clear_error(context);
	return rad_dicom_parse(context, "file", builder->data, (int64_t) builder->length,
						   DICOM_WALK_ALL, &dataset);
}

/* Every prefix of a file and every changed byte is read or refused. */
static void
damaged_files(void **state)
{
	static const char *const names[] = {
		"u12_implicit.dcm", "u12_rle.dcm", "u8_jpeg_ls.dcm", "u8_jpeg_lossless.dcm",
		"u8_jpeg_2000.dcm", "enhanced_rle.dcm", "u12_deflated.dcm"
	};
	uint64_t	random = 1;

	(void) state;
	for (size_t f = 0; f < sizeof(names) / sizeof(names[0]); f++)
	{
		Bytes		file = read_fixture(names[f]);

		for (int trial = 0; trial < 400; trial++)
		{
			RadContext *own = rad_context_create();
			DicomSeries series = {0};
			size_t		length = trial < 200 ? next_random(&random) % file.length : file.length;
			uint8_t    *copy = malloc(length + 1);

			memcpy(copy, file.data, length);
			if (trial >= 200)
				copy[132 + next_random(&random) % (length - 132)] = (uint8_t) next_random(&random);
			if (!rad_dicom_series_add(own, &series, "file", copy, (int64_t) length))
			{
				assert_int_not_equal(own->code, RAD_OK);
				assert_int_not_equal(own->code, RAD_INTERNAL);
				assert_true(own->message[0] != '\0');
			}
			free(copy);
			rad_context_destroy(own);
		}
		free(file.data);
	}
}

/* DCMTK's own reader overflows its stack on such a file. */
static void
deep_nesting(void **state)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);

	(void) state;
	for (int n = 0; n < 100000; n++)
	{
		dicom_header(&builder, 0x00081140, "SQ", 0xffffffff);
		dicom_header(&builder, 0xfffee000, NULL, 0xffffffff);
	}
	assert_false(parse(&builder));
	assert_int_equal(context->code, RAD_LIMIT_EXCEEDED);
	assert_contains(context->message, "nested");
	free(builder.data);
}

static void
lying_lengths(void **state)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);

	(void) state;
	dicom_header(&builder, 0x7fe00010, "OW", 0xfffffff0);
	dicom_bytes(&builder, "1234", 4);
	assert_false(parse(&builder));
	assert_int_equal(context->code, RAD_INVALID_BINARY);
	assert_contains(context->message, "(7fe0,0010) is longer than what is left");
	free(builder.data);

	/* An item that reaches out of its sequence. */
	builder = dicom_begin(EXPLICIT_LITTLE);
	dicom_header(&builder, 0x00081140, "SQ", 16);
	dicom_header(&builder, 0xfffee000, NULL, 64);
	for (int n = 0; n < 16; n++)
		dicom_integer(&builder, 0, 8);
	assert_false(parse(&builder));
	assert_contains(context->message, "longer than what is left of its sequence");
	free(builder.data);

	/* Not a file at all. */
	builder = (DicomBuilder) {NULL, 0, 0};
	dicom_bytes(&builder, "hello", 5);
	assert_false(parse(&builder));
	assert_contains(context->message, "is not a DICOM file");
	free(builder.data);
}

/* A VR that is missing from an explicit file, and sequences that hide in UN. */
static void
unusual_elements(void **state)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);
	DicomDataset dataset;
	const DicomElement *item;
	double		slope;

	(void) state;
	dicom_header(&builder, 0x00289145, "UN", 0xffffffff);
	dicom_header(&builder, 0xfffee000, NULL, 0xffffffff);
	dicom_header(&builder, 0x00281053, NULL, 4);	/* implicit inside */
	dicom_bytes(&builder, "2.5 ", 4);
	dicom_header(&builder, 0xfffee00d, NULL, 0);
	dicom_header(&builder, 0xfffee0dd, NULL, 0);
	dicom_text(&builder, 0x00100010, "PN", "Doe");
	dicom_bytes(&builder, "\0\0\0\0\0", 5); /* padding */
	assert_no_error(context, rad_dicom_parse(context, "file", builder.data,
											 (int64_t) builder.length, DICOM_WALK_ALL, &dataset));
	item = rad_dicom_item_of(&dataset, NULL, DICOM_PixelValueTransformationSequence);
	assert_non_null(item);
	assert_true(rad_dicom_number(&dataset, rad_dicom_find(&dataset, item, DICOM_RescaleSlope), 0,
								 &slope));
	assert_true(slope == 2.5);
	assert_null(rad_dicom_find(&dataset, NULL, DICOM_RescaleSlope));
	free(builder.data);

	builder = dicom_begin(EXPLICIT_LITTLE);
	dicom_header(&builder, 0x00100010, NULL, 4);
	dicom_bytes(&builder, "abcd", 4);
	assert_false(parse(&builder));
	assert_contains(context->message, "(0010,0010) has no value representation");
	free(builder.data);
}

/* A data set alone, as programs wrote it before there were preambles. */
static void
without_preamble(void **state)
{
	SliceSpec	spec = slice_spec("1.2.5", 1, "0\\0\\0");
	Bytes		file = build_slice(&spec, 7);
	size_t		begin = 132 + 8 + 20;	/* preamble and transfer syntax */

	(void) state;
	for (size_t length = 120; length <= file.length - begin; length++)
	{
		RadContext *own = rad_context_create();
		DicomSeries series = {0};
		uint8_t    *copy = malloc(length);	/* so that a step too far is seen */

		memcpy(copy, file.data + begin, length);
		assert_int_equal(rad_dicom_series_add(own, &series, "file", copy, (int64_t) length),
						 length == file.length - begin);
		if (length == file.length - begin)
			assert_int_equal(((int16_t *) series.slices[0].voxels)[11], 18);
		free(copy);
		rad_context_destroy(own);
	}
	free(file.data);
}

static void
values(void **state)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);
	DicomDataset dataset;
	double		numbers[3];
	char		text[16];
	const DicomElement *element;

	(void) state;
	dicom_text(&builder, 0x00200032, "DS", " 1.5\\-2e1 \\+.25");
	dicom_text(&builder, 0x00280030, "DS", "1\\nan");
	dicom_text(&builder, 0x00281053, "DS", "0x10");
	dicom_text(&builder, 0x00541001, "CS", "B\xc3\x01ML");
	assert_no_error(context, rad_dicom_parse(context, "file", builder.data,
											 (int64_t) builder.length, DICOM_WALK_ALL, &dataset));
	element = rad_dicom_find(&dataset, NULL, DICOM_ImagePositionPatient);
	assert_int_equal(rad_dicom_value_count(&dataset, element), 3);
	assert_true(rad_dicom_numbers(&dataset, element, 3, numbers));
	assert_true(numbers[0] == 1.5 && numbers[1] == -20.0 && numbers[2] == 0.25);
	assert_true(rad_dicom_text(&dataset, element, 1, text, sizeof(text)));
	assert_string_equal(text, "-2e1");
	assert_false(rad_dicom_text(&dataset, element, 3, text, sizeof(text)));
	rad_dicom_top_text(&dataset, DICOM_Units, text, sizeof(text));
	assert_string_equal(text, "B??ML");
	assert_false(rad_dicom_numbers(&dataset, element, 4, numbers));
	assert_false(rad_dicom_numbers(&dataset, rad_dicom_find(&dataset, NULL, DICOM_PixelSpacing),
								   2, numbers));
	assert_false(rad_dicom_number(&dataset, rad_dicom_find(&dataset, NULL, DICOM_RescaleSlope), 0,
								  numbers));
	free(builder.data);
}

/* Sign extension and bits above the stored ones (overlays of old files). */
static void
stored_bits(void **state)
{
	SliceSpec	spec = slice_spec("1.2.5", 1, "0\\0\\0");
	Bytes		file;
	DicomSeries series = {0};
	Volume		volume;
	char		modality[RAD_DICOM_CODE_LENGTH];
	char		units[RAD_DICOM_CODE_LENGTH];

	(void) state;
	spec.bits_stored = 12;
	file = build_slice(&spec, 0x1ffa);	/* 0xffa, 0xffb, ... in 12 bits */
	assert_no_error(context, rad_dicom_series_add(context, &series, "file", file.data,
												  (int64_t) file.length));
	assert_no_error(context, rad_dicom_series_assemble(context, &series, &volume, modality, units));
	for (int n = 0; n < 12; n++)
		assert_true(voxel(&volume, n) == n - 6);
	assert_string_equal(modality, "CT");
	assert_string_equal(units, "HU");
	free(file.data);
}

/* --- attributes as JSON, and the list of findings ------------------------------ */

static void
json_of_attributes(void **state)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);
	DicomDataset dataset;
	char	   *json;

	(void) state;
	dicom_text(&builder, 0x00080005, "CS", "ISO_IR 100");
	dicom_header(&builder, 0x00081140, "SQ", 0xffffffff);
	dicom_header(&builder, 0xfffee000, NULL, 0xffffffff);
	dicom_text(&builder, 0x00081155, "UI", "1.2");
	dicom_header(&builder, 0xfffee00d, NULL, 0);
	dicom_header(&builder, 0xfffee0dd, NULL, 0);
	dicom_text(&builder, 0x00091001, "LO", "private");
	dicom_text(&builder, 0x00100010, "PN", "M\xfcller^\"J\"");
	dicom_text(&builder, 0x00200032, "DS", "+1.50\\.5\\007.");
	dicom_text(&builder, 0x00281053, "DS", "none");
	dicom_short(&builder, 0x00280010, 512);
	dicom_element(&builder, 0x00280030, "DS", "", 0);
	dicom_element(&builder, 0x7fe00010, "OW", "12345678", 8);
	assert_no_error(context, rad_dicom_parse(context, "file", builder.data,
											 (int64_t) builder.length, DICOM_WALK_NAMED, &dataset));
	assert_no_error(context, rad_dicom_json(context, &dataset, &json));
	assert_string_equal(json,
						"{\"TransferSyntaxUID\": \"1.2.840.10008.1.2.1\", "
						"\"SpecificCharacterSet\": \"ISO_IR 100\", "
						"\"ReferencedImageSequence\": [{\"ReferencedSOPInstanceUID\": \"1.2\"}], "
						"\"00091001\": \"private\", "
						"\"PatientName\": \"M\xc3\xbcller^\\\"J\\\"\", "
						"\"ImagePositionPatient\": [1.50, 0.5, 7], "
						"\"RescaleSlope\": \"none\", \"Rows\": 512, \"PixelSpacing\": null, "
						"\"PixelData\": {\"bytes\": 8}}");
	free(builder.data);
}

static int
validate(Bytes file, DicomFinding findings[RAD_DICOM_MAX_FINDINGS])
{
	int			count;

	rad_clear_error(context);
	assert_no_error(context, rad_dicom_validate(context, "file", file.data, (int64_t) file.length,
												findings, &count));
	return count;
}

static void
assert_finding(const DicomFinding *findings, int count, const char *code, const char *severity)
{
	for (int n = 0; n < count; n++)
	{
		if (strcmp(findings[n].code, code) == 0)
		{
			assert_string_equal(findings[n].severity, severity);
			return;
		}
	}
	fail_msg("no finding %s", code);
}

static void
validation(void **state)
{
	static DicomFinding findings[RAD_DICOM_MAX_FINDINGS];
	Bytes		file = read_fixture("u12_rle.dcm");
	SliceSpec	spec = slice_spec("1.2.5", 1, NULL);
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);
	int			count;

	(void) state;
	assert_int_equal(validate(file, findings), 0);
	file.data[file.length - 100] ^= 0xff;
	file.length -= 60;
	assert_int_equal(validate(file, findings), 1);
	assert_finding(findings, 1, "damaged", "error");
	free(file.data);

	spec.rows = 0;
	file = build_slice(&spec, 0);
	count = validate(file, findings);
	assert_finding(findings, count, "invalid_rows", "error");
	assert_finding(findings, count, "missing_study_instance_uid", "warning");
	free(file.data);

	spec.rows = 3;
	spec.spacing = NULL;
	file = build_slice(&spec, 0);
	count = validate(file, findings);
	assert_finding(findings, count, "missing_position", "warning");
	assert_finding(findings, count, "missing_pixel_spacing", "warning");
	free(file.data);

	dicom_short(&builder, 0x00280010, 4);
	file = (Bytes) {builder.data, builder.length};
	count = validate(file, findings);
	assert_int_equal(count, 1);
	assert_finding(findings, count, "missing_pixel_data", "error");
	dicom_element(&builder, 0x7fe00010, "OW", "12345678", 8);
	file = (Bytes) {builder.data, builder.length};
	count = validate(file, findings);
	assert_finding(findings, count, "missing_columns", "error");
	assert_finding(findings, count, "missing_bits_allocated", "error");
	assert_finding(findings, count, "missing_photometric_interpretation", "error");
	assert_finding(findings, count, "missing_pixel_representation", "error");
	free(builder.data);

	file = (Bytes) {(uint8_t *) "text", 4};
	assert_int_equal(validate(file, findings), 1);
	assert_finding(findings, 1, "not_dicom", "error");

	/* A compressed frame that is damaged inside. */
	file = read_fixture("u8_jpeg_lossless.dcm");
	for (size_t n = 0; n + 4 < file.length; n++)
	{
		if (file.data[n] == 0xff && file.data[n + 1] == 0xc3)
			file.data[n + 6] ^= 1;	/* the stream's number of rows */
	}
	count = validate(file, findings);
	assert_finding(findings, count, "undecodable_frame", "error");
	assert_contains(findings[count - 1].message, "another size");
	free(file.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(transfer_syntaxes, setup, teardown),
		cmocka_unit_test_setup_teardown(transfer_syntaxes_of_the_files, setup, teardown),
		cmocka_unit_test_setup_teardown(lossy_syntaxes, setup, teardown),
		cmocka_unit_test_setup_teardown(enhanced_multi_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_files, setup, teardown),
		cmocka_unit_test_setup_teardown(deep_nesting, setup, teardown),
		cmocka_unit_test_setup_teardown(lying_lengths, setup, teardown),
		cmocka_unit_test_setup_teardown(unusual_elements, setup, teardown),
		cmocka_unit_test_setup_teardown(without_preamble, setup, teardown),
		cmocka_unit_test_setup_teardown(values, setup, teardown),
		cmocka_unit_test_setup_teardown(stored_bits, setup, teardown),
		cmocka_unit_test_setup_teardown(json_of_attributes, setup, teardown),
		cmocka_unit_test_setup_teardown(validation, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
