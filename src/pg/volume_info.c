/*
 * What the header of a volume says: volume_info(), labels().
 */
#include "compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "formats/mask_runs.h"
#include "volume.h"

PG_FUNCTION_INFO_V1(radiomics_volume_info);
PG_FUNCTION_INFO_V1(radiomics_labels);

/* Attributes of volume_header. */
enum
{
	HEADER_DIMENSION,
	HEADER_SIZE,
	HEADER_SPACING,
	HEADER_ORIGIN,
	HEADER_DIRECTION,
	HEADER_VOXEL_TYPE,
	HEADER_MINIMUM,
	HEADER_MAXIMUM,
	HEADER_UNITS,
	HEADER_MODALITY,
	HEADER_LABEL_COUNT,
	HEADER_CONTENT_HASH,
	HEADER_BRICK,
	HEADER_STORED_BYTES,
	HEADER_COLUMNS
};

/* Attributes of mask_label. */
enum
{
	LABEL_LABEL,
	LABEL_VOXEL_COUNT,
	LABEL_FIRST_VOXEL,
	LABEL_LAST_VOXEL,
	LABEL_COLUMNS
};

static Datum integers(const int *values);
static Datum doubles(const double *values, int rows, int columns);
static TupleDesc row_descriptor(FunctionCallInfo fcinfo, const char *type, int columns);

/* volume_info(volume) -> volume_header */
Datum
radiomics_volume_info(PG_FUNCTION_ARGS)
{
	TupleDesc	descriptor = row_descriptor(fcinfo, "volume_header", HEADER_COLUMNS);
	RadContext *context = radpg_context_create();
	ContainerHeader header;
	Datum		values[HEADER_COLUMNS];
	bool		nulls[HEADER_COLUMNS] = {false};
	bytea	   *hash;

	if (!radpg_volume_header(context, PG_GETARG_DATUM(0), "volume", &header, NULL))
		radpg_throw(context);
	values[HEADER_DIMENSION] = Int32GetDatum(header.grid.dimension);
	values[HEADER_SIZE] = integers(header.grid.size);
	values[HEADER_SPACING] = doubles(header.grid.spacing, 1, 3);
	values[HEADER_ORIGIN] = doubles(header.grid.origin, 1, 3);
	values[HEADER_DIRECTION] = doubles(&header.grid.direction[0][0], 3, 3);
	values[HEADER_VOXEL_TYPE] = CStringGetTextDatum(rad_voxel_type_name(header.type));
	values[HEADER_MINIMUM] = Float8GetDatum(header.minimum);
	values[HEADER_MAXIMUM] = Float8GetDatum(header.maximum);
	nulls[HEADER_MINIMUM] = nulls[HEADER_MAXIMUM] = isnan(header.minimum);
	values[HEADER_UNITS] = CStringGetTextDatum(header.attributes.units);
	nulls[HEADER_UNITS] = header.attributes.units[0] == '\0';
	values[HEADER_MODALITY] = CStringGetTextDatum(header.attributes.modality);
	nulls[HEADER_MODALITY] = header.attributes.modality[0] == '\0';
	values[HEADER_LABEL_COUNT] = Int32GetDatum(header.label_count);
	nulls[HEADER_LABEL_COUNT] = header.label_count == RAD_CONTAINER_NO_LABELS;
	hash = palloc(VARHDRSZ + RAD_HASH_LENGTH);
	SET_VARSIZE(hash, VARHDRSZ + RAD_HASH_LENGTH);
	memcpy(VARDATA(hash), header.hash, RAD_HASH_LENGTH);
	values[HEADER_CONTENT_HASH] = PointerGetDatum(hash);
	values[HEADER_BRICK] = integers(header.brick);
	values[HEADER_STORED_BYTES] = Int64GetDatum(header.length);
	radpg_context_delete(context);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls)));
}

/*
 * labels(volume) -> setof mask_label: from the header, or from the voxels when
 * the header does not list them
 */
Datum
radiomics_labels(PG_FUNCTION_ARGS)
{
	TupleDesc	descriptor = radpg_begin_materialize(fcinfo);
	Tuplestorestate *store = ((ReturnSetInfo *) fcinfo->resultinfo)->setResult;
	RadContext *context = radpg_context_create();
	ContainerHeader header;
	LabelSummary *labels;
	int			count;

	if (descriptor->natts != LABEL_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type mask_label does not have %d attributes", LABEL_COLUMNS),
				 errhint("Run ALTER EXTENSION radiomics UPDATE.")));
	if (!radpg_volume_header(context, PG_GETARG_DATUM(0), "mask", &header, &labels))
		radpg_throw(context);
	count = header.label_count;
	if (labels == NULL)
	{
		VolumeReader *reader;
		MaskRuns   *mask;

		if (!radpg_volume_reader(context, PG_GETARG_DATUM(0), "mask", -1, &reader) ||
			!rad_mask_scan(context, reader, &mask))
			radpg_throw(context);
		labels = mask->labels;
		count = mask->label_count;
	}
	for (int n = 0; n < count; n++)
	{
		Datum		values[LABEL_COLUMNS];
		bool		nulls[LABEL_COLUMNS] = {false};
		int			last[3];

		for (int axis = 0; axis < 3; axis++)
			last[axis] = labels[n].box.hi[axis] - 1;
		values[LABEL_LABEL] = Int32GetDatum(labels[n].label);
		values[LABEL_VOXEL_COUNT] = Int64GetDatum(labels[n].voxel_count);
		values[LABEL_FIRST_VOXEL] = integers(labels[n].box.lo);
		values[LABEL_LAST_VOXEL] = integers(last);
		tuplestore_putvalues(store, descriptor, values, nulls);
	}
	radpg_context_delete(context);
	return (Datum) 0;
}

/* Three numbers along x, y, z as integer[]. */
static Datum
integers(const int *values)
{
	Datum		elements[3];

	for (int axis = 0; axis < 3; axis++)
		elements[axis] = Int32GetDatum(values[axis]);
	return PointerGetDatum(construct_array(elements, 3, INT4OID, sizeof(int32), true,
										   TYPALIGN_INT));
}

/* Numbers as double precision[], of one dimension for one row. */
static Datum
doubles(const double *values, int rows, int columns)
{
	Datum		elements[9];
	int			lengths[2] = {rows, columns};
	int			starts[2] = {1, 1};

	for (int n = 0; n < rows * columns; n++)
		elements[n] = Float8GetDatum(values[n]);
	return PointerGetDatum(construct_md_array(elements, NULL, rows > 1 ? 2 : 1,
											  rows > 1 ? lengths : lengths + 1, starts,
											  FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL,
											  TYPALIGN_DOUBLE));
}

static TupleDesc
row_descriptor(FunctionCallInfo fcinfo, const char *type, int columns)
{
	TupleDesc	descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (descriptor->natts != columns)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type %s does not have %d attributes", type, columns),
				 errhint("Run ALTER EXTENSION radiomics UPDATE.")));
	return BlessTupleDesc(descriptor);
}
