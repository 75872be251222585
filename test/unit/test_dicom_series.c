/*
 * Series, structure sets, segmentations and SUV.  Oracles: positions and
 * formulas chosen here or in test/data/dicom/make_fixtures.py, and the NIfTI
 * form of the same scans, which others made (shared data).
 */
#include "dicom_support.h"

#include <math.h>

#include "formats/dicom_rtstruct.h"
#include "formats/dicom_seg.h"
#include "formats/dicom_suv.h"

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

static void
add_slice(DicomSeries *series, const SliceSpec *spec, int first)
{
	Bytes		file = build_slice(spec, first);

	assert_no_error(context, rad_dicom_series_add(context, series, "file", file.data,
												  (int64_t) file.length));
	free(file.data);
}

static bool
assemble(DicomSeries *series, Volume *volume)
{
	char		modality[RAD_DICOM_CODE_LENGTH];
	char		units[RAD_DICOM_CODE_LENGTH];

	rad_clear_error(context);
	return rad_dicom_series_assemble(context, series, volume, modality, units);
}

/* Slices at z = 10 + 2.5 k, in the order given; slice k begins with value 100 k. */
static DicomSeries
stack(const int *order, int count)
{
	DicomSeries series = {0};

	for (int n = 0; n < count; n++)
	{
		char		position[64];
		char		instance[32];
		SliceSpec	spec;

		snprintf(position, sizeof(position), "-4\\7\\%g", 10 + 2.5 * order[n]);
		snprintf(instance, sizeof(instance), "1.9.%d", order[n]);
		/* Numbers run against the positions: they do not count. */
		spec = slice_spec(instance, 50 - order[n], position);
		add_slice(&series, &spec, 100 * order[n]);
	}
	return series;
}

static void
ordered_by_geometry(void **state)
{
	static const int orders[2][5] = {{0, 1, 2, 3, 4}, {3, 0, 4, 2, 1}};

	(void) state;
	for (int o = 0; o < 2; o++)
	{
		DicomSeries series = stack(orders[o], 5);
		Volume		volume;
		const int16_t *voxels;

		assert_no_error(context, assemble(&series, &volume));
		assert_int_equal(volume.type, VOXEL_INT16);
		assert_true(volume.grid.size[0] == 4 && volume.grid.size[1] == 3 &&
					volume.grid.size[2] == 5);
		assert_true(volume.grid.spacing[0] == 0.5 && volume.grid.spacing[1] == 0.75 &&
					volume.grid.spacing[2] == 2.5);
		assert_true(volume.grid.origin[0] == -4 && volume.grid.origin[1] == 7 &&
					volume.grid.origin[2] == 10);
		voxels = volume.voxels;
		for (int n = 0; n < 60; n++)
			assert_int_equal(voxels[n], 100 * (n / 12) + n % 12);
	}
}

static void
gaps(void **state)
{
	static const int order[] = {0, 1, 2, 5, 6, 7};
	DicomSeries series = stack(order, 6);
	Volume		volume;

	(void) state;
	assert_false(assemble(&series, &volume));
	assert_int_equal(context->code, RAD_DATA_EXCEPTION);
	assert_contains(context->message, "has gaps: 1 of 5 distances between slices are not 2.5 mm");
	assert_contains(context->detail, "From instance 48 (1.9.2) at 15 mm to instance 45 (1.9.5) "
					"at 22.5 mm are 7.5 mm.");
}

static void
duplicates(void **state)
{
	static const int order[] = {0, 1, 2, 3};
	DicomSeries series = stack(order, 4);
	SliceSpec	again = slice_spec("1.9.77", 7, "-4\\7\\12.5");
	Volume		volume;

	(void) state;
	add_slice(&series, &again, 0);
	assert_false(assemble(&series, &volume));
	assert_contains(context->message, "at the same position: 1 of 5 are duplicates");
	assert_contains(context->detail, "instance 49 (1.9.1), instance 7 (1.9.77).");
}

/* Each property that must be common, with the instance that differs. */
static void
mixed_series(void **state)
{
	static const int order[] = {0, 1, 2, 3};
	static const struct
	{
		SliceSpec	spec;
		const char *message;
	}			cases[] = {
		{{.series = "1.2.99"}, "instances of more than one series"},
		{{.frame_of_reference = "1.2.98"}, "more than one frame of reference"},
		{{.rows = 5}, "slices of different size"},
		{{.orientation = "1\\0\\0\\0\\0\\-1"}, "slices of different orientation"},
		{{.spacing = "0.75\\0.51"}, "slices of different pixel spacing"},
		{{.position = ""}, "slices with and without position"},
		{{.units = "BQML"}, "slices in different units"},
	};

	(void) state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		DicomSeries series = stack(order, 4);
		SliceSpec	spec = slice_spec("1.9.66", 66, "-4\\7\\20");
		const SliceSpec *other = &cases[n].spec;
		Volume		volume;

		if (other->series != NULL)
			spec.series = other->series;
		if (other->frame_of_reference != NULL)
			spec.frame_of_reference = other->frame_of_reference;
		if (other->rows != 0)
			spec.rows = other->rows;
		if (other->orientation != NULL)
			spec.orientation = other->orientation;
		if (other->spacing != NULL)
			spec.spacing = other->spacing;
		if (other->position != NULL)
			spec.position = NULL;
		if (other->units != NULL)
			spec.units = other->units;
		add_slice(&series, &spec, 0);
		assert_false(assemble(&series, &volume));
		assert_int_equal(context->code, RAD_DATA_EXCEPTION);
		assert_contains(context->message, cases[n].message);
		assert_contains(context->message, "1 of 5 differ");
		assert_string_equal(context->detail, "Different: instance 66 (1.9.66).");
	}
}

/* A tilted gantry: every slice is shifted along y. */
static void
sheared_series(void **state)
{
	DicomSeries series = {0};
	Volume		volume;

	(void) state;
	for (int k = 0; k < 4; k++)
	{
		char		position[64];
		char		instance[16];
		SliceSpec	spec;

		snprintf(position, sizeof(position), "0\\%g\\%g", 0.3 * k, 2.0 * k);
		snprintf(instance, sizeof(instance), "1.9.%d", k);
		spec = slice_spec(instance, k, position);
		add_slice(&series, &spec, 0);
	}
	assert_false(assemble(&series, &volume));
	assert_contains(context->message, "is sheared: slices are shifted sideways by up to 0.9 mm");
}

static void
without_position(void **state)
{
	DicomSeries series = {0};
	SliceSpec	spec = slice_spec("1.9.1", 1, NULL);
	Volume		volume;

	(void) state;
	spec.orientation = NULL;
	add_slice(&series, &spec, 5);
	assert_no_error(context, assemble(&series, &volume));
	assert_true(volume.grid.spacing[0] == 0.5 && volume.grid.spacing[2] == 1.0);
	series = (DicomSeries) {0};
	add_slice(&series, &spec, 5);
	spec.instance = "1.9.2";
	spec.number = 2;
	add_slice(&series, &spec, 5);
	assert_false(assemble(&series, &volume));
	assert_contains(context->message, "has no positions of its slices");
	series = (DicomSeries) {0};
	spec.position = "0\\0\\0";
	add_slice(&series, &spec, 5);
	assert_false(assemble(&series, &volume));
	assert_contains(context->message, "has no orientation");
	series = (DicomSeries) {0};
	assert_false(assemble(&series, &volume));
	assert_contains(context->message, "has no instances");
}

/* Integer when exact, else float32 rounded once. */
static void
rescaling(void **state)
{
	static const struct
	{
		const char *slope[2];
		const char *intercept;
		bool		is_signed;
		VoxelType	type;
	}			cases[] = {
		{{NULL, NULL}, NULL, true, VOXEL_INT16},
		{{NULL, NULL}, NULL, false, VOXEL_UINT16},
		{{"1", "1"}, "-1024", false, VOXEL_INT32},
		{{"2", "3"}, "0", true, VOXEL_INT32},
		{{"1", "0.1"}, "0", true, VOXEL_FLOAT32},
		{{"1", "1"}, "0.5", true, VOXEL_FLOAT32},
	};

	(void) state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		DicomSeries series = {0};
		Volume		volume;

		for (int k = 0; k < 2; k++)
		{
			SliceSpec	spec = slice_spec(k == 0 ? "1.9.0" : "1.9.1", k,
										  k == 0 ? "0\\0\\0" : "0\\0\\1");

			spec.slope = cases[n].slope[k];
			spec.intercept = cases[n].intercept;
			spec.is_signed = cases[n].is_signed;
			add_slice(&series, &spec, 30000);
		}
		assert_no_error(context, assemble(&series, &volume));
		assert_int_equal(volume.type, cases[n].type);
		for (int v = 0; v < 24; v++)
		{
			const char *slope = cases[n].slope[v / 12];
			double		exact = (30000 + v % 12) * (slope != NULL ? atof(slope) : 1.0) +
				(cases[n].intercept != NULL ? atof(cases[n].intercept) : 0.0);
			volatile float narrow = (float) exact;
			double		actual;

			rad_voxels_to_double(volume.type, volume.voxels, v, 1, &actual);
			assert_true(actual == (volume.type == VOXEL_FLOAT32 ? narrow : exact));
		}
	}
}

/* Pixels of 2 x 1, in frames at offsets along the normal, scaled to dose. */
static void
dose(void **state)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);
	DicomSeries series = {0};
	Volume		volume;

	(void) state;
	dicom_text(&builder, 0x00080060, "CS", "RTDOSE");
	dicom_text(&builder, 0x00200032, "DS", "1\\2\\-3");
	dicom_text(&builder, 0x00200037, "DS", "1\\0\\0\\0\\-1\\0");	/* the normal is -z */
	dicom_short(&builder, 0x00280002, 1);
	dicom_text(&builder, 0x00280004, "CS", "MONOCHROME2");
	dicom_text(&builder, 0x00280008, "IS", "3");
	dicom_short(&builder, 0x00280010, 1);
	dicom_short(&builder, 0x00280011, 2);
	dicom_text(&builder, 0x00280030, "DS", "4\\4");
	dicom_short(&builder, 0x00280100, 32);
	dicom_short(&builder, 0x00280101, 32);
	dicom_short(&builder, 0x00280102, 31);
	dicom_short(&builder, 0x00280103, 0);
	dicom_text(&builder, 0x3004000c, "DS", "0\\2.5\\5");
	dicom_text(&builder, 0x3004000e, "DS", "0.001");
	dicom_header(&builder, 0x7fe00010, "OW", 24);
	for (int n = 0; n < 6; n++)
		dicom_integer(&builder, (uint64_t) (1000000000 + n), 4);
	assert_no_error(context, rad_dicom_series_add(context, &series, "dose", builder.data,
												  (int64_t) builder.length));
	assert_no_error(context, assemble(&series, &volume));
	assert_int_equal(volume.type, VOXEL_FLOAT64);	/* 32 bits do not fit float32 */
	assert_true(volume.grid.size[2] == 3 && volume.grid.spacing[2] == 2.5);
	assert_true(volume.grid.direction[2][2] == -1.0 && volume.grid.direction[1][1] == -1.0);
	for (int n = 0; n < 6; n++)
		assert_true(((double *) volume.voxels)[n] == 0.001 * (1000000000 + n));
	free(builder.data);
}

/* Parametric maps hold floating point; they are not rescaled. */
static void
float_pixels(void **state)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);
	DicomSeries series = {0};
	Volume		volume;
	const float values[2] = {-1.5f, 0.1f};

	(void) state;
	dicom_text(&builder, 0x00200032, "DS", "0\\0\\0");
	dicom_text(&builder, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
	dicom_short(&builder, 0x00280002, 1);
	dicom_text(&builder, 0x00280004, "CS", "MONOCHROME2");
	dicom_short(&builder, 0x00280010, 1);
	dicom_short(&builder, 0x00280011, 2);
	dicom_text(&builder, 0x00280030, "DS", "1\\1");
	dicom_element(&builder, 0x7fe00008, "OF", values, sizeof(values));
	assert_no_error(context, rad_dicom_series_add(context, &series, "map", builder.data,
												  (int64_t) builder.length));
	assert_no_error(context, assemble(&series, &volume));
	assert_int_equal(volume.type, VOXEL_FLOAT32);
	assert_memory_equal(volume.voxels, values, sizeof(values));
	free(builder.data);
}

/* --- structure sets ------------------------------------------------------------ */

static DicomDataset
parse_fixture(const char *name)
{
	Bytes		file = read_fixture(name);
	DicomDataset dataset;
	uint8_t    *kept = rad_allocate(context, file.length, 1);

	memcpy(kept, file.data, file.length);
	free(file.data);
	assert_no_error(context, rad_dicom_parse(context, name, kept, (int64_t) file.length,
											 DICOM_WALK_ALL, &dataset));
	return dataset;
}

/* The grid of make_fixtures.py: six slices of 40 x 36. */
static Grid
fixture_grid(void)
{
	return (Grid) {
		.dimension = 3, .size = {40, 36, 6}, .spacing = {0.5, 0.75, 2.5}, .origin = {-10, 20, 30},
		.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	};
}

static int
at(const Volume *mask, int x, int y, int z)
{
	return ((const uint8_t *) mask->voxels)[x + 40 * (y + 36 * z)];
}

static void
structure_set(void **state)
{
	DicomDataset dataset = parse_fixture("rtstruct.dcm");
	Grid		grid = fixture_grid();
	RtRoi	   *rois;
	int			count;
	Volume		mask;

	(void) state;
	assert_no_error(context, rad_rtstruct_rois(context, &dataset, &rois, &count));
	assert_int_equal(count, 2);
	assert_true(rois[0].number == 7 && rois[0].contour_count == 3 && rois[0].point_count == 12);
	assert_string_equal(rois[0].name, "ring");
	assert_string_equal(rois[0].interpreted_type, "GTV");
	assert_string_equal(rois[1].name, "Gr\xc3\xb6\xc3\x9f" "e");

	/* A square with a hole, and a voxel elsewhere. */
	assert_no_error(context, rad_rtstruct_mask(context, &dataset, "ring", &grid, &mask));
	for (int z = 0; z < 6; z++)
		for (int y = 0; y < 36; y++)
			for (int x = 0; x < 40; x++)
			{
				bool		outer = x >= 4 && x <= 15 && y >= 4 && y <= 15;
				bool		inner = x >= 7 && x <= 10 && y >= 7 && y <= 10;

				assert_int_equal(at(&mask, x, y, z), (z == 2 && outer && !inner) ||
								 (z == 4 && x == 1 && y == 1));
			}

	/* A triangle: below the line from (20.5, 0.5) to (1.5, 19.5). */
	assert_no_error(context, rad_rtstruct_mask(context, &dataset, rois[1].name, &grid, &mask));
	for (int y = 0; y < 36; y++)
		for (int x = 0; x < 40; x++)
			if (x + y != 21)	/* centres on the line itself */
				assert_int_equal(at(&mask, x, y, 1), x >= 2 && y >= 1 && x + y < 21);

	assert_false(rad_rtstruct_mask(context, &dataset, "lung", &grid, &mask));
	assert_int_equal(context->code, RAD_INVALID_PARAMETER);
	assert_contains(context->hint, "It has: \"ring\", \"Gr\xc3\xb6\xc3\x9f" "e\".");
	grid.size[2] = 4;
	assert_false(rad_rtstruct_mask(context, &dataset, "ring", &grid, &mask));
	assert_contains(context->message, "1 of 3 contours lie on none of its slices");
	grid = fixture_grid();
	memcpy(grid.direction, (double[3][3]) {{1, 0, 0}, {0, 0, -1}, {0, 1, 0}},
		   sizeof(grid.direction));
	assert_false(rad_rtstruct_mask(context, &dataset, "ring", &grid, &mask));
	assert_contains(context->message, "not parallel to the slices");
}

/* --- segmentations ---------------------------------------------------------------- */

static void
segmentations(void **state)
{
	DicomDataset binary = parse_fixture("seg_binary.dcm");
	DicomDataset fractional = parse_fixture("seg_fractional.dcm");
	Grid		grid = fixture_grid();
	SegSegment *segments;
	int			count;
	Volume		mask;

	(void) state;
	assert_no_error(context, rad_seg_segments(context, &binary, &segments, &count));
	assert_int_equal(count, 2);
	assert_true(segments[0].number == 1 && segments[0].frame_count == 2);
	assert_true(segments[1].number == 2 && segments[1].frame_count == 2);
	assert_string_equal(segments[1].label, "zweites Gr\xc3\xb6\xc3\x9f" "e");
	assert_string_equal(segments[0].type, "Lung");
	assert_string_equal(segments[0].algorithm, "MANUAL");
	for (int segment = 1; segment <= 2; segment++)
	{
		assert_no_error(context, rad_seg_mask(context, &binary, segment, 0.5, &grid, &mask));
		for (int z = 0; z < 6; z++)
			for (int y = 0; y < 36; y++)
				for (int x = 0; x < 40; x++)
					assert_int_equal(at(&mask, x, y, z), segment == 1 ?
									 z >= 1 && z < 3 && y >= 5 && y < 10 && x >= 4 && x < 9 :
									 (z == 2 || z == 4) && y >= 7 && y < 20 && x >= 6 && x < 30);
	}

	/* Fractions x / 39 of 200, rounded by the writer; 0.25 is between 9 and 10. */
	assert_no_error(context, rad_seg_mask(context, &fractional, 1, 0.25, &grid, &mask));
	for (int x = 0; x < 40; x++)
	{
		assert_int_equal(at(&mask, x, 11, 2), x >= 10);
		assert_int_equal(at(&mask, x, 11, 3), 0);
	}
	assert_false(rad_seg_mask(context, &fractional, 1, 0.0, &grid, &mask));
	assert_contains(context->message, "threshold is 0");
	assert_false(rad_seg_mask(context, &binary, 3, 0.5, &grid, &mask));
	assert_contains(context->hint, "1 (\"first\"), 2 (\"zweites");
	grid.spacing[0] = 0.6;
	assert_false(rad_seg_mask(context, &binary, 1, 0.5, &grid, &mask));
	assert_contains(context->message, "does not lie on the voxels");
}

/* Frames that hold all segments: the second lies over the first. */
static void
label_map(void **state)
{
	DicomDataset dataset = parse_fixture("seg_label_map.dcm");
	Grid		grid = fixture_grid();
	SegSegment *segments;
	int			count;

	(void) state;
	assert_no_error(context, rad_seg_segments(context, &dataset, &segments, &count));
	assert_int_equal(count, 3); /* the background is one */
	assert_int_equal(segments[1].frame_count, -1);
	for (int segment = 1; segment <= 2; segment++)
	{
		Volume		mask;

		assert_no_error(context, rad_seg_mask(context, &dataset, segment, 0.5, &grid, &mask));
		for (int z = 0; z < 6; z++)
			for (int y = 0; y < 36; y++)
				for (int x = 0; x < 40; x++)
				{
					bool		second = (z == 2 || z == 4) && y >= 7 && y < 20 && x >= 6 && x < 30;
					bool		first = z >= 1 && z < 3 && y >= 5 && y < 10 && x >= 4 && x < 9;

					assert_int_equal(at(&mask, x, y, z), segment == 2 ? second : first && !second);
				}
	}
}

/* The same voxels on a grid that runs the other way along y and z. */
static void
segmentation_on_mirrored_grid(void **state)
{
	DicomDataset binary = parse_fixture("seg_binary.dcm");
	Grid		grid = fixture_grid();
	Volume		straight;
	Volume		mirrored;

	(void) state;
	assert_no_error(context, rad_seg_mask(context, &binary, 1, 0.5, &grid, &straight));
	grid.origin[1] += 35 * 0.75;
	grid.origin[2] += 5 * 2.5;
	grid.direction[1][1] = grid.direction[2][2] = -1;
	assert_no_error(context, rad_seg_mask(context, &binary, 1, 0.5, &grid, &mirrored));
	for (int z = 0; z < 6; z++)
		for (int y = 0; y < 36; y++)
			for (int x = 0; x < 40; x++)
				assert_int_equal(at(&straight, x, y, z), at(&mirrored, x, 35 - y, 5 - z));
}

/* --- SUV ----------------------------------------------------------------------------- */

typedef struct PetSpec
{
	const char *units;
	const char *correction;
	const char *corrected;
	const char *weight;
	const char *dose;
	const char *half_life;
	const char *series_time;
	const char *acquisition_time;
	const char *injection_time;
	const char *injection_moment;
	const char *suv_type;
} PetSpec;

/* 74 kg, 370 MBq, one half-life (6586.2 s) before the scan. */
static PetSpec
pet_spec(void)
{
	return (PetSpec) {
		.units = "BQML", .correction = "START", .corrected = "DECY\\ATTN", .weight = "74",
		.dose = "370000000", .half_life = "6586.2", .series_time = "120000",
		.acquisition_time = "120000", .injection_time = "101013.8",
	};
}

static bool
suv_factor(const PetSpec *spec, double *factor)
{
	DicomBuilder builder = dicom_begin(EXPLICIT_LITTLE);
	DicomDataset dataset;
	bool		ok;

	dicom_text(&builder, 0x00080021, "DA", "20240229");
	dicom_text(&builder, 0x00080022, "DA", "20240229");
	dicom_text(&builder, 0x00080031, "TM", spec->series_time);
	dicom_text(&builder, 0x00080032, "TM", spec->acquisition_time);
	dicom_text(&builder, 0x00080060, "CS", "PT");
	dicom_text(&builder, 0x00101030, "DS", spec->weight);
	dicom_text(&builder, 0x00280051, "CS", spec->corrected);
	dicom_header(&builder, 0x00540016, "SQ", 0xffffffff);
	dicom_header(&builder, 0xfffee000, NULL, 0xffffffff);
	dicom_text(&builder, 0x00181072, "TM", spec->injection_time);
	dicom_text(&builder, 0x00181074, "DS", spec->dose);
	dicom_text(&builder, 0x00181075, "DS", spec->half_life);
	if (spec->injection_moment != NULL)
		dicom_text(&builder, 0x00181078, "DT", spec->injection_moment);
	dicom_header(&builder, 0xfffee00d, NULL, 0);
	dicom_header(&builder, 0xfffee0dd, NULL, 0);
	dicom_text(&builder, 0x00541001, "CS", spec->units);
	if (spec->suv_type != NULL)
		dicom_text(&builder, 0x00541006, "CS", spec->suv_type);
	dicom_text(&builder, 0x00541102, "CS", spec->correction);
	rad_clear_error(context);
	assert_no_error(context, rad_dicom_parse(context, "instance", builder.data,
											 (int64_t) builder.length, DICOM_WALK_ALL, &dataset));
	ok = rad_dicom_suv_factor(context, &dataset, factor);
	free(builder.data);
	return ok;
}

static void
suv_factors(void **state)
{
	PetSpec		spec = pet_spec();
	double		factor;

	(void) state;
	/* 74000 g / 370 MBq is 2e-4; one half-life doubles it.  Closed form. */
	assert_no_error(context, suv_factor(&spec, &factor));
	assert_true(fabs(factor - 4e-4) < 1e-15);
	spec.correction = "ADMIN";
	assert_no_error(context, suv_factor(&spec, &factor));
	assert_true(fabs(factor - 2e-4) < 1e-18);
	spec = pet_spec();
	spec.units = "GML";
	spec.dose = "0";
	assert_no_error(context, suv_factor(&spec, &factor));
	assert_true(factor == 1.0);
	spec.suv_type = "BW";
	assert_no_error(context, suv_factor(&spec, &factor));

	/* Over midnight, into the leap day: only a date can tell. */
	spec = pet_spec();
	spec.series_time = spec.acquisition_time = "001000";
	spec.injection_time = "222013.8";
	assert_false(suv_factor(&spec, &factor));
	assert_contains(context->message, "no date says that midnight");
	spec.injection_moment = "20240228222013.800";
	assert_no_error(context, suv_factor(&spec, &factor));
	assert_true(fabs(factor - 4e-4) < 1e-13);

	/* A date that was moved is not believed, the time of day is. */
	spec = pet_spec();
	spec.injection_moment = "20240301101013.8";
	assert_no_error(context, suv_factor(&spec, &factor));
	assert_true(fabs(factor - 4e-4) < 1e-15);
}

static void
suv_refusals(void **state)
{
	static const struct
	{
		PetSpec		change;
		const char *message;
	}			cases[] = {
		{{.units = "CNTS"}, "neither BQML nor GML"},
		{{.correction = "NONE"}, "neither START nor ADMIN"},
		{{.corrected = "DECY"}, "not corrected for attenuation and decay"},
		{{.weight = "0"}, "no PatientWeight"},
		{{.dose = " "}, "no RadionuclideTotalDose"},
		{{.half_life = "-1"}, "no RadionuclideHalfLife"},
		{{.series_time = "x"}, "no SeriesTime"},
		{{.series_time = "120001"}, "later than AcquisitionTime"},
		{{.injection_time = "250000"}, "time of the injection is unknown"},
		{{.injection_time = "120001"}, "injection is later than the scan"},
		{{.units = "GML", .suv_type = "LBM"}, "something else than body weight"},
	};

	(void) state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++)
	{
		PetSpec		spec = pet_spec();
		const char **fields = (const char **) &spec;
		const char *const *changes = (const char *const *) &cases[n].change;
		double		factor;

		for (size_t f = 0; f < sizeof(spec) / sizeof(fields[0]); f++)
		{
			if (changes[f] != NULL)
				fields[f] = changes[f];
		}
		assert_false(suv_factor(&spec, &factor));
		assert_int_equal(context->code, RAD_DATA_EXCEPTION);
		assert_contains(context->message, cases[n].message);
	}
}

/* --- shared data --------------------------------------------------------------------- */

static Volume
read_nifti(const char *name)
{
	Bytes		file = read_shared(name);
	ByteSource	source = memory_source("image", file);
	VolumeReader *reader;
	Volume		volume;
	Box			box;

	assert_no_error(context, rad_volume_open(context, &source, -1, &reader));
	box = rad_grid_box(rad_reader_grid(reader));
	assert_no_error(context, rad_volume_read_box(context, reader, &box, &volume));
	free(file.data);
	return volume;
}

static const struct
{
	const char *dicom;
	const char *structures;
	const char *roi;
	const char *image;
	const char *mask;
	double		landmark;		/* how far a landmark may move, mm */
	double		intensity;		/* largest relative difference */
	int			voxel_count;
}			pairs[] = {
	/*
	 * The header of the CT phantom's NIfTI holds what its DICOM says in float32
	 * exactly enough: 1e-6 mm.  Those of STS_002 were rounded to float32 from
	 * numbers with more digits: half a unit in the last place of the origin
	 * (3.05e-5 at 629 mm), and of the spacing, over the extent of the volume.
	 *
	 * The PET's slopes have 10 digits and were multiplied in another order by
	 * the writer of the NIfTI: one unit in the last place of float32.
	 */
	{"ibsi1/ct_phantom/dicom/image", "ibsi1/ct_phantom/dicom/mask", "GTV-1",
	"ibsi1/ct_phantom/nifti/image.nii.gz", "ibsi1/ct_phantom/nifti/mask.nii.gz", 1e-6, 0.0, 125256},
	{"sts/dicom/STS_002/CT/image", "sts/dicom/STS_002/CT/mask", "GTV_Mass_CT",
	"sts/STS_002/CT_image.nii.gz", "sts/STS_002/CT_mask.nii.gz", 4e-5, 0.0, 17090},
	{"sts/dicom/STS_002/PET/image", "sts/dicom/STS_002/PET/mask", "GTV_Mass_PET",
	"sts/STS_002/PET_image.nii.gz", "sts/STS_002/PET_mask.nii.gz", 4e-5, 0x1p-23, 555},
	{"sts/dicom/STS_002/MR_T1/image", "sts/dicom/STS_002/MR_T1/mask", "GTV_Mass_MR_T1",
	"sts/STS_002/MR_T1_image.nii.gz", "sts/STS_002/MR_T1_mask.nii.gz", 4e-5, 0.0, 17090},
};

/* A corner and the middle of both grids are at the same place in mm. */
static void
compare_landmarks(const Grid *dicom, const Grid *nifti, double tolerance)
{
	double		worst = 0.0;

	for (int corner = 0; corner < 9; corner++)
	{
		double		index[3];
		double		world[2][3];

		for (int axis = 0; axis < 3; axis++)
			index[axis] = corner == 8 ? dicom->size[axis] / 2.0 :
				(corner >> axis & 1) * (dicom->size[axis] - 1);
		rad_grid_to_world(dicom, index, world[0]);
		rad_grid_to_world(nifti, index, world[1]);
		for (int axis = 0; axis < 3; axis++)
			worst = fmax(worst, fabs(world[0][axis] - world[1][axis]));
	}
	if (!(worst <= tolerance))
		fail_msg("a landmark moves by %g mm, more than %g", worst, tolerance);
}

static void
same_as_nifti(void **state)
{
	(void) state;
	if (shared_folder() == NULL)
		skip();
	for (size_t p = 0; p < sizeof(pairs) / sizeof(pairs[0]); p++)
	{
		DicomSeries series = {0};
		Volume		ours;
		Volume		mask;
		Volume		image = read_nifti(pairs[p].image);
		Volume		wanted = read_nifti(pairs[p].mask);
		Bytes		structures = read_shared_only(pairs[p].structures);
		DicomDataset dataset;
		int64_t		count;
		int64_t		inside = 0;

		assert_true(add_shared_folder(context, pairs[p].dicom, &series));
		assert_no_error(context, assemble(&series, &ours));
		assert_memory_equal(ours.grid.size, image.grid.size, sizeof(image.grid.size));
		compare_landmarks(&ours.grid, &image.grid, pairs[p].landmark);
		assert_no_error(context, rad_dicom_parse(context, "structures", structures.data,
												 (int64_t) structures.length, DICOM_WALK_ALL,
												 &dataset));
		assert_no_error(context, rad_rtstruct_mask(context, &dataset, pairs[p].roi, &ours.grid,
												   &mask));
		count = rad_grid_voxel_count(&ours.grid);
		for (int64_t n = 0; n < count; n++)
		{
			double		a;
			double		b;

			rad_voxels_to_double(ours.type, ours.voxels, n, 1, &a);
			rad_voxels_to_double(image.type, image.voxels, n, 1, &b);
			if (!(fabs(a - b) <= pairs[p].intensity * fabs(b)))
				fail_msg("%s: voxel %lld is %.9g and not %.9g", pairs[p].dicom, (long long) n, a,
						 b);
			rad_voxels_to_double(mask.type, mask.voxels, n, 1, &a);
			rad_voxels_to_double(wanted.type, wanted.voxels, n, 1, &b);
			if (a != b)
				fail_msg("%s: the mask's voxel %lld is %g and not %g", pairs[p].dicom,
						 (long long) n, a, b);
			inside += a != 0.0;
		}
		assert_int_equal(inside, pairs[p].voxel_count);
		free(structures.data);
	}
}

/* Factors and extremes of sts/suv_reference.csv, which MIRP's authors give. */
static void
suv_of_raw_pet(void **state)
{
	static const char folder[] = "sts/dicom/raw_STS_001_FDG_PET";
	DicomSeries series = {0};
	Volume		volume;
	Volume		mask;
	Volume		wanted;
	DicomDataset dataset;
	Bytes		structures;
	Bytes		instance;
	Bytes		table;
	double		factor;
	double		lowest = INFINITY;
	double		highest = 0.0;
	double		reference[3];
	const char *row;
	char		path[256];

	(void) state;
	if (shared_folder() == NULL)
		skip();
	snprintf(path, sizeof(path), "%s/image", folder);
	assert_true(add_shared_folder(context, path, &series));
	assert_no_error(context, assemble(&series, &volume));
	assert_int_equal(volume.grid.size[2], 267);
	assert_int_equal(volume.type, VOXEL_FLOAT32);
	snprintf(path, sizeof(path), "%s/mask", folder);
	structures = read_shared_only(path);
	assert_no_error(context, rad_dicom_parse(context, "structures", structures.data,
											 (int64_t) structures.length, DICOM_WALK_ALL,
											 &dataset));
	assert_no_error(context, rad_rtstruct_mask(context, &dataset, "GTV_Mass", &volume.grid, &mask));
	snprintf(path, sizeof(path), "%s/image", folder);
	instance = read_shared_only(path);
	assert_no_error(context, rad_dicom_parse(context, "instance", instance.data,
											 (int64_t) instance.length, DICOM_WALK_ALL,
											 &dataset));
	assert_no_error(context, rad_dicom_suv_factor(context, &dataset, &factor));
	table = read_shared("sts/suv_reference.csv");
	table.data[table.length - 1] = '\0';
	row = strstr((char *) table.data, ",BW,body weight,");
	assert_non_null(row);
	assert_int_equal(sscanf(row, ",BW,body weight,%lf,%lf,%lf", &reference[0], &reference[1],
							&reference[2]), 3);
	/* Given with 8 and 6 digits. */
	assert_true(fabs(factor / reference[0] - 1.0) < 1e-7);
	for (int64_t n = 0; n < rad_grid_voxel_count(&volume.grid); n++)
	{
		double		value = ((float *) volume.voxels)[n] * factor;

		if (((uint8_t *) mask.voxels)[n] == 0)
			continue;
		lowest = fmin(lowest, value);
		highest = fmax(highest, value);
	}
	assert_true(fabs(highest / reference[1] - 1.0) < 1e-5);

	/*
	 * The table's minimum was taken from STS_001/PET_image.nii.gz, whose voxels
	 * are those of the DICOM only to 0.0008 SUV (the README of the data): its
	 * darkest voxel was 918 in the DICOM (pydicom reads the same) and is 917
	 * times the slope there.
	 */
	assert_true(fabs(lowest - reference[2]) < 0.0008);
	wanted = read_nifti("sts/STS_001/PET_image.nii.gz");
	for (int z = 0; z < wanted.grid.size[2]; z++)
		for (int y = 0; y < wanted.grid.size[1]; y++)
			for (int x = 0; x < wanted.grid.size[0]; x++)
			{
				int64_t		from = x + wanted.grid.size[0] * (y + (int64_t) wanted.grid.size[1] * z);
				int64_t		to = 59 + x + 128 * (45 + y + (int64_t) 128 * z);
				double		value = ((float *) volume.voxels)[to] * factor;
				double		other;

				rad_voxels_to_double(wanted.type, wanted.voxels, from, 1, &other);
				assert_true(fabs(value - other) < 0.0008);
			}
	free(table.data);
	free(instance.data);
	free(structures.data);
}

/* GML: SUV already. */
static void
suv_of_gml(void **state)
{
	Bytes		instance;
	DicomDataset dataset;
	double		factor;

	(void) state;
	if (shared_folder() == NULL)
		skip();
	instance = read_shared_only("sts/dicom/STS_002/PET/image");
	assert_no_error(context, rad_dicom_parse(context, "instance", instance.data,
											 (int64_t) instance.length, DICOM_WALK_ALL,
											 &dataset));
	assert_no_error(context, rad_dicom_suv_factor(context, &dataset, &factor));
	assert_true(factor == 1.0);
	free(instance.data);
	instance = read_shared_only("sts/dicom/STS_002/CT/image");
	assert_no_error(context, rad_dicom_parse(context, "instance", instance.data,
											 (int64_t) instance.length, DICOM_WALK_ALL,
											 &dataset));
	assert_false(rad_dicom_suv_factor(context, &dataset, &factor));
	assert_contains(context->message, "modality is \"CT\"");
	free(instance.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ordered_by_geometry, setup, teardown),
		cmocka_unit_test_setup_teardown(gaps, setup, teardown),
		cmocka_unit_test_setup_teardown(duplicates, setup, teardown),
		cmocka_unit_test_setup_teardown(mixed_series, setup, teardown),
		cmocka_unit_test_setup_teardown(sheared_series, setup, teardown),
		cmocka_unit_test_setup_teardown(without_position, setup, teardown),
		cmocka_unit_test_setup_teardown(rescaling, setup, teardown),
		cmocka_unit_test_setup_teardown(dose, setup, teardown),
		cmocka_unit_test_setup_teardown(float_pixels, setup, teardown),
		cmocka_unit_test_setup_teardown(structure_set, setup, teardown),
		cmocka_unit_test_setup_teardown(segmentations, setup, teardown),
		cmocka_unit_test_setup_teardown(label_map, setup, teardown),
		cmocka_unit_test_setup_teardown(segmentation_on_mirrored_grid, setup, teardown),
		cmocka_unit_test_setup_teardown(suv_factors, setup, teardown),
		cmocka_unit_test_setup_teardown(suv_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(same_as_nifti, setup, teardown),
		cmocka_unit_test_setup_teardown(suv_of_raw_pet, setup, teardown),
		cmocka_unit_test_setup_teardown(suv_of_gml, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
