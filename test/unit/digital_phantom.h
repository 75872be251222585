/*
 * The digital phantom of the Image Biomarker Standardisation Initiative,
 * github.com/theibsi/data_sets, ibsi_1_digital_phantom, licence CC BY 4.0.
 * 5 x 4 x 4 voxels (x, y, z; x fastest), 2 mm isotropic, 74 voxels in the mask.
 */
#ifndef DIGITAL_PHANTOM_H
#define DIGITAL_PHANTOM_H

#define DIGITAL_PHANTOM_SIZE {5, 4, 4}
#define DIGITAL_PHANTOM_SPACING {2.0, 2.0, 2.0}
#define DIGITAL_PHANTOM_VOXELS 80

static const int digital_phantom_image[DIGITAL_PHANTOM_VOXELS] = {
	/* z = 0 */
	1, 4, 4, 1, 1,
	1, 4, 6, 1, 1,
	4, 1, 6, 4, 1,
	4, 4, 6, 4, 1,
	/* z = 1 */
	1, 4, 4, 1, 1,
	1, 1, 6, 1, 1,
	1, 1, 3, 1, 1,
	4, 4, 6, 1, 1,
	/* z = 2 */
	1, 4, 4, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 9, 1, 1,
	1, 1, 6, 1, 1,
	/* z = 3 */
	1, 4, 4, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 6, 1, 1,
};

static const int digital_phantom_mask[DIGITAL_PHANTOM_VOXELS] = {
	/* z = 0 */
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	/* z = 1 */
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	0, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	/* z = 2 */
	1, 1, 1, 0, 0,
	1, 1, 1, 1, 1,
	1, 1, 0, 1, 1,
	1, 1, 1, 1, 1,
	/* z = 3 */
	1, 1, 1, 0, 0,
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
	1, 1, 1, 1, 1,
};

#endif							/* DIGITAL_PHANTOM_H */
