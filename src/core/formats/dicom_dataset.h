/*
 * The data elements of one DICOM object (PS3.5 section 7, PS3.10 section 7):
 * where each value lies in the bytes, and which belong to which sequence item.
 *
 * The walk is ours and not DCMTK's, because here the bytes come from anyone:
 * every length is checked against what encloses it before it is used, nesting
 * and the number of elements are limited, nothing is allocated by a length
 * that the file only claims.  (DCMTK descends by recursion, and a file of a
 * few megabytes overflows its stack: that would restart the whole server.)
 * DCMTK names the attributes and decompresses (formats/dicom_dcmtk.h).
 */
#ifndef RAD_FORMATS_DICOM_DATASET_H
#define RAD_FORMATS_DICOM_DATASET_H

#include "base/context.h"

/* Deeper nesting of sequences is refused: real objects reach about 10. */
#define RAD_DICOM_MAX_DEPTH 32

/* More data elements than this are refused. */
#define RAD_DICOM_MAX_ELEMENTS (4 << 20)

/* A deflated data set may not become larger than this. */
#define RAD_DICOM_MAX_INFLATED ((int64_t) 1 << 30)

/* Longest UID (PS3.5 section 9.1) with its end. */
#define RAD_DICOM_UID_LENGTH 65

typedef uint32_t DicomTag;		/* group << 16 | element */

/* DICOM_Rows, DICOM_PixelSpacing, ... */
enum
{
#define DICOM_ATTRIBUTE(keyword, tag, vr) DICOM_##keyword = tag,
#include "formats/dicom_attributes.def"
#undef DICOM_ATTRIBUTE
	DICOM_ITEM = 0xfffee000,
	DICOM_ITEM_END = 0xfffee00d,
	DICOM_SEQUENCE_END = 0xfffee0dd
};

/* How pixels are encoded (PS3.5 section 10). */
typedef enum DicomEncoding
{
	DICOM_NATIVE,
	DICOM_RLE,
	DICOM_JPEG,					/* baseline, extended, lossless: through DCMTK */
	DICOM_JPEG_LS,				/* through DCMTK */
	DICOM_JPEG_2000,			/* through OpenJPEG */
	DICOM_UNKNOWN_ENCODING
} DicomEncoding;

/*
 * One element, or one item of a sequence (tag DICOM_ITEM).  They stand in the
 * order of the file; children follow their parent.
 */
typedef struct DicomElement
{
	DicomTag	tag;
	char		vr[2];			/* "UN" when neither file nor dictionary say */
	int32_t		end;			/* index behind the element and its children */
	int64_t		offset;			/* of the value */
	int64_t		length;			/* of the value; with its end marks */
} DicomElement;

typedef struct DicomDataset
{
	const char *name;			/* for messages */
	const uint8_t *bytes;		/* offsets count from here */
	int64_t		length;
	bool		big_endian;
	bool		explicit_vr;
	DicomEncoding encoding;
	char		transfer_syntax[RAD_DICOM_UID_LENGTH];
	int32_t		count;
	int32_t		first;			/* behind the file meta information */
	DicomElement *elements;
	int32_t		capacity;
	bool		complete;		/* false: the walk ended in front of the pixels */
} DicomDataset;

typedef enum DicomWalk
{
	DICOM_WALK_ALL,
	DICOM_WALK_NAMED,			/* and ask DCMTK for the VR of what is implicit */
	DICOM_WALK_HEADER			/* stop in front of the pixel data */
} DicomWalk;

/*
 * True when the bytes are a DICOM file: "DICM" behind the preamble, or, as
 * older programs wrote it, a data set without either.
 */
extern bool rad_dicom_recognise(const uint8_t *head, size_t length);

/* Walk an object; bytes must stay as long as the data set. */
extern bool rad_dicom_parse(RadContext *context, const char *name, const uint8_t *bytes,
							int64_t length, DicomWalk walk, DicomDataset *dataset);

/* Give back what the walk allocated. */
extern void rad_dicom_release(RadContext *context, DicomDataset *dataset);

/* VR of an attribute that the files may leave out; NULL when not known here. */
extern const char *rad_dicom_known_vr(DicomTag tag);

/* Name of an attribute of dicom_attributes.def. */
extern const char *rad_dicom_known_name(DicomTag tag);

/*
 * The element of that tag in an item, or at the top when item is NULL; NULL
 * when there is none.
 */
extern const DicomElement *rad_dicom_find(const DicomDataset *dataset, const DicomElement *item,
										  DicomTag tag);

/* First and next item of a sequence; NULL behind the last. */
extern const DicomElement *rad_dicom_first_item(const DicomDataset *dataset,
												const DicomElement *sequence);
extern const DicomElement *rad_dicom_next_item(const DicomDataset *dataset,
											   const DicomElement *sequence,
											   const DicomElement *item);

/* rad_dicom_first_item of the sequence of that tag; NULL without any. */
extern const DicomElement *rad_dicom_item_of(const DicomDataset *dataset,
											 const DicomElement *item, DicomTag tag);

/* Number of values; 0 for an element that is NULL or empty. */
extern int64_t rad_dicom_value_count(const DicomDataset *dataset, const DicomElement *element);

/*
 * Value number n as text without padding; false when there is none or it does
 * not fit.  For UIDs, codes, numbers and times, which are ASCII: other bytes
 * become question marks.  Names: formats/dicom_text.h.
 */
extern bool rad_dicom_text(const DicomDataset *dataset, const DicomElement *element, int64_t n,
						   char *text, size_t size);

/* Value number n as a finite number; false when it is none. */
extern bool rad_dicom_number(const DicomDataset *dataset, const DicomElement *element, int64_t n,
							 double *number);

/*
 * The first count numbers.  False when there are fewer, or one is no number.
 */
extern bool rad_dicom_numbers(const DicomDataset *dataset, const DicomElement *element,
							  int64_t count, double *numbers);

/* A whole number inside the range; false otherwise. */
extern bool rad_dicom_integer(const DicomDataset *dataset, const DicomElement *element,
							  int64_t lowest, int64_t highest, int64_t *number);

/* A UID or code string of the top level; empty when there is none. */
extern void rad_dicom_top_text(const DicomDataset *dataset, DicomTag tag, char *text, size_t size);

/* Integers in the byte order of the data set; size 1, 2, 4 or 8. */
extern uint64_t rad_dicom_unsigned(const DicomDataset *dataset, int64_t offset, int size);

#endif							/* RAD_FORMATS_DICOM_DATASET_H */
