/*
 * The table of settings.def as data, and the writing of values as JSON: shared
 * by the parser, the canonical form and the generator of the reference page.
 */
#ifndef RAD_SETTINGS_SETTINGS_TABLE_H
#define RAD_SETTINGS_SETTINGS_TABLE_H

#include "settings/settings.h"

typedef enum SettingKey
{
#define SCALAR(rule, key, member, default, null, allowed, choices, description) \
	SETTING_KEY_##key,
#define LIST(rule, key, description) SETTING_KEY_##key,
#include "settings/settings.def"
#undef SCALAR
#undef LIST
	SETTING_KEY_COUNT
} SettingKey;

typedef enum SettingRule
{
	SETTING_RULE_BOOLEAN,
	SETTING_RULE_INTEGER,
	SETTING_RULE_NUMBER,
	SETTING_RULE_CHOICE,
	SETTING_RULE_SPACING,		/* number, three numbers or null */
	SETTING_RULE_RANGE,			/* [low, high] or null */
	SETTING_RULE_AGGREGATIONS,	/* "all", a name or names */
	SETTING_RULE_FAMILIES,		/* likewise */
	SETTING_RULE_FEATURES		/* names */
} SettingRule;

/* Allowed numbers: low (itself only when low_included) to high. */
typedef struct SettingInterval
{
	double		low;
	double		high;
	bool		low_included;
} SettingInterval;

typedef struct SettingEntry
{
	const char *key;
	SettingRule rule;
	double		default_value;	/* scalars: booleans 0 or 1, choices their index */
	double		null_value;		/* what JSON null means; NAN: null is refused */
	SettingInterval allowed;	/* INTEGER and NUMBER */
	const char *const *choices; /* CHOICE: names, NULL at the end */
	const char *description;
} SettingEntry;

extern const SettingEntry rad_setting_entries[SETTING_KEY_COUNT];

/* The value of a scalar setting; booleans 0 or 1, choices their index. */
extern double rad_setting_scalar(const Settings *settings, SettingKey key);

/*
 * Text in a buffer of fixed size.  What does not fit is dropped; `length` then
 * is at least `size`.  A first pass without buffer finds the size.
 */
typedef struct SettingText
{
	char	   *buffer;
	size_t		size;			/* of buffer; 0: only count */
	size_t		length;			/* of the text, without the end NUL */
} SettingText;

extern void rad_setting_append(SettingText *text, const char *string);

/* Shortest decimal number that reads back as exactly this one; -0 is 0. */
extern void rad_setting_append_number(SettingText *text, double number);

/* A string as JSON, in quotes. */
extern void rad_setting_append_string(SettingText *text, const char *string);

/* A value as JSON, for messages. */
extern void rad_setting_append_value(SettingText *text, const SettingValue *value);

/* One setting's value in its canonical form. */
extern void rad_setting_append_canonical(SettingText *text, const Settings *settings,
										 SettingKey key);

/*
 * Pieces of messages: an interval ("an integer from 1 to 65535"), and names in
 * quotes with "or" before the last; the list of names ends with NULL.
 */
extern void rad_setting_append_interval(SettingText *text, const SettingInterval *allowed,
										bool integer);
extern void rad_setting_append_choices(SettingText *text, const char *const *choices);

/*
 * Shorten a text that did not fit to end in "...".  The cut is behind an ASCII
 * character, because the encoding of the rest is not known here.
 */
extern void rad_setting_mark_cut(SettingText *text);

/* What the setting accepts: "an integer from 1 to 65535". */
extern void rad_setting_append_allowed(SettingText *text, SettingKey key);

#endif							/* RAD_SETTINGS_SETTINGS_TABLE_H */
