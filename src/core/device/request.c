/*
 * Requests: the plan, the flat buffer, and the CPU's answer to it.
 */
#include "device/request.h"

#include <stddef.h>
#include <string.h>

/* Largest box that is asked about: along an axis, and elements of an array. */
#define MOST_SIZE 65535
#define MOST_ELEMENTS (INT32_MAX / 2)

static int64_t
align_up(int64_t offset)
{
	return (offset + RAD_COUNT_ALIGNMENT - 1) / RAD_COUNT_ALIGNMENT * RAD_COUNT_ALIGNMENT;
}

void
rad_request_init(RegionRequest *request, const GreyLevels *levels)
{
	CountBuffer *header = &request->header;

	memset(request, 0, sizeof(*request));
	header->magic = RAD_COUNT_MAGIC;
	request->levels = levels;
	if (levels == NULL)
		return;
	memcpy(header->size, levels->size, sizeof(header->size));
	header->level_count = levels->level_count;
	header->bytes_per_level = levels->bytes_per_level;
	header->padding = 1;
}

void
rad_request_set_mask(RegionRequest *request, const uint8_t *mask, const int size[3],
					 int64_t row, int64_t slice, const int levels_offset[3])
{
	request->mask = mask;
	request->mask_row = row;
	request->mask_slice = slice;
	for (int axis = 0; axis < 3; axis++)
	{
		request->header.mask_size[axis] = request->mask_size[axis] = size[axis];
		request->header.mask_offset[axis] = request->mask_offset[axis] = levels_offset[axis];
	}
}

void
rad_request_add(RegionRequest *request, CountItem item)
{
	CountBuffer *header = &request->header;

	if (header->item_count == RAD_MOST_COUNT_ITEMS)
		return;
	if (item.kind != COUNT_ZONES && item.distance > header->padding)
	{
		if (item.distance > request->levels->padding)
			return;
		header->padding = item.distance;
	}
	header->items[header->item_count++] = item;
}

/* Bytes of a fixed result; of zones 0.  Sizes are checked or trusted. */
static int64_t
result_bytes(const CountBuffer *header, const CountItem *item)
{
	const int64_t levels = header->level_count;
	const int64_t slices = item->by_slice ? header->size[2] : 1;
	const int64_t directions = __builtin_popcount(item->directions);

	switch ((CountKind) item->kind)
	{
		case COUNT_COOCCURRENCES:
			return slices * directions * levels * levels * (int64_t) sizeof(uint32_t);
		case COUNT_RUNS:
			return slices * directions * levels * item->columns * (int64_t) sizeof(uint32_t);
		case COUNT_DIFFERENCES:
			return slices * 2 * levels * item->columns * (int64_t) sizeof(int64_t);
		case COUNT_DEPENDENCES:
			return slices * levels * item->columns * (int64_t) sizeof(int64_t);
		case COUNT_CUBES:
			return (int64_t) sizeof(CubeCounts);
		case COUNT_ZONES:
			break;
	}
	return 0;
}

static int64_t
mask_bytes(const CountBuffer *header)
{
	return (int64_t) header->mask_size[0] * header->mask_size[1] * header->mask_size[2];
}

/* The layout of levels and mask; returns where results begin. */
static int64_t
layout_arrays(CountBuffer *header)
{
	const int64_t padding = header->padding;
	int64_t		offset = align_up((int64_t) sizeof(CountBuffer));

	if (header->level_count > 0)
	{
		header->row_stride = header->size[0] + padding;
		header->slice_stride = header->row_stride * (header->size[1] + padding);
		header->lead = padding * (header->slice_stride + header->row_stride + 1);
		header->element_count = 2 * header->lead + header->size[2] * header->slice_stride;
		header->levels = align_up(offset + RAD_LEVEL_SLACK);
		offset = align_up(header->levels + header->element_count * header->bytes_per_level +
						  RAD_LEVEL_SLACK);
	}
	header->mask = offset;
	return align_up(offset + mask_bytes(header));
}

/* Larger regions are counted by the CPU. */
static bool
is_countable(const CountBuffer *header)
{
	int64_t		cubes = 1;

	for (int axis = 0; axis < 3; axis++)
	{
		if (header->size[axis] > MOST_SIZE || header->mask_size[axis] > MOST_SIZE)
			return false;
		cubes *= header->mask_size[axis] + 1;
		if (cubes > MOST_ELEMENTS)
			return false;
	}
	return header->element_count <= MOST_ELEMENTS;
}

/* Give the zones what is left; those that would hardly fit are left out. */
static int64_t
layout_zones(const RegionRequest *request, CountBuffer *header, int64_t offset, int64_t most)
{
	int			zones = 0;
	int			kept = 0;

	for (int n = 0; n < header->item_count; n++)
		zones += header->items[n].kind == COUNT_ZONES;
	for (int n = 0; n < header->item_count; n++)
	{
		CountItem	item = header->items[n];

		if (item.kind == COUNT_ZONES)
		{
			int64_t		need = request->levels->voxel_count * (int64_t) sizeof(Zone);

			item.offset = offset;
			item.room = (most - offset) / zones / RAD_COUNT_ALIGNMENT * RAD_COUNT_ALIGNMENT;
			if (item.room > align_up(need))
				item.room = align_up(need);
			zones--;
			if (item.room < need / 8)
				continue;
			offset += item.room;
		}
		header->items[kept++] = item;
	}
	header->item_count = kept;
	return offset;
}

int64_t
rad_request_layout(RegionRequest *request, int64_t most)
{
	CountBuffer *header = &request->header;
	int64_t		offset = layout_arrays(header);
	int			kept = 0;

	header->results = offset;
	for (int n = 0; n < header->item_count; n++)
	{
		CountItem	item = header->items[n];

		if (item.kind != COUNT_ZONES)
		{
			int64_t		room = align_up(result_bytes(header, &item));

			if (offset + room > most)
				continue;
			item.offset = offset;
			item.room = room;
			offset += room;
		}
		header->items[kept++] = item;
	}
	header->item_count = kept;
	if (offset > most || !is_countable(header))
		header->item_count = 0;
	else
		offset = layout_zones(request, header, offset, most);
	header->bytes = offset;
	return header->item_count > 0 ? offset : 0;
}

/* Zero the padding of a buffer and copy the rows of the box. */
static void
write_levels(const GreyLevels *levels, const CountBuffer *header, uint8_t *memory)
{
	const int64_t bytes = header->bytes_per_level;
	const int64_t row_bytes = header->size[0] * bytes;
	uint8_t    *end = memory + header->element_count * bytes;
	uint8_t    *clear = memory - RAD_LEVEL_SLACK;

	for (int64_t z = 0; z < header->size[2]; z++)
		for (int64_t y = 0; y < header->size[1]; y++)
		{
			uint8_t    *row = memory + (header->lead + z * header->slice_stride +
										y * header->row_stride) * bytes;

			memset(clear, 0, (size_t) (row - clear));
			memcpy(row, (const uint8_t *) levels->levels +
				   (z * levels->slice_stride + y * levels->row_stride) * bytes,
				   (size_t) row_bytes);
			clear = row + row_bytes;
		}
	memset(clear, 0, (size_t) (end + RAD_LEVEL_SLACK - clear));
}

void
rad_request_write(const RegionRequest *request, CountBuffer *buffer)
{
	const CountBuffer *header = &request->header;
	uint8_t    *bytes = (uint8_t *) buffer;

	*buffer = *header;
	if (header->level_count > 0)
		write_levels(request->levels, header, bytes + header->levels);
	if (request->mask == NULL)
		return;
	for (int64_t z = 0; z < header->mask_size[2]; z++)
		for (int64_t y = 0; y < header->mask_size[1]; y++)
			memcpy(bytes + header->mask + (z * header->mask_size[1] + y) * header->mask_size[0],
				   request->mask + z * request->mask_slice + y * request->mask_row,
				   (size_t) header->mask_size[0]);
}

/* Does an array of `length` bytes at `offset` lie behind the header? */
static bool
lies_inside(const CountBuffer *header, int64_t offset, int64_t length)
{
	return offset >= (int64_t) sizeof(CountBuffer) && length >= 0 &&
		offset <= header->bytes && length <= header->bytes - offset;
}

static bool
sizes_are_valid(const CountBuffer *header)
{
	CountBuffer expected = *header;
	bool		with_mask = header->mask_size[0] != 0;

	for (int axis = 0; axis < 3; axis++)
	{
		if (header->size[axis] < 0 || header->size[axis] > MOST_SIZE ||
			header->mask_size[axis] < 0 || header->mask_size[axis] > MOST_SIZE)
			return false;
		if (header->level_count > 0 && header->size[axis] == 0)
			return false;
		if (with_mask && header->mask_size[axis] == 0)
			return false;
		if (with_mask && header->level_count > 0 &&
			(header->mask_offset[axis] < 0 ||
			 header->mask_offset[axis] > header->mask_size[axis] - header->size[axis]))
			return false;
	}
	if (header->level_count < 0 || header->level_count > RAD_MAX_LEVELS ||
		header->padding < 0 || header->padding > MOST_SIZE ||
		(header->level_count > 0 && (header->padding < 1 ||
									 (header->bytes_per_level != 1 && header->bytes_per_level != 2))) ||
		(header->bytes_per_level == 1 && header->level_count > 255))
		return false;

	/* One layout only: that of rad_request_layout(). */
	return layout_arrays(&expected) == header->results && is_countable(header) &&
		memcmp(&expected, header, offsetof(CountBuffer, results)) == 0 &&
		header->results <= header->bytes;
}

static bool
item_is_valid(const CountBuffer *header, const CountItem *item)
{
	const int64_t side = 2 * (int64_t) item->distance + 1;
	bool		needs_mask = false;

	if (item->kind < 0 || item->kind >= COUNT_KINDS || item->offset < header->results ||
		item->offset % RAD_COUNT_ALIGNMENT != 0 ||
		!lies_inside(header, item->offset, item->room) ||
		(item->directions & ~ALL_DIRECTIONS) != 0 || item->distance < 0 ||
		item->columns < 0 || item->alpha < 0)
		return false;
	switch ((CountKind) item->kind)
	{
		case COUNT_COOCCURRENCES:
			if (item->distance < 1 || item->distance > header->padding)
				return false;
			break;
		case COUNT_RUNS:
			for (int axis = 0; axis < 3; axis++)
				if (item->columns < header->size[axis])
					return false;
			if (item->by_slice && (item->directions & ~PLANAR_DIRECTIONS) != 0)
				return false;
			break;
		case COUNT_ZONES:
			needs_mask = item->distance != 0;
			break;
		case COUNT_DIFFERENCES:
		case COUNT_DEPENDENCES:
			if (item->distance < 1 || item->distance > header->padding ||
				item->distance > 100 ||
				item->columns != side * side * (item->planar ? 1 : side))
				return false;
			break;
		case COUNT_CUBES:
			return header->mask_size[0] > 0 && item->room >= result_bytes(header, item);
	}
	return header->level_count > 0 && (!needs_mask || header->mask_size[0] > 0) &&
		item->room >= result_bytes(header, item);
}

bool
rad_request_is_valid(const CountBuffer *buffer, int64_t room)
{
	if (room < (int64_t) sizeof(CountBuffer) || buffer->magic != RAD_COUNT_MAGIC ||
		buffer->bytes < (int64_t) sizeof(CountBuffer) || buffer->bytes > room ||
		buffer->item_count < 0 || buffer->item_count > RAD_MOST_COUNT_ITEMS ||
		!sizes_are_valid(buffer))
		return false;
	for (int n = 0; n < buffer->item_count; n++)
		if (!item_is_valid(buffer, &buffer->items[n]))
			return false;
	return true;
}

/* The buffer's levels as the kernels take them, with histograms. */
static bool
open_levels(RadContext *context, CountBuffer *buffer, GreyLevels *levels)
{
	memset(levels, 0, sizeof(*levels));
	if (buffer->level_count == 0)
		return true;
	for (int axis = 0; axis < 3; axis++)
		levels->size[axis] = buffer->size[axis];
	levels->level_count = buffer->level_count;
	levels->bytes_per_level = buffer->bytes_per_level;
	levels->padding = buffer->padding;
	levels->row_stride = buffer->row_stride;
	levels->slice_stride = buffer->slice_stride;
	levels->levels = (uint8_t *) buffer + buffer->levels + buffer->lead * buffer->bytes_per_level;
	levels->histogram = rad_new_zeroed(context, int64_t, buffer->level_count + 1);
	levels->slice_voxel_count = rad_new_zeroed(context, int64_t, buffer->size[2]);
	if (levels->histogram == NULL || levels->slice_voxel_count == NULL)
		return false;
	for (int z = 0; z < levels->size[2]; z++)
		for (int y = 0; y < levels->size[1]; y++)
			for (int x = 0; x < levels->size[0]; x++)
			{
				int64_t		at = x + y * levels->row_stride + z * levels->slice_stride;
				int			level = levels->bytes_per_level == 1 ?
					((const uint8_t *) levels->levels)[at] :
					((const uint16_t *) levels->levels)[at];

				if (level == 0)
					continue;
				levels->histogram[level]++;
				levels->slice_voxel_count[z]++;
				levels->voxel_count++;
			}
	return true;
}

/* Border distances of the levels' box, measured in the mask's. */
static bool
measure_distance(RadContext *context, const Device *cpu, const CountBuffer *buffer,
				 bool planar, uint16_t **distance)
{
	const int  *size = buffer->size;
	const int  *mask_size = buffer->mask_size;
	uint16_t   *whole = rad_new(context, uint16_t, mask_bytes(buffer));
	uint16_t   *part = rad_new(context, uint16_t, (int64_t) size[0] * size[1] * size[2]);

	if (whole == NULL || part == NULL ||
		!cpu->border_distance(context, mask_size, (const uint8_t *) buffer + buffer->mask,
							  planar, whole))
		return false;
	for (int64_t z = 0; z < size[2]; z++)
		for (int64_t y = 0; y < size[1]; y++)
			memcpy(part + (z * size[1] + y) * size[0],
				   whole + ((z + buffer->mask_offset[2]) * mask_size[1] +
							y + buffer->mask_offset[1]) * mask_size[0] + buffer->mask_offset[0],
				   (size_t) size[0] * sizeof(uint16_t));
	rad_release(context, whole);
	*distance = part;
	return true;
}

static bool
answer_zones(RadContext *context, const Device *cpu, CountBuffer *buffer,
			 const GreyLevels *levels, CountItem *item)
{
	uint16_t   *distance = NULL;
	ZoneList	list;

	if ((item->distance != 0 &&
		 !measure_distance(context, cpu, buffer, item->planar != 0, &distance)) ||
		!cpu->find_zones(context, levels, distance, item->planar != 0, &list))
		return false;
	rad_release(context, distance);
	item->found = list.count;
	item->answered = list.count <= item->room / (int64_t) sizeof(Zone);
	if (item->answered)
		memcpy((uint8_t *) buffer + item->offset, list.zones,
			   (size_t) list.count * sizeof(Zone));
	rad_release(context, list.zones);
	return true;
}

/* Tables that are counted slice by slice or in one. */
static bool
answer_table(RadContext *context, const Device *cpu, const GreyLevels *levels,
			 const CountItem *item, int first, int last, void *result)
{
	uint32_t   *counts = result;
	int64_t    *wide = result;

	switch ((CountKind) item->kind)
	{
		case COUNT_COOCCURRENCES:
			return cpu->count_cooccurrences(context, levels, first, last, item->distance,
											item->directions, counts);
		case COUNT_RUNS:
			return cpu->count_runs(context, levels, first, last, item->directions,
								   item->columns, counts);
		case COUNT_DIFFERENCES:
			return cpu->count_neighbourhood_differences(context, levels, first, last,
														item->distance, item->planar != 0, wide,
														wide + (int64_t) levels->level_count *
														item->columns);
		case COUNT_DEPENDENCES:
			return cpu->count_dependences(context, levels, first, last, item->distance,
										  item->alpha, item->planar != 0, wide);
		case COUNT_ZONES:
		case COUNT_CUBES:
			break;
	}
	return false;
}

bool
rad_request_answer(RadContext *context, const Device *cpu, CountBuffer *buffer)
{
	GreyLevels	levels;

	if (!open_levels(context, buffer, &levels))
		return false;
	for (int n = 0; n < buffer->item_count; n++)
	{
		CountItem  *item = &buffer->items[n];
		uint8_t    *result = (uint8_t *) buffer + item->offset;
		int			parts = item->by_slice ? buffer->size[2] : 1;
		int64_t		part_bytes = result_bytes(buffer, item) / parts;

		if (item->kind == COUNT_ZONES)
		{
			if (!answer_zones(context, cpu, buffer, &levels, item))
				return false;
			continue;
		}
		memset(result, 0, (size_t) item->room);
		if (item->kind == COUNT_CUBES)
		{
			CubeCounts	cubes;

			if (!cpu->count_cubes(context, buffer->mask_size,
								  (const uint8_t *) buffer + buffer->mask, &cubes))
				return false;
			memcpy(result, &cubes, sizeof(cubes));
		}
		else
			for (int part = 0; part < parts; part++)
				if (!answer_table(context, cpu, &levels, item, item->by_slice ? part : 0,
								  item->by_slice ? part + 1 : buffer->size[2],
								  result + part * part_bytes))
					return false;
		item->answered = 1;
	}
	rad_release(context, levels.histogram);
	rad_release(context, levels.slice_voxel_count);
	return true;
}

bool
rad_request_take(RadContext *context, RegionRequest *request, const CountBuffer *buffer)
{
	for (int n = 0; n < request->header.item_count; n++)
	{
		const CountItem *planned = &request->header.items[n];
		int64_t		found = buffer->items[n].found;
		int64_t		bytes = result_bytes(&request->header, planned);

		if (!buffer->items[n].answered)
			continue;
		if (planned->kind == COUNT_ZONES)
			bytes = found * (int64_t) sizeof(Zone);
		if (bytes < 0 || bytes > planned->room)
			continue;
		request->result[n] = rad_new(context, uint8_t, bytes);
		if (request->result[n] == NULL)
			return false;
		memcpy(request->result[n], (const uint8_t *) buffer + planned->offset, (size_t) bytes);
		request->header.items[n].found = found;
		request->header.items[n].answered = 1;
	}
	request->state = REQUEST_ANSWERED;
	return true;
}

bool
rad_request_begin(RadContext *context, const Device *device, RegionRequest *request)
{
	request->device = device;
	request->state = REQUEST_PLANNED;
	context->request = request;
	return device->begin == NULL || device->begin(context, request);
}

void
rad_request_end(RadContext *context, RegionRequest *request)
{
	if (request == NULL || context->request != request)
		return;
	context->request = NULL;
	if (request->device->end != NULL)
		request->device->end(context, request);
	for (int n = 0; n < RAD_MOST_COUNT_ITEMS; n++)
	{
		rad_release(context, request->result[n]);
		request->result[n] = NULL;
	}
}
