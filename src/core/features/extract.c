/*
 * The one way from two readers to feature values.
 *
 * Memory at its peak is the box of the image that the labels need plus what
 * one label needs: every label runs in a scope of its own.  A device that is
 * asked by region is kept busy with the next labels' regions while the present
 * label is computed; those take a bounded amount of memory more.
 */
#include "features/extract.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/scope.h"
#include "features/counting_plan.h"
#include "features/diagnostics.h"
#include "features/families.h"
#include "image/resample.h"

/* Extraction of some labels of one scan. */
typedef struct Extraction
{
	RadContext *context;		/* that owns the image */
	const Device *device;
	const MaskRuns *mask;
	const Settings *settings;
	Volume		image;			/* the box that the labels need */
	Diagnostics diagnostics;	/* of the image; the masks' parts are unset */
} Extraction;

/* What a device that is asked by region was asked about one. */
typedef struct Question
{
	RegionRequest request;
	GreyLevels *levels;			/* or NULL: to be built when needed */
} Question;

/* A label between the building of its region and its features. */
typedef struct LabelWork
{
	Scope		scope;			/* of all its memory */
	int32_t		label;
	bool		built;			/* false: the scope says why not */
	Region	   *region;
	Diagnostics diagnostics;
	Question	question;
} LabelWork;

/*
 * Labels in their order: those before `next` have been begun, those before
 * `present` have ended.
 */
typedef struct LabelQueue
{
	const int32_t *labels;
	int32_t    *all_labels;		/* the same when it is our own list, or NULL */
	int			count;
	int			present;
	int			next;
	int			depth;			/* most labels at the same time */
	LabelWork  *works;			/* label n has works[n % depth] */
} LabelQueue;

/* What a region takes by voxel of its box: intensity, value, two masks, grey level. */
#define REGION_BYTES_PER_VOXEL 20

static bool compare_geometry(RadContext *context, const Grid *image, const Grid *mask,
							 const Settings *settings, bool *equal);
static bool scan_aligned(RadContext *context, VolumeReader *reader, const int32_t *labels,
						 int label_count, const Grid *grid, MaskRuns **mask);
static bool has_labels(const MaskRuns *mask, const int32_t *labels, int label_count);
static const LabelSummary *find_label(RadContext *context, const MaskRuns *mask,
									  int32_t label);
static bool read_image(RadContext *context, ScanPair *pair, const int32_t *labels,
					   int label_count, const Settings *settings, Extraction *extraction);
static bool open_queue(RadContext *context, const Device *device, const MaskRuns *mask,
					   const int32_t *labels, int label_count, LabelQueue *queue);
static void close_queue(RadContext *context, LabelQueue *queue);
static bool extract_present(Extraction *extraction, LabelQueue *queue,
							LabelFeatures *features);
static void clear_features(LabelFeatures *features, int32_t label);
static void release_image(Extraction *extraction);

bool
rad_is_data_failure(RadErrorCode code)
{
	switch (code)
	{
		case RAD_OUT_OF_MEMORY:
		case RAD_CANCELLED:
		case RAD_INTERNAL:
			return false;
		default:
			return true;
	}
}

bool
rad_scan_open(RadContext *context, const ByteSource *image, const ByteSource *mask,
			  const Settings *settings, ScanPair *pair)
{
	VolumeReader *image_reader;
	VolumeReader *mask_reader;

	/* The frame setting belongs to the image; a mask has one frame. */
	return rad_volume_open(context, image, settings->frame, &image_reader) &&
		rad_volume_open(context, mask, -1, &mask_reader) &&
		rad_scan_join(context, image_reader, mask_reader, NULL, 0, settings, pair);
}

bool
rad_scan_join(RadContext *context, VolumeReader *image, VolumeReader *mask_reader,
			  const int32_t *labels, int label_count, const Settings *settings,
			  ScanPair *pair)
{
	bool		equal;

	/* Headers first: scanning a mask that does not fit would be for nothing. */
	pair->image = image;
	if (!compare_geometry(context, rad_reader_grid(image), rad_reader_grid(mask_reader),
						  settings, &equal))
		return false;
	if (equal)
		return rad_mask_scan_labels(context, mask_reader, labels, label_count, &pair->mask);
	if (!scan_aligned(context, mask_reader, labels, label_count, rad_reader_grid(image),
					  &pair->mask))
		return false;
	if (labels == NULL || has_labels(pair->mask, labels, label_count))
		return true;

	/* The error for a label that is missing lists all that the grid has. */
	rad_mask_release(context, pair->mask);
	return scan_aligned(context, mask_reader, NULL, 0, rad_reader_grid(image), &pair->mask);
}

/* The mask, or what labels need of it, on another grid. */
static bool
scan_aligned(RadContext *context, VolumeReader *reader, const int32_t *labels, int label_count,
			 const Grid *grid, MaskRuns **mask)
{
	MaskRuns   *scanned;

	if (!rad_mask_scan_labels(context, reader, labels, label_count, &scanned) ||
		!rad_mask_align(context, scanned, grid, mask))
		return false;
	rad_mask_release(context, scanned);
	return true;
}

static bool
has_labels(const MaskRuns *mask, const int32_t *labels, int label_count)
{
	for (int n = 0; n < label_count; n++)
		if (rad_mask_find_label(mask, labels[n]) == NULL)
			return false;
	return true;
}

/*
 * *equal says whether the grids agree.  Fails when they do not and the
 * settings ask for no repair, with both values of all that differs.
 */
static bool
compare_geometry(RadContext *context, const Grid *image, const Grid *mask,
				 const Settings *settings, bool *equal)
{
	GridDifference difference;
	char		which[64];
	char		detail[1024];
	size_t		used = 0;

	*equal = rad_grid_compare(image, mask, settings->geometry_tolerance, &difference);
	if (*equal || settings->align_resample_mask)
		return true;

	snprintf(which, sizeof(which), "%s%s%s%s",
			 difference.size ? ", size" : "", difference.spacing ? ", spacing" : "",
			 difference.origin ? ", origin" : "", difference.direction ? ", direction" : "");

#define APPEND(...) \
	do { \
		if (used < sizeof(detail)) \
			used += (size_t) snprintf(detail + used, sizeof(detail) - used, __VA_ARGS__); \
	} while (0)

	detail[0] = '\0';
	if (difference.size)
		APPEND(" Size is %d x %d x %d voxels in the image, %d x %d x %d in the mask.",
			   image->size[0], image->size[1], image->size[2],
			   mask->size[0], mask->size[1], mask->size[2]);
	if (difference.spacing)
		APPEND(" Spacing is %.6g x %.6g x %.6g mm in the image, %.6g x %.6g x %.6g in the mask,"
			   " up to %.3g mm apart.",
			   image->spacing[0], image->spacing[1], image->spacing[2],
			   mask->spacing[0], mask->spacing[1], mask->spacing[2],
			   difference.spacing_error);
	if (difference.origin)
		APPEND(" Origin (LPS) is %.6g, %.6g, %.6g mm in the image, %.6g, %.6g, %.6g in the mask,"
			   " %.3g mm apart.",
			   image->origin[0], image->origin[1], image->origin[2],
			   mask->origin[0], mask->origin[1], mask->origin[2],
			   difference.origin_error);
	if (difference.direction)
	{
		APPEND(" Direction cosines (x, y, z axis) are");
		for (int axis = 0; axis < 3; axis++)
			APPEND("%s (%.4g, %.4g, %.4g)", axis > 0 ? "," : "", image->direction[0][axis],
				   image->direction[1][axis], image->direction[2][axis]);
		APPEND(" in the image,");
		for (int axis = 0; axis < 3; axis++)
			APPEND("%s (%.4g, %.4g, %.4g)", axis > 0 ? "," : "", mask->direction[0][axis],
				   mask->direction[1][axis], mask->direction[2][axis]);
		APPEND(" in the mask, up to %.3g apart.", difference.direction_error);
	}
#undef APPEND

	/* Skip the first separator of each list. */
	rad_fail(context, RAD_DATA_EXCEPTION, "image and mask have different geometry: %s",
			 which + 2);
	rad_detail(context, "%s", detail + 1);
	return rad_hint(context,
					"The setting \"align\": \"resample_mask\" brings the mask to the image's grid; "
					"\"geometry_tolerance\" (now %g) accepts small differences.",
					settings->geometry_tolerance);
}

/* rad_mask_need_label, with more words on what can be wrong. */
static const LabelSummary *
find_label(RadContext *context, const MaskRuns *mask, int32_t label)
{
	const LabelSummary *summary = rad_mask_need_label(context, mask, label);

	if (summary != NULL)
		return summary;
	if (mask->label_count == 0)
		rad_detail(context, "Every voxel of the mask is 0 (background).");
	else if (label == 0)
		rad_hint(context, "0 is the background of a mask; labels are other integers.");
	return NULL;
}

bool
rad_extract(RadContext *context, const Device *device, ScanPair *pair,
			const int32_t *labels, int label_count, const Settings *settings,
			LabelCallback callback, void *argument)
{
	Extraction	extraction = {
		.context = context,
		.device = device,
		.mask = pair->mask,
		.settings = settings,
	};
	LabelFeatures *features = rad_new(context, LabelFeatures, 1);
	LabelQueue	queue;
	bool		succeeded = true;

	if (features == NULL ||
		!open_queue(context, device, pair->mask, labels, label_count, &queue) ||
		!read_image(context, pair, queue.labels, queue.count, settings, &extraction))
		return false;
	while (succeeded && queue.present < queue.count)
		succeeded = extract_present(&extraction, &queue, features) &&
			callback(context, argument, features);
	close_queue(context, &queue);
	release_image(&extraction);
	rad_release(context, features);
	return succeeded;
}

/*
 * Read the smallest box of the image that holds what every label needs, once,
 * and describe the whole image when diagnostics are wanted.  A label that the
 * mask lacks is an error here, before anything is read, unless failures are
 * to be delivered.
 */
static bool
read_image(RadContext *context, ScanPair *pair, const int32_t *labels, int label_count,
		   const Settings *settings, Extraction *extraction)
{
	const Grid *grid = rad_reader_grid(pair->image);
	Box			box;
	bool		any = false;

	for (int n = 0; n < label_count; n++)
	{
		const LabelSummary *summary = find_label(context, pair->mask, labels[n]);
		Box			needed;

		if (summary == NULL)
		{
			if (!settings->on_error_null)
				return false;
			rad_clear_error(context);
			continue;
		}
		needed = rad_region_source_box(grid, &summary->box, settings);
		box = any ? rad_box_union(&box, &needed) : needed;
		any = true;
	}
	if (!any)
		return true;
	if (!rad_volume_read_box(context, pair->image, &box, &extraction->image))
		return false;
	return !settings->diagnostics ||
		rad_diagnose_image(context, &extraction->image, settings, &extraction->diagnostics);
}

/* Largest distance (voxels) at which a texture family looks at neighbours. */
static int
neighbourhood_distance(const Settings *settings)
{
	int			distance = 1;

	if (settings->glcm_distance > distance)
		distance = settings->glcm_distance;
	if (settings->ngtdm_distance > distance)
		distance = settings->ngtdm_distance;
	if (settings->ngldm_distance > distance)
		distance = settings->ngldm_distance;
	return distance;
}

/* Is there a family that is evaluated on grey levels? */
static bool
wants_levels(const Settings *settings)
{
	bool		wanted = false;

	for (int family = FAMILY_INTENSITY_HISTOGRAM; family < FAMILY_COUNT; family++)
		if (family != FAMILY_INTENSITY_VOLUME_HISTOGRAM)
			wanted |= rad_settings_wants_family(settings, (Family) family);
	return wanted;
}

/* Send the counting of a region's families to a device that is asked by region. */
static bool
send_question(RadContext *context, const Device *device, const Region *region,
			  const Settings *settings, bool ahead, Question *question)
{
	rad_plan_counting(&question->request, region, question->levels, settings);
	question->request.cpu = rad_cpu_best();
	question->request.ahead = ahead;
	return rad_request_begin(context, device, &question->request);
}

/*
 * Ask about all of a region, before the families that need no counts are
 * computed here.  Levels that cannot be built are reported when their families'
 * turn comes, as without such a device.
 */
static bool
ask_device(RadContext *context, const Extraction *extraction, const Region *region,
		   bool ahead, Question *question)
{
	const Settings *settings = extraction->settings;

	if (extraction->device->begin == NULL)
		return true;
	if (question->levels == NULL && wants_levels(settings) &&
		!rad_grey_levels_build(context, region, settings, neighbourhood_distance(settings),
							   &question->levels))
	{
		question->levels = NULL;
		if (!rad_is_data_failure(context->code))
			return false;
		rad_clear_error(context);
	}
	return send_question(context, extraction->device, region, settings, ahead, question);
}

/* The families that are evaluated on the grey levels of one region. */
static bool
level_families(RadContext *context, const Extraction *extraction, const Region *region,
			   GreyLevels *levels, FeatureValues *values)
{
	const Settings *settings = extraction->settings;
	TextureInput input = {
		.device = extraction->device,
		.region = region,
		.settings = settings,
		.aggregations = settings->aggregations,
	};

	if (!wants_levels(settings))
		return true;
	if (levels == NULL &&
		!rad_grey_levels_build(context, region, settings, neighbourhood_distance(settings),
							   &levels))
		return false;
	input.levels = levels;

	if (rad_settings_wants_family(settings, FAMILY_INTENSITY_HISTOGRAM) &&
		!rad_intensity_histogram_features(context, levels, settings, values))
		return false;
	for (int family = FAMILY_GLCM; family <= FAMILY_NGLDM; family++)
	{
		if (!rad_settings_wants_family(settings, (Family) family))
			continue;
		if (!rad_continue(context) ||
			!rad_texture_features(context, &input, (Family) family, values))
			return false;
	}
	return true;
}

/* Say in the error's detail which of several labels it is about. */
static void
name_label(RadContext *context, int32_t label)
{
	size_t		used = strlen(context->detail);

	snprintf(context->detail + used, sizeof(context->detail) - used,
			 "%sThe region is label %d of the mask.", used > 0 ? " " : "", label);
}

static void
clear_features(LabelFeatures *features, int32_t label)
{
	memset(features, 0, sizeof(*features));
	features->label = label;
	for (int feature = 0; feature < FEATURE_COUNT; feature++)
		for (int slot = 0; slot < AGGREGATION_COUNT; slot++)
			features->values.value[feature][slot] = NAN;
}

static void
release_image(Extraction *extraction)
{
	rad_release(extraction->context, extraction->image.voxels);
	extraction->image.voxels = NULL;
}

/*
 * Every wanted family of a region; those that need no counts come first, since
 * a device may still be counting.
 */
static bool
region_families(RadContext *context, const Extraction *extraction, const Region *region,
				GreyLevels *levels, FeatureValues *values)
{
	const Settings *settings = extraction->settings;

	if (rad_settings_wants_family(settings, FAMILY_LOCAL_INTENSITY) &&
		!rad_local_intensity_features(context, region, settings, values))
		return false;
	if (rad_settings_wants_family(settings, FAMILY_INTENSITY_STATISTICS) &&
		!rad_intensity_statistics_features(context, region, settings, values))
		return false;
	if (rad_settings_wants_family(settings, FAMILY_INTENSITY_VOLUME_HISTOGRAM) &&
		!rad_intensity_volume_histogram_features(context, region, settings, values))
		return false;
	if (rad_settings_wants_family(settings, FAMILY_MORPHOLOGY) &&
		!rad_morphology_features(context, extraction->device, region, settings, values))
		return false;
	return level_families(context, extraction, region, levels, values);
}

/* The given labels, or all of the mask, and room for those on their way. */
static bool
open_queue(RadContext *context, const Device *device, const MaskRuns *mask,
		   const int32_t *labels, int label_count, LabelQueue *queue)
{
	*queue = (LabelQueue) {.labels = labels,.count = label_count};
	if (labels == NULL)
	{
		if (mask->label_count == 0)
			return rad_fail(context, RAD_DATA_EXCEPTION,
							"mask is empty: every voxel is 0 (background)");
		queue->count = mask->label_count;
		queue->all_labels = rad_new(context, int32_t, queue->count);
		if (queue->all_labels == NULL)
			return false;
		for (int n = 0; n < queue->count; n++)
			queue->all_labels[n] = mask->labels[n].label;
		queue->labels = queue->all_labels;
	}
	queue->depth = device->begin != NULL ? RAD_REGIONS_IN_FLIGHT : 1;
	queue->works = rad_new(context, LabelWork, queue->depth);
	return queue->works != NULL;
}

/* Give back the label's request and memory; its error stays readable. */
static void
close_work(LabelWork *work)
{
	rad_request_end(&work->scope.context, work->scope.context.request);
	rad_scope_close(&work->scope);
}

/* After a failure there are labels that were begun for nothing. */
static void
close_queue(RadContext *context, LabelQueue *queue)
{
	for (int n = queue->present; n < queue->next; n++)
		close_work(&queue->works[n % queue->depth]);
	rad_release(context, queue->works);
	rad_release(context, queue->all_labels);
}

/*
 * Build the region of the next label, or have the reason why not in its scope.
 * The last label gives the image back as soon as its region holds what it needs.
 */
static void
build_next(Extraction *extraction, LabelQueue *queue)
{
	const Settings *settings = extraction->settings;
	LabelWork  *work = &queue->works[queue->next % queue->depth];
	RadContext *context = &work->scope.context;
	const LabelSummary *summary;

	rad_scope_open(&work->scope, extraction->context);
	context->request = NULL;
	work->label = queue->labels[queue->next++];
	work->question.levels = NULL;
	work->diagnostics = extraction->diagnostics;
	summary = find_label(context, extraction->mask, work->label);
	work->built = summary != NULL &&
		rad_region_build(context, &extraction->image, extraction->mask, work->label, settings,
						 &work->region) &&
		(!settings->diagnostics ||
		 rad_diagnose_label(context, &extraction->image, extraction->mask, summary,
							work->region, &work->diagnostics));
	if (work->built && queue->next == queue->count)
		release_image(extraction);
}

/* A label's failure is that of everything; say which of several it is about. */
static bool
fail_label(const LabelQueue *queue, LabelWork *work)
{
	if (queue->count > 1)
		name_label(&work->scope.context, work->label);
	return rad_scope_fail(&work->scope);
}

static bool
in_flight(const LabelWork *work)
{
	return work->scope.context.request != NULL &&
		work->question.request.state == REQUEST_PENDING;
}

/* About how many bytes a label's region will take; 0 for one that the mask lacks. */
static int64_t
expected_bytes(const Extraction *extraction, int32_t label)
{
	const LabelSummary *summary = rad_mask_find_label(extraction->mask, label);
	const Grid *grid = &extraction->image.grid;
	Settings	settings = *extraction->settings;
	Grid		resampled;
	Box			box;
	double		bytes = REGION_BYTES_PER_VOXEL;

	if (summary == NULL)
		return 0;

	/* Diagnostics look at the whole image, but make no region larger. */
	settings.diagnostics = false;
	box = rad_region_source_box(grid, &summary->box, &settings);
	rad_resample_grid(grid, settings.resample_spacing, &resampled);
	for (int axis = 0; axis < 3; axis++)
		bytes *= (box.hi[axis] - box.lo[axis]) * grid->spacing[axis] / resampled.spacing[axis];
	return (int64_t) fmin(bytes, 1e18);
}

/*
 * Begin label n before its turn.  One that the device does not take is kept
 * without a request, a failure stays in the label's scope, and one for which
 * there is no memory is given up for now.  False only when all has to stop.
 */
static bool
begin_ahead(Extraction *extraction, LabelQueue *queue, int n)
{
	LabelWork  *work = &queue->works[n % queue->depth];
	RadContext *context = &work->scope.context;
	bool		asked;

	if (n == queue->next)
		build_next(extraction, queue);
	asked = work->built &&
		ask_device(context, extraction, work->region, true, &work->question);
	if (!asked && context->code != RAD_OUT_OF_MEMORY && !rad_is_data_failure(context->code))
		return fail_label(queue, work);
	if (!work->built && context->code == RAD_OUT_OF_MEMORY)
	{
		close_work(work);
		queue->next--;
	}
	else if (work->built && !in_flight(work))
	{
		rad_request_end(context, context->request);
		rad_clear_error(context);
	}
	return true;
}

/*
 * Begin the next labels while the device takes them, so that it counts them
 * while the present one is computed here.
 */
static bool
look_ahead(Extraction *extraction, LabelQueue *queue)
{
	int64_t		bytes = 0;

	for (int n = queue->present + 1; n < queue->count && n < queue->present + queue->depth; n++)
	{
		LabelWork  *work = &queue->works[n % queue->depth];

		bytes += expected_bytes(extraction, queue->labels[n]);
		if (bytes > RAD_LOOK_AHEAD_BYTES)
			break;
		if (n < queue->next && in_flight(work))
			continue;
		if (!begin_ahead(extraction, queue, n))
			return false;
		if (n == queue->next || !in_flight(work))
			break;
	}
	return true;
}

/*
 * Everything about the present label, or with on_error_null what failed; the
 * labels behind it are begun before the device is waited for.
 */
static bool
extract_present(Extraction *extraction, LabelQueue *queue, LabelFeatures *features)
{
	const Settings *settings = extraction->settings;
	LabelWork  *work = &queue->works[queue->present % queue->depth];
	RadContext *context = &work->scope.context;
	bool		computed;

	if (queue->next == queue->present)
		build_next(extraction, queue);
	computed = work->built &&
		(in_flight(work) ||
		 ask_device(context, extraction, work->region, false, &work->question));
	if (computed && !look_ahead(extraction, queue))
		return false;

	clear_features(features, work->label);
	if (computed && settings->diagnostics)
		features->diagnostics = work->diagnostics;
	computed = computed &&
		region_families(context, extraction, work->region, work->question.levels,
						&features->values);
	if (computed)
		features->voxel_count = work->region->intensity_count;
	else if (!settings->on_error_null || !rad_is_data_failure(context->code))
		return fail_label(queue, work);
	else
	{
		clear_features(features, work->label);
		features->code = context->code;
		memcpy(features->message, context->message, sizeof(features->message));
	}
	close_work(work);
	queue->present++;
	return true;
}

/* Passes matrices on with slices counted from the image's first. */
typedef struct SliceShift
{
	int			first_slice;
	MatrixSink	sink;
	void	   *argument;
} SliceShift;

static bool
shift_slice(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	SliceShift *shift = argument;
	TextureMatrix shifted = *matrix;

	if (shifted.slice >= 0)
		shifted.slice += shift->first_slice;
	return shift->sink(context, shift->argument, &shifted);
}

bool
rad_extract_matrices(RadContext *context, const Device *device, ScanPair *pair,
					 int32_t label, Family family, const Settings *settings,
					 MatrixSink sink, void *argument)
{
	const LabelSummary *summary = find_label(context, pair->mask, label);
	SliceShift	shift = {.sink = sink,.argument = argument};
	Settings	of_family = *settings;
	Volume		image;
	Box			box;
	Region	   *region;
	GreyLevels *levels;
	Question	question;
	bool		delivered;
	TextureInput input = {
		.device = device,
		.settings = settings,
		.aggregations = settings->aggregations,
	};

	if (summary == NULL)
		return false;
	box = rad_region_source_box(rad_reader_grid(pair->image), &summary->box, settings);
	if (!rad_volume_read_box(context, pair->image, &box, &image) ||
		!rad_region_build(context, &image, pair->mask, label, settings, &region))
		return false;
	rad_release(context, image.voxels);
	if (!rad_grey_levels_build(context, region, settings, neighbourhood_distance(settings),
							   &levels))
		return false;
	input.region = region;
	input.levels = levels;
	input.settings = &of_family;
	of_family.families = 1u << family;
	question.levels = levels;
	if (device->begin != NULL &&
		!send_question(context, device, region, &of_family, false, &question))
		return false;
	shift.first_slice = region->image_offset[2] + levels->offset[2];
	delivered = rad_texture_families[family].matrices(context, &input, shift_slice, &shift);
	rad_request_end(context, context->request);
	return delivered;
}
