/*
 * Maps: per image type a crop around the label, per class the features of
 * every voxel of the region, per feature a volume.
 *
 * Discretisation is done once per image, over the region (maskedKernel) or the
 * whole crop, never per box.  voxelBatch bounds no memory here, but it decides,
 * as in PyRadiomics, over which voxels an empty direction is looked for.
 */
#include "pyradiomics/maps.h"

#include <math.h>
#include <string.h>

#include "base/scope.h"
#include "pyradiomics/classes.h"
#include "pyradiomics/kernel.h"
#include "pyradiomics/map_firstorder.h"

/* One run over all image types. */
typedef struct Mapping
{
	const PyradiomicsSettings *settings;
	const PyradiomicsStage *stage;
	const PyradiomicsMapOutput *output;
	const PyradiomicsOptions *options;	/* of the current image type */
	Box			crop;			/* in the image's grid */
	uint8_t    *inside;			/* over crop: what counts in boxes */
	int64_t		inside_count;
	int32_t		(*voxels)[3];	/* of the region, in the crop */
	int64_t		voxel_count;
} Mapping;

/* The current image. */
typedef struct MappedImage
{
	const Mapping *mapping;
	const char *name;
	const Grid *grid;
	PyradiomicsRegion region;	/* the crop */
	PyradiomicsLevels levels;
	PyradiomicsGrid texture;
} MappedImage;

static int64_t
crop_index(const Mapping *mapping, const int32_t at[3])
{
	const Box  *crop = &mapping->crop;

	return ((int64_t) at[2] * (crop->hi[1] - crop->lo[1]) + at[1]) *
		(crop->hi[0] - crop->lo[0]) + at[0];
}

/* The crop, what counts inside it, and the voxels that get values. */
static bool
lay_out(RadContext *context, Mapping *mapping)
{
	const PyradiomicsStage *stage = mapping->stage;
	const PyradiomicsOptions *options = &mapping->settings->options;
	const Box  *box = &stage->box;
	const uint8_t *mask = stage->mask;
	int64_t		size;
	int64_t		count = 0;

	for (int axis = 0; axis < 3; axis++)
	{
		int			lo = box->lo[axis] - options->kernel_radius;
		int			hi = box->hi[axis] + options->kernel_radius;

		mapping->crop.lo[axis] = lo > stage->image.box.lo[axis] ? lo : stage->image.box.lo[axis];
		mapping->crop.hi[axis] = hi < stage->image.box.hi[axis] ? hi : stage->image.box.hi[axis];
	}
	size = rad_box_voxel_count(&mapping->crop);
	mapping->inside = rad_new_zeroed(context, uint8_t, size);
	mapping->voxels = rad_allocate(context, (size_t) stage->count, sizeof(*mapping->voxels));
	if (mapping->inside == NULL || mapping->voxels == NULL)
		return false;
	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int y = box->lo[1]; y < box->hi[1]; y++)
			for (int x = box->lo[0]; x < box->hi[0]; x++)
			{
				int32_t    *at = mapping->voxels[count];

				if (*mask++ == 0)
					continue;
				at[0] = x - mapping->crop.lo[0];
				at[1] = y - mapping->crop.lo[1];
				at[2] = z - mapping->crop.lo[2];
				mapping->inside[crop_index(mapping, at)] = 1;
				count++;
			}
	mapping->voxel_count = mapping->inside_count = count;
	if (!options->masked_kernel)
	{
		memset(mapping->inside, 1, (size_t) size);
		mapping->inside_count = size;
	}
	return true;
}

/* Is the map of a feature wanted? */
static bool
is_wanted(const MappedImage *image, PyradiomicsFeature feature)
{
	const PyradiomicsMapOutput *output = image->mapping->output;

	return output->wanted == NULL || output->wanted(output->argument, image->name, feature);
}

/* Deliver one map; values per voxel of the region, or NULL: no value anywhere. */
static bool
deliver_map(RadContext *context, const MappedImage *image, PyradiomicsFeature feature,
			const double *values)
{
	const Mapping *mapping = image->mapping;
	const Box  *crop = &mapping->crop;
	const double lo[3] = {crop->lo[0], crop->lo[1], crop->lo[2]};
	int64_t		size = rad_box_voxel_count(crop);
	double	   *voxels = rad_new(context, double, size);
	Volume		map = {.grid = *image->grid, .type = VOXEL_FLOAT64, .voxels = voxels};
	bool		visited;

	if (voxels == NULL)
		return false;
	for (int64_t n = 0; n < size; n++)
		voxels[n] = mapping->options->init_value;
	for (int64_t n = 0; values != NULL && n < mapping->voxel_count; n++)
		voxels[crop_index(mapping, mapping->voxels[n])] = values[n];
	for (int axis = 0; axis < 3; axis++)
		map.grid.size[axis] = crop->hi[axis] - crop->lo[axis];
	rad_grid_to_world(image->grid, lo, map.grid.origin);
	map.box = rad_grid_box(&map.grid);
	visited = mapping->output->visit(context, mapping->output->argument, image->name, feature,
									 &map);
	rad_release(context, voxels);
	return visited;
}

typedef bool (*KernelFeatures) (RadContext *context, MapKernel *kernel,
								double values[PYRADIOMICS_FEATURE_COUNT]);

static KernelFeatures
kernel_features(PyradiomicsClass class_id)
{
	switch (class_id)
	{
		case PYRADIOMICS_glcm:
			return rad_map_kernel_glcm;
		case PYRADIOMICS_gldm:
			return rad_map_kernel_gldm;
		case PYRADIOMICS_glrlm:
			return rad_map_kernel_glrlm;
		case PYRADIOMICS_glszm:
			return rad_map_kernel_glszm;
		case PYRADIOMICS_ngtdm:
			return rad_map_kernel_ngtdm;
		case PYRADIOMICS_firstorder:
		case PYRADIOMICS_shape:
		case PYRADIOMICS_shape2D:
			break;
	}
	return NULL;
}

static void
load_voxel(MapKernel *kernel, const MappedImage *image, int64_t voxel)
{
	const int32_t *at = image->mapping->voxels[voxel];
	const int	in_grid[3] = {at[image->texture.axis[0]], at[image->texture.axis[1]],
	at[image->texture.axis[2]]};

	rad_map_kernel_load(kernel, in_grid);
}

/*
 * What PyRadiomics does with empty directions hangs on all voxels of a batch:
 * those empty for every voxel are dropped; one that is empty for some only makes
 * their JointAverage NaN, and MCC fail for the batch.  *fails: MCC does.
 */
static bool
look_at_offsets(RadContext *context, MapKernel *kernel, const MappedImage *image,
				int64_t first, int64_t end, bool *fails)
{
	int			least = kernel->offset_count;

	memset(kernel->offset_filled, 0, (size_t) kernel->offset_count * sizeof(bool));
	for (int64_t n = first; n < end; n++)
	{
		int			filled;

		if (!rad_continue(context))
			return false;
		load_voxel(kernel, image, n);
		filled = rad_map_kernel_mark_offsets(kernel);
		least = filled < least ? filled : least;
	}
	kernel->offsets_kept = 0;
	for (int n = 0; n < kernel->offset_count; n++)
		kernel->offsets_kept += kernel->offset_filled[n];
	*fails = least == 0;
	if (kernel->options->weighting_norm == PYRADIOMICS_WEIGHTING_NULL)
		*fails |= least < kernel->offsets_kept;
	*fails = *fails && image->levels.present_count > 1;
	return true;
}

/* Does the choice hold MCC, and is its map wanted? */
static bool
wants_mcc(const MappedImage *image, const PyradiomicsClassChoice *choice)
{
	for (int n = 0; n < choice->count; n++)
		if (choice->features[n] == PYRADIOMICS_glcm_MCC)
			return is_wanted(image, PYRADIOMICS_glcm_MCC);
	return false;
}

/* The wanted maps of a class and room for their values. */
typedef struct ClassMaps
{
	int			count;
	PyradiomicsFeature feature[PYRADIOMICS_CLASS_SIZE];
	double	   *values[PYRADIOMICS_CLASS_SIZE]; /* NULL: the map is empty */
} ClassMaps;

static bool
create_maps(RadContext *context, const MappedImage *image,
			const PyradiomicsClassChoice *choice, ClassMaps *maps)
{
	maps->count = 0;
	for (int n = 0; n < choice->count; n++)
	{
		PyradiomicsFeature feature = choice->features[n];

		if (!is_wanted(image, feature))
			continue;
		maps->feature[maps->count] = feature;
		maps->values[maps->count] = NULL;
		if (rad_pyradiomics_features[feature].status != PYRADIOMICS_WITHDRAWN)
		{
			maps->values[maps->count] = rad_new(context, double, image->mapping->voxel_count);
			if (maps->values[maps->count] == NULL)
				return false;
		}
		maps->count++;
	}
	return true;
}

/* mcc_fails: MCC has no value in this batch. */
static void
keep_values(const MappedImage *image, ClassMaps *maps, int64_t voxel, bool mcc_fails,
			const double *values)
{
	for (int n = 0; n < maps->count; n++)
	{
		if (maps->values[n] == NULL)
			continue;
		if (mcc_fails && maps->feature[n] == PYRADIOMICS_glcm_MCC)
			maps->values[n][voxel] = image->mapping->options->init_value;
		else
			maps->values[n][voxel] = values[maps->feature[n]];
	}
}

/* The values of a texture class at every voxel. */
static bool
map_texture(RadContext *context, const MappedImage *image,
			const PyradiomicsClassChoice *choice, ClassMaps *maps)
{
	const PyradiomicsOptions *options = image->mapping->options;
	const int64_t count = image->mapping->voxel_count;
	const int64_t batch = options->voxel_batch > 0 ? options->voxel_batch : count;
	bool		mcc = choice->class_id == PYRADIOMICS_glcm && wants_mcc(image, choice);
	KernelFeatures features = kernel_features(choice->class_id);
	double		values[PYRADIOMICS_FEATURE_COUNT];
	MapKernel  *kernel;

	if (!rad_map_kernel_create(context, &image->texture, options, mcc,
							   image->levels.level_count, image->levels.present_count, &kernel))
		return false;
	for (int n = 0; n < PYRADIOMICS_FEATURE_COUNT; n++)
		values[n] = NAN;
	for (int64_t first = 0; first < count; first += batch)
	{
		int64_t		end = first + batch < count ? first + batch : count;
		bool		fails = false;

		if (choice->class_id == PYRADIOMICS_glcm &&
			!look_at_offsets(context, kernel, image, first, end, &fails))
			return false;
		kernel->glcm->want_mcc = mcc && !fails;
		for (int64_t n = first; n < end; n++)
		{
			if (!rad_continue(context))
				return false;
			load_voxel(kernel, image, n);
			if (!features(context, kernel, values))
				return false;
			keep_values(image, maps, n, fails, values);
		}
	}
	return true;
}

/* All maps of one class of the current image, in a scope of its own. */
static bool
map_class(RadContext *context, const MappedImage *image,
		  const PyradiomicsClassChoice *choice)
{
	ClassMaps	maps;
	bool		mapped;

	if (!create_maps(context, image, choice, &maps))
		return false;
	if (maps.count == 0)
		return true;
	if (choice->class_id == PYRADIOMICS_firstorder)
		mapped = rad_map_firstorder(context, &image->region, &image->levels,
									image->mapping->options, &image->mapping->stage->box,
									image->mapping->voxels, image->mapping->voxel_count,
									maps.feature, maps.values, maps.count);
	else
		mapped = map_texture(context, image, choice, &maps);
	for (int n = 0; mapped && n < maps.count; n++)
		mapped = deliver_map(context, image, maps.feature[n], maps.values[n]);
	return mapped;
}

/* Does a class have a wanted map of the current image? */
static bool
class_is_wanted(const MappedImage *image, const PyradiomicsClassChoice *choice)
{
	if (choice->class_id == PYRADIOMICS_shape || choice->class_id == PYRADIOMICS_shape2D)
		return false;
	for (int n = 0; n < choice->count; n++)
		if (is_wanted(image, choice->features[n]))
			return true;
	return false;
}

/* All maps of one image. */
static bool
map_image(RadContext *context, const Mapping *mapping, const char *name, const Volume *volume)
{
	const PyradiomicsSettings *settings = mapping->settings;
	MappedImage image = {.mapping = mapping, .name = name, .grid = &volume->grid};
	bool		discretised = false;

	image.region.mask = mapping->inside;
	image.region.count = mapping->inside_count;
	image.region.dimension = volume->grid.dimension;
	for (int axis = 0; axis < 3; axis++)
	{
		image.region.size[axis] = mapping->crop.hi[axis] - mapping->crop.lo[axis];
		image.region.spacing[axis] = volume->grid.spacing[axis];
	}
	for (int n = 0; n < settings->class_count; n++)
	{
		Scope		scope;
		bool		mapped;

		if (!class_is_wanted(&image, &settings->classes[n]))
			continue;
		if (!discretised &&
			(!rad_pyradiomics_region_fill(context, &image.region, volume, &mapping->crop) ||
			 !rad_pyradiomics_discretise(context, &image.region, mapping->options,
										 &image.levels) ||
			 !rad_pyradiomics_grid_build(context, &image.region, &image.levels,
										 mapping->options, mapping->options->kernel_radius,
										 &image.texture)))
			return false;
		discretised = true;
		rad_scope_open(&scope, context);
		mapped = map_class(&scope.context, &image, &settings->classes[n]);
		rad_scope_close(&scope);
		if (!mapped)
			return rad_scope_fail(&scope);
	}
	return true;
}

/* FilteredImageVisitor */
static bool
visit_image(RadContext *context, void *argument, const char *name, const Volume *image)
{
	Scope		scope;
	bool		mapped;

	rad_scope_open(&scope, context);
	mapped = map_image(&scope.context, argument, name, image);
	rad_scope_close(&scope);
	return mapped || rad_scope_fail(&scope);
}

bool
rad_pyradiomics_maps(RadContext *context, PyradiomicsScan *scan, int32_t label,
					 const PyradiomicsSettings *settings, const PyradiomicsMapOutput *output)
{
	const PyradiomicsOutput filter_output = {.notice = output->notice,
	.argument = output->argument};
	PyradiomicsStage stage;
	Mapping		mapping = {.settings = settings, .stage = &stage, .output = output};

	if (!rad_pyradiomics_prepare(context, scan, label, settings, false,
								 settings->options.kernel_radius, &stage) ||
		!lay_out(context, &mapping))
		return false;
	for (int n = 0; n < settings->image_count; n++)
	{
		mapping.options = &settings->images[n].options;
		if (!rad_pyradiomics_filter(context, &stage, &settings->images[n], &mapping.crop,
									mapping.inside, &filter_output, visit_image, &mapping))
			return false;
	}
	rad_release(context, mapping.inside);
	rad_release(context, mapping.voxels);
	rad_release(context, stage.image.voxels);
	rad_release(context, stage.mask);
	rad_release(context, stage.before_mask);
	return true;
}
