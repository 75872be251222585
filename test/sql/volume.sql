-- The type volume: in, out, casts, headers, features.
CREATE TEMPORARY TABLE file AS
SELECT radiomics_test.noise('{36, 30, 40}', '{0.9, 0.9, 2.5}') AS image,
       radiomics_test.noise('{36, 30, 40}', '{0.9, 0.9, 2.5}', 0, 64) AS image_float64,
       radiomics_test.box_mask('{36, 30, 40}', '{3, 5, 10}', '{25, 26, 36}', '{0.9, 0.9, 2.5}') AS mask;
CREATE TEMPORARY TABLE scan (id int, image radiomics.volume, mask radiomics.volume);
INSERT INTO scan SELECT 1, image, mask FROM file;
INSERT INTO scan SELECT 2, radiomics.volume_from_bytes(image_float64), mask::radiomics.volume FROM file;

SELECT id, dimension, size, spacing, origin, direction, voxel_type, minimum, maximum, units, modality, label_count, brick
FROM   scan, LATERAL radiomics.volume_info(image) AS i ORDER BY id;
SELECT voxel_type, minimum, maximum, label_count, stored_bytes < 10000 AS small, length(content_hash) AS hash_length
FROM   scan, LATERAL radiomics.volume_info(mask) AS i WHERE id = 1;
SELECT l.* FROM scan, LATERAL radiomics.labels(mask) AS l WHERE id = 1;
-- A mask with values that no label can be.
SELECT * FROM radiomics_test.failure('SELECT radiomics.labels(radiomics_test.constant(0.5, ''{2, 2, 2}'', ''{1, 1, 1}'', 16)::radiomics.volume)');

-- The same bits from bytes and from volumes, whatever the voxel type.
SELECT id, radiomics.features(s.image, s.mask)::text = radiomics.features(f.image, f.mask)::text AS features,
       (SELECT array_agg(r::text) FROM radiomics.features_by_label(s.image, s.mask) AS r)
       = (SELECT array_agg(r::text) FROM radiomics.features_by_label(f.image, f.mask) AS r) AS by_label,
       (SELECT array_agg(r::text) FROM radiomics.feature_rows(s.image, s.mask) AS r)
       = (SELECT array_agg(r::text) FROM radiomics.feature_rows(f.image, f.mask) AS r) AS rows
FROM   scan AS s, file AS f ORDER BY id;
SELECT id,
       (SELECT array_agg(c::text) FROM radiomics.glcm(s.image, s.mask) AS c)
       = (SELECT array_agg(c::text) FROM radiomics.glcm(f.image, f.mask) AS c) AS glcm,
       (SELECT array_agg(c::text) FROM radiomics.glrlm(s.image, s.mask) AS c)
       = (SELECT array_agg(c::text) FROM radiomics.glrlm(f.image, f.mask) AS c) AS glrlm,
       (SELECT array_agg(c::text) FROM radiomics.glszm(s.image, s.mask) AS c)
       = (SELECT array_agg(c::text) FROM radiomics.glszm(f.image, f.mask) AS c) AS glszm,
       (SELECT array_agg(c::text) FROM radiomics.gldzm(s.image, s.mask) AS c)
       = (SELECT array_agg(c::text) FROM radiomics.gldzm(f.image, f.mask) AS c) AS gldzm,
       (SELECT array_agg(c::text) FROM radiomics.ngtdm(s.image, s.mask) AS c)
       = (SELECT array_agg(c::text) FROM radiomics.ngtdm(f.image, f.mask) AS c) AS ngtdm,
       (SELECT array_agg(c::text) FROM radiomics.ngldm(s.image, s.mask) AS c)
       = (SELECT array_agg(c::text) FROM radiomics.ngldm(f.image, f.mask) AS c) AS ngldm
FROM   scan AS s, file AS f WHERE id = 1;

-- The text and the binary form give the value back.
SELECT id, image::text::radiomics.volume::text = image::text AS text_form,
       radiomics.volume_from_bytes(radiomics.volume_send(image), 'volume')::text = image::text AS binary_form
FROM   scan ORDER BY id;

-- Out as a file and in again; the largest and smallest of every voxel type.
SELECT id, image::bytea::radiomics.volume::text = image::text AS file_form FROM scan ORDER BY id;
SELECT voxel_type, radiomics.volume_to_array(v::bytea::radiomics.volume) AS voxels,
       v::bytea::radiomics.volume::text = v::text AS the_same
FROM   (VALUES ('int8', '{-128, 127}'::float8[]), ('uint8', '{0, 255}'), ('int16', '{-32768, 32767}'),
               ('uint16', '{0, 65535}'), ('int32', '{-2147483648, 2147483647}'), ('uint32', '{0, 4294967295}'),
               ('float32', '{-0.0, Infinity}'), ('float64', '{1e-300, NaN}')) AS t (voxel_type, extremes),
       LATERAL radiomics.volume_from_array(extremes, '{2, 1, 1}', voxel_type => t.voxel_type) AS v;

-- The same values in every voxel type that holds them: the same bits.
SELECT t.voxel_type, radiomics.features(v, v_mask)::text = first_value(radiomics.features(v, v_mask)::text)
       OVER (ORDER BY position) AS same_features
FROM   unnest(ARRAY['uint8', 'int8', 'int16', 'uint16', 'int32', 'uint32', 'float32', 'float64']) WITH ORDINALITY
       AS t (voxel_type, position),
       LATERAL radiomics.volume_from_array(ARRAY(SELECT (hashint4(n) & 127)::float8 FROM generate_series(1, 12 * 11 * 10) AS n),
                                           '{12, 11, 10}', '{0.7, 0.8, 2}', voxel_type => t.voxel_type) AS v,
       LATERAL radiomics.volume_from_array(ARRAY(SELECT (n % 7 > 1)::int::float8 FROM generate_series(1, 12 * 11 * 10) AS n),
                                           '{12, 11, 10}', '{0.7, 0.8, 2}', voxel_type => t.voxel_type) AS v_mask
ORDER  BY position;

-- Stored out of line and uncompressed.
SELECT typstorage, typalign, typlen FROM pg_type WHERE oid = 'radiomics.volume'::regtype;
SELECT id, pg_column_size(image) = octet_length(radiomics.volume_send(image)) AS uncompressed FROM scan ORDER BY id;

-- What is not a volume is an error.
SELECT * FROM radiomics_test.failure('SELECT ''no volume''::radiomics.volume');
SELECT * FROM radiomics_test.failure('SELECT ''AAAA''::radiomics.volume');
SELECT * FROM radiomics_test.failure('SELECT ''''::radiomics.volume');
SELECT * FROM radiomics_test.failure('SELECT ''\x''::bytea::radiomics.volume');
SELECT state, message FROM radiomics_test.failure('SELECT ''\x0102030405''::bytea::radiomics.volume');
SELECT state, message FROM radiomics_test.failure('SELECT radiomics.volume_from_bytes(image, ''nonsense'') FROM file') AS f;
SELECT state, message, hint FROM radiomics_test.failure('SELECT radiomics.volume_from_bytes(image, ''volume'') FROM file') AS f;
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_bytes(image, ''nifti'', 1) FROM file') AS f;
SELECT * FROM radiomics_test.failure('SELECT radiomics.volume_from_bytes(radiomics.volume_send(image), ''auto'', 1) FROM scan WHERE id = 1') AS f;
SELECT radiomics.volume_from_bytes(image, 'nifti', 0)::text = image::radiomics.volume::text AS first_frame FROM file;

-- Every byte counts: a value that was altered anywhere is refused.
CREATE TEMPORARY TABLE small AS
SELECT radiomics.volume_send(radiomics_test.box_mask('{9, 7, 5}', '{3, 2, 1}', '{6, 5, 3}')::radiomics.volume) AS bytes;
SELECT count(*) = min(octet_length(bytes)) AS every_byte, array_agg(DISTINCT state) AS states
FROM   small, generate_series(0, octet_length(bytes) - 1) AS position,
       LATERAL radiomics_test.failure(format('SELECT %L::bytea::radiomics.volume',
                                             set_byte(bytes, position, get_byte(bytes, position) # 32))) AS f
WHERE  state IS NOT NULL;
SELECT count(*) = min(octet_length(bytes)) AS every_length, array_agg(DISTINCT state) AS states
FROM   small, generate_series(0, octet_length(bytes) - 1) AS length,
       LATERAL radiomics_test.failure(format('SELECT %L::bytea::radiomics.volume', substr(bytes, 1, length))) AS f
WHERE  state IS NOT NULL;
SELECT f.* FROM small, LATERAL radiomics_test.failure(format('SELECT %L::radiomics.volume',
       translate(encode(set_byte(bytes, octet_length(bytes) - 1, 1), 'base64'), E'\n', ''))) AS f;
