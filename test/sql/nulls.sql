-- NULL arguments: strict functions, and feature_rows where NULL labels mean all.
CREATE TEMPORARY TABLE scan AS
SELECT radiomics_test.noise('{5, 5, 5}') AS image,
       radiomics_test.box_mask('{5, 5, 5}', '{1, 1, 1}', '{4, 4, 4}') AS mask;

SELECT radiomics.features(NULL::bytea, mask) IS NULL AS image,
       radiomics.features(image, NULL) IS NULL AS mask,
       radiomics.features(image, mask, NULL) IS NULL AS label,
       radiomics.features(image, mask, 1, NULL) IS NULL AS settings,
       radiomics.features(NULL::oid, NULL::oid) IS NULL AS large_object
FROM   scan;
SELECT (SELECT count(*) FROM radiomics.features_by_label(NULL::bytea, mask)) AS by_label,
       (SELECT count(*) FROM radiomics.feature_rows(NULL::bytea, mask)) AS rows_image,
       (SELECT count(*) FROM radiomics.feature_rows(image, NULL)) AS rows_mask,
       (SELECT count(*) FROM radiomics.feature_rows(image, mask, NULL, NULL)) AS rows_settings,
       (SELECT count(*) FROM radiomics.feature_rows(image, mask, NULL)) AS rows_labels,
       (SELECT count(*) FROM radiomics.glcm(image, mask, NULL)) AS matrix
FROM   scan;

-- NULL in the result: one voxel has no neighbours to compare it with.
SELECT family, count(*) AS rows, count(value) AS defined
FROM   radiomics.feature_rows((SELECT image FROM scan),
                              radiomics_test.box_mask('{5, 5, 5}', '{1, 1, 1}', '{2, 2, 2}'), NULL,
                              '{"families": ["glcm", "glszm", "ngtdm"], "aggregation": "3D_mrg"}')
GROUP  BY family
ORDER  BY family;
SELECT cm_contrast IS NULL AS contrast, ngt_contrast IS NULL AS difference, szm_sze AS zone
FROM   radiomics.features((SELECT image FROM scan),
                          radiomics_test.box_mask('{5, 5, 5}', '{1, 1, 1}', '{2, 2, 2}'));
