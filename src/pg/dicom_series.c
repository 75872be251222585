/*
 * The aggregate volume_from_dicom(): instances in any order become a volume.
 *
 * The state holds the voxels of the instances as stored, and their geometry, in
 * a context of the core whose memory belongs to the aggregate; the files' bytes
 * are let go one by one.  Workers of a parallel plan hand over theirs in
 * serial form; the result does not depend on who saw which instance.
 */
#include "compat.h"

#include "utils/memutils.h"

#include "dicom.h"
#include "formats/dicom_series.h"
#include "volume.h"

PG_FUNCTION_INFO_V1(radiomics_dicom_series_add);
PG_FUNCTION_INFO_V1(radiomics_dicom_series_combine);
PG_FUNCTION_INFO_V1(radiomics_dicom_series_serialize);
PG_FUNCTION_INFO_V1(radiomics_dicom_series_deserialize);
PG_FUNCTION_INFO_V1(radiomics_dicom_series_volume);

typedef struct SeriesState
{
	RadContext *context;
	DicomSeries series;
	Datum		volume;			/* or 0; made of the series, which it uses up */
} SeriesState;

static SeriesState *
create_state(MemoryContext memory)
{
	MemoryContext previous = MemoryContextSwitchTo(memory);
	SeriesState *state = palloc0(sizeof(SeriesState));

	state->context = radpg_context_create();
	MemoryContextSwitchTo(previous);
	return state;
}

static MemoryContext
aggregate_memory(FunctionCallInfo fcinfo)
{
	MemoryContext memory;

	if (!AggCheckCallContext(fcinfo, &memory))
		elog(ERROR, "function is called outside of its aggregate");
	return memory;
}

static SeriesState *
state_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL : (SeriesState *) PG_GETARG_POINTER(argument);
}

/* A copy of a slice with voxels of its own. */
static void
add_copy(SeriesState *state, const DicomSlice *slice, const uint8_t *voxels)
{
	size_t		size = rad_dicom_slice_bytes(slice);
	DicomSlice	copy = *slice;

	if (state->series.voxel_bytes + (int64_t) size > RAD_DICOM_MAX_SERIES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the series has more than %lld bytes of voxels",
						(long long) RAD_DICOM_MAX_SERIES)));
	copy.voxels = rad_allocate(state->context, size, 1);
	if (copy.voxels == NULL)
		radpg_throw(state->context);
	memcpy(copy.voxels, voxels, size);
	if (!rad_dicom_series_add_slice(state->context, &state->series, &copy))
		radpg_throw(state->context);
}

/* dicom_series_add(internal, instance) -> internal */
Datum
radiomics_dicom_series_add(PG_FUNCTION_ARGS)
{
	MemoryContext memory = aggregate_memory(fcinfo);
	SeriesState *state = state_argument(fcinfo, 0);
	bytea	   *value;

	if (state == NULL)
		state = create_state(memory);
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	value = PG_GETARG_BYTEA_PP(1);
	if (!rad_dicom_series_add(state->context, &state->series, "instance",
							  (const uint8_t *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)))
		radpg_throw(state->context);
	PG_FREE_IF_COPY(value, 1);
	PG_RETURN_POINTER(state);
}

/* dicom_series_combine(internal, internal) -> internal */
Datum
radiomics_dicom_series_combine(PG_FUNCTION_ARGS)
{
	MemoryContext memory = aggregate_memory(fcinfo);
	SeriesState *state = state_argument(fcinfo, 0);
	SeriesState *other = state_argument(fcinfo, 1);

	if (state == NULL)
		state = create_state(memory);
	for (int32 n = 0; other != NULL && n < other->series.count; n++)
	{
		DicomSlice *slice = &other->series.slices[n];

		add_copy(state, slice, slice->voxels);
		CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_POINTER(state);
}

/*
 * dicom_series_serialize(internal) -> bytea: number of slices, then each slice
 * and its voxels.  Between processes of one server, so as they lie in memory.
 */
Datum
radiomics_dicom_series_serialize(PG_FUNCTION_ARGS)
{
	SeriesState *state = state_argument(fcinfo, 0);
	int32		count = state->series.count;
	Size		size = VARHDRSZ + sizeof(int32) + count * sizeof(DicomSlice) +
		state->series.voxel_bytes;
	bytea	   *result;
	char	   *position;

	aggregate_memory(fcinfo);
	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the slices that a parallel worker read of the series have %zu bytes",
						size),
				 errdetail("A worker can hand over at most %zu bytes.", (Size) MaxAllocSize),
				 errhint("SET max_parallel_workers_per_gather = 0 for this query.")));
	result = palloc(size);
	SET_VARSIZE(result, size);
	position = VARDATA(result);
	memcpy(position, &count, sizeof(count));
	position += sizeof(count);
	for (int32 n = 0; n < count; n++)
	{
		const DicomSlice *slice = &state->series.slices[n];

		memcpy(position, slice, sizeof(*slice));
		position += sizeof(*slice);
		memcpy(position, slice->voxels, rad_dicom_slice_bytes(slice));
		position += rad_dicom_slice_bytes(slice);
	}
	PG_RETURN_BYTEA_P(result);
}

/* dicom_series_deserialize(bytea, internal) -> internal */
Datum
radiomics_dicom_series_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *value = PG_GETARG_BYTEA_PP(0);
	const char *position = VARDATA_ANY(value);
	SeriesState *state;
	int32		count;

	aggregate_memory(fcinfo);
	state = create_state(CurrentMemoryContext);
	memcpy(&count, position, sizeof(count));
	position += sizeof(count);
	for (int32 n = 0; n < count; n++)
	{
		DicomSlice	slice;

		memcpy(&slice, position, sizeof(slice));
		position += sizeof(slice);
		add_copy(state, &slice, (const uint8_t *) position);
		position += rad_dicom_slice_bytes(&slice);
	}
	PG_RETURN_POINTER(state);
}

/* The volume of a series, in the aggregate's memory. */
static Datum
make_volume(SeriesState *state, MemoryContext memory)
{
	VolumeAttributes attributes = {{0}};
	char		modality[RAD_DICOM_CODE_LENGTH];
	char		units[RAD_DICOM_CODE_LENGTH];
	MemoryContext previous;
	Volume		volume;
	Datum		result;

	if (!rad_dicom_series_assemble(state->context, &state->series, &volume, modality, units))
		radpg_throw(state->context);
	strlcpy(attributes.modality, modality, sizeof(attributes.modality));
	strlcpy(attributes.units, units, sizeof(attributes.units));
	if (!rad_container_check(state->context, &volume.grid, &attributes))
		radpg_throw(state->context);
	previous = MemoryContextSwitchTo(memory);
	result = radpg_volume_expanded(state->context, &volume, &attributes);
	MemoryContextSwitchTo(previous);
	return result;
}

/*
 * dicom_series_volume(internal) -> volume; NULL without any instance
 *
 * A hashed aggregate that is scanned again asks again.
 */
Datum
radiomics_dicom_series_volume(PG_FUNCTION_ARGS)
{
	MemoryContext memory = aggregate_memory(fcinfo);
	SeriesState *state = state_argument(fcinfo, 0);

	if (state == NULL || state->series.count == 0)
		PG_RETURN_NULL();
	if (state->volume == (Datum) 0)
		state->volume = make_volume(state, memory);
	PG_RETURN_DATUM(radpg_aggregate_result(state->volume));
}
