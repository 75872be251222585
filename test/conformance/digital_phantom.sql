-- The IBSI digital phantom (github.com/theibsi/data_sets, ibsi_1_digital_phantom,
-- CC BY 4.0): 5 x 4 x 4 voxels of 2 x 2 x 2 mm, x fastest; 74 lie in the mask.
INSERT INTO conformance.scans (scan, image, mask)
VALUES ('digital_phantom',
    conformance.nifti('{5, 4, 4}', '{2, 2, 2}', ARRAY[
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
        1, 1, 6, 1, 1]),
    conformance.nifti('{5, 4, 4}', '{2, 2, 2}', ARRAY[
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
        1, 1, 1, 1, 1]));
