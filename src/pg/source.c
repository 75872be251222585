/*
 * Reading bytea values and large objects by pieces.
 *
 * A reader asks for small pieces in ascending order, now and then for one
 * further back.  Every piece from the server costs an index scan, so a buffer
 * of about a megabyte stands in between; it starts at multiples of the size of
 * the server's own chunks, which are then fetched once.
 */
#include "compat.h"

#include "access/detoast.h"
#include "access/heaptoast.h"
#include "catalog/pg_largeobject.h"
#include "libpq/be-fsstubs.h"
#include "libpq/libpq-fs.h"
#include "storage/large_object.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "source.h"

#define BUFFER_CHUNKS 512

/* Out-of-line values up to this size are simply detoasted. */
#define SMALL_VALUE (256 * 1024)

typedef struct PieceReader
{
	void		(*fetch) (struct PieceReader *reader, int64 offset, char *buffer, int count);
	Datum		datum;			/* the TOAST pointer, when a bytea is read */
	int			descriptor;		/* of the large object, else -1 */
	int64		length;
	int			capacity;		/* of the buffer, a multiple of the chunk size */
	int64		first;			/* what the buffer holds */
	int			count;
	char	   *buffer;
} PieceReader;

static PieceReader *create_reader(RadContext *context, int64 length, int chunk_size);
static bool read_pieces(RadContext *context, void *handle, int64_t offset, void *buffer,
						size_t count);
static void fetch_bytea(PieceReader *reader, int64 offset, char *buffer, int count);
static void fetch_large_object(PieceReader *reader, int64 offset, char *buffer, int count);

bool
radpg_bytea_source(RadContext *context, Datum datum, const char *name, ByteSource *source)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);
	MemoryContext previous;

	memset(source, 0, sizeof(*source));
	source->name = name;
	if (VARATT_IS_EXTERNAL_ONDISK(value))
	{
		struct varatt_external pointer;

		VARATT_EXTERNAL_GET_POINTER(pointer, value);
		if (!VARATT_EXTERNAL_IS_COMPRESSED(pointer) && pointer.va_rawsize > SMALL_VALUE)
		{
			PieceReader *reader = create_reader(context, pointer.va_rawsize - VARHDRSZ,
												TOAST_MAX_CHUNK_SIZE);

			reader->fetch = fetch_bytea;
			reader->datum = datum;
			source->length = reader->length;
			source->read = read_pieces;
			source->handle = reader;
			return true;
		}
	}

	previous = MemoryContextSwitchTo(radpg_context_memory(context));
	value = PG_DETOAST_DATUM_PACKED(datum);
	MemoryContextSwitchTo(previous);
	source->memory = (const uint8_t *) VARDATA_ANY(value);
	source->length = VARSIZE_ANY_EXHDR(value);
	return true;
}

bool
radpg_large_object_source(RadContext *context, Oid object, const char *name,
						  ByteSource *source)
{
	PieceReader *reader;
	int			descriptor;
	int64		length;

	/* Not left to lo_open: a dangling reference is a fault of this one scan. */
	if (!LargeObjectExists(object))
	{
		rad_fail(context, RAD_INVALID_PARAMETER, "large object %u of the %s does not exist",
				 object, name);
		return false;
	}
	descriptor = DatumGetInt32(DirectFunctionCall2(be_lo_open, ObjectIdGetDatum(object),
												   Int32GetDatum(INV_READ)));
	length = DatumGetInt64(DirectFunctionCall3(be_lo_lseek64, Int32GetDatum(descriptor),
											   Int64GetDatum(0), Int32GetDatum(SEEK_END)));
	reader = create_reader(context, length, LOBLKSIZE);
	reader->fetch = fetch_large_object;
	reader->descriptor = descriptor;

	memset(source, 0, sizeof(*source));
	source->name = name;
	source->length = length;
	source->read = read_pieces;
	source->handle = reader;
	return true;
}

void
radpg_source_close(ByteSource *source)
{
	PieceReader *reader = source->handle;

	if (reader != NULL && reader->descriptor >= 0)
	{
		DirectFunctionCall1(be_lo_close, Int32GetDatum(reader->descriptor));
		reader->descriptor = -1;
	}
}

static PieceReader *
create_reader(RadContext *context, int64 length, int chunk_size)
{
	MemoryContext memory = radpg_context_memory(context);
	PieceReader *reader = MemoryContextAllocZero(memory, sizeof(PieceReader));

	reader->descriptor = -1;
	reader->length = length;
	reader->capacity = BUFFER_CHUNKS * chunk_size;
	reader->buffer = MemoryContextAlloc(memory, reader->capacity);
	return reader;
}

/* ByteSource.read */
static bool
read_pieces(RadContext *context, void *handle, int64_t offset, void *buffer, size_t count)
{
	PieceReader *reader = handle;
	char	   *target = buffer;

	while (count > 0)
	{
		int64		inside = offset - reader->first;
		size_t		piece;

		if (inside < 0 || inside >= reader->count)
		{
			int64		first = offset - offset % reader->capacity;

			/* Empty while it is filled: fetching may leave by an error. */
			reader->count = 0;
			reader->first = first;
			reader->fetch(reader, first, reader->buffer,
						  (int) Min((int64) reader->capacity, reader->length - first));
			reader->count = (int) Min((int64) reader->capacity, reader->length - first);
			CHECK_FOR_INTERRUPTS();
			continue;
		}
		piece = Min(count, (size_t) (reader->count - inside));
		memcpy(target, reader->buffer + inside, piece);
		target += piece;
		offset += piece;
		count -= piece;
	}
	return true;
}

static void
fetch_bytea(PieceReader *reader, int64 offset, char *buffer, int count)
{
	struct varlena *slice = PG_DETOAST_DATUM_SLICE(reader->datum, (int32) offset, count);

	/* The stored pointer promised this length. */
	if (VARSIZE_ANY_EXHDR(slice) != count)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored value ends after %lld bytes instead of %lld",
						(long long) (offset + VARSIZE_ANY_EXHDR(slice)),
						(long long) reader->length)));
	memcpy(buffer, VARDATA_ANY(slice), count);
	pfree(slice);
}

static void
fetch_large_object(PieceReader *reader, int64 offset, char *buffer, int count)
{
	int			got;

	DirectFunctionCall3(be_lo_lseek64, Int32GetDatum(reader->descriptor),
						Int64GetDatum(offset), Int32GetDatum(SEEK_SET));
	got = lo_read(reader->descriptor, buffer, count);
	if (got != count)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("large object ends after %lld bytes instead of %lld",
						(long long) (offset + got), (long long) reader->length)));
}
