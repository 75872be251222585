/*
 * content_hash(): SHA-256 of a stored image or mask, read piece by piece; of a
 * volume the hash that its header carries.
 */
#include "compat.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "utils/builtins.h"

#include "jobs/content_hash.h"
#include "volume.h"


#define PIECE_SIZE (256 * 1024)

static Datum content_hash(FunctionCallInfo fcinfo, SourceKind kind);
static char *hexadecimal(const uint8 *bytes, int count);
static void hash_source(RadContext *context, ByteSource *source, uint8 *digest);
static void check_hash(int result);

RADPG_OVERLOADS(content_hash, content_hash)

/* content_hash(content) -> text */
static Datum
content_hash(FunctionCallInfo fcinfo, SourceKind kind)
{
	int64		bytes = 0;

	PG_RETURN_TEXT_P(cstring_to_text(radpg_content_hash(kind, PG_GETARG_DATUM(0), &bytes)));
}

char *
radpg_content_hash(SourceKind kind, Datum value, int64 *bytes)
{
	RadContext *context = radpg_context_create();
	char	   *text;

	if (kind == SOURCE_VOLUME)
	{
		ContainerHeader header;

		if (!radpg_volume_header(context, value, "volume", &header, NULL))
			radpg_throw(context);
		*bytes += header.length;
		text = hexadecimal(header.hash, RAD_HASH_LENGTH);
	}
	else
	{
		uint8		digest[PG_SHA256_DIGEST_LENGTH];
		ByteSource	source;

		if (kind == SOURCE_BYTEA ? !radpg_bytea_source(context, value, "content", &source) :
			!radpg_large_object_source(context, DatumGetObjectId(value), "content", &source))
			radpg_throw(context);
		hash_source(context, &source, digest);
		*bytes += source.length;
		radpg_source_close(&source);
		text = hexadecimal(digest, sizeof(digest));
	}
	radpg_context_delete(context);
	return text;
}

static char *
hexadecimal(const uint8 *bytes, int count)
{
	char	   *text = palloc(2 * count + 1);

	for (int n = 0; n < count; n++)
		snprintf(text + 2 * n, 3, "%02x", bytes[n]);
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
