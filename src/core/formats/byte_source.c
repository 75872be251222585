/*
 * Bytes of a file, wherever they are; see byte_source.h.
 */
#include "formats/byte_source.h"

#include <string.h>

bool
rad_source_read(RadContext *context, const ByteSource *source,
				int64_t offset, void *buffer, size_t count)
{
	if (offset < 0 || offset > source->length ||
		count > (uint64_t) (source->length - offset))
		return rad_fail(context, RAD_INTERNAL,
						"read of %zu bytes at %lld is outside the %lld bytes of the %s",
						count, (long long) offset, (long long) source->length, source->name);
	if (count == 0)
		return true;
	if (source->memory != NULL)
	{
		memcpy(buffer, source->memory + offset, count);
		return true;
	}
	if (source->counters != NULL)
	{
		source->counters->reads++;
		source->counters->bytes += (int64_t) count;
	}
	return source->read(context, source->handle, offset, buffer, count);
}
