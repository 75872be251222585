/*
 * The part of the NGTDM and NGLDM kernels that depends on the level's width;
 * kernel_neighbourhood.h includes this once with LEVEL uint8_t and once with
 * uint16_t.  LEVEL_NAME() adds the width to a name, LEVEL_SUM holds 27 levels.
 */
#define LEVEL_LANES ((int) (ROW_VECTOR_BYTES / sizeof(LEVEL)))

/*
 * Per x the sum of levels and the number of inside voxels over the 3 x 3
 * (planar: 3) rows around a row.
 */
static inline __attribute__((always_inline)) void
LEVEL_NAME(sum_columns)(const LEVEL *restrict row, int64_t row_stride,
						int64_t slice_stride, bool planar, int count,
						LEVEL_SUM *restrict sum, LEVEL *restrict inside)
{
	int			reach = planar ? 0 : 1;

	for (int x = 0; x < count; x++)
	{
		LEVEL_SUM	total = 0;
		LEVEL		voxels = 0;

		for (int z = -reach; z <= reach; z++)
			for (int y = -1; y <= 1; y++)
			{
				LEVEL		level = row[x + y * row_stride + z * slice_stride];

				total += level;
				voxels += level != 0;
			}
		sum[x] = total;
		inside[x] = voxels;
	}
}

/*
 * For the voxels row[0 .. count): how many of the box of 3^3 (planar: 3^2)
 * voxels around are inside, itself included, and |level * that - their sum|,
 * in which the voxel itself cancels.
 */
static void
LEVEL_NAME(compare_with_box)(NeighbourhoodRow *scratch, const LEVEL *row,
							 int64_t row_stride, int64_t slice_stride, bool planar,
							 int count)
{
	LEVEL_SUM  *restrict sum = scratch->sum;
	LEVEL	   *restrict inside = scratch->inside;
	LEVEL_SUM  *restrict difference = scratch->difference;
	LEVEL	   *restrict voxels = scratch->count;
	int			padded = (int) row_buffer_length(count);
	int			padded_more = (int) row_buffer_length(count + 2);

	/* sum[0] and inside[0] belong to the voxel before row[0]. */
	if (planar)
		LEVEL_NAME(sum_columns)(row - 1, row_stride, slice_stride, true, padded_more,
								sum, inside);
	else
		LEVEL_NAME(sum_columns)(row - 1, row_stride, slice_stride, false, padded_more,
								sum, inside);
	for (int x = 0; x < padded; x++)
	{
		LEVEL		k = inside[x] + inside[x + 1] + inside[x + 2];
		LEVEL_SUM	total = sum[x] + sum[x + 1] + sum[x + 2];
		LEVEL_SUM	expected = (LEVEL_SUM) row[x] * k;

		voxels[x] = k;
		difference[x] = expected > total ? expected - total : total - expected;
	}
}

static void
LEVEL_NAME(count_row_differences)(NeighbourhoodRow *scratch, const LEVEL *row,
								  int64_t row_stride, int64_t slice_stride, bool planar,
								  int size, int64_t *count, int64_t *difference)
{
	const LEVEL *voxels = scratch->count;
	const LEVEL_SUM *differences = scratch->difference;
	int			width = planar ? 9 : 27;

	LEVEL_NAME(compare_with_box)(scratch, row, row_stride, slice_stride, planar, size);
	for (int x = 0; x < size; x++)
	{
		int64_t		cell;

		if (row[x] == 0)
			continue;
		cell = (int64_t) (row[x] - 1) * width + voxels[x] - 1;
		count[cell]++;
		difference[cell] += differences[x];
	}
}

/* The same for any distance: sums over columns, then over a sliding window. */
static void
LEVEL_NAME(count_far_row_differences)(NeighbourhoodRow *scratch, const LEVEL *row,
									  int64_t row_stride, int64_t slice_stride,
									  int distance, bool planar, int size,
									  int64_t *count, int64_t *difference)
{
	uint64_t   *restrict sum = scratch->sum;
	uint32_t   *restrict inside = scratch->inside;
	int			reach = planar ? 0 : distance;
	int			side = 2 * distance + 1;
	int64_t		width = (int64_t) side * side * (2 * reach + 1);
	int			columns = size + 2 * distance;
	uint64_t	total = 0;
	uint32_t	k = 0;

	memset(sum, 0, (size_t) columns * sizeof(sum[0]));
	memset(inside, 0, (size_t) columns * sizeof(inside[0]));
	for (int z = -reach; z <= reach; z++)
		for (int y = -distance; y <= distance; y++)
		{
			const LEVEL *other = row + y * row_stride + z * slice_stride - distance;

			for (int x = 0; x < columns; x++)
			{
				sum[x] += other[x];
				inside[x] += other[x] != 0;
			}
		}
	for (int x = 0; x < columns; x++)
	{
		int			centre = x - 2 * distance;
		int64_t		error;
		int64_t		cell;

		total += sum[x];
		k += inside[x];
		if (centre < 0)
			continue;
		if (row[centre] != 0)
		{
			error = (int64_t) row[centre] * k - (int64_t) total;
			cell = (row[centre] - 1) * width + k - 1;
			count[cell]++;
			difference[cell] += error < 0 ? -error : error;
		}
		total -= sum[centre];
		k -= inside[centre];
	}
}

static bool
LEVEL_NAME(count_slice_differences)(RadContext *context, NeighbourhoodRow *scratch,
									const GreyLevels *levels, int slice, int distance,
									bool planar, int64_t *count, int64_t *difference)
{
	for (int y = 0; y < levels->size[1]; y++)
	{
		const LEVEL *row = (const LEVEL *) levels->levels +
			slice * levels->slice_stride + y * levels->row_stride;
		int			first;
		int			end;

		if ((distance > 1 || y % ROWS_PER_POLL == 0) && !rad_continue(context))
			return false;
		if (!row_extent(row, levels->size[0], sizeof(LEVEL), &first, &end))
			continue;
		if (distance == 1)
			LEVEL_NAME(count_row_differences)(scratch, row + first, levels->row_stride,
											  levels->slice_stride, planar, end - first,
											  count, difference);
		else
			LEVEL_NAME(count_far_row_differences)(scratch, row + first,
												  levels->row_stride,
												  levels->slice_stride, distance, planar,
												  end - first, count, difference);
	}
	return true;
}

/*
 * Dependences of the voxels row[0 .. count) at distance 1, themselves
 * included, for alpha 0: equal levels in the box around.
 */
static inline __attribute__((always_inline)) void
LEVEL_NAME(count_equal)(const LEVEL *row, int64_t row_stride, int64_t slice_stride,
						bool planar, int count, LEVEL *dependence)
{
	int			reach = planar ? 0 : 1;

	for (int x = 0; x < count; x += LEVEL_LANES)
	{
		LEVEL_VECTOR level;
		LEVEL_VECTOR other;
		LEVEL_VECTOR matches = {0};

		memcpy(&level, row + x, sizeof(level));
		for (int z = -reach; z <= reach; z++)
			for (int y = -1; y <= 1; y++)
				for (int step = -1; step <= 1; step++)
				{
					memcpy(&other, row + x + step + y * row_stride + z * slice_stride,
						   sizeof(other));
					/* all ones is -1 */
					matches -= (LEVEL_VECTOR) (level == other);
				}
		memcpy(dependence + x, &matches, sizeof(matches));
	}
}

/*
 * The same for any alpha: inside levels from max(level - alpha, 1) to
 * level + alpha, as one unsigned comparison with the width of that range.
 */
static inline __attribute__((always_inline)) void
LEVEL_NAME(count_similar)(const LEVEL *row, int64_t row_stride, int64_t slice_stride,
						  bool planar, int count, int alpha, LEVEL *dependence)
{
	int			reach = planar ? 0 : 1;
	const int	largest = (LEVEL) -1;
	LEVEL_VECTOR most = (LEVEL_VECTOR) {0} + (LEVEL) (alpha < largest ? alpha : largest);
	LEVEL_VECTOR one = (LEVEL_VECTOR) {0} + 1;

	for (int x = 0; x < count; x += LEVEL_LANES)
	{
		LEVEL_VECTOR level;
		LEVEL_VECTOR other;
		LEVEL_VECTOR low;
		LEVEL_VECTOR range;
		LEVEL_VECTOR room;
		LEVEL_VECTOR saturated;
		LEVEL_VECTOR matches = {0};

		memcpy(&level, row + x, sizeof(level));
		saturated = (LEVEL_VECTOR) (level > most);
		low = (saturated & (level - most)) | (~saturated & one);
		room = ~level;			/* up to the largest value */
		saturated = (LEVEL_VECTOR) (room > most);
		range = level - low + ((saturated & most) | (~saturated & room));
		for (int z = -reach; z <= reach; z++)
			for (int y = -1; y <= 1; y++)
				for (int step = -1; step <= 1; step++)
				{
					memcpy(&other, row + x + step + y * row_stride + z * slice_stride,
						   sizeof(other));
					matches -= (LEVEL_VECTOR) (other - low <= range);
				}
		memcpy(dependence + x, &matches, sizeof(matches));
	}
}

static void
LEVEL_NAME(count_row_dependences)(NeighbourhoodRow *scratch, const LEVEL *row,
								  int64_t row_stride, int64_t slice_stride, int alpha,
								  bool planar, int size, int64_t *count)
{
	LEVEL	   *dependence = scratch->count;
	int			width = planar ? 9 : 27;

	if (alpha == 0 && planar)
		LEVEL_NAME(count_equal)(row, row_stride, slice_stride, true, size, dependence);
	else if (alpha == 0)
		LEVEL_NAME(count_equal)(row, row_stride, slice_stride, false, size, dependence);
	else if (planar)
		LEVEL_NAME(count_similar)(row, row_stride, slice_stride, true, size, alpha,
								  dependence);
	else
		LEVEL_NAME(count_similar)(row, row_stride, slice_stride, false, size, alpha,
								  dependence);
	for (int x = 0; x < size; x++)
		if (row[x] != 0)
			count[(int64_t) (row[x] - 1) * width + dependence[x] - 1]++;
}

/* The same for any distance. */
static void
LEVEL_NAME(count_far_row_dependences)(NeighbourhoodRow *scratch, const LEVEL *row,
									  int64_t row_stride, int64_t slice_stride,
									  int distance, int alpha, bool planar, int size,
									  int64_t *count)
{
	uint32_t   *restrict dependence = scratch->inside;
	int			reach = planar ? 0 : distance;
	int			side = 2 * distance + 1;
	int64_t		width = (int64_t) side * side * (2 * reach + 1);

	memset(dependence, 0, (size_t) size * sizeof(dependence[0]));
	for (int z = -reach; z <= reach; z++)
		for (int y = -distance; y <= distance; y++)
			for (int step = -distance; step <= distance; step++)
			{
				const LEVEL *other = row + step + y * row_stride + z * slice_stride;

				for (int x = 0; x < size; x++)
				{
					int			gap = other[x] - row[x];

					gap = gap < 0 ? -gap : gap;
					dependence[x] += (other[x] != 0) & (gap <= alpha);
				}
			}
	for (int x = 0; x < size; x++)
		if (row[x] != 0)
			count[(row[x] - 1) * width + dependence[x] - 1]++;
}

static bool
LEVEL_NAME(count_slice_dependences)(RadContext *context, NeighbourhoodRow *scratch,
									const GreyLevels *levels, int slice, int distance,
									int alpha, bool planar, int64_t *count)
{
	for (int y = 0; y < levels->size[1]; y++)
	{
		const LEVEL *row = (const LEVEL *) levels->levels +
			slice * levels->slice_stride + y * levels->row_stride;
		int			first;
		int			end;

		if ((distance > 1 || y % ROWS_PER_POLL == 0) && !rad_continue(context))
			return false;
		if (!row_extent(row, levels->size[0], sizeof(LEVEL), &first, &end))
			continue;
		if (distance == 1)
			LEVEL_NAME(count_row_dependences)(scratch, row + first, levels->row_stride,
											  levels->slice_stride, alpha, planar,
											  end - first, count);
		else
			LEVEL_NAME(count_far_row_dependences)(scratch, row + first,
												  levels->row_stride,
												  levels->slice_stride, distance, alpha,
												  planar, end - first, count);
	}
	return true;
}

#undef LEVEL_LANES
