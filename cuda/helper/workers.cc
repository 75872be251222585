/*
 * Threads that count; see workers.h.
 */
#include "helper/workers.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#ifdef RADIOMICS_WITH_CUDA
#include "kernels/cuda_device.h"
#endif

Workers::Workers(const WorkerOptions &options, int done_event)
	: options(options), done_event(done_event)
{
}

Workers::~Workers()
{
	{
		std::lock_guard<std::mutex> guard(lock);

		stopping = true;
	}
	queued.notify_all();
	for (std::thread &thread : threads)
		thread.join();
}

bool
Workers::open(void *memory, size_t bytes, std::string &reason)
{
	if (options.emulate)
	{
		HelperDevice device = {};

		snprintf(device.message.name, sizeof(device.message.name), "emulated");
		device.emulated = 1;
		devices.push_back(device);
		return true;
	}
#ifdef RADIOMICS_WITH_CUDA
	int			count = cuda_device_count();

	for (int n = 0; n < count; n++)
	{
		HelperDevice device = {};
		CudaDevice	description;

		if (!cuda_device_describe(n, &description))
			continue;
		snprintf(device.message.name, sizeof(device.message.name), "%.*s",
				 (int) sizeof(device.message.name) - 1, description.name);
		device.number = n;
		device.memory = description.memory;
		device.memory_free = description.memory_free;
		devices.push_back(device);
	}
	if (devices.empty())
		reason = cuda_failure();
	else if (!cuda_register_memory(memory, bytes))
		fprintf(stderr, "transfers need copies: %s\n", cuda_failure());
#else
	(void) memory;
	(void) bytes;
	reason = "this build has no CUDA part";
#endif
	return !devices.empty();
}

void
Workers::start()
{
	for (int device = 0; device < device_count(); device++)
		for (int stream = 0; stream < options.streams; stream++)
			threads.emplace_back(&Workers::work, this, device);
}

void
Workers::submit(const Job &job)
{
	{
		std::lock_guard<std::mutex> guard(lock);

		queue.push_back(job);
	}
	queued.notify_one();
}

std::vector<Job>
Workers::finished()
{
	std::lock_guard<std::mutex> guard(lock);
	std::vector<Job> jobs;

	jobs.swap(done);
	return jobs;
}

bool
Workers::lost()
{
	std::lock_guard<std::mutex> guard(lock);

	return device_lost;
}

std::vector<HelperDevice>
Workers::statistics()
{
	std::lock_guard<std::mutex> guard(lock);
	std::vector<HelperDevice> copy = devices;

	for (HelperDevice &device : copy)
		device.queued = (int64_t) queue.size();
	return copy;
}

/* The next batch; empty when it is time to stop. */
std::vector<Job>
Workers::take()
{
	std::unique_lock<std::mutex> guard(lock);
	std::vector<Job> jobs;
	int64_t		bytes = 0;

	queued.wait(guard, [this]() { return stopping || device_lost || !queue.empty(); });
	if (stopping || device_lost)
		return jobs;
	while (!queue.empty() && (int) jobs.size() < options.batch_regions &&
		   (jobs.empty() || bytes + queue.front().buffer->bytes <= options.batch_bytes))
	{
		bytes += queue.front().buffer->bytes;
		jobs.push_back(queue.front());
		queue.pop_front();
	}
	return jobs;
}

/* Hand jobs back to the server's thread. */
void
Workers::finish(const std::vector<Job> &jobs)
{
	uint64_t	one = 1;

	{
		std::lock_guard<std::mutex> guard(lock);

		done.insert(done.end(), jobs.begin(), jobs.end());
	}
	if (write(done_event, &one, sizeof(one)) != (ssize_t) sizeof(one))
		fprintf(stderr, "could not wake the server thread\n");
}

void
Workers::work(int device)
{
	std::unique_ptr<Runtime> runtime;

#ifdef RADIOMICS_WITH_CUDA
	if (!options.emulate)
		runtime.reset(cuda_runtime(devices[device].number, (size_t) options.device_bytes));
#endif
	for (;;)
	{
		std::vector<Job> jobs = take();
		std::vector<Job> late;
		Clock::time_point now = Clock::now();

		if (jobs.empty())
			return;

		/* Nobody waits any more for what is late already. */
		auto		in_time = std::stable_partition(jobs.begin(), jobs.end(),
												[&](const Job &job) { return job.deadline > now; });

		late.assign(in_time, jobs.end());
		jobs.erase(in_time, jobs.end());
		for (Job &job : late)
			job.status = HELPER_BUSY;
		if (!jobs.empty())
			count(runtime.get(), device, jobs);
		late.insert(late.end(), jobs.begin(), jobs.end());
		finish(late);
	}
}

/* The CPU behind the same protocol. */
bool
Workers::emulate(std::vector<Job> &jobs, int device)
{
	if (options.fault == FAULT_HANG)
	{
		std::unique_lock<std::mutex> guard(lock);

		queued.wait(guard, [this]() { return stopping; });
	}
	if (options.fault != FAULT_NONE)
		return false;
	for (Job &job : jobs)
	{
		RadContext *context = rad_context_create();

		if (context == nullptr || !rad_request_answer(context, rad_cpu_best(), job.buffer))
			job.status = HELPER_NO_MEMORY;
		if (context != nullptr)
			rad_context_destroy(context);

		std::lock_guard<std::mutex> guard(lock);

		devices[device].bytes_in += job.buffer->results;
		devices[device].bytes_out += job.buffer->bytes - job.buffer->results;
	}
	return true;
}

/*
 * Count a batch.  One that finds no memory is halved until it does; a single
 * region that finds none goes back to the CPU.
 */
void
Workers::count(Runtime *runtime, int device, std::vector<Job> &jobs)
{
	Clock::time_point begin = Clock::now();
	bool		counted;
	bool		lost = options.fault == FAULT_LOST;

	if (runtime == nullptr)
		counted = emulate(jobs, device);
	else
	{
		std::vector<CountBuffer *> buffers;

		for (const Job &job : jobs)
			buffers.push_back(job.buffer);
		counted = count_batch(*runtime, buffers.data(), (int) buffers.size());
		lost = runtime->failed;
#ifdef RADIOMICS_WITH_CUDA
		if (lost)
			fprintf(stderr, "device %d is lost: %s\n", devices[device].number, cuda_failure());
#endif
	}
	if (!counted && !lost && jobs.size() > 1)
	{
		std::vector<Job> half(jobs.begin() + (long) (jobs.size() / 2), jobs.end());

		jobs.resize(jobs.size() / 2);
		count(runtime, device, jobs);
		count(runtime, device, half);
		jobs.insert(jobs.end(), half.begin(), half.end());
		return;
	}

	std::lock_guard<std::mutex> guard(lock);
	HelperDevice &statistics = devices[device];

	for (Job &job : jobs)
	{
		if (!counted)
			job.status = HELPER_NO_MEMORY;
		job.device = device;
		if (job.status == HELPER_OK)
			statistics.regions++;
		else
			statistics.failures++;
	}
	if (counted)
		statistics.batches++;
	if (lost)
		device_lost = true;
	if (runtime == nullptr)
	{
		statistics.stage_ms[1] +=
			std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
		return;
	}
	statistics.bytes_in += runtime->bytes_in;
	statistics.bytes_out += runtime->bytes_out;
	for (int stage = 0; stage < HELPER_STAGES; stage++)
		statistics.stage_ms[stage] += runtime->stage_ms[stage];
}
