/*
 * Segmentation objects; see dicom_seg.h.
 */
#include "formats/dicom_seg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/dicom_slices.h"
#include "formats/dicom_text.h"

/* A pixel of a frame may lie this far (voxels) beside the centre of its voxel. */
#define PLACE_TOLERANCE 0.1

typedef struct SegFrames
{
	const DicomDataset *dataset;
	DicomPixels pixels;
	DicomSlice *slices;
	char		type[17];
	double		maximum;		/* of the fraction */
	bool		is_label_map;
} SegFrames;

bool
rad_seg_type(RadContext *context, const DicomDataset *dataset, char type[17])
{
	rad_dicom_top_text(dataset, DICOM_SegmentationType, type, 17);
	if (type[0] == '\0')
	{
		char		modality[17];

		rad_dicom_top_text(dataset, DICOM_Modality, modality, sizeof(modality));
		rad_fail(context, RAD_DATA_EXCEPTION, "%s is not a SEG: it has no SegmentationType",
				 dataset->name);
		return rad_detail(context, "Its modality is \"%s\".", modality);
	}
	if (strcmp(type, "BINARY") == 0 || strcmp(type, "FRACTIONAL") == 0 ||
		strcmp(type, "LABELMAP") == 0)
		return true;
	rad_fail(context, RAD_NOT_SUPPORTED, "%s has the segmentation type \"%s\"", dataset->name,
			 type);
	return rad_hint(context, "BINARY, FRACTIONAL and LABELMAP can be read.");
}

/* Text of an element, cut to the room there is; empty when there is none. */
static bool
read_text(RadContext *context, const DicomDataset *dataset, const DicomElement *element,
		  char text[RAD_SEG_TEXT_LENGTH])
{
	char	   *whole;
	size_t		length;

	text[0] = '\0';
	if (element == NULL)
		return true;
	if (!rad_dicom_utf8(context, dataset, element, &whole, &length))
		return false;
	if (length >= RAD_SEG_TEXT_LENGTH)
	{
		length = RAD_SEG_TEXT_LENGTH - 1;
		while (length > 0 && ((uint8_t) whole[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(text, whole, length);
	text[length] = '\0';
	rad_release(context, whole);
	return true;
}

static bool
read_code(RadContext *context, const DicomDataset *dataset, const DicomElement *item,
		  DicomTag sequence, char text[RAD_SEG_TEXT_LENGTH])
{
	const DicomElement *code = rad_dicom_item_of(dataset, item, sequence);

	return read_text(context, dataset,
					 code != NULL ? rad_dicom_find(dataset, code, DICOM_CodeMeaning) : NULL, text);
}

/* The segment that a frame belongs to, or 0. */
static int
frame_segment(const DicomDataset *dataset, const DicomElement *frame)
{
	double		number;

	return rad_dicom_frame_numbers(dataset, frame, DICOM_SegmentIdentificationSequence,
								   DICOM_ReferencedSegmentNumber, 1, &number) ? (int) number : 0;
}

/* How many frames each segment has. */
static bool
count_frames(RadContext *context, const DicomDataset *dataset, SegSegment *segments,
			 int segment_count)
{
	const DicomElement *groups = rad_dicom_find(dataset, NULL,
												DICOM_PerFrameFunctionalGroupsSequence);

	for (const DicomElement *frame = rad_dicom_first_item(dataset, groups); frame != NULL;
		 frame = rad_dicom_next_item(dataset, groups, frame))
	{
		int			number = frame_segment(dataset, frame);

		for (int n = 0; n < segment_count; n++)
			segments[n].frame_count += segments[n].number == number;
		if (!rad_continue(context))
			return false;
	}
	return true;
}

bool
rad_seg_segments(RadContext *context, const DicomDataset *dataset, SegSegment **segments,
				 int *segment_count)
{
	const DicomElement *sequence = rad_dicom_find(dataset, NULL, DICOM_SegmentSequence);
	const DicomElement *item;
	char		type[17];
	int			count = 0;
	int			n = 0;

	if (!rad_seg_type(context, dataset, type))
		return false;
	for (item = rad_dicom_first_item(dataset, sequence); item != NULL;
		 item = rad_dicom_next_item(dataset, sequence, item))
		count++;
	if (count > UINT16_MAX)
		return rad_fail(context, RAD_LIMIT_EXCEEDED, "%s has %d segments", dataset->name, count);
	*segments = rad_new_zeroed(context, SegSegment, count);
	if (*segments == NULL)
		return false;
	for (item = rad_dicom_first_item(dataset, sequence); item != NULL;
		 item = rad_dicom_next_item(dataset, sequence, item))
	{
		SegSegment *segment = &(*segments)[n++];
		int64_t		number;

		if (!rad_dicom_integer(dataset, rad_dicom_find(dataset, item, DICOM_SegmentNumber), 0,
							   UINT16_MAX, &number))
			return rad_fail(context, RAD_INVALID_BINARY, "%s has a segment without number",
							dataset->name);
		segment->number = (int) number;
		segment->frame_count = strcmp(type, "LABELMAP") == 0 ? -1 : 0;
		if (!rad_dicom_text(dataset, rad_dicom_find(dataset, item, DICOM_SegmentAlgorithmType), 0,
							segment->algorithm, sizeof(segment->algorithm)))
			segment->algorithm[0] = '\0';
		if (!read_text(context, dataset, rad_dicom_find(dataset, item, DICOM_SegmentLabel),
					   segment->label) ||
			!read_code(context, dataset, item, DICOM_SegmentedPropertyCategoryCodeSequence,
					   segment->category) ||
			!read_code(context, dataset, item, DICOM_SegmentedPropertyTypeCodeSequence,
					   segment->type))
			return false;
	}
	*segment_count = count;
	return strcmp(type, "LABELMAP") == 0 ||
		count_frames(context, dataset, *segments, count);
}

/* --- masks ------------------------------------------------------------------- */

/* The segment must be one of those listed. */
static bool
check_segment(RadContext *context, const DicomDataset *dataset, int segment)
{
	SegSegment *segments;
	int			count;
	char		list[sizeof(context->hint) - 32] = "";
	size_t		used = 0;

	if (!rad_seg_segments(context, dataset, &segments, &count))
		return false;
	for (int n = 0; n < count; n++)
	{
		if (segments[n].number == segment)
		{
			rad_release(context, segments);
			return true;
		}
		if (used + strlen(segments[n].label) + 24 < sizeof(list))
			used += (size_t) snprintf(list + used, sizeof(list) - used, "%s%d (\"%s\")",
									  used > 0 ? ", " : "", segments[n].number,
									  segments[n].label);
	}
	rad_fail(context, RAD_INVALID_PARAMETER, "%s has no segment %d", dataset->name, segment);
	return rad_hint(context, "It has: %s.", count > 0 ? list : "none");
}

/*
 * How the columns and rows of a frame step through the grid's voxels: one voxel
 * along one axis each.
 */
typedef struct Placement
{
	int			first[3];		/* voxel of the first pixel */
	int			along_row[3];	/* step to the next column */
	int			along_column[3];	/* step to the next row */
} Placement;

/* Round a vector to whole voxels; false when it is not near them. */
static bool
round_vector(const double vector[3], double tolerance, int rounded[3])
{
	for (int axis = 0; axis < 3; axis++)
	{
		if (!(fabs(vector[axis] - round(vector[axis])) <= tolerance) ||
			fabs(vector[axis]) > RAD_MAX_DIMENSION)
			return false;
		rounded[axis] = (int) round(vector[axis]);
	}
	return true;
}

/* Voxel index of the pixel in a column and row of a slice. */
static void
pixel_index(const DicomSlice *slice, const Grid *grid, int column, int row, double index[3])
{
	double		world[3];

	for (int axis = 0; axis < 3; axis++)
		world[axis] = slice->position[axis] +
			slice->orientation[axis] * slice->spacing[0] * column +
			slice->orientation[axis + 3] * slice->spacing[1] * row;
	rad_grid_to_index(grid, world, index);
}

static bool
place_frame(RadContext *context, const DicomSlice *slice, const Grid *grid, const char *name,
			Placement *placement)
{
	double		first[3];
	double		corner[2][3];
	int			ends[2][3];
	bool		on_grid;

	if (!slice->has_position || !slice->has_orientation || !slice->has_spacing)
		return rad_fail(context, RAD_DATA_EXCEPTION,
						"frame %d of %s has no position, orientation or pixel spacing",
						slice->frame + 1, name);
	pixel_index(slice, grid, 0, 0, first);
	pixel_index(slice, grid, slice->columns - 1, 0, corner[0]);
	pixel_index(slice, grid, 0, slice->rows - 1, corner[1]);
	on_grid = round_vector(first, PLACE_TOLERANCE, placement->first);
	for (int side = 0; side < 2; side++)
	{
		int			steps = (side == 0 ? slice->columns : slice->rows) - 1;
		int		   *step = side == 0 ? placement->along_row : placement->along_column;
		int			moved = 0;

		on_grid = on_grid && round_vector(corner[side], PLACE_TOLERANCE, ends[side]);
		for (int axis = 0; on_grid && axis < 3; axis++)
		{
			int			distance = ends[side][axis] - placement->first[axis];

			step[axis] = (distance > 0) - (distance < 0);
			on_grid = distance == step[axis] * steps;
			moved += step[axis] != 0;
		}
		on_grid = on_grid && moved == (steps > 0);
	}
	if (on_grid)
		return true;
	rad_fail(context, RAD_DATA_EXCEPTION,
			 "frame %d of %s does not lie on the voxels of the reference volume",
			 slice->frame + 1, name);
	rad_detail(context, "Its corners have the voxel indices (%.6g, %.6g, %.6g), (%.6g, %.6g, %.6g), "
			   "(%.6g, %.6g, %.6g).", first[0], first[1], first[2], corner[0][0], corner[0][1],
			   corner[0][2], corner[1][0], corner[1][1], corner[1][2]);
	return rad_hint(context, "Use the volume that was segmented.");
}

/* Whether a sample belongs to the segment. */
static bool
is_inside(const SegFrames *frames, double sample, int segment, double threshold)
{
	if (frames->is_label_map)
		return sample == segment;
	if (frames->type[0] == 'F')
		return sample >= threshold * frames->maximum && sample > 0.0;
	return sample != 0.0;
}

static bool
add_frame(RadContext *context, const SegFrames *frames, int frame, int segment, double threshold,
		  Volume *mask, void *samples, double *row)
{
	const DicomSlice *slice = &frames->slices[frame];
	const Grid *grid = &mask->grid;
	Placement	placement;
	bool		placed = false;

	if (!rad_dicom_read_frame(context, &frames->pixels, frame, samples))
		return false;
	for (int y = 0; y < slice->rows; y++)
	{
		rad_voxels_to_double(slice->type, samples, (int64_t) y * slice->columns, slice->columns,
							 row);
		for (int x = 0; x < slice->columns; x++)
		{
			int			at[3];

			if (!is_inside(frames, row[x], segment, threshold))
				continue;
			if (!placed && !place_frame(context, slice, grid, frames->dataset->name, &placement))
				return false;
			placed = true;
			for (int axis = 0; axis < 3; axis++)
			{
				at[axis] = placement.first[axis] + x * placement.along_row[axis] +
					y * placement.along_column[axis];
				if (at[axis] < 0 || at[axis] >= grid->size[axis])
				{
					rad_fail(context, RAD_DATA_EXCEPTION,
							 "segment %d of %s reaches beyond the reference volume", segment,
							 frames->dataset->name);
					return rad_hint(context, "Use the volume that was segmented.");
				}
			}
			((uint8_t *) mask->voxels)[at[0] + grid->size[0] *
									   (at[1] + (int64_t) grid->size[1] * at[2])] = 1;
		}
	}
	return true;
}

/* Everything about the frames but their pixels. */
static bool
open_frames(RadContext *context, const DicomDataset *dataset, double threshold, SegFrames *frames)
{
	*frames = (SegFrames) {.dataset = dataset, .maximum = 255.0};
	if (!rad_seg_type(context, dataset, frames->type) ||
		!rad_dicom_pixels_open(context, dataset, &frames->pixels) ||
		!rad_dicom_slices(context, &frames->pixels, &frames->slices))
		return false;
	frames->is_label_map = strcmp(frames->type, "LABELMAP") == 0;
	if (frames->type[0] == 'F')
	{
		if (!(threshold > 0.0 && threshold <= 1.0))
		{
			rad_fail(context, RAD_INVALID_PARAMETER, "threshold is %g", threshold);
			return rad_hint(context, "It is a fraction above 0, up to 1.");
		}
		if (!rad_dicom_number(dataset, rad_dicom_find(dataset, NULL, DICOM_MaximumFractionalValue),
							  0, &frames->maximum) || frames->maximum < 1.0)
			return rad_fail(context, RAD_INVALID_BINARY, "%s has no MaximumFractionalValue",
							dataset->name);
	}
	return true;
}

bool
rad_seg_mask(RadContext *context, const DicomDataset *dataset, int segment, double threshold,
			 const Grid *grid, Volume *mask)
{
	const DicomElement *groups = rad_dicom_find(dataset, NULL,
												DICOM_PerFrameFunctionalGroupsSequence);
	const DicomElement *group = rad_dicom_first_item(dataset, groups);
	SegFrames	frames;
	void	   *samples;
	double	   *row;

	if (!open_frames(context, dataset, threshold, &frames) ||
		!check_segment(context, dataset, segment))
		return false;
	*mask = (Volume) {.grid = *grid, .box = rad_grid_box(grid), .type = VOXEL_UINT8};
	mask->voxels = rad_allocate_zeroed(context, (size_t) rad_grid_voxel_count(grid), 1);
	samples = rad_allocate(context, rad_dicom_slice_bytes(&frames.slices[0]), 1);
	row = rad_new(context, double, frames.pixels.columns);
	if (mask->voxels == NULL || samples == NULL || row == NULL)
		return false;
	for (int frame = 0; frame < frames.pixels.frame_count; frame++)
	{
		int			owner = frame_segment(dataset, group);

		if (!frames.is_label_map && owner == 0)
			return rad_fail(context, RAD_INVALID_BINARY, "frame %d of %s names no segment",
							frame + 1, dataset->name);
		if ((frames.is_label_map || owner == segment) &&
			!add_frame(context, &frames, frame, segment, threshold, mask, samples, row))
			return false;
		if (group != NULL)
			group = rad_dicom_next_item(dataset, groups, group);
	}
	return true;
}
