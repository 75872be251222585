/*
 * Single DICOM objects: dicom_tags(), dicom_validate(), rtstruct_rois(),
 * mask_from_rtstruct(), seg_segments(), mask_from_seg(), suv(), suv_factor().
 */
#include "compat.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "dicom.h"
#include "formats/dicom_json.h"
#include "formats/dicom_rtstruct.h"
#include "formats/dicom_seg.h"
#include "formats/dicom_suv.h"
#include "formats/dicom_validate.h"
#include "volume.h"

PG_FUNCTION_INFO_V1(radiomics_dicom_tags);
PG_FUNCTION_INFO_V1(radiomics_dicom_validate);
PG_FUNCTION_INFO_V1(radiomics_rtstruct_rois);
PG_FUNCTION_INFO_V1(radiomics_mask_from_rtstruct);
PG_FUNCTION_INFO_V1(radiomics_seg_segments);
PG_FUNCTION_INFO_V1(radiomics_mask_from_seg);
PG_FUNCTION_INFO_V1(radiomics_suv_factor);
PG_FUNCTION_INFO_V1(radiomics_suv);

/* Attributes of dicom_finding. */
enum
{
	FINDING_CODE,
	FINDING_SEVERITY,
	FINDING_MESSAGE,
	FINDING_COLUMNS
};

/* Attributes of rtstruct_roi. */
enum
{
	ROI_NUMBER,
	ROI_NAME,
	ROI_INTERPRETED_TYPE,
	ROI_CONTOUR_COUNT,
	ROI_POINT_COUNT,
	ROI_COLUMNS
};

/* Attributes of seg_segment. */
enum
{
	SEGMENT_NUMBER,
	SEGMENT_LABEL,
	SEGMENT_CATEGORY,
	SEGMENT_TYPE,
	SEGMENT_ALGORITHM,
	SEGMENT_FRAME_COUNT,
	SEGMENT_COLUMNS
};

const uint8_t *
radpg_dicom_bytes(RadContext *context, Datum datum, int64_t *length)
{
	MemoryContext previous = MemoryContextSwitchTo(radpg_context_memory(context));
	bytea	   *value = DatumGetByteaPP(datum);

	MemoryContextSwitchTo(previous);
	*length = VARSIZE_ANY_EXHDR(value);
	return (const uint8_t *) VARDATA_ANY(value);
}

void
radpg_dicom_dataset(RadContext *context, Datum datum, const char *name, DicomWalk walk,
					DicomDataset *dataset)
{
	int64_t		length;
	const uint8_t *bytes = radpg_dicom_bytes(context, datum, &length);

	if (!rad_dicom_parse(context, name, bytes, length, walk, dataset))
		radpg_throw(context);
}

Datum
radpg_utf8_datum(const char *utf8, bool *is_null)
{
	char	   *text = pg_any_to_server(utf8, strlen(utf8), PG_UTF8);

	*is_null = text[0] == '\0';
	return *is_null ? (Datum) 0 : CStringGetTextDatum(text);
}

/* A set-returning function's descriptor, with as many columns as the code fills. */
static TupleDesc
begin_rows(FunctionCallInfo fcinfo, const char *type, int columns)
{
	TupleDesc	descriptor = radpg_begin_materialize(fcinfo);

	if (descriptor->natts != columns)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type %s does not have %d attributes", type, columns),
				 errhint("Run ALTER EXTENSION radiomics UPDATE.")));
	return descriptor;
}

static void
put_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* The core's UTF-8 form of a text argument. */
static char *
utf8_argument(Datum datum)
{
	char	   *argument = TextDatumGetCString(datum);

	return pg_server_to_any(argument, strlen(argument), PG_UTF8);
}

/* dicom_tags(instance) -> jsonb */
Datum
radiomics_dicom_tags(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	DicomDataset dataset;
	char	   *json;
	Datum		result;

	radpg_dicom_dataset(context, PG_GETARG_DATUM(0), "instance", DICOM_WALK_NAMED, &dataset);
	if (!rad_dicom_json(context, &dataset, &json))
		radpg_throw(context);
	json = pg_any_to_server(json, strlen(json), PG_UTF8);
	result = DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
	radpg_context_delete(context);
	return result;
}

/* dicom_validate(instance) -> setof dicom_finding */
Datum
radiomics_dicom_validate(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	DicomFinding *findings = palloc(RAD_DICOM_MAX_FINDINGS * sizeof(DicomFinding));
	int64_t		length;
	const uint8_t *bytes = radpg_dicom_bytes(context, PG_GETARG_DATUM(0), &length);
	int			count;

	begin_rows(fcinfo, "dicom_finding", FINDING_COLUMNS);
	if (!rad_dicom_validate(context, "instance", bytes, length, findings, &count))
		radpg_throw(context);
	for (int n = 0; n < count; n++)
	{
		Datum		values[FINDING_COLUMNS];
		bool		nulls[FINDING_COLUMNS] = {false};

		values[FINDING_CODE] = CStringGetTextDatum(findings[n].code);
		values[FINDING_SEVERITY] = CStringGetTextDatum(findings[n].severity);
		values[FINDING_MESSAGE] = CStringGetTextDatum(findings[n].message);
		put_row(fcinfo, values, nulls);
	}
	radpg_context_delete(context);
	return (Datum) 0;
}

/* rtstruct_rois(structures) -> setof rtstruct_roi */
Datum
radiomics_rtstruct_rois(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	DicomDataset dataset;
	RtRoi	   *rois;
	int			count;

	begin_rows(fcinfo, "rtstruct_roi", ROI_COLUMNS);
	radpg_dicom_dataset(context, PG_GETARG_DATUM(0), "structure set", DICOM_WALK_ALL, &dataset);
	if (!rad_rtstruct_rois(context, &dataset, &rois, &count))
		radpg_throw(context);
	for (int n = 0; n < count; n++)
	{
		Datum		values[ROI_COLUMNS];
		bool		nulls[ROI_COLUMNS] = {false};

		values[ROI_NUMBER] = Int32GetDatum((int32) rois[n].number);
		values[ROI_NAME] = radpg_utf8_datum(rois[n].name, &nulls[ROI_NAME]);
		values[ROI_INTERPRETED_TYPE] = radpg_utf8_datum(rois[n].interpreted_type,
														&nulls[ROI_INTERPRETED_TYPE]);
		values[ROI_CONTOUR_COUNT] = Int64GetDatum(rois[n].contour_count);
		values[ROI_POINT_COUNT] = Int64GetDatum(rois[n].point_count);
		put_row(fcinfo, values, nulls);
	}
	radpg_context_delete(context);
	return (Datum) 0;
}

/* The value of a mask, which takes the context over. */
static Datum
mask_datum(RadContext *context, const Volume *mask)
{
	VolumeAttributes attributes = {.modality = "SEG"};

	if (!rad_container_check(context, &mask->grid, &attributes))
		radpg_throw(context);
	return radpg_volume_expanded(context, mask, &attributes);
}

/*
 * mask_from_rtstruct(structures, reference, roi) -> volume
 *
 * What is read has a context of its own here and below: that of the voxels
 * becomes the value's.
 */
Datum
radiomics_mask_from_rtstruct(PG_FUNCTION_ARGS)
{
	RadContext *input = radpg_context_create();
	RadContext *context = radpg_context_create();
	DicomDataset dataset;
	Grid		reference;
	Volume		mask;

	radpg_dicom_dataset(input, PG_GETARG_DATUM(0), "structure set", DICOM_WALK_ALL, &dataset);
	if (!radpg_volume_grid(input, PG_GETARG_DATUM(1), "reference", &reference))
		radpg_throw(input);
	if (!rad_rtstruct_mask(context, &dataset, utf8_argument(PG_GETARG_DATUM(2)), &reference,
						   &mask))
		radpg_throw(context);
	radpg_context_delete(input);
	return mask_datum(context, &mask);
}

/* seg_segments(segmentation) -> setof seg_segment */
Datum
radiomics_seg_segments(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	DicomDataset dataset;
	SegSegment *segments;
	int			count;

	begin_rows(fcinfo, "seg_segment", SEGMENT_COLUMNS);
	radpg_dicom_dataset(context, PG_GETARG_DATUM(0), "segmentation", DICOM_WALK_ALL, &dataset);
	if (!rad_seg_segments(context, &dataset, &segments, &count))
		radpg_throw(context);
	for (int n = 0; n < count; n++)
	{
		Datum		values[SEGMENT_COLUMNS];
		bool		nulls[SEGMENT_COLUMNS] = {false};

		values[SEGMENT_NUMBER] = Int32GetDatum(segments[n].number);
		values[SEGMENT_LABEL] = radpg_utf8_datum(segments[n].label, &nulls[SEGMENT_LABEL]);
		values[SEGMENT_CATEGORY] = radpg_utf8_datum(segments[n].category,
													&nulls[SEGMENT_CATEGORY]);
		values[SEGMENT_TYPE] = radpg_utf8_datum(segments[n].type, &nulls[SEGMENT_TYPE]);
		values[SEGMENT_ALGORITHM] = radpg_utf8_datum(segments[n].algorithm,
													 &nulls[SEGMENT_ALGORITHM]);
		values[SEGMENT_FRAME_COUNT] = Int64GetDatum(segments[n].frame_count);
		nulls[SEGMENT_FRAME_COUNT] = segments[n].frame_count < 0;
		put_row(fcinfo, values, nulls);
	}
	radpg_context_delete(context);
	return (Datum) 0;
}

/* mask_from_seg(segmentation, segment, reference, threshold) -> volume */
Datum
radiomics_mask_from_seg(PG_FUNCTION_ARGS)
{
	RadContext *input = radpg_context_create();
	RadContext *context = radpg_context_create();
	DicomDataset dataset;
	Grid		reference;
	Volume		mask;

	radpg_dicom_dataset(input, PG_GETARG_DATUM(0), "segmentation", DICOM_WALK_ALL, &dataset);
	if (!radpg_volume_grid(input, PG_GETARG_DATUM(2), "reference", &reference))
		radpg_throw(input);
	if (!rad_seg_mask(context, &dataset, PG_GETARG_INT32(1), PG_GETARG_FLOAT8(3), &reference,
					  &mask))
		radpg_throw(context);
	radpg_context_delete(input);
	return mask_datum(context, &mask);
}

/* suv_factor(instance) -> double precision */
Datum
radiomics_suv_factor(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	DicomDataset dataset;
	double		factor;

	radpg_dicom_dataset(context, PG_GETARG_DATUM(0), "instance", DICOM_WALK_ALL, &dataset);
	if (!rad_dicom_suv_factor(context, &dataset, &factor))
		radpg_throw(context);
	radpg_context_delete(context);
	PG_RETURN_FLOAT8(factor);
}

/* suv(image, instance) -> volume */
Datum
radiomics_suv(PG_FUNCTION_ARGS)
{
	RadContext *input = radpg_context_create();
	RadContext *context = radpg_context_create();
	DicomDataset dataset;
	VolumeReader *reader;
	VolumeAttributes attributes;
	Volume		volume;

	radpg_dicom_dataset(input, PG_GETARG_DATUM(1), "instance", DICOM_WALK_ALL, &dataset);
	if (!radpg_volume_reader(input, PG_GETARG_DATUM(0), "image", -1, &reader))
		radpg_throw(input);
	attributes = *rad_reader_attributes(reader);
	if (!rad_dicom_suv_volume(context, &dataset, reader, &attributes, &volume) ||
		!rad_container_check(context, &volume.grid, &attributes))
		radpg_throw(context);
	radpg_context_delete(input);
	return radpg_volume_expanded(context, &volume, &attributes);
}
