/*
 * Standardised uptake value of PET by body weight, from the attributes of an
 * instance.
 */
#ifndef RAD_FORMATS_DICOM_SUV_H
#define RAD_FORMATS_DICOM_SUV_H

#include "formats/dicom_dataset.h"
#include "formats/reader.h"

/*
 * What voxel values (after rescaling) have to be multiplied with to become
 * SUVbw in g/ml.  1 when they are that already.  What cannot be known from the
 * attributes with certainty is refused.
 */
extern bool rad_dicom_suv_factor(RadContext *context, const DicomDataset *dataset,
								 double *factor);

/*
 * A PET volume as SUVbw: float32, or as it is when it is SUV already.  The
 * attributes are those of the volume, and change with it.
 */
extern bool rad_dicom_suv_volume(RadContext *context, const DicomDataset *dataset,
								 VolumeReader *reader, VolumeAttributes *attributes,
								 Volume *volume);

#endif							/* RAD_FORMATS_DICOM_SUV_H */
