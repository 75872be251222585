/*
 * From a scan to the image and mask that the feature classes get: steps 1 to 5
 * of PyRadiomics' pipeline.
 *
 * PyRadiomics holds whole images.  Here only what the settings need is read:
 * the label's box when nothing looks beyond it, all of the image for filters,
 * normalisation and resampling.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/itk_resample.h"
#include "image/normalise.h"
#include "pyradiomics/levels.h"
#include "pyradiomics/pipeline.h"
#include "pyradiomics/resegment.h"

/* ITK's tolerance for geometries. */
#define USUAL_TOLERANCE 1e-6

bool
rad_pyradiomics_join(RadContext *context, VolumeReader *image, VolumeReader *mask,
					 const int32_t *labels, int label_count, PyradiomicsScan *scan)
{
	scan->image = image;
	return rad_mask_scan_labels(context, mask, labels, label_count, &scan->mask);
}

uint8_t *
rad_pyradiomics_label_bytes(RadContext *context, const MaskRuns *mask, int32_t label,
							const Box *box)
{
	int64_t		width = box->hi[0] - box->lo[0];
	int64_t		height = box->hi[1] - box->lo[1];
	uint8_t    *bytes = rad_new_zeroed(context, uint8_t, rad_box_voxel_count(box));

	for (int64_t n = 0; bytes != NULL && n < mask->run_count; n++)
	{
		const LabelRun *run = &mask->runs[n];

		if (run->label == label)
			memset(bytes + ((run->z - box->lo[2]) * height + run->y - box->lo[1]) * width +
				   run->x_begin - box->lo[0], 1, (size_t) (run->x_end - run->x_begin));
	}
	return bytes;
}

/* The tight box and the number of bytes that are 1 in a box; 0: none. */
static int64_t
tight_box(const uint8_t *bytes, const Box *box, Box *tight)
{
	int64_t		count = 0;

	for (int axis = 0; axis < 3; axis++)
	{
		tight->lo[axis] = box->hi[axis];
		tight->hi[axis] = box->lo[axis];
	}
	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int y = box->lo[1]; y < box->hi[1]; y++)
			for (int x = box->lo[0]; x < box->hi[0]; x++)
			{
				const int	at[3] = {x, y, z};

				if (*bytes++ == 0)
					continue;
				count++;
				for (int axis = 0; axis < 3; axis++)
				{
					if (at[axis] < tight->lo[axis])
						tight->lo[axis] = at[axis];
					if (at[axis] >= tight->hi[axis])
						tight->hi[axis] = at[axis] + 1;
				}
			}
	return count;
}

/* The part of bytes over one box that lies in another inside it. */
static uint8_t *
crop_bytes(RadContext *context, const uint8_t *bytes, const Box *from, const Box *to)
{
	int64_t		width = from->hi[0] - from->lo[0];
	int64_t		height = from->hi[1] - from->lo[1];
	int			row = to->hi[0] - to->lo[0];
	uint8_t    *cropped = rad_new(context, uint8_t, rad_box_voxel_count(to));
	uint8_t    *next = cropped;

	if (cropped == NULL)
		return NULL;
	for (int z = to->lo[2]; z < to->hi[2]; z++)
		for (int y = to->lo[1]; y < to->hi[1]; y++, next += row)
			memcpy(next, bytes + ((z - from->lo[2]) * height + y - from->lo[1]) * width +
				   to->lo[0] - from->lo[0], (size_t) row);
	return cropped;
}

/* Replace the stage's mask by the same one over its tight box. */
static bool
tighten(RadContext *context, PyradiomicsStage *stage, uint8_t *bytes, const Box *box)
{
	stage->count = tight_box(bytes, box, &stage->box);
	if (stage->count > 0)
	{
		stage->mask = crop_bytes(context, bytes, box, &stage->box);
		if (stage->mask == NULL)
			return false;
	}
	rad_release(context, bytes);
	return true;
}

/* Do image and mask lie in the same place? */
static bool
same_geometry(const Grid *image, const Grid *mask, double tolerance)
{
	double		allowed = tolerance * fabs(image->spacing[0]);

	for (int axis = 0; axis < 3; axis++)
	{
		if (image->size[axis] != mask->size[axis] ||
			!(fabs(image->origin[axis] - mask->origin[axis]) <= allowed) ||
			!(fabs(image->spacing[axis] - mask->spacing[axis]) <= allowed))
			return false;
		for (int row = 0; row < 3; row++)
			if (!(fabs(image->direction[row][axis] - mask->direction[row][axis]) <= tolerance))
				return false;
	}
	return true;
}

static bool
fail_geometry(RadContext *context, const Grid *image, const Grid *mask, double tolerance)
{
	rad_fail(context, RAD_DATA_EXCEPTION, "image and mask have different geometry");
	rad_detail(context, "Image: size %d x %d x %d, spacing %.9g x %.9g x %.9g mm, origin %.9g, "
			   "%.9g, %.9g mm. Mask: size %d x %d x %d, spacing %.9g x %.9g x %.9g mm, origin "
			   "%.9g, %.9g, %.9g mm.", image->size[0], image->size[1], image->size[2],
			   image->spacing[0], image->spacing[1], image->spacing[2], image->origin[0],
			   image->origin[1], image->origin[2], mask->size[0], mask->size[1], mask->size[2],
			   mask->spacing[0], mask->spacing[1], mask->spacing[2], mask->origin[0],
			   mask->origin[1], mask->origin[2]);
	return rad_hint(context, "The setting \"correctMask\": true brings the mask to the image's "
					"grid; \"geometryTolerance\" (now %g) accepts small differences.", tolerance);
}

/* Too small a region: one voxel, too few dimensions, too few voxels. */
static bool
check_region(RadContext *context, const Box *box, int64_t count, int32_t label,
			 const PyradiomicsOptions *options)
{
	int			dimensions = 0;

	for (int axis = 0; axis < 3; axis++)
		dimensions += box->hi[axis] - box->lo[axis] > 1;
	if (dimensions == 0)
		return rad_fail(context, RAD_DATA_EXCEPTION,
						"region of label %d has one voxel only", label);
	if (dimensions < options->minimum_roi_dimensions)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "region of label %d has %d dimensions, at least %d are required", label,
				 dimensions, options->minimum_roi_dimensions);
		return rad_hint(context, "The setting \"minimumROIDimensions\" allows regions of fewer.");
	}
	if (options->minimum_roi_size >= 0 && count <= options->minimum_roi_size)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "region of label %d has %lld voxels, more than %d are required", label,
				 (long long) count, options->minimum_roi_size);
		return rad_hint(context, "The setting is \"minimumROISize\".");
	}
	return true;
}

/* The label's box has to lie in the image before the mask is resampled. */
static bool
check_inside(RadContext *context, const Grid *mask, const Box *box, const Grid *image,
			 int32_t label)
{
	if (rad_itk_inside(mask, box, image))
		return true;
	rad_fail(context, RAD_DATA_EXCEPTION, "region of label %d leaves the image", label);
	return rad_detail(context, "Its box in the mask is %d..%d, %d..%d, %d..%d (x, y, z).",
					  box->lo[0], box->hi[0] - 1, box->lo[1], box->hi[1] - 1, box->lo[2],
					  box->hi[2] - 1);
}

/* Bring one label of a mask to another grid, nearest neighbour. */
static bool
resample_label(RadContext *context, const MaskRuns *mask, int32_t label, const Grid *grid,
			   PyradiomicsStage *stage)
{
	Volume		whole = {.grid = mask->grid, .box = rad_grid_box(&mask->grid),
	.type = VOXEL_UINT8};
	Volume		resampled;

	whole.voxels = rad_pyradiomics_label_bytes(context, mask, label, &whole.box);
	if (whole.voxels == NULL ||
		!rad_itk_resample(context, &whole, grid, ITK_NEAREST_NEIGHBOR, &resampled))
		return false;
	rad_release(context, whole.voxels);
	if (!tighten(context, stage, resampled.voxels, &resampled.box))
		return false;
	if (stage->count == 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "region of label %d vanishes when the mask is resampled", label);
		return rad_hint(context, "It is smaller than the voxels of the new grid.");
	}
	return true;
}

/* Keep of the image what lies within pad voxels around the label. */
static bool
crop_image(RadContext *context, PyradiomicsStage *stage, int pad)
{
	const int	margin[3] = {pad, pad, pad};
	Volume	   *image = &stage->image;
	Box			wanted = rad_box_grow(&stage->box, margin, &image->grid);
	size_t		voxel = rad_voxel_size(image->type);
	int64_t		width = image->box.hi[0] - image->box.lo[0];
	int64_t		height = image->box.hi[1] - image->box.lo[1];
	size_t		row = (size_t) (wanted.hi[0] - wanted.lo[0]) * voxel;
	char	   *cropped;
	char	   *next;

	if (memcmp(&wanted, &image->box, sizeof(wanted)) == 0)
		return true;
	next = cropped = rad_allocate(context, (size_t) rad_box_voxel_count(&wanted), voxel);
	if (cropped == NULL)
		return false;
	for (int z = wanted.lo[2]; z < wanted.hi[2]; z++)
		for (int y = wanted.lo[1]; y < wanted.hi[1]; y++, next += row)
			memcpy(next, (const char *) image->voxels +
				   (size_t) (((z - image->box.lo[2]) * height + y - image->box.lo[1]) * width +
							 wanted.lo[0] - image->box.lo[0]) * voxel, row);
	rad_release(context, image->voxels);
	image->voxels = cropped;
	image->box = wanted;
	return true;
}

/* Does any image type look beyond the label's box? */
static bool
filters_look_around(const PyradiomicsSettings *settings)
{
	for (int n = 0; n < settings->image_count; n++)
		if (settings->images[n].type != PYRADIOMICS_ORIGINAL)
			return true;
	return false;
}

static bool
wants_resampling(const PyradiomicsOptions *options)
{
	return options->interpolator != 0 && options->resampled_pixel_spacing.count > 0;
}

/* Read the whole image, normalised if that is wanted. */
static bool
read_whole(RadContext *context, VolumeReader *reader, const PyradiomicsOptions *options,
		   Volume *image)
{
	Box			box = rad_grid_box(rad_reader_grid(reader));
	Volume		read;

	if (!rad_volume_read_box(context, reader, &box, &read))
		return false;
	*image = read;
	if (!options->normalize)
		return true;
	if (!rad_normalise(context, &read, options->normalize_scale, options->remove_outliers,
					   image))
		return false;
	rad_release(context, read.voxels);
	return true;
}

/*
 * Step 3 with resampling: image and mask on one grid around the label.  An
 * image that has the spacing already is only cropped.
 */
static bool
resample(RadContext *context, PyradiomicsScan *scan, const LabelSummary *label,
		 const PyradiomicsOptions *options, PyradiomicsStage *stage)
{
	const Grid *mask_grid = &scan->mask->grid;
	const Grid *image_grid = rad_reader_grid(scan->image);
	int			dimension = mask_grid->dimension == 2 ? 2 : 3;
	double		wanted[3] = {0.0, 0.0, 0.0};
	double		spacing[3];
	Grid		target;
	Volume		resampled;

	if (options->resampled_pixel_spacing.count != dimension)
	{
		rad_fail(context, RAD_INVALID_PARAMETER,
				 "setting \"resampledPixelSpacing\" has %d elements, the mask %d dimensions",
				 options->resampled_pixel_spacing.count, dimension);
		return rad_hint(context, "Give one spacing for each axis; 0 keeps an axis.");
	}
	for (int axis = 0; axis < dimension; axis++)
		wanted[axis] = options->resampled_pixel_spacing.values[axis];
	if (!check_inside(context, mask_grid, &label->box, image_grid, label->label))
		return false;
	rad_itk_target_spacing(mask_grid, &label->box, wanted, spacing);
	if (!read_whole(context, scan->image, options, &stage->image))
		return false;
	stage->resampled = true;
	if (rad_itk_keeps_spacing(image_grid, spacing))
		return resample_label(context, scan->mask, label->label, image_grid, stage) &&
			crop_image(context, stage, options->pad_distance);
	if (!rad_itk_target_grid(context, mask_grid, &label->box, spacing, options->pad_distance,
							 &target) ||
		!rad_itk_resample(context, &stage->image, &target,
						  (ItkInterpolator) options->interpolator, &resampled))
		return false;
	rad_release(context, stage->image.voxels);
	stage->image = resampled;
	return resample_label(context, scan->mask, label->label, &resampled.grid, stage);
}

/* Step 4: the mask on the image's grid as it is, or corrected. */
static bool
match_mask(RadContext *context, PyradiomicsScan *scan, const LabelSummary *label,
		   const PyradiomicsOptions *options, PyradiomicsStage *stage)
{
	const Grid *image_grid = rad_reader_grid(scan->image);
	const Grid *mask_grid = &scan->mask->grid;
	double		tolerance = options->geometry_tolerance > 0.0 ? options->geometry_tolerance :
		USUAL_TOLERANCE;

	if (same_geometry(image_grid, mask_grid, tolerance))
	{
		stage->box = label->box;
		stage->count = label->voxel_count;
		stage->mask = rad_pyradiomics_label_bytes(context, scan->mask, label->label, &label->box);
		return stage->mask != NULL;
	}
	if (!options->correct_mask)
		return fail_geometry(context, image_grid, mask_grid, tolerance);
	stage->corrected = true;
	return check_inside(context, mask_grid, &label->box, image_grid, label->label) &&
		resample_label(context, scan->mask, label->label, image_grid, stage);
}

/* Read what the settings need of an image that is not resampled. */
static bool
read_image(RadContext *context, PyradiomicsScan *scan, const PyradiomicsSettings *settings,
		   bool whole, int pad, PyradiomicsStage *stage)
{
	const PyradiomicsOptions *options = &settings->options;
	const Grid *grid = rad_reader_grid(scan->image);
	int			margin = options->pre_crop ? options->pad_distance : pad;
	const int	margins[3] = {margin, margin, margin};
	Box			box;

	if (options->normalize || (!options->pre_crop && (whole || filters_look_around(settings))))
	{
		if (!read_whole(context, scan->image, options, &stage->image))
			return false;
		return !options->pre_crop || crop_image(context, stage, options->pad_distance);
	}
	box = rad_box_grow(&stage->box, margins, grid);
	return rad_volume_read_box(context, scan->image, &box, &stage->image);
}

/* Step 5: keep only voxels with intensities in the range. */
static bool
resegment(RadContext *context, const PyradiomicsOptions *options, int32_t label,
		  PyradiomicsStage *stage)
{
	uint8_t    *kept = rad_new(context, uint8_t, rad_box_voxel_count(&stage->box));

	if (kept == NULL ||
		!rad_pyradiomics_resegment(context, options, &stage->image, &stage->box, stage->mask,
								   stage->count, kept))
		return false;
	stage->resegmented = true;
	stage->before_box = stage->box;
	stage->before_mask = stage->mask;
	stage->before_count = stage->count;
	if (!tighten(context, stage, kept, &stage->before_box))
		return false;
	if (stage->count <= 1)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "re-segmentation leaves %lld voxels of label %d", (long long) stage->count,
				 label);
		return rad_hint(context, "The setting is \"resegmentRange\".");
	}
	return check_region(context, &stage->box, stage->count, label, options);
}

bool
rad_pyradiomics_prepare(RadContext *context, PyradiomicsScan *scan, int32_t label,
						const PyradiomicsSettings *settings, bool whole, int pad,
						PyradiomicsStage *stage)
{
	const PyradiomicsOptions *options = &settings->options;
	const LabelSummary *summary = rad_mask_need_label(context, scan->mask, label);

	memset(stage, 0, sizeof(*stage));
	if (summary == NULL)
		return false;
	if (wants_resampling(options))
	{
		if (!resample(context, scan, summary, options, stage) ||
			!check_region(context, &stage->box, stage->count, label, options))
			return false;
	}
	else if (!match_mask(context, scan, summary, options, stage) ||
			 !check_region(context, &stage->box, stage->count, label, options) ||
			 !read_image(context, scan, settings, whole, pad, stage))
		return false;
	return options->resegment_range.count == 0 || resegment(context, options, label, stage);
}
