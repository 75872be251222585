/*
 * Reading and making values of type radiomics.volume.
 */
#include "compat.h"

#include "access/detoast.h"

#include "volume.h"

static void volume_source(RadContext *context, Datum datum, const char *name, ByteSource *source);
static bool read_slice(RadContext *context, void *handle, int64_t offset, void *buffer,
					   size_t count);
static Datum written_datum(ContainerWriter *writer, int64_t length);

bool
radpg_volume_reader(RadContext *context, Datum datum, const char *name, int frame,
					VolumeReader **reader)
{
	ByteSource	source;

	volume_source(context, datum, name, &source);
	return rad_volume_open(context, &source, frame, reader);
}

bool
radpg_volume_header(RadContext *context, Datum datum, const char *name,
					ContainerHeader *header, LabelSummary **labels)
{
	ByteSource	source;

	volume_source(context, datum, name, &source);
	return rad_container_header(context, &source, header, labels);
}

/*
 * The bytes of a value.  One that is stored out of line and not compressed, as
 * the type's storage asks for, is read by slices of exactly what is wanted:
 * the stored form says where everything is, so that reading ahead would be in
 * vain.
 */
static void
volume_source(RadContext *context, Datum datum, const char *name, ByteSource *source)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(datum);
	MemoryContext previous;

	memset(source, 0, sizeof(*source));
	source->name = name;
	if (VARATT_IS_EXTERNAL_ONDISK(value))
	{
		struct varatt_external pointer;

		VARATT_EXTERNAL_GET_POINTER(pointer, value);
		if (!VARATT_EXTERNAL_IS_COMPRESSED(pointer))
		{
			source->length = pointer.va_rawsize - VARHDRSZ;
			source->read = read_slice;
			source->handle = value;
			return;
		}
	}
	previous = MemoryContextSwitchTo(radpg_context_memory(context));
	value = PG_DETOAST_DATUM_PACKED(datum);
	MemoryContextSwitchTo(previous);
	source->memory = (const uint8_t *) VARDATA_ANY(value);
	source->length = VARSIZE_ANY_EXHDR(value);
}

/* ByteSource.read */
static bool
read_slice(RadContext *context, void *handle, int64_t offset, void *buffer, size_t count)
{
	struct varlena *slice = PG_DETOAST_DATUM_SLICE(PointerGetDatum(handle), (int32) offset,
												   (int32) count);
	size_t		got = VARSIZE_ANY_EXHDR(slice);

	if (got != count)
		return rad_fail(context, RAD_DATA_CORRUPTED,
						"stored value ends after %lld bytes instead of %lld",
						(long long) offset + (long long) got,
						(long long) offset + (long long) count);
	memcpy(buffer, VARDATA_ANY(slice), count);
	pfree(slice);
	return true;
}

bool
radpg_volume_datum(RadContext *context, const Volume *volume,
				   const VolumeAttributes *attributes, Datum *datum)
{
	ContainerWriter *writer;
	int64_t		length;

	if (!rad_container_store(context, volume, attributes, NULL, &writer, &length))
		return false;
	*datum = written_datum(writer, length);
	return true;
}

bool
radpg_volume_transcode(RadContext *context, VolumeReader *reader, Datum *datum)
{
	ContainerWriter *writer;
	int64_t		length;

	if (!rad_container_transcode(context, reader, NULL, &writer, &length))
		return false;
	*datum = written_datum(writer, length);
	return true;
}

/* The writer keeps the length below what palloc gives. */
static Datum
written_datum(ContainerWriter *writer, int64_t length)
{
	struct varlena *value = palloc(VARHDRSZ + length);

	SET_VARSIZE(value, VARHDRSZ + length);
	rad_container_copy(writer, (uint8_t *) VARDATA(value));
	return PointerGetDatum(value);
}
