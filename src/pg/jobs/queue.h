/*
 * The queue: rights for its statements, the locks that prove who lives, and
 * waking the scheduler.
 */
#ifndef RADPG_JOBS_QUEUE_H
#define RADPG_JOBS_QUEUE_H

#include "jobs.h"

#include "executor/spi.h"

/* Who we were before radpg_queue_enter(). */
typedef struct QueueAccess
{
	Oid			user;
	int			security_context;
	int			guc_level;
} QueueAccess;

/* Is the extension, with its queue, in this database?  In a transaction. */
extern bool radpg_queue_exists(void);

/* The owner of the queue's tables. */
extern Oid	radpg_queue_owner(void);

/*
 * Become the owner of the queue's tables, with SPI connected and the search
 * path of the system, for statements of this library only: nothing that a user
 * can define runs in between, not even an operator.  An error's rollback
 * restores user and path too.
 */
extern void radpg_queue_enter(QueueAccess *access);
extern void radpg_queue_leave(const QueueAccess *access);

/*
 * Run one statement between enter and leave; nulls may be NULL.  Results are
 * in SPI_tuptable until the next call.
 */
extern uint64 radpg_queue_run(const char *statement, int count, const Oid *types,
							  const Datum *values, const char *nulls);

/* The first column of the only row of the last result. */
extern Datum radpg_queue_value(bool *is_null);

/*
 * A session lock that a worker holds while a task is its own: it goes away with
 * the process, so whoever can take it knows that the worker is gone.  One at a time;
 * unlocking needs no transaction.
 */
extern bool radpg_lock_task(int64 task);
extern void radpg_unlock_task(void);

/*
 * Until the end of the transaction, nobody else computes this key of this
 * table: who read an older scan writes first.
 */
extern void radpg_lock_key(Oid target, Datum key);

/* The scheduler's own: one at a time.  False when another one has it. */
extern bool radpg_lock_scheduler(void);
extern void radpg_unlock_scheduler(void);

/*
 * A scheduler may leave only with this lock, which nobody shares who is about
 * to give it work.  Held until the process ends.
 */
extern bool radpg_lock_departure(void);
extern void radpg_unlock_departure(void);

/*
 * See to it that a scheduler runs and looks at the queue as soon as the current
 * transaction has committed.  When none can be started, an error if it must
 * be, else false.
 */
extern bool radpg_call_scheduler(bool must);

#endif							/* RADPG_JOBS_QUEUE_H */
