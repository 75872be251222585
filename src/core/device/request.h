/*
 * One region's whole counting work as one request: grey levels, mask, and
 * which tables are wanted.  A device that is asked so keeps the levels while
 * it counts every family, and answers all of them at once.
 *
 * The request is laid out in one flat buffer without pointers, so that it can
 * lie in memory shared with another process.  Results are what the functions
 * of the device table would have added to zeroed arrays: integers, in the
 * native byte order.
 *
 *   plan      rad_request_init(), rad_request_add() per table
 *   ask       device->begin(): the buffer is written and sent; work may go on
 *             elsewhere meanwhile
 *   use       the functions of rad_counted_functions look the counts up; the
 *             first of them waits for the answer.  What was not asked for or
 *             not answered is counted by the CPU, with the same result.
 *   end       rad_request_end()
 *
 * Several requests may be in flight, each in a context of its own, so that a
 * device has the next regions while the counts of one are used.
 */
#ifndef RAD_DEVICE_REQUEST_H
#define RAD_DEVICE_REQUEST_H

#include "device/device.h"

typedef enum CountKind
{
	COUNT_COOCCURRENCES,		/* uint32_t [slices][directions][levels][levels] */
	COUNT_RUNS,					/* uint32_t [slices][directions][levels][columns] */
	COUNT_ZONES,				/* Zone [found] */
	COUNT_DIFFERENCES,			/* int64_t [slices][2][levels][columns]: count, difference */
	COUNT_DEPENDENCES,			/* int64_t [slices][levels][columns] */
	COUNT_CUBES					/* CubeCounts, of the mask */
} CountKind;

#define COUNT_KINDS 6

/* One wanted table.  slices is 1 unless by_slice. */
typedef struct CountItem
{
	int32_t		kind;
	int32_t		by_slice;		/* a table per slice instead of one for all */
	int32_t		planar;			/* zones and neighbourhoods inside a slice */
	int32_t		distance;		/* pairs, neighbourhoods; zones: 1 with border distance */
	int32_t		alpha;			/* dependences */
	int32_t		columns;		/* longest run; neighbours + 1 */
	uint32_t	directions;		/* DirectionSet */
	int32_t		answered;		/* set by the device */
	int64_t		offset;			/* of the result in the buffer, bytes */
	int64_t		room;			/* bytes for it */
	int64_t		found;			/* zones: how many; more than fit: not answered */
} CountItem;

#define RAD_MOST_COUNT_ITEMS 32
#define RAD_COUNT_MAGIC 0x52444331u

/* Results and arrays of a buffer begin at multiples of this. */
#define RAD_COUNT_ALIGNMENT 256

typedef struct CountBuffer
{
	uint32_t	magic;
	int32_t		item_count;
	int64_t		bytes;			/* of the whole buffer */

	/* Grey levels in the padded layout of roi/grey_levels.h; level_count 0: none. */
	int32_t		size[3];
	int32_t		level_count;
	int32_t		bytes_per_level;
	int32_t		padding;
	int64_t		row_stride;		/* elements */
	int64_t		slice_stride;
	int64_t		lead;			/* elements before voxel (0, 0, 0) */
	int64_t		element_count;	/* with lead and trail */
	int64_t		levels;			/* offset of the first element, slack before it */

	/* Mask (bytes 0 or 1, x fastest), for cubes and border distances; size 0: none. */
	int32_t		mask_size[3];
	int32_t		mask_offset[3];	/* of the levels' box in it */
	int64_t		mask;			/* offset */

	int64_t		results;		/* offset of the first result, which are the rest */
	CountItem	items[RAD_MOST_COUNT_ITEMS];
} CountBuffer;

typedef enum RequestState
{
	REQUEST_PLANNED,			/* or refused, or failed: the CPU counts */
	REQUEST_PENDING,			/* sent */
	REQUEST_ANSWERED
} RequestState;

/* Most regions that one caller has in flight: the present one and the next. */
#define RAD_REGIONS_IN_FLIGHT 4

/* Most memory that the next ones take together, bytes. */
#define RAD_LOOK_AHEAD_BYTES (INT64_C(64) << 20)

typedef struct RegionRequest
{
	const Device *device;		/* that was asked */
	const Device *cpu;			/* that counts what it did not answer */
	const GreyLevels *levels;	/* or NULL */

	/* Mask: first voxel of its box in a larger dense array, or NULL. */
	const uint8_t *mask;
	int			mask_size[3];
	int			mask_offset[3];
	int64_t		mask_row;		/* elements between rows */
	int64_t		mask_slice;

	/*
	 * About a region whose turn has not come: the device takes it only if it
	 * can at once.  One that was not taken is asked about again at its turn.
	 */
	bool		ahead;

	CountBuffer header;			/* the buffer's begin, laid out */
	RequestState state;
	void	   *handle;			/* the device's own */
	void	   *result[RAD_MOST_COUNT_ITEMS];	/* copies, after the answer */

	/* For tests and statistics: tables that were looked up, and those the CPU
	 * had to count although a device was asked. */
	int64_t		hits;
	int64_t		misses;
} RegionRequest;

/*
 * Start a plan.  levels and mask must stay as they are until the end; padding
 * of the levels is what their neighbourhoods need.
 */
extern void rad_request_init(RegionRequest *request, const GreyLevels *levels);
extern void rad_request_set_mask(RegionRequest *request, const uint8_t *mask,
								 const int size[3], int64_t row, int64_t slice,
								 const int levels_offset[3]);

/*
 * Want a table; kind and the members that it needs are set, the rest is 0.
 * What does not fit the plan is left out: the CPU will count it.
 */
extern void rad_request_add(RegionRequest *request, CountItem item);

/*
 * Compute offsets; returns the bytes of the buffer, at most `most`: results
 * that do not fit are left out, zones get the room that is left up to what
 * they can need.  0 when nothing remains to be asked.
 */
extern int64_t rad_request_layout(RegionRequest *request, int64_t most);

/* Write the buffer: as many bytes as rad_request_layout() returned. */
extern void rad_request_write(const RegionRequest *request, CountBuffer *buffer);

/* Is this a buffer of at most `room` bytes that can be worked on safely? */
extern bool rad_request_is_valid(const CountBuffer *buffer, int64_t room);

/* A device's answer: count everything with the given CPU. */
extern bool rad_request_answer(RadContext *context, const Device *cpu, CountBuffer *buffer);

/* Copy the answered results out of the buffer; false: no memory. */
extern bool rad_request_take(RadContext *context, RegionRequest *request,
							 const CountBuffer *buffer);

/*
 * Ask the device that is asked by region (others: nothing happens) and make
 * the counts known to the context until rad_request_end().
 */
extern bool rad_request_begin(RadContext *context, const Device *device,
							  RegionRequest *request);
extern void rad_request_end(RadContext *context, RegionRequest *request);

/*
 * A device table whose functions look counts up in the context's request and
 * fall back to its CPU; a device that is asked by region copies it and sets
 * name, begin, wait and end.
 */
extern const Device rad_counted_functions;

/*
 * Zones with border distances (or without) if a request brought them; found
 * says whether.  False only for a failure of the context.
 */
extern bool rad_request_zones(RadContext *context, const GreyLevels *levels, bool planar,
							  bool with_distance, ZoneList *zones, bool *found);

#endif							/* RAD_DEVICE_REQUEST_H */
