/*
 * What DCMTK does for us: names of attributes, JPEG and JPEG-LS, character
 * sets.  C++ behind a C interface: no exception leaves, nothing here calls
 * back, all memory is the caller's, so no longjmp ever crosses a C++ object.
 *
 * Without DCMTK (RAD_HAVE_DCMTK not defined) the functions are there and say
 * so.
 */
#ifndef RAD_FORMATS_DICOM_DCMTK_H
#define RAD_FORMATS_DICOM_DCMTK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C"
{
#endif

#define RAD_DCMTK_MESSAGE 256

/* Longest keyword of PS3.6 is 64. */
#define RAD_DCMTK_KEYWORD 80

typedef struct DcmtkFrame
{
	const char *transfer_syntax;	/* UID: a JPEG or JPEG-LS one */
	const uint8_t *bytes;		/* of one compressed frame */
	size_t		length;
	int			rows;
	int			columns;
	int			bits_allocated;	/* 8 or 16 */
	int			bits_stored;
	bool		is_signed;
} DcmtkFrame;

/*
 * Decompress one frame of one sample per pixel into rows * columns samples of
 * bits_allocated bits, native byte order.  The caller has checked that the
 * stream has that size.  False with a message.
 */
extern bool rad_dcmtk_decode(const DcmtkFrame *frame, void *samples,
							 char message[RAD_DCMTK_MESSAGE]);

/* VR of an attribute by the dictionary; false when it has none. */
extern bool rad_dcmtk_vr(uint32_t tag, char vr[2]);

/* Keyword of an attribute; false when the dictionary has none. */
extern bool rad_dcmtk_keyword(uint32_t tag, char keyword[RAD_DCMTK_KEYWORD]);

/*
 * Is a dictionary there?  Without the file that Debian's DCMTK reads, or
 * without DCMTK, the message says what is missing.
 */
extern bool rad_dcmtk_dictionary(char message[RAD_DCMTK_MESSAGE]);

/*
 * Convert text to UTF-8 from the character sets of SpecificCharacterSet.
 * Writes at most size bytes, sets the length that the text has; false when it
 * cannot be converted.
 */
extern bool rad_dcmtk_to_utf8(const char *character_set, const char *text, size_t length,
							  char *utf8, size_t size, size_t *utf8_length);

#ifdef __cplusplus
}
#endif

#endif							/* RAD_FORMATS_DICOM_DCMTK_H */
