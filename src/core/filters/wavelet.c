/*
 * Undecimated (stationary) wavelet transform, as PyRadiomics uses PyWavelets:
 * periodic; an odd axis is first extended by a copy of its first sample, which
 * is dropped from the results; every level applies the undilated filters to the
 * last approximation.
 *
 *	low[k]  = sum over j of bank->low[j]  x[(k + length / 2 - j) mod n]
 *	high[k] = sum over j of bank->high[j] x[(k + length / 2 - j) mod n]
 *
 * along x, then y, then z, each pass stored in the precision of the result.
 *
 * Only what the wanted box depends on is computed.  Going back from it, every
 * pass widens the box along its axis by the length of the filter; positions are
 * unwrapped (negative before the first sample) until the box is a whole period.
 */
#include "filters/image_types.h"

#include <stdio.h>
#include <string.h>

#include "base/cpu_level.h"
#include "filters/dense.h"
#include "filters/wavelet_rows.h"

/* Samples along an axis that a block holds: start <= position < start + count. */
typedef struct Extent
{
	int			start;			/* may be negative */
	int			count;
	int			period;			/* samples of the extended axis, even */
	bool		whole;			/* the period from position 0: positions wrap around */
} Extent;

typedef struct Block
{
	Extent		extent[3];
	void	   *voxels;			/* float or double, x fastest */
} Block;

typedef struct Transform
{
	const Volume *image;
	const WaveletParameters *parameters;
	VoxelType	type;			/* of the results */
	Box			wanted;
	Extent		target[3];		/* the wanted box */
	int			emitted_level;	/* from 1 */
	const WaveletKernels *kernels;

	/* Voxels of the blocks in work, one per axis, and how many there is room for. */
	void	   *work[3];
	size_t		room[3];
	FilteredImageVisitor visit;
	void	   *argument;
} Transform;

/*
 * PyWavelets adds up the taps in the order of j but for results whose first
 * taps reach over the end of the period: the last of those taps comes first,
 * down to tap 0, then the others.  How many taps those are:
 */
static inline int
wrapped_taps(const Extent *extent, int position, int length)
{
	int			index = position % extent->period;
	int			wrapped;

	if (index < 0)
		index += extent->period;
	wrapped = index + length / 2 - extent->period + 1;
	return wrapped > 0 ? wrapped : 0;
}

/* The tap that is added as n-th. */
static inline int
tap_in_order(int wrapped, int n)
{
	return n < wrapped ? wrapped - 1 - n : n;
}

/* Index in a block of a position along one axis. */
static inline int
place(const Extent *extent, int position)
{
	if (!extent->whole)
		return position - extent->start;
	position %= extent->period;
	return position < 0 ? position + extent->period : position;
}

#define REAL float
#define WAVELET_KERNEL(name) name##_float
#include "filters/wavelet_kernel.h"
#undef REAL
#undef WAVELET_KERNEL

#define REAL double
#define WAVELET_KERNEL(name) name##_double
#include "filters/wavelet_kernel.h"
#undef REAL
#undef WAVELET_KERNEL

/* The samples from which an extent is computed by a filter of the given length. */
static Extent
widened(const Extent *extent, int length)
{
	Extent		wide = *extent;

	wide.start -= length - 1 - length / 2;
	wide.count += length - 1;
	if (extent->whole || wide.count >= extent->period)
		wide = (Extent) {0, extent->period, extent->period, true};
	return wide;
}

static size_t
block_size(const Block *block)
{
	return (size_t) block->extent[0].count * (size_t) block->extent[1].count *
		(size_t) block->extent[2].count;
}

static bool
create_block(RadContext *context, const Transform *transform, Block *block)
{
	block->voxels = rad_allocate(context, block_size(block), rad_voxel_size(transform->type));
	return block->voxels != NULL;
}

/* A block in the work memory of an axis. */
static bool
work_block(RadContext *context, Transform *transform, int axis, Block *block)
{
	if (transform->room[axis] < block_size(block))
	{
		rad_release(context, transform->work[axis]);
		transform->work[axis] = NULL;
		transform->room[axis] = 0;
		if (!create_block(context, transform, block))
			return false;
		transform->work[axis] = block->voxels;
		transform->room[axis] = block_size(block);
	}
	block->voxels = transform->work[axis];
	return true;
}

static bool
filter_block(RadContext *context, const Transform *transform, const Block *in, int axis,
			 bool high, Block *out)
{
	const WaveletBank *bank = transform->parameters->bank;

	if (transform->type == VOXEL_FLOAT32)
		return filter_block_float(context, transform->kernels, in, axis,
								  high ? bank->high_single : bank->low_single, bank->length, out);
	return filter_block_double(context, transform->kernels, in, axis,
							   high ? bank->high : bank->low, bank->length, out);
}

/* Index in the image of a position: the sample behind an odd axis is the first. */
static int
image_index(const Transform *transform, const Extent *extent, int axis, int position)
{
	const Box  *box = &transform->image->box;
	int			index = position % extent->period;

	if (index < 0)
		index += extent->period;
	return box->lo[axis] + (index < rad_box_size(box, axis) ? index : 0);
}

/* Fill a block with the image's voxels. */
static bool
load_block(RadContext *context, const Transform *transform, Block *block)
{
	const Box  *box = &transform->image->box;
	const Extent *extent = block->extent;
	double	   *row = rad_new(context, double, rad_box_size(box, 0));
	int		   *source = rad_new(context, int, extent[0].count);
	int64_t		at = 0;

	if (row == NULL || source == NULL || !create_block(context, transform, block))
		return false;
	for (int x = 0; x < extent[0].count; x++)
		source[x] = image_index(transform, &extent[0], 0, extent[0].start + x) - box->lo[0];
	for (int z = 0; z < extent[2].count; z++)
	{
		if (!rad_continue(context))
			return false;
		for (int y = 0; y < extent[1].count; y++, at += extent[0].count)
		{
			rad_dense_row(transform->image, box->lo[0], box->hi[0],
						  image_index(transform, &extent[1], 1, extent[1].start + y),
						  image_index(transform, &extent[2], 2, extent[2].start + z), row);
			if (transform->type == VOXEL_FLOAT32)
				for (int x = 0; x < extent[0].count; x++)
					((float *) block->voxels)[at + x] = (float) row[source[x]];
			else
				for (int x = 0; x < extent[0].count; x++)
					((double *) block->voxels)[at + x] = row[source[x]];
		}
	}
	rad_release(context, source);
	rad_release(context, row);
	return true;
}

static bool
emit(RadContext *context, const Transform *transform, const char *letters, const Block *band)
{
	char		name[RAD_IMAGE_NAME_SIZE];
	Volume		volume = {transform->image->grid, transform->wanted, transform->type,
		band->voxels};

	if (transform->emitted_level == 1)
		snprintf(name, sizeof(name), "wavelet-%s", letters);
	else
		snprintf(name, sizeof(name), "wavelet%d-%s", transform->emitted_level, letters);
	return transform->visit(context, transform->argument, name, &volume);
}

/*
 * Split a block along the next axis and what comes of it along the others;
 * emit the bands.  letters: those of the axes done.  The band of low passes
 * only ends up in *approximation, over the extents that it holds when called,
 * or, with bands unset, alone.
 */
static bool
split(RadContext *context, Transform *transform, const Block *in, int axis,
	  const char *letters, bool bands, Block *approximation)
{
	const WaveletParameters *parameters = transform->parameters;
	bool		low_only = strchr(letters, 'H') == NULL;
	int			last = 2;

	while (axis < 3 && !parameters->along[axis])
		axis++;
	if (axis == 3)
		return low_only || emit(context, transform, letters, in);
	while (!parameters->along[last])
		last--;
	for (int high = 0; high < (bands ? 2 : 1); high++)
	{
		char		longer[4];
		Block		out = *in;
		bool		low = low_only && !high;

		for (int other = axis; other < 3; other++)
		{
			const Extent *end = low ? &approximation->extent[other] : &transform->target[other];

			if (parameters->along[other])
				out.extent[other] = other == axis ? *end :
					widened(end, parameters->bank->length);
		}
		if (!low)
			for (int other = 0; other < axis; other++)
				if (parameters->along[other])
					out.extent[other] = transform->target[other];
		snprintf(longer, sizeof(longer), "%s%c", letters, high ? 'H' : 'L');
		if (low && axis == last)
		{
			if (!create_block(context, transform, &out))
				return false;
			approximation->voxels = out.voxels;
		}
		else if (!work_block(context, transform, axis, &out))
			return false;
		if (!filter_block(context, transform, in, axis, high, &out) ||
			!split(context, transform, &out, axis + 1, longer, bands, approximation))
			return false;
	}
	return true;
}

/* Extents of the approximation after the given pass, of passes in all. */
static void
approximation_extents(const Transform *transform, int pass, int passes, Extent extents[3])
{
	const WaveletParameters *parameters = transform->parameters;

	for (int axis = 0; axis < 3; axis++)
	{
		extents[axis] = transform->target[axis];
		if (parameters->along[axis])
			for (int later = pass; later < passes; later++)
				extents[axis] = widened(&extents[axis], parameters->bank->length);
	}
}

bool
rad_filter_wavelet(RadContext *context, const Volume *image,
				   const WaveletParameters *parameters, const Box *wanted,
				   FilteredImageVisitor visit, void *argument)
{
	Transform	transform = {
		.image = image, .parameters = parameters,
		.type = image->type == VOXEL_FLOAT32 ? VOXEL_FLOAT32 : VOXEL_FLOAT64,
		.wanted = wanted != NULL ? *wanted : image->box,
		.visit = visit, .argument = argument,
		.kernels = rad_cpu_runs_v3() ? &rad_wavelet_kernels_v3 : &rad_wavelet_kernels_v2,
	};
	int			passes = parameters->start_level + parameters->levels;
	char		letters[4] = "";
	Block		block;
	bool		done;

	for (int axis = 0; axis < 3; axis++)
	{
		int			size = rad_box_size(&image->box, axis);

		transform.target[axis] = (Extent) {
			transform.wanted.lo[axis] - image->box.lo[axis],
			rad_box_size(&transform.wanted, axis), size + size % 2, false
		};
		if (parameters->along[axis])
			strcat(letters, "L");
	}
	approximation_extents(&transform, 0, passes, block.extent);
	if (!load_block(context, &transform, &block))
		return false;
	for (int pass = 1; pass <= passes; pass++)
	{
		Block		approximation = {.voxels = NULL};

		transform.emitted_level = pass - parameters->start_level;
		approximation_extents(&transform, pass, passes, approximation.extent);
		if (!split(context, &transform, &block, 0, "", pass > parameters->start_level,
				   &approximation))
			return false;
		rad_release(context, block.voxels);
		block = approximation;
	}
	done = emit(context, &transform, letters, &block);
	rad_release(context, block.voxels);
	for (int axis = 0; axis < 3; axis++)
		rad_release(context, transform.work[axis]);
	return done;
}
