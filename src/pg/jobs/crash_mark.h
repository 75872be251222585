/*
 * Which key a worker was computing when it was killed.
 *
 * While a worker computes a key, a small file says which.  A worker that is
 * told to go, by a signal or by the death of another process, takes the file
 * along; one that crashes or is killed by the system cannot.  So the file that
 * is left behind names the scan that the crash is about, and an operator's
 * immediate shutdown is held against nobody.
 */
#ifndef RADPG_JOBS_CRASH_MARK_H
#define RADPG_JOBS_CRASH_MARK_H

#include "compat.h"

/* Install the handlers that remove the file when this process is told to go. */
extern void radpg_crash_mark_init(void);

/* Say that a key (from 1) of a task is being computed; 0 when it is over. */
extern void radpg_crash_mark(int64 task, int key);

/* The key of a task whose worker is gone, 0 when there is no mark; removes it. */
extern int	radpg_take_crash_mark(int64 task);

#endif							/* RADPG_JOBS_CRASH_MARK_H */
