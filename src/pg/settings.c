/*
 * Settings: from jsonb to the core's structs, presets, canonical form, and from
 * PyRadiomics' parameter files.
 */
#include "compat.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "context.h"
#include "settings.h"

#include "pyradiomics/parameter_file.h"

PG_FUNCTION_INFO_V1(radiomics_settings);
PG_FUNCTION_INFO_V1(radiomics_settings_validate);
PG_FUNCTION_INFO_V1(radiomics_settings_canonical);
PG_FUNCTION_INFO_V1(radiomics_settings_from_pyradiomics);

static void parse_settings(Jsonb *json, Profile otherwise, ProfileSettings *settings);
static SettingValue setting_value(const JsonbValue *json);
static bool is_integer(Numeric number);
static SettingValue setting_container(JsonbContainer *container);
static Datum json_from_text(const char *text);

const ProfileSettings *
radpg_profile_settings(SettingsCache *cache, MemoryContext memory, Jsonb *json, Profile otherwise)
{
	ProfileSettings settings;
	Jsonb	   *copy;

	if (cache->json != NULL && VARSIZE(cache->json) == VARSIZE(json) &&
		memcmp(cache->json, json, VARSIZE(json)) == 0)
		return &cache->settings;

	/* The cache changes last: parsing may leave by an error. */
	parse_settings(json, otherwise, &settings);
	copy = MemoryContextAlloc(memory, VARSIZE(json));
	memcpy(copy, json, VARSIZE(json));
	if (cache->json != NULL)
		pfree(cache->json);
	cache->json = copy;
	cache->settings = settings;
	return &cache->settings;
}

const Settings *
radpg_settings(SettingsCache *cache, MemoryContext memory, Jsonb *json)
{
	const ProfileSettings *settings = radpg_profile_settings(cache, memory, json, PROFILE_IBSI);

	if (settings->profile != PROFILE_IBSI)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this function does not know the profile \"pyradiomics\""),
				 errhint("Use pyradiomics(), feature_rows() or feature_map(), or settings of the "
						 "profile \"ibsi\".")));
	return &settings->ibsi;
}

static void
parse_settings(Jsonb *json, Profile otherwise, ProfileSettings *settings)
{
	RadContext *context = radpg_context_create();
	MemoryContext previous = MemoryContextSwitchTo(radpg_context_memory(context));
	SettingValue value = {.kind = SETTING_LIST};

	/* A scalar is stored as an array of one. */
	if (JB_ROOT_IS_OBJECT(json))
		value = setting_container(&json->root);
	if (!rad_profile_parse(context, &value, otherwise, settings))
		radpg_throw(context);
	MemoryContextSwitchTo(previous);
	radpg_context_delete(context);
}

/* One JSON value as the core wants it; texts and lists are palloc'd. */
static SettingValue
setting_value(const JsonbValue *json)
{
	SettingValue value = {.kind = SETTING_OBJECT};

	switch (json->type)
	{
		case jbvNull:
			value.kind = SETTING_NULL;
			break;
		case jbvBool:
			value.kind = SETTING_BOOLEAN;
			value.boolean = json->val.boolean;
			break;
		case jbvNumeric:
			/* What is too large for a double becomes infinite and fails there. */
			value.kind = SETTING_NUMBER;
			value.number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
															  NumericGetDatum(json->val.numeric)));
			value.integer = is_integer(json->val.numeric);
			break;
		case jbvString:
			value.kind = SETTING_TEXT;
			value.text = pnstrdup(json->val.string.val, json->val.string.len);
			break;
		case jbvBinary:
			return setting_container(json->val.binary.data);
		default:
			break;
	}
	return value;
}

/* Whether a number is written without a fraction: 3, not 3.0. */
static bool
is_integer(Numeric number)
{
	char	   *text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));

	return strchr(text, '.') == NULL;
}

/* An array or an object. */
static SettingValue
setting_container(JsonbContainer *container)
{
	SettingValue value = {.kind = JsonContainerIsObject(container) ? SETTING_OBJECT : SETTING_LIST};
	int			size = Max(JsonContainerSize(container), 1);
	SettingValue *elements;
	const char **keys;
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	item;

	check_stack_depth();
	elements = palloc(sizeof(SettingValue) * size);
	keys = palloc(sizeof(char *) * size);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
		if (token == WJB_KEY)
			keys[value.count] = pnstrdup(item.val.string.val, item.val.string.len);
		else if (token == WJB_ELEM || token == WJB_VALUE)
			elements[value.count++] = setting_value(&item);
	value.elements = elements;
	value.keys = keys;
	return value;
}

static Datum
json_from_text(const char *text)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

/* settings(preset text) -> jsonb */
Datum
radiomics_settings(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const SettingsPreset *preset = rad_find_preset(name);
	StringInfoData names;

	if (preset != NULL)
		PG_RETURN_DATUM(json_from_text(preset->json));

	initStringInfo(&names);
	for (int n = 0; n < rad_preset_count; n++)
		appendStringInfo(&names, "%s%s", n > 0 ? ", " : "", rad_presets[n].name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown settings preset \"%s\"", name),
			 errhint("The presets are %s.", names.data)));
}

/* settings_validate(settings jsonb) -> boolean: true or an error */
Datum
radiomics_settings_validate(PG_FUNCTION_ARGS)
{
	ProfileSettings settings;

	parse_settings(PG_GETARG_JSONB_P(0), PROFILE_IBSI, &settings);
	PG_RETURN_BOOL(true);
}

/* settings_canonical(settings jsonb) -> jsonb */
Datum
radiomics_settings_canonical(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	ProfileSettings settings;
	char	   *text;
	Datum		json;

	parse_settings(PG_GETARG_JSONB_P(0), PROFILE_IBSI, &settings);
	text = rad_profile_canonical(context, &settings);
	if (text == NULL)
		radpg_throw(context);
	json = json_from_text(text);
	radpg_context_delete(context);
	PG_RETURN_DATUM(json);
}

/* settings_from_pyradiomics(yaml text) -> jsonb */
Datum
radiomics_settings_from_pyradiomics(PG_FUNCTION_ARGS)
{
	text	   *yaml = PG_GETARG_TEXT_PP(0);
	RadContext *context = radpg_context_create();
	char	   *utf8 = pg_server_to_any(VARDATA_ANY(yaml), VARSIZE_ANY_EXHDR(yaml), PG_UTF8);
	size_t		length = utf8 == VARDATA_ANY(yaml) ? VARSIZE_ANY_EXHDR(yaml) : strlen(utf8);
	char	   *json;
	Datum		result;

	/* What passes the check is ASCII, so it needs no way back. */
	json = rad_pyradiomics_from_file(context, utf8, length);
	if (json == NULL)
		radpg_throw(context);
	result = json_from_text(json);
	radpg_context_delete(context);
	PG_RETURN_DATUM(result);
}
