/*
 * SHA-1 against the examples of FIPS 180-4 (NIST's "SHA1.pdf") and RFC 3174.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/sha1.h"

static void
check(const char *text, int repeats, const char *expected)
{
	char		hash[RAD_SHA1_SIZE];
	Sha1		sha1;

	rad_sha1_begin(&sha1);
	for (int n = 0; n < repeats; n++)
		rad_sha1_add(&sha1, text, strlen(text));
	rad_sha1_end(&sha1, hash);
	assert_string_equal(hash, expected);
}

static void
published_examples(void **state)
{
	(void) state;
	check("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	check("", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
		  "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	check("a", 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
	check("0123456701234567012345670123456701234567012345670123456701234567", 10,
		  "dea356a2cddd90c7a7ecedc5ebb563934f460452");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_examples),
	};

	return cmocka_run_group_tests_name("sha1", tests, NULL, NULL);
}
