/*
 * From neighbourhood counts to the matrices of NGTDM and NGLDM.
 *
 * 2D and 2.5D come from one pass: each slice is counted, delivered, and added
 * to the merged table.
 */
#include "features/neighbourhoods.h"
#include "features/zones.h"

#include <string.h>

/* The levels that occur, ascending: only their rows are cleared and read. */
typedef struct PresentLevels
{
	int32_t    *level;
	int			count;
	uint8_t    *mark;			/* [level_count + 1] */
} PresentLevels;

typedef struct Delivery
{
	RadContext *context;
	TextureInput *input;
	const NeighbourhoodFamily *family;
	MatrixSink	sink;
	void	   *argument;
} Delivery;

static void
list_region_levels(const GreyLevels *levels, PresentLevels *present)
{
	present->count = 0;
	for (int32_t i = 1; i <= levels->level_count; i++)
		if (levels->histogram[i] > 0)
			present->level[present->count++] = i;
}

/*
 * Of a slice.  With at most 255 levels, reading a few empty rows costs less
 * than looking at every voxel.
 */
static void
list_slice_levels(const GreyLevels *levels, int slice, PresentLevels *present)
{
	if (levels->bytes_per_level == 1)
	{
		list_region_levels(levels, present);
		return;
	}
	memset(present->mark, 0, (size_t) levels->level_count + 1);
	for (int y = 0; y < levels->size[1]; y++)
	{
		const uint16_t *row = (const uint16_t *) levels->levels +
			slice * levels->slice_stride + y * levels->row_stride;

		for (int x = 0; x < levels->size[0]; x++)
			present->mark[row[x]] = 1;
	}
	present->count = 0;
	for (int32_t i = 1; i <= levels->level_count; i++)
		if (present->mark[i])
			present->level[present->count++] = i;
}

static bool
present_levels_create(RadContext *context, const GreyLevels *levels,
					  PresentLevels *present)
{
	present->level = rad_new(context, int32_t, levels->level_count);
	present->mark = rad_new(context, uint8_t, levels->level_count + 1);
	return present->level != NULL && present->mark != NULL;
}

static void
present_levels_release(RadContext *context, PresentLevels *present)
{
	rad_release(context, present->level);
	rad_release(context, present->mark);
}

static bool
table_create(RadContext *context, const GreyLevels *levels,
			 const NeighbourhoodFamily *family, bool planar, NeighbourhoodTable *table)
{
	int64_t		side = 2 * (int64_t) family->distance + 1;
	size_t		cells;

	table->width = planar ? side * side : side * side * side;
	cells = (size_t) levels->level_count * (size_t) table->width;
	table->count = rad_new_zeroed(context, int64_t, cells);
	table->difference = NULL;
	if (table->count == NULL)
		return false;
	if (family->differences)
	{
		table->difference = rad_new_zeroed(context, int64_t, cells);
		return table->difference != NULL;
	}
	return true;
}

static void
table_release(RadContext *context, NeighbourhoodTable *table)
{
	rad_release(context, table->count);
	rad_release(context, table->difference);
}

/* Move a slice's rows into the merged table (NULL: none) and clear them. */
static void
table_drain(NeighbourhoodTable *table, const PresentLevels *present,
			NeighbourhoodTable *merged)
{
	for (int n = 0; n < present->count; n++)
	{
		int64_t		row = (present->level[n] - 1) * table->width;

		for (int64_t k = row; merged != NULL && k < row + table->width; k++)
		{
			merged->count[k] += table->count[k];
			if (table->difference != NULL)
				merged->difference[k] += table->difference[k];
		}
		memset(table->count + row, 0, (size_t) table->width * sizeof(int64_t));
		if (table->difference != NULL)
			memset(table->difference + row, 0, (size_t) table->width * sizeof(int64_t));
	}
}

/* Deliver the matrix of a table; aggregation, slice and voxel_count are set. */
static bool
deliver_table(const Delivery *delivery, const NeighbourhoodTable *table,
			  const PresentLevels *present, TextureMatrix *matrix)
{
	RadContext *context = delivery->context;
	bool		differences = delivery->family->differences;
	int64_t		limit = present->count * (differences ? 1 : table->width);
	MatrixCell *cells;
	double	   *difference = NULL;

	/* Every cell holds a voxel, so there are no more cells than voxels. */
	if (limit > matrix->voxel_count)
		limit = matrix->voxel_count;
	cells = rad_new(context, MatrixCell, limit);
	if (cells == NULL)
		return false;
	if (differences)
	{
		difference = rad_new(context, double, limit);
		if (difference == NULL)
			return false;
	}
	matrix->direction = -1;
	matrix->level_count = delivery->input->levels->level_count;
	matrix->total = 0;
	matrix->cell_count = 0;
	for (int n = 0; n < present->count; n++)
	{
		int64_t		row = (present->level[n] - 1) * table->width;

		matrix->cell_count +=
			delivery->family->row_cells(present->level[n], table->count + row,
										differences ? table->difference + row : NULL,
										table->width, cells + matrix->cell_count,
										differences ? difference + matrix->cell_count : NULL);
	}
	for (int64_t c = 0; c < matrix->cell_count; c++)
		matrix->total += cells[c].count;
	matrix->cells = cells;
	matrix->difference = difference;
	if (!rad_continue(context) || !delivery->sink(context, delivery->argument, matrix))
		return false;
	rad_release(context, cells);
	rad_release(context, difference);
	return true;
}

/* 2D, added up in merged unless that is NULL. */
static bool
deliver_slices(const Delivery *delivery, Aggregation aggregation,
			   NeighbourhoodTable *merged)
{
	RadContext *context = delivery->context;
	const GreyLevels *levels = delivery->input->levels;
	NeighbourhoodTable table;
	PresentLevels present;

	if (!table_create(context, levels, delivery->family, true, &table) ||
		!present_levels_create(context, levels, &present))
		return false;
	for (int z = 0; z < levels->size[2]; z++)
	{
		TextureMatrix matrix = {
			.aggregation = aggregation,
			.slice = z,
			.voxel_count = levels->slice_voxel_count[z],
		};

		if (levels->slice_voxel_count[z] == 0)
			continue;
		list_slice_levels(levels, z, &present);
		if (!delivery->family->count(context, delivery->input, z, z + 1, true, &table) ||
			!deliver_table(delivery, &table, &present, &matrix))
			return false;
		table_drain(&table, &present, merged);
	}
	table_release(context, &table);
	present_levels_release(context, &present);
	return true;
}

/* 2.5D (planar, possibly with the 2D matrices on the way) or 3D. */
static bool
deliver_merged(const Delivery *delivery, bool planar, const Aggregation *per_slice,
			   const Aggregation *merged)
{
	RadContext *context = delivery->context;
	const GreyLevels *levels = delivery->input->levels;
	NeighbourhoodTable table;
	PresentLevels present;
	TextureMatrix matrix = {
		.aggregation = *merged,
		.slice = -1,
		.voxel_count = levels->voxel_count,
	};
	bool		counted;

	if (!table_create(context, levels, delivery->family, planar, &table) ||
		!present_levels_create(context, levels, &present))
		return false;
	if (per_slice != NULL)
		counted = deliver_slices(delivery, *per_slice, &table);
	else
		counted = delivery->family->count(context, delivery->input, 0, levels->size[2],
										  planar, &table);
	if (!counted)
		return false;
	list_region_levels(levels, &present);
	if (!deliver_table(delivery, &table, &present, &matrix))
		return false;
	table_release(context, &table);
	present_levels_release(context, &present);
	return true;
}

bool
rad_neighbourhood_matrices(RadContext *context, TextureInput *input,
						   const NeighbourhoodFamily *family,
						   MatrixSink sink, void *argument)
{
	const Delivery delivery = {context, input, family, sink, argument};
	Aggregation aggregation[ZONE_AGGREGATION_COUNT];
	bool		chosen[ZONE_AGGREGATION_COUNT];

	for (ZoneAggregation which = ZONE_2D; which <= ZONE_3D; which++)
		chosen[which] = rad_zone_aggregation(input->aggregations, which,
											 &aggregation[which]);
	if (chosen[ZONE_2_5D])
	{
		if (!deliver_merged(&delivery, true, chosen[ZONE_2D] ? &aggregation[ZONE_2D] : NULL,
							&aggregation[ZONE_2_5D]))
			return false;
	}
	else if (chosen[ZONE_2D])
	{
		if (!deliver_slices(&delivery, aggregation[ZONE_2D], NULL))
			return false;
	}
	return !chosen[ZONE_3D] ||
		deliver_merged(&delivery, false, NULL, &aggregation[ZONE_3D]);
}
