/*
 * Assembling a series; see dicom_series.h.
 *
 * Slices are ordered along the normal of their planes, never by number or
 * SliceLocation, and SliceThickness is never a distance between slices (slices
 * may overlap).  The third axis of the volume is the normal itself (rows cross
 * columns), so volumes are right-handed.
 */
#include "formats/dicom_series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A shift (mm) that is smaller than what positions say. */
#define NEGLIGIBLE_SHIFT 1e-9

/* Instances named in one message. */
#define MAX_NAMED 6

bool
rad_dicom_series_add_slice(RadContext *context, DicomSeries *series, const DicomSlice *slice)
{
	if (series->count == series->capacity)
	{
		int32_t		capacity = series->capacity == 0 ? 64 : 2 * series->capacity;
		DicomSlice *slices;

		if (series->count >= RAD_MAX_DIMENSION)
		{
			rad_fail(context, RAD_LIMIT_EXCEEDED, "the series has more than %d slices",
					 RAD_MAX_DIMENSION);
			return rad_hint(context, "Check that the instances belong to one series.");
		}
		slices = rad_new(context, DicomSlice, capacity);
		if (slices == NULL)
			return false;
		if (series->count > 0)
			memcpy(slices, series->slices, (size_t) series->count * sizeof(DicomSlice));
		rad_release(context, series->slices);
		series->slices = slices;
		series->capacity = capacity;
	}
	series->slices[series->count++] = *slice;
	series->voxel_bytes += (int64_t) rad_dicom_slice_bytes(slice);
	return true;
}

/* Read all frames and add them. */
static bool
add_frames(RadContext *context, DicomSeries *series, const DicomPixels *pixels,
		   DicomSlice *slices)
{
	for (int n = 0; n < pixels->frame_count; n++)
	{
		size_t		size = rad_dicom_slice_bytes(&slices[n]);

		if (series->voxel_bytes + (int64_t) size > RAD_DICOM_MAX_SERIES)
		{
			rad_fail(context, RAD_LIMIT_EXCEEDED, "the series has more than %lld bytes of voxels",
					 (long long) RAD_DICOM_MAX_SERIES);
			return rad_hint(context, "Check that the instances belong to one series.");
		}
		slices[n].voxels = rad_allocate(context, size, 1);
		if (slices[n].voxels == NULL ||
			!rad_dicom_read_frame(context, pixels, n, slices[n].voxels) ||
			!rad_dicom_series_add_slice(context, series, &slices[n]))
			return false;
	}
	return true;
}

bool
rad_dicom_series_add(RadContext *context, DicomSeries *series, const char *name,
					 const uint8_t *bytes, int64_t length)
{
	DicomDataset dataset;
	DicomPixels pixels;
	DicomSlice *slices;

	if (!rad_dicom_parse(context, name, bytes, length, DICOM_WALK_ALL, &dataset) ||
		!rad_dicom_pixels_open(context, &dataset, &pixels) ||
		!rad_dicom_slices(context, &pixels, &slices) ||
		!add_frames(context, series, &pixels, slices))
		return false;
	rad_release(context, slices);
	rad_release(context, pixels.fragments);
	rad_release(context, pixels.first_fragment);
	if (dataset.bytes != bytes)
		rad_release(context, (void *) dataset.bytes);
	rad_dicom_release(context, &dataset);
	return true;
}

/* --- messages ------------------------------------------------------------- */

/* "instance 12 (1.2.3.4)", or what there is of it. */
static void
name_slice(const DicomSlice *slice, char *text, size_t size)
{
	char		number[32] = "";
	char		frame[32] = "";

	if (slice->instance_number != RAD_DICOM_NO_NUMBER)
		snprintf(number, sizeof(number), " %lld", (long long) slice->instance_number);
	if (slice->frame_count > 1)
		snprintf(frame, sizeof(frame), "frame %d of ", slice->frame + 1);
	snprintf(text, size, "%sinstance%s (%s)", frame, number,
			 slice->sop_instance[0] != '\0' ? slice->sop_instance : "without UID");
}

/* The slices that a message names: all marked ones, as far as there is room. */
static bool
detail_slices(RadContext *context, const DicomSeries *series, const bool *marked,
			  const char *introduction)
{
	char		text[sizeof(context->detail)];
	size_t		used = (size_t) snprintf(text, sizeof(text), "%s", introduction);
	int32_t		named = 0;
	int32_t		left = 0;

	for (int32_t n = 0; n < series->count; n++)
	{
		char		name[160];

		if (!marked[n])
			continue;
		if (named == MAX_NAMED)
		{
			left++;
			continue;
		}
		name_slice(&series->slices[n], name, sizeof(name));
		used += (size_t) snprintf(text + used, sizeof(text) - used, "%s%s",
								  named > 0 ? ", " : " ", name);
		named++;
	}
	if (left > 0)
		snprintf(text + used, sizeof(text) - used, " and %d more.", left);
	else
		snprintf(text + used, sizeof(text) - used, ".");
	return rad_detail(context, "%s", text);
}

/* --- what all slices must have in common ------------------------------------- */

static bool
same_series(const DicomSlice *a, const DicomSlice *b)
{
	return strcmp(a->series, b->series) == 0;
}

static bool
same_frame_of_reference(const DicomSlice *a, const DicomSlice *b)
{
	return strcmp(a->frame_of_reference, b->frame_of_reference) == 0;
}

static bool
same_size(const DicomSlice *a, const DicomSlice *b)
{
	return a->rows == b->rows && a->columns == b->columns;
}

static bool
same_type(const DicomSlice *a, const DicomSlice *b)
{
	return a->type == b->type;
}

static bool
same_units(const DicomSlice *a, const DicomSlice *b)
{
	return strcmp(a->units, b->units) == 0;
}

static bool
same_placement(const DicomSlice *a, const DicomSlice *b)
{
	return a->has_position == b->has_position && a->has_orientation == b->has_orientation &&
		a->has_spacing == b->has_spacing;
}

static bool
same_orientation(const DicomSlice *a, const DicomSlice *b)
{
	for (int n = 0; n < 6 && a->has_orientation; n++)
	{
		if (!(fabs(a->orientation[n] - b->orientation[n]) <= RAD_DICOM_TOLERANCE))
			return false;
	}
	return true;
}

static bool
same_spacing(const DicomSlice *a, const DicomSlice *b)
{
	for (int n = 0; n < 2 && a->has_spacing; n++)
	{
		if (!(fabs(a->spacing[n] - b->spacing[n]) <= RAD_DICOM_TOLERANCE * a->spacing[n]))
			return false;
	}
	return true;
}

static const struct
{
	bool		(*same) (const DicomSlice *a, const DicomSlice *b);
	const char *problem;
	const char *hint;
}			requirements[] = {
	{same_series, "instances of more than one series",
	"Group by SeriesInstanceUID."},
	{same_frame_of_reference, "more than one frame of reference",
	"Instances without a common frame of reference are not in one space."},
	{same_size, "slices of different size",
	"Leave out localisers and other instances that do not belong to the stack."},
	{same_type, "slices of different pixel type",
	"Leave out the instances that do not belong to the stack."},
	{same_units, "slices in different units",
	"Leave out the instances that do not belong to the stack."},
	{same_placement, "slices with and without position, orientation or pixel spacing",
	"Leave out the instances that do not belong to the stack."},
	{same_orientation, "slices of different orientation",
	"Leave out localisers, and load each stack on its own."},
	{same_spacing, "slices of different pixel spacing",
	"Leave out the instances that do not belong to the stack."},
};

/*
 * The slice that most agree with, when there is a majority (Boyer and Moore):
 * the others are to blame.
 */
static const DicomSlice *
find_majority(const DicomSeries *series, bool (*same) (const DicomSlice *, const DicomSlice *))
{
	const DicomSlice *candidate = &series->slices[0];
	int64_t		lead = 0;

	for (int32_t n = 0; n < series->count; n++)
	{
		if (lead == 0)
			candidate = &series->slices[n];
		lead += same(candidate, &series->slices[n]) ? 1 : -1;
	}
	return candidate;
}

static bool
check_requirements(RadContext *context, const DicomSeries *series, bool *marked)
{
	for (size_t r = 0; r < sizeof(requirements) / sizeof(requirements[0]); r++)
	{
		const DicomSlice *usual = find_majority(series, requirements[r].same);
		int32_t		odd = 0;

		for (int32_t n = 0; n < series->count; n++)
		{
			marked[n] = !requirements[r].same(usual, &series->slices[n]);
			odd += marked[n];
		}
		if (odd == 0)
			continue;
		rad_fail(context, RAD_DATA_EXCEPTION, "the series has %s: %d of %d differ from the rest",
				 requirements[r].problem, odd, series->count);
		detail_slices(context, series, marked, "Different:");
		return rad_hint(context, "%s", requirements[r].hint);
	}
	return true;
}

/* --- order ------------------------------------------------------------------- */

/* By instance and frame: an order that does not depend on the input's. */
static int
compare_identity(const void *a, const void *b)
{
	const DicomSlice *left = a;
	const DicomSlice *right = b;
	int			order = strcmp(left->sop_instance, right->sop_instance);

	if (order == 0)
		order = (left->instance_number > right->instance_number) -
			(left->instance_number < right->instance_number);
	return order != 0 ? order : (left->frame > right->frame) - (left->frame < right->frame);
}

static int
compare_place(const void *a, const void *b)
{
	const DicomSlice *left = a;
	const DicomSlice *right = b;

	if (left->along != right->along)
		return left->along < right->along ? -1 : 1;
	return compare_identity(a, b);
}

static int
compare_numbers(const void *a, const void *b)
{
	double		left = *(const double *) a;
	double		right = *(const double *) b;

	return (left > right) - (left < right);
}

/* Two slices at the same place. */
static bool
check_duplicates(RadContext *context, const DicomSeries *series, bool *marked)
{
	int32_t		pairs = 0;

	memset(marked, 0, (size_t) series->count);
	for (int32_t n = 1; n < series->count; n++)
	{
		if (series->slices[n].along - series->slices[n - 1].along < RAD_DICOM_SAME_PLACE)
		{
			marked[n - 1] = marked[n] = true;
			pairs++;
		}
	}
	if (pairs == 0)
		return true;
	rad_fail(context, RAD_DATA_EXCEPTION,
			 "the series has slices at the same position: %d of %d are duplicates", pairs,
			 series->count);
	detail_slices(context, series, marked, "At shared positions:");
	return rad_hint(context, "Load each instance once; and echoes, phases or b-values of one "
					"series each on its own.");
}

/* The usual distance between slices: the median. */
static double
usual_distance(RadContext *context, const DicomSeries *series)
{
	double	   *distances = rad_new(context, double, series->count);
	double		median;

	if (distances == NULL)
		return 0.0;
	for (int32_t n = 1; n < series->count; n++)
		distances[n - 1] = series->slices[n].along - series->slices[n - 1].along;
	qsort(distances, (size_t) series->count - 1, sizeof(double), compare_numbers);
	median = distances[(series->count - 1) / 2];
	rad_release(context, distances);
	return median;
}

static bool
check_gaps(RadContext *context, const DicomSeries *series, double usual)
{
	double		tolerance = fmax(RAD_DICOM_GAP_TOLERANCE * usual, RAD_DICOM_SAME_PLACE);
	char		text[sizeof(context->detail)] = "";
	size_t		used = 0;
	int32_t		found = 0;

	for (int32_t n = 1; n < series->count; n++)
	{
		double		distance = series->slices[n].along - series->slices[n - 1].along;
		char		names[2][160];

		if (fabs(distance - usual) <= tolerance)
			continue;
		if (found++ >= MAX_NAMED / 2)
			continue;
		name_slice(&series->slices[n - 1], names[0], sizeof(names[0]));
		name_slice(&series->slices[n], names[1], sizeof(names[1]));
		used += (size_t) snprintf(text + used, sizeof(text) - used,
								  "%sFrom %s at %.6g mm to %s at %.6g mm are %.6g mm.",
								  used > 0 ? " " : "", names[0], series->slices[n - 1].along,
								  names[1], series->slices[n].along, distance);
	}
	if (found == 0)
		return true;
	rad_fail(context, RAD_DATA_EXCEPTION,
			 "the series has gaps: %d of %d distances between slices are not %.6g mm", found,
			 series->count - 1, usual);
	rad_detail(context, "%s", text);
	return rad_hint(context, "Load the missing instances, or split the series where the distance "
					"changes.");
}

/* No slice lies far from its place in the regular grid, along or across. */
static bool
check_places(RadContext *context, const DicomSeries *series, const double normal[3],
			 double distance, bool *marked)
{
	const DicomSlice *first = &series->slices[0];
	double		shear_limit = RAD_DICOM_SHEAR_TOLERANCE * fmin(first->spacing[0], first->spacing[1]);
	double		drift_limit = fmax(RAD_DICOM_DRIFT_TOLERANCE * distance, RAD_DICOM_SAME_PLACE);
	double		largest = 0.0;
	int32_t		sheared = 0;
	int32_t		drifted = 0;

	for (int32_t n = 0; n < series->count; n++)
	{
		const DicomSlice *slice = &series->slices[n];
		double		along = slice->along - first->along;
		double		squares = 0.0;

		for (int axis = 0; axis < 3; axis++)
		{
			double		across = slice->position[axis] - first->position[axis] -
				along * normal[axis];

			squares += across * across;
		}
		marked[n] = !(sqrt(squares) <= shear_limit);
		sheared += marked[n];
		largest = fmax(largest, sqrt(squares));
		drifted += !(fabs(along - n * distance) <= drift_limit);
	}
	if (sheared > 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "the series is sheared: slices are shifted sideways by up to %.6g mm", largest);
		detail_slices(context, series, marked, "Shifted against the first slice:");
		return rad_hint(context, "A tilted gantry makes such series; resample it to a "
						"rectangular grid first.");
	}
	if (drifted > 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "the series has no regular distance between slices: %d of %d lie beside their "
				 "place", drifted, series->count);
		rad_detail(context, "The mean distance is %.6g mm.", distance);
		return rad_hint(context, "Split the series where the distance changes.");
	}
	return true;
}

/* --- geometry ------------------------------------------------------------------ */

/*
 * Without positions: one slice may do without; more are ordered by their
 * number, at the distance that each of them gives.
 */
static bool
place_by_number(RadContext *context, DicomSeries *series)
{
	const DicomSlice *first = &series->slices[0];

	if (!first->has_spacing)
	{
		rad_fail(context, RAD_DATA_EXCEPTION, "the series has no pixel spacing");
		return rad_hint(context, "Without PixelSpacing an image has no geometry in mm.");
	}
	for (int32_t n = 0; n < series->count; n++)
	{
		DicomSlice *slice = &series->slices[n];

		if (series->count > 1 && (slice->instance_number == RAD_DICOM_NO_NUMBER ||
								  !(slice->between > 0.0) || slice->between != first->between))
		{
			rad_fail(context, RAD_DATA_EXCEPTION, "the series has no positions of its slices");
			rad_detail(context, "Without ImagePositionPatient, every slice needs an "
					   "InstanceNumber and the same SpacingBetweenSlices.");
			return rad_hint(context, "Load single slices one by one.");
		}
		slice->along = series->count > 1 ? (double) slice->instance_number * slice->between : 0.0;
	}
	qsort(series->slices, (size_t) series->count, sizeof(DicomSlice), compare_place);
	for (int32_t n = 0; n < series->count; n++)
	{
		DicomSlice *slice = &series->slices[n];

		slice->position[0] = slice->position[1] = 0.0;
		slice->position[2] = slice->along = slice->along - series->slices[0].along;
		if (!slice->has_orientation)
			memcpy(slice->orientation, (double[6]) {1, 0, 0, 0, 1, 0}, sizeof(slice->orientation));
	}
	/* The order itself lies along z. */
	for (int32_t n = 0; n < series->count && series->count > 1; n++)
		memcpy(series->slices[n].orientation, (double[6]) {1, 0, 0, 0, 1, 0},
			   sizeof(series->slices[n].orientation));
	return true;
}

/* The three axes from the cosines of rows and columns. */
static bool
find_direction(RadContext *context, const double orientation[6], Grid *grid)
{
	const double *x = orientation;
	const double *y = orientation + 3;
	double		lengths[2] = {0.0, 0.0};
	double		cosine = 0.0;

	for (int axis = 0; axis < 3; axis++)
	{
		grid->direction[axis][0] = x[axis] + 0.0;
		grid->direction[axis][1] = y[axis] + 0.0;
		grid->direction[axis][2] = x[(axis + 1) % 3] * y[(axis + 2) % 3] -
			x[(axis + 2) % 3] * y[(axis + 1) % 3] + 0.0;
		lengths[0] += x[axis] * x[axis];
		lengths[1] += y[axis] * y[axis];
		cosine += x[axis] * y[axis];
	}
	if (!(fabs(lengths[0] - 1.0) <= 1e-3 && fabs(lengths[1] - 1.0) <= 1e-3 &&
		  fabs(cosine) <= 1e-3))
	{
		rad_fail(context, RAD_DATA_EXCEPTION, "the series has an impossible orientation");
		return rad_detail(context, "ImageOrientationPatient is (%g, %g, %g), (%g, %g, %g): "
						  "no perpendicular unit vectors.", x[0], x[1], x[2], y[0], y[1], y[2]);
	}
	rad_grid_orthonormalise(grid);
	for (int r = 0; r < 3; r++)
	{
		for (int c = 0; c < 3; c++)
			grid->direction[r][c] += 0.0;	/* -0 becomes 0 */
	}
	return true;
}

/*
 * The mean distance between slices, with as few digits as do not move a slice by
 * a nanometre: positions are decimal numbers, and 3 mm is not to become
 * 2.99999999999985 because they were cut to 16 characters.
 */
static double
mean_distance(double extent, int intervals)
{
	double		distance = extent / intervals;

	for (int digits = 1; digits <= 12; digits++)
	{
		char		text[32];
		double		shorter;

		snprintf(text, sizeof(text), "%.*g", digits, distance);
		shorter = strtod(text, NULL);
		if (fabs(shorter - distance) * intervals <= NEGLIGIBLE_SHIFT)
			return shorter;
	}
	return distance;
}

/* Order the slices, check that they are a grid, and describe it. */
static bool
find_grid(RadContext *context, DicomSeries *series, bool *marked, Grid *grid)
{
	DicomSlice *first = &series->slices[0];
	bool		placed = first->has_position && first->has_orientation && first->has_spacing;
	double		normal[3];
	double		distance;

	if (!placed && (first->has_position || !first->has_spacing))
	{
		rad_fail(context, RAD_DATA_EXCEPTION, "the series has no %s",
				 !first->has_spacing ? "pixel spacing" : "orientation of its slices");
		return rad_hint(context, "Position, orientation and pixel spacing make the geometry in mm; "
						"dicom_validate() shows what an instance lacks.");
	}
	if (!placed && !place_by_number(context, series))
		return false;
	if (!find_direction(context, first->orientation, grid))
		return false;
	for (int axis = 0; axis < 3; axis++)
		normal[axis] = grid->direction[axis][2];
	for (int32_t n = 0; n < series->count; n++)
	{
		DicomSlice *slice = &series->slices[n];

		slice->along = normal[0] * slice->position[0] + normal[1] * slice->position[1] +
			normal[2] * slice->position[2];
	}
	qsort(series->slices, (size_t) series->count, sizeof(DicomSlice), compare_place);
	first = &series->slices[0];
	distance = first->between > 0.0 ? first->between :
		first->thickness > 0.0 ? first->thickness : 1.0;
	if (series->count > 1)
	{
		double		usual = usual_distance(context, series);

		if (context->code != RAD_OK ||
			!check_duplicates(context, series, marked) || !check_gaps(context, series, usual))
			return false;
		distance = mean_distance(series->slices[series->count - 1].along - first->along,
								 series->count - 1);
		if (!check_places(context, series, normal, distance, marked))
			return false;
	}
	grid->dimension = 3;
	grid->size[0] = first->columns;
	grid->size[1] = first->rows;
	grid->size[2] = series->count;
	grid->spacing[0] = first->spacing[0];
	grid->spacing[1] = first->spacing[1];
	grid->spacing[2] = distance;
	for (int axis = 0; axis < 3; axis++)
		grid->origin[axis] = first->position[axis] + 0.0;
	return true;
}

/* --- voxels ---------------------------------------------------------------------- */

/*
 * The type that holds slope * stored + intercept of every slice: the stored
 * type when nothing is rescaled, the narrowest integer of at least 16 bits when
 * all is whole, else float32, or float64 for more than 24 stored bits.
 */
static VoxelType
choose_type(const DicomSeries *series)
{
	static const struct
	{
		VoxelType	type;
		double		lowest;
		double		highest;
	}			integers[] = {
		{VOXEL_INT16, INT16_MIN, INT16_MAX},
		{VOXEL_UINT16, 0, UINT16_MAX},
		{VOXEL_INT32, INT32_MIN, INT32_MAX},
		{VOXEL_UINT32, 0, UINT32_MAX},
	};
	double		lowest = INFINITY;
	double		highest = -INFINITY;
	bool		rescaled = false;
	bool		whole = true;
	bool		narrow = true;
	VoxelType	stored = series->slices[0].type;

	if (stored == VOXEL_FLOAT32 || stored == VOXEL_FLOAT64)
		return stored;
	for (int32_t n = 0; n < series->count; n++)
	{
		const DicomSlice *slice = &series->slices[n];
		double		a = slice->slope * slice->lowest + slice->intercept;
		double		b = slice->slope * slice->highest + slice->intercept;

		rescaled |= slice->slope != 1.0 || slice->intercept != 0.0;
		whole &= slice->slope == floor(slice->slope) &&
			slice->intercept == floor(slice->intercept);
		narrow &= slice->highest - slice->lowest < 0x1p24;
		lowest = fmin(lowest, fmin(a, b));
		highest = fmax(highest, fmax(a, b));
	}
	if (!rescaled)
		return stored;
	for (size_t n = 0; whole && n < sizeof(integers) / sizeof(integers[0]); n++)
	{
		if (lowest >= integers[n].lowest && highest <= integers[n].highest)
			return integers[n].type;
	}
	return narrow ? VOXEL_FLOAT32 : VOXEL_FLOAT64;
}

/* One slice into its place, rescaled. */
static bool
copy_slice(RadContext *context, const DicomSlice *slice, VoxelType type, double *row,
		   uint8_t *target)
{
	size_t		width = (size_t) slice->columns * rad_voxel_size(type);

	if (!rad_continue(context))
		return false;
	if (slice->slope == 1.0 && slice->intercept == 0.0 && type == slice->type)
	{
		memcpy(target, slice->voxels, rad_dicom_slice_bytes(slice));
		return true;
	}
	for (int y = 0; y < slice->rows; y++)
	{
		rad_voxels_to_double(slice->type, slice->voxels, (int64_t) y * slice->columns,
							 slice->columns, row);
		for (int x = 0; x < slice->columns; x++)
			row[x] = slice->slope * row[x] + slice->intercept;
		rad_voxels_store(type, row, slice->columns, target + (size_t) y * width);
	}
	return true;
}

static bool
copy_voxels(RadContext *context, DicomSeries *series, Volume *volume)
{
	int64_t		per_slice = (int64_t) volume->grid.size[0] * volume->grid.size[1];
	size_t		slice_bytes = (size_t) per_slice * rad_voxel_size(volume->type);
	double	   *row = rad_new(context, double, volume->grid.size[0]);

	volume->voxels = rad_allocate(context, (size_t) series->count, slice_bytes);
	if (row == NULL || volume->voxels == NULL)
		return false;
	for (int32_t n = 0; n < series->count; n++)
	{
		DicomSlice *slice = &series->slices[n];

		if (!copy_slice(context, slice, volume->type, row,
						(uint8_t *) volume->voxels + (size_t) n * slice_bytes))
			return false;
		rad_release(context, slice->voxels);
		slice->voxels = NULL;
	}
	rad_release(context, row);
	return true;
}

bool
rad_dicom_series_assemble(RadContext *context, DicomSeries *series, Volume *volume,
						  char modality[RAD_DICOM_CODE_LENGTH],
						  char units[RAD_DICOM_CODE_LENGTH])
{
	bool	   *marked;

	*volume = (Volume) {0};
	if (series->count == 0)
		return rad_fail(context, RAD_DATA_EXCEPTION, "the series has no instances");
	marked = rad_new_zeroed(context, bool, series->count);
	if (marked == NULL)
		return false;
	qsort(series->slices, (size_t) series->count, sizeof(DicomSlice), compare_identity);
	if (!check_requirements(context, series, marked) ||
		!find_grid(context, series, marked, &volume->grid))
		return false;
	volume->box = rad_grid_box(&volume->grid);
	volume->type = choose_type(series);
	strcpy(modality, series->slices[0].modality);
	strcpy(units, series->slices[0].units);
	rad_release(context, marked);
	return copy_voxels(context, series, volume);
}
