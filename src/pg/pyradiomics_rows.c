/*
 * feature_rows() of the profile pyradiomics: one row per feature of every
 * enabled image type, in PyRadiomics' order and under its keys.
 */
#include "compat.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "module.h"
#include "pyradiomics.h"

#include "base/scope.h"
#include "pyradiomics/diagnose.h"

/*
 * A value of the label at hand: rows are stored when the label is complete.
 * Of a diagnostic there is its key alone.
 */
typedef struct KeptValue
{
	char	   *image_type;		/* or NULL */
	PyradiomicsFeature feature;
	char	   *diagnostic;		/* or NULL */
	double		value;
} KeptValue;

typedef struct LabelValues
{
	MemoryContext memory;		/* reset after every label */
	int			count;
	int			room;
	KeptValue  *values;
} LabelValues;

/* Room for one more value; the caller is in kept->memory. */
static KeptValue *
next_value(LabelValues *kept)
{
	if (kept->count == kept->room)
	{
		kept->room = Max(2 * kept->room, 128);
		kept->values = kept->count == 0 ? palloc(sizeof(KeptValue) * kept->room) :
			repalloc(kept->values, sizeof(KeptValue) * kept->room);
	}
	return &kept->values[kept->count++];
}

/* PyradiomicsOutput.value */
static bool
keep_value(RadContext *context, void *argument, const char *image_type,
		   PyradiomicsFeature feature, double value)
{
	LabelValues *kept = argument;
	MemoryContext previous = MemoryContextSwitchTo(kept->memory);

	*next_value(kept) = (KeptValue) {.image_type = pstrdup(image_type), .feature = feature,
	.value = value};
	MemoryContextSwitchTo(previous);
	return true;
}

/*
 * PyradiomicsDiagnosticSink: a row per number, those of several with the axis
 * behind the key; texts have no row.
 */
static bool
keep_diagnostic(RadContext *context, void *argument, const char *key, const char *text,
				const double *values, int count)
{
	static const char *const ends[] = {"_x", "_y", "_z"};
	LabelValues *kept = argument;
	MemoryContext previous = MemoryContextSwitchTo(kept->memory);
	int			axes = count > 3 ? count / 2 : count;

	for (int n = 0; text == NULL && n < count; n++)
		*next_value(kept) = (KeptValue) {
			.diagnostic = psprintf("%s%s%s", key, n >= axes ? "_size" : "",
								   count > 1 ? ends[n % axes] : ""),
			.value = values[n],
		};
	MemoryContextSwitchTo(previous);
	return true;
}

/* A row of feature_row; texts that are NULL are NULL there. */
static void
put_row(Tuplestorestate *store, TupleDesc descriptor, int32 label, const char *image_type,
		const char *family, const char *feature, const char *unit, double value)
{
	Datum		values[ROW_COLUMNS] = {0};
	bool		nulls[ROW_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	values[ROW_LABEL] = Int32GetDatum(label);
	nulls[ROW_LABEL] = false;
#define PUT_TEXT(column, text) \
	do { \
		if ((text) != NULL) \
		{ \
			values[column] = CStringGetTextDatum(text); \
			nulls[column] = false; \
		} \
	} while (0)
	PUT_TEXT(ROW_IMAGE_TYPE, image_type);
	PUT_TEXT(ROW_FAMILY, family);
	PUT_TEXT(ROW_FEATURE, feature);
	PUT_TEXT(ROW_UNIT, unit);
#undef PUT_TEXT
	values[ROW_VALUE] = Float8GetDatum(value);
	nulls[ROW_VALUE] = isnan(value);
	tuplestore_putvalues(store, descriptor, values, nulls);
}

static void
put_value(Tuplestorestate *store, TupleDesc descriptor, int32 label, const KeptValue *kept)
{
	const PyradiomicsFeatureEntry *entry = &rad_pyradiomics_features[kept->feature];
	const char *class_name = rad_pyradiomics_classes[entry->class_id].name;

	if (kept->diagnostic != NULL)
		put_row(store, descriptor, label, NULL, "diagnostics", kept->diagnostic, NULL,
				kept->value);
	else
		put_row(store, descriptor, label, kept->image_type, class_name,
				psprintf("%s_%s_%s", kept->image_type, class_name, entry->name), entry->unit,
				kept->value);
}

/* A label that failed: which features it would have is not known then. */
static void
put_failure(Tuplestorestate *store, TupleDesc descriptor, int32 label, const char *message)
{
	put_row(store, descriptor, label, NULL, NULL, NULL, NULL, NAN);
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("no features of label %d: %s", label, message)));
}

/* All labels of a mask in ascending order. */
static int32 *
all_labels(const PyradiomicsCall *call, int *count)
{
	const MaskRuns *mask = call->scan.mask;
	int32	   *labels = palloc(sizeof(int32) * Max(mask->label_count, 1));

	for (int n = 0; n < mask->label_count; n++)
		labels[n] = mask->labels[n].label;
	*count = mask->label_count;
	return labels;
}

void
radpg_pyradiomics_rows(FunctionCallInfo fcinfo, SourceKind kind,
					   const PyradiomicsSettings *settings, const int32 *labels,
					   int label_count, Tuplestorestate *store, TupleDesc descriptor)
{
	PyradiomicsCall call;
	LabelValues kept = {
		.memory = AllocSetContextCreate(CurrentMemoryContext, "radiomics rows",
										ALLOCSET_DEFAULT_SIZES),
	};
	const PyradiomicsOutput output = {keep_value, radpg_pyradiomics_notice, &kept};
	bool		open;

	if (labels == NULL && settings->label_given)
	{
		labels = &settings->options.label;
		label_count = 1;
	}
	/* Diagnostics hash the whole mask. */
	open = radpg_pyradiomics_open(&call, fcinfo, kind, settings,
								  settings->diagnostics ? NULL : labels, label_count);
	if (!open && labels == NULL)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("no features of this scan: %s", call.context->message)));
	if (open && labels == NULL)
		labels = all_labels(&call, &label_count);
	for (int n = 0; n < label_count; n++)
	{
		Scope		scope;
		int64		voxel_count;
		bool		extracted;

		if (!open)
		{
			put_failure(store, descriptor, labels[n], call.context->message);
			continue;
		}
		rad_scope_open(&scope, call.context);
		extracted = (!settings->diagnostics ||
					 rad_pyradiomics_diagnose(&scope.context, radpg_device(), &call.scan,
											  labels[n], settings, keep_diagnostic, &kept)) &&
			rad_pyradiomics_extract(&scope.context, radpg_device(), &call.scan,
									labels[n], settings, &output, &voxel_count);
		rad_scope_close(&scope);
		if (extracted)
			for (int m = 0; m < kept.count; m++)
				put_value(store, descriptor, labels[n], &kept.values[m]);
		else
		{
			rad_scope_fail(&scope);
			radpg_pyradiomics_check_failure(&call);
			put_failure(store, descriptor, labels[n], call.context->message);
			rad_clear_error(call.context);
		}
		kept.count = kept.room = 0;
		kept.values = NULL;
		MemoryContextReset(kept.memory);
	}
	radpg_pyradiomics_close(&call);
	MemoryContextDelete(kept.memory);
}
