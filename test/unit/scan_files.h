/*
 * A scan as two NIfTI files in memory, and what PyRadiomics' profile delivers of
 * one: for tests of what lies between files and features.  To be included after
 * read_support.h.
 */
#ifndef SCAN_FILES_H
#define SCAN_FILES_H

#include "pyradiomics/parameter_file.h"
#include "pyradiomics/pipeline.h"

typedef struct Scan
{
	Bytes		image_file;
	Bytes		mask_file;
	ByteSource	image;
	ByteSource	mask;
} Scan;

/* int16 and uint8 voxels of 1 mm. */
static inline Scan
make_scan(const int size[3], const int16_t *image, const uint8_t *mask)
{
	NiftiSpec	image_spec = nifti_spec(2, false, 4, 16, size[0], size[1], size[2]);
	NiftiSpec	mask_spec = nifti_spec(2, false, 2, 8, size[0], size[1], size[2]);
	size_t		count = (size_t) size[0] * (size_t) size[1] * (size_t) size[2];
	Scan		scan;

	scan.image_file = build_nifti(&image_spec, image, 2 * count);
	scan.mask_file = build_nifti(&mask_spec, mask, count);
	scan.image = memory_source("image", scan.image_file);
	scan.mask = memory_source("mask", scan.mask_file);
	return scan;
}

static inline void
free_scan(Scan *scan)
{
	free(scan->image_file.data);
	free(scan->mask_file.data);
}

#define MOST_VALUES 4000

/* Values in the order of PyRadiomics. */
typedef struct Values
{
	int			count;
	double		value[MOST_VALUES];
} Values;

static inline bool
keep_value(RadContext *context, void *argument, const char *image_type,
		   PyradiomicsFeature feature, double value)
{
	Values	   *values = argument;

	(void) context;
	(void) image_type;
	(void) feature;
	assert_true(values->count < MOST_VALUES);
	values->value[values->count++] = value;
	return true;
}

/* Everything that a parameter file (its text) asks of a label; false: see the context. */
static inline bool
extract_pyradiomics(RadContext *context, const Device *device, const Scan *scan, int32_t label,
					const char *text, Values *values)
{
	PyradiomicsSettings *settings = rad_new(context, PyradiomicsSettings, 1);
	const PyradiomicsOutput output = {keep_value, NULL, values};
	const char *json = rad_pyradiomics_from_file(context, text, strlen(text));
	SettingValue value;
	VolumeReader *readers[2];
	PyradiomicsScan opened;
	int64_t		count;

	values->count = 0;
	return settings != NULL && json != NULL &&
		rad_yaml_parse(context, json, strlen(json), &value) &&
		rad_pyradiomics_parse(context, &value, settings) &&
		rad_volume_open(context, &scan->image, -1, &readers[0]) &&
		rad_volume_open(context, &scan->mask, 0, &readers[1]) &&
		rad_pyradiomics_join(context, readers[0], readers[1], NULL, 0, &opened) &&
		rad_pyradiomics_extract(context, device, &opened, label, settings, &output, &count);
}

#endif							/* SCAN_FILES_H */
