/*
 * The heavy operations, as a table, so that a CPU of any x86-64 level or a GPU
 * can answer them with the same integers.
 *
 * Directions: the 13 offsets of rad_directions, each standing for itself and
 * its opposite; the first RAD_PLANAR_DIRECTION_COUNT of them lie in the x-y plane.
 */
#ifndef RAD_DEVICE_DEVICE_H
#define RAD_DEVICE_DEVICE_H

#include "base/context.h"
#include "roi/grey_levels.h"

#define RAD_DIRECTION_COUNT 13
#define RAD_PLANAR_DIRECTION_COUNT 4

/* x, y, z of each direction, voxels. */
extern const int rad_directions[RAD_DIRECTION_COUNT][3];

typedef unsigned DirectionSet;	/* bit per direction */

#define PLANAR_DIRECTIONS ((DirectionSet) 0x000F)
#define ALL_DIRECTIONS ((DirectionSet) 0x1FFF)

/*
 * Zones of equal level: what GLSZM and GLDZM are counted from.  planar: zones
 * per slice (8-connected); otherwise 26-connected.
 */
typedef struct Zone
{
	int32_t		level;
	int32_t		slice;			/* z of the zone; -1 when not planar */
	uint32_t	size;			/* voxels */
	uint32_t	distance;		/* smallest border distance; 0 without a map */
} Zone;

typedef struct ZoneList
{
	int64_t		count;
	Zone	   *zones;			/* in order of first voxel */
} ZoneList;

/*
 * Cubes of 2x2x2 voxel centres around the mask, by which corners are inside:
 * bit (dx + 2 dy + 4 dz) is set when the corner voxel is.  The grid of cubes
 * runs from -1 to size - 1 on every axis (zero padding); cube (x, y, z) has
 * its lowest corner at voxel (x, y, z).
 */
typedef struct CubeCounts
{
	uint64_t	count[256];
	int64_t		z_sum[256];		/* sum of the cubes' z */
} CubeCounts;

struct RegionRequest;			/* device/request.h */

typedef struct Device
{
	const char *name;			/* "cpu x86-64-v3" */

	/*
	 * GLCM: for each direction of the set (ascending), over voxels with
	 * first_slice <= z < last_slice, count[(i - 1) * level_count + (j - 1)] of
	 * level i at the voxel and level j at voxel + distance * direction, both
	 * inside.  Not symmetrised.  The neighbour may lie in any slice.
	 * counts: [directions in set][level_count][level_count], added to.
	 */
	bool		(*count_cooccurrences) (RadContext *context, const GreyLevels *levels,
										int first_slice, int last_slice, int distance,
										DirectionSet directions, uint32_t *counts);

	/*
	 * GLRLM: count[(i - 1) * longest + (length - 1)] of runs of level i.  For
	 * planar directions slices are independent, so a slice range selects; a
	 * set with other directions must be given the whole slice range.
	 * counts: [directions in set][level_count][longest], added to; longest is
	 * at least the largest size of the box.
	 */
	bool		(*count_runs) (RadContext *context, const GreyLevels *levels,
							   int first_slice, int last_slice,
							   DirectionSet directions, int longest, uint32_t *counts);

	/*
	 * City-block distance (6-neighbours, planar: 4-neighbours per slice) of
	 * every voxel of a mask to the outside; border voxels have 1, voxels
	 * outside 0; beyond the array is outside.  distance: as large as mask.
	 */
	bool		(*border_distance) (RadContext *context, const int size[3],
									const uint8_t *mask, bool planar, uint16_t *distance);

	/*
	 * Zones; distance may be NULL, else a dense map of the levels' box
	 * (x fastest, size[0] * size[1] * size[2]).
	 */
	bool		(*find_zones) (RadContext *context, const GreyLevels *levels,
							   const uint16_t *distance, bool planar, ZoneList *zones);

	/*
	 * NGTDM: for voxels of the slice range, neighbourhood of Chebyshev distance
	 * `distance` (planar: inside the slice), with k > 0 neighbours inside:
	 * count[(i - 1) * (neighbours + 1) + k] += 1 and
	 * difference[same] += |i * k - sum of the neighbours' levels|,
	 * where neighbours = (2 distance + 1)^3 - 1 (planar: ^2).  k = 0 is
	 * counted with difference 0.  Both arrays are added to.
	 */
	bool		(*count_neighbourhood_differences) (RadContext *context,
													const GreyLevels *levels,
													int first_slice, int last_slice,
													int distance, bool planar,
													int64_t *count, int64_t *difference);

	/*
	 * NGLDM: count[(i - 1) * (neighbours + 1) + (j - 1)] of voxels with level i
	 * and dependence j: 1 + neighbours inside whose level differs by at most
	 * alpha.  Added to.
	 */
	bool		(*count_dependences) (RadContext *context, const GreyLevels *levels,
									  int first_slice, int last_slice, int distance,
									  int alpha, bool planar, int64_t *count);

	/* Marching cubes configurations of a mask (bytes 0 or 1, x fastest). */
	bool		(*count_cubes) (RadContext *context, const int size[3],
								const uint8_t *mask, CubeCounts *cubes);

	/*
	 * Of a device that is asked once per region (device/request.h), else NULL.
	 * begin sends the request, or leaves it to the CPU; wait returns when its
	 * state is no longer REQUEST_PENDING; end forgets it in any state.  A
	 * device that cannot answer is no failure: only a cancel (or lack of the
	 * caller's memory) returns false.
	 */
	bool		(*begin) (RadContext *context, struct RegionRequest *request);
	bool		(*wait) (RadContext *context, struct RegionRequest *request);
	void		(*end) (RadContext *context, struct RegionRequest *request);
} Device;

/* The CPU at each x86-64 level we build for; a level may not run everywhere. */
extern const Device rad_cpu_v2;
extern const Device rad_cpu_v3;

/* The best of these for this machine, and the one called "v2" or "v3" (NULL
 * when this machine cannot run it). */
extern const Device *rad_cpu_best(void);
extern const Device *rad_cpu_named(const char *level);

#endif							/* RAD_DEVICE_DEVICE_H */
