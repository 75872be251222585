/*
 * A context over another one, for tests of memory and cancelling: it counts, and
 * fails or stops at a chosen point.
 */
#ifndef TEST_METERED_CONTEXT_H
#define TEST_METERED_CONTEXT_H

#include "base/context.h"

/* Passes requests on, counts blocks, and fails at a chosen one. */
typedef struct Meter
{
	RadContext *parent;
	int64_t		blocks;			/* not yet given back */
	int64_t		requests;
	int64_t		failing_request;	/* from 1; 0: none */
	int64_t		polls;
	int64_t		stopping_poll;	/* from 1; 0: none */
} Meter;

static inline void *
meter_allocate(void *allocator, size_t size)
{
	Meter	   *meter = allocator;

	if (++meter->requests == meter->failing_request)
		return NULL;
	meter->blocks++;
	return meter->parent->allocate(meter->parent->allocator, size);
}

static inline void
meter_release(void *allocator, void *pointer)
{
	Meter	   *meter = allocator;

	meter->blocks--;
	meter->parent->release(meter->parent->allocator, pointer);
}

static inline bool
meter_interrupted(void *argument)
{
	Meter	   *meter = argument;

	return ++meter->polls == meter->stopping_poll;
}

static inline RadContext
metered_context(RadContext *parent, Meter *meter)
{
	*meter = (Meter) {.parent = parent};
	return (RadContext) {
		.allocate = meter_allocate,
		.release = meter_release,
		.allocator = meter,
		.interrupted = meter_interrupted,
		.interrupt_argument = meter,
	};
}

#endif							/* TEST_METERED_CONTEXT_H */
