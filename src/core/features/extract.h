/*
 * From two readers to feature values: the one way that data flows.
 * bytes -> volume -> region -> image -> grey levels -> matrices -> features.
 */
#ifndef RAD_FEATURES_EXTRACT_H
#define RAD_FEATURES_EXTRACT_H

#include "device/device.h"
#include "features/texture.h"
#include "formats/mask_runs.h"
#include "settings/settings.h"

/* Image and masks before and after each step (IBSI diagnostic features). */
typedef struct ImageDiagnostics
{
	int			size[3];
	double		spacing[3];
	double		mean;
	double		minimum;
	double		maximum;
} ImageDiagnostics;

typedef struct MaskDiagnostics
{
	int			size[3];		/* of the image that the mask lies in */
	int			intensity_box[3];	/* size of the tight boxes */
	int			morphological_box[3];
	int64_t		intensity_count;
	int64_t		morphological_count;
	double		mean;			/* of the intensity mask */
	double		minimum;
	double		maximum;
} MaskDiagnostics;

typedef struct Diagnostics
{
	ImageDiagnostics initial_image;
	ImageDiagnostics interpolated_image;
	MaskDiagnostics initial_mask;
	MaskDiagnostics interpolated_mask;
	MaskDiagnostics resegmented_mask;
} Diagnostics;

/* The features of one label. */
typedef struct LabelFeatures
{
	int32_t		label;
	int64_t		voxel_count;	/* of the intensity mask; 0 after a failure */
	RadErrorCode code;			/* RAD_OK, or why the values are missing */
	char		message[512];
	Diagnostics diagnostics;	/* filled with settings->diagnostics */
	FeatureValues values;
} LabelFeatures;

typedef bool (*LabelCallback) (RadContext *context, void *argument,
							   const LabelFeatures *features);

/*
 * An opened pair: mask scanned for the labels that are wanted, geometry compared
 * (and the mask brought to the image's grid when the settings say so), nothing
 * read of the image yet.
 */
typedef struct ScanPair
{
	VolumeReader *image;
	MaskRuns   *mask;			/* on the image's grid */
} ScanPair;

/* For all labels of the mask. */
extern bool rad_scan_open(RadContext *context, const ByteSource *image,
						  const ByteSource *mask, const Settings *settings,
						  ScanPair *pair);

/*
 * The same for readers that are open already.  labels are those that will be
 * asked for, NULL for all: of a stored mask only their voxels are read.
 */
extern bool rad_scan_join(RadContext *context, VolumeReader *image, VolumeReader *mask,
						  const int32_t *labels, int label_count, const Settings *settings,
						  ScanPair *pair);

/*
 * Features of the given labels, or of every label of the mask when labels is
 * NULL, one callback each in the order given (ascending for all); the pair has
 * to be open for them.  The image is read once.  A device that is asked by
 * region gets the next labels before the present one is computed; neither
 * results nor failures depend on it.
 *
 * With settings->on_error_null a label that fails is delivered with its code and
 * message; a cancel, lack of memory or a defect always fails, and so does what
 * concerns the scan and no single label (a mask without any label, an image that
 * cannot be read).
 */
extern bool rad_extract(RadContext *context, const Device *device, ScanPair *pair,
						const int32_t *labels, int label_count,
						const Settings *settings,
						LabelCallback callback, void *argument);

/* True for failures that on_error_null turns into a status. */
extern bool rad_is_data_failure(RadErrorCode code);

/*
 * The matrices of one texture family of one label, whether the settings want
 * the family or not.  The slice of a matrix that belongs to one counts from
 * the first slice of the (resampled) image here.
 */
extern bool rad_extract_matrices(RadContext *context, const Device *device,
								 ScanPair *pair, int32_t label, Family family,
								 const Settings *settings,
								 MatrixSink sink, void *argument);

#endif							/* RAD_FEATURES_EXTRACT_H */
