/*
 * One row per label, feature and aggregation: feature_rows().
 */
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "module.h"
#include "pyradiomics.h"
#include "scan.h"

/* Where the rows of one call go. */
typedef struct RowSink
{
	const Settings *settings;
	Tuplestorestate *store;
	TupleDesc	descriptor;
	MemoryContext row_memory;	/* reset after every label */
} RowSink;

/* Numbers of voxels have no unit, which the catalogue writes so. */
#define UNIT_VOXELS "1"

static Datum feature_rows(FunctionCallInfo fcinfo, SourceKind kind);
static int32 *wanted_labels(FunctionCallInfo fcinfo, int argument, int *count);
static void put_failed_labels(RowSink *sink, const int32 *labels, int count,
							  const char *message);
static bool emit_label(RadContext *context, void *argument, const LabelFeatures *features);
static void put_features(RowSink *sink, int32 label, const FeatureValues *values);
static void put_diagnostics(RowSink *sink, int32 label, const Diagnostics *diagnostics);
static void put_image(RowSink *sink, int32 label, const char *family, const char *stage,
					  const ImageDiagnostics *image);
static void put_mask(RowSink *sink, int32 label, const char *family, const char *stage,
					 const MaskDiagnostics *mask);
static void put_row(RowSink *sink, int32 label, const char *family, const char *feature,
					const char *code, const char *aggregation, const char *unit, double value);

RADPG_OVERLOADS(feature_rows, feature_rows)

/*
 * feature_rows(image, mask, labels, settings) -> setof feature_row
 *
 * Not strict, because NULL labels mean all of them; any other NULL gives no
 * rows, as a strict function would.
 */
static Datum
feature_rows(FunctionCallInfo fcinfo, SourceKind kind)
{
	RowSink		sink = {0};
	OpenScan	scan;
	const ProfileSettings *settings;
	int32	   *labels = NULL;
	int			label_count = 0;

	sink.descriptor = radpg_begin_materialize(fcinfo);
	sink.store = ((ReturnSetInfo *) fcinfo->resultinfo)->setResult;
	if (sink.descriptor->natts != ROW_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type feature_row does not have %d attributes", ROW_COLUMNS),
				 errhint("Run ALTER EXTENSION radiomics UPDATE.")));
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return (Datum) 0;
	if (!PG_ARGISNULL(2))
		labels = wanted_labels(fcinfo, 2, &label_count);
	settings = radpg_profile_settings(&radpg_call_cache(fcinfo)->settings,
									  fcinfo->flinfo->fn_mcxt, PG_GETARG_JSONB_P(3),
									  PROFILE_IBSI);
	if (settings->profile == PROFILE_PYRADIOMICS)
	{
		radpg_pyradiomics_rows(fcinfo, kind, &settings->pyradiomics, labels, label_count,
							   sink.store, sink.descriptor);
		return (Datum) 0;
	}

	sink.row_memory = AllocSetContextCreate(CurrentMemoryContext, "radiomics rows",
											ALLOCSET_DEFAULT_SIZES);
	if (!radpg_scan_open(&scan, fcinfo, kind, 3, labels, label_count))
	{
		sink.settings = scan.settings;
		put_failed_labels(&sink, labels, label_count, scan.context->message);
	}
	else
	{
		sink.settings = scan.settings;
		if (!rad_extract(scan.context, radpg_device(), &scan.pair, labels, label_count,
						 scan.settings, emit_label, &sink))
		{
			radpg_scan_check_failure(&scan);
			put_failed_labels(&sink, labels, label_count, scan.context->message);
		}
	}
	radpg_scan_close(&scan);
	MemoryContextDelete(sink.row_memory);
	return (Datum) 0;
}

/* The elements of an integer[] argument, never NULL even when there is none. */
static int32 *
wanted_labels(FunctionCallInfo fcinfo, int argument, int *count)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argument);
	Datum	   *elements;
	bool	   *nulls;
	int32	   *labels;

	deconstruct_array(array, INT4OID, sizeof(int32), true, TYPALIGN_INT,
					  &elements, &nulls, count);
	labels = palloc(sizeof(int32) * Max(*count, 1));
	for (int n = 0; n < *count; n++)
	{
		if (nulls[n])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("labels must not contain nulls"),
					 errhint("NULL instead of an array means all labels of the mask.")));
		labels[n] = DatumGetInt32(elements[n]);
	}
	return labels;
}

/*
 * The whole scan cannot be used: rows without values for the labels that were
 * asked for by number, and one warning.
 */
static void
put_failed_labels(RowSink *sink, const int32 *labels, int count, const char *message)
{
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("no features of this scan: %s", message)));
	for (int n = 0; n < count; n++)
		put_features(sink, labels[n], NULL);
}

/* LabelCallback */
static bool
emit_label(RadContext *context, void *argument, const LabelFeatures *features)
{
	RowSink    *sink = argument;
	MemoryContext previous = MemoryContextSwitchTo(sink->row_memory);

	if (features->code != RAD_OK)
	{
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("no features of label %d: %s", features->label, features->message)));
		put_features(sink, features->label, NULL);
	}
	else
	{
		if (sink->settings->diagnostics)
			put_diagnostics(sink, features->label, &features->diagnostics);
		put_features(sink, features->label, &features->values);
	}
	MemoryContextSwitchTo(previous);
	MemoryContextReset(sink->row_memory);
	return true;
}

/* The chosen features in the catalogue's order, NULL where values is NULL. */
static void
put_features(RowSink *sink, int32 label, const FeatureValues *values)
{
	const Settings *settings = sink->settings;

	for (int feature = 0; feature < FEATURE_COUNT; feature++)
	{
		const FeatureEntry *entry = &rad_features[feature];
		bool		done[AGGREGATION_COUNT] = {false};

		if (!rad_settings_wants_family(settings, entry->family) || settings->excluded[feature])
			continue;
		for (int n = 0; n < AGGREGATION_COUNT; n++)
		{
			Aggregation aggregation = (Aggregation) n;
			int			slot = rad_aggregation_slot(entry->family, aggregation);

			/* Zone families know three of the six, others one. */
			if ((settings->aggregations & (1u << n)) == 0 || done[slot])
				continue;
			done[slot] = true;
			put_row(sink, label, rad_families[entry->family].name, entry->tag, entry->code,
					rad_aggregation_label(entry->family, aggregation), entry->unit,
					values != NULL ? values->value[feature][slot] : NAN);
		}
	}
}

static void
put_diagnostics(RowSink *sink, int32 label, const Diagnostics *diagnostics)
{
	put_image(sink, label, "diagnostics_initial_image", "init_img",
			  &diagnostics->initial_image);
	put_image(sink, label, "diagnostics_interpolated_image", "interp_img",
			  &diagnostics->interpolated_image);
	put_mask(sink, label, "diagnostics_initial_roi", "init_roi",
			 &diagnostics->initial_mask);
	put_mask(sink, label, "diagnostics_interpolated_roi", "interp_roi",
			 &diagnostics->interpolated_mask);
	put_mask(sink, label, "diagnostics_resegmented_roi", "reseg_roi",
			 &diagnostics->resegmented_mask);
}

static void
put_image(RowSink *sink, int32 label, const char *family, const char *stage,
		  const ImageDiagnostics *image)
{
	static const char axes[] = "xyz";

	for (int axis = 0; axis < 3; axis++)
		put_row(sink, label, family, psprintf("img_dim_%c_%s", axes[axis], stage), NULL, NULL,
				UNIT_VOXELS, image->size[axis]);
	for (int axis = 0; axis < 3; axis++)
		put_row(sink, label, family, psprintf("vox_dim_%c_%s", axes[axis], stage), NULL, NULL,
				"mm", image->spacing[axis]);
	put_row(sink, label, family, psprintf("mean_int_%s", stage), NULL, NULL,
			"intensity", image->mean);
	put_row(sink, label, family, psprintf("min_int_%s", stage), NULL, NULL,
			"intensity", image->minimum);
	put_row(sink, label, family, psprintf("max_int_%s", stage), NULL, NULL,
			"intensity", image->maximum);
}

static void
put_mask(RowSink *sink, int32 label, const char *family, const char *stage,
		 const MaskDiagnostics *mask)
{
	static const char axes[] = "xyz";

	for (int axis = 0; axis < 3; axis++)
		put_row(sink, label, family, psprintf("int_mask_dim_%c_%s", axes[axis], stage),
				NULL, NULL, UNIT_VOXELS, mask->size[axis]);
	for (int axis = 0; axis < 3; axis++)
		put_row(sink, label, family, psprintf("int_mask_bb_dim_%c_%s", axes[axis], stage),
				NULL, NULL, UNIT_VOXELS, mask->intensity_box[axis]);
	for (int axis = 0; axis < 3; axis++)
		put_row(sink, label, family, psprintf("morph_mask_bb_dim_%c_%s", axes[axis], stage),
				NULL, NULL, UNIT_VOXELS, mask->morphological_box[axis]);
	put_row(sink, label, family, psprintf("int_mask_vox_count_%s", stage), NULL, NULL,
			UNIT_VOXELS, (double) mask->intensity_count);
	put_row(sink, label, family, psprintf("morph_mask_vox_count_%s", stage), NULL, NULL,
			UNIT_VOXELS, (double) mask->morphological_count);
	put_row(sink, label, family, psprintf("int_mask_mean_int_%s", stage), NULL, NULL,
			"intensity", mask->mean);
	put_row(sink, label, family, psprintf("int_mask_min_int_%s", stage), NULL, NULL,
			"intensity", mask->minimum);
	put_row(sink, label, family, psprintf("int_mask_max_int_%s", stage), NULL, NULL,
			"intensity", mask->maximum);
}

/* One row; code and aggregation may be NULL, an undefined value becomes NULL. */
static void
put_row(RowSink *sink, int32 label, const char *family, const char *feature,
		const char *code, const char *aggregation, const char *unit, double value)
{
	Datum		values[ROW_COLUMNS] = {0};
	bool		nulls[ROW_COLUMNS] = {false};

	values[ROW_LABEL] = Int32GetDatum(label);
	values[ROW_IMAGE_TYPE] = CStringGetTextDatum("original");
	values[ROW_FAMILY] = CStringGetTextDatum(family);
	values[ROW_FEATURE] = CStringGetTextDatum(feature);
	if (code != NULL)
		values[ROW_IBSI_CODE] = CStringGetTextDatum(code);
	else
		nulls[ROW_IBSI_CODE] = true;
	if (aggregation != NULL)
		values[ROW_AGGREGATION] = CStringGetTextDatum(aggregation);
	else
		nulls[ROW_AGGREGATION] = true;
	values[ROW_UNIT] = CStringGetTextDatum(unit);
	values[ROW_VALUE] = Float8GetDatum(value);
	nulls[ROW_VALUE] = isnan(value);
	tuplestore_putvalues(sink->store, sink->descriptor, values, nulls);
}
