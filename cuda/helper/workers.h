/*
 * The threads that count: one per stream of a device.  Requests wait in one
 * queue; a thread that becomes free takes as many as fit a batch, so batches
 * grow with the load and nobody waits for one to fill.
 */
#ifndef RAD_HELPER_WORKERS_H
#define RAD_HELPER_WORKERS_H

#include <stdint.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

extern "C"
{
#include "device/helper_protocol.h"
#include "device/request.h"
}

#include "kernels/batch.h"

typedef std::chrono::steady_clock Clock;

/* One request on its way through the queue. */
struct Job
{
	uint64_t	client;			/* number, never used twice */
	CountBuffer *buffer;
	Clock::time_point deadline;
	HelperStatus status = HELPER_OK;
	int			device = -1;
};

/* What emulation does wrong, for tests. */
enum Fault
{
	FAULT_NONE,
	FAULT_MEMORY,				/* no batch finds memory */
	FAULT_HANG,					/* batches never end */
	FAULT_LOST					/* the device fails for good */
};

struct WorkerOptions
{
	bool		emulate = false;
	int			streams = 3;	/* per device */
	int64_t		device_bytes = INT64_C(1) << 30;	/* per stream, at most */
	int64_t		batch_bytes = INT64_C(256) << 20;	/* of requests */
	int			batch_regions = 1024;
	Fault		fault = FAULT_NONE;
};

class Workers
{
public:
	/* done_event is an eventfd that is written to when jobs are done. */
	Workers(const WorkerOptions &options, int done_event);
	~Workers();

	/* Find devices; false, with a reason, when there is none. */
	bool		open(void *memory, size_t bytes, std::string &reason);
	void		start();

	void		submit(const Job &job);

	/* Jobs that were answered, or given back, since the last call. */
	std::vector<Job> finished();

	/* Set once a device is lost: the process has to end. */
	bool		lost();

	std::vector<HelperDevice> statistics();
	int			device_count() const { return (int) devices.size(); }
	const char *device_name(int device) const { return devices[device].message.name; }

private:
	void		work(int device);
	std::vector<Job> take();
	void		count(Runtime *runtime, int device, std::vector<Job> &jobs);
	bool		emulate(std::vector<Job> &jobs, int device);
	void		finish(const std::vector<Job> &jobs);

	WorkerOptions options;
	int			done_event;
	std::vector<HelperDevice> devices;	/* their statistics, under the lock */
	std::vector<std::thread> threads;
	std::mutex	lock;
	std::condition_variable queued;
	std::deque<Job> queue;
	std::vector<Job> done;
	bool		stopping = false;
	bool		device_lost = false;
};

#endif							/* RAD_HELPER_WORKERS_H */
