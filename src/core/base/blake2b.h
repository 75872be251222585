/*
 * BLAKE2b with a digest of 32 bytes (RFC 7693): the content hash of volumes.
 * A cryptographic hash, because equal hashes are taken for equal content.
 */
#ifndef RAD_BASE_BLAKE2B_H
#define RAD_BASE_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

#define RAD_HASH_LENGTH 32
#define RAD_BLAKE2B_BLOCK 128

typedef struct Blake2b
{
	uint64_t	state[8];
	uint64_t	length;			/* bytes compressed so far */
	size_t		count;			/* bytes in block */
	uint8_t		block[RAD_BLAKE2B_BLOCK];
} Blake2b;

extern void rad_blake2b_start(Blake2b *hash);
extern void rad_blake2b_add(Blake2b *hash, const void *bytes, size_t length);
extern void rad_blake2b_finish(Blake2b *hash, uint8_t digest[RAD_HASH_LENGTH]);

#endif							/* RAD_BASE_BLAKE2B_H */
