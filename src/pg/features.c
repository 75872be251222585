/*
 * One composite value per region: features() and features_by_label().
 */
#include "compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "utils/builtins.h"

#include "module.h"
#include "scan.h"

/* What an attribute of the result shows: a feature's number, or one of these. */
#define COLUMN_UNKNOWN -1		/* of another version: NULL */
#define COLUMN_LABEL -2
#define COLUMN_VOXEL_COUNT -3
#define COLUMN_STATUS -4

/* Where the rows of one call go. */
typedef struct RowTarget
{
	Aggregation aggregation;	/* that columns show */
	TupleDesc	descriptor;
	const int  *columns;
	Tuplestorestate *store;		/* NULL: keep one tuple */
	HeapTuple	tuple;
} RowTarget;

static Datum features(FunctionCallInfo fcinfo, SourceKind kind);
static Datum features_by_label(FunctionCallInfo fcinfo, SourceKind kind);
static bool extract_rows(OpenScan *scan, const int32 *labels, int label_count,
						 RowTarget *target);
static int *map_columns(TupleDesc descriptor, MemoryContext memory);
static bool emit_row(RadContext *context, void *argument, const LabelFeatures *features);
static void put_row(RowTarget *target, const int32 *label, const int64 *voxel_count,
					const char *status, const FeatureValues *values);

RADPG_OVERLOADS(features, features)
RADPG_OVERLOADS(features_by_label, features_by_label)

/* features(image, mask, label, settings) -> ibsi_features */
static Datum
features(FunctionCallInfo fcinfo, SourceKind kind)
{
	CallCache  *cache = radpg_call_cache(fcinfo);
	int32		label = PG_GETARG_INT32(2);
	RowTarget	target = {0};
	OpenScan	scan;

	if (cache->descriptor == NULL)
	{
		MemoryContext previous = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc	descriptor;

		if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		cache->columns = map_columns(descriptor, CurrentMemoryContext);
		cache->descriptor = BlessTupleDesc(descriptor);
		MemoryContextSwitchTo(previous);
	}
	target.descriptor = cache->descriptor;
	target.columns = cache->columns;

	if (!radpg_scan_open(&scan, fcinfo, kind, 3, &label, 1))
		put_row(&target, &label, NULL, scan.context->message, NULL);
	else if (!extract_rows(&scan, &label, 1, &target))
		put_row(&target, &label, NULL, scan.context->message, NULL);
	radpg_scan_close(&scan);
	PG_RETURN_DATUM(HeapTupleGetDatum(target.tuple));
}

/* features_by_label(image, mask, settings) -> setof ibsi_features */
static Datum
features_by_label(FunctionCallInfo fcinfo, SourceKind kind)
{
	RowTarget	target = {0};
	OpenScan	scan;

	target.descriptor = radpg_begin_materialize(fcinfo);
	target.store = ((ReturnSetInfo *) fcinfo->resultinfo)->setResult;
	target.columns = map_columns(target.descriptor, CurrentMemoryContext);

	if (!radpg_scan_open(&scan, fcinfo, kind, 2, NULL, 0))
		put_row(&target, NULL, NULL, scan.context->message, NULL);
	else if (!extract_rows(&scan, NULL, 0, &target))
		put_row(&target, NULL, NULL, scan.context->message, NULL);
	radpg_scan_close(&scan);
	return (Datum) 0;
}

/*
 * Deliver the rows of an open scan.  Only what the columns show is computed:
 * one aggregation, and no diagnostics.  Returns false for a failure of the
 * whole scan that becomes a status.
 */
static bool
extract_rows(OpenScan *scan, const int32 *labels, int label_count, RowTarget *target)
{
	Settings	settings = *scan->settings;

	target->aggregation = rad_settings_column_aggregation(&settings);
	settings.aggregations = 1u << target->aggregation;
	settings.diagnostics = false;
	if (rad_extract(scan->context, radpg_device(), &scan->pair, labels, label_count,
					&settings, emit_row, target))
		return true;
	radpg_scan_check_failure(scan);
	return false;
}

/*
 * The meaning of each attribute, by name: the library may be newer or older
 * than the type, and attributes may have been dropped.
 */
static int *
map_columns(TupleDesc descriptor, MemoryContext memory)
{
	int		   *columns = MemoryContextAlloc(memory, sizeof(int) * descriptor->natts);

	for (int n = 0; n < descriptor->natts; n++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, n);
		const char *name = NameStr(attribute->attname);

		if (attribute->attisdropped)
			columns[n] = COLUMN_UNKNOWN;
		else if (strcmp(name, "label") == 0)
			columns[n] = COLUMN_LABEL;
		else if (strcmp(name, "voxel_count") == 0)
			columns[n] = COLUMN_VOXEL_COUNT;
		else if (strcmp(name, "status") == 0)
			columns[n] = COLUMN_STATUS;
		else
			columns[n] = rad_find_feature(name);
	}
	return columns;
}

/* LabelCallback */
static bool
emit_row(RadContext *context, void *argument, const LabelFeatures *features)
{
	RowTarget  *target = argument;

	if (features->code == RAD_OK)
		put_row(target, &features->label, &features->voxel_count, "ok", &features->values);
	else
		put_row(target, &features->label, NULL, features->message, NULL);
	return true;
}

/* Keep or store one row; what is NULL here is NULL there. */
static void
put_row(RowTarget *target, const int32 *label, const int64 *voxel_count,
		const char *status, const FeatureValues *values)
{
	int			natts = target->descriptor->natts;
	Datum	   *datums = palloc0(sizeof(Datum) * natts);
	bool	   *nulls = palloc(sizeof(bool) * natts);

	memset(nulls, true, sizeof(bool) * natts);
	for (int n = 0; n < natts; n++)
	{
		int			column = target->columns[n];

		if (column == COLUMN_LABEL && label != NULL)
		{
			datums[n] = Int32GetDatum(*label);
			nulls[n] = false;
		}
		else if (column == COLUMN_VOXEL_COUNT && voxel_count != NULL)
		{
			datums[n] = Int64GetDatum(*voxel_count);
			nulls[n] = false;
		}
		else if (column == COLUMN_STATUS)
		{
			datums[n] = CStringGetTextDatum(status);
			nulls[n] = false;
		}
		else if (column >= 0 && values != NULL)
		{
			int			slot = rad_aggregation_slot(rad_features[column].family,
													target->aggregation);
			double		value = values->value[column][slot];

			datums[n] = Float8GetDatum(value);
			nulls[n] = isnan(value);
		}
	}
	if (target->store != NULL)
		tuplestore_putvalues(target->store, target->descriptor, datums, nulls);
	else
		target->tuple = heap_form_tuple(target->descriptor, datums, nulls);
	pfree(datums);
	pfree(nulls);
}
