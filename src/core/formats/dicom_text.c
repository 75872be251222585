/*
 * Text of DICOM attributes; see dicom_text.h.
 */
#include "formats/dicom_text.h"

#include <string.h>

#include "formats/dicom_dcmtk.h"

/* Bytes of the valid UTF-8 sequence at the front (RFC 3629); 0 when invalid. */
static size_t
sequence_length(const uint8_t *bytes, size_t left)
{
	size_t		length = bytes[0] < 0x80 ? 1 : bytes[0] >= 0xc2 && bytes[0] < 0xe0 ? 2 :
		(bytes[0] & 0xf0) == 0xe0 ? 3 : bytes[0] >= 0xf0 && bytes[0] < 0xf5 ? 4 : 0;

	if (length > left)
		return 0;
	for (size_t n = 1; n < length; n++)
	{
		if ((bytes[n] & 0xc0) != 0x80)
			return 0;
	}
	if ((bytes[0] == 0xe0 && bytes[1] < 0xa0) || (bytes[0] == 0xed && bytes[1] > 0x9f) ||
		(bytes[0] == 0xf0 && bytes[1] < 0x90) || (bytes[0] == 0xf4 && bytes[1] > 0x8f))
		return 0;
	return length;
}

/* Copy with every invalid byte, and zero, replaced; returns the length. */
static size_t
copy_valid(const uint8_t *bytes, size_t length, char *text)
{
	size_t		used = 0;

	for (size_t n = 0; n < length;)
	{
		size_t		step = bytes[n] == 0 ? 0 : sequence_length(bytes + n, length - n);

		if (step == 0)
		{
			memcpy(text + used, "\xef\xbf\xbd", 3);
			used += 3;
			n++;
			continue;
		}
		memcpy(text + used, bytes + n, step);
		used += step;
		n += step;
	}
	text[used] = '\0';
	return used;
}

bool
rad_dicom_utf8(RadContext *context, const DicomDataset *dataset, const DicomElement *element,
			   char **text, size_t *length)
{
	const DicomElement *set = rad_dicom_find(dataset, NULL, DICOM_SpecificCharacterSet);
	const uint8_t *bytes = dataset->bytes + element->offset;
	size_t		count = (size_t) element->length;
	bool		ascii = true;
	uint8_t    *converted = NULL;

	while (count > 0 && (bytes[count - 1] == ' ' || bytes[count - 1] == '\0'))
		count--;
	for (size_t n = 0; n < count; n++)
		ascii &= bytes[n] < 0x80 && bytes[n] != 0x1b;
	if (!ascii && set != NULL && set->length > 0 && set->length < 256)
	{
		char		name[256];
		size_t		room = 4 * count;

		memcpy(name, dataset->bytes + set->offset, (size_t) set->length);
		name[set->length] = '\0';
		converted = rad_allocate(context, room, 1);
		if (converted == NULL)
			return false;
		if (rad_dcmtk_to_utf8(name, (const char *) bytes, count, (char *) converted, room, &room))
		{
			bytes = converted;
			count = room;
		}
	}
	*text = rad_allocate(context, 3 * count + 1, 1);
	if (*text == NULL)
		return false;
	*length = copy_valid(bytes, count, *text);
	rad_release(context, converted);
	return true;
}
