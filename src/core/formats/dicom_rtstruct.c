/*
 * Contours to masks; see dicom_rtstruct.h.
 *
 * A point is inside by the even-odd rule when a ray to greater x crosses an odd
 * number of edges.  A crossing at x flips all voxels of its row whose index is
 * below x; as exclusive or does not care for order, each edge of every contour
 * just marks the last voxel that it flips, and one pass along the rows at the
 * end turns marks into insides.  So the cost is that of the edges' rows and of
 * the volume, whatever the shape.
 */
#include "formats/dicom_rtstruct.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/dicom_text.h"

/* A contour lies in a slice when its points do, within this part of a slice. */
#define PLANAR_TOLERANCE 0.1

/* Points further out than this many voxels are not coordinates. */
#define FARTHEST_INDEX 1e9

/* The item of a sequence that refers to a region, or NULL. */
static const DicomElement *
find_reference(const DicomDataset *dataset, const DicomElement *sequence, const RtRoi *roi)
{
	const DicomElement *item;
	int64_t		number;

	for (item = rad_dicom_first_item(dataset, sequence); item != NULL;
		 item = rad_dicom_next_item(dataset, sequence, item))
	{
		if (rad_dicom_integer(dataset, rad_dicom_find(dataset, item, DICOM_ReferencedROINumber),
							  INT32_MIN, INT32_MAX, &number) && number == roi->number)
			break;
	}
	return item;
}

/* Interpreted type of a region (RT ROI observations). */
static void
find_type(const DicomDataset *dataset, RtRoi *roi)
{
	const DicomElement *sequence = rad_dicom_find(dataset, NULL, DICOM_RTROIObservationsSequence);
	const DicomElement *item = find_reference(dataset, sequence, roi);

	if (item != NULL &&
		!rad_dicom_text(dataset, rad_dicom_find(dataset, item, DICOM_RTROIInterpretedType), 0,
						roi->interpreted_type, sizeof(roi->interpreted_type)))
		roi->interpreted_type[0] = '\0';
}

/* Contours of a region, and how many there are. */
static void
find_contours(const DicomDataset *dataset, RtRoi *roi)
{
	const DicomElement *sequence = rad_dicom_find(dataset, NULL, DICOM_ROIContourSequence);
	const DicomElement *item = find_reference(dataset, sequence, roi);

	if (item == NULL)
		return;
	roi->contours = rad_dicom_find(dataset, item, DICOM_ContourSequence);
	for (item = rad_dicom_first_item(dataset, roi->contours); item != NULL;
		 item = rad_dicom_next_item(dataset, roi->contours, item))
	{
		int64_t		points = 0;

		rad_dicom_integer(dataset, rad_dicom_find(dataset, item, DICOM_NumberOfContourPoints), 0,
						  INT32_MAX, &points);
		roi->contour_count++;
		roi->point_count += points;
	}
}

/* Name of a region; a name that is too long is cut between characters. */
static bool
read_name(RadContext *context, const DicomDataset *dataset, const DicomElement *item, RtRoi *roi)
{
	const DicomElement *element = rad_dicom_find(dataset, item, DICOM_ROIName);
	char	   *text;
	size_t		length;

	if (element == NULL)
		return true;
	if (!rad_dicom_utf8(context, dataset, element, &text, &length))
		return false;
	if (length >= sizeof(roi->name))
	{
		length = sizeof(roi->name) - 1;
		while (length > 0 && ((uint8_t) text[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(roi->name, text, length);
	rad_release(context, text);
	return true;
}

bool
rad_rtstruct_rois(RadContext *context, const DicomDataset *dataset, RtRoi **rois, int *roi_count)
{
	const DicomElement *sequence = rad_dicom_find(dataset, NULL, DICOM_StructureSetROISequence);
	const DicomElement *item;
	int			count = 0;

	if (sequence == NULL)
	{
		char		modality[17];

		rad_dicom_top_text(dataset, DICOM_Modality, modality, sizeof(modality));
		rad_fail(context, RAD_DATA_EXCEPTION, "%s is not an RTSTRUCT: it has no "
				 "StructureSetROISequence", dataset->name);
		return rad_detail(context, "Its modality is \"%s\".", modality);
	}
	for (item = rad_dicom_first_item(dataset, sequence); item != NULL;
		 item = rad_dicom_next_item(dataset, sequence, item))
		count++;
	*rois = rad_new_zeroed(context, RtRoi, count);
	if (*rois == NULL)
		return false;
	*roi_count = 0;
	for (item = rad_dicom_first_item(dataset, sequence); item != NULL;
		 item = rad_dicom_next_item(dataset, sequence, item))
	{
		RtRoi	   *roi = &(*rois)[*roi_count];

		if (!rad_continue(context))
			return false;
		if (!rad_dicom_integer(dataset, rad_dicom_find(dataset, item, DICOM_ROINumber),
							   INT32_MIN, INT32_MAX, &roi->number))
			return rad_fail(context, RAD_INVALID_BINARY, "%s has a region without ROI number",
							dataset->name);
		if (!read_name(context, dataset, item, roi))
			return false;
		find_type(dataset, roi);
		find_contours(dataset, roi);
		(*roi_count)++;
	}
	return true;
}

/* --- masks ----------------------------------------------------------------- */

static const RtRoi *
choose_roi(RadContext *context, const DicomDataset *dataset, const char *name,
		   const RtRoi *rois, int roi_count)
{
	const RtRoi *found = NULL;
	char		list[sizeof(context->hint) - 32] = "";
	size_t		used = 0;

	for (int n = 0; n < roi_count; n++)
	{
		if (strcmp(rois[n].name, name) == 0)
		{
			if (found != NULL)
			{
				rad_fail(context, RAD_DATA_EXCEPTION, "%s has more than one region named \"%s\"",
						 dataset->name, name);
				return NULL;
			}
			found = &rois[n];
		}
		if (used + strlen(rois[n].name) + 8 < sizeof(list))
			used += (size_t) snprintf(list + used, sizeof(list) - used, "%s\"%s\"",
									  used > 0 ? ", " : "", rois[n].name);
	}
	if (found == NULL)
	{
		rad_fail(context, RAD_INVALID_PARAMETER, "%s has no region named \"%s\"", dataset->name,
				 name);
		rad_hint(context, "It has: %s.", roi_count > 0 ? list : "none");
	}
	return found;
}

typedef struct Raster
{
	const Grid *grid;
	uint8_t    *marks;			/* the mask's voxels */
	int			first_slice;	/* with marks */
	int			last_slice;
	int64_t		outside;		/* contours that lie on no slice */
} Raster;

/* Mark what one edge flips, for rows y with one end at or below and one above. */
static void
mark_edge(const Raster *raster, uint8_t *slice, const double a[2], const double b[2])
{
	double		low = fmin(a[1], b[1]);
	double		high = fmax(a[1], b[1]);
	int			width = raster->grid->size[0];
	double		first = ceil(low);
	double		last = high;

	/* y counts when low <= y < high. */
	if (first < 0.0)
		first = 0.0;
	if (last > raster->grid->size[1])
		last = raster->grid->size[1];
	for (int y = (int) fmin(first, raster->grid->size[1]); y < last; y++)
	{
		double		x = a[0] + (y - a[1]) * (b[0] - a[0]) / (b[1] - a[1]);
		double		count = ceil(x);	/* voxels with an index below x */

		if (count >= 1.0)
			slice[(int64_t) y * width + (int64_t) fmin(count, width) - 1] ^= 1;
	}
}

/* The points of a contour as voxel indices, and the slice that they lie in. */
static bool
place_contour(RadContext *context, const DicomDataset *dataset, const Grid *grid,
			  double *points, int64_t count, double *slice)
{
	double		lowest = INFINITY;
	double		highest = -INFINITY;

	for (int64_t n = 0; n < count; n++)
	{
		double		index[3];

		rad_grid_to_index(grid, points + 3 * n, index);
		memcpy(points + 3 * n, index, sizeof(index));
		if (!(fabs(index[0]) < FARTHEST_INDEX && fabs(index[1]) < FARTHEST_INDEX &&
			  fabs(index[2]) < FARTHEST_INDEX))
			return rad_fail(context, RAD_DATA_EXCEPTION,
							"%s has a contour far outside of the reference volume",
							dataset->name);
		lowest = fmin(lowest, index[2]);
		highest = fmax(highest, index[2]);
	}
	if (highest - lowest > PLANAR_TOLERANCE)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "%s has a contour that is not parallel to the slices of the reference volume",
				 dataset->name);
		rad_detail(context, "Its points lie between slices %.6g and %.6g.", lowest, highest);
		return rad_hint(context, "Use the volume on which the contours were drawn.");
	}
	*slice = floor((lowest + highest) / 2.0 + 0.5);
	return true;
}

static bool
add_contour(RadContext *context, const DicomDataset *dataset, const DicomElement *item,
			Raster *raster)
{
	const DicomElement *data = rad_dicom_find(dataset, item, DICOM_ContourData);
	int64_t		values = rad_dicom_value_count(dataset, data);
	int64_t		count = values / 3;
	char		type[33] = "";
	double	   *points;
	double		slice = -1.0;

	rad_dicom_text(dataset, rad_dicom_find(dataset, item, DICOM_ContourGeometricType), 0, type,
				   sizeof(type));
	if (strcmp(type, "CLOSED_PLANAR") != 0 && strcmp(type, "CLOSEDPLANAR_XOR") != 0)
	{
		rad_fail(context, RAD_NOT_SUPPORTED, "%s has a contour of type \"%s\"", dataset->name,
				 type);
		return rad_hint(context, "Only closed planar contours enclose voxels.");
	}
	if (values % 3 != 0 || count < 3)
		return rad_fail(context, RAD_INVALID_BINARY, "%s has a closed contour of %lld numbers",
						dataset->name, (long long) values);
	points = rad_new(context, double, values);
	if (points == NULL)
		return false;
	if (!rad_dicom_numbers(dataset, data, values, points))
		return rad_fail(context, RAD_INVALID_BINARY,
						"%s has contour data that are not numbers", dataset->name);
	if (!place_contour(context, dataset, raster->grid, points, count, &slice))
		return false;
	if (slice < 0.0 || slice >= raster->grid->size[2])
		raster->outside++;
	else
	{
		uint8_t    *marks = raster->marks + (int64_t) slice * raster->grid->size[0] *
			raster->grid->size[1];

		raster->first_slice = (int) fmin(raster->first_slice, slice);
		raster->last_slice = (int) fmax(raster->last_slice, slice);
		for (int64_t n = 0; n < count; n++)
			mark_edge(raster, marks, points + 3 * n, points + 3 * ((n + 1) % count));
	}
	rad_release(context, points);
	return rad_continue(context);
}

/* Turn marks into insides: each mark flips itself and all before it. */
static bool
fill_rows(RadContext *context, const Raster *raster)
{
	const Grid *grid = raster->grid;
	int64_t		first = (int64_t) grid->size[1] * raster->first_slice;
	int64_t		end = (int64_t) grid->size[1] * (raster->last_slice + 1);

	for (int64_t row = first; row < end; row++)
	{
		uint8_t    *voxels = raster->marks + row * grid->size[0];
		uint8_t		inside = 0;

		for (int x = grid->size[0] - 1; x >= 0; x--)
		{
			inside ^= voxels[x];
			voxels[x] = inside;
		}
		if (row % 1024 == 0 && !rad_continue(context))
			return false;
	}
	return true;
}

bool
rad_rtstruct_mask(RadContext *context, const DicomDataset *dataset, const char *name,
				  const Grid *grid, Volume *mask)
{
	RtRoi	   *rois;
	int			roi_count;
	const RtRoi *roi;
	Raster		raster = {.grid = grid, .first_slice = grid->size[2], .last_slice = -1};

	if (!rad_rtstruct_rois(context, dataset, &rois, &roi_count))
		return false;
	roi = choose_roi(context, dataset, name, rois, roi_count);
	if (roi == NULL)
		return false;
	if (roi->contour_count == 0)
		return rad_fail(context, RAD_DATA_EXCEPTION, "region \"%s\" of %s has no contours", name,
						dataset->name);
	*mask = (Volume) {.grid = *grid, .box = rad_grid_box(grid), .type = VOXEL_UINT8};
	raster.marks = rad_allocate_zeroed(context, (size_t) rad_grid_voxel_count(grid), 1);
	mask->voxels = raster.marks;
	if (mask->voxels == NULL)
		return false;
	for (const DicomElement *item = rad_dicom_first_item(dataset, roi->contours); item != NULL;
		 item = rad_dicom_next_item(dataset, roi->contours, item))
	{
		if (!add_contour(context, dataset, item, &raster))
			return false;
	}
	if (raster.outside > 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "region \"%s\" of %s reaches beyond the reference volume: %lld of %lld contours "
				 "lie on none of its slices", name, dataset->name, (long long) raster.outside,
				 (long long) roi->contour_count);
		return rad_hint(context, "Use the volume on which the contours were drawn.");
	}
	return fill_rows(context, &raster);
}
