/*
 * Reading and making values of type radiomics.volume.
 *
 * A value is either stored: flat bytes, in a table or in memory, or expanded:
 * voxels in memory, as a function has made them (utils/expandeddatum.h).
 */
#include "compat.h"

#include "access/detoast.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"

#include "volume.h"

/* Expanded objects of other types are told apart by this. */
#define EXPANDED_VOLUME_MAGIC 0x766f6c31

typedef struct ExpandedVolume
{
	ExpandedObjectHeader header;
	int			magic;
	RadContext *context;		/* its memory is the object's */
	Volume		volume;
	VolumeAttributes attributes;
	ContainerWriter *writer;	/* holds the stored form once it was asked for */
	int64_t		length;			/* of the stored form */
} ExpandedVolume;

/*
 * The one thing in the glue that changes and is no setting: it counts and
 * nothing depends on it.
 */
VolumeWork	radpg_volume_work;

static ExpandedVolume *expanded_volume(Datum datum);
static Size get_flat_size(ExpandedObjectHeader *header);
static void flatten_into(ExpandedObjectHeader *header, void *result, Size allocated_size);
static void volume_source(RadContext *context, Datum datum, const char *name, ByteSource *source);
static bool read_slice(RadContext *context, void *handle, int64_t offset, void *buffer,
					   size_t count);
static Datum written_datum(ContainerWriter *writer, int64_t length);

bool
radpg_volume_reader(RadContext *context, Datum datum, const char *name, int frame,
					VolumeReader **reader)
{
	ExpandedVolume *expanded = expanded_volume(datum);
	ByteSource	source;

	if (expanded != NULL && frame <= 0)
		return rad_volume_show(context, &expanded->volume, &expanded->attributes, name, reader);
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

bool
radpg_volume_grid(RadContext *context, Datum datum, const char *name, Grid *grid)
{
	ExpandedVolume *expanded = expanded_volume(datum);
	ContainerHeader header;

	if (expanded != NULL)
	{
		*grid = expanded->volume.grid;
		return true;
	}
	if (!radpg_volume_header(context, datum, name, &header, NULL))
		return false;
	*grid = header.grid;
	return true;
}

static const ExpandedObjectMethods expanded_methods = {
	.get_flat_size = get_flat_size,
	.flatten_into = flatten_into,
};

Datum
radpg_volume_expanded(RadContext *context, const Volume *volume,
					  const VolumeAttributes *attributes)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "radiomics volume",
												 ALLOCSET_SMALL_SIZES);
	ExpandedVolume *expanded = MemoryContextAllocZero(memory, sizeof(ExpandedVolume));

	EOH_init_header(&expanded->header, &expanded_methods, memory);
	MemoryContextSetParent(radpg_context_memory(context), memory);
	expanded->magic = EXPANDED_VOLUME_MAGIC;
	expanded->context = context;
	expanded->volume = *volume;
	if (attributes != NULL)
		expanded->attributes = *attributes;
	return EOHPGetRODatum(&expanded->header);
}

/* The object behind a datum, or NULL when it is a stored value. */
static ExpandedVolume *
expanded_volume(Datum datum)
{
	ExpandedVolume *expanded;

	if (!VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)))
		return NULL;
	expanded = (ExpandedVolume *) DatumGetEOHP(datum);
	if (expanded->magic != EXPANDED_VOLUME_MAGIC)
		elog(ERROR, "expanded object is no volume");
	return expanded;
}

/* Called at least twice before flatten_into: the first time does the work. */
static Size
get_flat_size(ExpandedObjectHeader *header)
{
	ExpandedVolume *expanded = (ExpandedVolume *) header;
	ContainerWriter *writer;

	if (expanded->writer == NULL)
	{
		if (!rad_container_store(expanded->context, &expanded->volume, &expanded->attributes,
								 NULL, &writer, &expanded->length))
			radpg_throw(expanded->context);
		expanded->writer = writer;
		radpg_volume_work.stored++;
	}
	return VARHDRSZ + expanded->length;
}

static void
flatten_into(ExpandedObjectHeader *header, void *result, Size allocated_size)
{
	ExpandedVolume *expanded = (ExpandedVolume *) header;

	Assert(allocated_size == VARHDRSZ + expanded->length);
	SET_VARSIZE(result, allocated_size);
	rad_container_copy(expanded->writer, (uint8_t *) VARDATA(result));
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
	source->counters = &radpg_volume_work.read;
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
	if (VARATT_IS_EXTENDED(value) && !VARATT_IS_SHORT(value))
		radpg_volume_work.read.reads++;
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

	radpg_volume_work.stored++;
	SET_VARSIZE(value, VARHDRSZ + length);
	rad_container_copy(writer, (uint8_t *) VARDATA(value));
	return PointerGetDatum(value);
}
