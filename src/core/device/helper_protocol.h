/*
 * What backends and the GPU helper say to each other: fixed messages over a
 * Unix socket that keeps their boundaries (SOCK_SEQPACKET).  Requests
 * themselves lie in shared memory without a name (memfd), whose descriptor
 * comes with the greeting; it goes away with the last process that has it.
 *
 *   client                        helper
 *                                 HELLO      greeting, with the descriptor
 *   RESERVE bytes, timeout_ms
 *                                 RESERVED   status, offset
 *   COUNT timeout_ms                         (a CountBuffer is at the offset)
 *                                 COUNTED    status, device
 *   RELEASE
 *   STATUS
 *                                 DEVICE     one per device, then END
 *
 * A client has at most one reservation.  One that goes away gives it back.  A
 * backend is as many clients as it has requests in flight.
 */
#ifndef RAD_DEVICE_HELPER_PROTOCOL_H
#define RAD_DEVICE_HELPER_PROTOCOL_H

#include <stdint.h>

#define HELPER_PROTOCOL 1

/* In the server's data directory, which is every server process's working
 * directory; backups leave out names that begin so. */
#define HELPER_SOCKET "pgsql_tmp.radiomics_gpu.socket"

typedef enum HelperMessageKind
{
	HELPER_HELLO = 1,
	HELPER_RESERVE,
	HELPER_RESERVED,
	HELPER_COUNT,
	HELPER_COUNTED,
	HELPER_RELEASE,
	HELPER_STATUS,
	HELPER_DEVICE,
	HELPER_END
} HelperMessageKind;

/* Why the CPU has to count. */
typedef enum HelperStatus
{
	HELPER_OK,
	HELPER_TOO_LARGE,			/* larger than the shared memory ever has room for */
	HELPER_BUSY,				/* no room, or not counted, in time */
	HELPER_NO_MEMORY,			/* of the device */
	HELPER_INVALID				/* not a request: a defect */
} HelperStatus;

typedef struct HelperMessage
{
	uint32_t	kind;
	uint32_t	status;
	int64_t		bytes;			/* HELLO: of the shared memory; RESERVE: wanted */
	int64_t		offset;
	int64_t		generation;		/* HELLO: counts the helpers of this server */
	int32_t		protocol;
	int32_t		timeout_ms;
	int32_t		device_count;
	int32_t		device;			/* COUNTED: which one; -1 none */
	int64_t		fallbacks;		/* of the client since its last message */
	char		name[64];		/* HELLO: of the first device; COUNTED: of the one */
} HelperMessage;

/* Stages of a batch that time is given for. */
#define HELPER_STAGES 3			/* to the device, kernels, from the device */

typedef struct HelperDevice
{
	HelperMessage message;		/* kind: DEVICE */
	int32_t		number;
	int32_t		emulated;
	int64_t		memory;			/* bytes; 0: not known */
	int64_t		memory_free;
	int64_t		regions;
	int64_t		batches;
	int64_t		failures;		/* regions given back to the CPU for want of memory */
	int64_t		bytes_in;
	int64_t		bytes_out;
	double		stage_ms[HELPER_STAGES];
	/* Of the helper as a whole, the same in every message. */
	int64_t		fallbacks;		/* that clients reported, for whatever reason */
	int64_t		clients;
	int64_t		queued;
} HelperDevice;

/* Exit codes of the helper, for its supervisor. */
#define HELPER_EXIT_OK 0		/* told to stop */
#define HELPER_EXIT_USAGE 1		/* arguments, socket, shared memory */
#define HELPER_EXIT_NO_DEVICE 2	/* nothing to work with: no use to try again */
#define HELPER_EXIT_LOST 3		/* the device failed: a new process may do better */

#endif							/* RAD_DEVICE_HELPER_PROTOCOL_H */
