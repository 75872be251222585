/*
 * SHA-1 (FIPS 180-4), for the hashes that PyRadiomics writes into its
 * diagnostics.  It identifies images, it protects nothing.
 */
#ifndef RAD_BASE_SHA1_H
#define RAD_BASE_SHA1_H

#include <stddef.h>
#include <stdint.h>

typedef struct Sha1
{
	uint32_t	state[5];
	uint64_t	length;			/* bytes so far */
	uint8_t		block[64];
} Sha1;

extern void rad_sha1_begin(Sha1 *sha1);
extern void rad_sha1_add(Sha1 *sha1, const void *bytes, size_t count);

/* The hash in hexadecimal. */
#define RAD_SHA1_SIZE 41
extern void rad_sha1_end(Sha1 *sha1, char text[RAD_SHA1_SIZE]);

#endif							/* RAD_BASE_SHA1_H */
