/*
 * The diagnostics of image and mask.
 */
#include "pyradiomics/diagnose.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/sha1.h"

/* Voxels between two polls for a cancel. */
#define VOXELS_PER_POLL (1 << 20)

/* Where the values go. */
typedef struct Diagnosis
{
	RadContext *context;
	const Device *device;
	PyradiomicsDiagnosticSink sink;
	void	   *argument;
} Diagnosis;

/* A mask: of one label in a box of an image. */
typedef struct Described
{
	const Grid *grid;
	Box			image_box;		/* what PyRadiomics holds of the grid */
	Box			box;			/* the label's, in the grid */
	const uint8_t *mask;		/* over box */
	int64_t		count;
} Described;

static bool
put(const Diagnosis *diagnosis, const char *stage, const char *name, const char *text,
	const double *values, int count)
{
	char		key[96];

	snprintf(key, sizeof(key), "diagnostics_%s_%s", stage, name);
	return diagnosis->sink(diagnosis->context, diagnosis->argument, key, text, values, count);
}

/* Size along the axes that the image has. */
static bool
put_geometry(const Diagnosis *diagnosis, const char *stage, const Grid *grid, const Box *box)
{
	int			dimension = grid->dimension == 2 ? 2 : 3;
	double		size[3];

	for (int axis = 0; axis < 3; axis++)
		size[axis] = box->hi[axis] - box->lo[axis];
	return put(diagnosis, stage, "Spacing", NULL, grid->spacing, dimension) &&
		put(diagnosis, stage, "Size", NULL, size, dimension);
}

/* Mean and extremes of the voxels of a box of an image, or of a mask over it. */
static bool
put_intensities(const Diagnosis *diagnosis, const char *stage, const Volume *image,
				const Box *box, const uint8_t *mask)
{
	const int64_t width = image->box.hi[0] - image->box.lo[0];
	const int64_t height = image->box.hi[1] - image->box.lo[1];
	const int	row_size = box->hi[0] - box->lo[0];
	double	   *row = rad_new(diagnosis->context, double, row_size);
	double		sum = 0.0;
	double		low = INFINITY;
	double		high = -INFINITY;
	int64_t		count = 0;

	if (row == NULL)
		return false;
	for (int z = box->lo[2]; z < box->hi[2]; z++)
	{
		if (!rad_continue(diagnosis->context))
			return false;
		for (int y = box->lo[1]; y < box->hi[1]; y++)
		{
			double		row_sum = 0.0;

			rad_voxels_to_double(image->type, image->voxels,
								 ((z - image->box.lo[2]) * height + y - image->box.lo[1]) * width +
								 box->lo[0] - image->box.lo[0], row_size, row);
			for (int x = 0; x < row_size; x++)
			{
				if (mask != NULL && *mask++ == 0)
					continue;
				row_sum += row[x];
				low = row[x] < low ? row[x] : low;
				high = row[x] > high ? row[x] : high;
				count++;
			}
			sum += row_sum;
		}
	}
	rad_release(diagnosis->context, row);
	sum /= (double) count;
	return put(diagnosis, stage, "Mean", NULL, &sum, 1) &&
		put(diagnosis, stage, "Minimum", NULL, &low, 1) &&
		put(diagnosis, stage, "Maximum", NULL, &high, 1);
}

/* Parts of a mask that do not touch, not even at corners. */
static bool
count_parts(const Diagnosis *diagnosis, const Described *described, double *parts)
{
	RadContext *context = diagnosis->context;
	GreyLevels *levels = rad_new_zeroed(context, GreyLevels, 1);
	const uint8_t *mask = described->mask;
	ZoneList	zones = {0};

	if (levels == NULL)
		return false;
	for (int axis = 0; axis < 3; axis++)
		levels->size[axis] = described->box.hi[axis] - described->box.lo[axis];
	levels->level_count = 1;
	levels->padding = 1;
	levels->voxel_count = described->count;
	if (!rad_grey_levels_allocate(context, levels))
		return false;
	levels->histogram[1] = described->count;
	for (int z = 0; z < levels->size[2]; z++)
		for (int y = 0; y < levels->size[1]; y++, mask += levels->size[0])
		{
			memcpy((uint8_t *) levels->levels + z * levels->slice_stride + y * levels->row_stride,
				   mask, (size_t) levels->size[0]);
			for (int x = 0; x < levels->size[0]; x++)
				levels->slice_voxel_count[z] += mask[x];
		}
	if (!diagnosis->device->find_zones(context, levels, NULL, false, &zones))
		return false;
	*parts = (double) zones.count;
	rad_release(context, zones.zones);
	rad_grey_levels_release(context, levels);
	return true;
}

/* Mean index of the voxels, in the box that PyRadiomics holds. */
static void
find_centre(const Described *described, double index[3])
{
	const uint8_t *mask = described->mask;
	const Box  *box = &described->box;
	int64_t		sum[3] = {0, 0, 0};

	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int y = box->lo[1]; y < box->hi[1]; y++)
			for (int x = box->lo[0]; x < box->hi[0]; x++)
				if (*mask++)
				{
					sum[0] += x;
					sum[1] += y;
					sum[2] += z;
				}
	for (int axis = 0; axis < 3; axis++)
		index[axis] = (double) sum[axis] / (double) described->count;
}

/* What is said of every mask, after its hash. */
static bool
put_mask(const Diagnosis *diagnosis, const char *stage, const Described *described)
{
	int			dimension = described->grid->dimension == 2 ? 2 : 3;
	double		box[6];
	double		index[3];
	double		world[3];
	double		count = (double) described->count;
	double		parts;

	for (int axis = 0; axis < dimension; axis++)
	{
		box[axis] = described->box.lo[axis] - described->image_box.lo[axis];
		box[dimension + axis] = described->box.hi[axis] - described->box.lo[axis];
	}
	find_centre(described, index);
	rad_grid_to_world(described->grid, index, world);
	for (int axis = 0; axis < 3; axis++)
		index[axis] -= described->image_box.lo[axis];
	return count_parts(diagnosis, described, &parts) &&
		put_geometry(diagnosis, stage, described->grid, &described->image_box) &&
		put(diagnosis, stage, "BoundingBox", NULL, box, 2 * dimension) &&
		put(diagnosis, stage, "VoxelNum", NULL, &count, 1) &&
		put(diagnosis, stage, "VolumeNum", NULL, &parts, 1) &&
		put(diagnosis, stage, "CenterOfMassIndex", NULL, index, dimension) &&
		put(diagnosis, stage, "CenterOfMass", NULL, world, dimension);
}

/* Hash of all voxels in their own type. */
static bool
put_image_hash(const Diagnosis *diagnosis, const char *stage, const Volume *image)
{
	size_t		voxel = rad_voxel_size(image->type);
	int64_t		count = rad_box_voxel_count(&image->box);
	char		text[RAD_SHA1_SIZE];
	Sha1		sha1;

	rad_sha1_begin(&sha1);
	for (int64_t n = 0; n < count; n += VOXELS_PER_POLL)
	{
		int64_t		piece = count - n < VOXELS_PER_POLL ? count - n : VOXELS_PER_POLL;

		if (!rad_continue(diagnosis->context))
			return false;
		rad_sha1_add(&sha1, (const char *) image->voxels + (size_t) n * voxel,
					 (size_t) piece * voxel);
	}
	rad_sha1_end(&sha1, text);
	return put(diagnosis, stage, "Hash", text, NULL, 0);
}

/* Hash of the whole mask as uint32, all labels. */
static bool
put_mask_hash(const Diagnosis *diagnosis, const char *stage, const MaskRuns *mask)
{
	const int  *size = mask->grid.size;
	uint32_t   *row = rad_new_zeroed(diagnosis->context, uint32_t, size[0]);
	char		text[RAD_SHA1_SIZE];
	int64_t		run = 0;
	Sha1		sha1;

	if (row == NULL)
		return false;
	rad_sha1_begin(&sha1);
	for (int z = 0; z < size[2]; z++)
	{
		if (!rad_continue(diagnosis->context))
			return false;
		for (int y = 0; y < size[1]; y++)
		{
			int64_t		first = run;

			for (; run < mask->run_count && mask->runs[run].z == z && mask->runs[run].y == y; run++)
				for (int x = mask->runs[run].x_begin; x < mask->runs[run].x_end; x++)
					row[x] = (uint32_t) mask->runs[run].label;
			rad_sha1_add(&sha1, row, (size_t) size[0] * sizeof(*row));
			if (run > first)
				memset(row, 0, (size_t) size[0] * sizeof(*row));
		}
	}
	rad_release(diagnosis->context, row);
	rad_sha1_end(&sha1, text);
	return put(diagnosis, stage, "Hash", text, NULL, 0);
}

/* Image and mask as they came. */
static bool
put_originals(const Diagnosis *diagnosis, PyradiomicsScan *scan, int32_t label)
{
	RadContext *context = diagnosis->context;
	const Grid *grid = rad_reader_grid(scan->image);
	const LabelSummary *summary = rad_mask_find_label(scan->mask, label);
	Box			box = rad_grid_box(grid);
	Described	described = {.grid = &scan->mask->grid, .box = summary->box,
	.image_box = rad_grid_box(&scan->mask->grid), .count = summary->voxel_count};
	Volume		image;
	uint8_t    *mask;

	if (!rad_volume_read_box(context, scan->image, &box, &image))
		return false;
	mask = rad_pyradiomics_label_bytes(context, scan->mask, label, &summary->box);
	if (mask == NULL)
		return false;
	described.mask = mask;
	if (!put_image_hash(diagnosis, "Image-original", &image) ||
		!put(diagnosis, "Image-original", "Dimensionality", grid->dimension == 2 ? "2D" : "3D",
			 NULL, 0) ||
		!put_geometry(diagnosis, "Image-original", grid, &box) ||
		!put_intensities(diagnosis, "Image-original", &image, &box, NULL) ||
		!put_mask_hash(diagnosis, "Mask-original", scan->mask) ||
		!put_mask(diagnosis, "Mask-original", &described))
		return false;
	rad_release(context, image.voxels);
	rad_release(context, mask);
	return true;
}

/* A mask on the image that features see, with the intensities inside. */
static bool
put_stage_mask(const Diagnosis *diagnosis, const char *name, const PyradiomicsStage *stage,
			   const Box *box, const uint8_t *mask, int64_t count)
{
	const Described described = {.grid = &stage->image.grid, .image_box = stage->image.box,
	.box = *box, .mask = mask, .count = count};

	return put_mask(diagnosis, name, &described) &&
		put_intensities(diagnosis, name, &stage->image, box, mask);
}

bool
rad_pyradiomics_diagnose(RadContext *context, const Device *device, PyradiomicsScan *scan,
						 int32_t label, const PyradiomicsSettings *settings,
						 PyradiomicsDiagnosticSink sink, void *argument)
{
	const Diagnosis diagnosis = {context, device, sink, argument};
	PyradiomicsStage stage;
	const Box  *box = &stage.box;
	const uint8_t *mask;
	int64_t		count;

	if (!rad_pyradiomics_prepare(context, scan, label, settings, true, 0, &stage) ||
		!put_originals(&diagnosis, scan, label))
		return false;
	mask = stage.resegmented ? stage.before_mask : stage.mask;
	count = stage.resegmented ? stage.before_count : stage.count;
	if (stage.resegmented)
		box = &stage.before_box;
	if (stage.resampled &&
		(!put_geometry(&diagnosis, "Image-interpolated", &stage.image.grid, &stage.image.box) ||
		 !put_intensities(&diagnosis, "Image-interpolated", &stage.image, &stage.image.box,
						  NULL) ||
		 !put_stage_mask(&diagnosis, "Mask-interpolated", &stage, box, mask, count)))
		return false;
	if (stage.corrected &&
		!put_stage_mask(&diagnosis, "Mask-corrected", &stage, box, mask, count))
		return false;
	if (stage.resegmented &&
		!put_stage_mask(&diagnosis, "Mask-resegmented", &stage, &stage.box, stage.mask,
						stage.count))
		return false;
	rad_release(context, stage.image.voxels);
	rad_release(context, stage.mask);
	rad_release(context, stage.before_mask);
	return true;
}
