/*
 * Grids of volumes: same_grid(), align_mask(); volume_expand(), volume_work().
 */
#include "compat.h"

#include "access/htup_details.h"

#include "formats/mask_runs.h"
#include "volume.h"

PG_FUNCTION_INFO_V1(radiomics_same_grid);
PG_FUNCTION_INFO_V1(radiomics_align_mask);
PG_FUNCTION_INFO_V1(radiomics_volume_expand);
PG_FUNCTION_INFO_V1(radiomics_volume_work);

/* same_grid(volume, volume, tolerance) -> boolean */
Datum
radiomics_same_grid(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	double		tolerance = PG_GETARG_FLOAT8(2);
	GridDifference difference;
	Grid		a;
	Grid		b;
	bool		same;

	if (!(tolerance >= 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("tolerance is %g", tolerance),
				 errhint("It is a fraction of the spacing, 0 or more.")));
	if (!radpg_volume_grid(context, PG_GETARG_DATUM(0), "volume", &a) ||
		!radpg_volume_grid(context, PG_GETARG_DATUM(1), "volume", &b))
		radpg_throw(context);
	same = rad_grid_compare(&a, &b, tolerance, &difference);
	radpg_context_delete(context);
	PG_RETURN_BOOL(same);
}

/* align_mask(mask, image) -> volume: the mask itself when it lies right */
Datum
radiomics_align_mask(PG_FUNCTION_ARGS)
{
	RadContext *context = radpg_context_create();
	VolumeAttributes attributes;
	VolumeReader *reader;
	GridDifference difference;
	MaskRuns   *scanned;
	MaskRuns   *aligned;
	Volume		volume;
	Grid		grid;

	if (!radpg_volume_grid(context, PG_GETARG_DATUM(1), "image", &grid) ||
		!radpg_volume_reader(context, PG_GETARG_DATUM(0), "mask", -1, &reader))
		radpg_throw(context);
	if (rad_grid_compare(&grid, rad_reader_grid(reader), 0.0, &difference) &&
		grid.dimension == rad_reader_grid(reader)->dimension)
	{
		radpg_context_delete(context);
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	attributes = *rad_reader_attributes(reader);
	if (!rad_mask_scan(context, reader, &scanned) ||
		!rad_mask_align(context, scanned, &grid, &aligned) ||
		!rad_mask_voxels(context, aligned, &volume))
		radpg_throw(context);
	rad_release(context, scanned->runs);
	rad_release(context, aligned->runs);
	PG_RETURN_DATUM(radpg_volume_expanded(context, &volume, &attributes));
}

/* volume_expand(volume) -> volume: the same with its voxels in memory */
Datum
radiomics_volume_expand(PG_FUNCTION_ARGS)
{
	RadContext *context;
	VolumeAttributes attributes;
	VolumeReader *reader;
	Volume		volume;

	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(PG_GETARG_DATUM(0))))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	context = radpg_context_create();
	if (!radpg_volume_reader(context, PG_GETARG_DATUM(0), "volume", -1, &reader))
		radpg_throw(context);
	attributes = *rad_reader_attributes(reader);
	if (!rad_volume_read(context, reader, &volume))
		radpg_throw(context);
	PG_RETURN_DATUM(radpg_volume_expanded(context, &volume, &attributes));
}

/* volume_work() -> (fetches, fetched_bytes, decoded_bricks, stored_volumes) */
Datum
radiomics_volume_work(PG_FUNCTION_ARGS)
{
	const VolumeWork *work = &radpg_volume_work;
	TupleDesc	descriptor;
	Datum		values[4] = {
		Int64GetDatum(work->read.reads),
		Int64GetDatum(work->read.bytes),
		Int64GetDatum(work->read.bricks),
		Int64GetDatum(work->stored),
	};
	bool		nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != 4)
		elog(ERROR, "return type must be a row type of 4 columns");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
