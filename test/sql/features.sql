-- The feature functions and how they agree with each other.
CREATE TEMPORARY TABLE scan AS
SELECT id, radiomics_test.noise('{12, 10, 8}', '{1, 1, 2}', id) AS image,
       radiomics_test.nifti(array_agg(CASE WHEN x BETWEEN 2 AND 5 AND y BETWEEN 2 AND 7 THEN 1
                                           WHEN x BETWEEN 7 AND 10 AND y BETWEEN 3 AND 8 THEN 3
                                           ELSE 0 END::float8 ORDER BY z, y, x),
                            '{12, 10, 8}', '{1, 1, 2}', datatype => 2) AS mask
FROM   generate_series(1, 3) AS id, generate_series(1, 12) AS x, generate_series(1, 10) AS y,
       generate_series(1, 8) AS z
GROUP  BY id;

SELECT id, label, voxel_count, status, stat_min >= -500 AND stat_max <= 523 AS in_range
FROM   scan, LATERAL radiomics.features(image, mask, 3)
ORDER  BY id;

-- The canonical call forms give the same rows.
SELECT count(*) AS rows, count(DISTINCT row_text) AS distinct_rows
FROM   (SELECT id, f::text AS row_text FROM scan, LATERAL radiomics.features(image, mask) AS f
        UNION ALL
        SELECT id, s.f::text FROM (SELECT id, radiomics.features(image, mask) AS f FROM scan OFFSET 0) AS s
        UNION ALL
        SELECT id, f::text FROM scan, LATERAL radiomics.features_by_label(image, mask) AS f WHERE label = 1)
       AS forms;

-- All labels at once are the labels one by one.
SELECT id, label, f::text = radiomics.features(image, mask, label)::text AS equal
FROM   scan, LATERAL radiomics.features_by_label(image, mask) AS f
ORDER  BY id, label;

-- A set of rows in the target list, as materialized views use it.
SELECT id, (s.f).label, (s.f).voxel_count
FROM   (SELECT id, radiomics.features_by_label(image, mask) AS f FROM scan OFFSET 0) AS s
ORDER  BY id, label;

-- Neither the other labels nor diagnostics, for which the whole image is read,
-- change a bit, with the interpolator of widest support either.
SELECT label,
       f::text = radiomics.features(image, mask, label, settings)::text AS alone_is_together,
       (SELECT array_agg(r::text) FROM radiomics.feature_rows(image, mask, ARRAY[label], settings) AS r)
       = (SELECT array_agg(r::text)
          FROM   radiomics.feature_rows(image, mask, ARRAY[label], settings || '{"diagnostics": true}') AS r
          WHERE  family NOT LIKE 'diagnostics%') AS with_diagnostics
FROM   scan, (VALUES ('{"resample_spacing": 0.7, "image_interpolator": "tricubic_spline"}'::jsonb)) AS s (settings),
       LATERAL radiomics.features_by_label(image, mask, settings) AS f
WHERE  id = 1;

-- Rows show the same values as columns, in the catalogue's order.
SELECT count(*) AS rows, count(value) > 170 AS nearly_all_defined,
       count(*) FILTER (WHERE value IS DISTINCT FROM (columns ->> feature)::float8) AS different
FROM   scan, LATERAL radiomics.feature_rows(image, mask, '{1}', '{"aggregation": "3D_mrg"}') AS r,
       LATERAL (SELECT to_jsonb(f) AS columns FROM radiomics.features(image, mask) AS f) AS c
WHERE  id = 1;
SELECT array_agg(feature ORDER BY position) = (SELECT array_agg(name) FROM radiomics.feature_catalogue)
       AS catalogue_order,
       array_agg(ibsi_code ORDER BY position) = (SELECT array_agg(ibsi_code) FROM radiomics.feature_catalogue)
       AS catalogue_codes
FROM   scan, LATERAL radiomics.feature_rows(image, mask, '{3}', '{"aggregation": "3D_mrg"}') WITH ORDINALITY
       AS r (label, image_type, family, feature, ibsi_code, aggregation, unit, value, position)
WHERE  id = 1;

-- Labels come in the order asked for, or ascending.
SELECT id, labels, array_agg(DISTINCT r.label) AS delivered, min(r.label) FILTER (WHERE position = 1) AS first
FROM   scan, (VALUES (NULL::int[]), ('{3, 1}'), ('{3}'), ('{}')) AS wanted (labels)
LEFT   JOIN LATERAL radiomics.feature_rows((SELECT image FROM scan WHERE id = 1),
                                           (SELECT mask FROM scan WHERE id = 1), labels,
                                           '{"families": ["intensity_statistics"]}') WITH ORDINALITY
       AS r (label, image_type, family, feature, ibsi_code, aggregation, unit, value, position) ON true
WHERE  id = 1
GROUP  BY id, labels
ORDER  BY labels;

-- Families, exclusions and aggregations decide which rows there are.
SELECT family, aggregation, count(*)
FROM   scan, LATERAL radiomics.feature_rows(image, mask, '{1}', '{"aggregation": "all"}')
WHERE  id = 1
GROUP  BY family, aggregation
ORDER  BY family COLLATE "C", aggregation COLLATE "C";
SELECT label, image_type, family, feature, ibsi_code, aggregation, unit, value IS NOT NULL AS defined
FROM   scan, LATERAL radiomics.feature_rows(image, mask, NULL,
           '{"families": ["local_intensity", "ngtdm"], "exclude_features": ["ngt_busyness"], "aggregation": ["2D_avg", "3D_mrg"]}')
WHERE  id = 1;
SELECT stat_mean IS NULL AS not_wanted, ngt_busyness IS NULL AS excluded, ngt_contrast IS NULL AS wanted
FROM   scan, LATERAL radiomics.features(image, mask, 1,
           '{"families": ["ngtdm"], "exclude_features": ["ngt_busyness"]}')
WHERE  id = 1;

-- Columns show 3D_mrg when it is chosen, else the first chosen aggregation.
SELECT aggregation, cm_contrast = (SELECT value
                                   FROM   radiomics.feature_rows(image, mask, '{1}', '{"aggregation": "all"}') AS r
                                   WHERE  r.feature = 'cm_contrast' AND r.aggregation = shown) AS equal
FROM   scan, (VALUES ('"all"', '3D_mrg'), ('["2.5D_mrg", "3D_avg"]', '2.5D_mrg'), ('["3D_avg", "3D_mrg"]', '3D_mrg'))
              AS a (aggregation, shown),
       LATERAL radiomics.features(image, mask, 1, format('{"aggregation": %s, "families": ["glcm"]}', aggregation)::jsonb)
WHERE  id = 1;

-- Diagnostic rows describe image and mask.
SELECT family, feature, unit, value
FROM   radiomics.feature_rows(radiomics_test.constant(5, '{6, 5, 4}', '{1, 2, 3}'),
                              radiomics_test.box_mask('{6, 5, 4}', '{1, 1, 1}', '{5, 3, 3}', '{1, 2, 3}'), '{1}',
                              '{"diagnostics": true, "families": ["local_intensity"], "image_interpolator": "trilinear", "resample_spacing": [1, 1, 3], "resegmentation_range": [0, 5]}')
WHERE  family LIKE 'diagnostics%';

-- Voxel types and byte orders that hold the same numbers give the same bits.
SELECT datatype, f::text = first_value(f::text) OVER (ORDER BY datatype) AS equal
FROM   (VALUES (4), (8), (16), (64)) AS types (datatype),
       LATERAL radiomics.features(radiomics_test.noise('{8, 8, 8}', '{1, 1, 1}', 5, datatype),
                                  radiomics_test.box_mask('{8, 8, 8}', '{1, 1, 1}', '{7, 6, 5}')) AS f;

-- A 4-D image needs a frame.
SELECT frame, stat_mean
FROM   generate_series(0, 1) AS frame,
       LATERAL radiomics.features(radiomics_test.nifti(array_fill(1::float8, '{8}') || array_fill(2::float8, '{8}'),
                                                       '{2, 2, 2}', frames => 2),
                                  radiomics_test.box_mask('{2, 2, 2}', '{0, 0, 0}', '{2, 2, 2}'), 1,
                                  jsonb_build_object('frame', frame));
