/*
 * The texture matrices themselves: glcm(), glrlm(), glszm(), gldzm(), ngtdm(),
 * ngldm(), one row per cell.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "module.h"
#include "scan.h"

/* Attributes of matrix_cell. */
enum
{
	CELL_AGGREGATION,
	CELL_SLICE,
	CELL_DIRECTION,
	CELL_I,
	CELL_J,
	CELL_COUNT,
	CELL_DIFFERENCE,
	CELL_COLUMNS
};

/* Rows between two looks for a cancel. */
#define ROWS_PER_POLL 1024

/* Where the cells of one call go. */
typedef struct CellTarget
{
	Family		family;
	Tuplestorestate *store;
	TupleDesc	descriptor;
} CellTarget;

static Datum matrices(FunctionCallInfo fcinfo, Family family, SourceKind kind);
static bool emit_matrix(RadContext *context, void *argument, const TextureMatrix *matrix);

#define MATRIX_FUNCTION(name, family) \
static Datum \
name(FunctionCallInfo fcinfo, SourceKind kind) \
{ \
	return matrices(fcinfo, family, kind); \
} \
RADPG_OVERLOADS(name, name)

MATRIX_FUNCTION(glcm, FAMILY_GLCM)
MATRIX_FUNCTION(glrlm, FAMILY_GLRLM)
MATRIX_FUNCTION(glszm, FAMILY_GLSZM)
MATRIX_FUNCTION(gldzm, FAMILY_GLDZM)
MATRIX_FUNCTION(ngtdm, FAMILY_NGTDM)
MATRIX_FUNCTION(ngldm, FAMILY_NGLDM)

/*
 * name(image, mask, label, settings) -> setof matrix_cell
 *
 * A failure under "on_error": "null" gives no rows and a warning.
 */
static Datum
matrices(FunctionCallInfo fcinfo, Family family, SourceKind kind)
{
	CellTarget	target = {.family = family};
	int32		label = PG_GETARG_INT32(2);
	OpenScan	scan;

	target.descriptor = radpg_begin_materialize(fcinfo);
	target.store = ((ReturnSetInfo *) fcinfo->resultinfo)->setResult;
	if (target.descriptor->natts != CELL_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type matrix_cell does not have %d attributes", CELL_COLUMNS),
				 errhint("Run ALTER EXTENSION radiomics UPDATE.")));
	if (!radpg_scan_open(&scan, fcinfo, kind, 3, &label, 1) ||
		!rad_extract_matrices(scan.context, radpg_device(), &scan.pair, label, family,
							  scan.settings, emit_matrix, &target))
	{
		radpg_scan_check_failure(&scan);
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("no %s of label %d: %s", rad_families[family].name, label,
						scan.context->message)));
	}
	radpg_scan_close(&scan);
	return (Datum) 0;
}

/* MatrixSink: one row per cell. */
static bool
emit_matrix(RadContext *context, void *argument, const TextureMatrix *matrix)
{
	CellTarget *target = argument;
	Datum		values[CELL_COLUMNS] = {0};
	bool		nulls[CELL_COLUMNS] = {false};

	values[CELL_AGGREGATION] =
		CStringGetTextDatum(rad_aggregation_label(target->family, matrix->aggregation));
	values[CELL_SLICE] = Int32GetDatum(matrix->slice);
	nulls[CELL_SLICE] = matrix->slice < 0;
	nulls[CELL_DIRECTION] = matrix->direction < 0;
	if (matrix->direction >= 0)
	{
		Datum		steps[3];

		for (int axis = 0; axis < 3; axis++)
			steps[axis] = Int32GetDatum(rad_directions[matrix->direction][axis]);
		values[CELL_DIRECTION] = PointerGetDatum(construct_array(steps, 3, INT4OID,
																 sizeof(int32), true,
																 TYPALIGN_INT));
	}
	nulls[CELL_J] = target->family == FAMILY_NGTDM;
	nulls[CELL_DIFFERENCE] = matrix->difference == NULL;

	for (int64 n = 0; n < matrix->cell_count; n++)
	{
		values[CELL_I] = Int32GetDatum(matrix->cells[n].i);
		values[CELL_J] = Int32GetDatum(matrix->cells[n].j);
		values[CELL_COUNT] = Int64GetDatum(matrix->cells[n].count);
		if (matrix->difference != NULL)
			values[CELL_DIFFERENCE] = Float8GetDatum(matrix->difference[n]);
		tuplestore_putvalues(target->store, target->descriptor, values, nulls);
		if (n % ROWS_PER_POLL == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return true;
}
