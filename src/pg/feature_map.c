/*
 * feature_map(): features of the neighbourhood of every voxel, as volumes.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "pyradiomics.h"
#include "volume.h"

#include "pyradiomics/maps.h"

/* A feature that was asked for by name. */
typedef struct WantedMap
{
	char	   *text;			/* as it was written */
	char	   *image_type;		/* NULL: of every image type */
	PyradiomicsFeature feature;
	bool		found;
} WantedMap;

typedef struct MapCall
{
	WantedMap  *wanted;			/* NULL: all that the settings enable */
	int			wanted_count;
	Tuplestorestate *store;
	TupleDesc	descriptor;
	MemoryContext row_memory;	/* reset after every map */
} MapCall;

static Datum feature_map(FunctionCallInfo fcinfo, SourceKind kind);

RADPG_OVERLOADS(feature_map, feature_map)

static void choose_maps(FunctionCallInfo fcinfo, MapCall *call, PyradiomicsSettings *settings);
static void parse_wanted(char *text, WantedMap *wanted);
static bool is_wanted(void *argument, const char *image_type, PyradiomicsFeature feature);
static bool put_map(RadContext *context, void *argument, const char *image_type,
					PyradiomicsFeature feature, const Volume *map);
static void check_found(const MapCall *call);

/*
 * feature_map(image, mask, features, settings) -> setof (feature, map)
 *
 * Not strict, because NULL features mean those of the settings; any other NULL
 * gives no rows.
 */
static Datum
feature_map(FunctionCallInfo fcinfo, SourceKind kind)
{
	const ProfileSettings *profile;
	PyradiomicsSettings settings;
	PyradiomicsCall call;
	MapCall		maps = {0};
	const PyradiomicsMapOutput output = {put_map, is_wanted, radpg_pyradiomics_notice, &maps};

	maps.descriptor = radpg_begin_materialize(fcinfo);
	maps.store = ((ReturnSetInfo *) fcinfo->resultinfo)->setResult;
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		return (Datum) 0;
	profile = radpg_profile_settings(&radpg_call_cache(fcinfo)->settings,
									 fcinfo->flinfo->fn_mcxt, PG_GETARG_JSONB_P(3),
									 PROFILE_PYRADIOMICS);
	if (profile->profile != PROFILE_PYRADIOMICS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("settings have the profile \"ibsi\""),
				 errhint("Maps have PyRadiomics' conventions: leave \"profile\" out.")));
	settings = profile->pyradiomics;
	if (!PG_ARGISNULL(2))
		choose_maps(fcinfo, &maps, &settings);
	if (settings.options.voxel_batch > 0)
		ereport(NOTICE,
				(errmsg("setting \"voxelBatch\" bounds no memory: it is bounded without"),
				 errdetail("It only decides, as in PyRadiomics, over which voxels an empty "
						   "direction is looked for.")));

	maps.row_memory = AllocSetContextCreate(CurrentMemoryContext, "radiomics maps",
											ALLOCSET_DEFAULT_SIZES);
	if (!radpg_pyradiomics_open(&call, fcinfo, kind, &settings, &settings.options.label, 1) ||
		!rad_pyradiomics_maps(call.context, &call.scan, settings.options.label, &settings,
							  &output))
	{
		radpg_pyradiomics_check_failure(&call);
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("no maps of label %d: %s", settings.options.label,
						call.context->message)));
	}
	else
		check_found(&maps);
	radpg_pyradiomics_close(&call);
	MemoryContextDelete(maps.row_memory);
	return (Datum) 0;
}

/* Enable the features of the array argument, in its order, and no others. */
static void
choose_maps(FunctionCallInfo fcinfo, MapCall *call, PyradiomicsSettings *settings)
{
	Datum	   *elements;
	bool	   *nulls;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  &nulls, &call->wanted_count);
	call->wanted = palloc0(sizeof(WantedMap) * Max(call->wanted_count, 1));
	settings->class_count = 0;
	for (int n = 0; n < call->wanted_count; n++)
	{
		WantedMap  *wanted = &call->wanted[n];
		PyradiomicsClassChoice *choice = NULL;
		bool		listed = false;

		if (nulls[n])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("features must not contain nulls"),
					 errhint("NULL instead of an array means the features of the settings.")));
		parse_wanted(TextDatumGetCString(elements[n]), wanted);
		for (int m = 0; m < settings->class_count; m++)
			if (settings->classes[m].class_id == rad_pyradiomics_features[wanted->feature].class_id)
				choice = &settings->classes[m];
		if (choice == NULL)
		{
			choice = &settings->classes[settings->class_count++];
			choice->class_id = rad_pyradiomics_features[wanted->feature].class_id;
			choice->count = 0;
		}
		for (int m = 0; m < choice->count; m++)
			listed |= choice->features[m] == wanted->feature;
		if (!listed)
			choice->features[choice->count++] = wanted->feature;
	}
}

/* "glcm_Contrast", or with an image type "wavelet-LLH_glcm_Contrast". */
static void
parse_wanted(char *text, WantedMap *wanted)
{
	char	   *name = pstrdup(text);
	char	   *feature = strrchr(name, '_');
	char	   *class_name = name;
	const char *names[PYRADIOMICS_FEATURE_COUNT];
	const char *nearest;

	wanted->text = text;
	if (feature != NULL)
	{
		*feature++ = '\0';
		class_name = strrchr(name, '_');
		if (class_name != NULL)
		{
			*class_name++ = '\0';
			wanted->image_type = name;
		}
		else
			class_name = name;
		for (int n = 0; n < PYRADIOMICS_FEATURE_COUNT; n++)
		{
			const PyradiomicsFeatureEntry *entry = &rad_pyradiomics_features[n];

			if (strcmp(entry->name, feature) != 0 ||
				strcmp(rad_pyradiomics_classes[entry->class_id].name, class_name) != 0)
				continue;
			if (entry->class_id == PYRADIOMICS_shape || entry->class_id == PYRADIOMICS_shape2D)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("feature \"%s\" has no map: shape is that of the whole region",
								text)));
			wanted->feature = (PyradiomicsFeature) n;
			return;
		}
	}
	for (int n = 0; n < PYRADIOMICS_FEATURE_COUNT; n++)
		names[n] = psprintf("%s_%s", rad_pyradiomics_classes[rad_pyradiomics_features[n].class_id].name,
							rad_pyradiomics_features[n].name);
	nearest = rad_nearest_name(wanted->image_type != NULL ? text + strlen(name) + 1 : text, names,
							   PYRADIOMICS_FEATURE_COUNT);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown feature \"%s\"", text),
			 nearest != NULL ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("Write a class and a feature, such as \"glcm_Contrast\".")));
}

/* PyradiomicsMapFilter */
static bool
is_wanted(void *argument, const char *image_type, PyradiomicsFeature feature)
{
	const MapCall *call = argument;

	if (call->wanted == NULL)
		return true;
	for (int n = 0; n < call->wanted_count; n++)
		if (call->wanted[n].feature == feature &&
			(call->wanted[n].image_type == NULL ||
			 strcmp(call->wanted[n].image_type, image_type) == 0))
			return true;
	return false;
}

/* PyradiomicsMapVisitor: one row. */
static bool
put_map(RadContext *context, void *argument, const char *image_type,
		PyradiomicsFeature feature, const Volume *map)
{
	MapCall    *call = argument;
	const PyradiomicsFeatureEntry *entry = &rad_pyradiomics_features[feature];
	MemoryContext previous = MemoryContextSwitchTo(call->row_memory);
	Datum		values[2];
	bool		nulls[2] = {false, false};

	for (int n = 0; n < call->wanted_count; n++)
		if (call->wanted[n].feature == feature &&
			(call->wanted[n].image_type == NULL ||
			 strcmp(call->wanted[n].image_type, image_type) == 0))
			call->wanted[n].found = true;
	values[0] = CStringGetTextDatum(psprintf("%s_%s_%s", image_type,
											 rad_pyradiomics_classes[entry->class_id].name,
											 entry->name));
	if (!radpg_volume_datum(context, map, NULL, &values[1]))
		return false;
	tuplestore_putvalues(call->store, call->descriptor, values, nulls);
	MemoryContextSwitchTo(previous);
	MemoryContextReset(call->row_memory);
	return true;
}

/* A feature of an image type that the settings do not make is an error. */
static void
check_found(const MapCall *call)
{
	for (int n = 0; n < call->wanted_count; n++)
		if (!call->wanted[n].found)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("settings make no image for the map \"%s\"", call->wanted[n].text),
					 errhint("Enable its image type in the setting \"imageType\".")));
}
