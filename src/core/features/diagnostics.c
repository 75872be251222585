/*
 * Diagnostic numbers of image and mask before and after each step.
 *
 * Means are plain sums in voxel order, so they are the same bits everywhere.
 */
#include "features/diagnostics.h"

#include <math.h>

#include "image/resample.h"

/* Voxels of the interpolated image that are held at a time: 64 MB. */
#define SLAB_VOXELS ((int64_t) 8 << 20)

/* Sum and extremes of some voxels. */
typedef struct Summary
{
	int64_t		count;
	double		sum;
	double		minimum;
	double		maximum;
} Summary;

static const Summary empty_summary = {0, 0.0, INFINITY, -INFINITY};

static void
summarise(Summary *summary, double value)
{
	summary->count++;
	summary->sum += value;
	if (value < summary->minimum)
		summary->minimum = value;
	if (value > summary->maximum)
		summary->maximum = value;
}

/* NAN for no voxels. */
static double
mean(const Summary *summary)
{
	return summary->count > 0 ? summary->sum / (double) summary->count : NAN;
}

static void
set_image(ImageDiagnostics *image, const Grid *grid, const Summary *summary)
{
	for (int axis = 0; axis < 3; axis++)
	{
		image->size[axis] = grid->size[axis];
		image->spacing[axis] = grid->spacing[axis];
	}
	image->mean = mean(summary);
	image->minimum = summary->minimum;
	image->maximum = summary->maximum;
}

static void
set_mask(MaskDiagnostics *mask, const int image_size[3], const Box *intensity_box,
		 const Box *morphological_box, int64_t morphological_count, const Summary *summary)
{
	for (int axis = 0; axis < 3; axis++)
	{
		mask->size[axis] = image_size[axis];
		mask->intensity_box[axis] = intensity_box->hi[axis] - intensity_box->lo[axis];
		mask->morphological_box[axis] =
			morphological_box->hi[axis] - morphological_box->lo[axis];
	}
	mask->intensity_count = summary->count;
	mask->morphological_count = morphological_count;
	mask->mean = mean(summary);
	mask->minimum = summary->minimum;
	mask->maximum = summary->maximum;
}

/* Summary of the image as read, row by row. */
static bool
summarise_image(RadContext *context, const Volume *image, Summary *summary)
{
	const int  *size = image->grid.size;
	int64_t		row_count = (int64_t) size[1] * size[2];
	double	   *row = rad_new(context, double, size[0]);

	if (row == NULL)
		return false;
	for (int64_t n = 0; n < row_count; n++)
	{
		if (n % size[1] == 0 && !rad_continue(context))
			return false;
		rad_voxels_to_double(image->type, image->voxels, n * size[0], size[0], row);
		for (int x = 0; x < size[0]; x++)
			summarise(summary, row[x]);
	}
	rad_release(context, row);
	return true;
}

/*
 * Summary of the image after interpolation, slab by slab: a whole image of fine
 * voxels would need gigabytes.
 */
static bool
summarise_interpolated(RadContext *context, const Volume *image, const Grid *grid,
					   const Settings *settings, Summary *summary)
{
	int64_t		slice_voxels = (int64_t) grid->size[0] * grid->size[1];
	int			thickness = slice_voxels < SLAB_VOXELS ? (int) (SLAB_VOXELS / slice_voxels) : 1;
	double	   *voxels;

	if (thickness > grid->size[2])
		thickness = grid->size[2];
	voxels = rad_new(context, double, slice_voxels * thickness);
	if (voxels == NULL)
		return false;
	for (int z = 0; z < grid->size[2]; z += thickness)
	{
		Box			slab = rad_grid_box(grid);
		int64_t		voxel_count;

		slab.lo[2] = z;
		if (z + thickness < grid->size[2])
			slab.hi[2] = z + thickness;
		voxel_count = rad_box_voxel_count(&slab);
		if (!rad_resample_image(context, image, grid, &slab, settings->image_interpolator,
								settings->round_intensities, voxels))
			return false;
		for (int64_t n = 0; n < voxel_count; n++)
		{
			if (n % slice_voxels == 0 && !rad_continue(context))
				return false;
			summarise(summary, voxels[n]);
		}
	}
	rad_release(context, voxels);
	return true;
}

bool
rad_diagnose_image(RadContext *context, const Volume *image, const Settings *settings,
				   Diagnostics *diagnostics)
{
	Summary		initial = empty_summary;
	Summary		interpolated = empty_summary;
	Grid		grid;

	rad_resample_grid(&image->grid, settings->resample_spacing, &grid);
	if (!rad_resample_check(context, &grid) ||
		!summarise_image(context, image, &initial) ||
		!summarise_interpolated(context, image, &grid, settings, &interpolated))
		return false;
	set_image(&diagnostics->initial_image, &image->grid, &initial);
	set_image(&diagnostics->interpolated_image, &grid, &interpolated);
	return true;
}

/* Summary of a label's voxels as read; image->box must be the whole grid. */
static bool
summarise_label(RadContext *context, const Volume *image, const MaskRuns *mask,
				const LabelSummary *label, Summary *summary)
{
	const int  *size = image->grid.size;
	double	   *row = rad_new(context, double, size[0]);

	if (row == NULL)
		return false;
	for (int64_t n = 0; n < mask->run_count; n++)
	{
		const LabelRun *run = &mask->runs[n];

		if (n % 4096 == 0 && !rad_continue(context))
			return false;
		if (run->label != label->label)
			continue;
		rad_voxels_to_double(image->type, image->voxels,
							 ((int64_t) run->z * size[1] + run->y) * size[0] + run->x_begin,
							 run->x_end - run->x_begin, row);
		for (int x = 0; x < run->x_end - run->x_begin; x++)
			summarise(summary, row[x]);
	}
	rad_release(context, row);
	return true;
}

bool
rad_diagnose_label(RadContext *context, const Volume *image, const MaskRuns *mask,
				   const LabelSummary *label, const Region *region, Diagnostics *diagnostics)
{
	Summary		initial = empty_summary;
	Summary		interpolated = empty_summary;
	Summary		resegmented = empty_summary;
	int64_t		voxel_count = rad_grid_voxel_count(&region->grid);

	if (!summarise_label(context, image, mask, label, &initial))
		return false;
	set_mask(&diagnostics->initial_mask, image->grid.size, &label->box, &label->box,
			 label->voxel_count, &initial);

	/* Re-segmentation makes the two masks differ; until then they are one. */
	for (int64_t n = 0; n < voxel_count; n++)
		if (region->morphological_mask[n])
			summarise(&interpolated, region->intensity[n]);
	set_mask(&diagnostics->interpolated_mask, region->image_size, &region->morphological_box,
			 &region->morphological_box, region->morphological_count, &interpolated);

	for (int64_t n = 0; n < region->intensity_count; n++)
		summarise(&resegmented, region->values[n]);
	set_mask(&diagnostics->resegmented_mask, region->image_size, &region->intensity_box,
			 &region->morphological_box, region->morphological_count, &resegmented);
	return rad_continue(context);
}
