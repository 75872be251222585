/*
 * Fuzzing of structure sets: regions and their masks on a small grid.  The
 * input is a file.
 */
#include "fuzz_dicom_support.h"

#include "formats/dicom_rtstruct.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const Grid	grid = {
		.dimension = 3, .size = {16, 14, 3}, .spacing = {1, 1, 1},
		.direction = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	};
	RadContext *context = limited_context();
	DicomDataset dataset;
	RtRoi	   *rois;
	int			count = 0;
	bool		ok = false;

	if (rad_dicom_recognise(data, size))
	{
		ok = rad_dicom_parse(context, "file", data, (int64_t) size, DICOM_WALK_ALL, &dataset);
		check(context, ok);
	}
	if (ok)
	{
		ok = rad_rtstruct_rois(context, &dataset, &rois, &count);
		check(context, ok);
	}
	for (int n = 0; ok && n < count && n < 4; n++)
	{
		Volume		mask;
		bool		made = rad_rtstruct_mask(context, &dataset, rois[n].name, &grid, &mask);

		check(context, made);
		for (int64_t v = 0; made && v < rad_grid_voxel_count(&grid); v++)
		{
			if (((uint8_t *) mask.voxels)[v] > 1)
				abort();
		}
	}
	rad_context_destroy(context);
	return 0;
}
