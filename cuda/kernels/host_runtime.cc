/*
 * The CPU as a runtime: every kernel block by block, each with shared memory
 * of its own that holds exactly what was asked for, filled with rubbish before,
 * so that sanitizers see what a GPU would forgive.
 */
#include "kernels/batch.h"

#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "kernels/host.h"
#include "kernels/kernels.h"

namespace
{

class HostRuntime : public Runtime
{
public:
	HostRuntime(unsigned threads, uint32_t thread_order, size_t limit)
		: threads(threads), thread_order(thread_order | 1), limit(limit)
	{
	}

	/* A new block for each batch, so that nothing of the last one is found. */
	uint8_t *
	arena(size_t bytes) override
	{
		memory.reset((uint8_t *) aligned_alloc(RAD_COUNT_ALIGNMENT, (bytes + 511) / 256 * 256));
		if (memory)
			memset(memory.get(), 0xA5, bytes);
		out_of_memory = !memory;
		return memory.get();
	}

	void
	copy_in(void *to, const void *from, size_t bytes) override
	{
		bytes_in += (int64_t) bytes;
		if (bytes > 0)
			memcpy(to, from, bytes);
	}

	void
	copy_out(void *to, const void *from, size_t bytes) override
	{
		bytes_out += (int64_t) bytes;
		if (bytes > 0)
			memcpy(to, from, bytes);
	}

	void
	zero(void *to, size_t bytes) override
	{
		memset(to, 0, bytes);
	}

	void launch(KernelName kernel, uint32_t blocks, size_t shared_bytes,
				const KernelArguments &arguments) override;

	void
	scan(uint32_t *array, size_t count) override
	{
		uint32_t	sum = 0;

		for (size_t n = 0; n < count && !failed; n++)
		{
			uint32_t	own = array[n];

			array[n] = sum;
			sum += own;
		}
	}

	void
	synchronise() override
	{
	}

	size_t
	shared_limit() const override
	{
		return limit;
	}

private:
	struct Free
	{
		void
		operator() (uint8_t *pointer) const
		{
			free(pointer);
		}
	};

	unsigned	threads;
	uint32_t	thread_order;
	size_t		limit;
	std::unique_ptr<uint8_t, Free> memory;
};

void
HostRuntime::launch(KernelName kernel, uint32_t blocks, size_t shared_bytes,
					const KernelArguments &arguments)
{
	std::atomic<uint32_t> next(0);

	/* A GPU refuses such a launch. */
	failed = failed || shared_bytes > limit;
	if (failed)
		return;
	auto		run = [&]()
	{
		for (uint32_t index = next++; index < blocks; index = next++)
		{
			std::unique_ptr<uint8_t, Free> shared(
				(uint8_t *) malloc(shared_bytes > 0 ? shared_bytes : 1));
			Block		block = {index, shared.get(), thread_order};

			memset(shared.get(), 0xA5, shared_bytes);
			run_block(kernel, block, arguments);
		}
	};
	std::vector<std::thread> others;

	for (unsigned n = 1; n < threads; n++)
		others.emplace_back(run);
	run();
	for (std::thread &other : others)
		other.join();
}

}								/* namespace */

Runtime *
host_runtime(unsigned threads, uint32_t thread_order, size_t shared_limit)
{
	return new HostRuntime(threads, thread_order, shared_limit);
}

bool
host_count_batch(CountBuffer *const *requests, int count, unsigned threads,
				 uint32_t thread_order, size_t shared_limit)
{
	std::unique_ptr<Runtime> runtime(host_runtime(threads, thread_order, shared_limit));

	return count_batch(*runtime, requests, count);
}

bool
host_count_sources(CountBuffer *const *requests, LevelSource *sources, int count,
				   size_t shared_limit)
{
	std::unique_ptr<Runtime> runtime(host_runtime(1, 77, shared_limit));

	return count_batch(*runtime, requests, count, sources);
}
