/*
 * The context that every fallible core function receives first: where memory
 * comes from, how to notice a cancel, and the error of the last failure.
 *
 * Rules that hold all over src/core:
 *  - A function that can fail returns bool (or a pointer); false (or NULL)
 *    means that the context carries code, message, detail and hint.
 *  - Memory comes from rad_allocate().  Everything a context allocated goes
 *    away with the context, so error paths free nothing; large scratch is
 *    released early with rad_release().
 *  - Inside the server the interrupt callback and a byte source's read may
 *    leave by longjmp.  So while calling rad_continue() or a ByteSource no
 *    resource is held that the context does not own (no malloc, no file).
 *  - rad_continue() is called at least every 100 ms of work.
 */
#ifndef RAD_BASE_CONTEXT_H
#define RAD_BASE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of failure; src/pg maps each to one SQLSTATE (given behind it). */
typedef enum RadErrorCode
{
	RAD_OK = 0,
	RAD_INVALID_PARAMETER,		/* 22023 a setting or argument is wrong */
	RAD_INVALID_BINARY,			/* 22P03 bytes are not the format they claim */
	RAD_OUT_OF_RANGE,			/* 22003 a number does not fit */
	RAD_DATA_EXCEPTION,			/* 22000 image and mask do not make sense */
	RAD_NOT_SUPPORTED,			/* 0A000 */
	RAD_LIMIT_EXCEEDED,			/* 54000 too large */
	RAD_OUT_OF_MEMORY,			/* 53200 */
	RAD_IO_ERROR,				/* 58030 */
	RAD_DATA_CORRUPTED,			/* XX001 stored value damaged */
	RAD_CANCELLED,				/* 57014 the interrupt callback said stop */
	RAD_INTERNAL				/* XX000 cannot happen */
} RadErrorCode;

struct RegionRequest;

typedef struct RadContext
{
	/* The last failure; message is empty while code is RAD_OK. */
	RadErrorCode code;
	char		message[512];
	char		detail[1024];
	char		hint[512];

	/* Memory: allocate returns NULL when there is none (never longjmps). */
	void	   *(*allocate) (void *allocator, size_t size);
	void		(*release) (void *allocator, void *pointer);
	void	   *allocator;

	/* Cancel: true means stop.  May be NULL.  May longjmp (see above). */
	bool		(*interrupted) (void *argument);
	void	   *interrupt_argument;

	/*
	 * Whether a cancel waits, without acting on it: for loops around a library
	 * that holds memory of its own.  Never longjmps.  May be NULL.
	 */
	bool		(*pending) (void *argument);

	/* What a device was asked about the region at hand (device/request.h), or NULL. */
	struct RegionRequest *request;
} RadContext;

/*
 * A context on malloc, for unit tests, fuzzing and programs without a server.
 * rad_context_destroy() frees all that it allocated.
 */
extern RadContext *rad_context_create(void);
extern void rad_context_destroy(RadContext *context);

/*
 * Record a failure and return false, so that callers can write
 * "return rad_fail(...)".  Message style is PostgreSQL's: lower case, no
 * period, the offending value in it.  rad_detail() and rad_hint() add full
 * sentences and also return false.
 */
extern bool rad_fail(RadContext *context, RadErrorCode code, const char *format,...)
			__attribute__((format(printf, 3, 4)));
extern bool rad_detail(RadContext *context, const char *format,...)
			__attribute__((format(printf, 2, 3)));
extern bool rad_hint(RadContext *context, const char *format,...)
			__attribute__((format(printf, 2, 3)));

/* Forget a failure that has been dealt with. */
extern void rad_clear_error(RadContext *context);

/*
 * Memory for count elements of the given size, uninitialised or zeroed,
 * aligned as malloc aligns.  NULL on overflow or when there is none, with the
 * context's error set.  A count of zero gives a valid pointer.
 */
extern void *rad_allocate(RadContext *context, size_t count, size_t size);
extern void *rad_allocate_zeroed(RadContext *context, size_t count, size_t size);

/* Give back memory early; NULL is allowed. */
extern void rad_release(RadContext *context, void *pointer);

/* Poll for a cancel: false (RAD_CANCELLED) means stop and return. */
extern bool rad_continue(RadContext *context);

/*
 * True when a cancel waits: let go of what the context does not own, then call
 * rad_continue().
 */
extern bool rad_pending(const RadContext *context);

#define rad_new(context, type, count) \
	((type *) rad_allocate((context), (size_t) (count), sizeof(type)))
#define rad_new_zeroed(context, type, count) \
	((type *) rad_allocate_zeroed((context), (size_t) (count), sizeof(type)))

#endif							/* RAD_BASE_CONTEXT_H */
