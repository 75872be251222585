/*
 * A mask as runs of equal label along x, with a table of its labels.  A whole
 * body of organs is a few megabytes in this form, whatever the volume's size.
 */
#ifndef RAD_FORMATS_MASK_RUNS_H
#define RAD_FORMATS_MASK_RUNS_H

#include "formats/label_scan.h"
#include "formats/reader.h"

typedef struct MaskRuns
{
	Grid		grid;
	int64_t		run_count;
	LabelRun   *runs;			/* ordered by z, y, x */
	int			label_count;
	LabelSummary *labels;		/* ascending; background 0 is not listed */
} MaskRuns;

/*
 * Read a whole mask.  A voxel that is not an integer in the int32 range, NaN
 * included, is RAD_DATA_EXCEPTION and names value and position.
 */
extern bool rad_mask_scan(RadContext *context, VolumeReader *reader, MaskRuns **mask);

/*
 * Read what the given labels need of a mask; all of it when labels is NULL, or
 * when the mask lists no labels (files do not).  The table has every label of
 * the mask all the same, but there are runs of the given ones alone.
 */
extern bool rad_mask_scan_labels(RadContext *context, VolumeReader *reader,
								 const int32_t *labels, int label_count, MaskRuns **mask);

extern void rad_mask_release(RadContext *context, MaskRuns *mask);

/* The table's entry for a label, or NULL. */
extern const LabelSummary *rad_mask_find_label(const MaskRuns *mask, int32_t label);

/* The same; without an entry it fails with the labels that there are. */
extern const LabelSummary *rad_mask_need_label(RadContext *context, const MaskRuns *mask,
											   int32_t label);

/*
 * Move a mask to another grid by nearest neighbour in world coordinates
 * (halves round up).  Voxels outside the mask's grid are background.
 */
extern bool rad_mask_align(RadContext *context, const MaskRuns *mask, const Grid *grid,
						   MaskRuns **aligned);

/*
 * A mask as voxels, of the smallest of uint8, int16 and int32 that holds all
 * labels.
 */
extern bool rad_mask_voxels(RadContext *context, const MaskRuns *mask, Volume *volume);

#endif							/* RAD_FORMATS_MASK_RUNS_H */
