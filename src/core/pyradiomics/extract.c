/*
 * Steps 6 and 7 of PyRadiomics' pipeline: shape, then every image type with
 * every class.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "filters/image_types.h"
#include "pyradiomics/classes.h"
#include "pyradiomics/counting_plan.h"
#include "pyradiomics/pipeline.h"

/* One extraction. */
typedef struct Extraction
{
	const Device *device;
	const PyradiomicsSettings *settings;
	const PyradiomicsStage *stage;
	const PyradiomicsOutput *output;
	const PyradiomicsImage *type;	/* the current one */
} Extraction;

static void
notice(const PyradiomicsOutput *output, const char *message)
{
	if (output->notice != NULL)
		output->notice(output->argument, message);
}

/* Deliver the chosen features of a class. */
static bool
deliver(RadContext *context, const Extraction *extraction, const char *image_type,
		const PyradiomicsClassChoice *choice, const double *values)
{
	const PyradiomicsOutput *output = extraction->output;

	for (int n = 0; n < choice->count; n++)
	{
		PyradiomicsFeature feature = choice->features[n];

		if (rad_pyradiomics_features[feature].status != PYRADIOMICS_WITHDRAWN &&
			!output->value(context, output->argument, image_type, feature, values[feature]))
			return false;
	}
	return true;
}

static void
clear(double values[PYRADIOMICS_FEATURE_COUNT])
{
	for (int n = 0; n < PYRADIOMICS_FEATURE_COUNT; n++)
		values[n] = NAN;
}

/*
 * The mask that shape is measured on, over the box of the re-segmented region:
 * the one before re-segmentation, unless resegmentShape says otherwise.
 */
static uint8_t *
shape_mask(RadContext *context, const Extraction *extraction)
{
	const PyradiomicsStage *stage = extraction->stage;
	const Box  *box = &stage->box;
	const Box  *from = &stage->before_box;
	int64_t		count = rad_box_voxel_count(box);
	uint8_t    *mask = rad_new(context, uint8_t, count);
	int			row = box->hi[0] - box->lo[0];
	uint8_t    *next = mask;

	if (mask == NULL)
		return NULL;
	if (!stage->resegmented || extraction->settings->options.resegment_shape)
		return memcpy(mask, stage->mask, (size_t) count);
	for (int z = box->lo[2]; z < box->hi[2]; z++)
		for (int y = box->lo[1]; y < box->hi[1]; y++, next += row)
		{
			int64_t		line = (int64_t) (z - from->lo[2]) * (from->hi[1] - from->lo[1]) +
				y - from->lo[1];

			memcpy(next, stage->before_mask + line * (from->hi[0] - from->lo[0]) +
				   box->lo[0] - from->lo[0], (size_t) row);
		}
	return mask;
}

/*
 * Whether shape2D is computed, with PyRadiomics' odd look at the extent along
 * axis number force2Ddimension in the order x, y, z.
 */
static bool
wants_shape2d(const Extraction *extraction, const int size[3], int dimension)
{
	const PyradiomicsOptions *options = &extraction->settings->options;
	int			looked_at = options->force_2d_dimension;

	if (dimension == 2)
		return true;
	if (!options->force_2d)
	{
		notice(extraction->output, "shape2D is left out: it needs the setting force2D.");
		return false;
	}
	if (size[looked_at] <= 1)
	{
		notice(extraction->output, "shape2D is left out: PyRadiomics wants the region's box to "
			   "be longer than one voxel along the axis that force2Ddimension names in the order "
			   "x, y, z.");
		return false;
	}
	return true;
}

/* Classes shape and shape2D. */
static bool
extract_shape(RadContext *context, const Extraction *extraction)
{
	const PyradiomicsSettings *settings = extraction->settings;
	const Grid *grid = &extraction->stage->image.grid;
	const Box  *box = &extraction->stage->box;
	const PyradiomicsClassChoice *shape = rad_pyradiomics_class(settings, PYRADIOMICS_shape);
	const PyradiomicsClassChoice *flat = rad_pyradiomics_class(settings, PYRADIOMICS_shape2D);
	double		values[PYRADIOMICS_FEATURE_COUNT];
	int			size[3];
	uint8_t    *mask;

	if (shape == NULL && flat == NULL)
		return true;
	for (int axis = 0; axis < 3; axis++)
		size[axis] = box->hi[axis] - box->lo[axis];
	mask = shape_mask(context, extraction);
	if (mask == NULL)
		return false;
	clear(values);
	if (shape != NULL && grid->dimension == 2)
		notice(extraction->output, "shape is left out: the image has two dimensions.");
	else if (shape != NULL &&
			 (!rad_pyradiomics_shape(context, mask, size, grid->spacing, values) ||
			  !deliver(context, extraction, "original", shape, values)))
		return false;
	if (flat != NULL && wants_shape2d(extraction, size, grid->dimension) &&
		(!rad_pyradiomics_shape2d(context, mask, size, grid->spacing, grid->dimension == 2 ? 2 :
								  2 - settings->options.force_2d_dimension, values) ||
		 !deliver(context, extraction, "original", flat, values)))
		return false;
	rad_release(context, mask);
	return true;
}

static bool
is_texture(PyradiomicsClass class_id)
{
	return class_id != PYRADIOMICS_firstorder && class_id != PYRADIOMICS_shape &&
		class_id != PYRADIOMICS_shape2D;
}

static bool
has_feature(const PyradiomicsClassChoice *choice, PyradiomicsFeature feature)
{
	for (int n = 0; n < choice->count; n++)
		if (choice->features[n] == feature)
			return true;
	return false;
}

/* The features of one texture class. */
static bool
texture_class(RadContext *context, const PyradiomicsTexture *texture,
			  const PyradiomicsClassChoice *choice, double *values)
{
	switch (choice->class_id)
	{
		case PYRADIOMICS_glcm:
			return rad_pyradiomics_glcm(context, texture,
										has_feature(choice, PYRADIOMICS_glcm_MCC), values);
		case PYRADIOMICS_gldm:
			return rad_pyradiomics_gldm(context, texture, values);
		case PYRADIOMICS_glrlm:
			return rad_pyradiomics_glrlm(context, texture, values);
		case PYRADIOMICS_glszm:
			return rad_pyradiomics_glszm(context, texture, values);
		case PYRADIOMICS_ngtdm:
			return rad_pyradiomics_ngtdm(context, texture, values);
		case PYRADIOMICS_firstorder:
		case PYRADIOMICS_shape:
		case PYRADIOMICS_shape2D:
			break;
	}
	return true;
}

/* All classes of one filtered image. */
static bool
extract_classes(RadContext *context, const Extraction *extraction, const char *name,
				const Volume *image)
{
	const PyradiomicsStage *stage = extraction->stage;
	const PyradiomicsSettings *settings = extraction->settings;
	PyradiomicsRegion region = {.mask = stage->mask, .count = stage->count,
	.dimension = image->grid.dimension};
	PyradiomicsTexture texture = {.device = extraction->device,
	.options = &extraction->type->options};
	double		values[PYRADIOMICS_FEATURE_COUNT];
	PyradiomicsLevels levels;
	RegionRequest request;
	bool		have_grid = false;

	for (int axis = 0; axis < 3; axis++)
	{
		region.size[axis] = stage->box.hi[axis] - stage->box.lo[axis];
		region.spacing[axis] = image->grid.spacing[axis];
	}
	if (!rad_pyradiomics_region_fill(context, &region, image, &stage->box) ||
		!rad_pyradiomics_discretise(context, &region, texture.options, &levels))
		return false;
	clear(values);
	for (int n = 0; n < settings->class_count; n++)
	{
		const PyradiomicsClassChoice *choice = &settings->classes[n];

		if (choice->class_id == PYRADIOMICS_shape || choice->class_id == PYRADIOMICS_shape2D)
			continue;
		if (is_texture(choice->class_id) && !have_grid)
		{
			if (!rad_pyradiomics_grid_build(context, &region, &levels, texture.options,
											rad_pyradiomics_padding(texture.options),
											&texture.grid) ||
				!rad_pyradiomics_begin(context, &texture, settings, &request))
				return false;
			have_grid = true;
		}
		if (choice->class_id == PYRADIOMICS_firstorder)
		{
			if (!rad_pyradiomics_firstorder(context, &region, &levels, texture.options, values))
				return false;
		}
		else if (!texture_class(context, &texture, choice, values))
			return false;
		if (!deliver(context, extraction, name, choice, values))
			return false;
	}
	rad_request_end(context, context->request);
	return true;
}

/* FilteredImageVisitor: one image in a scope of its own. */
static bool
visit_image(RadContext *context, void *argument, const char *name, const Volume *image)
{
	Scope		scope;
	bool		done;

	rad_scope_open(&scope, context);
	done = extract_classes(&scope.context, argument, name, image);
	rad_scope_close(&scope);
	if (!done)
	{
		size_t		used = strlen(scope.context.detail);

		if (strcmp(name, "original") != 0)
			snprintf(scope.context.detail + used, sizeof(scope.context.detail) - used,
					 "%sThe image type is %s.", used > 0 ? " " : "", name);
		rad_scope_fail(&scope);
	}
	return done;
}

/* Does any class look at images at all? */
static bool
wants_images(const PyradiomicsSettings *settings)
{
	for (int n = 0; n < settings->class_count; n++)
		if (settings->classes[n].class_id != PYRADIOMICS_shape &&
			settings->classes[n].class_id != PYRADIOMICS_shape2D)
			return true;
	return false;
}

bool
rad_pyradiomics_extract(RadContext *context, const Device *device, PyradiomicsScan *scan,
						int32_t label, const PyradiomicsSettings *settings,
						const PyradiomicsOutput *output, int64_t *voxel_count)
{
	PyradiomicsStage stage;
	Extraction	extraction = {
		.device = device,
		.settings = settings,
		.stage = &stage,
		.output = output,
	};

	if (!rad_pyradiomics_prepare(context, scan, label, settings, false, 0, &stage))
		return false;
	*voxel_count = stage.count;
	if (!extract_shape(context, &extraction))
		return false;
	for (int n = 0; wants_images(settings) && n < settings->image_count; n++)
	{
		extraction.type = &settings->images[n];
		if (!rad_pyradiomics_filter(context, &stage, extraction.type, &stage.box, stage.mask,
									output, visit_image, &extraction))
			return false;
	}
	rad_release(context, stage.image.voxels);
	rad_release(context, stage.mask);
	rad_release(context, stage.before_mask);
	return true;
}
