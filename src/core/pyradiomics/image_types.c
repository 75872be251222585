/*
 * The image types: which filter makes them, with which settings, and what is
 * left out with a notice.
 */
#include <stdio.h>
#include <string.h>

#include "filters/image_types.h"
#include "pyradiomics/pipeline.h"

/* One image type of one stage. */
typedef struct Filtering
{
	const PyradiomicsStage *stage;
	const PyradiomicsOptions *options;
	const Box  *wanted;
	const uint8_t *inside;
	const PyradiomicsOutput *output;
	PyradiomicsImageVisitor visit;
	void	   *argument;
} Filtering;

static bool
is_two_dimensional(const Filtering *filtering)
{
	return filtering->stage->image.grid.dimension == 2;
}

static void
notice(const Filtering *filtering, const char *message)
{
	if (filtering->output->notice != NULL)
		filtering->output->notice(filtering->output->argument, message);
}

/* Hand one finished image on and release it. */
static bool
deliver(RadContext *context, const Filtering *filtering, const char *name, Volume *image)
{
	bool		visited = filtering->visit(context, filtering->argument, name, image);

	rad_release(context, image->voxels);
	return visited;
}

static bool
pointwise(RadContext *context, const Filtering *filtering, PointwiseFilter filter)
{
	Volume		filtered;

	return rad_filter_pointwise(context, &filtering->stage->image, filter, filtering->wanted,
								&filtered) &&
		deliver(context, filtering, rad_pointwise_name(filter), &filtered);
}

static bool
gradient(RadContext *context, const Filtering *filtering)
{
	Volume		filtered;

	return rad_filter_gradient(context, &filtering->stage->image,
							   filtering->options->gradient_use_spacing, filtering->wanted,
							   &filtered) &&
		deliver(context, filtering, "gradient", &filtered);
}

/* One image per sigma that fits the image. */
static bool
laplacian(RadContext *context, const Filtering *filtering)
{
	const PyradiomicsList *sigma = &filtering->options->sigma;

	for (int n = 0; n < sigma->count; n++)
	{
		const char *reason;
		char		written[PYRADIOMICS_NUMBER_SIZE];
		char		name[RAD_IMAGE_NAME_SIZE + PYRADIOMICS_NUMBER_SIZE];
		char		message[256];
		Volume		filtered;

		rad_pyradiomics_number_text(sigma, n, written);
		if (!rad_log_applies(&filtering->stage->image, sigma->values[n], &reason))
		{
			snprintf(message, sizeof(message), "LoG with sigma %s is left out: %s", written,
					 reason);
			notice(filtering, message);
			continue;
		}
		if (!rad_log_name(context, written, name, sizeof(name)) ||
			!rad_filter_log(context, &filtering->stage->image, sigma->values[n],
							filtering->wanted, &filtered) ||
			!deliver(context, filtering, name, &filtered))
			return false;
	}
	return true;
}

static bool
wavelet(RadContext *context, const Filtering *filtering)
{
	const PyradiomicsOptions *options = filtering->options;
	WaveletBank bank;
	WaveletParameters parameters = {
		.bank = &bank,
		.start_level = options->start_level,
		.levels = options->level,
		.along = {true, true, !is_two_dimensional(filtering)},
	};

	/* force2Ddimension counts axes from the slowest. */
	if (options->force_2d)
	{
		int			slowest = is_two_dimensional(filtering) ? 1 : 2;

		if (options->force_2d_dimension <= slowest)
			parameters.along[slowest - options->force_2d_dimension] = false;
	}
	if (!rad_wavelet_bank(options->wavelet, &bank))
		return rad_fail(context, RAD_INVALID_PARAMETER,
						"wavelet \"%s\" has no undecimated transform", options->wavelet);
	return rad_filter_wavelet(context, &filtering->stage->image, &parameters,
							  filtering->wanted, filtering->visit, filtering->argument);
}

static bool
lbp2d(RadContext *context, const Filtering *filtering)
{
	const PyradiomicsOptions *options = filtering->options;
	static const Lbp2dMethod methods[] = {
		[PYRADIOMICS_LBP2D_DEFAULT] = LBP2D_DEFAULT,
		[PYRADIOMICS_LBP2D_ROR] = LBP2D_ROR,
		[PYRADIOMICS_LBP2D_UNIFORM] = LBP2D_UNIFORM,
		[PYRADIOMICS_LBP2D_VAR] = LBP2D_VAR,
	};
	const Lbp2dParameters parameters = {
		.radius = options->lbp2d_radius,
		.samples = options->lbp2d_samples,
		.method = methods[options->lbp2d_method],
		.slice_axis = is_two_dimensional(filtering) ? 2 : 2 - options->force_2d_dimension,
		.two_dimensional = is_two_dimensional(filtering),
	};
	Volume		filtered;

	if (!options->force_2d && !is_two_dimensional(filtering))
		notice(filtering, "LBP2D is computed by slice, although force2D is not set.");
	return rad_filter_lbp2d(context, &filtering->stage->image, &parameters, filtering->wanted,
							&filtered) &&
		deliver(context, filtering, "lbp-2D", &filtered);
}

static bool
lbp3d(RadContext *context, const Filtering *filtering)
{
	const Lbp3dParameters parameters = {
		.levels = filtering->options->lbp3d_levels,
		.icosphere_radius = filtering->options->lbp3d_icosphere_radius,
		.icosphere_subdivision = filtering->options->lbp3d_icosphere_subdivision,
	};

	if (is_two_dimensional(filtering))
	{
		notice(filtering, "LBP3D is left out: the image has two dimensions.");
		return true;
	}
	return rad_filter_lbp3d(context, &filtering->stage->image, &parameters, filtering->inside,
							filtering->wanted, filtering->visit, filtering->argument);
}

bool
rad_pyradiomics_filter(RadContext *context, const PyradiomicsStage *stage,
					   const PyradiomicsImage *type, const Box *wanted,
					   const uint8_t *inside, const PyradiomicsOutput *output,
					   PyradiomicsImageVisitor visit, void *argument)
{
	const Filtering filtering = {
		.stage = stage,
		.options = &type->options,
		.wanted = wanted,
		.inside = inside,
		.output = output,
		.visit = visit,
		.argument = argument,
	};

	switch (type->type)
	{
		case PYRADIOMICS_ORIGINAL:
			return visit(context, argument, "original", &stage->image);
		case PYRADIOMICS_SQUARE:
			return pointwise(context, &filtering, POINTWISE_SQUARE);
		case PYRADIOMICS_SQUARE_ROOT:
			return pointwise(context, &filtering, POINTWISE_SQUARE_ROOT);
		case PYRADIOMICS_LOGARITHM:
			return pointwise(context, &filtering, POINTWISE_LOGARITHM);
		case PYRADIOMICS_EXPONENTIAL:
			return pointwise(context, &filtering, POINTWISE_EXPONENTIAL);
		case PYRADIOMICS_GRADIENT:
			return gradient(context, &filtering);
		case PYRADIOMICS_LOG:
			return laplacian(context, &filtering);
		case PYRADIOMICS_WAVELET:
			return wavelet(context, &filtering);
		case PYRADIOMICS_LBP2D:
			return lbp2d(context, &filtering);
		case PYRADIOMICS_LBP3D:
			return lbp3d(context, &filtering);
	}
	return rad_fail(context, RAD_INTERNAL, "unknown image type %d", (int) type->type);
}
