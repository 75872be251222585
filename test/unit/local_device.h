/*
 * Devices of this process that are asked once per region, for tests: answered
 * by the CPU or by the GPU's kernels, or failing in one way or another.
 */
#ifndef TEST_LOCAL_DEVICE_H
#define TEST_LOCAL_DEVICE_H

#include <string.h>

#include "device/request.h"
#include "kernels/host.h"

/* What the last finished request counted up. */
static int64_t hits;
static int64_t misses;
static int64_t requests;

typedef enum Behaviour
{
	ANSWER_BY_CPU,
	ANSWER_BY_KERNELS,
	REFUSE,						/* at begin */
	LOSE,						/* between begin and wait */
	ANSWER_HALF					/* every other table */
} Behaviour;

static Behaviour behaviour;
static int64_t most_bytes;

static inline bool
local_begin(RadContext *context, RegionRequest *request)
{
	int64_t		bytes = rad_request_layout(request, most_bytes);

	requests++;
	if (behaviour == REFUSE || bytes == 0)
		return true;
	request->handle = rad_allocate(context, (size_t) bytes, 1);
	rad_request_write(request, request->handle);
	assert_true(rad_request_is_valid(request->handle, bytes));
	request->state = REQUEST_PENDING;
	return true;
}

static inline bool
local_wait(RadContext *context, RegionRequest *request)
{
	CountBuffer *buffer = request->handle;

	request->state = REQUEST_PLANNED;
	if (behaviour == LOSE)
		return true;
	if (behaviour == ANSWER_BY_KERNELS)
		assert_true(host_count_batch(&buffer, 1, 1, 5, 49152));
	else
		assert_true(rad_request_answer(context, rad_cpu_best(), buffer));
	for (int n = 0; n < buffer->item_count && behaviour == ANSWER_HALF; n += 2)
		buffer->items[n].answered = 0;
	return rad_request_take(context, request, buffer);
}

static inline void
local_end(RadContext *context, RegionRequest *request)
{
	hits += request->hits;
	misses += request->misses;
	rad_release(context, request->handle);
}

static inline Device
local_device(Behaviour how)
{
	Device		device = rad_counted_functions;

	behaviour = how;
	most_bytes = INT64_C(1) << 30;
	hits = misses = requests = 0;
	device.name = "local";
	device.begin = local_begin;
	device.wait = local_wait;
	device.end = local_end;
	return device;
}

#endif							/* TEST_LOCAL_DEVICE_H */
