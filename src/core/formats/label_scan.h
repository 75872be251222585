/*
 * Finding runs of equal label in rows of voxels, and the table of labels that
 * they fill: shared by reading a mask and by storing a volume.
 */
#ifndef RAD_FORMATS_LABEL_SCAN_H
#define RAD_FORMATS_LABEL_SCAN_H

#include "volume/volume.h"

/* x_begin <= x < x_end of row (y, z) carry the label. */
typedef struct LabelRun
{
	int32_t		label;			/* never 0 */
	int			x_begin;
	int			x_end;
	int			y;
	int			z;
} LabelRun;

typedef struct LabelSummary
{
	int32_t		label;
	int64_t		voxel_count;
	Box			box;
} LabelSummary;

/*
 * Labels as they are found: entries in order of appearance, looked up through
 * open addressing (slots hold entry + 1).  Start from zeros.
 */
typedef struct LabelTable
{
	const char *name;			/* of the source, for messages */
	LabelSummary *labels;
	int			count;
	int			capacity;
	int32_t    *slots;
	uint32_t	slot_mask;		/* slots - 1; slots >= 2 * capacity */
	int			last_entry;		/* of the run before, most often the same */
} LabelTable;

/* Most labels that a table takes: more is RAD_LIMIT_EXCEEDED. */
#define RAD_MAX_LABELS (1024 * 1024)

extern bool rad_label_table_add(RadContext *context, LabelTable *table, const LabelRun *run);

/* Sort the entries by label and give back what only adding needs. */
extern bool rad_label_table_finish(RadContext *context, LabelTable *table);

/* Returns false to stop. */
typedef bool (*RunCallback) (RadContext *context, void *argument, const LabelRun *run);

/* A scan of rows that are `width` voxels wide and start at x = x_first. */
typedef struct RunScan
{
	const char *name;			/* "mask", for messages */
	VoxelType	type;
	int			x_first;
	int			width;
	int			height;			/* rows per slice of the grid */
	RunCallback callback;
	void	   *argument;
	uint64_t	last_pattern;	/* the voxel of the run before, repeated; start from 0 */
	int32_t		last_label;
} RunScan;

/*
 * Report the runs of row_count rows from linear row first_row (y + height * z)
 * on.  A voxel that is not an integer in the int32 range, NaN included, is
 * RAD_DATA_EXCEPTION and names value and position.
 */
extern bool rad_scan_runs(RadContext *context, RunScan *scan, int64_t first_row,
						  int64_t row_count, const void *voxels);

#endif							/* RAD_FORMATS_LABEL_SCAN_H */
