-- Texture matrices that can be counted by hand.  Grey levels are the intensities.
CREATE FUNCTION pg_temp.image(voxels float8[], size int[]) RETURNS bytea LANGUAGE sql
RETURN radiomics_test.nifti(voxels, size);
CREATE FUNCTION pg_temp.all_of(size int[]) RETURNS bytea LANGUAGE sql
RETURN radiomics_test.constant(1, size, datatype => 2);
\set levels '{"discretisation": "none", "aggregation": "3D_mrg"}'

-- Eight equal voxels: 28 pairs, each counted both ways; by aggregation, slice
-- and direction.
SELECT aggregation, slice, direction, i, j, count
FROM   radiomics.glcm(radiomics_test.constant(1, '{2, 2, 2}'), pg_temp.all_of('{2, 2, 2}'), 1,
                      '{"discretisation": "none", "aggregation": "all"}');
SELECT * FROM radiomics.glcm(radiomics_test.constant(1, '{2, 2, 2}'), pg_temp.all_of('{2, 2, 2}'), 1, :'levels');
-- Four in a row: one run of four along x, single voxels along 12 others.
SELECT * FROM radiomics.glrlm(radiomics_test.constant(2, '{4, 1, 1}'), pg_temp.all_of('{4, 1, 1}'), 1, :'levels');
-- One zone, which touches the border.
SELECT * FROM radiomics.glszm(radiomics_test.constant(3, '{5, 5, 5}'), pg_temp.all_of('{5, 5, 5}'), 1, :'levels');
SELECT * FROM radiomics.gldzm(radiomics_test.constant(3, '{5, 5, 5}'), pg_temp.all_of('{5, 5, 5}'), 1, :'levels');
-- Nobody differs from the neighbourhood; everybody depends on all eight.
SELECT * FROM radiomics.ngtdm(radiomics_test.constant(1, '{2, 2, 2}'), pg_temp.all_of('{2, 2, 2}'), 1, :'levels');
SELECT * FROM radiomics.ngldm(radiomics_test.constant(1, '{2, 2, 2}'), pg_temp.all_of('{2, 2, 2}'), 1, :'levels');

-- Four different voxels of one slice:  1 2
--                                      3 4
-- each pair once both ways, per direction and merged.
SELECT direction, array_agg(ARRAY[i, j, count] ORDER BY i, j) AS cells
FROM   radiomics.glcm(pg_temp.image('{1, 2, 3, 4}', '{2, 2, 1}'), pg_temp.all_of('{2, 2, 1}'), 1,
                      '{"discretisation": "none", "aggregation": "2D_avg"}')
GROUP  BY direction
ORDER  BY direction;
SELECT slice, count(*) AS cells, sum(count) AS total
FROM   radiomics.glcm(pg_temp.image('{1, 2, 3, 4}', '{2, 2, 1}'), pg_temp.all_of('{2, 2, 1}'), 1,
                      '{"discretisation": "none", "aggregation": "2D_mrg"}')
GROUP  BY slice;
-- Every level differs from the mean of the other three by 4/3 |i - 2.5|.
SELECT i, j, count, round(difference::numeric, 12) AS difference
FROM   radiomics.ngtdm(pg_temp.image('{1, 2, 3, 4}', '{2, 2, 1}'), pg_temp.all_of('{2, 2, 1}'), 1, :'levels');
-- With alpha 1 levels 1 and 4 depend on one other, 2 and 3 on two.
SELECT i, j, count
FROM   radiomics.ngldm(pg_temp.image('{1, 2, 3, 4}', '{2, 2, 1}'), pg_temp.all_of('{2, 2, 1}'), 1,
                       '{"discretisation": "none", "ngldm_alpha": 1, "aggregation": "3D_mrg"}');

-- A centre of its own level lies three steps from the outside.
SELECT i, j, count
FROM   radiomics.gldzm((SELECT pg_temp.image(array_agg(CASE WHEN x = 3 AND y = 3 AND z = 3 THEN 2 ELSE 1 END::float8
                                                       ORDER BY z, y, x), '{5, 5, 5}')
                        FROM generate_series(1, 5) AS x, generate_series(1, 5) AS y, generate_series(1, 5) AS z),
                       pg_temp.all_of('{5, 5, 5}'), 1, :'levels');

-- Slices count from the first of the image, not of the region.
SELECT DISTINCT aggregation, slice
FROM   radiomics.glszm(radiomics_test.constant(1, '{6, 6, 6}'),
                       radiomics_test.box_mask('{6, 6, 6}', '{1, 1, 3}', '{4, 4, 5}'), 1,
                       '{"discretisation": "none", "aggregation": ["2D_avg", "2.5D_avg"]}')
ORDER  BY aggregation, slice;

-- Features are made of the matrices.
\set merged '{"aggregation": "3D_mrg"}'
WITH scan AS (SELECT radiomics_test.noise('{9, 8, 7}') AS image,
                     radiomics_test.box_mask('{9, 8, 7}', '{1, 1, 1}', '{8, 7, 6}') AS mask)
SELECT f.cm_joint_max = (SELECT max(count) / sum(count)::float8 FROM radiomics.glcm(image, mask, 1, :'merged')) AS joint_max,
       f.szm_z_perc = (SELECT sum(count) / f.voxel_count::float8 FROM radiomics.glszm(image, mask, 1, :'merged')) AS zone_percentage,
       f.rlm_r_perc = (SELECT sum(count) / (13 * f.voxel_count)::float8 FROM radiomics.glrlm(image, mask, 1, :'merged')) AS run_percentage,
       (SELECT sum(count) = f.voxel_count FROM radiomics.ngtdm(image, mask, 1, :'merged')) AS every_voxel,
       (SELECT sum(count) = f.voxel_count FROM radiomics.ngldm(image, mask, 1, :'merged')) AS every_dependence,
       (SELECT sum(count * j) = f.voxel_count FROM radiomics.glszm(image, mask, 1, :'merged')) AS every_zone,
       (SELECT count(*) = 0 FROM radiomics.glcm(image, mask, 1, :'merged') AS a
        WHERE NOT EXISTS (SELECT FROM radiomics.glcm(image, mask, 1, :'merged') AS b
                          WHERE b.i = a.j AND b.j = a.i AND b.count = a.count)) AS symmetric
FROM   scan, LATERAL radiomics.features(image, mask) AS f;
