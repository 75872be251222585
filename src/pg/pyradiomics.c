/*
 * pyradiomics(): the default features of one label as a composite value; and
 * opening a scan with PyRadiomics' settings.
 */
#include "compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "utils/builtins.h"

#include "module.h"
#include "pyradiomics.h"

static Datum pyradiomics(FunctionCallInfo fcinfo, SourceKind kind);

RADPG_OVERLOADS(pyradiomics, pyradiomics)

/* What an attribute of the result shows: a feature's number, or one of these. */
#define COLUMN_UNKNOWN -1		/* of another version: NULL */
#define COLUMN_LABEL -2
#define COLUMN_VOXEL_COUNT -3
#define COLUMN_STATUS -4

static int *map_columns(TupleDesc descriptor, MemoryContext memory);
static void keep_original(const PyradiomicsSettings *settings, PyradiomicsSettings *kept);
static bool keep_value(RadContext *context, void *argument, const char *image_type,
					   PyradiomicsFeature feature, double value);
static Datum make_row(const CallCache *cache, int32 label, int64 voxel_count,
					  const char *failure, const double *values);

/*
 * The mask, or one channel of it.  Of a mask with one channel PyRadiomics does
 * not look at label_channel.
 */
static bool
open_mask(PyradiomicsCall *call, FunctionCallInfo fcinfo, SourceKind kind, VolumeReader **mask)
{
	if (radpg_argument_reader(call->context, fcinfo, kind, 1, "mask", -1, &call->mask, mask))
		return true;
	if (call->context->code != RAD_INVALID_PARAMETER)
		return false;
	rad_clear_error(call->context);
	radpg_source_close(&call->mask);
	memset(&call->mask, 0, sizeof(call->mask));
	return radpg_argument_reader(call->context, fcinfo, kind, 1, "mask",
								 call->settings->options.label_channel, &call->mask, mask);
}

bool
radpg_pyradiomics_open(PyradiomicsCall *call, FunctionCallInfo fcinfo, SourceKind kind,
					   const PyradiomicsSettings *settings, const int32 *labels,
					   int label_count)
{
	VolumeReader *image;
	VolumeReader *mask;

	memset(call, 0, sizeof(*call));
	call->settings = settings;
	call->context = radpg_context_create();
	if (radpg_argument_reader(call->context, fcinfo, kind, 0, "image", settings->frame,
							  &call->image, &image) &&
		open_mask(call, fcinfo, kind, &mask) &&
		rad_pyradiomics_join(call->context, image, mask, labels, label_count, &call->scan))
		return true;
	radpg_pyradiomics_check_failure(call);
	return false;
}

void
radpg_pyradiomics_check_failure(const PyradiomicsCall *call)
{
	if (!call->settings->on_error_null || !rad_is_data_failure(call->context->code))
		radpg_throw(call->context);
}

void
radpg_pyradiomics_close(PyradiomicsCall *call)
{
	radpg_source_close(&call->image);
	radpg_source_close(&call->mask);
	radpg_context_delete(call->context);
}

void
radpg_pyradiomics_notice(void *argument, const char *message)
{
	ereport(NOTICE, (errmsg("%s", message)));
}

/*
 * pyradiomics(image, mask, label, settings) -> pyradiomics_features
 *
 * Not strict, because a NULL label means that of the settings; any other NULL
 * gives NULL.
 */
static Datum
pyradiomics(FunctionCallInfo fcinfo, SourceKind kind)
{
	CallCache  *cache = radpg_call_cache(fcinfo);
	const ProfileSettings *settings;
	PyradiomicsSettings kept;
	double		values[PYRADIOMICS_FEATURE_COUNT];
	const PyradiomicsOutput output = {keep_value, radpg_pyradiomics_notice, values};
	PyradiomicsCall call;
	int64		voxel_count = 0;
	int32		label;
	const char *failure = NULL;
	Datum		row;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_NULL();
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
	settings = radpg_profile_settings(&cache->settings, fcinfo->flinfo->fn_mcxt,
									  PG_GETARG_JSONB_P(3), PROFILE_PYRADIOMICS);
	if (settings->profile != PROFILE_PYRADIOMICS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("settings have the profile \"ibsi\""),
				 errhint("Use features(), or leave \"profile\" out.")));
	keep_original(&settings->pyradiomics, &kept);
	label = PG_ARGISNULL(2) ? kept.options.label : PG_GETARG_INT32(2);
	for (int n = 0; n < PYRADIOMICS_FEATURE_COUNT; n++)
		values[n] = NAN;
	if (!radpg_pyradiomics_open(&call, fcinfo, kind, &kept, &label, 1))
		failure = call.context->message;
	else if (!rad_pyradiomics_extract(call.context, radpg_device(), &call.scan, label, &kept,
									  &output, &voxel_count))
	{
		radpg_pyradiomics_check_failure(&call);
		failure = call.context->message;
	}
	row = make_row(cache, label, voxel_count, failure, values);
	radpg_pyradiomics_close(&call);
	PG_RETURN_DATUM(row);
}

/* The columns show the unfiltered image: leave the other image types out. */
static void
keep_original(const PyradiomicsSettings *settings, PyradiomicsSettings *kept)
{
	*kept = *settings;
	kept->image_count = 0;
	for (int n = 0; n < settings->image_count; n++)
		if (settings->images[n].type == PYRADIOMICS_ORIGINAL)
			kept->images[kept->image_count++] = settings->images[n];
}

/* PyradiomicsOutput.value */
static bool
keep_value(RadContext *context, void *argument, const char *image_type,
		   PyradiomicsFeature feature, double value)
{
	((double *) argument)[feature] = value;
	return true;
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

		columns[n] = COLUMN_UNKNOWN;
		if (attribute->attisdropped)
			continue;
		if (strcmp(name, "label") == 0)
			columns[n] = COLUMN_LABEL;
		else if (strcmp(name, "voxel_count") == 0)
			columns[n] = COLUMN_VOXEL_COUNT;
		else if (strcmp(name, "status") == 0)
			columns[n] = COLUMN_STATUS;
		for (int feature = 0; feature < PYRADIOMICS_FEATURE_COUNT; feature++)
		{
			char		column[PYRADIOMICS_COLUMN_SIZE];

			rad_pyradiomics_column(feature, column);
			if (strcmp(name, column) == 0)
				columns[n] = feature;
		}
	}
	return columns;
}

/* The result; failure is NULL when all went well. */
static Datum
make_row(const CallCache *cache, int32 label, int64 voxel_count, const char *failure,
		 const double *values)
{
	int			natts = cache->descriptor->natts;
	Datum	   *datums = palloc0(sizeof(Datum) * natts);
	bool	   *nulls = palloc(sizeof(bool) * natts);

	memset(nulls, true, sizeof(bool) * natts);
	for (int n = 0; n < natts; n++)
	{
		int			column = cache->columns[n];

		if (column == COLUMN_LABEL)
		{
			datums[n] = Int32GetDatum(label);
			nulls[n] = false;
		}
		else if (column == COLUMN_STATUS)
		{
			datums[n] = CStringGetTextDatum(failure != NULL ? failure : "ok");
			nulls[n] = false;
		}
		else if (column == COLUMN_VOXEL_COUNT && failure == NULL)
		{
			datums[n] = Int64GetDatum(voxel_count);
			nulls[n] = false;
		}
		else if (column >= 0 && failure == NULL)
		{
			datums[n] = Float8GetDatum(values[column]);
			nulls[n] = isnan(values[column]);
		}
	}
	return HeapTupleGetDatum(heap_form_tuple(cache->descriptor, datums, nulls));
}
