/*
 * The plan of a region's request, aggregation by aggregation as the families
 * count: see directional.c, zones.c and neighbourhoods.c.
 */
#include "features/counting_plan.h"

#include "features/directional.h"
#include "features/zones.h"

static bool
chosen(const Settings *settings, Aggregation first)
{
	return (settings->aggregations & (3u << first)) != 0;
}

/* Planar tables by slice, else in one; steep directions, or all in one. */
static void
plan_directional(RegionRequest *request, const Settings *settings, CountItem item)
{
	bool		by_slice = chosen(settings, AGGREGATION_2D_AVG);
	bool		planar = chosen(settings, AGGREGATION_2_5D_AVG);
	bool		volume = chosen(settings, AGGREGATION_3D_AVG);

	item.directions = PLANAR_DIRECTIONS;
	item.by_slice = by_slice;
	if (by_slice || planar)
		rad_request_add(request, item);
	item.by_slice = false;
	item.directions = by_slice || planar ? ALL_DIRECTIONS & ~PLANAR_DIRECTIONS :
		ALL_DIRECTIONS;
	if (volume)
		rad_request_add(request, item);
}

static void
plan_neighbourhoods(RegionRequest *request, const Settings *settings, CountItem item)
{
	const int	side = 2 * item.distance + 1;

	item.planar = true;
	item.columns = side * side;
	item.by_slice = chosen(settings, AGGREGATION_2D_AVG);
	if (item.by_slice || chosen(settings, AGGREGATION_2_5D_AVG))
		rad_request_add(request, item);
	item.planar = false;
	item.columns = side * side * side;
	item.by_slice = false;
	if (chosen(settings, AGGREGATION_3D_AVG))
		rad_request_add(request, item);
}

static void
plan_zones(RegionRequest *request, const Settings *settings)
{
	CountItem	item = {.kind = COUNT_ZONES};

	item.distance = (settings->families & 1u << FAMILY_GLDZM) != 0;
	item.planar = true;
	if (chosen(settings, AGGREGATION_2D_AVG) || chosen(settings, AGGREGATION_2_5D_AVG))
		rad_request_add(request, item);
	item.planar = false;
	if (chosen(settings, AGGREGATION_3D_AVG))
		rad_request_add(request, item);
}

void
rad_plan_textures(RegionRequest *request, const GreyLevels *levels, const Settings *settings)
{
	int			longest = rad_longest_run(levels);
	CountItem	item;

	if (rad_settings_wants_family(settings, FAMILY_GLCM) &&
		rad_counts_densely(levels, levels->level_count, 2))
	{
		item = (CountItem) {.kind = COUNT_COOCCURRENCES,.distance = settings->glcm_distance};
		plan_directional(request, settings, item);
	}
	if (rad_settings_wants_family(settings, FAMILY_GLRLM) &&
		rad_counts_densely(levels, longest, 1))
	{
		item = (CountItem) {.kind = COUNT_RUNS,.columns = longest};
		plan_directional(request, settings, item);
	}
	if (rad_settings_wants_family(settings, FAMILY_NGTDM))
	{
		item = (CountItem) {.kind = COUNT_DIFFERENCES,.distance = settings->ngtdm_distance};
		plan_neighbourhoods(request, settings, item);
	}
	if (rad_settings_wants_family(settings, FAMILY_NGLDM))
	{
		item = (CountItem) {.kind = COUNT_DEPENDENCES,.distance = settings->ngldm_distance,
			.alpha = settings->ngldm_alpha};
		plan_neighbourhoods(request, settings, item);
	}
	if (rad_settings_wants_family(settings, FAMILY_GLSZM) ||
		rad_settings_wants_family(settings, FAMILY_GLDZM))
		plan_zones(request, settings);
}

void
rad_plan_counting(RegionRequest *request, const Region *region, const GreyLevels *levels,
				  const Settings *settings)
{
	const int  *grid_size = region->grid.size;
	const Box  *box = &region->morphological_box;
	int64_t		slice = (int64_t) grid_size[0] * grid_size[1];
	int			size[3];
	int			offset[3];

	rad_request_init(request, levels);
	for (int axis = 0; axis < 3; axis++)
	{
		size[axis] = box->hi[axis] - box->lo[axis];
		offset[axis] = levels != NULL ? levels->offset[axis] - box->lo[axis] : 0;
	}
	rad_request_set_mask(request, region->morphological_mask + box->lo[2] * slice +
						 (int64_t) box->lo[1] * grid_size[0] + box->lo[0],
						 size, grid_size[0], slice, offset);
	if (rad_settings_wants_family(settings, FAMILY_MORPHOLOGY))
		rad_request_add(request, (CountItem) {.kind = COUNT_CUBES});
	if (levels != NULL)
		rad_plan_textures(request, levels, settings);
}
