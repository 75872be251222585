/*
 * A backend's connections to the GPU helper, one for each request in flight.
 *
 * They last as long as the backend or the helper.  An error in the middle of a
 * request leaves the conversation in an unknown place: at the end of the
 * (sub)transaction such a connection is closed, and the helper takes back what
 * it had lent.
 */
#include "gpu.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "access/xact.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/timestamp.h"


/* How often a helper that is starting is looked for. */
#define START_POLL_MS 20

/*
 * How long a worker that was registered has until another one is; how long a
 * backend that found no place for one waits, since others may have.
 */
#define REGISTERED_MS 10000
#define NOT_REGISTERED_MS 1000

/* Longest time that a running helper takes to greet. */
#define GREETING_MS 10000

int64		radpg_gpu_fallbacks = 0;

static GpuConnection connections[RAD_REGIONS_IN_FLIGHT];

static GpuConnection *find_connection(void);
static bool open_socket(GpuConnection *connection);
static bool read_greeting(GpuConnection *connection);
static bool may_start(bool *starting);
static void end_of_transaction(XactEvent event, void *argument);
static void end_of_subtransaction(SubXactEvent event, SubTransactionId my_subid,
								  SubTransactionId parent_subid, void *argument);

void
radpg_gpu_disconnect(GpuConnection *connection)
{
	if (connection->memory != NULL)
		munmap(connection->memory, connection->bytes);
	if (connection->open)
	{
		closesocket(connection->socket);
		ReleaseExternalFD();
	}
	memset(connection, 0, sizeof(*connection));
}

void
radpg_gpu_disconnect_busy(void)
{
	for (int n = 0; n < RAD_REGIONS_IN_FLIGHT; n++)
		if (connections[n].busy)
			radpg_gpu_disconnect(&connections[n]);
}

void
radpg_gpu_lose(GpuConnection *connection)
{
	radpg_gpu_disconnect(connection);
	for (int n = 0; n < RAD_REGIONS_IN_FLIGHT; n++)
		if (!connections[n].busy)
			radpg_gpu_disconnect(&connections[n]);
}

int64
radpg_gpu_reserved(void)
{
	int64		bytes = 0;

	for (int n = 0; n < RAD_REGIONS_IN_FLIGHT; n++)
		bytes += connections[n].reserved;
	return bytes;
}

/* One that is open and not busy, else one to be opened; NULL: all are busy. */
static GpuConnection *
find_connection(void)
{
	GpuConnection *found = NULL;

	for (int n = 0; n < RAD_REGIONS_IN_FLIGHT; n++)
		if (!connections[n].busy && (found == NULL || connections[n].open))
			found = &connections[n];
	return found;
}

GpuConnection *
radpg_gpu_connect(int wait_ms)
{
	GpuConnection *connection = find_connection();
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), wait_ms);
	bool		starting;

	if (connection == NULL || connection->open)
		return connection;
	for (;;)
	{
		if (open_socket(connection))
		{
			if (read_greeting(connection))
				return connection;
			radpg_gpu_disconnect(connection);
			return NULL;
		}
		if (!may_start(&starting) || !starting || GetCurrentTimestamp() >= deadline)
			return NULL;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 START_POLL_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Nobody listens: start the supervisor unless it is known to be there.  False
 * when there is nothing to wait for; starting: a helper is on its way.
 */
static bool
may_start(bool *starting)
{
	static TimestampTz next_try = 0;
	TimestampTz now = GetCurrentTimestamp();
	char		text[HELPER_STATE_TEXT];

	*starting = false;
	switch (radpg_gpu_read_state(text))
	{
		case HELPER_STATE_UNKNOWN:
			if (!radpg_gpu_is_likely())
				return false;
			if (now >= next_try)
				next_try = TimestampTzPlusMilliseconds(now, radpg_gpu_start_supervisor() ?
													   REGISTERED_MS : NOT_REGISTERED_MS);
			*starting = true;
			return true;
		case HELPER_STATE_STARTING:
		case HELPER_STATE_READY:
			*starting = true;
			return true;
		case HELPER_STATE_RESTARTING:
			return true;
		case HELPER_STATE_NONE:
			break;
	}
	return false;
}

/* False without a word when nobody listens. */
static bool
open_socket(GpuConnection *connection)
{
	static bool registered = false;
	struct sockaddr_un address = {.sun_family = AF_UNIX,.sun_path = HELPER_SOCKET};

	/* The callbacks stay for the life of the backend. */
	if (!registered)
	{
		RegisterXactCallback(end_of_transaction, NULL);
		RegisterSubXactCallback(end_of_subtransaction, NULL);
		registered = true;
	}
	if (!AcquireExternalFD())
		return false;
	connection->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connection->socket == PGINVALID_SOCKET)
	{
		ReleaseExternalFD();
		return false;
	}
	connection->open = true;
	if (connect(connection->socket, (struct sockaddr *) &address, sizeof(address)) == 0)
		return true;
	radpg_gpu_disconnect(connection);
	return false;
}

/* Map the helper's memory, whose descriptor comes with its first message. */
static bool
read_greeting(GpuConnection *connection)
{
	HelperMessage message = {0};
	union
	{
		struct cmsghdr align;
		char		bytes[CMSG_SPACE(sizeof(int))];
	}			control;
	struct iovec part = {&message, sizeof(message)};
	struct msghdr header = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *attached;
	int			descriptor;
	void	   *memory;

	connection->busy = true;
	if (WaitLatchOrSocket(MyLatch, WL_SOCKET_READABLE | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						  connection->socket, GREETING_MS, PG_WAIT_EXTENSION) != WL_SOCKET_READABLE)
		return false;
	if (recvmsg(connection->socket, &header, MSG_CMSG_CLOEXEC) != sizeof(message))
		return false;
	attached = CMSG_FIRSTHDR(&header);
	if (attached == NULL || attached->cmsg_level != SOL_SOCKET ||
		attached->cmsg_type != SCM_RIGHTS || attached->cmsg_len != CMSG_LEN(sizeof(int)))
		return false;
	memcpy(&descriptor, CMSG_DATA(attached), sizeof(int));
	if (message.kind != HELPER_HELLO || message.protocol != HELPER_PROTOCOL || message.bytes <= 0)
	{
		close(descriptor);
		return false;
	}
	memory = mmap(NULL, (Size) message.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
	close(descriptor);
	if (memory == MAP_FAILED)
		return false;
	connection->memory = memory;
	connection->bytes = (Size) message.bytes;
	strlcpy(connection->name, message.name, sizeof(connection->name));
	connection->busy = false;
	return true;
}

bool
radpg_gpu_send(GpuConnection *connection, HelperMessage *message)
{
	message->fallbacks = radpg_gpu_fallbacks;
	if (send(connection->socket, message, sizeof(*message), MSG_NOSIGNAL) != sizeof(*message))
		return false;
	radpg_gpu_fallbacks = 0;
	return true;
}

GpuReceive
radpg_gpu_receive(GpuConnection *connection, HelperMessage *message, int timeout_ms)
{
	return radpg_gpu_receive_any(connection, message, sizeof(*message), sizeof(*message),
								 timeout_ms);
}

GpuReceive
radpg_gpu_receive_any(GpuConnection *connection, void *message, Size least, Size most,
					  int timeout_ms)
{
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);

	for (;;)
	{
		ssize_t		length = recv(connection->socket, message, most, 0);
		long		left;
		int			events;

		if (length == (ssize_t) least || length == (ssize_t) most)
			return GPU_RECEIVED;
		if (length >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
			return GPU_LOST;
		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
		if (left <= 0)
			return GPU_TIMED_OUT;
		events = WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_SOCKET_READABLE | WL_TIMEOUT |
								   WL_EXIT_ON_PM_DEATH, connection->socket, left,
								   PG_WAIT_EXTENSION);
		if (events & WL_LATCH_SET)
		{
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
	}
}

static void
end_of_transaction(XactEvent event, void *argument)
{
	radpg_gpu_disconnect_busy();
}

static void
end_of_subtransaction(SubXactEvent event, SubTransactionId my_subid,
					  SubTransactionId parent_subid, void *argument)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		radpg_gpu_disconnect_busy();
}
