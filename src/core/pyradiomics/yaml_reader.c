/*
 * One YAML document as a SettingValue, through libyaml's events.
 *
 * libyaml has memory of its own, so nothing here may leave by longjmp: the core
 * polls no interrupt while a parser lives, and the length of the text is
 * limited instead.
 */
#include "pyradiomics/parameter_file.h"

#include <string.h>

#include "pyradiomics/yaml_scalar.h"

#ifdef RAD_HAVE_YAML

#include <yaml.h>

/* Longest text, in bytes: PyRadiomics' own files have 2 to 5 kB. */
#define MOST_BYTES (1 << 20)

/* A parameter file has four levels, and mappings of at most 41 keys. */
#define DEEPEST 64
#define MOST_KEYS 1000

typedef struct Anchor
{
	const char *name;
	SettingValue value;
	struct Anchor *next;
} Anchor;

typedef struct YamlReader
{
	RadContext *context;
	yaml_parser_t parser;
	yaml_event_t event;			/* the current one; empty before the first */
	bool		old;			/* YAML 1.1 */
	int			depth;
	Anchor	   *anchors;		/* the newest first */
} YamlReader;

/* Elements, and names in an object, that grow. */
typedef struct Members
{
	int			count;
	int			room;
	SettingValue *elements;
	const char **keys;
} Members;

static bool read_node(YamlReader *reader, SettingValue *value);

static bool
fail_at(YamlReader *reader, const yaml_mark_t *mark, const char *what)
{
	return rad_fail(reader->context, RAD_INVALID_PARAMETER,
					"parameter file is not valid YAML: line %zu, column %zu: %s",
					mark->line + 1, mark->column + 1, what);
}

static bool
next_event(YamlReader *reader)
{
	yaml_event_delete(&reader->event);
	if (yaml_parser_parse(&reader->parser, &reader->event))
		return true;
	memset(&reader->event, 0, sizeof(reader->event));
	if (reader->parser.error == YAML_MEMORY_ERROR)
		return rad_fail(reader->context, RAD_OUT_OF_MEMORY, "out of memory");
	return fail_at(reader, &reader->parser.problem_mark,
				   reader->parser.problem != NULL ? reader->parser.problem : "unreadable");
}

static char *
copy_text(YamlReader *reader, const yaml_char_t *text, size_t length)
{
	char	   *copy = rad_new(reader->context, char, length + 1);

	if (copy != NULL)
	{
		memcpy(copy, text, length);
		copy[length] = '\0';
	}
	return copy;
}

static bool
add_member(YamlReader *reader, Members *members, const char *key, const SettingValue *value)
{
	if (members->count == members->room)
	{
		int			room = members->room == 0 ? 8 : 2 * members->room;
		SettingValue *elements = rad_new(reader->context, SettingValue, room);
		const char **keys = rad_new(reader->context, const char *, room);

		if (elements == NULL || keys == NULL)
			return false;
		if (members->count > 0)
		{
			memcpy(elements, members->elements, (size_t) members->count * sizeof(*elements));
			memcpy(keys, members->keys, (size_t) members->count * sizeof(*keys));
		}
		members->elements = elements;
		members->keys = keys;
		members->room = room;
	}
	members->keys[members->count] = key;
	members->elements[members->count++] = *value;
	return true;
}

/* The index of a key, or count.  The reader limits count. */
static int
find_member(const Members *members, const char *key)
{
	int			n = 0;

	while (n < members->count && strcmp(members->keys[n], key) != 0)
		n++;
	return n;
}

static bool
remember_anchor(YamlReader *reader, const char *name, const SettingValue *value)
{
	Anchor	   *anchor;

	if (name == NULL)
		return true;
	anchor = rad_new(reader->context, Anchor, 1);
	if (anchor == NULL)
		return false;
	*anchor = (Anchor) {name, *value, reader->anchors};
	reader->anchors = anchor;
	return true;
}

static bool
read_alias(YamlReader *reader, SettingValue *value)
{
	const char *name = (const char *) reader->event.data.alias.anchor;

	for (const Anchor *anchor = reader->anchors; anchor != NULL; anchor = anchor->next)
		if (strcmp(anchor->name, name) == 0)
		{
			*value = anchor->value;
			return true;
		}
	return fail_at(reader, &reader->event.start_mark, "alias without an anchor before it");
}

static bool
read_scalar(YamlReader *reader, SettingValue *value)
{
	const char *tag = (const char *) reader->event.data.scalar.tag;
	const char *text = copy_text(reader, reader->event.data.scalar.value,
								 reader->event.data.scalar.length);
	bool		fits = true;

	if (text == NULL)
		return false;
	if (strlen(text) != reader->event.data.scalar.length)
		return fail_at(reader, &reader->event.start_mark, "a text contains a NUL character");
	*value = (SettingValue) {.kind = SETTING_TEXT, .text = text};
	if (tag == NULL)
	{
		if (reader->event.data.scalar.plain_implicit)
			*value = rad_yaml_plain_scalar(text, reader->old);
	}
	else if (strcmp(tag, YAML_INT_TAG) == 0)
		fits = rad_yaml_integer(text, reader->old, value);
	else if (strcmp(tag, YAML_FLOAT_TAG) == 0)
		fits = rad_yaml_float(text, value);
	else if (strcmp(tag, YAML_NULL_TAG) == 0)
		value->kind = SETTING_NULL;
	else if (strcmp(tag, YAML_BOOL_TAG) == 0)
	{
		*value = rad_yaml_plain_scalar(text, true);
		fits = value->kind == SETTING_BOOLEAN;
	}
	else if (strcmp(tag, YAML_STR_TAG) != 0 && strcmp(tag, "!") != 0)
		return fail_at(reader, &reader->event.start_mark, "a tag that parameter files do not have");
	if (!fits)
		return fail_at(reader, &reader->event.start_mark, "the value does not fit its tag");
	return true;
}

static bool
read_sequence(YamlReader *reader, SettingValue *value)
{
	Members		members = {0};

	for (;;)
	{
		SettingValue one;

		if (!next_event(reader))
			return false;
		if (reader->event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (!read_node(reader, &one) || !add_member(reader, &members, NULL, &one))
			return false;
	}
	*value = (SettingValue) {.kind = SETTING_LIST, .count = members.count,
		.elements = members.elements};
	return true;
}

/* The members of "<<: mapping" or "<<: [mapping, ...]"; the first one wins. */
static bool
add_merged(YamlReader *reader, Members *merged, const SettingValue *value)
{
	int			mappings = value->kind == SETTING_LIST ? value->count : 1;

	if (mappings > MOST_KEYS)
		return fail_at(reader, &reader->event.start_mark, "too many mappings to merge");
	for (int n = 0; n < mappings; n++)
	{
		const SettingValue *mapping = value->kind == SETTING_LIST ? &value->elements[n] : value;

		if (mapping->kind != SETTING_OBJECT)
			return fail_at(reader, &reader->event.start_mark, "\"<<\" needs a mapping");
		for (int m = 0; m < mapping->count; m++)
			if (find_member(merged, mapping->keys[m]) == merged->count &&
				!add_member(reader, merged, mapping->keys[m], &mapping->elements[m]))
				return false;
	}
	return true;
}

static bool
read_mapping(YamlReader *reader, SettingValue *value)
{
	Members		members = {0};
	Members		merged = {0};

	for (;;)
	{
		SettingValue one;
		const char *key;
		bool		merge;

		if (!next_event(reader))
			return false;
		if (reader->event.type == YAML_MAPPING_END_EVENT)
			break;
		if (reader->event.type != YAML_SCALAR_EVENT)
			return fail_at(reader, &reader->event.start_mark, "a key is not a name");
		key = copy_text(reader, reader->event.data.scalar.value,
						reader->event.data.scalar.length);
		if (key == NULL)
			return false;
		merge = reader->event.data.scalar.plain_implicit && strcmp(key, "<<") == 0;
		if (!merge && find_member(&members, key) < members.count)
			return fail_at(reader, &reader->event.start_mark, "a key is given twice");
		if (reader->event.data.scalar.anchor != NULL)
			return fail_at(reader, &reader->event.start_mark, "a key has an anchor");
		if (members.count + merged.count >= MOST_KEYS)
			return fail_at(reader, &reader->event.start_mark, "too many keys");
		if (!next_event(reader) || !read_node(reader, &one) ||
			!(merge ? add_merged(reader, &merged, &one) : add_member(reader, &members, key, &one)))
			return false;
	}
	for (int n = 0; n < merged.count; n++)
		if (find_member(&members, merged.keys[n]) == members.count &&
			!add_member(reader, &members, merged.keys[n], &merged.elements[n]))
			return false;
	*value = (SettingValue) {.kind = SETTING_OBJECT, .count = members.count,
		.elements = members.elements, .keys = members.keys};
	return true;
}

/* The node that the current event begins. */
static bool
read_node(YamlReader *reader, SettingValue *value)
{
	const yaml_char_t *anchor = NULL;
	const yaml_char_t *tag = NULL;
	const char *name = NULL;
	const char *collection = NULL;
	bool		read = false;

	switch (reader->event.type)
	{
		case YAML_ALIAS_EVENT:
			return read_alias(reader, value);
		case YAML_SCALAR_EVENT:
			anchor = reader->event.data.scalar.anchor;
			break;
		case YAML_SEQUENCE_START_EVENT:
			anchor = reader->event.data.sequence_start.anchor;
			tag = reader->event.data.sequence_start.tag;
			collection = YAML_SEQ_TAG;
			break;
		case YAML_MAPPING_START_EVENT:
			anchor = reader->event.data.mapping_start.anchor;
			tag = reader->event.data.mapping_start.tag;
			collection = YAML_MAP_TAG;
			break;
		default:
			return fail_at(reader, &reader->event.start_mark, "a value is missing");
	}
	if (tag != NULL && strcmp((const char *) tag, collection) != 0 &&
		strcmp((const char *) tag, "!") != 0)
		return fail_at(reader, &reader->event.start_mark, "a tag that parameter files do not have");
	if (anchor != NULL)
	{
		name = copy_text(reader, anchor, strlen((const char *) anchor));
		if (name == NULL)
			return false;
	}
	if (++reader->depth > DEEPEST)
		return fail_at(reader, &reader->event.start_mark, "values are nested too deep");
	if (reader->event.type == YAML_SCALAR_EVENT)
		read = read_scalar(reader, value);
	else if (reader->event.type == YAML_SEQUENCE_START_EVENT)
		read = read_sequence(reader, value);
	else
		read = read_mapping(reader, value);
	reader->depth--;
	return read && remember_anchor(reader, name, value);
}

/* One document, and nothing behind it.  An empty one is null. */
static bool
read_stream(YamlReader *reader, SettingValue *value)
{
	*value = (SettingValue) {.kind = SETTING_NULL};
	if (!next_event(reader) || !next_event(reader))
		return false;
	if (reader->event.type == YAML_STREAM_END_EVENT)
		return true;
	if (reader->event.data.document_start.version_directive != NULL)
		reader->old = reader->event.data.document_start.version_directive->minor <= 1;
	if (!next_event(reader) || !read_node(reader, value) ||
		!next_event(reader) ||	/* the document's end */
		!next_event(reader))
		return false;
	if (reader->event.type != YAML_STREAM_END_EVENT)
		return fail_at(reader, &reader->event.start_mark, "a second document");
	return true;
}

bool
rad_yaml_parse(RadContext *context, const char *text, size_t length, SettingValue *value)
{
	YamlReader	reader = {.context = context};
	bool		read;

	if (length > MOST_BYTES)
		return rad_fail(context, RAD_LIMIT_EXCEEDED,
						"parameter file has %zu bytes; at most %d are read", length, MOST_BYTES);
	if (!yaml_parser_initialize(&reader.parser))
		return rad_fail(context, RAD_OUT_OF_MEMORY, "out of memory");
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *) text, length);
	read = read_stream(&reader, value);
	yaml_event_delete(&reader.event);
	yaml_parser_delete(&reader.parser);
	return read;
}

#else							/* without libyaml */

bool
rad_yaml_parse(RadContext *context, const char *text, size_t length, SettingValue *value)
{
	(void) text;
	(void) length;
	(void) value;
	rad_fail(context, RAD_NOT_SUPPORTED, "this build cannot read YAML: it was made without libyaml");
	return rad_hint(context, "Build with libyaml (Debian: libyaml-dev), or give the settings as jsonb.");
}

#endif							/* RAD_HAVE_YAML */
