/*
 * The IBSI digital phantom (theibsi/data_sets, ibsi_1_digital_phantom, CC BY
 * 4.0): 5 x 4 x 4 voxels of 2 x 2 x 2 mm, x fastest; 74 voxels lie in the mask.
 */
#ifndef TEST_DIGITAL_PHANTOM_H
#define TEST_DIGITAL_PHANTOM_H

#include <stdint.h>

#define DIGITAL_PHANTOM_SIZE {5, 4, 4}
#define DIGITAL_PHANTOM_SPACING {2.0, 2.0, 2.0}
#define DIGITAL_PHANTOM_VOXELS 80

static const int16_t digital_phantom_image[DIGITAL_PHANTOM_VOXELS] = {
	1, 4, 4, 1, 1,
	1, 4, 6, 1, 1,
	4, 1, 6, 4, 1,
	4, 4, 6, 4, 1,

	1, 4, 4, 1, 1,
	1, 1, 6, 1, 1,
	1, 1, 3, 1, 1,
	4, 4, 6, 1, 1,

	1, 4, 4, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 9, 1, 1,
	1, 1, 6, 1, 1,

	1, 4, 4, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 6, 1, 1,
};

static const uint8_t digital_phantom_mask[DIGITAL_PHANTOM_VOXELS] = {
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,

	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	0, 1, 1, 1, 1,
	1, 1, 1, 1, 1,

	1, 1, 1, 0, 0,
	1, 1, 1, 1, 1,
	1, 1, 0, 1, 1,
	1, 1, 1, 1, 1,

	1, 1, 1, 0, 0,
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
};

#endif							/* TEST_DIGITAL_PHANTOM_H */
