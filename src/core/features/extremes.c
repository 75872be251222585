/*
 * Finding the vertices that can matter for hull and diameter.
 *
 * A vertex of a convex hull is a vertex of the 2-D hull of every plane that it
 * lies in.  So keep the two ends of every line along x, then the 2-D hull in
 * every plane of constant z, then of constant y, then of constant x: a few
 * thousand vertices are left of a hundred thousand.  Coordinates are integers,
 * so nothing is lost to rounding.
 */
#include "features/extremes.h"

#include <math.h>
#include <stdlib.h>

/* Pairs of points between two polls, well below 100 ms. */
#define PAIRS_PER_POLL 4000000

static int
first_bit(const uint64_t *row, const uint64_t *other, int words)
{
	for (int word = 0; word < words; word++)
	{
		uint64_t	bits = row[word] ^ other[word];

		if (bits != 0)
			return word * 64 + __builtin_ctzll(bits);
	}
	return -1;
}

static int
last_bit(const uint64_t *row, const uint64_t *other, int words)
{
	for (int word = words - 1; word >= 0; word--)
	{
		uint64_t	bits = row[word] ^ other[word];

		if (bits != 0)
			return word * 64 + 63 - __builtin_clzll(bits);
	}
	return -1;
}

static void
append(PointList *list, int x, int y, int z)
{
	int32_t    *point = list->points[list->count++];

	point[0] = x;
	point[1] = y;
	point[2] = z;
}

/*
 * The vertices at the ends of the line (y, z), in half voxels, where the mask
 * differs between two rows; with the empty row they stick out by half a voxel
 * (outward = 1).
 */
static void
append_ends(PointList *list, const uint64_t *row, const uint64_t *other, int words,
			int y, int z, int outward)
{
	int			first = first_bit(row, other, words);
	int			last;

	if (first < 0)
		return;
	last = last_bit(row, other, words);
	append(list, 2 * first - outward, y, z);
	if (outward != 0 || last != first)
		append(list, 2 * last + outward, y, z);
}

/* Ends of all lines along x, in order of z, then y, then x. */
static bool
collect_line_ends(RadContext *context, const BitMask *mask, PointList *list)
{
	int			words = mask->row_words;
	const uint64_t *empty = rad_bit_row(mask, -1, -1);

	for (int z = -1; z < mask->size[2]; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = -1; z >= 0 && y < mask->size[1]; y++)
		{
			const uint64_t *row = rad_bit_row(mask, y, z);

			append_ends(list, row, empty, words, 2 * y, 2 * z, 1);
			append_ends(list, row, rad_bit_row(mask, y + 1, z), words, 2 * y + 1, 2 * z, 0);
		}
		for (int y = 0; y < mask->size[1]; y++)
			append_ends(list, rad_bit_row(mask, y, z), rad_bit_row(mask, y, z + 1), words,
						2 * y, 2 * z + 1, 0);
	}
	return true;
}

/* Does a, b, c turn left (positive), right, or go straight in the axes (u, v)? */
static int64_t
turn(const int32_t *a, const int32_t *b, const int32_t *c, int u, int v)
{
	return (int64_t) (b[u] - a[u]) * (c[v] - a[v]) -
		(int64_t) (b[v] - a[v]) * (c[u] - a[u]);
}

/*
 * 2-D hull (Andrew's monotone chain) of points ordered by u, then v, written to
 * hull; returns the number.  Points on an edge are dropped.
 */
static int64_t
planar_hull(const int32_t (*points)[3], int64_t count, int u, int v, int32_t (*hull)[3])
{
	int64_t		size = 0;
	int64_t		lower;

	if (count == 1)
	{
		memcpy(hull[0], points[0], sizeof(points[0]));
		return 1;
	}
	for (int64_t n = 0; n < count; n++)
	{
		while (size >= 2 && turn(hull[size - 2], hull[size - 1], points[n], u, v) <= 0)
			size--;
		memcpy(hull[size++], points[n], sizeof(points[n]));
	}
	lower = size;
	for (int64_t n = count - 2; n >= 0; n--)
	{
		while (size > lower &&
			   turn(hull[size - 2], hull[size - 1], points[n], u, v) <= 0)
			size--;
		memcpy(hull[size++], points[n], sizeof(points[n]));
	}
	return size - 1;			/* the first point has come again */
}

/* Stable counting sort of points by one axis; places has room for its range. */
static void
sort_by_axis(const PointList *from, PointList *to, int axis, int range, int64_t *places)
{
	memset(places, 0, (size_t) (range + 1) * sizeof(int64_t));
	for (int64_t n = 0; n < from->count; n++)
		places[from->points[n][axis] + 2]++;
	for (int n = 1; n <= range; n++)
		places[n] += places[n - 1];
	for (int64_t n = 0; n < from->count; n++)
		memcpy(to->points[places[from->points[n][axis] + 1]++], from->points[n],
			   sizeof(from->points[n]));
	to->count = from->count;
}

/*
 * Replace the points of every plane of constant `axis` by their 2-D hull.
 * The points are ordered by axis, then u, then v.
 */
static bool
prune_planes(RadContext *context, PointList *from, PointList *to, int axis, int u, int v)
{
	int64_t		first = 0;

	to->count = 0;
	while (first < from->count)
	{
		int64_t		last = first + 1;

		if (!rad_continue(context))
			return false;
		while (last < from->count && from->points[last][axis] == from->points[first][axis])
			last++;
		to->count += planar_hull((const int32_t (*)[3]) from->points + first, last - first,
								 u, v, to->points + to->count);
		first = last;
	}
	return true;
}

/* Two lists long enough for the line ends of a mask, and places for sorting. */
static bool
create_lists(RadContext *context, const BitMask *mask, PointList *list, PointList *spare,
			 int *range, int64_t **places)
{
	int64_t		lines = 0;

	*range = 0;
	lines += (int64_t) (mask->size[1] * 2 + 1) * mask->size[2];
	lines += (int64_t) mask->size[1] * (mask->size[2] + 1);
	for (int axis = 0; axis < 3; axis++)
		if (*range < 2 * mask->size[axis] + 1)
			*range = 2 * mask->size[axis] + 1;
	/* The chain of a plane is closed by one point more than it keeps. */
	list->count = spare->count = 0;
	list->points = rad_allocate(context, (size_t) lines * 2 + 1, sizeof(*list->points));
	spare->points = rad_allocate(context, (size_t) lines * 2 + 1, sizeof(*spare->points));
	*places = rad_new(context, int64_t, *range + 2);
	return list->points != NULL && spare->points != NULL && *places != NULL;
}

bool
rad_extreme_vertices(RadContext *context, const BitMask *mask, PointList *list)
{
	int			range;
	PointList	spare;
	int64_t    *places;

	if (!create_lists(context, mask, list, &spare, &range, &places) ||
		!collect_line_ends(context, mask, list) ||
		!prune_planes(context, list, &spare, 2, 1, 0))
		return false;
	for (int axis = 1; axis >= 0; axis--)
	{
		int			u = axis == 1 ? 2 : 1;
		int			v = axis == 1 ? 0 : 2;

		sort_by_axis(&spare, list, v, range, places);
		sort_by_axis(list, &spare, u, range, places);
		sort_by_axis(&spare, list, axis, range, places);
		if (!prune_planes(context, list, &spare, axis, u, v))
			return false;
	}
	memcpy(list->points, spare.points, (size_t) spare.count * sizeof(*list->points));
	list->count = spare.count;
	rad_release(context, spare.points);
	rad_release(context, places);
	return true;
}

/* Can two points of a plane be farther apart than the best (a square)? */
static bool
may_hold_farther(const int32_t (*points)[3], int64_t count, int u, int v,
				 const double spacing[3], double best)
{
	/* Ordered by u: only v has to be looked for. */
	double		width = (points[count - 1][u] - points[0][u]) * spacing[u];
	int32_t		low = INT32_MAX;
	int32_t		high = INT32_MIN;
	double		height;

	for (int64_t n = 0; n < count; n++)
	{
		low = points[n][v] < low ? points[n][v] : low;
		high = points[n][v] > high ? points[n][v] : high;
	}
	height = (high - low) * spacing[v];
	return count > 1 && width * width + height * height > best;
}

/* Raise *best (a square, half millimetres) to the farthest pair of a plane. */
static void
farthest_in_plane(const int32_t (*points)[3], int64_t count, int u, int v,
				  const double spacing[3], double *best)
{
	for (int64_t n = 0; n < count; n++)
		for (int64_t m = n + 1; m < count; m++)
		{
			double		du = (points[n][u] - points[m][u]) * spacing[u];
			double		dv = (points[n][v] - points[m][v]) * spacing[v];
			double		squared = du * du + dv * dv;

			if (squared > *best)
				*best = squared;
		}
}

/* Largest distance within planes of constant `axis`; hull has room for a plane. */
static bool
farthest_in_planes(RadContext *context, const PointList *list, int axis, int u, int v,
				   const double spacing[3], int32_t (*hull)[3], double *distance)
{
	double		best = -1.0;
	int64_t		first = 0;

	while (first < list->count)
	{
		const int32_t (*plane)[3] = (const int32_t (*)[3]) list->points + first;
		int64_t		last = first + 1;

		if (!rad_continue(context))
			return false;
		while (last < list->count && list->points[last][axis] == list->points[first][axis])
			last++;
		if (may_hold_farther(plane, last - first, u, v, spacing, best))
			farthest_in_plane((const int32_t (*)[3]) hull,
							  planar_hull(plane, last - first, u, v, hull), u, v, spacing,
							  &best);
		first = last;
	}
	*distance = best < 0.0 ? -1.0 : sqrt(best) / 2.0;
	return true;
}

bool
rad_maximum_plane_distances(RadContext *context, const BitMask *mask,
							const double spacing[3], double *same_y, double *same_z)
{
	int			range;
	PointList	list;
	PointList	spare;
	int64_t    *places;

	/* Collected in order of z, y, x: one stable sort makes it y, z, x. */
	if (!create_lists(context, mask, &list, &spare, &range, &places) ||
		!collect_line_ends(context, mask, &list) ||
		(same_z != NULL &&
		 !farthest_in_planes(context, &list, 2, 1, 0, spacing, spare.points, same_z)))
		return false;
	sort_by_axis(&list, &spare, 1, range, places);
	if (!farthest_in_planes(context, &spare, 1, 2, 0, spacing, list.points, same_y))
		return false;
	rad_release(context, list.points);
	rad_release(context, spare.points);
	rad_release(context, places);
	return true;
}

/* A point in half millimetres and its distance from the middle of all. */
typedef struct Candidate
{
	double		x;
	double		y;
	double		z;
	double		radius;
} Candidate;

static int
compare_radius(const void *a, const void *b)
{
	double		first = ((const Candidate *) a)->radius;
	double		second = ((const Candidate *) b)->radius;

	return (first < second) - (first > second);
}

static double
squared_distance(const Candidate *a, const Candidate *b)
{
	double		x = a->x - b->x;
	double		y = a->y - b->y;
	double		z = a->z - b->z;

	return x * x + y * y + z * z;
}

/* Index of the candidate farthest from number n, and raise *best to it. */
static int64_t
farthest(const Candidate *candidates, int64_t count, int64_t n, double *best)
{
	int64_t		index = 0;
	double		largest = -1.0;

	for (int64_t m = 0; m < count; m++)
	{
		double		squared = squared_distance(&candidates[n], &candidates[m]);

		if (squared > largest)
		{
			largest = squared;
			index = m;
		}
	}
	if (largest > *best)
		*best = largest;
	return index;
}

/*
 * Largest distance: points ordered by their distance from the middle, and a
 * pair is measured only while its two radii together exceed the best so far
 * (with room for rounding, so the result is that of all pairs).
 */
static bool
farthest_pair(RadContext *context, const Candidate *candidates, int64_t count,
			  double *best)
{
	int64_t		measured = 0;

	farthest(candidates, count, farthest(candidates, count, 0, best), best);
	for (int64_t n = 0; n < count; n++)
	{
		double		needed = sqrt(*best) * (1.0 - 1e-9) - candidates[n].radius;

		if (candidates[n].radius < needed)
			break;
		for (int64_t m = n + 1; m < count && candidates[m].radius >= needed; m++)
		{
			double		squared = squared_distance(&candidates[n], &candidates[m]);

			if (squared > *best)
				*best = squared;
			measured++;
		}
		if (measured > PAIRS_PER_POLL)
		{
			if (!rad_continue(context))
				return false;
			measured = 0;
		}
	}
	return true;
}

bool
rad_maximum_distance(RadContext *context, const PointList *list, const double spacing[3],
					 double *distance)
{
	Candidate  *candidates = rad_new(context, Candidate, list->count);
	int32_t		low[3] = {INT32_MAX, INT32_MAX, INT32_MAX};
	int32_t		high[3] = {INT32_MIN, INT32_MIN, INT32_MIN};
	Candidate	middle;
	double		best = 0.0;

	if (candidates == NULL)
		return false;
	for (int64_t n = 0; n < list->count; n++)
		for (int axis = 0; axis < 3; axis++)
		{
			if (list->points[n][axis] < low[axis])
				low[axis] = list->points[n][axis];
			if (list->points[n][axis] > high[axis])
				high[axis] = list->points[n][axis];
		}
	middle.x = (low[0] + high[0]) / 2.0 * spacing[0];
	middle.y = (low[1] + high[1]) / 2.0 * spacing[1];
	middle.z = (low[2] + high[2]) / 2.0 * spacing[2];
	for (int64_t n = 0; n < list->count; n++)
	{
		candidates[n].x = list->points[n][0] * spacing[0];
		candidates[n].y = list->points[n][1] * spacing[1];
		candidates[n].z = list->points[n][2] * spacing[2];
		candidates[n].radius = sqrt(squared_distance(&candidates[n], &middle));
	}
	qsort(candidates, (size_t) list->count, sizeof(Candidate), compare_radius);
	if (!farthest_pair(context, candidates, list->count, &best))
		return false;
	rad_release(context, candidates);
	*distance = sqrt(best) / 2.0;
	return true;
}
