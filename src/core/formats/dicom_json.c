/*
 * Attributes as JSON; see dicom_json.h.
 */
#include "formats/dicom_json.h"

#include <stdio.h>
#include <string.h>

#include "formats/dicom_dcmtk.h"
#include "formats/dicom_text.h"

/* PostgreSQL's values end at 1 GB; so much JSON is refused long before. */
#define MAX_JSON ((size_t) 256 << 20)

/* Text being written, growing. */
typedef struct JsonText
{
	RadContext *context;
	char	   *text;
	size_t		used;
	size_t		capacity;
} JsonText;

static bool write_members(JsonText *json, const DicomDataset *dataset, int32_t first,
						  int32_t end);

static bool
append(JsonText *json, const char *text, size_t length)
{
	if (length >= json->capacity - json->used)
	{
		size_t		capacity = 2 * (json->capacity + length) + 1024;
		char	   *larger;

		if (capacity > MAX_JSON)
			return rad_fail(json->context, RAD_LIMIT_EXCEEDED,
							"the attributes make more than %zu bytes of JSON", MAX_JSON / 2);
		larger = rad_allocate(json->context, capacity, 1);
		if (larger == NULL)
			return false;
		if (json->used > 0)
			memcpy(larger, json->text, json->used);
		rad_release(json->context, json->text);
		json->text = larger;
		json->capacity = capacity;
	}
	memcpy(json->text + json->used, text, length);
	json->used += length;
	json->text[json->used] = '\0';
	return true;
}

static bool
append_text(JsonText *json, const char *text)
{
	return append(json, text, strlen(text));
}

/* A string of valid UTF-8 with what JSON asks to be escaped (RFC 8259). */
static bool
append_string(JsonText *json, const char *text, size_t length)
{
	bool		ok = append_text(json, "\"");

	for (size_t n = 0; ok && n < length; n++)
	{
		uint8_t		byte = (uint8_t) text[n];
		char		escaped[8];

		if (byte == '"' || byte == '\\')
		{
			escaped[0] = '\\';
			escaped[1] = (char) byte;
			ok = append(json, escaped, 2);
		}
		else if (byte < 0x20)
		{
			snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
			ok = append(json, escaped, 6);
		}
		else
			ok = append(json, text + n, 1);
	}
	return ok && append_text(json, "\"");
}

/*
 * A decimal string as JSON writes numbers: no plus, no leading zeros, digits on
 * both sides of the point.  False when it is no number.
 */
static bool
json_number(const char *text, size_t length, char number[80])
{
	size_t		n = 0;
	size_t		used = 0;
	size_t		digits = 0;

	if (length == 0 || length > 64)
		return false;
	if (text[n] == '-')
		number[used++] = text[n++];
	else if (text[n] == '+')
		n++;
	while (n + 1 < length && text[n] == '0' && text[n + 1] >= '0' && text[n + 1] <= '9')
		n++;
	for (; n < length && text[n] >= '0' && text[n] <= '9'; digits++)
		number[used++] = text[n++];
	if (digits == 0)
		number[used++] = '0';
	if (n < length && text[n] == '.')
	{
		size_t		behind = 0;

		number[used++] = text[n++];
		for (; n < length && text[n] >= '0' && text[n] <= '9'; behind++)
			number[used++] = text[n++];
		if (behind == 0)
			used--;
		digits += behind;
	}
	if (digits == 0)
		return false;
	if (n < length && (text[n] == 'e' || text[n] == 'E'))
	{
		size_t		behind = 0;

		number[used++] = text[n++];
		if (n < length && (text[n] == '+' || text[n] == '-'))
			number[used++] = text[n++];
		for (; n < length && text[n] >= '0' && text[n] <= '9' && behind < 4; behind++)
			number[used++] = text[n++];
		if (behind == 0)
			return false;
	}
	number[used] = '\0';
	/* Four digits of exponent: a number of at most 10064 digits. */
	return n == length;
}

/* One value of a text VR, without its padding. */
static bool
write_text_value(JsonText *json, const char *text, size_t length, bool is_number)
{
	char		number[80];

	while (length > 0 && text[0] == ' ')
	{
		text++;
		length--;
	}
	while (length > 0 && text[length - 1] == ' ')
		length--;
	if (length == 0)
		return append_text(json, "null");
	if (is_number && json_number(text, length, number))
		return append_text(json, number);
	return append_string(json, text, length);
}

static bool
has_vr(const DicomElement *element, const char *names)
{
	for (; *names != '\0'; names += 3)
	{
		if (names[0] == element->vr[0] && names[1] == element->vr[1])
			return true;
	}
	return false;
}

static bool
write_text(JsonText *json, const DicomDataset *dataset, const DicomElement *element)
{
	bool		single = has_vr(element, "ST LT UT UR ");
	bool		is_number = has_vr(element, "DS IS ");
	char	   *text;
	size_t		length;
	size_t		count = 1;
	size_t		from = 0;

	if (!rad_dicom_utf8(json->context, dataset, element, &text, &length))
		return false;
	for (size_t n = 0; n < length && !single; n++)
		count += text[n] == '\\';
	if (count > 1 && !append_text(json, "["))
		return false;
	for (size_t n = 0; n <= length; n++)
	{
		if (n < length && (single || text[n] != '\\'))
			continue;
		if ((from > 0 && !append_text(json, ", ")) ||
			!write_text_value(json, text + from, n - from, is_number))
			return false;
		from = n + 1;
	}
	rad_release(json->context, text);
	return count == 1 || append_text(json, "]");
}

static bool
write_binary(JsonText *json, const DicomDataset *dataset, const DicomElement *element)
{
	int64_t		count = rad_dicom_value_count(dataset, element);

	if (count > 1 && !append_text(json, "["))
		return false;
	for (int64_t n = 0; n < count; n++)
	{
		char		text[40];
		double		number;

		if (has_vr(element, "AT "))
			snprintf(text, sizeof(text), "\"%04x%04x\"",
					 (unsigned) rad_dicom_unsigned(dataset, element->offset + 4 * n, 2),
					 (unsigned) rad_dicom_unsigned(dataset, element->offset + 4 * n + 2, 2));
		else if (has_vr(element, "OV UV "))
			snprintf(text, sizeof(text), "%llu", (unsigned long long)
					 rad_dicom_unsigned(dataset, element->offset + 8 * n, 8));
		else if (has_vr(element, "SV "))
			snprintf(text, sizeof(text), "%lld", (long long)
					 rad_dicom_unsigned(dataset, element->offset + 8 * n, 8));
		else if (!rad_dicom_number(dataset, element, n, &number))
			strcpy(text, "null");	/* not finite */
		else
			snprintf(text, sizeof(text), has_vr(element, "FL ") ? "%.9g" : "%.17g", number);
		if ((n > 0 && !append_text(json, ", ")) || !append_text(json, text))
			return false;
	}
	return count <= 1 || append_text(json, "]");
}

static bool
write_sequence(JsonText *json, const DicomDataset *dataset, const DicomElement *sequence)
{
	if (!append_text(json, "["))
		return false;
	for (const DicomElement *item = rad_dicom_first_item(dataset, sequence); item != NULL;
		 item = rad_dicom_next_item(dataset, sequence, item))
	{
		int32_t		first = (int32_t) (item - dataset->elements) + 1;

		if ((json->text[json->used - 1] != '[' && !append_text(json, ", ")) ||
			!append_text(json, "{") || !write_members(json, dataset, first, item->end) ||
			!append_text(json, "}") || !rad_continue(json->context))
			return false;
	}
	return append_text(json, "]");
}

static bool
write_value(JsonText *json, const DicomDataset *dataset, const DicomElement *element)
{
	char		text[48];

	if (has_vr(element, "SQ "))
		return write_sequence(json, dataset, element);
	if (element->length == 0)
		return append_text(json, "null");
	if (has_vr(element, "US SS UL SL FL FD AT UV SV "))
		return rad_dicom_value_count(dataset, element) > 0 ?
			write_binary(json, dataset, element) : append_text(json, "null");
	if (has_vr(element, "OB OD OF OL OV OW UN "))
	{
		snprintf(text, sizeof(text), "{\"bytes\": %lld}", (long long) element->length);
		return append_text(json, text);
	}
	return write_text(json, dataset, element);
}

/* The members of the elements first .. end; depth is limited by the walk. */
static bool
write_members(JsonText *json, const DicomDataset *dataset, int32_t first, int32_t end)
{
	bool		any = false;

	for (int32_t n = first; n < end; n = dataset->elements[n].end)
	{
		const DicomElement *element = &dataset->elements[n];
		char		keyword[RAD_DCMTK_KEYWORD];

		if ((element->tag & 0xffff) == 0)
			continue;			/* group lengths say nothing about the object */
		if ((element->tag >> 16 & 1) != 0 || !rad_dcmtk_keyword(element->tag, keyword))
			snprintf(keyword, sizeof(keyword), "%08x", element->tag);
		if ((any && !append_text(json, ", ")) ||
			!append_string(json, keyword, strlen(keyword)) || !append_text(json, ": ") ||
			!write_value(json, dataset, element))
			return false;
		any = true;
	}
	return true;
}

bool
rad_dicom_json(RadContext *context, const DicomDataset *dataset, char **result)
{
	JsonText	json = {.context = context};
	char		message[RAD_DCMTK_MESSAGE];

	if (!rad_dcmtk_dictionary(message))
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "attributes cannot be named");
		return rad_detail(context, "The reason: %s.", message);
	}
	if (!append_text(&json, "{") || !write_members(&json, dataset, 0, dataset->count) ||
		!append_text(&json, "}"))
		return false;
	*result = json.text;
	return true;
}
