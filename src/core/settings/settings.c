/*
 * Settings: defaults, setting one key from a typed value, checks between keys.
 * The keys themselves are in settings.def.
 */
#include "settings/settings_table.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const char *const image_interpolator_names[] = {
	[INTERPOLATOR_NEAREST] = "nearest",
	[INTERPOLATOR_TRILINEAR] = "trilinear",
	[INTERPOLATOR_TRICUBIC_SPLINE] = "tricubic_spline",
	NULL
};

/* A spline of a 0/1 mask overshoots, so masks know the first two only. */
static const char *const mask_interpolator_names[] = {
	[INTERPOLATOR_NEAREST] = "nearest",
	[INTERPOLATOR_TRILINEAR] = "trilinear",
	NULL
};

static const char *const discretisation_names[] = {
	[DISCRETISATION_NONE] = "none",
	[DISCRETISATION_FIXED_BIN_NUMBER] = "fixed_bin_number",
	[DISCRETISATION_FIXED_BIN_SIZE] = "fixed_bin_size",
	NULL
};

static const char *const ivh_discretisation_names[] = {
	[DISCRETISATION_NONE] = "none",
	[DISCRETISATION_FIXED_BIN_NUMBER] = "fixed_bin_number",
	[DISCRETISATION_FIXED_BIN_SIZE] = "fixed_bin_size",
	[DISCRETISATION_AUTO] = "auto",
	NULL
};

static const char *const align_names[] = {"error", "resample_mask", NULL};
static const char *const on_error_names[] = {"error", "null", NULL};

#define NO_NULL NAN
#define ANY_NUMBER {-INFINITY, INFINITY, false}
#define AT_LEAST(low, high) {low, high, true}
#define ABOVE(low, high) {low, high, false}

const SettingEntry rad_setting_entries[SETTING_KEY_COUNT] = {
#define SCALAR(rule, key, member, default, null, allowed, choices, description) \
	[SETTING_KEY_##key] = {#key, SETTING_RULE_##rule, default, null, allowed, choices, description},
#define LIST(rule, key, description) \
	[SETTING_KEY_##key] = {#key, SETTING_RULE_##rule, 0, NO_NULL, ANY_NUMBER, NULL, description},
#include "settings/settings.def"
#undef SCALAR
#undef LIST
};

double
rad_setting_scalar(const Settings *settings, SettingKey key)
{
	switch (key)
	{
#define SCALAR(rule, key, member, default, null, allowed, choices, description) \
		case SETTING_KEY_##key: \
			return settings->member;
#define LIST(rule, key, description)
#include "settings/settings.def"
#undef SCALAR
#undef LIST
		default:
			return NAN;
	}
}

static void
store_scalar(Settings *settings, SettingKey key, double value)
{
	switch (key)
	{
#define SCALAR(rule, key, member, default, null, allowed, choices, description) \
		case SETTING_KEY_##key: \
			settings->member = value; \
			break;
#define LIST(rule, key, description)
#include "settings/settings.def"
#undef SCALAR
#undef LIST
		default:
			break;
	}
}

void
rad_settings_default(Settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	for (int key = 0; key < SETTING_KEY_COUNT; key++)
		store_scalar(settings, (SettingKey) key, rad_setting_entries[key].default_value);
	settings->resegmentation_range[0] = -INFINITY;
	settings->resegmentation_range[1] = INFINITY;
	settings->aggregations = ALL_AGGREGATIONS;
	settings->families = ALL_FAMILIES;
}

Aggregation
rad_settings_column_aggregation(const Settings *settings)
{
	if (settings->aggregations & (1u << AGGREGATION_3D_MRG))
		return AGGREGATION_3D_MRG;
	for (int n = 0; n < AGGREGATION_COUNT; n++)
		if (settings->aggregations & (1u << n))
			return (Aggregation) n;
	return AGGREGATION_3D_MRG;
}

bool
rad_settings_wants_family(const Settings *settings, Family family)
{
	const FamilyEntry *entry = &rad_families[family];

	if ((settings->families & (1u << family)) == 0)
		return false;
	for (int n = 0; n < entry->count; n++)
		if (!settings->excluded[(int) entry->first + n])
			return true;
	return false;
}

void
rad_setting_mark_cut(SettingText *text)
{
	size_t		end;

	if (text->length < text->size)
		return;
	end = text->size - sizeof("...");
	while (end > 0 && (unsigned char) text->buffer[end - 1] >= 0x80)
		end--;
	strcpy(text->buffer + end, "...");
}

void
rad_setting_append_choices(SettingText *text, const char *const *choices)
{
	for (int n = 0; choices[n] != NULL; n++)
	{
		if (n > 0)
			rad_setting_append(text, choices[n + 1] == NULL ? " or " : ", ");
		rad_setting_append_string(text, choices[n]);
	}
}

void
rad_setting_append_interval(SettingText *text, const SettingInterval *allowed, bool integer)
{
	bool		bounded = integer ? allowed->high < INT_MAX : allowed->high < INFINITY;

	rad_setting_append(text, integer ? "an integer " : "a number ");
	if (!allowed->low_included)
		rad_setting_append(text, "above ");
	else
		rad_setting_append(text, bounded ? "from " : "of at least ");
	rad_setting_append_number(text, allowed->low);
	if (bounded)
	{
		rad_setting_append(text, allowed->low_included ? " to " : " and at most ");
		rad_setting_append_number(text, allowed->high);
	}
}

void
rad_setting_append_allowed(SettingText *text, SettingKey key)
{
	const SettingEntry *entry = &rad_setting_entries[key];
	const char *names[AGGREGATION_COUNT + FAMILY_COUNT + 1] = {NULL};

	switch (entry->rule)
	{
		case SETTING_RULE_BOOLEAN:
			rad_setting_append(text, "true or false");
			break;
		case SETTING_RULE_INTEGER:
		case SETTING_RULE_NUMBER:
			rad_setting_append_interval(text, &entry->allowed,
										entry->rule == SETTING_RULE_INTEGER);
			break;
		case SETTING_RULE_CHOICE:
			rad_setting_append_choices(text, entry->choices);
			break;
		case SETTING_RULE_SPACING:
			rad_setting_append(text, "null, a number of at least 0 or a list of three such numbers");
			break;
		case SETTING_RULE_RANGE:
			rad_setting_append(text, "null or a list [low, high] of numbers or nulls, "
							   "low not above high");
			break;
		case SETTING_RULE_AGGREGATIONS:
		case SETTING_RULE_FAMILIES:
			if (entry->rule == SETTING_RULE_AGGREGATIONS)
				memcpy(names, rad_aggregation_names, sizeof(rad_aggregation_names));
			else
				for (int n = 0; n < FAMILY_COUNT; n++)
					names[n] = rad_families[n].name;
			rad_setting_append(text, "\"all\" or one or a list of ");
			rad_setting_append_choices(text, names);
			break;
		case SETTING_RULE_FEATURES:
			rad_setting_append(text, "a list of features as the feature catalogue names them, "
							   "such as [\"morph_moran_i\", \"morph_geary_c\"]");
			break;
	}
	if (!isnan(entry->null_value))
		rad_setting_append(text, " or null");
}

/* The one failure for a value of the wrong kind or out of range. */
static bool
wrong_value(RadContext *context, SettingKey key, const SettingValue *value, const char *nearest)
{
	char		value_buffer[160];
	char		allowed_buffer[400];
	SettingText value_text = {value_buffer, sizeof(value_buffer), 0};
	SettingText allowed_text = {allowed_buffer, sizeof(allowed_buffer), 0};

	rad_setting_append_value(&value_text, value);
	rad_setting_mark_cut(&value_text);
	rad_setting_append_allowed(&allowed_text, key);
	rad_fail(context, RAD_INVALID_PARAMETER, "invalid value for setting \"%s\": %s",
			 rad_setting_entries[key].key, value_buffer);
	if (nearest != NULL)
		return rad_hint(context, "Did you mean \"%s\"? Give %s.", nearest, allowed_buffer);
	return rad_hint(context, "Give %s.", allowed_buffer);
}

static bool
unknown_key(RadContext *context, const char *key)
{
	const char *names[SETTING_KEY_COUNT];
	const char *nearest;
	char		key_buffer[160];
	char		list_buffer[sizeof(context->hint)];
	SettingText key_text = {key_buffer, sizeof(key_buffer), 0};
	SettingText list_text = {list_buffer, sizeof(list_buffer) - sizeof("The settings are ."), 0};

	for (int n = 0; n < SETTING_KEY_COUNT; n++)
		names[n] = rad_setting_entries[n].key;
	rad_setting_append_string(&key_text, key);
	rad_setting_mark_cut(&key_text);
	rad_fail(context, RAD_INVALID_PARAMETER, "unknown setting %s", key_buffer);

	nearest = rad_nearest_name(key, names, SETTING_KEY_COUNT);
	if (nearest != NULL)
		return rad_hint(context, "Did you mean \"%s\"?", nearest);
	for (int n = 0; n < SETTING_KEY_COUNT; n++)
	{
		if (n > 0)
			rad_setting_append(&list_text, ", ");
		rad_setting_append(&list_text, names[n]);
	}
	rad_setting_mark_cut(&list_text);
	return rad_hint(context, "The settings are %s.", list_buffer);
}

static bool
set_number(RadContext *context, Settings *settings, SettingKey key, const SettingValue *value)
{
	const SettingEntry *entry = &rad_setting_entries[key];
	const SettingInterval *allowed = &entry->allowed;
	double		number = value->number;

	if (value->kind != SETTING_NUMBER || !isfinite(number) || number > allowed->high ||
		(allowed->low_included ? number < allowed->low : number <= allowed->low) ||
		(entry->rule == SETTING_RULE_INTEGER && number != floor(number)))
		return wrong_value(context, key, value, NULL);
	store_scalar(settings, key, number == 0 ? 0 : number);
	return true;
}

static bool
set_choice(RadContext *context, Settings *settings, SettingKey key, const SettingValue *value)
{
	const char *const *choices = rad_setting_entries[key].choices;
	int			count = 0;

	if (value->kind != SETTING_TEXT)
		return wrong_value(context, key, value, NULL);
	for (; choices[count] != NULL; count++)
		if (strcmp(value->text, choices[count]) == 0)
		{
			store_scalar(settings, key, count);
			return true;
		}
	return wrong_value(context, key, value, rad_nearest_name(value->text, choices, count));
}

static bool
set_scalar(RadContext *context, Settings *settings, SettingKey key, const SettingValue *value)
{
	const SettingEntry *entry = &rad_setting_entries[key];

	if (value->kind == SETTING_NULL && !isnan(entry->null_value))
	{
		store_scalar(settings, key, entry->null_value);
		return true;
	}
	if (entry->rule == SETTING_RULE_CHOICE)
		return set_choice(context, settings, key, value);
	if (entry->rule != SETTING_RULE_BOOLEAN)
		return set_number(context, settings, key, value);
	if (value->kind != SETTING_BOOLEAN)
		return wrong_value(context, key, value, NULL);
	store_scalar(settings, key, value->boolean);
	return true;
}

static bool
set_spacing(RadContext *context, Settings *settings, SettingKey key, const SettingValue *value)
{
	double		spacing[3] = {0, 0, 0};

	if (value->kind == SETTING_LIST ? value->count != 3 :
		value->kind != SETTING_NULL && value->kind != SETTING_NUMBER)
		return wrong_value(context, key, value, NULL);
	for (int axis = 0; axis < 3 && value->kind != SETTING_NULL; axis++)
	{
		const SettingValue *one = value->kind == SETTING_LIST ? &value->elements[axis] : value;

		if (one->kind != SETTING_NUMBER || !isfinite(one->number) || one->number < 0)
			return wrong_value(context, key, value, NULL);
		spacing[axis] = one->number == 0 ? 0 : one->number;
	}
	memcpy(settings->resample_spacing, spacing, sizeof(spacing));
	return true;
}

static bool
set_range(RadContext *context, Settings *settings, SettingKey key, const SettingValue *value)
{
	double		range[2] = {-INFINITY, INFINITY};

	if (value->kind != SETTING_NULL && (value->kind != SETTING_LIST || value->count != 2))
		return wrong_value(context, key, value, NULL);
	for (int end = 0; end < 2 && value->kind == SETTING_LIST; end++)
	{
		const SettingValue *one = &value->elements[end];

		if (one->kind == SETTING_NULL)
			continue;
		if (one->kind != SETTING_NUMBER || !isfinite(one->number))
			return wrong_value(context, key, value, NULL);
		range[end] = one->number == 0 ? 0 : one->number;
	}
	if (range[0] > range[1])
		return wrong_value(context, key, value, NULL);
	memcpy(settings->resegmentation_range, range, sizeof(range));
	return true;
}

/* A name in a list that is none of the allowed ones. */
static bool
unknown_name(RadContext *context, SettingKey key, const char *kind, const char *name,
			 const char *nearest)
{
	char		name_buffer[160];
	char		allowed_buffer[400];
	SettingText name_text = {name_buffer, sizeof(name_buffer), 0};
	SettingText allowed_text = {allowed_buffer, sizeof(allowed_buffer), 0};

	rad_setting_append_string(&name_text, name);
	rad_setting_mark_cut(&name_text);
	rad_fail(context, RAD_INVALID_PARAMETER, "unknown %s %s in setting \"%s\"",
			 kind, name_buffer, rad_setting_entries[key].key);
	if (nearest != NULL)
		return rad_hint(context, "Did you mean \"%s\"?", nearest);
	rad_setting_append_allowed(&allowed_text, key);
	return rad_hint(context, "Give %s.", allowed_buffer);
}

/*
 * A name or a list of names, as marks in chosen[count].  kind names one of them
 * in messages ("family").
 */
static bool
read_names(RadContext *context, SettingKey key, const char *kind, const SettingValue *value,
		   const char *const *names, int count, bool *chosen)
{
	bool		is_list = value->kind == SETTING_LIST;
	int			given = is_list ? value->count : 1;

	memset(chosen, 0, (size_t) count * sizeof(*chosen));
	for (int n = 0; n < given; n++)
	{
		const SettingValue *one = is_list ? &value->elements[n] : value;
		int			found = 0;

		/* A list may repeat names without end. */
		if (n % 1024 == 1023 && !rad_continue(context))
			return false;
		if (one->kind != SETTING_TEXT)
			return wrong_value(context, key, value, NULL);
		while (found < count && strcmp(names[found], one->text) != 0)
			found++;
		if (found == count)
			return unknown_name(context, key, kind, one->text,
								rad_nearest_name(one->text, names, count));
		chosen[found] = true;
	}
	return true;
}

/* "all", a name or a list of at least one name, as bits. */
static bool
set_names(RadContext *context, SettingKey key, const char *kind, const SettingValue *value,
		  const char *const *names, int count, unsigned *set)
{
	bool		chosen[AGGREGATION_COUNT + FAMILY_COUNT];

	if (value->kind == SETTING_TEXT && strcmp(value->text, "all") == 0)
	{
		*set = (1u << count) - 1;
		return true;
	}
	if (value->kind == SETTING_LIST && value->count == 0)
		return wrong_value(context, key, value, NULL);
	if (!read_names(context, key, kind, value, names, count, chosen))
		return false;
	*set = 0;
	for (int n = 0; n < count; n++)
		*set |= chosen[n] ? 1u << n : 0;
	return true;
}

static bool
set_families(RadContext *context, Settings *settings, SettingKey key, const SettingValue *value)
{
	const char *names[FAMILY_COUNT];

	for (int n = 0; n < FAMILY_COUNT; n++)
		names[n] = rad_families[n].name;
	return set_names(context, key, "family", value, names, FAMILY_COUNT, &settings->families);
}

static bool
set_excluded(RadContext *context, Settings *settings, SettingKey key, const SettingValue *value)
{
	const char *names[FEATURE_COUNT];
	bool		excluded[FEATURE_COUNT];

	for (int id = 0; id < FEATURE_COUNT; id++)
		names[id] = rad_features[id].tag;
	if (!read_names(context, key, "feature", value, names, FEATURE_COUNT, excluded))
		return false;
	memcpy(settings->excluded, excluded, sizeof(excluded));
	return true;
}

bool
rad_settings_set(RadContext *context, Settings *settings, const char *name,
				 const SettingValue *value)
{
	int			found = 0;
	SettingKey	key;

	while (found < SETTING_KEY_COUNT && strcmp(rad_setting_entries[found].key, name) != 0)
		found++;
	if (found == SETTING_KEY_COUNT)
		return unknown_key(context, name);
	key = (SettingKey) found;

	switch (rad_setting_entries[key].rule)
	{
		case SETTING_RULE_SPACING:
			return set_spacing(context, settings, key, value);
		case SETTING_RULE_RANGE:
			return set_range(context, settings, key, value);
		case SETTING_RULE_AGGREGATIONS:
			return set_names(context, key, "aggregation", value, rad_aggregation_names,
							 AGGREGATION_COUNT, &settings->aggregations);
		case SETTING_RULE_FAMILIES:
			return set_families(context, settings, key, value);
		case SETTING_RULE_FEATURES:
			return set_excluded(context, settings, key, value);
		case SETTING_RULE_BOOLEAN:
		case SETTING_RULE_INTEGER:
		case SETTING_RULE_NUMBER:
		case SETTING_RULE_CHOICE:
			break;
	}
	return set_scalar(context, settings, key, value);
}

/*
 * A bin number or size that the chosen method does not look at: someone who
 * gives only "bin_size" means it, and must not silently get 32 bins.  Values
 * equal to the default pass, so a canonical form is always valid again.
 */
static bool
check_bins(RadContext *context, const Settings *settings, SettingKey key, SettingKey method_key,
		   Discretisation needed)
{
	const SettingEntry *entry = &rad_setting_entries[key];
	const SettingEntry *method = &rad_setting_entries[method_key];
	double		value = rad_setting_scalar(settings, key);
	int			chosen = (int) rad_setting_scalar(settings, method_key);
	char		buffer[40];
	SettingText text = {buffer, sizeof(buffer), 0};

	if (chosen == (int) needed || value == entry->default_value ||
		(chosen == DISCRETISATION_AUTO && needed == DISCRETISATION_FIXED_BIN_NUMBER))
		return true;
	rad_setting_append_number(&text, value);
	rad_fail(context, RAD_INVALID_PARAMETER,
			 "setting \"%s\" is %s, but \"%s\" is \"%s\", which does not use it",
			 entry->key, buffer, method->key, method->choices[chosen]);
	return rad_hint(context, "Set \"%s\" to \"%s\", or leave \"%s\" out.",
					method->key, method->choices[needed], entry->key);
}

bool
rad_settings_validate(RadContext *context, const Settings *settings)
{
	bool		wanted = false;

	if (!check_bins(context, settings, SETTING_KEY_bin_number, SETTING_KEY_discretisation,
					DISCRETISATION_FIXED_BIN_NUMBER) ||
		!check_bins(context, settings, SETTING_KEY_bin_size, SETTING_KEY_discretisation,
					DISCRETISATION_FIXED_BIN_SIZE) ||
		!check_bins(context, settings, SETTING_KEY_ivh_bin_number, SETTING_KEY_ivh_discretisation,
					DISCRETISATION_FIXED_BIN_NUMBER) ||
		!check_bins(context, settings, SETTING_KEY_ivh_bin_size, SETTING_KEY_ivh_discretisation,
					DISCRETISATION_FIXED_BIN_SIZE))
		return false;

	for (int family = 0; family < FAMILY_COUNT; family++)
		wanted = wanted || rad_settings_wants_family(settings, (Family) family);
	if (!wanted)
	{
		rad_fail(context, RAD_INVALID_PARAMETER, "settings leave no feature to compute");
		return rad_hint(context, "Setting \"exclude_features\" names every feature of the chosen "
						"\"families\"; leave one out.");
	}
	return true;
}
