/*
 * Steps 6 and 7 of PyRadiomics' pipeline: shape, then every image type with
 * every class.
 *
 * A device that is asked by region is kept busy: while it counts one image's
 * textures the next images are filtered and sent, within bounds.  On a CPU
 * every image is done before the next one is made.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "filters/image_types.h"
#include "pyradiomics/classes.h"
#include "pyradiomics/counting_plan.h"
#include "pyradiomics/pipeline.h"

/* A filtered image from its making to its features; it must not move. */
typedef struct ImageWork
{
	Scope		scope;			/* of all its memory */
	char		name[RAD_IMAGE_NAME_SIZE + PYRADIOMICS_NUMBER_SIZE];
	bool		taken;			/* region and levels are there; false: see the scope's error */
	bool		ahead;			/* begun before its turn */
	bool		have_grid;		/* in texture */
	PyradiomicsRegion region;
	PyradiomicsLevels levels;
	PyradiomicsTexture texture;
	RegionRequest request;		/* as far as the scope's context points to it */
} ImageWork;

/* One extraction. */
typedef struct Extraction
{
	RadContext *context;
	const Device *device;
	const PyradiomicsSettings *settings;
	const PyradiomicsStage *stage;
	const PyradiomicsOutput *output;
	const PyradiomicsImage *type;	/* the current one */

	/*
	 * Images in their order: those before `next` have been begun, those before
	 * `present` have ended.
	 */
	int			present;
	int			next;
	int			depth;			/* most at the same time */
	ImageWork  *works;			/* image n has works[n % depth] */
	bool		failed;			/* one has, which is the error of everything */
} Extraction;

/*
 * What an image takes while it waits: per voxel of the region at most (value,
 * level, and an entry of the table of levels), and of its box.
 */
#define VALUE_BYTES 24
#define BOX_BYTES 2

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

/* Is there a class that a device is asked about? */
static bool
wants_textures(const PyradiomicsSettings *settings)
{
	for (int n = 0; n < settings->class_count; n++)
		if (is_texture(settings->classes[n].class_id))
			return true;
	return false;
}

static bool
build_grid(RadContext *context, ImageWork *work)
{
	const PyradiomicsOptions *options = work->texture.options;

	work->have_grid = rad_pyradiomics_grid_build(context, &work->region, &work->levels, options,
												 rad_pyradiomics_padding(options),
												 &work->texture.grid);
	return work->have_grid;
}

static bool
in_flight(const ImageWork *work)
{
	return work->scope.context.request != NULL && work->request.state == REQUEST_PENDING;
}

/* Failures that come again when the turn of what failed has come. */
static bool
can_wait(RadErrorCode code)
{
	return code != RAD_CANCELLED && code != RAD_INTERNAL;
}

/*
 * Ask a device that is asked by region about an image's textures.  False only
 * for a failure that cannot wait until the classes need what failed here.
 */
static bool
ask_device(const Extraction *extraction, ImageWork *work, bool ahead)
{
	RadContext *context = &work->scope.context;
	const PyradiomicsSettings *settings = extraction->settings;

	if (extraction->device->begin == NULL || !wants_textures(settings))
		return true;
	if ((work->have_grid || build_grid(context, work)) &&
		rad_pyradiomics_begin(context, &work->texture, settings, ahead, &work->request))
		return true;
	if (!can_wait(context->code))
		return false;
	rad_request_end(context, context->request);
	rad_clear_error(context);
	return true;
}

/* All classes of one filtered image. */
static bool
extract_classes(const Extraction *extraction, ImageWork *work)
{
	RadContext *context = &work->scope.context;
	const PyradiomicsSettings *settings = extraction->settings;
	double		values[PYRADIOMICS_FEATURE_COUNT];

	clear(values);
	for (int n = 0; n < settings->class_count; n++)
	{
		const PyradiomicsClassChoice *choice = &settings->classes[n];

		if (choice->class_id == PYRADIOMICS_shape || choice->class_id == PYRADIOMICS_shape2D)
			continue;
		if (choice->class_id == PYRADIOMICS_firstorder)
		{
			if (!rad_pyradiomics_firstorder(context, &work->region, &work->levels,
											work->texture.options, values))
				return false;
		}
		else if ((!work->have_grid && !build_grid(context, work)) ||
				 !texture_class(context, &work->texture, choice, values))
			return false;
		if (!deliver(context, extraction, work->name, choice, values))
			return false;
	}
	return true;
}

/* Take from a filtered image what its classes need; the rest of it may go. */
static void
begin_image(Extraction *extraction, const char *name, const Volume *image, bool ahead)
{
	const PyradiomicsStage *stage = extraction->stage;
	ImageWork  *work = &extraction->works[extraction->next++ % extraction->depth];
	RadContext *context = &work->scope.context;

	rad_scope_open(&work->scope, extraction->context);
	context->request = NULL;
	snprintf(work->name, sizeof(work->name), "%s", name);
	work->ahead = ahead;
	work->have_grid = false;
	work->region = (PyradiomicsRegion) {.mask = stage->mask, .count = stage->count,
	.dimension = image->grid.dimension};
	work->texture = (PyradiomicsTexture) {.device = extraction->device,
	.options = &extraction->type->options};
	for (int axis = 0; axis < 3; axis++)
	{
		work->region.size[axis] = stage->box.hi[axis] - stage->box.lo[axis];
		work->region.spacing[axis] = image->grid.spacing[axis];
	}
	work->taken = rad_pyradiomics_region_fill(context, &work->region, image, &stage->box) &&
		rad_pyradiomics_discretise(context, &work->region, work->texture.options,
								   &work->levels) &&
		ask_device(extraction, work, ahead);
}

/* Give back an image's request and memory; its error stays readable. */
static void
close_work(ImageWork *work)
{
	rad_request_end(&work->scope.context, work->scope.context.request);
	rad_scope_close(&work->scope);
}

/* An image's failure is that of everything. */
static bool
fail_image(Extraction *extraction, ImageWork *work)
{
	RadContext *context = &work->scope.context;
	size_t		used = strlen(context->detail);

	if (strcmp(work->name, "original") != 0)
		snprintf(context->detail + used, sizeof(context->detail) - used,
				 "%sThe image type is %s.", used > 0 ? " " : "", work->name);
	extraction->failed = true;
	return rad_scope_fail(&work->scope);
}

/* All about the present image, at last asking again about one not taken ahead. */
static bool
finish_present(Extraction *extraction)
{
	ImageWork  *work = &extraction->works[extraction->present % extraction->depth];

	if (!work->taken)
		return fail_image(extraction, work);
	if (work->ahead && !in_flight(work))
	{
		rad_request_end(&work->scope.context, work->scope.context.request);
		if (!ask_device(extraction, work, false))
			return fail_image(extraction, work);
	}
	if (!extract_classes(extraction, work))
		return fail_image(extraction, work);
	close_work(work);
	extraction->present++;
	return true;
}

/* Finish images in their order until at most `left` are on their way. */
static bool
finish_images(Extraction *extraction, int left)
{
	while (extraction->next - extraction->present > left)
		if (!finish_present(extraction))
			return false;
	return true;
}

/*
 * FilteredImageVisitor: begin an image, and finish those that need not wait.
 * One that the device did not take ahead ends the looking ahead: nothing is
 * offered behind it.
 */
static bool
visit_image(RadContext *context, void *argument, const char *name, const Volume *image)
{
	Extraction *extraction = argument;
	ImageWork  *work = &extraction->works[extraction->next % extraction->depth];
	bool		ahead = extraction->next > extraction->present;

	(void) context;
	begin_image(extraction, name, image, ahead);
	if (!work->taken && !can_wait(work->scope.context.code))
		return fail_image(extraction, work);
	if (!work->taken && ahead && work->scope.context.code == RAD_OUT_OF_MEMORY)
	{
		/* Once more, when no other takes memory. */
		close_work(work);
		extraction->next--;
		if (!finish_images(extraction, 0))
			return false;
		begin_image(extraction, name, image, false);
	}
	return finish_images(extraction, in_flight(work) ? extraction->depth - 1 : 0);
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

/*
 * Room for the images on their way.  All have the same box, so what they take
 * together says how many there may be.
 */
static bool
open_works(Extraction *extraction)
{
	const PyradiomicsStage *stage = extraction->stage;
	int64_t		bytes = VALUE_BYTES * stage->count + BOX_BYTES * rad_box_voxel_count(&stage->box);

	extraction->depth = 1;
	while (extraction->device->begin != NULL && extraction->depth < RAD_REGIONS_IN_FLIGHT &&
		   extraction->depth * bytes <= RAD_LOOK_AHEAD_BYTES)
		extraction->depth++;
	extraction->works = rad_new(extraction->context, ImageWork, extraction->depth);
	return extraction->works != NULL;
}

/*
 * Every image type with every class.  A filter that fails does so behind the
 * images before it, which may have their own failures.
 */
static bool
extract_images(Extraction *extraction)
{
	RadContext *context = extraction->context;
	const PyradiomicsSettings *settings = extraction->settings;
	const PyradiomicsStage *stage = extraction->stage;
	bool		filtered = true;

	if (!open_works(extraction))
		return false;
	for (int n = 0; filtered && n < settings->image_count; n++)
	{
		extraction->type = &settings->images[n];
		filtered = rad_pyradiomics_filter(context, stage, extraction->type, &stage->box,
										  stage->mask, extraction->output, visit_image,
										  extraction);
	}
	if (!extraction->failed && (filtered || can_wait(context->code)))
		finish_images(extraction, 0);
	for (; extraction->present < extraction->next; extraction->present++)
		close_work(&extraction->works[extraction->present % extraction->depth]);
	rad_release(context, extraction->works);
	return filtered && !extraction->failed;
}

bool
rad_pyradiomics_extract(RadContext *context, const Device *device, PyradiomicsScan *scan,
						int32_t label, const PyradiomicsSettings *settings,
						const PyradiomicsOutput *output, int64_t *voxel_count)
{
	PyradiomicsStage stage;
	Extraction	extraction = {
		.context = context,
		.device = device,
		.settings = settings,
		.stage = &stage,
		.output = output,
	};

	if (!rad_pyradiomics_prepare(context, scan, label, settings, false, 0, &stage))
		return false;
	*voxel_count = stage.count;
	if (!extract_shape(context, &extraction) ||
		(wants_images(settings) && !extract_images(&extraction)))
		return false;
	rad_release(context, stage.image.voxels);
	rad_release(context, stage.mask);
	rad_release(context, stage.before_mask);
	return true;
}
