/*
 * Scopes: blocks of the parent's allocator, kept in a list.
 */
#include "base/scope.h"

#include <string.h>

/* Blocks keep malloc's 16-byte alignment behind their header. */
_Static_assert(sizeof(ScopeBlock) % 16 == 0, "block header would break alignment");

static void *
scope_allocate(void *allocator, size_t size)
{
	Scope	   *scope = allocator;
	ScopeBlock *block;

	if (size > SIZE_MAX - sizeof(ScopeBlock))
		return NULL;
	block = scope->parent->allocate(scope->parent->allocator, sizeof(ScopeBlock) + size);
	if (block == NULL)
		return NULL;
	block->previous = &scope->blocks;
	block->next = scope->blocks.next;
	if (block->next != NULL)
		block->next->previous = block;
	scope->blocks.next = block;
	return block + 1;
}

static void
scope_release(void *allocator, void *pointer)
{
	Scope	   *scope = allocator;
	ScopeBlock *block = (ScopeBlock *) pointer - 1;

	block->previous->next = block->next;
	if (block->next != NULL)
		block->next->previous = block->previous;
	scope->parent->release(scope->parent->allocator, block);
}

void
rad_scope_open(Scope *scope, RadContext *parent)
{
	scope->parent = parent;
	scope->blocks = (ScopeBlock) {NULL, NULL};
	rad_clear_error(&scope->context);
	scope->context.allocate = scope_allocate;
	scope->context.release = scope_release;
	scope->context.allocator = scope;
	scope->context.interrupted = parent->interrupted;
	scope->context.pending = parent->pending;
	scope->context.interrupt_argument = parent->interrupt_argument;
	scope->context.request = parent->request;
}

void
rad_scope_close(Scope *scope)
{
	while (scope->blocks.next != NULL)
		scope_release(scope, scope->blocks.next + 1);
}

bool
rad_scope_fail(const Scope *scope)
{
	RadContext *parent = scope->parent;

	parent->code = scope->context.code;
	memcpy(parent->message, scope->context.message, sizeof(parent->message));
	memcpy(parent->detail, scope->context.detail, sizeof(parent->detail));
	memcpy(parent->hint, scope->context.hint, sizeof(parent->hint));
	return false;
}
