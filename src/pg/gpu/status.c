/*
 * gpu_status(): one row per device, as the helper counts.
 */
#include "gpu.h"

#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(radiomics_gpu_status);

/* Longest wait for a helper that is starting, and for its answer. */
#define STATUS_MS 30000

enum
{
	STATUS_DEVICE,
	STATUS_NAME,
	STATUS_EMULATED,
	STATUS_MEMORY,
	STATUS_MEMORY_FREE,
	STATUS_REGIONS,
	STATUS_BATCHES,
	STATUS_MEAN_BATCH,
	STATUS_FAILURES,
	STATUS_FALLBACKS,
	STATUS_BYTES_IN,
	STATUS_BYTES_OUT,
	STATUS_MS_IN,
	STATUS_MS_KERNELS,
	STATUS_MS_OUT,
	STATUS_QUEUED,
	STATUS_CLIENTS,
	STATUS_GENERATION,
	STATUS_COLUMNS
};

static void put_device(Tuplestorestate *store, TupleDesc descriptor, const HelperDevice *device);

/* gpu_status() -> setof record */
Datum
radiomics_gpu_status(PG_FUNCTION_ARGS)
{
	TupleDesc	descriptor = radpg_begin_materialize(fcinfo);
	Tuplestorestate *store = ((ReturnSetInfo *) fcinfo->resultinfo)->setResult;
	HelperMessage message = {.kind = HELPER_STATUS};
	GpuConnection *connection;
	HelperDevice *devices;
	int			count = 0;
	int			room = 16;
	bool		complete = false;

	if (descriptor->natts != STATUS_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("gpu_status does not have %d columns", STATUS_COLUMNS),
				 errhint("Run ALTER EXTENSION radiomics UPDATE.")));
	if (radpg_device_choice == DEVICE_CPU)
		return (Datum) 0;
	connection = radpg_gpu_connect(STATUS_MS);
	if (connection == NULL)
		return (Datum) 0;
	devices = palloc(sizeof(HelperDevice) * room);
	connection->busy = true;
	if (radpg_gpu_send(connection, &message))
		for (;;)
		{
			union
			{
				HelperMessage message;
				HelperDevice device;
			}			answer;
			GpuReceive	received = radpg_gpu_receive_any(connection, &answer,
														 sizeof(HelperMessage),
														 sizeof(HelperDevice), STATUS_MS);

			if (received != GPU_RECEIVED)
				break;
			complete = answer.message.kind == HELPER_END;
			if (complete)
				break;
			if (count == room)
				devices = repalloc(devices, sizeof(HelperDevice) * (room *= 2));
			devices[count++] = answer.device;
		}
	if (complete)
		connection->busy = false;
	else
		radpg_gpu_lose(connection);
	for (int n = 0; n < count && complete; n++)
		put_device(store, descriptor, &devices[n]);
	return (Datum) 0;
}

static void
put_device(Tuplestorestate *store, TupleDesc descriptor, const HelperDevice *device)
{
	Datum		values[STATUS_COLUMNS];
	bool		nulls[STATUS_COLUMNS] = {false};

	values[STATUS_DEVICE] = Int32GetDatum(device->number);
	values[STATUS_NAME] = CStringGetTextDatum(device->message.name);
	values[STATUS_EMULATED] = BoolGetDatum(device->emulated != 0);
	values[STATUS_MEMORY] = Int64GetDatum(device->memory);
	values[STATUS_MEMORY_FREE] = Int64GetDatum(device->memory_free);
	nulls[STATUS_MEMORY] = nulls[STATUS_MEMORY_FREE] = device->memory == 0;
	values[STATUS_REGIONS] = Int64GetDatum(device->regions);
	values[STATUS_BATCHES] = Int64GetDatum(device->batches);
	values[STATUS_MEAN_BATCH] = Float8GetDatum(
		(double) device->regions / (double) Max(device->batches, 1));
	nulls[STATUS_MEAN_BATCH] = device->batches == 0;
	values[STATUS_FAILURES] = Int64GetDatum(device->failures);
	values[STATUS_FALLBACKS] = Int64GetDatum(device->fallbacks);
	values[STATUS_BYTES_IN] = Int64GetDatum(device->bytes_in);
	values[STATUS_BYTES_OUT] = Int64GetDatum(device->bytes_out);
	values[STATUS_MS_IN] = Float8GetDatum(device->stage_ms[0]);
	values[STATUS_MS_KERNELS] = Float8GetDatum(device->stage_ms[1]);
	values[STATUS_MS_OUT] = Float8GetDatum(device->stage_ms[2]);
	values[STATUS_QUEUED] = Int64GetDatum(device->queued);
	values[STATUS_CLIENTS] = Int64GetDatum(device->clients);
	values[STATUS_GENERATION] = Int64GetDatum(device->message.generation);
	tuplestore_putvalues(store, descriptor, values, nulls);
}
