/*
 * The texture matrices of the box around one voxel.
 *
 * A box has a few hundred voxels and fewer levels, so matrices are counted in a
 * small dense array over the levels of the box (ranks), and only their cells go
 * into the formulas, which are those of whole regions.
 */
#include "pyradiomics/kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pyradiomics/level_size.h"
#include "pyradiomics/ngtdm.h"

/* Voxels of a box: positions are 16 bits. */
#define MOST_BOX_VOXELS 4096

static int
position(const MapKernel *kernel, int x, int y, int z)
{
	return (z * kernel->size[1] + y) * kernel->size[0] + x;
}

/* List the pairs of the box at an offset. */
static bool
list_pairs(RadContext *context, const MapKernel *kernel, const int step[3],
		   KernelPairs *pairs)
{
	const int  *size = kernel->size;

	pairs->count = 0;
	pairs->pair = rad_allocate(context, (size_t) kernel->voxels, sizeof(*pairs->pair));
	if (pairs->pair == NULL)
		return false;
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++)
			{
				int			to[3] = {x + step[0], y + step[1], z + step[2]};

				if (to[0] < 0 || to[1] < 0 || to[2] < 0 || to[0] >= size[0] ||
					to[1] >= size[1] || to[2] >= size[2])
					continue;
				pairs->pair[pairs->count][0] = (uint16_t) position(kernel, x, y, z);
				pairs->pair[pairs->count++][1] = (uint16_t) position(kernel, to[0], to[1], to[2]);
			}
	return true;
}

/* List the lines of the box along a direction: they begin where none precedes. */
static bool
list_lines(RadContext *context, const MapKernel *kernel, const int step[3],
		   KernelLines *lines)
{
	const int  *size = kernel->size;
	uint16_t   *next = rad_new(context, uint16_t, kernel->voxels);

	lines->count = 0;
	lines->line = rad_new(context, KernelLine, kernel->voxels);
	if (lines->line == NULL || next == NULL)
		return false;
	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
			for (int x = 0; x < size[0]; x++)
			{
				int			at[3] = {x - step[0], y - step[1], z - step[2]};
				KernelLine *line = &lines->line[lines->count];

				if (at[0] >= 0 && at[1] >= 0 && at[2] >= 0 && at[0] < size[0] &&
					at[1] < size[1] && at[2] < size[2])
					continue;
				lines->count++;
				line->at = next;
				line->count = 0;
				for (int n = 1;; n++)
				{
					for (int axis = 0; axis < 3; axis++)
						at[axis] += step[axis];
					if (at[0] < 0 || at[1] < 0 || at[2] < 0 || at[0] >= size[0] ||
						at[1] >= size[1] || at[2] >= size[2])
						break;
					line->at[line->count++] = (uint16_t) position(kernel, at[0], at[1], at[2]);
				}
				next += line->count;
			}
	return true;
}

/* Pairs, lines and their weights for the offsets that the grid allows. */
static bool
list_neighbours(RadContext *context, MapKernel *kernel)
{
	const PyradiomicsGrid *grid = kernel->grid;
	const PyradiomicsOptions *options = kernel->options;
	PyradiomicsOffsets far;
	PyradiomicsOffsets near;

	if (!rad_pyradiomics_offsets(context, grid->levels->size, grid->axis, grid->planar,
								 &options->distances, &far) ||
		!rad_pyradiomics_offsets(context, grid->levels->size, grid->axis, grid->planar, NULL,
								 &near))
		return false;
	kernel->offset_count = far.count;
	kernel->near_count = kernel->direction_count = near.count;
	kernel->offset = rad_new_zeroed(context, KernelPairs, far.count);
	kernel->near = rad_new_zeroed(context, KernelPairs, near.count);
	kernel->direction = rad_new_zeroed(context, KernelLines, near.count);
	kernel->offset_filled = rad_new_zeroed(context, bool, far.count);
	if (kernel->offset == NULL || kernel->near == NULL || kernel->direction == NULL ||
		kernel->offset_filled == NULL)
		return false;
	for (int n = 0; n < far.count; n++)
	{
		double		length = rad_pyradiomics_length(far.offset[n].step, grid->spacing,
													options->weighting_norm);

		if (!list_pairs(context, kernel, far.offset[n].step, &kernel->offset[n]))
			return false;
		kernel->offset[n].weight = options->weighting_norm == PYRADIOMICS_WEIGHTING_NONE ? 1.0 :
			exp(-(length * length));
	}
	for (int n = 0; n < near.count; n++)
	{
		if (!list_pairs(context, kernel, near.offset[n].step, &kernel->near[n]) ||
			!list_lines(context, kernel, near.offset[n].step, &kernel->direction[n]))
			return false;
		kernel->direction[n].weight = rad_pyradiomics_length(near.offset[n].step, grid->spacing,
															 options->weighting_norm);
	}
	rad_release(context, far.offset);
	rad_release(context, near.offset);
	return true;
}

bool
rad_map_kernel_create(RadContext *context, const PyradiomicsGrid *grid,
					  const PyradiomicsOptions *options, bool want_mcc, int level_count,
					  int present_count, MapKernel **kernel)
{
	MapKernel  *made = rad_new_zeroed(context, MapKernel, 1);
	int64_t		voxels = 1;

	if (made == NULL)
		return false;
	made->options = options;
	made->grid = grid;
	for (int axis = 0; axis < 3; axis++)
	{
		made->size[axis] = grid->planar && axis == 2 ? 1 : 2 * options->kernel_radius + 1;
		voxels *= made->size[axis];
	}
	if (voxels > MOST_BOX_VOXELS)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED,
				 "kernelRadius %d makes boxes of %lld voxels, more than %d",
				 options->kernel_radius, (long long) voxels, MOST_BOX_VOXELS);
		return rad_hint(context, "Maps are made with boxes of up to 15 x 15 x 15 voxels, or 63 x "
						"63 with force2D.");
	}
	made->voxels = (int) voxels;
	made->level = rad_new(context, int32_t, voxels);
	made->rank = rad_new(context, int32_t, voxels);
	made->present = rad_new(context, int32_t, voxels);
	made->counts = rad_new(context, uint16_t, voxels * voxels);
	/* A pair gives up to two cells. */
	made->cells = rad_new(context, PyradiomicsCell, 2 * voxels + 1);
	for (int n = 0; n < 4; n++)
		made->scratch[n] = rad_new(context, int32_t, voxels);
	if (made->level == NULL || made->rank == NULL || made->present == NULL ||
		made->counts == NULL || made->cells == NULL || made->scratch[0] == NULL ||
		made->scratch[1] == NULL || made->scratch[2] == NULL || made->scratch[3] == NULL)
		return false;
	*kernel = made;
	return list_neighbours(context, made) &&
		rad_pyradiomics_glcm_work(context, level_count, present_count,
								  options->symmetrical_glcm, want_mcc, &made->glcm);
}

static int
compare_levels(const void *left, const void *right)
{
	int32_t		a = *(const int32_t *) left;
	int32_t		b = *(const int32_t *) right;

	return (a > b) - (a < b);
}

/* Sort a few numbers: by insertion, which is quick for them. */
static void
sort_levels(int32_t *levels, int count)
{
	if (count > 64)
	{
		qsort(levels, (size_t) count, sizeof(*levels), compare_levels);
		return;
	}
	for (int n = 1; n < count; n++)
	{
		int32_t		level = levels[n];
		int			m = n;

		for (; m > 0 && levels[m - 1] > level; m--)
			levels[m] = levels[m - 1];
		levels[m] = level;
	}
}

void
rad_map_kernel_load(MapKernel *kernel, const int at[3])
{
	const GreyLevels *levels = kernel->grid->levels;
	const int  *size = kernel->size;
	int32_t    *level = kernel->level;
	int32_t    *sorted = kernel->present;
	int			inside = 0;
	int			count = 0;

	for (int z = 0; z < size[2]; z++)
		for (int y = 0; y < size[1]; y++)
		{
			int64_t		row = at[0] - size[0] / 2 +
				(at[1] + y - size[1] / 2) * levels->row_stride +
				(at[2] + z - size[2] / 2) * levels->slice_stride;

			for (int x = 0; x < size[0]; x++)
			{
				*level = levels->bytes_per_level == 1 ?
					((const uint8_t *) levels->levels)[row + x] :
					((const uint16_t *) levels->levels)[row + x];
				if (*level != 0)
					sorted[inside++] = *level;
				level++;
			}
		}
	sort_levels(sorted, inside);
	for (int n = 0; n < inside; n++)
		if (n == 0 || sorted[n] != sorted[count - 1])
			sorted[count++] = sorted[n];
	kernel->present_count = count;
	for (int n = 0; n < kernel->voxels; n++)
	{
		int			low = 0;
		int			high = count;

		/* The index of the level among those that occur. */
		while (low < high)
		{
			int			middle = (low + high) / 2;

			if (sorted[middle] < kernel->level[n])
				low = middle + 1;
			else
				high = middle;
		}
		kernel->rank[n] = kernel->level[n] == 0 ? -1 : low;
	}
}

static bool
has_pair(const MapKernel *kernel, const KernelPairs *pairs)
{
	for (int n = 0; n < pairs->count; n++)
		if (kernel->rank[pairs->pair[n][0]] >= 0 && kernel->rank[pairs->pair[n][1]] >= 0)
			return true;
	return false;
}

static bool
has_line(const MapKernel *kernel, const KernelLines *lines)
{
	for (int n = 0; n < lines->count; n++)
	{
		int			inside = 0;

		for (int m = 0; m < lines->line[n].count; m++)
			inside += kernel->rank[lines->line[n].at[m]] >= 0;
		if (inside > 1)
			return true;
	}
	return false;
}

int
rad_map_kernel_mark_offsets(MapKernel *kernel)
{
	int			filled = 0;

	for (int n = 0; n < kernel->offset_count; n++)
		if (has_pair(kernel, &kernel->offset[n]))
		{
			kernel->offset_filled[n] = true;
			filled++;
		}
	return filled;
}

/* Make room for another matrix in the merged list. */
static bool
merge(RadContext *context, MapKernel *kernel, int64_t *merged_count, int64_t cell_count,
	  double weight)
{
	if (*merged_count + cell_count > kernel->merged_room)
	{
		int64_t		room = 2 * (*merged_count + cell_count);
		PyradiomicsCell *grown = rad_new(context, PyradiomicsCell, room);

		if (grown == NULL)
			return false;
		if (*merged_count > 0)
			memcpy(grown, kernel->merged, (size_t) *merged_count * sizeof(*grown));
		rad_release(context, kernel->merged);
		kernel->merged = grown;
		kernel->merged_room = room;
	}
	for (int64_t c = 0; c < cell_count; c++)
	{
		kernel->merged[*merged_count] = kernel->cells[c];
		kernel->merged[(*merged_count)++].value *= weight;
	}
	return true;
}

/* The cells of one offset's matrix, ordered by level. */
static int64_t
pair_cells(MapKernel *kernel, const KernelPairs *pairs)
{
	const int	levels = kernel->present_count;
	PyradiomicsCell *cell = kernel->cells;
	uint16_t   *counts = kernel->counts;
	int			found = 0;

	memset(counts, 0, (size_t) levels * (size_t) levels * sizeof(*counts));
	for (int n = 0; n < pairs->count; n++)
	{
		int32_t		i = kernel->rank[pairs->pair[n][0]];
		int32_t		j = kernel->rank[pairs->pair[n][1]];

		if (i < 0 || j < 0)
			continue;
		counts[i * levels + j]++;
		if (kernel->options->symmetrical_glcm)
			counts[j * levels + i]++;
		found++;
	}
	if (found == 0)
		return 0;
	for (int i = 0; i < levels; i++)
		for (int j = 0; j < levels; j++)
			if (counts[i * levels + j] != 0)
				*cell++ = (PyradiomicsCell) {kernel->present[i], kernel->present[j],
				counts[i * levels + j]};
	return cell - kernel->cells;
}

bool
rad_map_kernel_glcm(RadContext *context, MapKernel *kernel,
					double values[PYRADIOMICS_FEATURE_COUNT])
{
	bool		weighted = kernel->options->weighting_norm != PYRADIOMICS_WEIGHTING_NULL;
	double	   *features = values + PYRADIOMICS_glcm_Autocorrelation;
	double		of[PYRADIOMICS_GLCM_FEATURES];
	double		sum[PYRADIOMICS_GLCM_FEATURES] = {0.0};
	int			defined[PYRADIOMICS_GLCM_FEATURES] = {0};
	int64_t		merged_count = 0;
	int			filled = 0;

	for (int n = 0; n < kernel->offset_count; n++)
	{
		int64_t		cell_count = pair_cells(kernel, &kernel->offset[n]);

		if (cell_count == 0)
			continue;
		filled++;
		if (weighted)
		{
			if (!merge(context, kernel, &merged_count, cell_count, kernel->offset[n].weight))
				return false;
			continue;
		}
		if (!rad_pyradiomics_glcm_matrix(context, kernel->glcm, kernel->cells, cell_count, of))
			return false;
		for (int f = 0; f < PYRADIOMICS_GLCM_FEATURES; f++)
			if (!isnan(of[f]))
			{
				sum[f] += of[f];
				defined[f]++;
			}
	}
	if (weighted || filled == 0)
	{
		if (merged_count > 0)
			merged_count = rad_pyradiomics_merge_cells(kernel->merged, merged_count);
		return rad_pyradiomics_glcm_matrix(context, kernel->glcm, kernel->merged, merged_count,
										   features);
	}
	for (int f = 0; f < PYRADIOMICS_GLCM_FEATURES; f++)
		features[f] = defined[f] > 0 ? sum[f] / defined[f] : NAN;
	if (filled < kernel->offsets_kept)
		features[GLCM_FEATURE(JointAverage)] = NAN;
	return true;
}

/* The cells of one direction's runs; 0 when no line holds two voxels. */
static int64_t
run_cells(MapKernel *kernel, const KernelLines *lines, int longest)
{
	uint16_t   *counts = kernel->counts;	/* [level][longest] */
	PyradiomicsCell *cell = kernel->cells;

	if (!has_line(kernel, lines))
		return 0;
	memset(counts, 0, (size_t) kernel->present_count * (size_t) longest * sizeof(*counts));
	for (int n = 0; n < lines->count; n++)
	{
		const KernelLine *line = &lines->line[n];

		for (int m = 0; m < line->count;)
		{
			int32_t		level = kernel->rank[line->at[m]];
			int			first = m;

			while (m < line->count && kernel->rank[line->at[m]] == level)
				m++;
			if (level >= 0)
				counts[level * longest + m - first - 1]++;
		}
	}
	for (int i = 0; i < kernel->present_count; i++)
		for (int j = 0; j < longest; j++)
			if (counts[i * longest + j] != 0)
				*cell++ = (PyradiomicsCell) {kernel->present[i], j + 1, counts[i * longest + j]};
	return cell - kernel->cells;
}

bool
rad_map_kernel_glrlm(RadContext *context, MapKernel *kernel,
					 double values[PYRADIOMICS_FEATURE_COUNT])
{
	const int	longest = kernel->size[0];
	bool		weighted = kernel->options->weighting_norm != PYRADIOMICS_WEIGHTING_NULL;
	LevelSizeValues of;
	LevelSizeValues mean = {0};
	double	   *sum = (double *) &mean;
	const double *value = (const double *) &of;
	int64_t		merged_count = 0;
	int			filled = 0;

	for (int n = 0; n < kernel->direction_count; n++)
	{
		int64_t		cell_count = run_cells(kernel, &kernel->direction[n], longest);

		if (cell_count == 0)
			continue;
		filled++;
		if (weighted)
		{
			if (!merge(context, kernel, &merged_count, cell_count, kernel->direction[n].weight))
				return false;
			continue;
		}
		if (!rad_pyradiomics_level_size(context, &kernel->glcm->logs, kernel->cells, cell_count,
										&of))
			return false;
		for (size_t f = 0; f < sizeof(mean) / sizeof(double); f++)
			sum[f] += value[f];
	}
	if (weighted)
	{
		if (merged_count > 0)
			merged_count = rad_pyradiomics_merge_cells(kernel->merged, merged_count);
		if (!rad_pyradiomics_level_size(context, &kernel->glcm->logs, kernel->merged,
										merged_count, &mean))
			return false;
	}
	else
		for (size_t f = 0; f < sizeof(mean) / sizeof(double); f++)
			sum[f] = filled > 0 ? sum[f] / filled : NAN;
	rad_pyradiomics_level_size_features(PYRADIOMICS_glrlm, &mean, values);
	return true;
}

/* Root of a voxel's zone, with the path halved. */
static int32_t
zone_root(int32_t *parent, int32_t voxel)
{
	while (parent[voxel] != voxel)
	{
		parent[voxel] = parent[parent[voxel]];
		voxel = parent[voxel];
	}
	return voxel;
}

bool
rad_map_kernel_glszm(RadContext *context, MapKernel *kernel,
					 double values[PYRADIOMICS_FEATURE_COUNT])
{
	int32_t    *parent = kernel->scratch[0];
	int32_t    *size = kernel->scratch[1];
	LevelSizeValues of;
	int64_t		count = 0;

	for (int n = 0; n < kernel->voxels; n++)
	{
		parent[n] = n;
		size[n] = 0;
	}
	for (int n = 0; n < kernel->near_count; n++)
		for (int m = 0; m < kernel->near[n].count; m++)
		{
			const uint16_t *pair = kernel->near[n].pair[m];

			if (kernel->rank[pair[0]] >= 0 && kernel->rank[pair[0]] == kernel->rank[pair[1]])
				parent[zone_root(parent, pair[0])] = zone_root(parent, pair[1]);
		}
	for (int n = 0; n < kernel->voxels; n++)
		if (kernel->rank[n] >= 0)
			size[zone_root(parent, n)]++;
	for (int n = 0; n < kernel->voxels; n++)
		if (size[n] > 0)
			kernel->cells[count++] = (PyradiomicsCell) {kernel->level[n], size[n], 1.0};
	count = rad_pyradiomics_merge_cells(kernel->cells, count);
	if (!rad_pyradiomics_level_size(context, &kernel->glcm->logs, kernel->cells, count, &of))
		return false;
	rad_pyradiomics_level_size_features(PYRADIOMICS_glszm, &of, values);
	return true;
}

/*
 * Of every voxel of the box: neighbours inside (scratch 0), the sum of their
 * levels (1) and those within alpha (2).
 */
static void
sum_neighbours(MapKernel *kernel)
{
	int32_t    *neighbours = kernel->scratch[0];
	int32_t    *sum = kernel->scratch[1];
	int32_t    *dependence = kernel->scratch[2];

	for (int n = 0; n < 3; n++)
		memset(kernel->scratch[n], 0, (size_t) kernel->voxels * sizeof(int32_t));
	for (int n = 0; n < kernel->offset_count; n++)
		for (int m = 0; m < kernel->offset[n].count; m++)
		{
			int			a = kernel->offset[n].pair[m][0];
			int			b = kernel->offset[n].pair[m][1];
			int			depends;

			if (kernel->level[a] == 0 || kernel->level[b] == 0)
				continue;
			depends = abs(kernel->level[a] - kernel->level[b]) <= kernel->options->gldm_a;
			neighbours[a]++;
			neighbours[b]++;
			sum[a] += kernel->level[b];
			sum[b] += kernel->level[a];
			dependence[a] += depends;
			dependence[b] += depends;
		}
}

bool
rad_map_kernel_gldm(RadContext *context, MapKernel *kernel,
					double values[PYRADIOMICS_FEATURE_COUNT])
{
	LevelSizeValues of;
	int64_t		count = 0;

	sum_neighbours(kernel);
	for (int n = 0; n < kernel->voxels; n++)
		if (kernel->level[n] != 0)
			kernel->cells[count++] = (PyradiomicsCell) {kernel->level[n],
			kernel->scratch[2][n] + 1, 1.0};
	count = rad_pyradiomics_merge_cells(kernel->cells, count);
	if (!rad_pyradiomics_level_size(context, &kernel->glcm->logs, kernel->cells, count, &of))
		return false;
	rad_pyradiomics_level_size_features(PYRADIOMICS_gldm, &of, values);
	return true;
}

bool
rad_map_kernel_ngtdm(RadContext *context, MapKernel *kernel,
					 double values[PYRADIOMICS_FEATURE_COUNT])
{
	NgtdmLevel	few[128];
	NgtdmLevel *levels = few;
	bool		done;

	if (kernel->present_count > 128)
	{
		levels = rad_new(context, NgtdmLevel, kernel->present_count);
		if (levels == NULL)
			return false;
	}
	for (int i = 0; i < kernel->present_count; i++)
		levels[i] = (NgtdmLevel) {kernel->present[i], 0, 0.0};
	sum_neighbours(kernel);
	for (int n = 0; n < kernel->voxels; n++)
	{
		int32_t		neighbours = kernel->scratch[0][n];

		if (kernel->level[n] == 0)
			continue;
		levels[kernel->rank[n]].count++;
		if (neighbours > 0)
			levels[kernel->rank[n]].difference +=
				fabs((double) kernel->level[n] - (double) kernel->scratch[1][n] / neighbours);
	}
	done = rad_pyradiomics_ngtdm_formulas(context, levels, kernel->present_count,
										  values + PYRADIOMICS_ngtdm_Busyness);
	if (levels != few)
		rad_release(context, levels);
	return done;
}
