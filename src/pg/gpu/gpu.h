/*
 * The GPU as backends see it: a helper process that counts, started and watched
 * by a background worker, reached through a socket in the data directory.
 * CUDA is in none of the server's processes.
 */
#ifndef RADPG_GPU_H
#define RADPG_GPU_H

#include "compat.h"

#include "utils/wait_event.h"

#include "device/helper_protocol.h"
#include "device/request.h"

/* radiomics.device */
typedef enum DeviceChoice
{
	DEVICE_AUTO,
	DEVICE_CPU,
	DEVICE_GPU
} DeviceChoice;

/* Server variables (variables.c says what they are). */
extern int	radpg_device_choice;
extern bool radpg_gpu_emulate;
extern int	radpg_gpu_emulate_fault;
extern int	radpg_gpu_memory_kb;
extern int	radpg_gpu_min_voxels;
extern int	radpg_gpu_restart_delay_ms;
extern int	radpg_gpu_stream_memory_kb;
extern int	radpg_gpu_streams;
extern int	radpg_gpu_timeout_ms;

/* The word for --fault. */
extern const char *radpg_gpu_fault_name(void);

/* At loading: variables, and the supervisor when preloaded. */
extern void radpg_gpu_initialise(void);

/*
 * The GPU as a device, or NULL when the CPU should count.  With radiomics.device
 * = gpu an error when there is no GPU.
 */
extern const Device *radpg_gpu_device(void);

/* The CPU level that radiomics.cpu_level chose (module.c). */
extern const Device *radpg_cpu_device(void);

/* ------------------------------------------------------------ supervisor.c */

/* What the supervisor last said of the helper. */
typedef enum HelperState
{
	HELPER_STATE_UNKNOWN,		/* never started since the server was */
	HELPER_STATE_STARTING,
	HELPER_STATE_READY,
	HELPER_STATE_RESTARTING,	/* it ended, and will be tried again */
	HELPER_STATE_NONE			/* there is no device; text says why */
} HelperState;

#define HELPER_STATE_TEXT 256

extern HelperState radpg_gpu_read_state(char text[HELPER_STATE_TEXT]);

/* Is a GPU likely?  Looks for the driver's device files only. */
extern bool radpg_gpu_is_likely(void);

extern void radpg_gpu_register_static_supervisor(void);
extern bool radpg_gpu_start_supervisor(void);
extern PGDLLEXPORT void radpg_gpu_supervisor_main(Datum argument);

/* ------------------------------------------------------------ connection.c */

/*
 * One conversation with the helper, of one request at a time.  A backend has as
 * many as it has requests in flight, and keeps them for the next ones.
 */
typedef struct GpuConnection
{
	bool		open;			/* has a socket */
	bool		busy;			/* in the middle of a request */
	pgsocket	socket;
	uint8	   *memory;			/* the helper's, shared */
	Size		bytes;
	char		name[64];		/* of the first device */
	int64		reserved;		/* bytes of the helper's memory that the request has */
	uint8	   *request;		/* where they are */
} GpuConnection;

/*
 * A connection that is not busy: one that there is, or a new one; wait_ms to
 * wait for a helper that is starting (0: not).  NULL when there is none, or
 * when all that a backend may have are busy.
 */
extern GpuConnection *radpg_gpu_connect(int wait_ms);
extern void radpg_gpu_disconnect(GpuConnection *connection);

/* Close those that an error left in the middle of a request. */
extern void radpg_gpu_disconnect_busy(void);

/*
 * The helper behind this connection has gone, or is not to be trusted: close it
 * and those that are not busy, which the same helper had.  Requests in flight
 * on others find out for themselves, since their answers may have come already.
 */
extern void radpg_gpu_lose(GpuConnection *connection);

/* Bytes of the helper's memory that requests of this backend have. */
extern int64 radpg_gpu_reserved(void);

/* Regions that the CPU counted instead; reported with the next message. */
extern int64 radpg_gpu_fallbacks;

extern bool radpg_gpu_send(GpuConnection *connection, HelperMessage *message);

typedef enum GpuReceive
{
	GPU_RECEIVED,
	GPU_TIMED_OUT,
	GPU_LOST					/* the helper has gone */
} GpuReceive;

/* The next message, or one of either of two sizes; obeys interrupts. */
extern GpuReceive radpg_gpu_receive(GpuConnection *connection, HelperMessage *message,
									int timeout_ms);
extern GpuReceive radpg_gpu_receive_any(GpuConnection *connection, void *message, Size least,
										Size most, int timeout_ms);

#endif							/* RADPG_GPU_H */
