/*
 * The core's context inside the server: memory of a private memory context,
 * the server's interrupts, and failures as ereport.
 */
#ifndef RADPG_CONTEXT_H
#define RADPG_CONTEXT_H

#include "compat.h"

#include "base/context.h"

/*
 * A context whose memory is a child of CurrentMemoryContext: it goes away with
 * that one after an error, or with radpg_context_delete().
 */
extern RadContext *radpg_context_create(void);
extern void radpg_context_delete(RadContext *context);

/* The memory context behind it, for what the glue allocates on the way. */
extern MemoryContext radpg_context_memory(const RadContext *context);

/* Raise the context's failure as an ERROR. */
extern void radpg_throw(const RadContext *context) __attribute__((noreturn));

#endif							/* RADPG_CONTEXT_H */
