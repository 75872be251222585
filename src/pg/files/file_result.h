/*
 * Files that functions return: a sink that makes a bytea.
 */
#ifndef RADPG_FILES_FILE_RESULT_H
#define RADPG_FILES_FILE_RESULT_H

#include "context.h"

#include "lib/stringinfo.h"

#include "formats/byte_sink.h"

/*
 * A sink whose bytes are allocated in CurrentMemoryContext.  More than a bytea
 * can hold is a failure of the context.
 */
extern ByteSink radpg_file_sink(StringInfo file);

/* The bytea. */
extern Datum radpg_file_datum(StringInfo file);

#endif							/* RADPG_FILES_FILE_RESULT_H */
