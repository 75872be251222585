-- Images and masks as large objects.
CREATE TEMPORARY TABLE scan AS
SELECT id, image, mask, lo_from_bytea(0, image) AS image_object, lo_from_bytea(0, mask) AS mask_object
FROM   (SELECT id, radiomics_test.noise('{40, 40, 100}', '{1, 1, 1}', id, 64) AS image,
               radiomics_test.box_mask('{40, 40, 100}', '{10, 20, 60}', '{25, 40, 70}') AS mask
        FROM   generate_series(1, 2) AS id) AS s;

SELECT id, radiomics.features(image_object, mask_object)::text = radiomics.features(image, mask)::text AS features
FROM   scan ORDER BY id;
SELECT id, (SELECT array_agg(f::text) FROM radiomics.features_by_label(image_object, mask_object) AS f)
       = (SELECT array_agg(f::text) FROM radiomics.features_by_label(image, mask) AS f) AS by_label,
       (SELECT array_agg(r::text) FROM radiomics.feature_rows(image_object, mask_object) AS r)
       = (SELECT array_agg(r::text) FROM radiomics.feature_rows(image, mask) AS r) AS rows,
       (SELECT array_agg(c::text) FROM radiomics.glcm(image_object, mask_object) AS c)
       = (SELECT array_agg(c::text) FROM radiomics.glcm(image, mask) AS c) AS matrix
FROM   scan WHERE id = 1;

-- An object that is missing is an error, or a status.
SELECT state, regexp_replace(message, '\d+', 'N') AS message
FROM   radiomics_test.failure('SELECT radiomics.features(1::oid, 2::oid)');
SELECT label, regexp_replace(status, '\d+', 'N') AS status
FROM   radiomics.features(1::oid, 2::oid, 1, '{"on_error": "null"}');

-- Privileges are the server's.
CREATE ROLE regress_radiomics_reader;
GRANT USAGE ON SCHEMA radiomics_test TO regress_radiomics_reader;
GRANT SELECT ON scan TO regress_radiomics_reader;
SET ROLE regress_radiomics_reader;
SELECT state, regexp_replace(message, '\d+', 'N') AS message
FROM   radiomics_test.failure('SELECT radiomics.features(image_object, mask_object) FROM scan');
RESET ROLE;
DROP OWNED BY regress_radiomics_reader;
DROP ROLE regress_radiomics_reader;

-- No descriptor stays open: far more calls than descriptors fit by default.
SELECT count(radiomics.features(image_object, mask_object, 1, '{"families": ["local_intensity"]}')) AS calls
FROM   scan, generate_series(1, 40);
SELECT count(status) AS failed_calls
FROM   scan, generate_series(1, 40), LATERAL radiomics.features(image_object, mask_object, 7, '{"on_error": "null"}');

SELECT count(lo_unlink(image_object)) + count(lo_unlink(mask_object)) AS removed FROM scan;
