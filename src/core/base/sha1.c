/*
 * SHA-1, FIPS 180-4 section 6.1.
 */
#include "base/sha1.h"

#include <stdio.h>
#include <string.h>

static inline uint32_t
rotate_left(uint32_t word, int bits)
{
	return word << bits | word >> (32 - bits);
}

static void
take_block(Sha1 *sha1, const uint8_t *block)
{
	uint32_t	schedule[80];
	uint32_t	a = sha1->state[0];
	uint32_t	b = sha1->state[1];
	uint32_t	c = sha1->state[2];
	uint32_t	d = sha1->state[3];
	uint32_t	e = sha1->state[4];

	for (int t = 0; t < 16; t++)
		schedule[t] = (uint32_t) block[4 * t] << 24 | (uint32_t) block[4 * t + 1] << 16 |
			(uint32_t) block[4 * t + 2] << 8 | block[4 * t + 3];
	for (int t = 16; t < 80; t++)
		schedule[t] = rotate_left(schedule[t - 3] ^ schedule[t - 8] ^ schedule[t - 14] ^
								  schedule[t - 16], 1);
	for (int t = 0; t < 80; t++)
	{
		uint32_t	mixed;
		uint32_t	next;

		if (t < 20)
			mixed = ((b & c) | (~b & d)) + 0x5A827999u;
		else if (t < 40)
			mixed = (b ^ c ^ d) + 0x6ED9EBA1u;
		else if (t < 60)
			mixed = ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCu;
		else
			mixed = (b ^ c ^ d) + 0xCA62C1D6u;
		next = rotate_left(a, 5) + mixed + e + schedule[t];
		e = d;
		d = c;
		c = rotate_left(b, 30);
		b = a;
		a = next;
	}
	sha1->state[0] += a;
	sha1->state[1] += b;
	sha1->state[2] += c;
	sha1->state[3] += d;
	sha1->state[4] += e;
}

void
rad_sha1_begin(Sha1 *sha1)
{
	static const uint32_t start[5] = {
		0x67452301u, 0xEFCDAB89u, 0x98BADCFEu, 0x10325476u, 0xC3D2E1F0u,
	};

	memcpy(sha1->state, start, sizeof(start));
	sha1->length = 0;
}

void
rad_sha1_add(Sha1 *sha1, const void *bytes, size_t count)
{
	const uint8_t *next = bytes;
	size_t		held = (size_t) (sha1->length % 64);

	sha1->length += count;
	if (held > 0)
	{
		size_t		piece = count < 64 - held ? count : 64 - held;

		memcpy(sha1->block + held, next, piece);
		next += piece;
		count -= piece;
		if (held + piece < 64)
			return;
		take_block(sha1, sha1->block);
	}
	for (; count >= 64; next += 64, count -= 64)
		take_block(sha1, next);
	memcpy(sha1->block, next, count);
}

void
rad_sha1_end(Sha1 *sha1, char text[RAD_SHA1_SIZE])
{
	static const uint8_t padding[64] = {0x80};
	uint64_t	bits = sha1->length * 8;
	uint8_t		length[8];
	size_t		held = (size_t) (sha1->length % 64);

	rad_sha1_add(sha1, padding, held < 56 ? 56 - held : 120 - held);
	for (int n = 0; n < 8; n++)
		length[n] = (uint8_t) (bits >> (56 - 8 * n));
	rad_sha1_add(sha1, length, 8);
	for (int n = 0; n < 5; n++)
		snprintf(text + 8 * n, 9, "%08x", sha1->state[n]);
}
