/*
 * A bytea that grows; see file_result.h.
 */
#include "compat.h"

#include "utils/memutils.h"

#include "files/file_result.h"

static bool append(RadContext *context, void *handle, const void *bytes, size_t count);

ByteSink
radpg_file_sink(StringInfo file)
{
	initStringInfo(file);
	appendStringInfoSpaces(file, VARHDRSZ);
	return (ByteSink) {.write = append, .handle = file};
}

/* ByteSink.write */
static bool
append(RadContext *context, void *handle, const void *bytes, size_t count)
{
	StringInfo	file = handle;

	/* StringInfo keeps one byte for a zero at the end. */
	if (count >= MaxAllocSize - (size_t) file->len)
	{
		rad_fail(context, RAD_LIMIT_EXCEEDED, "the file would be larger than %zu bytes",
				 (size_t) MaxAllocSize - 1);
		return rad_hint(context, "A bytea holds no more; compress the file or crop the volume.");
	}
	appendBinaryStringInfo(file, bytes, (int) count);
	return true;
}

Datum
radpg_file_datum(StringInfo file)
{
	SET_VARSIZE(file->data, file->len);
	return PointerGetDatum(file->data);
}
