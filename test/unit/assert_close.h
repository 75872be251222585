/*
 * Comparison of doubles with a tolerance.
 */
#ifndef TEST_ASSERT_CLOSE_H
#define TEST_ASSERT_CLOSE_H

#include <math.h>

/* cmocka's own comparison is in single precision. */
#define assert_close(actual, expected, tolerance) \
	do { \
		double		actual_ = (actual); \
		double		expected_ = (expected); \
		\
		if (!(fabs(actual_ - expected_) <= (tolerance))) \
			fail_msg("%.17g is not %.17g within %g", actual_, expected_, (double) (tolerance)); \
	} while (0)

#endif							/* TEST_ASSERT_CLOSE_H */
