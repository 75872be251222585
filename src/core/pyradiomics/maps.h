/*
 * Voxel-based extraction: a map per feature, whose voxels hold the feature of
 * the box of kernelRadius around them.
 */
#ifndef RAD_PYRADIOMICS_MAPS_H
#define RAD_PYRADIOMICS_MAPS_H

#include "pyradiomics/pipeline.h"

/*
 * One finished map: float64 over the label's box grown by kernelRadius and
 * clipped to the image, as a volume of that size (its box is its grid).  The
 * voxels are released when the visitor returns.
 */
typedef bool (*PyradiomicsMapVisitor) (RadContext *context, void *argument,
									   const char *image_type, PyradiomicsFeature feature,
									   const Volume *map);

/* Which maps are wanted of those that the settings enable; NULL: all. */
typedef bool (*PyradiomicsMapFilter) (void *argument, const char *image_type,
									  PyradiomicsFeature feature);

typedef struct PyradiomicsMapOutput
{
	PyradiomicsMapVisitor visit;
	PyradiomicsMapFilter wanted;
	void		(*notice) (void *argument, const char *message);
	void	   *argument;
} PyradiomicsMapOutput;

/*
 * Maps of one label in output order; shape has none.  Memory is that of the
 * images and a number per voxel of the region and wanted feature of one class.
 */
extern bool rad_pyradiomics_maps(RadContext *context, PyradiomicsScan *scan, int32_t label,
								 const PyradiomicsSettings *settings,
								 const PyradiomicsMapOutput *output);

#endif							/* RAD_PYRADIOMICS_MAPS_H */
