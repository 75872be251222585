/*
 * What the texture classes of one image ask a device for, as one request; see
 * glcm.c, level_size.c and ngtdm.c for how they count.
 */
#include "pyradiomics/counting_plan.h"

#include "features/counting_plan.h"
#include "pyradiomics/offsets.h"

/* The directions of unit offsets, all in one count. */
static bool
plan_glcm(RadContext *context, const PyradiomicsTexture *texture, RegionRequest *request)
{
	const PyradiomicsGrid *grid = &texture->grid;
	CountItem	item = {.kind = COUNT_COOCCURRENCES,.distance = 1};
	PyradiomicsOffsets offsets;

	if (!rad_pyradiomics_counts_directions(texture))
		return true;
	if (!rad_pyradiomics_offsets(context, grid->levels->size, grid->axis, grid->planar,
								 &texture->options->distances, &offsets))
	{
		/* The class will say so. */
		if (context->code == RAD_OUT_OF_MEMORY)
			return false;
		rad_clear_error(context);
		return true;
	}
	item.directions = rad_pyradiomics_directions(&offsets);
	rad_release(context, offsets.offset);
	rad_request_add(request, item);
	return true;
}

bool
rad_pyradiomics_begin(RadContext *context, const PyradiomicsTexture *texture,
					  const PyradiomicsSettings *settings, bool ahead,
					  RegionRequest *request)
{
	const PyradiomicsGrid *grid = &texture->grid;
	const int	radius = rad_pyradiomics_full_radius(&texture->options->distances);
	const bool	padded = radius > 0 && radius <= grid->levels->padding;
	Settings	families;

	if (texture->device->begin == NULL)
		return true;
	rad_settings_default(&families);
	families.families = 0;
	families.aggregations = 1u << (grid->planar ? AGGREGATION_2_5D_AVG : AGGREGATION_3D_AVG);
	families.ngtdm_distance = families.ngldm_distance = radius;
	families.ngldm_alpha = texture->options->gldm_a;
	rad_request_init(request, grid->levels);
	request->ahead = ahead;
	for (int n = 0; n < settings->class_count; n++)
		switch (settings->classes[n].class_id)
		{
			case PYRADIOMICS_glcm:
				if (!plan_glcm(context, texture, request))
					return false;
				break;
			case PYRADIOMICS_glrlm:
				families.families |= 1u << FAMILY_GLRLM;
				break;
			case PYRADIOMICS_glszm:
				families.families |= 1u << FAMILY_GLSZM;
				break;
			case PYRADIOMICS_gldm:
				families.families |= padded ? 1u << FAMILY_NGLDM : 0;
				break;
			case PYRADIOMICS_ngtdm:
				families.families |= padded ? 1u << FAMILY_NGTDM : 0;
				break;
			case PYRADIOMICS_firstorder:
			case PYRADIOMICS_shape:
			case PYRADIOMICS_shape2D:
				break;
		}
	rad_plan_textures(request, grid->levels, &families);
	request->cpu = rad_cpu_best();
	return rad_request_begin(context, texture->device, request);
}
