/*
 * content_hash(): SHA-256 of a stored image or mask, read piece by piece.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "utils/builtins.h"

#include "context.h"
#include "jobs/content_hash.h"
#include "source.h"

PG_FUNCTION_INFO_V1(radiomics_content_hash);
PG_FUNCTION_INFO_V1(radiomics_content_hash_large_object);

#define PIECE_SIZE (256 * 1024)

static void hash_source(RadContext *context, ByteSource *source, uint8 *digest);
static void check_hash(int result);

Datum
radiomics_content_hash(PG_FUNCTION_ARGS)
{
	int64		bytes = 0;

	PG_RETURN_TEXT_P(cstring_to_text(radpg_content_hash(BYTEAOID, PG_GETARG_DATUM(0), &bytes)));
}

Datum
radiomics_content_hash_large_object(PG_FUNCTION_ARGS)
{
	int64		bytes = 0;

	PG_RETURN_TEXT_P(cstring_to_text(radpg_content_hash(OIDOID, PG_GETARG_DATUM(0), &bytes)));
}

char *
radpg_content_hash(Oid type, Datum value, int64 *bytes)
{
	RadContext *context = radpg_context_create();
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *text = palloc(2 * sizeof(digest) + 1);
	ByteSource	source;
	bool		opened;

	if (type == BYTEAOID)
		opened = radpg_bytea_source(context, value, "content", &source);
	else if (type == OIDOID)
		opened = radpg_large_object_source(context, DatumGetObjectId(value), "content", &source);
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("images and masks of type %s cannot be hashed", format_type_be(type))));
	if (!opened)
		radpg_throw(context);
	hash_source(context, &source, digest);
	*bytes += source.length;
	radpg_source_close(&source);
	radpg_context_delete(context);

	for (int n = 0; n < sizeof(digest); n++)
		snprintf(text + 2 * n, 3, "%02x", digest[n]);
	return text;
}

/* After an error the resource owner frees what the hash holds. */
static void
hash_source(RadContext *context, ByteSource *source, uint8 *digest)
{
	uint8	   *piece = MemoryContextAlloc(radpg_context_memory(context), PIECE_SIZE);
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);

	if (hash == NULL)
		check_hash(-1);
	check_hash(pg_cryptohash_init(hash));
	for (int64 offset = 0; offset < source->length; offset += PIECE_SIZE)
	{
		size_t		count = Min(PIECE_SIZE, source->length - offset);

		CHECK_FOR_INTERRUPTS();
		if (!rad_source_read(context, source, offset, piece, count))
			radpg_throw(context);
		check_hash(pg_cryptohash_update(hash, piece, count));
	}
	check_hash(pg_cryptohash_final(hash, digest, PG_SHA256_DIGEST_LENGTH));
	pg_cryptohash_free(hash);
}

static void
check_hash(int result)
{
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not compute a SHA-256 hash")));
}
