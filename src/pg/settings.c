/*
 * Settings: from jsonb to the core's struct, presets, canonical form.
 */
#include "compat.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "context.h"
#include "settings.h"

PG_FUNCTION_INFO_V1(radiomics_settings);
PG_FUNCTION_INFO_V1(radiomics_settings_validate);
PG_FUNCTION_INFO_V1(radiomics_settings_canonical);

static void parse_settings(Jsonb *json, Settings *settings);
static SettingValue setting_value(const JsonbValue *json);
static SettingValue setting_list(JsonbContainer *array);
static Datum json_from_text(const char *text);

const Settings *
radpg_settings(SettingsCache *cache, MemoryContext memory, Jsonb *json)
{
	Settings	settings;
	Jsonb	   *copy;

	if (cache->json != NULL && VARSIZE(cache->json) == VARSIZE(json) &&
		memcmp(cache->json, json, VARSIZE(json)) == 0)
		return &cache->settings;

	/* The cache changes last: parsing may leave by an error. */
	parse_settings(json, &settings);
	copy = MemoryContextAlloc(memory, VARSIZE(json));
	memcpy(copy, json, VARSIZE(json));
	if (cache->json != NULL)
		pfree(cache->json);
	cache->json = copy;
	cache->settings = settings;
	return &cache->settings;
}

static void
parse_settings(Jsonb *json, Settings *settings)
{
	RadContext *context = radpg_context_create();
	MemoryContext previous = MemoryContextSwitchTo(radpg_context_memory(context));
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	item;

	rad_settings_default(settings);
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("settings must be a JSON object"),
				 errhint("Write '{}' for the defaults, or for example '{\"bin_number\": 64}'.")));
	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		char	   *key;
		SettingValue value;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(item.val.string.val, item.val.string.len);
		(void) JsonbIteratorNext(&iterator, &item, true);
		value = setting_value(&item);
		if (!rad_settings_set(context, settings, key, &value))
			radpg_throw(context);
	}
	if (!rad_settings_validate(context, settings))
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
			break;
		case jbvString:
			value.kind = SETTING_TEXT;
			value.text = pnstrdup(json->val.string.val, json->val.string.len);
			break;
		case jbvBinary:
			if (JsonContainerIsArray(json->val.binary.data))
				return setting_list(json->val.binary.data);
			break;
		default:
			break;
	}
	return value;
}

static SettingValue
setting_list(JsonbContainer *array)
{
	SettingValue list = {.kind = SETTING_LIST};
	SettingValue *elements;
	JsonbIterator *iterator = JsonbIteratorInit(array);
	JsonbIteratorToken token;
	JsonbValue	item;

	check_stack_depth();
	elements = palloc(sizeof(SettingValue) * Max(JsonContainerSize(array), 1));
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
		if (token == WJB_ELEM)
			elements[list.count++] = setting_value(&item);
	list.elements = elements;
	return list;
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
	Settings	settings;

	parse_settings(PG_GETARG_JSONB_P(0), &settings);
	PG_RETURN_BOOL(true);
}

/* settings_canonical(settings jsonb) -> jsonb */
Datum
radiomics_settings_canonical(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	Settings	settings;
	char	   *text;
	Datum		json;

	parse_settings(PG_GETARG_JSONB_P(0), &settings);
	text = rad_settings_canonical(context, &settings);
	if (text == NULL)
		radpg_throw(context);
	json = json_from_text(text);
	radpg_context_delete(context);
	PG_RETURN_DATUM(json);
}
