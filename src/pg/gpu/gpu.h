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

typedef struct GpuConnection
{
	pgsocket	socket;			/* PGINVALID_SOCKET: none */
	uint8	   *memory;			/* the helper's, shared */
	Size		bytes;
	int64		generation;
	char		name[64];		/* of the first device */
	bool		busy;			/* in the middle of a request */
	int64		fallbacks;		/* not reported yet */
} GpuConnection;

extern GpuConnection radpg_gpu_connection;

/*
 * Have a connection: as it is, or a new one; wait_ms to wait for a helper that
 * is starting (0: not).  False when there is none.
 */
extern bool radpg_gpu_connect(int wait_ms);
extern void radpg_gpu_disconnect(void);

extern bool radpg_gpu_send(HelperMessage *message);

typedef enum GpuReceive
{
	GPU_RECEIVED,
	GPU_TIMED_OUT,
	GPU_LOST					/* the helper has gone */
} GpuReceive;

/* The next message, or one of either of two sizes; obeys interrupts. */
extern GpuReceive radpg_gpu_receive(HelperMessage *message, int timeout_ms);
extern GpuReceive radpg_gpu_receive_any(void *message, Size least, Size most, int timeout_ms);

#endif							/* RADPG_GPU_H */
