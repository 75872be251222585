/*
 * DCMTK behind a C interface; see dicom_dcmtk.h.  Its registries (codecs,
 * dictionary, logging) are global: one set for each process, made at the first
 * use and left until the process ends.
 */
#include "formats/dicom_dcmtk.h"

#include <cstdio>
#include <cstring>

#ifdef RAD_HAVE_DCMTK

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmdata/dctag.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

/* DCMTK logs to stderr, that is into the server's log: errors come back anyway. */
static void
silence()
{
	static bool done = false;

	if (!done)
		OFLog::configure(OFLogger::OFF_LOG_LEVEL);
	done = true;
}

static void
register_codecs()
{
	static bool done = false;

	silence();
	if (!done)
	{
		DJDecoderRegistration::registerCodecs(EDC_never);
		DJLSDecoderRegistration::registerCodecs();
	}
	done = true;
}

static bool
fail(char message[RAD_DCMTK_MESSAGE], const char *text)
{
	snprintf(message, RAD_DCMTK_MESSAGE, "%s", text);
	return false;
}

/* With its VR, so that decompression does not need the dictionary. */
static void
put(DcmDataset &dataset, const DcmTagKey &key, int value)
{
	dataset.putAndInsertUint16(DcmTag(key, EVR_US), static_cast<Uint16>(value));
}

/* The header that DCMTK's codecs look at, and the frame as pixel data. */
static OFCondition
decode(const DcmtkFrame *frame, void *samples)
{
	DcmXfer		syntax(frame->transfer_syntax);
	DcmDataset	dataset;
	DcmPixelData pixel_data(DcmTag(DCM_PixelData, EVR_OB));
	DcmPixelSequence *sequence = new DcmPixelSequence(DCM_PixelSequenceTag);
	DcmOffsetList offsets;
	OFString	colour_model;
	Uint32		first_fragment = 0;
	OFCondition result;

	/* The pixel data own the sequence from here on, and delete it. */
	pixel_data.putOriginalRepresentation(syntax.getXfer(), NULL, sequence);
	result = sequence->insert(new DcmPixelItem(DCM_PixelItemTag));
	if (result.good())
		result = sequence->storeCompressedFrame(offsets, const_cast<Uint8 *>(frame->bytes),
												static_cast<Uint32>(frame->length), 0);
	if (result.bad())
		return result;
	put(dataset, DCM_SamplesPerPixel, 1);
	dataset.putAndInsertString(DcmTag(DCM_PhotometricInterpretation, EVR_CS), "MONOCHROME2");
	dataset.putAndInsertString(DcmTag(DCM_NumberOfFrames, EVR_IS), "1");
	put(dataset, DCM_Rows, frame->rows);
	put(dataset, DCM_Columns, frame->columns);
	put(dataset, DCM_BitsAllocated, frame->bits_allocated);
	put(dataset, DCM_BitsStored, frame->bits_stored);
	put(dataset, DCM_HighBit, frame->bits_stored - 1);
	put(dataset, DCM_PixelRepresentation, frame->is_signed ? 1 : 0);

	size_t		size = static_cast<size_t>(frame->rows) * frame->columns *
		(frame->bits_allocated / 8);
	size_t		even_size = size + size % 2;

	/* DCMTK fills an even number of bytes. */
	if (size == even_size)
		return pixel_data.getUncompressedFrame(&dataset, 0, first_fragment, samples,
											   static_cast<Uint32>(size), colour_model);
	OFVector<Uint8> even(even_size);

	result = pixel_data.getUncompressedFrame(&dataset, 0, first_fragment, &even[0],
											 static_cast<Uint32>(even_size), colour_model);
	if (result.good())
		memcpy(samples, &even[0], size);
	return result;
}

bool
rad_dcmtk_decode(const DcmtkFrame *frame, void *samples, char message[RAD_DCMTK_MESSAGE])
{
	try
	{
		register_codecs();

		OFCondition result = decode(frame, samples);

		return result.good() ? true : fail(message, result.text());
	}
	catch (...)
	{
		return fail(message, "out of memory");
	}
}

bool
rad_dcmtk_vr(uint32_t tag, char vr[2])
{
	try
	{
		silence();

		DcmTag		known(static_cast<Uint16>(tag >> 16), static_cast<Uint16>(tag & 0xffff));
		const char *name = known.getVR().getValidVRName();

		if (known.isUnknownVR() || name == NULL || strlen(name) != 2)
			return false;
		memcpy(vr, name, 2);
		return true;
	}
	catch (...)
	{
		return false;
	}
}

bool
rad_dcmtk_keyword(uint32_t tag, char keyword[RAD_DCMTK_KEYWORD])
{
	try
	{
		silence();

		DcmTag		known(static_cast<Uint16>(tag >> 16), static_cast<Uint16>(tag & 0xffff));
		const char *name = known.getTagName();

		if (known.isUnknownVR() || name == NULL || strlen(name) >= RAD_DCMTK_KEYWORD)
			return false;
		strcpy(keyword, name);
		return true;
	}
	catch (...)
	{
		return false;
	}
}

bool
rad_dcmtk_dictionary(char message[RAD_DCMTK_MESSAGE])
{
	try
	{
		silence();
		return dcmDataDict.isDictionaryLoaded() ? true :
			fail(message, "the data dictionary of DCMTK is missing; it is the file that its "
				 "package installs, or the one that DCMDICTPATH names");
	}
	catch (...)
	{
		return fail(message, "out of memory");
	}
}

bool
rad_dcmtk_to_utf8(const char *character_set, const char *text, size_t length,
				  char *utf8, size_t size, size_t *utf8_length)
{
	try
	{
		DcmSpecificCharacterSet converter;
		OFString	converted;

		silence();
		if (converter.selectCharacterSet(character_set, "ISO_IR 192").bad() ||
			converter.convertString(OFString(text, length), converted, "\\^=").bad())
			return false;
		*utf8_length = converted.length() < size ? converted.length() : size;
		memcpy(utf8, converted.data(), *utf8_length);
		return true;
	}
	catch (...)
	{
		return false;
	}
}

#else							/* without DCMTK */

#define MISSING "this build has no DCMTK library"

bool
rad_dcmtk_decode(const DcmtkFrame *, void *, char message[RAD_DCMTK_MESSAGE])
{
	snprintf(message, RAD_DCMTK_MESSAGE, "%s", MISSING);
	return false;
}

bool
rad_dcmtk_vr(uint32_t, char *)
{
	return false;
}

bool
rad_dcmtk_keyword(uint32_t, char *)
{
	return false;
}

bool
rad_dcmtk_dictionary(char message[RAD_DCMTK_MESSAGE])
{
	snprintf(message, RAD_DCMTK_MESSAGE, "%s", MISSING);
	return false;
}

bool
rad_dcmtk_to_utf8(const char *, const char *, size_t, char *, size_t, size_t *)
{
	return false;
}

#endif
