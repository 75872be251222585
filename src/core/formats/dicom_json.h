/*
 * The attributes of a DICOM object as JSON.
 */
#ifndef RAD_FORMATS_DICOM_JSON_H
#define RAD_FORMATS_DICOM_JSON_H

#include "formats/dicom_dataset.h"

/*
 * An object with one member per attribute, named by its keyword ("PixelSpacing",
 * PS3.6); those that the dictionary does not know, private ones among them, by
 * eight hexadecimal digits ("00091001").  Numbers are numbers, with the digits
 * of the file; several values are an array, none is null; a sequence is an
 * array of objects; values of bytes are {"bytes": length}.  UTF-8, ends with a
 * zero.  The data set must have been walked with DICOM_WALK_NAMED.
 */
extern bool rad_dicom_json(RadContext *context, const DicomDataset *dataset, char **json);

#endif							/* RAD_FORMATS_DICOM_JSON_H */
