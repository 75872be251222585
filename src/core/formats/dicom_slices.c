/*
 * From the attributes of a DICOM object to slices; see dicom_slices.h.
 * Multi-frame functional groups: PS3.3 section C.7.6.16.
 */
#include "formats/dicom_slices.h"

#include <math.h>
#include <string.h>

size_t
rad_dicom_slice_bytes(const DicomSlice *slice)
{
	return (size_t) slice->rows * (size_t) slice->columns * rad_voxel_size(slice->type);
}

static bool
group_numbers(const DicomDataset *dataset, const DicomElement *item, DicomTag sequence,
			  DicomTag tag, int count, double *numbers)
{
	const DicomElement *group = item == NULL ? NULL : rad_dicom_item_of(dataset, item, sequence);

	return group != NULL &&
		rad_dicom_numbers(dataset, rad_dicom_find(dataset, group, tag), count, numbers);
}

bool
rad_dicom_frame_numbers(const DicomDataset *dataset, const DicomElement *frame,
						DicomTag sequence, DicomTag tag, int count, double *numbers)
{
	const DicomElement *shared = rad_dicom_item_of(dataset, NULL,
												   DICOM_SharedFunctionalGroupsSequence);

	return group_numbers(dataset, frame, sequence, tag, count, numbers) ||
		group_numbers(dataset, shared, sequence, tag, count, numbers) ||
		rad_dicom_numbers(dataset, rad_dicom_find(dataset, NULL, tag), count, numbers);
}

/* Position, orientation and spacing of one frame. */
static void
read_geometry(const DicomDataset *dataset, const DicomElement *frame, DicomSlice *slice)
{
	double		spacing[2];

	slice->has_position =
		rad_dicom_frame_numbers(dataset, frame, DICOM_PlanePositionSequence,
								DICOM_ImagePositionPatient, 3, slice->position);
	slice->has_orientation =
		rad_dicom_frame_numbers(dataset, frame, DICOM_PlaneOrientationSequence,
								DICOM_ImageOrientationPatient, 6, slice->orientation);

	/* Pixel spacing is between rows first (PS3.3 section 10.7.1.3). */
	if (rad_dicom_frame_numbers(dataset, frame, DICOM_PixelMeasuresSequence,
								DICOM_PixelSpacing, 2, spacing) &&
		spacing[0] > 0.0 && spacing[1] > 0.0)
	{
		slice->has_spacing = true;
		slice->spacing[0] = spacing[1];
		slice->spacing[1] = spacing[0];
	}
	if (!rad_dicom_frame_numbers(dataset, frame, DICOM_PixelMeasuresSequence,
								 DICOM_SliceThickness, 1, &slice->thickness) ||
		slice->thickness < 0.0)
		slice->thickness = 0.0;
	if (!rad_dicom_frame_numbers(dataset, frame, DICOM_PixelMeasuresSequence,
								 DICOM_SpacingBetweenSlices, 1, &slice->between))
		slice->between = 0.0;
	slice->between = fabs(slice->between);	/* NM gives it a sign */
}

/* Slope and intercept of one frame (modality LUT, PS3.3 section C.11.1). */
static bool
read_rescale(RadContext *context, const DicomDataset *dataset, const DicomElement *frame,
			 DicomSlice *slice)
{
	slice->slope = 1.0;
	slice->intercept = 0.0;
	if (strcmp(slice->modality, "RTDOSE") == 0)
		rad_dicom_numbers(dataset, rad_dicom_find(dataset, NULL, DICOM_DoseGridScaling), 1,
						  &slice->slope);
	else if (rad_dicom_frame_numbers(dataset, frame, DICOM_PixelValueTransformationSequence,
									 DICOM_RescaleSlope, 1, &slice->slope))
		rad_dicom_frame_numbers(dataset, frame, DICOM_PixelValueTransformationSequence,
								DICOM_RescaleIntercept, 1, &slice->intercept);
	else if (rad_dicom_item_of(dataset, NULL, DICOM_ModalityLUTSequence) != NULL)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has a table as modality LUT", dataset->name);
		return rad_hint(context, "Only a rescale slope and intercept are applied.");
	}
	if (slice->slope == 0.0)
		return rad_fail(context, RAD_INVALID_BINARY, "%s has a rescale slope of 0",
						dataset->name);
	return true;
}

/*
 * Frames of a dose (RTDOSE) lie at offsets along the normal of the first
 * (PS3.3 section C.8.8.3.2; offsets of both kinds differ by the same).
 */
static bool
place_dose_frames(RadContext *context, const DicomDataset *dataset, int count, DicomSlice *slices)
{
	const DicomElement *vector = rad_dicom_find(dataset, NULL, DICOM_GridFrameOffsetVector);
	const double *o = slices[0].orientation;
	double		normal[3] = {o[1] * o[5] - o[2] * o[4], o[2] * o[3] - o[0] * o[5],
	o[0] * o[4] - o[1] * o[3]};
	double	   *offsets = rad_new(context, double, count);

	if (offsets == NULL)
		return false;
	if (!rad_dicom_numbers(dataset, vector, count, offsets))
		return rad_fail(context, RAD_INVALID_BINARY,
						"%s has %d frames, but not so many numbers in GridFrameOffsetVector",
						dataset->name, count);
	for (int n = 1; n < count; n++)
	{
		for (int axis = 0; axis < 3; axis++)
			slices[n].position[axis] += normal[axis] * (offsets[n] - offsets[0]);
	}
	rad_release(context, offsets);
	return true;
}

/* What all frames of an object have in common. */
static void
read_common(const DicomPixels *pixels, DicomSlice *slice)
{
	const DicomDataset *dataset = pixels->dataset;

	*slice = (DicomSlice) {
		.instance_number = RAD_DICOM_NO_NUMBER,
		.frame_count = pixels->frame_count,
		.rows = pixels->rows,
		.columns = pixels->columns,
		.type = pixels->type,
	};
	rad_dicom_top_text(dataset, DICOM_SOPInstanceUID, slice->sop_instance,
					   sizeof(slice->sop_instance));
	rad_dicom_top_text(dataset, DICOM_SeriesInstanceUID, slice->series, sizeof(slice->series));
	rad_dicom_top_text(dataset, DICOM_FrameOfReferenceUID, slice->frame_of_reference,
					   sizeof(slice->frame_of_reference));
	rad_dicom_top_text(dataset, DICOM_Modality, slice->modality, sizeof(slice->modality));
	rad_dicom_top_text(dataset, DICOM_Units, slice->units, sizeof(slice->units));
	if (strcmp(slice->modality, "CT") == 0)
		strcpy(slice->units, "HU");
	rad_dicom_integer(dataset, rad_dicom_find(dataset, NULL, DICOM_InstanceNumber),
					  INT32_MIN, INT32_MAX, &slice->instance_number);
	rad_dicom_stored_range(pixels, &slice->lowest, &slice->highest);
}

bool
rad_dicom_slices(RadContext *context, const DicomPixels *pixels, DicomSlice **slices)
{
	const DicomDataset *dataset = pixels->dataset;
	const DicomElement *groups = rad_dicom_find(dataset, NULL,
												DICOM_PerFrameFunctionalGroupsSequence);
	const DicomElement *frame = rad_dicom_first_item(dataset, groups);
	bool		has_groups = frame != NULL;
	DicomSlice	common;

	*slices = rad_new(context, DicomSlice, pixels->frame_count);
	if (*slices == NULL)
		return false;
	read_common(pixels, &common);
	for (int n = 0; n < pixels->frame_count; n++)
	{
		DicomSlice *slice = &(*slices)[n];

		if (has_groups && frame == NULL)
			return rad_fail(context, RAD_INVALID_BINARY,
							"%s has %d frames, but functional groups of only %d", dataset->name,
							pixels->frame_count, n);
		*slice = common;
		slice->frame = n;
		read_geometry(dataset, frame, slice);
		if (!read_rescale(context, dataset, frame, slice))
			return false;
		if (has_groups)
			frame = rad_dicom_next_item(dataset, groups, frame);
	}
	if (!has_groups && pixels->frame_count > 1)
	{
		if (common.modality[0] == 'R' && strcmp(common.modality, "RTDOSE") == 0 &&
			(*slices)[0].has_position && (*slices)[0].has_orientation)
			return place_dose_frames(context, dataset, pixels->frame_count, *slices);
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has %d frames without positions",
				 dataset->name, pixels->frame_count);
		return rad_hint(context, "Frames can be read from enhanced objects, which place each "
						"one, and from doses.");
	}
	return true;
}
