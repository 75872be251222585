/*
 * Memory, interrupts and errors of the core inside the server.
 */
#include "compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "context.h"

/* The core expects malloc's alignment; palloc promises only 8 bytes. */
#define BLOCK_ALIGNMENT 16

static void *allocate(void *allocator, size_t size);
static void release(void *allocator, void *pointer);
static bool interrupted(void *argument);
static bool pending(void *argument);
static int	sqlstate(RadErrorCode code);

RadContext *
radpg_context_create(void)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "radiomics",
												 ALLOCSET_DEFAULT_SIZES);
	RadContext *context = MemoryContextAllocZero(memory, sizeof(RadContext));

	context->allocate = allocate;
	context->release = release;
	context->allocator = memory;
	context->interrupted = interrupted;
	context->pending = pending;
	return context;
}

void
radpg_context_delete(RadContext *context)
{
	MemoryContextDelete(radpg_context_memory(context));
}

MemoryContext
radpg_context_memory(const RadContext *context)
{
	return (MemoryContext) context->allocator;
}

/*
 * Blocks of any size; NULL when there is no memory.  In front of an aligned
 * block stands the pointer that palloc returned.
 */
static void *
allocate(void *allocator, size_t size)
{
	char	   *block;
	char	   *aligned;

	if (size > MaxAllocHugeSize - BLOCK_ALIGNMENT)
		return NULL;
	block = MemoryContextAllocExtended((MemoryContext) allocator, size + BLOCK_ALIGNMENT,
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
	if (block == NULL)
		return NULL;
	aligned = (char *) TYPEALIGN_DOWN(BLOCK_ALIGNMENT, block + BLOCK_ALIGNMENT);
	((char **) aligned)[-1] = block;
	return aligned;
}

static void
release(void *allocator, void *pointer)
{
	pfree(((char **) pointer)[-1]);
}

/* Leaves by longjmp when the query is cancelled (base/context.h allows it). */
static bool
interrupted(void *argument)
{
	CHECK_FOR_INTERRUPTS();
	return false;
}

static bool
pending(void *argument)
{
	return QueryCancelPending || ProcDiePending;
}

void
radpg_throw(const RadContext *context)
{
	ereport(ERROR,
			(errcode(sqlstate(context->code)),
			 errmsg("%s", context->message),
			 context->detail[0] != '\0' ? errdetail("%s", context->detail) : 0,
			 context->hint[0] != '\0' ? errhint("%s", context->hint) : 0));
	pg_unreachable();
}

static int
sqlstate(RadErrorCode code)
{
	switch (code)
	{
		case RAD_INVALID_PARAMETER:
			return ERRCODE_INVALID_PARAMETER_VALUE;
		case RAD_INVALID_BINARY:
			return ERRCODE_INVALID_BINARY_REPRESENTATION;
		case RAD_OUT_OF_RANGE:
			return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
		case RAD_DATA_EXCEPTION:
			return ERRCODE_DATA_EXCEPTION;
		case RAD_NOT_SUPPORTED:
			return ERRCODE_FEATURE_NOT_SUPPORTED;
		case RAD_LIMIT_EXCEEDED:
			return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		case RAD_OUT_OF_MEMORY:
			return ERRCODE_OUT_OF_MEMORY;
		case RAD_IO_ERROR:
			return ERRCODE_IO_ERROR;
		case RAD_DATA_CORRUPTED:
			return ERRCODE_DATA_CORRUPTED;
		case RAD_CANCELLED:
			return ERRCODE_QUERY_CANCELED;
		case RAD_OK:
		case RAD_INTERNAL:
			break;
	}
	return ERRCODE_INTERNAL_ERROR;
}
