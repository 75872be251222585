/*
 * Discretisation (IBSI 4R0B) of the intensity mask.  The formulas are the
 * manual's, in plain IEEE double, without any tolerance at bin edges.
 */
#include "roi/grey_levels.h"

#include <math.h>
#include <string.h>

#include "roi/bin_rule.h"

/* Bytes that a slice must not be a multiple of: it would alias in the cache. */
#define PAGE 4096

/* Elements that a row is a multiple of. */
#define ROW_QUANTUM 16

/*
 * FBN (K15C): N (x - min) / (max - min), the maximum in the last bin.
 * FBS (Q3RU): (x - low) / width.  NONE: x - 1.
 */
static BinRule
bin_rule(Discretisation discretisation, double low, double high, double width,
		 int bin_number, double highest)
{
	switch (discretisation)
	{
		case DISCRETISATION_FIXED_BIN_NUMBER:
			if (high > low)
				return (BinRule) {low, bin_number, high - low, bin_number - 1};
			return (BinRule) {low, 0.0, 1.0, 0.0};
		case DISCRETISATION_FIXED_BIN_SIZE:
			return (BinRule) {low, 1.0, width, highest};
		case DISCRETISATION_NONE:
		case DISCRETISATION_AUTO:
			break;
	}
	return (BinRule) {1.0, 1.0, 1.0, highest};
}

/* Rule, number of levels and bin edges for a region; checks what can be wrong. */
static bool
choose_levels(RadContext *context, const Region *region, const Settings *settings,
			  GreyLevels *levels, BinRule *rule)
{
	double		low = region->minimum;
	double		highest;

	switch (settings->discretisation)
	{
		case DISCRETISATION_FIXED_BIN_NUMBER:
			*rule = bin_rule(DISCRETISATION_FIXED_BIN_NUMBER, low, region->maximum, 0.0,
							 settings->bin_number, 0.0);
			levels->bin_low = low;
			levels->bin_width = (region->maximum - low) / (rule->highest + 1.0);
			levels->level_count = (int) rule->highest + 1;
			break;
		case DISCRETISATION_FIXED_BIN_SIZE:
			if (settings->resegmentation_range[0] > -INFINITY)
				low = settings->resegmentation_range[0];
			*rule = bin_rule(DISCRETISATION_FIXED_BIN_SIZE, low, 0.0, settings->bin_size, 0,
							 RAD_MAX_LEVELS);
			levels->bin_low = low;
			levels->bin_width = settings->bin_size;
			highest = floor(bin_position(rule, region->maximum)) + 1.0;
			if (!(highest <= RAD_MAX_LEVELS))
			{
				rad_fail(context, RAD_LIMIT_EXCEEDED,
						 "bin size %.10g gives more than %d grey levels",
						 settings->bin_size, RAD_MAX_LEVELS);
				rad_detail(context, "Bins begin at %.10g and the highest intensity is %.10g.",
						   low, region->maximum);
				return rad_hint(context, "Choose a larger \"bin_size\", or \"discretisation\": "
								"\"fixed_bin_number\".");
			}
			levels->level_count = (int) highest;
			break;
		case DISCRETISATION_NONE:
		case DISCRETISATION_AUTO:
			if (!region->integer_valued || region->minimum < 1.0)
			{
				rad_fail(context, RAD_DATA_EXCEPTION,
						 "intensities are not grey levels: integers from 1 are needed without "
						 "discretisation");
				rad_detail(context, "The intensities range from %.10g to %.10g%s.",
						   region->minimum, region->maximum,
						   region->integer_valued ? "" : " and are not all integers");
				return rad_hint(context, "Set \"discretisation\" to \"fixed_bin_number\" or "
								"\"fixed_bin_size\".");
			}
			if (region->maximum > RAD_MAX_LEVELS)
			{
				rad_fail(context, RAD_LIMIT_EXCEEDED,
						 "highest grey level %.10g is above %d", region->maximum, RAD_MAX_LEVELS);
				return rad_hint(context, "Set \"discretisation\" to \"fixed_bin_number\" or "
								"\"fixed_bin_size\".");
			}
			*rule = bin_rule(DISCRETISATION_NONE, 0.0, 0.0, 0.0, 0, RAD_MAX_LEVELS - 1);
			levels->bin_low = 1.0;
			levels->bin_width = 1.0;
			levels->level_count = (int) region->maximum;
			break;
	}
	return true;
}

bool
rad_grey_levels_allocate(RadContext *context, GreyLevels *levels)
{
	int64_t		padding = levels->padding;
	int64_t		bytes;
	int64_t		first;
	uint8_t    *buffer;

	levels->bytes_per_level = levels->level_count <= 255 ? 1 : 2;
	levels->row_stride = (levels->size[0] + 2 * padding + ROW_QUANTUM - 1) / ROW_QUANTUM *
		ROW_QUANTUM;
	while ((levels->row_stride & (levels->row_stride - 1)) == 0)
		levels->row_stride += ROW_QUANTUM;
	levels->slice_stride = levels->row_stride * (levels->size[1] + 2 * padding);
	if (levels->slice_stride * levels->bytes_per_level % PAGE == 0)
		levels->slice_stride += ROW_QUANTUM;

	first = padding * (levels->slice_stride + levels->row_stride + 1) * levels->bytes_per_level;
	bytes = levels->slice_stride * (levels->size[2] + 2 * padding) * levels->bytes_per_level;
	buffer = rad_new_zeroed(context, uint8_t, bytes + 2 * RAD_LEVEL_SLACK);
	if (buffer == NULL)
		return false;
	levels->levels = buffer + RAD_LEVEL_SLACK + first;
	levels->histogram = rad_new_zeroed(context, int64_t, levels->level_count + 1);
	levels->slice_voxel_count = rad_new_zeroed(context, int64_t, levels->size[2]);
	return levels->histogram != NULL && levels->slice_voxel_count != NULL;
}

/* Start of the memory behind levels->levels. */
static void *
levels_memory(const GreyLevels *levels)
{
	return (uint8_t *) levels->levels - RAD_LEVEL_SLACK -
		levels->padding * (levels->slice_stride + levels->row_stride + 1) *
		levels->bytes_per_level;
}

/* Voxels handled at once; their levels stay in registers or L1. */
#define PIECE 256

/* Levels of count voxels; 0 where the mask is 0.  NaN may stand there. */
static void
discretise(const BinRule *rule, const double *restrict intensity,
		   const uint8_t *restrict mask, int count, int32_t *restrict level)
{
	const BinRule r = *rule;

	for (int n = 0; n < count; n++)
		level[n] = bin_level(&r, intensity[n]) & -(int32_t) mask[n];
}

/* Histograms that are counted side by side, because equal neighbours in one
 * would wait for each other. */
#define SIDE_BY_SIDE 4

/*
 * Levels of a row of the box from its first to its last voxel inside.  Returns
 * the number of voxels inside.
 */
static int64_t
fill_row(const Region *region, const BinRule *rule, int64_t from, GreyLevels *levels,
		 int64_t to, int64_t *counts)
{
	const uint8_t *mask = region->intensity_mask + from;
	const uint8_t *first = memchr(mask, 1, (size_t) levels->size[0]);
	const int64_t bins = levels->level_count + 1;
	int			end = levels->size[0];
	int64_t		inside = 0;
	int32_t		level[PIECE];

	if (first == NULL)
		return 0;
	while (mask[end - 1] == 0)
		end--;
	for (int x = (int) (first - mask); x < end; x += PIECE)
	{
		int			count = end - x < PIECE ? end - x : PIECE;

		discretise(rule, region->intensity + from + x, mask + x, count, level);
		if (levels->bytes_per_level == 1)
		{
			uint8_t    *out = (uint8_t *) levels->levels + to + x;

			for (int n = 0; n < count; n++)
				out[n] = (uint8_t) level[n];
		}
		else
		{
			uint16_t   *out = (uint16_t *) levels->levels + to + x;

			for (int n = 0; n < count; n++)
				out[n] = (uint16_t) level[n];
		}
		for (int n = 0; n < count; n++)
			counts[(n % SIDE_BY_SIDE) * bins + level[n]]++;
		for (int n = 0; n < count; n++)
			inside += mask[x + n];
	}
	return inside;
}

static bool
fill_levels(RadContext *context, const Region *region, const BinRule *rule,
			GreyLevels *levels)
{
	const Grid *grid = &region->grid;
	int64_t		bins = levels->level_count + 1;
	int64_t    *counts = rad_new_zeroed(context, int64_t, SIDE_BY_SIDE * bins);

	if (counts == NULL)
		return false;
	for (int z = 0; z < levels->size[2]; z++)
	{
		int64_t		inside = 0;

		if (!rad_continue(context))
			return false;
		for (int y = 0; y < levels->size[1]; y++)
			inside += fill_row(region, rule,
							   ((int64_t) (z + levels->offset[2]) * grid->size[1] +
								y + levels->offset[1]) * grid->size[0] + levels->offset[0],
							   levels, z * levels->slice_stride + y * levels->row_stride, counts);
		levels->slice_voxel_count[z] = inside;
		levels->voxel_count += inside;
	}

	/* Level 0, voxels outside between voxels inside, is not kept. */
	for (int64_t bin = 1; bin < bins; bin++)
		for (int n = 0; n < SIDE_BY_SIDE; n++)
			levels->histogram[bin] += counts[n * bins + bin];
	rad_release(context, counts);
	return true;
}

bool
rad_grey_levels_build(RadContext *context, const Region *region, const Settings *settings,
					  int padding, GreyLevels **levels)
{
	GreyLevels *built = rad_new_zeroed(context, GreyLevels, 1);
	BinRule		rule;

	if (built == NULL)
		return false;
	built->padding = padding;
	for (int axis = 0; axis < 3; axis++)
	{
		built->offset[axis] = region->intensity_box.lo[axis];
		built->size[axis] = region->intensity_box.hi[axis] - region->intensity_box.lo[axis];
	}
	if (!choose_levels(context, region, settings, built, &rule) ||
		!rad_grey_levels_allocate(context, built) ||
		!fill_levels(context, region, &rule, built))
		return false;
	*levels = built;
	return true;
}

void
rad_grey_levels_release(RadContext *context, GreyLevels *levels)
{
	if (levels == NULL)
		return;
	rad_release(context, levels_memory(levels));
	rad_release(context, levels->histogram);
	rad_release(context, levels->slice_voxel_count);
	rad_release(context, levels);
}
