/*
 * The pipeline of PyRadiomics for one label: mask checks, normalisation,
 * resampling or cropping, re-segmentation, shape, then every image type with
 * every feature class.
 */
#ifndef RAD_PYRADIOMICS_PIPELINE_H
#define RAD_PYRADIOMICS_PIPELINE_H

#include "device/device.h"
#include "formats/mask_runs.h"
#include "pyradiomics/settings.h"

/*
 * An opened pair.  The mask has been scanned for the labels that are wanted and
 * is on its own grid; nothing is read of the image yet.
 */
typedef struct PyradiomicsScan
{
	VolumeReader *image;
	MaskRuns   *mask;
} PyradiomicsScan;

/*
 * Join two opened readers.  The frame of the mask has to be the setting
 * label_channel.  labels are those that will be asked for, NULL for all (which
 * rad_pyradiomics_diagnose() needs): of a stored mask only their voxels are read.
 */
extern bool rad_pyradiomics_join(RadContext *context, VolumeReader *image,
								 VolumeReader *mask, const int32_t *labels, int label_count,
								 PyradiomicsScan *scan);

/* Where results go; functions return false to fail.  notice may be NULL. */
typedef struct PyradiomicsOutput
{
	/* A feature of an image type ("original", "wavelet-LLH"), in output order. */
	bool		(*value) (RadContext *context, void *argument, const char *image_type,
						  PyradiomicsFeature feature, double value);

	/* What PyRadiomics logs as a warning: a sentence about what was left out. */
	void		(*notice) (void *argument, const char *message);
	void	   *argument;
} PyradiomicsOutput;

/*
 * The image and the mask of one label as the feature classes get them: after
 * normalisation, resampling or cropping, and the checks.
 */
typedef struct PyradiomicsStage
{
	Volume		image;			/* what filters see; its box may be part of the grid */
	Box			box;			/* of the label, in the image's grid */
	uint8_t    *mask;			/* over box: 0 or 1 */
	int64_t		count;			/* voxels inside */

	/* What happened on the way, for the diagnostics. */
	bool		resampled;
	bool		corrected;
	bool		resegmented;
	Box			before_box;		/* the label's before re-segmentation ... */
	uint8_t    *before_mask;	/* ... its mask over that box, and voxels */
	int64_t		before_count;
} PyradiomicsStage;

/*
 * Read and prepare one label.  whole: read all of the image whatever the
 * settings need.  pad: voxels around the label that the image has to hold.
 */
extern bool rad_pyradiomics_prepare(RadContext *context, PyradiomicsScan *scan, int32_t label,
									const PyradiomicsSettings *settings, bool whole, int pad,
									PyradiomicsStage *stage);

/* Bytes over a box that are 1 where the mask has the label. */
extern uint8_t *rad_pyradiomics_label_bytes(RadContext *context, const MaskRuns *mask,
											int32_t label, const Box *box);

/*
 * Features of one label; settings->options.label is not looked at.  Errors:
 * RAD_DATA_EXCEPTION and RAD_INVALID_PARAMETER where PyRadiomics gives up.
 */
extern bool rad_pyradiomics_extract(RadContext *context, const Device *device,
									PyradiomicsScan *scan, int32_t label,
									const PyradiomicsSettings *settings,
									const PyradiomicsOutput *output, int64_t *voxel_count);

/*
 * Deliver the filtered images of one image type of the settings, one at a time
 * (see FilteredImageVisitor); wanted and inside as in filters/image_types.h.
 */
typedef bool (*PyradiomicsImageVisitor) (RadContext *context, void *argument,
										 const char *name, const Volume *image);
extern bool rad_pyradiomics_filter(RadContext *context, const PyradiomicsStage *stage,
								   const PyradiomicsImage *type, const Box *wanted,
								   const uint8_t *inside, const PyradiomicsOutput *output,
								   PyradiomicsImageVisitor visit, void *argument);

#endif							/* RAD_PYRADIOMICS_PIPELINE_H */
