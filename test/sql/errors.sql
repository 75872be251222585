-- What users do wrong: SQLSTATE, value and remedy.
CREATE TEMPORARY TABLE file AS
SELECT 'image' AS name, radiomics_test.noise('{6, 6, 6}') AS bytes
UNION ALL SELECT 'mask', radiomics_test.box_mask('{6, 6, 6}', '{1, 1, 1}', '{5, 5, 5}')
UNION ALL SELECT 'constant', radiomics_test.constant(3, '{6, 6, 6}')
UNION ALL SELECT 'empty_mask', radiomics_test.constant(0, '{6, 6, 6}', datatype => 2)
UNION ALL SELECT 'many_labels', radiomics_test.nifti((SELECT array_agg(n::float8) FROM generate_series(1, 216) AS n), '{6, 6, 6}')
UNION ALL SELECT 'half_label', radiomics_test.constant(0.5, '{6, 6, 6}', datatype => 16)
UNION ALL SELECT 'nan', radiomics_test.constant('NaN', '{6, 6, 6}', datatype => 16)
UNION ALL SELECT 'infinite', radiomics_test.constant('-Infinity', '{6, 6, 6}', datatype => 16)
UNION ALL SELECT 'large_mask', radiomics_test.box_mask('{7, 6, 6}', '{1, 1, 1}', '{5, 5, 5}')
UNION ALL SELECT 'wide_mask', radiomics_test.box_mask('{6, 6, 6}', '{1, 1, 1}', '{5, 5, 5}', '{1.5, 1, 1}')
UNION ALL SELECT 'moved_mask', radiomics_test.nifti(array_fill(1::float8, '{216}'), '{6, 6, 6}', origin => '{1, 0, 2}')
UNION ALL SELECT 'turned_mask', radiomics_test.nifti(array_fill(1::float8, '{216}'), '{6, 6, 6}', direction => '{{0, 1, 0}, {-1, 0, 0}, {0, 0, 1}}')
UNION ALL SELECT 'other_mask', radiomics_test.nifti(array_fill(1::float8, '{343}'), '{7, 7, 7}', '{2, 2, 2}', '{1, 0, 0}', 4, '{{0, 1, 0}, {-1, 0, 0}, {0, 0, 1}}')
UNION ALL SELECT 'frames', radiomics_test.nifti(array_fill(1::float8, '{432}'), '{6, 6, 6}', frames => 2);
INSERT INTO file
SELECT 'short', substr(bytes, 1, 500) FROM file WHERE name = 'image'
UNION ALL SELECT 'nothing', ''
UNION ALL SELECT 'text', convert_to(repeat('not an image ', 50), 'UTF8')
UNION ALL SELECT 'gzip_header_only', '\x1f8b0800000000000003'::bytea
UNION ALL SELECT 'gzip_corrupt', '\x1f8b0800000000000003'::bytea || decode(repeat('ff', 400), 'hex')
UNION ALL SELECT 'absurd_size', overlay(bytes PLACING '\x7fff7fff7fff'::bytea FROM 43) FROM file WHERE name = 'image'
UNION ALL SELECT 'negative_size', overlay(bytes PLACING '\xfff0'::bytea FROM 43) FROM file WHERE name = 'image'
UNION ALL SELECT 'complex', overlay(bytes PLACING '\x00200040'::bytea FROM 71) FROM file WHERE name = 'image'
UNION ALL SELECT 'no_magic', overlay(bytes PLACING '\x00000000'::bytea FROM 345) FROM file WHERE name = 'image';

CREATE FUNCTION pg_temp.file(wanted text) RETURNS bytea LANGUAGE sql
RETURN (SELECT bytes FROM file WHERE name = wanted);

CREATE TEMPORARY TABLE fault (number int GENERATED ALWAYS AS IDENTITY, what text, image text, mask text, label int, settings jsonb);
INSERT INTO fault (what, image, mask, label, settings) VALUES
    ('size', 'image', 'large_mask', 1, '{}'),
    ('spacing', 'image', 'wide_mask', 1, '{}'),
    ('origin', 'image', 'moved_mask', 1, '{}'),
    ('direction', 'image', 'turned_mask', 1, '{}'),
    ('everything', 'image', 'other_mask', 1, '{"geometry_tolerance": 0.01}'),
    ('missing label', 'image', 'mask', 2, '{}'),
    ('background', 'image', 'mask', 0, '{}'),
    ('missing label of many', 'image', 'many_labels', 999, '{}'),
    ('empty mask', 'image', 'empty_mask', 1, '{}'),
    ('fractional label', 'image', 'half_label', 1, '{}'),
    ('empty after re-segmentation', 'image', 'mask', 1, '{"resegmentation_range": [5000, 6000]}'),
    ('NaN', 'nan', 'mask', 1, '{}'),
    ('infinite', 'infinite', 'mask', 1, '{}'),
    ('too many bins', 'image', 'mask', 1, '{"discretisation": "fixed_bin_size", "bin_size": 0.0001}'),
    ('not discretised', 'image', 'mask', 1, '{"discretisation": "none"}'),
    ('frames', 'frames', 'mask', 1, '{}'),
    ('no such frame', 'frames', 'mask', 1, '{"frame": 2}'),
    ('truncated', 'short', 'mask', 1, '{}'),
    ('truncated mask', 'image', 'short', 1, '{}'),
    ('no bytes', 'nothing', 'mask', 1, '{}'),
    ('wrong magic', 'text', 'mask', 1, '{}'),
    ('truncated gzip', 'gzip_header_only', 'mask', 1, '{}'),
    ('corrupt gzip', 'image', 'gzip_corrupt', 1, '{}'),
    ('absurd size', 'absurd_size', 'mask', 1, '{}'),
    ('negative size', 'negative_size', 'mask', 1, '{}'),
    ('complex voxels', 'complex', 'mask', 1, '{}'),
    ('no magic', 'no_magic', 'mask', 1, '{}'),
    ('unknown key', 'image', 'mask', 1, '{"bin_numbers": 16}'),
    ('ill-typed', 'image', 'mask', 1, '{"bin_number": true}');

\pset format unaligned
\x on
SELECT what, (radiomics_test.failure(format('SELECT radiomics.features(pg_temp.file(%L), pg_temp.file(%L), %s, %L)',
                                            image, mask, label, settings))).*
FROM   fault
ORDER  BY number;
\x off
\pset format aligned

-- "on_error": "null" makes a status of whatever is wrong with the data, in
-- every function; wrong settings stay an error.
SELECT what, f.label, f.voxel_count, left(f.status, 60) AS status, f.stat_mean
FROM   fault, LATERAL radiomics.features(pg_temp.file(image), pg_temp.file(mask), fault.label,
                                         settings || '{"on_error": "null"}') AS f
WHERE  NOT settings ?| '{bin_numbers}' AND settings -> 'bin_number' IS DISTINCT FROM 'true'
ORDER  BY number;
SELECT label, voxel_count, status
FROM   radiomics.features_by_label(pg_temp.file('image'), pg_temp.file('empty_mask'), '{"on_error": "null"}');
SELECT label, voxel_count, status
FROM   radiomics.features_by_label(pg_temp.file('nan'), pg_temp.file('mask'), '{"on_error": "null"}');
\set VERBOSITY terse
SELECT label, feature, value
FROM   radiomics.feature_rows(pg_temp.file('image'), pg_temp.file('mask'), '{2, 1}',
                              '{"on_error": "null", "families": ["local_intensity"], "exclude_features": ["loc_peak_loc"]}')
WHERE  label = 2 OR value IS NULL;
SELECT label, feature, value
FROM   radiomics.feature_rows(pg_temp.file('text'), pg_temp.file('mask'), '{2, 1}',
                              '{"on_error": "null", "families": ["local_intensity"]}');
SELECT count(*) FROM radiomics.feature_rows(pg_temp.file('text'), pg_temp.file('mask'), NULL, '{"on_error": "null"}');
SELECT count(*) FROM radiomics.glcm(pg_temp.file('image'), pg_temp.file('mask'), 2, '{"on_error": "null"}');
SELECT radiomics.features(pg_temp.file('image'), pg_temp.file('mask'), 1, '{"on_error": "null", "bin_number": 0}');
SELECT count(*) FROM radiomics.feature_rows(pg_temp.file('image'), pg_temp.file('mask'), '{1, NULL}');
SELECT count(*) FROM radiomics.feature_rows(pg_temp.file('image'), pg_temp.file('empty_mask'));
\set VERBOSITY default

-- The remedies work.
SELECT voxel_count, status
FROM   radiomics.features(pg_temp.file('image'), pg_temp.file('moved_mask'), 1, '{"align": "resample_mask"}');
SELECT voxel_count, status
FROM   radiomics.features(pg_temp.file('image'), pg_temp.file('turned_mask'), 1, '{"align": "resample_mask"}');
SELECT voxel_count, status
FROM   radiomics.features(pg_temp.file('image'), pg_temp.file('wide_mask'), 1, '{"geometry_tolerance": 0.6}');

-- A row that fails does not cost the others.
SELECT image, f.status, f.voxel_count
FROM   (VALUES ('image'), ('nan'), ('constant')) AS scan (image),
       LATERAL radiomics.features(pg_temp.file(image), pg_temp.file('mask'), 1, '{"on_error": "null"}') AS f;
