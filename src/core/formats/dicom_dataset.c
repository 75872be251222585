/*
 * Walking the data elements of a DICOM object; see dicom_dataset.h.
 */
#include "formats/dicom_dataset.h"

#include <isa-l/igzip_lib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/dicom_dcmtk.h"

#define PREAMBLE 128
#define UNDEFINED_LENGTH 0xffffffffu

/* Elements between two polls for a cancel. */
#define ELEMENTS_PER_POLL 16384

/* Output between two polls when inflating, and the first size of the buffer. */
#define INFLATE_PIECE (256 * 1024)

static const struct
{
	DicomTag	tag;
	const char *name;
	const char *vr;
}			attributes[] = {
#define DICOM_ATTRIBUTE(keyword, tag, vr) {tag, #keyword, vr},
#include "formats/dicom_attributes.def"
#undef DICOM_ATTRIBUTE
};

#define ATTRIBUTE_COUNT (sizeof(attributes) / sizeof(attributes[0]))

/* PS3.6 table A-1; all others are explicit VR, little endian, encapsulated. */
static const struct
{
	const char *uid;
	bool		explicit_vr;
	bool		big_endian;
	bool		deflated;
	DicomEncoding encoding;
}			transfer_syntaxes[] = {
	{"1.2.840.10008.1.2", false, false, false, DICOM_NATIVE},
	{"1.2.840.10008.1.2.1", true, false, false, DICOM_NATIVE},
	{"1.2.840.10008.1.2.1.99", true, false, true, DICOM_NATIVE},
	{"1.2.840.10008.1.2.2", true, true, false, DICOM_NATIVE},
	{"1.2.840.10008.1.2.5", true, false, false, DICOM_RLE},
	{"1.2.840.10008.1.2.4.50", true, false, false, DICOM_JPEG},
	{"1.2.840.10008.1.2.4.51", true, false, false, DICOM_JPEG},
	{"1.2.840.10008.1.2.4.53", true, false, false, DICOM_JPEG},
	{"1.2.840.10008.1.2.4.55", true, false, false, DICOM_JPEG},
	{"1.2.840.10008.1.2.4.57", true, false, false, DICOM_JPEG},
	{"1.2.840.10008.1.2.4.70", true, false, false, DICOM_JPEG},
	{"1.2.840.10008.1.2.4.80", true, false, false, DICOM_JPEG_LS},
	{"1.2.840.10008.1.2.4.81", true, false, false, DICOM_JPEG_LS},
	{"1.2.840.10008.1.2.4.90", true, false, false, DICOM_JPEG_2000},
	{"1.2.840.10008.1.2.4.91", true, false, false, DICOM_JPEG_2000},
};

/* What encloses the position of the walk. */
typedef struct Level
{
	enum
	{
		LEVEL_ELEMENTS,			/* the data set, or an item of a sequence */
		LEVEL_ITEMS,			/* a sequence */
		LEVEL_FRAGMENTS			/* encapsulated pixel data */
	}			kind;
	int32_t		element;		/* -1 for the data set */
	int64_t		end;			/* -1: undefined, closed by a delimiter */
	int64_t		limit;			/* no byte behind belongs to this level */
	bool		explicit_vr;
} Level;

typedef struct Walk
{
	RadContext *context;
	DicomDataset *dataset;
	DicomWalk	mode;
	int64_t		position;
	int			depth;
	Level		levels[2 * RAD_DICOM_MAX_DEPTH + 2];
} Walk;

/* The header of one element. */
typedef struct Header
{
	DicomTag	tag;
	char		vr[2];
	uint32_t	length;
	int			size;			/* bytes of the header itself */
} Header;

uint64_t
rad_dicom_unsigned(const DicomDataset *dataset, int64_t offset, int size)
{
	const uint8_t *bytes = dataset->bytes + offset;
	uint64_t	value = 0;

	for (int n = 0; n < size; n++)
		value = value << 8 | bytes[dataset->big_endian ? n : size - 1 - n];
	return value;
}

static DicomTag
read_tag(const DicomDataset *dataset, int64_t offset)
{
	return (DicomTag) rad_dicom_unsigned(dataset, offset, 2) << 16 |
		(DicomTag) rad_dicom_unsigned(dataset, offset + 2, 2);
}

const char *
rad_dicom_known_vr(DicomTag tag)
{
	for (size_t n = 0; n < ATTRIBUTE_COUNT; n++)
	{
		if (attributes[n].tag == tag)
			return attributes[n].vr;
	}
	return NULL;
}

const char *
rad_dicom_known_name(DicomTag tag)
{
	for (size_t n = 0; n < ATTRIBUTE_COUNT; n++)
	{
		if (attributes[n].tag == tag)
			return attributes[n].name;
	}
	return NULL;
}

static bool
is_vr(const uint8_t *bytes)
{
	return bytes[0] >= 'A' && bytes[0] <= 'Z' && bytes[1] >= 'A' && bytes[1] <= 'Z';
}

/* The VRs with 16 bits of length (PS3.5 section 7.1.2); later ones have 32. */
static bool
has_short_length(const char vr[2])
{
	static const char short_vrs[] = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US ";

	for (const char *known = short_vrs; *known != '\0'; known += 3)
	{
		if (known[0] == vr[0] && known[1] == vr[1])
			return true;
	}
	return false;
}

static bool
is_vr_of(const char vr[2], const char *name)
{
	return vr[0] == name[0] && vr[1] == name[1];
}

static bool
has_preamble(const uint8_t *bytes, size_t length)
{
	return length >= PREAMBLE + 4 && memcmp(bytes + PREAMBLE, "DICM", 4) == 0;
}

bool
rad_dicom_recognise(const uint8_t *head, size_t length)
{
	uint32_t	value_length;

	if (has_preamble(head, length))
		return true;

	/* Group 8 first, its element up to SOP Instance UID. */
	if (length < PREAMBLE || head[0] != 8 || head[1] != 0 || head[2] > 0x18 || head[3] != 0)
		return false;
	if (is_vr(head + 4))
		return has_short_length((const char *) head + 4);
	value_length = head[4] | (uint32_t) head[5] << 8 | (uint32_t) head[6] << 16 |
		(uint32_t) head[7] << 24;
	return value_length <= 128 && value_length % 2 == 0;
}

static bool
fail_element(Walk *walk, DicomTag tag, const char *problem)
{
	rad_fail(walk->context, RAD_INVALID_BINARY, "%s is damaged: element (%04x,%04x) %s",
			 walk->dataset->name, tag >> 16, tag & 0xffff, problem);
	rad_detail(walk->context, "At byte %lld of %lld.", (long long) walk->position,
			   (long long) walk->dataset->length);
	return rad_hint(walk->context, "Load the file again from its origin.");
}

/* Append an element that is not yet closed. */
static bool
append(Walk *walk, DicomTag tag, const char vr[2], int64_t offset, int64_t length)
{
	DicomDataset *dataset = walk->dataset;
	DicomElement *element;

	if (dataset->count == dataset->capacity)
	{
		int32_t		capacity = dataset->capacity == 0 ? 256 : 2 * dataset->capacity;
		DicomElement *elements;

		if (dataset->count >= RAD_DICOM_MAX_ELEMENTS)
		{
			rad_fail(walk->context, RAD_LIMIT_EXCEEDED, "%s has more than %d data elements",
					 dataset->name, RAD_DICOM_MAX_ELEMENTS);
			return rad_hint(walk->context, "This limit cannot be changed.");
		}
		elements = rad_new(walk->context, DicomElement, capacity);
		if (elements == NULL)
			return false;
		if (dataset->count > 0)
			memcpy(elements, dataset->elements, (size_t) dataset->count * sizeof(DicomElement));
		rad_release(walk->context, dataset->elements);
		dataset->elements = elements;
		dataset->capacity = capacity;
	}
	if (dataset->count % ELEMENTS_PER_POLL == 0 && !rad_continue(walk->context))
		return false;
	element = &dataset->elements[dataset->count++];
	*element = (DicomElement) {
		.tag = tag, .vr = {vr[0], vr[1]}, .end = dataset->count, .offset = offset,
		.length = length
	};
	return true;
}

/* Descend into the element just appended, whose value has this length. */
static bool
push(Walk *walk, int kind, uint32_t length, bool explicit_vr)
{
	const Level *outer = &walk->levels[walk->depth - 1];
	int32_t		element = walk->dataset->count - 1;

	if (walk->depth == (int) (sizeof(walk->levels) / sizeof(walk->levels[0])))
	{
		rad_fail(walk->context, RAD_LIMIT_EXCEEDED,
				 "%s has sequences nested more than %d deep", walk->dataset->name,
				 RAD_DICOM_MAX_DEPTH);
		return rad_hint(walk->context, "The file is damaged, or made to do harm.");
	}
	walk->levels[walk->depth++] = (Level) {
		.kind = kind,
		.element = element,
		.end = length == UNDEFINED_LENGTH ? -1 : walk->position + length,
		.limit = length == UNDEFINED_LENGTH ? outer->limit : walk->position + length,
		.explicit_vr = explicit_vr,
	};
	return true;
}

/* Close the innermost level, which ends at this position. */
static void
pop(Walk *walk, int64_t end)
{
	DicomElement *element = &walk->dataset->elements[walk->levels[--walk->depth].element];

	element->end = walk->dataset->count;
	element->length = end - element->offset;
}

/* The VR of an element in implicit VR. */
static void
implicit_vr(const Walk *walk, DicomTag tag, char vr[2])
{
	const char *known = rad_dicom_known_vr(tag);

	memcpy(vr, known != NULL ? known : "UN", 2);
	if (known == NULL && (tag & 0xffff) == 0)
		memcpy(vr, "UL", 2);	/* group length */
	else if (known == NULL && walk->mode == DICOM_WALK_NAMED)
		rad_dcmtk_vr(tag, vr);
}

/* Read the header of the element at the position. */
static bool
read_header(Walk *walk, const Level *level, Header *header)
{
	const DicomDataset *dataset = walk->dataset;
	int64_t		position = walk->position;

	header->tag = read_tag(dataset, position);
	header->size = 8;
	if (!level->explicit_vr || header->tag >> 16 == 0xfffe)
	{
		implicit_vr(walk, header->tag, header->vr);
		header->length = (uint32_t) rad_dicom_unsigned(dataset, position + 4, 4);
	}
	else if (!is_vr(dataset->bytes + position + 4))
		return fail_element(walk, header->tag, "has no value representation");
	else
	{
		memcpy(header->vr, dataset->bytes + position + 4, 2);
		if (has_short_length(header->vr))
			header->length = (uint32_t) rad_dicom_unsigned(dataset, position + 6, 2);
		else if (level->limit - position < 12)
			return fail_element(walk, header->tag, "is cut off");
		else
		{
			header->length = (uint32_t) rad_dicom_unsigned(dataset, position + 8, 4);
			header->size = 12;
		}
	}
	return true;
}

/* One element of the data set or of an item. */
static bool
walk_element(Walk *walk, const Level *level, bool *stop)
{
	Header		header;
	bool		is_sequence;
	bool		content_explicit = level->explicit_vr;
	bool		is_undefined;

	if (!read_header(walk, level, &header))
		return false;
	if (header.tag == DICOM_ITEM_END && level->end < 0 && level->element >= 0)
	{
		int64_t		end = walk->position;

		walk->position += 8;
		pop(walk, end);
		return true;
	}
	if (header.tag >> 16 == 0xfffe)
		return fail_element(walk, header.tag, "stands where there is no item to end");
	is_undefined = header.length == UNDEFINED_LENGTH;
	if (walk->mode == DICOM_WALK_HEADER && level->element < 0 &&
		(header.tag == DICOM_PixelData || header.tag == DICOM_FloatPixelData ||
		 header.tag == DICOM_DoubleFloatPixelData))
	{
		*stop = true;
		return true;
	}
	if (!is_undefined && header.length > level->limit - walk->position - header.size)
		return fail_element(walk, header.tag, "is longer than what is left of the file");

	/* An unknown VR hides implicit elements (PS3.5 section 6.2.2). */
	is_sequence = is_vr_of(header.vr, "SQ");
	if (level->explicit_vr && is_vr_of(header.vr, "UN") && !walk->dataset->big_endian)
	{
		const char *known = rad_dicom_known_vr(header.tag);

		if (known != NULL && !is_undefined)
			memcpy(header.vr, known, 2);
		if (is_undefined || is_vr_of(header.vr, "SQ"))
		{
			is_sequence = true;
			content_explicit = false;
		}
	}
	walk->position += header.size;
	if (!append(walk, header.tag, header.vr, walk->position, header.length))
		return false;
	if (is_undefined && (header.tag == DICOM_PixelData || is_vr_of(header.vr, "OB") ||
						 is_vr_of(header.vr, "OW")))
		return push(walk, LEVEL_FRAGMENTS, UNDEFINED_LENGTH, level->explicit_vr);
	if (is_sequence || is_undefined)
	{
		memcpy(walk->dataset->elements[walk->dataset->count - 1].vr, "SQ", 2);
		return push(walk, LEVEL_ITEMS, header.length, content_explicit);
	}
	walk->position += header.length;
	return true;
}

/* One item of a sequence, one fragment, or the mark behind the last. */
static bool
walk_item(Walk *walk, const Level *level)
{
	DicomTag	tag = read_tag(walk->dataset, walk->position);
	uint32_t	length = (uint32_t) rad_dicom_unsigned(walk->dataset, walk->position + 4, 4);

	if (tag == DICOM_SEQUENCE_END && level->end < 0)
	{
		int64_t		end = walk->position;

		walk->position += 8;
		pop(walk, end);
		return true;
	}
	if (tag != DICOM_ITEM)
		return fail_element(walk, tag, "stands where an item of a sequence must");
	if (length != UNDEFINED_LENGTH && length > level->limit - walk->position - 8)
		return fail_element(walk, tag, "is longer than what is left of its sequence");
	walk->position += 8;
	if (!append(walk, DICOM_ITEM, "UN", walk->position, length))
		return false;
	if (level->kind == LEVEL_ITEMS)
		return push(walk, LEVEL_ELEMENTS, length, level->explicit_vr);
	if (length == UNDEFINED_LENGTH)
		return fail_element(walk, tag, "is a fragment of pixel data without a length");
	walk->position += length;
	return true;
}

static bool
only_zeros(const DicomDataset *dataset, int64_t position)
{
	while (position < dataset->length && dataset->bytes[position] == 0)
		position++;
	return position == dataset->length;
}

/* All elements of the data set, from the position on. */
static bool
walk_elements(Walk *walk)
{
	bool		stop = false;

	walk->depth = 1;
	walk->levels[0] = (Level) {
		.kind = LEVEL_ELEMENTS,
		.element = -1,
		.end = walk->dataset->length,
		.limit = walk->dataset->length,
		.explicit_vr = walk->dataset->explicit_vr,
	};
	while (!stop)
	{
		Level		level = walk->levels[walk->depth - 1];
		bool		ok;

		if (walk->position == level.end && walk->depth == 1)
			break;
		if (walk->position == level.end)
		{
			pop(walk, level.end);
			continue;
		}
		if (level.limit - walk->position < 8)
		{
			/* Some programs pad the file. */
			if (walk->depth == 1 && only_zeros(walk->dataset, walk->position))
				break;
			return fail_element(walk, level.element >= 0 ?
								walk->dataset->elements[level.element].tag : 0,
								"is cut off");
		}
		ok = level.kind == LEVEL_ELEMENTS ? walk_element(walk, &level, &stop) :
			walk_item(walk, &level);
		if (!ok)
			return false;
	}
	walk->dataset->complete = !stop;
	return true;
}

/* File meta information: group 2, explicit VR, little endian (PS3.10 7.1). */
static bool
walk_meta(Walk *walk)
{
	Level		level = {
		.kind = LEVEL_ELEMENTS, .element = -1, .end = -1, .limit = walk->dataset->length,
		.explicit_vr = true,
	};

	while (level.limit - walk->position >= 8 &&
		   rad_dicom_unsigned(walk->dataset, walk->position, 2) == 2)
	{
		Header		header;

		if (!read_header(walk, &level, &header))
			return false;
		if (header.length > level.limit - walk->position - header.size)
			return fail_element(walk, header.tag, "is longer than what is left of the file");
		walk->position += header.size;
		if (!append(walk, header.tag, header.vr, walk->position, header.length))
			return false;
		walk->position += header.length;
	}
	walk->dataset->first = walk->dataset->count;
	return true;
}

/* Take the transfer syntax, or guess it when the file does not say. */
static bool
choose_syntax(Walk *walk, bool *deflated)
{
	DicomDataset *dataset = walk->dataset;
	const DicomElement *element = NULL;

	for (int32_t n = 0; n < dataset->first; n++)
	{
		if (dataset->elements[n].tag == DICOM_TransferSyntaxUID)
			element = &dataset->elements[n];
	}
	*deflated = false;
	if (element == NULL || element->length == 0)
	{
		dataset->explicit_vr = dataset->length - walk->position >= 8 &&
			is_vr(dataset->bytes + walk->position + 4);
		strcpy(dataset->transfer_syntax, dataset->explicit_vr ? "1.2.840.10008.1.2.1" :
			   "1.2.840.10008.1.2");
		return true;
	}
	if (!rad_dicom_text(dataset, element, 0, dataset->transfer_syntax,
						sizeof(dataset->transfer_syntax)))
		return fail_element(walk, DICOM_TransferSyntaxUID, "is no UID");
	dataset->explicit_vr = true;
	dataset->encoding = DICOM_UNKNOWN_ENCODING;
	for (size_t n = 0; n < sizeof(transfer_syntaxes) / sizeof(transfer_syntaxes[0]); n++)
	{
		if (strcmp(transfer_syntaxes[n].uid, dataset->transfer_syntax) == 0)
		{
			dataset->explicit_vr = transfer_syntaxes[n].explicit_vr;
			dataset->big_endian = transfer_syntaxes[n].big_endian;
			dataset->encoding = transfer_syntaxes[n].encoding;
			*deflated = transfer_syntaxes[n].deflated;
		}
	}
	return true;
}

/*
 * Replace the bytes by those with the data set inflated (PS3.5 section A.5:
 * raw deflate behind the meta information).
 */
static bool
inflate_dataset(Walk *walk)
{
	RadContext *context = walk->context;
	DicomDataset *dataset = walk->dataset;
	struct inflate_state *state = rad_new(context, struct inflate_state, 1);
	int64_t		capacity = 4 * dataset->length + INFLATE_PIECE;
	int64_t		used = walk->position;
	uint8_t    *bytes;

	if (capacity > RAD_DICOM_MAX_INFLATED)
		capacity = RAD_DICOM_MAX_INFLATED;
	bytes = rad_allocate(context, (size_t) capacity, 1);
	if (state == NULL || bytes == NULL)
		return false;
	if (used > capacity)
		return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s is too large to inflate", dataset->name);
	memcpy(bytes, dataset->bytes, (size_t) used);
	isal_inflate_init(state);
	state->next_in = (uint8_t *) dataset->bytes + used;
	state->avail_in = (uint32_t) (dataset->length - used);
	while (state->block_state != ISAL_BLOCK_FINISH)
	{
		int64_t		room = capacity - used;
		int			result;

		if (room == 0)
		{
			uint8_t    *larger;

			if (capacity >= RAD_DICOM_MAX_INFLATED)
			{
				rad_fail(context, RAD_LIMIT_EXCEEDED, "%s inflates to more than %lld bytes",
						 dataset->name, (long long) RAD_DICOM_MAX_INFLATED);
				return rad_hint(context, "This limit cannot be changed.");
			}
			larger = rad_allocate(context, (size_t) (2 * capacity), 1);
			if (larger == NULL)
				return false;
			memcpy(larger, bytes, (size_t) used);
			rad_release(context, bytes);
			bytes = larger;
			capacity *= 2;
			continue;
		}
		state->next_out = bytes + used;
		state->avail_out = (uint32_t) (room < INFLATE_PIECE ? room : INFLATE_PIECE);
		result = isal_inflate(state);
		if (state->next_out == bytes + used && state->block_state != ISAL_BLOCK_FINISH)
			result = ISAL_END_INPUT;
		used = state->next_out - bytes;
		if (result != ISAL_DECOMP_OK)
		{
			rad_fail(context, RAD_INVALID_BINARY, "%s has a damaged deflated data set",
					 dataset->name);
			rad_detail(context, "Inflating stopped after %lld bytes.", (long long) used);
			return rad_hint(context, "Load the file again from its origin.");
		}
		if (!rad_continue(context))
			return false;
	}
	rad_release(context, state);
	dataset->bytes = bytes;
	dataset->length = used;
	return true;
}

bool
rad_dicom_parse(RadContext *context, const char *name, const uint8_t *bytes, int64_t length,
				DicomWalk walk_mode, DicomDataset *dataset)
{
	Walk		walk = {.context = context, .dataset = dataset, .mode = walk_mode};
	bool		deflated;

	*dataset = (DicomDataset) {.name = name, .bytes = bytes, .length = length};
	if (!rad_dicom_recognise(bytes, (size_t) length))
	{
		rad_fail(context, RAD_INVALID_BINARY, "%s is not a DICOM file", name);
		rad_detail(context, "It has %lld bytes and no \"DICM\" at byte 128.", (long long) length);
		return rad_hint(context, "Check that the column holds the bytes of the file.");
	}
	if (has_preamble(bytes, (size_t) length))
		walk.position = PREAMBLE + 4;
	if (!walk_meta(&walk) || !choose_syntax(&walk, &deflated))
		return false;
	if (deflated && !inflate_dataset(&walk))
		return false;
	return walk_elements(&walk);
}

void
rad_dicom_release(RadContext *context, DicomDataset *dataset)
{
	rad_release(context, dataset->elements);
	dataset->elements = NULL;
	dataset->count = dataset->capacity = dataset->first = 0;
}

/* --- looking things up ------------------------------------------------------ */

const DicomElement *
rad_dicom_find(const DicomDataset *dataset, const DicomElement *item, DicomTag tag)
{
	int32_t		n = item != NULL ? (int32_t) (item - dataset->elements) + 1 : dataset->first;
	int32_t		end = item != NULL ? item->end : dataset->count;

	for (; n < end; n = dataset->elements[n].end)
	{
		if (dataset->elements[n].tag == tag)
			return &dataset->elements[n];
	}
	return NULL;
}

const DicomElement *
rad_dicom_first_item(const DicomDataset *dataset, const DicomElement *sequence)
{
	int32_t		first;

	if (sequence == NULL)
		return NULL;
	first = (int32_t) (sequence - dataset->elements) + 1;
	return first < sequence->end ? &dataset->elements[first] : NULL;
}

const DicomElement *
rad_dicom_next_item(const DicomDataset *dataset, const DicomElement *sequence,
					const DicomElement *item)
{
	return item->end < sequence->end ? &dataset->elements[item->end] : NULL;
}

const DicomElement *
rad_dicom_item_of(const DicomDataset *dataset, const DicomElement *item, DicomTag tag)
{
	return rad_dicom_first_item(dataset, rad_dicom_find(dataset, item, tag));
}

/* Bytes of one value of a binary VR; 0 for text. */
static int
binary_size(const char vr[2])
{
	static const struct
	{
		char		vr[3];
		int			size;
	}			sizes[] = {{"US", 2}, {"SS", 2}, {"UL", 4}, {"SL", 4}, {"FL", 4}, {"FD", 8},
	{"AT", 4}, {"OV", 8}, {"UV", 8}, {"SV", 8}};

	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++)
	{
		if (is_vr_of(vr, sizes[n].vr))
			return sizes[n].size;
	}
	return 0;
}

/* The value without the padding behind it: spaces and zeros (PS3.5 6.2). */
static int64_t
unpadded_length(const DicomDataset *dataset, const DicomElement *element)
{
	const uint8_t *bytes = dataset->bytes + element->offset;
	int64_t		length = element->length;

	while (length > 0 && (bytes[length - 1] == ' ' || bytes[length - 1] == '\0'))
		length--;
	return length;
}

int64_t
rad_dicom_value_count(const DicomDataset *dataset, const DicomElement *element)
{
	int			size;
	int64_t		length;
	int64_t		count = 1;

	if (element == NULL || is_vr_of(element->vr, "SQ"))
		return 0;
	size = binary_size(element->vr);
	if (size > 0)
		return element->length / size;
	length = unpadded_length(dataset, element);
	if (length == 0)
		return 0;
	for (int64_t n = 0; n < length; n++)
		count += dataset->bytes[element->offset + n] == '\\';
	return count;
}

/* Copy the text of a value from *position on, and step behind its backslash. */
static bool
next_text(const DicomDataset *dataset, int64_t *position, int64_t end, char *text, size_t size)
{
	const uint8_t *bytes = dataset->bytes;
	int64_t		from = *position;
	int64_t		to;

	if (from > end)
		return false;
	for (to = from; to < end && bytes[to] != '\\'; to++)
		;
	*position = to + 1;
	while (from < to && bytes[from] == ' ')
		from++;
	while (to > from && (bytes[to - 1] == ' ' || bytes[to - 1] == '\0'))
		to--;
	if (to - from >= (int64_t) size)
		return false;
	for (int64_t n = from; n < to; n++)
		text[n - from] = bytes[n] >= ' ' && bytes[n] <= '~' ? (char) bytes[n] : '?';
	text[to - from] = '\0';
	return true;
}

bool
rad_dicom_text(const DicomDataset *dataset, const DicomElement *element, int64_t n,
			   char *text, size_t size)
{
	int64_t		position;
	int64_t		end;

	if (element == NULL || is_vr_of(element->vr, "SQ") || binary_size(element->vr) > 0)
		return false;
	position = element->offset;
	end = position + unpadded_length(dataset, element);
	for (; n > 0; n--)
	{
		while (position < end && dataset->bytes[position] != '\\')
			position++;
		if (position >= end)
			return false;
		position++;
	}
	return end > element->offset && next_text(dataset, &position, end, text, size);
}

/* A decimal string (PS3.5 section 6.2, DS and IS), but of any length. */
static bool
parse_number(const char *text, double *number)
{
	char	   *end;

	if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
		return false;
	*number = strtod(text, &end);
	return *end == '\0' && isfinite(*number);
}

static bool
binary_number(const DicomDataset *dataset, const char vr[2], int64_t offset, int size,
			  double *number)
{
	uint64_t	bits = rad_dicom_unsigned(dataset, offset, size);

	if (is_vr_of(vr, "FL"))
	{
		uint32_t	narrow = (uint32_t) bits;
		float		value;

		memcpy(&value, &narrow, sizeof(value));
		*number = value;
	}
	else if (is_vr_of(vr, "FD"))
		memcpy(number, &bits, sizeof(*number));
	else if (vr[0] == 'S')
		*number = (double) ((int64_t) (bits << (64 - 8 * size)) >> (64 - 8 * size));
	else
		*number = (double) bits;
	return isfinite(*number);
}

bool
rad_dicom_number(const DicomDataset *dataset, const DicomElement *element, int64_t n,
				 double *number)
{
	char		text[64];
	int			size;

	if (element == NULL)
		return false;
	size = binary_size(element->vr);
	if (size > 0)
		return n < element->length / size &&
			binary_number(dataset, element->vr, element->offset + n * size, size, number);
	return rad_dicom_text(dataset, element, n, text, sizeof(text)) && parse_number(text, number);
}

bool
rad_dicom_numbers(const DicomDataset *dataset, const DicomElement *element, int64_t count,
				  double *numbers)
{
	char		text[64];
	int64_t		position;
	int64_t		end;

	if (element == NULL || is_vr_of(element->vr, "SQ"))
		return false;
	if (binary_size(element->vr) > 0)
	{
		for (int64_t n = 0; n < count; n++)
		{
			if (!rad_dicom_number(dataset, element, n, &numbers[n]))
				return false;
		}
		return true;
	}
	position = element->offset;
	end = position + unpadded_length(dataset, element);
	for (int64_t n = 0; n < count; n++)
	{
		if (!next_text(dataset, &position, end, text, sizeof(text)) ||
			!parse_number(text, &numbers[n]))
			return false;
	}
	return true;
}

bool
rad_dicom_integer(const DicomDataset *dataset, const DicomElement *element, int64_t lowest,
				  int64_t highest, int64_t *number)
{
	double		value;

	if (!rad_dicom_number(dataset, element, 0, &value) || value != floor(value) ||
		value < (double) lowest || value > (double) highest)
		return false;
	*number = (int64_t) value;
	return true;
}

void
rad_dicom_top_text(const DicomDataset *dataset, DicomTag tag, char *text, size_t size)
{
	if (!rad_dicom_text(dataset, rad_dicom_find(dataset, NULL, tag), 0, text, size))
		text[0] = '\0';
}
