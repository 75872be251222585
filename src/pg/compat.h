/*
 * Differences between PostgreSQL 14 and 18, in our own names; no other file
 * asks for PG_VERSION_NUM.
 */
#ifndef RADPG_COMPAT_H
#define RADPG_COMPAT_H

#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/expandeddatum.h"
#include "utils/guc.h"
#include "utils/tuplestore.h"

/* 16 moved the TOAST pointer macros out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18: the module carries its name and version, shown by pg_get_loaded_modules(). */
#if PG_VERSION_NUM >= 180000
#define RADPG_MODULE_MAGIC(module, text) PG_MODULE_MAGIC_EXT(.name = (module), .version = (text))
#else
#define RADPG_MODULE_MAGIC(module, text) PG_MODULE_MAGIC
#endif

/* 15: a prefix can be reserved, so that misspelled settings are refused. */
static inline void
radpg_reserve_guc_prefix(const char *prefix)
{
#if PG_VERSION_NUM >= 150000
	MarkGUCPrefixReserved(prefix);
#else
	EmitWarningsOnPlaceholders(prefix);
#endif
}

/*
 * Prepare a set-returning function that fills a tuplestore
 * (rsinfo->setResult); returns its tuple descriptor.  15 has a function for it.
 */
static inline TupleDesc
radpg_begin_materialize(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

#if PG_VERSION_NUM >= 150000
	InitMaterializedSRF(fcinfo, MAT_SRF_BLESS);
#else
	TupleDesc	descriptor;
	MemoryContext previous;
	bool		random_access;

	if (rsinfo == NULL || !IsA(rsinfo, ReturnSetInfo))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	if (!(rsinfo->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("materialize mode required, but it is not allowed in this context")));
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	previous = MemoryContextSwitchTo(rsinfo->econtext->ecxt_per_query_memory);
	descriptor = BlessTupleDesc(CreateTupleDescCopy(descriptor));
	random_access = (rsinfo->allowedModes & SFRM_Materialize_Random) != 0;
	rsinfo->returnMode = SFRM_Materialize;
	rsinfo->setResult = tuplestore_begin_heap(random_access, false, work_mem);
	rsinfo->setDesc = descriptor;
	MemoryContextSwitchTo(previous);
#endif
	return rsinfo->setDesc;
}

/*
 * An expanded object as the result of an aggregate's final function.  Before
 * 16 the result was copied, which flattens it, unless it was a chunk of the
 * current memory context: a copy of the pointer to the object is.
 */
static inline Datum
radpg_aggregate_result(Datum expanded)
{
#if PG_VERSION_NUM >= 160000
	return expanded;
#else
	char	   *pointer = palloc(EXPANDED_POINTER_SIZE);

	memcpy(pointer, DatumGetPointer(expanded), EXPANDED_POINTER_SIZE);
	return PointerGetDatum(pointer);
#endif
}

#endif							/* RADPG_COMPAT_H */
