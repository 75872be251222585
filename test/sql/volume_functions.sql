-- Making volumes, taking them apart, grids, and who copies what.
CREATE TEMPORARY TABLE made AS
SELECT radiomics.volume_from_array('{1, 2, 3, 4, 5, 6}', '{3, 2}', '{0.5, 0.25, 2}', '{-10, 20.5, 1e-7}',
                                   '{{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}', 'int16', 'HU', 'CT') AS flat,
       radiomics.volume_from_array(ARRAY(SELECT sin(n) FROM generate_series(1, 40 * 30 * 20) AS n), '{40, 30, 20}')
       AS solid;
SELECT dimension, size, spacing, origin, direction, voxel_type, minimum, maximum, units, modality
FROM   made, LATERAL radiomics.volume_info(flat) AS i;
SELECT radiomics.volume_to_array(flat) FROM made;
SELECT radiomics.volume_to_array(solid) = ARRAY(SELECT ARRAY(SELECT ARRAY(
       SELECT sin(1 + x + 40 * (y + 30 * z)) FROM generate_series(0, 39) AS x ORDER BY x)
       FROM generate_series(0, 29) AS y ORDER BY y) FROM generate_series(0, 19) AS z ORDER BY z) AS whole,
       radiomics.volume_to_array(solid, '{7, 8, 9}', '{8, 8, 10}')
       = ARRAY[ARRAY[ARRAY[sin(1 + 7 + 40 * (8 + 30 * 9)), sin(1 + 8 + 40 * (8 + 30 * 9))]],
               ARRAY[ARRAY[sin(1 + 7 + 40 * (8 + 30 * 10)), sin(1 + 8 + 40 * (8 + 30 * 10))]]] AS box,
       radiomics.volume_to_array(NULL) AS nothing
FROM   made;
SELECT f.* FROM unnest(ARRAY[
    $$SELECT radiomics.volume_from_array('{1, 2}', '{3, 1}')$$,
    $$SELECT radiomics.volume_from_array('{1, NULL, 3}', '{3, 1}')$$,
    $$SELECT radiomics.volume_from_array('{1, 2, 3}', '{3}')$$,
    $$SELECT radiomics.volume_from_array('{1, 2, 3}', '{3, -1, 1}')$$,
    $$SELECT radiomics.volume_from_array('{1, 2, 300}', '{3, 1}', voxel_type => 'uint8')$$,
    $$SELECT radiomics.volume_from_array('{1, 2.5, 3}', '{3, 1}', voxel_type => 'int32')$$,
    $$SELECT radiomics.volume_from_array('{1, 0.1, 3}', '{3, 1}', voxel_type => 'float32')$$,
    $$SELECT radiomics.volume_from_array('{1, 2, 3}', '{3, 1}', voxel_type => 'int128')$$,
    $$SELECT radiomics.volume_from_array('{1, 2, 3}', '{3, 1}', '{1, 1}')$$,
    $$SELECT radiomics.volume_from_array('{1, 2, 3}', '{3, 1}', '{1, 1, 0}')$$,
    $$SELECT radiomics.volume_from_array('{1, 2, 3}', '{3, 1}', units => repeat('x', 16))$$,
    $$SELECT radiomics.volume_to_array(flat, '{0, 0, 0}', '{3, 0, 0}') FROM made$$,
    $$SELECT radiomics.volume_to_array(flat, '{2, 0, 0}', '{1, 0, 0}') FROM made$$]) AS statement,
    LATERAL radiomics_test.failure(statement) AS f;

-- From a large object and from a file of the server.
CREATE TEMPORARY TABLE file AS SELECT radiomics_test.noise('{20, 20, 20}') AS image;
SELECT lo_from_bytea(0, image) AS object FROM file \gset
SELECT radiomics.volume_from_large_object(:object)::text = image::radiomics.volume::text AS large_object,
       radiomics.volume_from_large_object(:object, 'nifti', 0)::text = image::radiomics.volume::text AS named
FROM   file;
SELECT current_setting('data_directory') || '/radiomics_test.nii' AS path \gset
SELECT lo_export(:object, :'path');
SELECT radiomics.volume_from_file(:'path')::text = image::radiomics.volume::text AS server_file FROM file;
SELECT pg_file_exists.size > 0 AS there FROM pg_stat_file('radiomics_test.nii') AS pg_file_exists;
SELECT state, replace(message, current_setting('data_directory'), '...') AS message
FROM   unnest(ARRAY['/no/such/file', 'radiomics_test.nii', current_setting('data_directory')]) AS path,
       LATERAL radiomics_test.failure(format('SELECT radiomics.volume_from_file(%L)', path));
CREATE ROLE regress_radiomics_reader;
GRANT USAGE ON SCHEMA radiomics_test TO regress_radiomics_reader;
SET ROLE regress_radiomics_reader;
SELECT state, message FROM radiomics_test.failure(format('SELECT radiomics.volume_from_file(%L)', :'path'));
RESET ROLE;
GRANT EXECUTE ON FUNCTION radiomics.volume_from_file TO regress_radiomics_reader;
SET ROLE regress_radiomics_reader;
SELECT state, message, detail FROM radiomics_test.failure(format('SELECT radiomics.volume_from_file(%L)', :'path'));
RESET ROLE;
REVOKE EXECUTE ON FUNCTION radiomics.volume_from_file FROM regress_radiomics_reader;
GRANT pg_read_server_files TO regress_radiomics_reader;
SET ROLE regress_radiomics_reader;
SELECT (radiomics.volume_info(radiomics.volume_from_file(:'path'))).size;
RESET ROLE;
DROP OWNED BY regress_radiomics_reader;
DROP ROLE regress_radiomics_reader;
COPY (SELECT) TO PROGRAM 'cat > /dev/null; rm -f radiomics_test.nii';
SELECT lo_unlink(:object);

-- Grids.  The mask of half the spacing holds each of its voxels twice per axis.
CREATE TEMPORARY TABLE grid AS
SELECT radiomics.volume_from_array(array_fill(0, ARRAY[6 * 5 * 4]), '{6, 5, 4}', '{2, 2, 2}') AS image,
       radiomics.volume_from_array(ARRAY(SELECT CASE WHEN x / 2 = 1 AND y / 2 = 2 AND z / 2 = 3 THEN 7
                                                WHEN x = 11 AND y = 9 AND z = 7 THEN -300 ELSE 0 END
                                         FROM generate_series(0, 7) AS z, generate_series(0, 9) AS y,
                                              generate_series(0, 11) AS x ORDER BY z, y, x),
                                   '{12, 10, 8}', '{1, 1, 1}', '{-0.5, -0.5, -0.5}') AS mask;
SELECT radiomics.same_grid(image, mask) AS different, radiomics.same_grid(image, image) AS same,
       radiomics.same_grid(image, radiomics.align_mask(mask, image)) AS aligned,
       radiomics.same_grid(radiomics.volume_from_array('{0, 0}', '{2, 1}', '{1, 1, 1}'),
                           radiomics.volume_from_array('{0, 0}', '{2, 1}', '{1.0001, 1, 1}')) AS tolerated,
       radiomics.same_grid(radiomics.volume_from_array('{0, 0}', '{2, 1}', '{1, 1, 1}'),
                           radiomics.volume_from_array('{0, 0}', '{2, 1}', '{1.0001, 1, 1}'), 0) AS exact
FROM   grid;
SELECT state, message FROM radiomics_test.failure('SELECT radiomics.same_grid(image, image, -1) FROM grid');
SELECT l.* FROM grid, LATERAL radiomics.labels(radiomics.align_mask(mask, image)) AS l;
SELECT i.voxel_type, i.size, i.spacing FROM grid, LATERAL radiomics.volume_info(radiomics.align_mask(mask, image)) AS i;

-- What lies in memory is not stored, fetched or decoded on its way from one
-- function to the next, and a stored value is read once for all of them.
CREATE TABLE radiomics_test.stored AS
SELECT radiomics_test.noise('{70, 70, 70}')::radiomics.volume AS image,
       radiomics_test.box_mask('{70, 70, 70}', '{5, 5, 5}', '{10, 9, 8}')::radiomics.volume AS mask;
-- Headers: a fetch each, nothing decoded.
SELECT w.* FROM radiomics_test.work('SELECT (radiomics.volume_info(image)).size FROM radiomics_test.stored') AS w;
SELECT w.* FROM radiomics_test.work('SELECT radiomics.same_grid(image, image) FROM radiomics_test.stored') AS w;
-- A box in the corner: one brick of 27.
SELECT w.* FROM radiomics_test.work('SELECT array_dims(radiomics.volume_to_array(image, ''{0, 0, 0}'', ''{9, 9, 9}'')) FROM radiomics_test.stored') AS w;
-- Features of a small region.
SELECT w.fetches < 10 AS few_fetches, w.decoded_bricks, w.stored_volumes
FROM   radiomics_test.work('SELECT (radiomics.features(image, mask)).label FROM radiomics_test.stored') AS w;
-- Three functions in a chain: one whole image is read, none stored.
SELECT w.result, w.fetches < 10 AS few_fetches, w.decoded_bricks, w.stored_volumes
FROM   radiomics_test.work('SELECT radiomics.same_grid(radiomics.volume_expand(radiomics.volume_expand(image)), image) FROM radiomics_test.stored') AS w;
-- Three uses of one volume in memory.
SELECT w.decoded_bricks, w.stored_volumes
FROM   radiomics_test.work('SELECT (radiomics.features(v, mask, 1, ''{"families": "morphology"}'')).label,
                                   array_dims(radiomics.volume_to_array(v)), radiomics.same_grid(v, v)
                            FROM (SELECT radiomics.volume_expand(image) AS v, radiomics.volume_expand(mask) AS mask
                                  FROM radiomics_test.stored OFFSET 0) AS s') AS w;
-- Features of volumes in memory and of stored ones are the same bits.
SELECT radiomics.features(radiomics.volume_expand(image), radiomics.volume_expand(mask))::text
       = radiomics.features(image, mask)::text AS features,
       radiomics.volume_expand(image)::text = image::text AS stored_again
FROM   radiomics_test.stored;
DROP TABLE radiomics_test.stored;

-- Of a stored mask only the bricks of the wanted labels are read.  125 cubes of
-- edge 14 with holes, in 27 bricks: label 1 lies in one brick, 63 in the middle
-- and 125 in the far corner lie in 8 each.
CREATE TABLE radiomics_test.organs AS
SELECT radiomics_test.noise('{70, 70, 70}') AS image,
       radiomics_test.nifti(array_agg(CASE WHEN (x * y + z) % 5 = 0 THEN 0 ELSE 1 + x / 14 + 5 * (y / 14) + 25 * (z / 14) END
                                      ORDER BY z, y, x), '{70, 70, 70}', datatype => 2) AS mask
FROM   generate_series(0, 69) AS x, generate_series(0, 69) AS y, generate_series(0, 69) AS z;
ALTER TABLE radiomics_test.organs ADD stored_image radiomics.volume, ADD stored_mask radiomics.volume;
UPDATE radiomics_test.organs SET stored_image = image, stored_mask = mask;
-- The image is in memory here; its 27 bricks were read before.
SELECT call, w.result, w.decoded_bricks - 27 AS mask_bricks
FROM   (VALUES ('f.status', 'features(i, m, 1)'),
               ('f.status', 'features(i, m, 63)'),
               ('f.status', 'features(i, m, 125)'),
               ('f.status', 'features(i, m, 126, ''{"on_error": "null"}'')'),
               ('count(f.label)', 'features_by_label(i, m, ''{"families": "morphology"}'')'),
               ('count(DISTINCT f.label)', 'feature_rows(i, m, ''{125, 1, 125}'', ''{"families": "morphology"}'')'),
               ('count(DISTINCT f.label)', 'feature_rows(i, m, ''{1}'', ''{"families": "morphology", "diagnostics": true}'')'),
               ('count(DISTINCT f.label)', 'feature_rows(i, m, ''{}'')'),
               ('count(DISTINCT f.label)', 'feature_rows(i, m, NULL, ''{"families": "morphology"}'')'),
               ('count(*) > 0', 'glcm(i, m, 1)'),
               ('f.status', 'pyradiomics(i, m)'),
               ('f.status', 'pyradiomics(i, m, 63)'),
               ('f.status', 'pyradiomics(i, m, settings => ''{"label": 125}'')'),
               ('count(DISTINCT f.label)', 'feature_rows(i, m, ''{1, 125}'', ''{"profile": "pyradiomics"}'')'),
               ('count(DISTINCT f.label)', 'feature_rows(i, m, NULL, ''{"profile": "pyradiomics", "label": 1}'')'),
               ('count(DISTINCT f.label)', 'feature_rows(i, m, ''{1}'', ''{"profile": "pyradiomics", "diagnostics": true}'')'),
               ('f IS NOT NULL', 'pyradiomics_diagnostics(i, m, 1)'),
               ('f.feature', 'feature_map(i, m, ''{firstorder_Mean}'', ''{"label": 1}'')')) AS c (shown, call),
       LATERAL radiomics_test.work(format('SELECT %s FROM
                                           (SELECT radiomics.volume_expand(stored_image) AS i, stored_mask AS m
                                            FROM radiomics_test.organs OFFSET 0) AS o, LATERAL radiomics.%s AS f', shown, call)) AS w;
-- Image and mask.
SELECT w.decoded_bricks
FROM   radiomics_test.work('SELECT (radiomics.features(stored_image, stored_mask, 1)).label FROM radiomics_test.organs') AS w;
-- Label by label the same bits as from the bytes, and a missing label's error.
SELECT count(*) AS labels,
       bool_and(radiomics.features(stored_image, stored_mask, label)::text
                = radiomics.features(image, mask, label)::text) AS features,
       bool_and(radiomics.pyradiomics(stored_image, stored_mask, label)::text
                = radiomics.pyradiomics(image, mask, label)::text) AS pyradiomics
FROM   radiomics_test.organs, generate_series(1, 125) AS label;
SELECT DISTINCT f.state, f.message, f.detail
FROM   (VALUES ('stored_image, stored_mask'), ('image, mask')) AS v (volumes),
       LATERAL radiomics_test.failure(format('SELECT radiomics.features(%s, 126) FROM radiomics_test.organs', volumes)) AS f;
-- On another grid, on which some labels have no voxel: the same again.
CREATE TABLE radiomics_test.coarse AS
SELECT image, image::radiomics.volume AS stored_image, mask, stored_mask
FROM   radiomics_test.organs AS o (_, mask, __, stored_mask),
       radiomics_test.nifti(ARRAY(SELECT n * n % 97 FROM generate_series(1, 20 * 20 * 8) AS n), '{20, 20, 8}', '{2.5, 2.5, 8}', '{2, 10, 1}') AS image;
SELECT count(*) AS labels, count(*) FILTER (WHERE (s.f).status <> 'ok') AS missing, bool_and(s.f::text = s.bytes::text) AS same
FROM   (SELECT radiomics.features(stored_image, stored_mask, label, settings) AS f,
               radiomics.features(image, mask, label, settings) AS bytes
        FROM   radiomics_test.coarse, generate_series(1, 125, 4) AS label,
               (VALUES (jsonb '{"align": "resample_mask", "on_error": "null"}')) AS v (settings)
        OFFSET 0) AS s;
SELECT count(*) AS labels, count(*) FILTER (WHERE (s.f).status <> 'ok') AS missing, bool_and(s.f::text = s.bytes::text) AS same
FROM   (SELECT radiomics.pyradiomics(stored_image, stored_mask, label, settings) AS f,
               radiomics.pyradiomics(image, mask, label, settings) AS bytes
        FROM   radiomics_test.coarse, generate_series(1, 125, 4) AS label,
               (VALUES (jsonb '{"correctMask": true, "on_error": "null"}')) AS v (settings)
        OFFSET 0) AS s;
SELECT DISTINCT f.state, f.message, f.detail
FROM   (VALUES ('stored_image, stored_mask'), ('image, mask')) AS v (volumes),
       LATERAL radiomics_test.failure(format('SELECT radiomics.feature_rows(%s, ''{121, 125}'', ''{"align": "resample_mask"}'')
                                              FROM radiomics_test.coarse', volumes)) AS f;
DROP TABLE radiomics_test.organs, radiomics_test.coarse;
