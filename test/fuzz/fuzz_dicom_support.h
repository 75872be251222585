/*
 * What the fuzzers of DICOM share: a context that is short of memory, and a
 * main for replaying files.
 */
#ifndef FUZZ_DICOM_SUPPORT_H
#define FUZZ_DICOM_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/dicom_dataset.h"
#include "fuzz_replay.h"

/* What one allocation may take: the rest of the memory is for the fuzzer. */
#define MAX_ALLOCATION ((size_t) 64 << 20)

static void *(*plain_allocate) (void *allocator, size_t size);

static void *
limited_allocate(void *allocator, size_t size)
{
	return size > MAX_ALLOCATION ? NULL : plain_allocate(allocator, size);
}

static RadContext *
limited_context(void)
{
	RadContext *context = rad_context_create();

	plain_allocate = context->allocate;
	context->allocate = limited_allocate;
	return context;
}

/* A failure must say what it is; forgets it. */
static void
check(RadContext *context, bool ok)
{
	if (ok != (context->code == RAD_OK))
		abort();
	if (!ok && (context->code == RAD_INTERNAL || context->message[0] == '\0'))
		abort();
	rad_clear_error(context);
}

#endif							/* FUZZ_DICOM_SUPPORT_H */
