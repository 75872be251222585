/*
 * The type radiomics.volume: text and binary form, and what comes in.
 *
 * Text is the stored form in base64, binary the stored form as it is: both
 * lossless.  Whatever comes in is checked to the last voxel, so that a value
 * that is in a table is right unless the storage damages it.
 */
#include "compat.h"

#include "common/base64.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"

#include "volume.h"

PG_FUNCTION_INFO_V1(radiomics_volume_in);
PG_FUNCTION_INFO_V1(radiomics_volume_out);
PG_FUNCTION_INFO_V1(radiomics_volume_recv);
PG_FUNCTION_INFO_V1(radiomics_volume_send);

static void throw_foreign(RadContext *context, int sqlstate);

/* volume_in(cstring) -> volume */
Datum
radiomics_volume_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	size_t		text_length = strlen(text);
	int			capacity;
	int			length;
	struct varlena *value;
	RadContext *context;
	ByteSource	source;

	if (text_length / 4 * 3 > RAD_CONTAINER_MAX_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("text of %zu characters is too long for type %s", text_length, "volume"),
				 errdetail("A volume takes at most %lld bytes before it is written as base64.",
						   (long long) RAD_CONTAINER_MAX_LENGTH)));
	capacity = pg_b64_dec_len((int) text_length);
	value = palloc(VARHDRSZ + capacity);
	/* Bytes are char before 18, uint8 since. */
	length = pg_b64_decode(text, (int) text_length, (void *) VARDATA(value), capacity);
	if (length < 0 || !rad_container_recognise((uint8_t *) VARDATA(value), (size_t) length))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%.24s%s\"", "volume", text,
						text_length > 24 ? "..." : ""),
				 errhint("The text form of a volume is base64 as COPY and pg_dump write it. "
						 "For the bytes of an image file use a parameter of type bytea, "
						 "or radiomics.volume_from_bytes.")));
	SET_VARSIZE(value, VARHDRSZ + length);

	context = radpg_context_create();
	source = (ByteSource) {
		.name = "volume", .length = length, .memory = (const uint8_t *) VARDATA(value)
	};
	if (!rad_container_verify(context, &source))
		throw_foreign(context, ERRCODE_INVALID_TEXT_REPRESENTATION);
	radpg_context_delete(context);
	PG_RETURN_POINTER(value);
}

/* volume_out(volume) -> cstring */
Datum
radiomics_volume_out(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	int			length = (int) VARSIZE_ANY_EXHDR(value);
	int			capacity = pg_b64_enc_len(length);
	char	   *text = palloc(capacity + 1);
	int			written = pg_b64_encode((const void *) VARDATA_ANY(value), length, text,
											capacity);

	if (written < 0)
		elog(ERROR, "could not encode %d bytes as base64", length);
	text[written] = '\0';
	PG_RETURN_CSTRING(text);
}

/* volume_recv(internal) -> volume: the stored form, or any supported file */
Datum
radiomics_volume_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			length = message->len - message->cursor;
	ByteSource	source = {
		.name = "volume",
		.length = length,
		.memory = (const uint8_t *) pq_getmsgbytes(message, length),
	};
	RadContext *context = radpg_context_create();
	Datum		value = radpg_volume_of_source(context, &source, "auto", -1);

	radpg_context_delete(context);
	PG_RETURN_DATUM(value);
}

/* volume_send(volume) -> bytea: a copy, because callers free what they get */
Datum
radiomics_volume_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(PG_GETARG_BYTEA_P_COPY(0));
}

/*
 * A volume in its stored form is checked and taken over as it is, a file of
 * another format is stored.
 */
Datum
radpg_volume_of_source(RadContext *context, const ByteSource *source, const char *format,
					   int frame)
{
	VolumeReader *reader;
	uint8_t		head[RAD_CONTAINER_HEADER];
	size_t		head_length = Min(sizeof(head), (size_t) source->length);
	Datum		datum;

	if (!rad_source_read(context, source, 0, head, head_length))
		radpg_throw(context);
	if (rad_container_recognise(head, head_length))
	{
		struct varlena *value;

		/* Opening it says whether format and frame are those of a volume. */
		if (!rad_volume_open_format(context, source, format, frame, &reader) ||
			!rad_container_verify(context, source))
			throw_foreign(context, ERRCODE_INVALID_BINARY_REPRESENTATION);
		value = palloc(VARHDRSZ + source->length);
		SET_VARSIZE(value, VARHDRSZ + source->length);
		if (!rad_source_read(context, source, 0, VARDATA(value), (size_t) source->length))
			radpg_throw(context);
		return PointerGetDatum(value);
	}
	if (!rad_volume_open_format(context, source, format, frame, &reader) ||
		!radpg_volume_transcode(context, reader, &datum))
		radpg_throw(context);
	return datum;
}

/* Damage of bytes that come from outside is not damage of stored data. */
static void
throw_foreign(RadContext *context, int sqlstate)
{
	if (context->code == RAD_DATA_CORRUPTED)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("%s", context->message),
				 context->detail[0] != '\0' ? errdetail("%s", context->detail) : 0,
				 errhint("It was cut off or altered on its way; send it again.")));
	radpg_throw(context);
}
