/*
 * Building a region: the mask is resampled first, which says exactly which
 * part of the resampled image is needed; then that part of the image; then the
 * intensities decide on the intensity mask (resegment.c).
 *
 * The result depends on the label's voxels, the image and the settings alone:
 * when more of the image is at hand than this region needs, the rest is not
 * looked at.
 */
#include "roi/region.h"

#include <math.h>
#include <string.h>

#include "image/resample.h"
#include "roi/resegment.h"

/* Voxels between two looks at the interrupt flag. */
#define POLL_VOXELS (1 << 20)

/*
 * The box of the resampled grid in which an interpolated mask with this label
 * box can differ from 0: voxels less than one source voxel away from it.
 */
static Box
label_target_box(const Grid *grid, const Grid *resampled, const Box *label_box)
{
	Box			target;

	for (int axis = 0; axis < 3; axis++)
	{
		double		first = rad_resample_position(grid, resampled, axis, 0);
		double		step = resampled->spacing[axis] / grid->spacing[axis];
		int			size = resampled->size[axis];
		double		lo = floor((label_box->lo[axis] - 1 - first) / step);
		double		hi = ceil((label_box->hi[axis] - first) / step) + 1.0;

		/* Positions beyond the image take the values of its edge voxels. */
		if (label_box->lo[axis] == 0)
			lo = 0.0;
		if (label_box->hi[axis] == grid->size[axis])
			hi = size;
		target.lo[axis] = (int) fmin(fmax(lo, 0.0), size - 1);
		target.hi[axis] = (int) fmin(fmax(hi, target.lo[axis] + 1), size);
	}
	return target;
}

/* A box of the grid grown by the radius of IBSI's 1 cm3 sphere. */
static Box
grow_by_peak_radius(const Grid *grid, const Box *box)
{
	int			margin[3];

	for (int axis = 0; axis < 3; axis++)
		margin[axis] = (int) fmin(RAD_PEAK_RADIUS / grid->spacing[axis], 1 << 24);
	return rad_box_grow(box, margin, grid);
}

/*
 * Whether the region's arrays reach beyond the mask: for the intensity peaks,
 * and with the spline always, so that its prefilter works on the same voxels
 * and gives the same bits whichever features are wanted.
 */
static bool
needs_margin(const Settings *settings)
{
	bool		resampled = false;

	for (int axis = 0; axis < 3; axis++)
		resampled = resampled || settings->resample_spacing[axis] > 0.0;
	if (resampled && settings->image_interpolator == INTERPOLATOR_TRICUBIC_SPLINE)
		return true;
	return (settings->families & (1u << FAMILY_LOCAL_INTENSITY)) != 0 &&
		!(settings->excluded[FEATURE_loc_peak_loc] && settings->excluded[FEATURE_loc_peak_glob]);
}

Box
rad_region_source_box(const Grid *image_grid, const Box *label_box, const Settings *settings)
{
	Grid		resampled;
	Box			target;

	if (settings->diagnostics)
		return rad_grid_box(image_grid);
	rad_resample_grid(image_grid, settings->resample_spacing, &resampled);
	target = label_target_box(image_grid, &resampled, label_box);
	target = grow_by_peak_radius(&resampled, &target);
	return rad_resample_support(image_grid, &resampled, &target, settings->image_interpolator);
}

/* The label's voxels as bytes in its box. */
static uint8_t *
expand_label(RadContext *context, const MaskRuns *mask, const LabelSummary *summary)
{
	const Box  *box = &summary->box;
	int64_t		width = box->hi[0] - box->lo[0];
	int64_t		height = box->hi[1] - box->lo[1];
	uint8_t    *bytes = rad_new_zeroed(context, uint8_t, rad_box_voxel_count(box));
	int64_t		below = 0;
	int64_t		above = mask->run_count;

	if (bytes == NULL)
		return NULL;

	/* Runs are ordered by z: find the first of the box's first slice. */
	while (below < above)
	{
		int64_t		middle = below + (above - below) / 2;

		if (mask->runs[middle].z < box->lo[2])
			below = middle + 1;
		else
			above = middle;
	}
	for (int64_t n = below; n < mask->run_count && mask->runs[n].z < box->hi[2]; n++)
	{
		const LabelRun *run = &mask->runs[n];

		if ((n - below) % POLL_VOXELS == 0 && !rad_continue(context))
			return NULL;
		if (run->label != summary->label)
			continue;
		memset(bytes + ((run->z - box->lo[2]) * height + (run->y - box->lo[1])) * width +
			   (run->x_begin - box->lo[0]),
			   1, (size_t) (run->x_end - run->x_begin));
	}
	return bytes;
}

/* Number and tight box of the voxels of a mask that fills `frame`. */
static bool
measure_mask(RadContext *context, const uint8_t *mask, const Box *frame, int64_t *count,
			 Box *tight)
{
	int			size[3];

	*count = 0;
	for (int axis = 0; axis < 3; axis++)
	{
		size[axis] = frame->hi[axis] - frame->lo[axis];
		tight->lo[axis] = frame->hi[axis];
		tight->hi[axis] = frame->lo[axis];
	}
	for (int z = 0; z < size[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = 0; y < size[1]; y++)
		{
			const uint8_t *row = mask + ((int64_t) z * size[1] + y) * size[0];
			const uint8_t *begin = memchr(row, 1, (size_t) size[0]);
			int			at[3] = {0, frame->lo[1] + y, frame->lo[2] + z};
			int			end = size[0];
			int			inside = 0;

			if (begin == NULL)
				continue;
			while (row[end - 1] == 0)
				end--;
			for (int x = 0; x < size[0]; x++)
				inside += row[x];
			*count += inside;
			at[0] = frame->lo[0] + (int) (begin - row);
			for (int axis = 0; axis < 3; axis++)
				tight->lo[axis] = at[axis] < tight->lo[axis] ? at[axis] : tight->lo[axis];
			at[0] = frame->lo[0] + end - 1;
			for (int axis = 0; axis < 3; axis++)
				tight->hi[axis] = at[axis] >= tight->hi[axis] ? at[axis] + 1 : tight->hi[axis];
		}
	}
	return true;
}

/* Copy the part of a mask that fills `from` into one that fills `to`. */
static void
copy_mask(const uint8_t *mask, const Box *from, const Box *part, const Box *to, uint8_t *out)
{
	int64_t		from_width = from->hi[0] - from->lo[0];
	int64_t		from_height = from->hi[1] - from->lo[1];
	int64_t		to_width = to->hi[0] - to->lo[0];
	int64_t		to_height = to->hi[1] - to->lo[1];

	for (int z = part->lo[2]; z < part->hi[2]; z++)
		for (int y = part->lo[1]; y < part->hi[1]; y++)
			memcpy(out + ((z - to->lo[2]) * to_height + (y - to->lo[1])) * to_width +
				   (part->lo[0] - to->lo[0]),
				   mask + ((z - from->lo[2]) * from_height + (y - from->lo[1])) * from_width +
				   (part->lo[0] - from->lo[0]),
				   (size_t) (part->hi[0] - part->lo[0]));
}

/* Give the region its place in the resampled grid. */
static void
place_region(const Grid *resampled, const Box *frame, const Box *tight, Region *region)
{
	double		corner[3];

	region->grid = *resampled;
	for (int axis = 0; axis < 3; axis++)
	{
		corner[axis] = frame->lo[axis];
		region->grid.size[axis] = frame->hi[axis] - frame->lo[axis];
		region->image_size[axis] = resampled->size[axis];
		region->image_offset[axis] = frame->lo[axis];
		region->morphological_box.lo[axis] = tight->lo[axis] - frame->lo[axis];
		region->morphological_box.hi[axis] = tight->hi[axis] - frame->lo[axis];
	}
	rad_grid_to_world(resampled, corner, region->grid.origin);
}

/*
 * The morphological mask: interpolate the label, find its tight box, and place
 * the region around it.  The mask counts as lying on the image's grid exactly,
 * although their geometries may differ within a tolerance.
 */
static bool
build_morphological_mask(RadContext *context, const Grid *grid, const MaskRuns *mask,
						 const LabelSummary *summary, const Grid *resampled,
						 const Settings *settings, Region *region)
{
	Box			target = label_target_box(grid, resampled, &summary->box);
	uint8_t    *label = expand_label(context, mask, summary);
	uint8_t    *interpolated = rad_new(context, uint8_t, rad_box_voxel_count(&target));
	Box			tight;
	Box			frame;

	if (label == NULL || interpolated == NULL ||
		!rad_resample_mask(context, grid, &summary->box, label, resampled, &target,
						   settings->mask_interpolator, settings->mask_threshold, interpolated) ||
		!measure_mask(context, interpolated, &target, &region->morphological_count, &tight))
		return false;
	rad_release(context, label);
	if (region->morphological_count == 0)
	{
		rad_fail(context, RAD_DATA_EXCEPTION,
				 "region of label %d has no voxel left after resampling", summary->label);
		rad_detail(context, "Its %lld voxels of %.6g x %.6g x %.6g mm cover no voxel of "
				   "%.6g x %.6g x %.6g mm by a fraction of %.6g.",
				   (long long) summary->voxel_count,
				   grid->spacing[0], grid->spacing[1], grid->spacing[2],
				   resampled->spacing[0], resampled->spacing[1], resampled->spacing[2],
				   settings->mask_threshold);
		return rad_hint(context, "Choose a smaller \"resample_spacing\" or a lower "
						"\"mask_threshold\".");
	}

	frame = needs_margin(settings) ? grow_by_peak_radius(resampled, &tight) : tight;
	place_region(resampled, &frame, &tight, region);
	region->morphological_mask = rad_new_zeroed(context, uint8_t, rad_box_voxel_count(&frame));
	if (region->morphological_mask == NULL)
		return false;
	copy_mask(interpolated, &target, &tight, &frame, region->morphological_mask);
	rad_release(context, interpolated);
	return true;
}

/* The resampled image in the region's box. */
static bool
build_intensities(RadContext *context, const Volume *image, const Grid *resampled,
				  const Settings *settings, Region *region)
{
	Box			frame;

	for (int axis = 0; axis < 3; axis++)
	{
		frame.lo[axis] = region->image_offset[axis];
		frame.hi[axis] = frame.lo[axis] + region->grid.size[axis];
	}
	region->intensity = rad_new(context, double, rad_box_voxel_count(&frame));
	return region->intensity != NULL &&
		rad_resample_image(context, image, resampled, &frame, settings->image_interpolator,
						   settings->round_intensities, region->intensity);
}

/* Number of voxels of a row's mask that are NaN or infinite. */
static int
count_odd(const double *restrict intensity, const uint8_t *restrict mask, int count)
{
	int			odd = 0;

	/* x - x is 0 for finite x only. */
	for (int x = 0; x < count; x++)
		odd += mask[x] & (intensity[x] - intensity[x] != 0.0);
	return odd;
}

/* No voxel of the morphological mask may be NaN or infinite. */
static bool
check_finite(RadContext *context, const Region *region)
{
	const Grid *grid = &region->grid;
	const Box  *box = &region->morphological_box;
	int			width = box->hi[0] - box->lo[0];
	int64_t		wrong = 0;
	int			first[3] = {0, 0, 0};

	for (int z = box->lo[2]; z < box->hi[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = box->lo[1]; y < box->hi[1]; y++)
		{
			int64_t		row = ((int64_t) z * grid->size[1] + y) * grid->size[0] + box->lo[0];
			const double *intensity = region->intensity + row;
			const uint8_t *mask = region->morphological_mask + row;
			int			odd = count_odd(intensity, mask, width);
			int			x = 0;

			if (odd > 0 && wrong == 0)
			{
				while (mask[x] == 0 || isfinite(intensity[x]))
					x++;
				first[0] = box->lo[0] + x;
				first[1] = y;
				first[2] = z;
			}
			wrong += odd;
		}
	}
	if (wrong == 0)
		return true;
	rad_fail(context, RAD_DATA_EXCEPTION,
			 "region of label %d holds %lld voxels that are NaN or infinite",
			 region->label, (long long) wrong);
	rad_detail(context, "The first is voxel (%d, %d, %d) of the image after resampling.",
			   region->image_offset[0] + first[0], region->image_offset[1] + first[1],
			   region->image_offset[2] + first[2]);
	return rad_hint(context, "Replace such voxels in the image, or leave them out of the mask.");
}

bool
rad_region_build(RadContext *context, const Volume *image, const MaskRuns *mask,
				 int32_t label, const Settings *settings, Region **region)
{
	const LabelSummary *summary = rad_mask_find_label(mask, label);
	Region	   *built;
	Grid		resampled;

	if (summary == NULL)
		return rad_fail(context, RAD_DATA_EXCEPTION, "mask has no label %d", label);
	built = rad_new_zeroed(context, Region, 1);
	if (built == NULL)
		return false;
	built->label = label;
	rad_resample_grid(&image->grid, settings->resample_spacing, &resampled);
	if (!rad_resample_check(context, &resampled) ||
		!build_morphological_mask(context, &image->grid, mask, summary, &resampled, settings,
								  built) ||
		!build_intensities(context, image, &resampled, settings, built) ||
		!check_finite(context, built) ||
		!rad_resegment(context, settings, built))
		return false;
	*region = built;
	return true;
}
