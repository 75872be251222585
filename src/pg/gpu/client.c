/*
 * The GPU as a device: one request per region, counted by the helper while the
 * backend goes on, with requests for the next regions if it has some; whatever
 * goes wrong, the CPU counts instead.
 */
#include "gpu.h"

#include "module.h"

/* Longest time that a helper may take to start when a GPU is demanded. */
#define START_MS 60000

static Device gpu;
static char device_name[96];

/* Who counted the last region that has ended; NULL: none was asked about. */
static const char *counted_by = NULL;

static bool gpu_begin(RadContext *context, RegionRequest *request);
static bool gpu_wait(RadContext *context, RegionRequest *request);
static void gpu_end(RadContext *context, RegionRequest *request);
static bool reserve(GpuConnection *connection, int64 bytes, bool ahead);
static void release(GpuConnection *connection);
static bool is_worth_it(const RegionRequest *request);
static void fall_back(const char *reason);
static void report_status(uint32 status);
static void report_missing(void);

const Device *
radpg_gpu_device(void)
{
	GpuConnection *connection;

	counted_by = NULL;
	if (radpg_device_choice == DEVICE_CPU)
		return NULL;
	if (radpg_device_choice == DEVICE_AUTO && !radpg_gpu_is_likely())
		return NULL;
	radpg_gpu_disconnect_busy();
	connection = radpg_gpu_connect(radpg_device_choice == DEVICE_GPU ? START_MS : 0);
	if (connection == NULL)
	{
		if (radpg_device_choice == DEVICE_GPU)
			report_missing();
		return NULL;
	}
	gpu = rad_counted_functions;
	snprintf(device_name, sizeof(device_name), "gpu %s", connection->name);
	gpu.name = device_name;
	gpu.begin = gpu_begin;
	gpu.wait = gpu_wait;
	gpu.end = gpu_end;
	return &gpu;
}

const char *
radpg_counted_by(void)
{
	return counted_by != NULL ? counted_by : radpg_cpu_device()->name;
}

/*
 * A GPU is demanded and there is no connection: an error, unless its helper is
 * about to be started again, when the CPU takes over for the time being.
 */
static void
report_missing(void)
{
	char		text[HELPER_STATE_TEXT];
	HelperState state = radpg_gpu_read_state(text);

	if (state == HELPER_STATE_READY || state == HELPER_STATE_RESTARTING)
	{
		radpg_gpu_fallbacks++;
		return;
	}
	if (state == HELPER_STATE_UNKNOWN)
		strlcpy(text, radpg_gpu_is_likely() ? "no background worker could be started" :
				"no NVIDIA driver was found", sizeof(text));
	else if (state == HELPER_STATE_STARTING)
		strlcpy(text, "the GPU helper did not start in time", sizeof(text));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("radiomics.device is \"gpu\", but there is no GPU to use"),
			 errdetail("The reason is: %s.", text),
			 errhint("Set radiomics.device to \"auto\" or \"cpu\": results are the same. "
					 "The server log has what the GPU helper said.")));
}

/* In "auto", small regions stay here: handing them over takes longer. */
static bool
is_worth_it(const RegionRequest *request)
{
	const int  *size = request->mask_size;

	if (radpg_device_choice == DEVICE_GPU)
		return true;
	if (request->levels != NULL)
		return request->levels->voxel_count >= radpg_gpu_min_voxels;
	return (int64) size[0] * size[1] * size[2] >= radpg_gpu_min_voxels;
}

/* DeviceBegin: hand the region over and return without waiting for the counts. */
static bool
gpu_begin(RadContext *context, RegionRequest *request)
{
	HelperMessage message = {.kind = HELPER_COUNT,.timeout_ms = radpg_gpu_timeout_ms};
	GpuConnection *connection;
	int64		most;
	int64		bytes;

	request->cpu = radpg_cpu_device();
	if (!is_worth_it(request))
		return true;
	connection = radpg_gpu_connect(0);
	if (connection == NULL)
		return true;

	/*
	 * Those of two backends fit, whatever their size, so that one does not hold
	 * up all others.
	 */
	most = (int64) connection->bytes / 2;
	bytes = rad_request_layout(request, most);
	if (bytes == 0 || (request->ahead && bytes > most - radpg_gpu_reserved()) ||
		!reserve(connection, bytes, request->ahead))
		return true;
	rad_request_write(request, (CountBuffer *) connection->request);
	if (!radpg_gpu_send(connection, &message))
	{
		radpg_gpu_lose(connection);
		if (!request->ahead)
			fall_back("the GPU helper has gone");
		return true;
	}
	request->handle = connection;
	request->state = REQUEST_PENDING;
	return true;
}

/*
 * Room for a request in the helper's memory.  "auto" does not wait for it: a
 * queue means that the GPU is busy, and this core is not.  Neither does who
 * looks ahead: backends that hold room while they wait for more could wait for
 * each other.  What fails then is not worth a word, since the region will be
 * asked about again.
 */
static bool
reserve(GpuConnection *connection, int64 bytes, bool ahead)
{
	bool		wait = radpg_device_choice == DEVICE_GPU && !ahead;
	int			timeout_ms = wait ? radpg_gpu_timeout_ms : 0;
	HelperMessage message = {.kind = HELPER_RESERVE,.bytes = bytes,.timeout_ms = timeout_ms};
	GpuReceive	received = GPU_LOST;

	connection->busy = true;

	/* The helper always answers, be it late; a little longer shows that it is alive. */
	if (radpg_gpu_send(connection, &message))
		received = radpg_gpu_receive(connection, &message, timeout_ms + 1000);
	if (received != GPU_RECEIVED)
	{
		radpg_gpu_lose(connection);
		if (!ahead)
			fall_back(received == GPU_LOST ? "the GPU helper has gone" :
					  "the GPU helper does not answer");
		return false;
	}
	if (message.kind != HELPER_RESERVED || message.status != HELPER_OK ||
		message.offset < 0 || message.offset > (int64) connection->bytes - bytes)
	{
		if (!ahead)
			report_status(message.status);
		release(connection);
		return false;
	}
	connection->reserved = bytes;
	connection->request = connection->memory + message.offset;
	return true;
}

/* DeviceWait */
static bool
gpu_wait(RadContext *context, RegionRequest *request)
{
	GpuConnection *connection = request->handle;
	HelperMessage message;
	GpuReceive	received;
	bool		taken = true;

	request->state = REQUEST_PLANNED;
	received = radpg_gpu_receive(connection, &message, radpg_gpu_timeout_ms);
	if (received == GPU_LOST)
	{
		radpg_gpu_lose(connection);
		fall_back("the GPU helper has gone");
		return true;
	}
	if (received == GPU_TIMED_OUT)
	{
		radpg_gpu_disconnect(connection);
		fall_back("the GPU did not answer in time");
		return true;
	}
	if (message.kind == HELPER_COUNTED && message.status == HELPER_OK)
		taken = rad_request_take(context, request, (CountBuffer *) connection->request);
	else
		report_status(message.status);
	release(connection);
	return taken;
}

/* Give the room back. */
static void
release(GpuConnection *connection)
{
	HelperMessage message = {.kind = HELPER_RELEASE};

	connection->busy = false;
	connection->reserved = 0;
	connection->request = NULL;
	if (!radpg_gpu_send(connection, &message))
		radpg_gpu_lose(connection);
}

/* DeviceEnd: counts that nobody wanted are not waited for. */
static void
gpu_end(RadContext *context, RegionRequest *request)
{
	if (request->state == REQUEST_PENDING)
		radpg_gpu_disconnect(request->handle);
	counted_by = request->state == REQUEST_ANSWERED ? device_name : request->cpu->name;
}

/* One line in the log for each region that a GPU took and did not count. */
static void
fall_back(const char *reason)
{
	radpg_gpu_fallbacks++;
	ereport(LOG,
			(errmsg("the CPU counts a region instead of the GPU: %s", reason)));
}

/* What the helper says about a request that it does not count. */
static void
report_status(uint32 status)
{
	switch ((HelperStatus) status)
	{
		case HELPER_BUSY:
			/* In "auto" that is no failure but the choice of the idle device. */
			if (radpg_device_choice == DEVICE_GPU)
				fall_back("the GPU was busy for too long");
			break;
		case HELPER_TOO_LARGE:
			fall_back("it is larger than radiomics.gpu_memory has room for");
			break;
		case HELPER_NO_MEMORY:
			fall_back("the GPU has not enough memory");
			break;
		default:
			fall_back("the GPU helper refused the request");
			break;
	}
}
