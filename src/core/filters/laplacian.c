/*
 * Laplacian of Gaussian as ITK has it: per axis a second derivative along it,
 * then smoothing along the other two in the order x, y, z; the terms are added
 * up in the order x, y, z.  Each pass reads float32 (the first one the image),
 * computes in double and stores float32.
 *
 * The recursions reach over the whole line, so a pass always runs along whole
 * lines; but it keeps only the samples within the wanted box, and only lines
 * that a later pass still needs are filtered.
 */
#include "filters/image_types.h"

#include <math.h>
#include <string.h>

#include "base/cpu_level.h"
#include "filters/dense.h"
#include "filters/recursive_gaussian.h"

#define LANES RAD_RECURSIVE_LANES

bool
rad_log_applies(const Volume *image, double sigma, const char **reason)
{
	*reason = NULL;
	if (!(sigma > 0.0))
		*reason = "sigma is not positive";
	for (int axis = 0; axis < 3 && *reason == NULL; axis++)
	{
		int			size = rad_box_size(&image->box, axis);

		if (size < RAD_RECURSIVE_SHORTEST)
			*reason = "the image has fewer than 4 voxels along an axis";
		else if (size < ceil(sigma / image->grid.spacing[axis]) + 1.0)
			*reason = "sigma is larger than the image";
	}
	return *reason == NULL;
}

bool
rad_log_name(RadContext *context, const char *sigma, char *name, size_t size)
{
	static const char start[] = "log-sigma-";
	static const char end[] = "-mm-3D";

	if (strlen(sigma) + sizeof(start) + sizeof(end) > size)
		return rad_fail(context, RAD_INVALID_PARAMETER, "sigma \"%.64s\" is too long", sigma);
	strcpy(name, start);
	strcat(name, sigma);
	strcat(name, end);
	for (char *c = name; *c != '\0'; c++)
		if (*c == '.')
			*c = '-';
	return true;
}

/*
 * All passes of a term work in one buffer with the image's layout.  A pass along
 * an axis reads the lines within `lines` and stores them between lo and hi of
 * the axis; voxels that no later pass reads are never written.
 */
typedef struct Laplacian
{
	const Volume *image;
	int64_t		stride[3];		/* of the image and of work */
	RecursiveLines filter_lines;
	float	   *work;
	double	   *samples;		/* [longest line][LANES] */
	double	   *result;
	double	   *scratch;
} Laplacian;

/* The lines of one block: line n, sample i is first + n * apart + i * step. */
typedef struct LineBlock
{
	int64_t		first;
	int64_t		step;
	int64_t		apart;
	int			lanes;			/* lines; those beyond repeat the last */
	int			count;			/* samples of a line */
} LineBlock;

#define LOAD(ctype) \
	do \
	{ \
		const ctype *source = (const ctype *) voxels + block->first; \
		\
		if (block->apart == 1 && lanes == LANES) \
			for (int i = 0; i < block->count; i++) \
				for (int n = 0; n < LANES; n++) \
					samples[i * LANES + n] = source[i * block->step + n]; \
		else \
			for (int n = 0; n < LANES; n++) \
				for (int i = 0; i < block->count; i++) \
					samples[i * LANES + n] = source[i * block->step + \
													(n < lanes ? n : lanes - 1) * block->apart]; \
	} while (0)

/* samples[i * LANES + n] = sample i of line n */
static void
load_lines(VoxelType type, const void *voxels, const LineBlock *block, double *samples)
{
	int			lanes = block->lanes;

	switch (type)
	{
		case VOXEL_INT8:
			LOAD(int8_t);
			break;
		case VOXEL_UINT8:
			LOAD(uint8_t);
			break;
		case VOXEL_INT16:
			LOAD(int16_t);
			break;
		case VOXEL_UINT16:
			LOAD(uint16_t);
			break;
		case VOXEL_INT32:
			LOAD(int32_t);
			break;
		case VOXEL_UINT32:
			LOAD(uint32_t);
			break;
		case VOXEL_FLOAT32:
			LOAD(float);
			break;
		case VOXEL_FLOAT64:
			LOAD(double);
			break;
	}
}

/* Store samples lo ... hi - 1 of the lines as float32. */
static void
store_lines(const double *result, const LineBlock *block, int lo, int hi, float *voxels)
{
	float	   *out = voxels + block->first;

	if (block->apart == 1)
		for (int i = lo; i < hi; i++)
			for (int n = 0; n < block->lanes; n++)
				out[i * block->step + n] = (float) result[i * LANES + n];
	else
		for (int n = 0; n < block->lanes; n++)
			for (int i = lo; i < hi; i++)
				out[i * block->step + n * block->apart] = (float) result[i * LANES + n];
}

/* One pass along an axis, into work; lines and lo ... hi count from the image's box. */
static bool
filter_axis(RadContext *context, const Laplacian *laplacian, const RecursiveFilter *filter,
			int axis, bool first_pass, const Box *lines, int lo, int hi)
{
	int			across = axis == 0 ? 1 : 0;	/* lines side by side are along this one */
	int			outer = axis == 2 ? 1 : 2;
	VoxelType	type = first_pass ? laplacian->image->type : VOXEL_FLOAT32;
	const void *voxels = first_pass ? laplacian->image->voxels : laplacian->work;
	LineBlock	block = {
		.step = laplacian->stride[axis], .apart = laplacian->stride[across],
		.count = rad_box_size(&laplacian->image->box, axis)
	};

	for (int o = lines->lo[outer]; o < lines->hi[outer]; o++)
		for (int a = lines->lo[across]; a < lines->hi[across]; a += LANES)
		{
			block.lanes = lines->hi[across] - a < LANES ? lines->hi[across] - a : LANES;
			block.first = o * laplacian->stride[outer] + a * laplacian->stride[across];
			if (!rad_continue(context))
				return false;
			load_lines(type, voxels, &block, laplacian->samples);
			laplacian->filter_lines(filter, block.count, laplacian->samples, laplacian->result,
									laplacian->scratch);
			store_lines(laplacian->result, &block, lo, hi, laplacian->work);
		}
	return true;
}

/* The term of one axis, in work's voxels of the wanted box (from the image's box). */
static bool
term_of_axis(RadContext *context, const Laplacian *laplacian, double sigma, int axis,
			 const Box *wanted)
{
	Box			lines;

	for (int other = 0; other < 3; other++)
	{
		lines.lo[other] = 0;
		lines.hi[other] = rad_box_size(&laplacian->image->box, other);
	}
	for (int pass = 0; pass < 3; pass++)
	{
		int			along = pass == 0 ? axis : pass <= axis ? pass - 1 : pass;
		double		spacing = laplacian->image->grid.spacing[along];
		RecursiveFilter filter;

		if (pass == 0)
			rad_recursive_second_derivative(sigma, spacing, &filter);
		else
			rad_recursive_gaussian(sigma, spacing, &filter);
		if (!filter_axis(context, laplacian, &filter, along, pass == 0, &lines,
						 wanted->lo[along], wanted->hi[along]))
			return false;
		lines.lo[along] = wanted->lo[along];
		lines.hi[along] = wanted->hi[along];
	}
	return true;
}

/* sum = float32(sum + term * weight) */
static void
add_term(const Laplacian *laplacian, const Box *wanted, double weight, float *restrict sum)
{
	for (int z = wanted->lo[2]; z < wanted->hi[2]; z++)
		for (int y = wanted->lo[1]; y < wanted->hi[1]; y++)
		{
			const float *restrict term = laplacian->work + z * laplacian->stride[2] +
				y * laplacian->stride[1];

			for (int x = wanted->lo[0]; x < wanted->hi[0]; x++, sum++)
				*sum = (float) (*sum + term[x] * weight);
		}
}

bool
rad_filter_log(RadContext *context, const Volume *image, double sigma, const Box *wanted,
			   Volume *filtered)
{
	Laplacian	laplacian = {.image = image, .stride = {1}};
	Box			from_zero;
	int64_t		longest = 0;

	if (!rad_dense_create(context, image, wanted, VOXEL_FLOAT32, filtered))
		return false;
	for (int axis = 0; axis < 3; axis++)
	{
		int			size = rad_box_size(&image->box, axis);

		if (axis > 0)
			laplacian.stride[axis] = laplacian.stride[axis - 1] *
				rad_box_size(&image->box, axis - 1);
		longest = size > longest ? size : longest;
		from_zero.lo[axis] = filtered->box.lo[axis] - image->box.lo[axis];
		from_zero.hi[axis] = filtered->box.hi[axis] - image->box.lo[axis];
	}
	laplacian.filter_lines = rad_cpu_runs_v3() ? rad_recursive_lines_v3 : rad_recursive_lines_v2;
	laplacian.samples = rad_new(context, double, 3 * longest * LANES);
	laplacian.work = rad_new(context, float, rad_box_voxel_count(&image->box));
	if (laplacian.samples == NULL || laplacian.work == NULL)
		return false;
	laplacian.result = laplacian.samples + longest * LANES;
	laplacian.scratch = laplacian.result + longest * LANES;
	memset(filtered->voxels, 0, (size_t) rad_box_voxel_count(&filtered->box) * sizeof(float));
	for (int axis = 0; axis < 3; axis++)
	{
		double		spacing = image->grid.spacing[axis];

		if (!term_of_axis(context, &laplacian, sigma, axis, &from_zero))
			return false;
		add_term(&laplacian, &from_zero, 1.0 / (spacing * spacing), filtered->voxels);
	}
	rad_release(context, laplacian.work);
	rad_release(context, laplacian.samples);
	return true;
}
