/*
 * A context inside a context: what runs with it may fail half way, and all
 * that it allocated can be given back at once.  One label of many is computed
 * in a scope, so that neither its arrays nor those of a failure stay behind.
 */
#ifndef RAD_BASE_SCOPE_H
#define RAD_BASE_SCOPE_H

#include "base/context.h"

/* Stands in front of every block of a scope: a doubly linked list. */
typedef struct ScopeBlock
{
	struct ScopeBlock *previous;
	struct ScopeBlock *next;
} ScopeBlock;

typedef struct Scope
{
	RadContext	context;		/* for what runs inside the scope */
	RadContext *parent;
	ScopeBlock	blocks;			/* list head */
} Scope;

/*
 * Open a scope in memory that the caller owns (the stack, usually); it must
 * not move while it is open.  It starts without an error and polls the
 * parent's interrupt callback.
 */
extern void rad_scope_open(Scope *scope, RadContext *parent);

/* Give back everything that was allocated inside.  The error stays readable. */
extern void rad_scope_close(Scope *scope);

/* Copy the scope's error to the parent and return false. */
extern bool rad_scope_fail(const Scope *scope);

#endif							/* RAD_BASE_SCOPE_H */
