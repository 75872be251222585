/*
 * Errors, memory and interrupts of the core; see context.h for the rules.
 */
#include "base/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Header in front of every block of a malloc context: a doubly linked list. */
typedef struct Block
{
	struct Block *previous;
	struct Block *next;
} Block;

/* Blocks keep malloc's 16-byte alignment behind their header. */
_Static_assert(sizeof(Block) % 16 == 0, "block header would break alignment");

typedef struct MallocContext
{
	RadContext	context;
	Block		blocks;			/* list head */
} MallocContext;

static void *
malloc_allocate(void *allocator, size_t size)
{
	MallocContext *owner = allocator;
	Block	   *block;

	if (size > SIZE_MAX - sizeof(Block))
		return NULL;
	block = malloc(sizeof(Block) + size);
	if (block == NULL)
		return NULL;
	block->previous = &owner->blocks;
	block->next = owner->blocks.next;
	if (block->next != NULL)
		block->next->previous = block;
	owner->blocks.next = block;
	return block + 1;
}

static void
malloc_release(void *allocator, void *pointer)
{
	Block	   *block = (Block *) pointer - 1;

	(void) allocator;
	block->previous->next = block->next;
	if (block->next != NULL)
		block->next->previous = block->previous;
	free(block);
}

RadContext *
rad_context_create(void)
{
	MallocContext *owner = calloc(1, sizeof(MallocContext));

	if (owner == NULL)
		abort();
	owner->context.allocate = malloc_allocate;
	owner->context.release = malloc_release;
	owner->context.allocator = owner;
	return &owner->context;
}

void
rad_context_destroy(RadContext *context)
{
	MallocContext *owner = context->allocator;

	while (owner->blocks.next != NULL)
		malloc_release(owner, owner->blocks.next + 1);
	free(owner);
}

bool
rad_fail(RadContext *context, RadErrorCode code, const char *format,...)
{
	va_list		arguments;

	context->code = code;
	context->detail[0] = '\0';
	context->hint[0] = '\0';
	va_start(arguments, format);
	vsnprintf(context->message, sizeof(context->message), format, arguments);
	va_end(arguments);
	return false;
}

bool
rad_detail(RadContext *context, const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(context->detail, sizeof(context->detail), format, arguments);
	va_end(arguments);
	return false;
}

bool
rad_hint(RadContext *context, const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(context->hint, sizeof(context->hint), format, arguments);
	va_end(arguments);
	return false;
}

void
rad_clear_error(RadContext *context)
{
	context->code = RAD_OK;
	context->message[0] = '\0';
	context->detail[0] = '\0';
	context->hint[0] = '\0';
}

void *
rad_allocate(RadContext *context, size_t count, size_t size)
{
	size_t		bytes;
	void	   *pointer;

	if (__builtin_mul_overflow(count, size, &bytes))
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED,
				 "memory request of %zu elements of %zu bytes is too large",
				 count, size);
		return NULL;
	}
	pointer = context->allocate(context->allocator, bytes > 0 ? bytes : 1);
	if (pointer == NULL)
		rad_fail(context, RAD_OUT_OF_MEMORY,
				 "out of memory: could not allocate %zu bytes", bytes);
	return pointer;
}

void *
rad_allocate_zeroed(RadContext *context, size_t count, size_t size)
{
	void	   *pointer = rad_allocate(context, count, size);

	if (pointer != NULL)
		memset(pointer, 0, count * size);
	return pointer;
}

void
rad_release(RadContext *context, void *pointer)
{
	if (pointer != NULL)
		context->release(context->allocator, pointer);
}

bool
rad_continue(RadContext *context)
{
	if (context->interrupted != NULL &&
		context->interrupted(context->interrupt_argument))
		return rad_fail(context, RAD_CANCELLED, "canceling on request");
	return true;
}

bool
rad_pending(const RadContext *context)
{
	return context->pending != NULL && context->pending(context->interrupt_argument);
}
