-- Every feature of every label of every scan, with one SELECT.
\set ON_ERROR_STOP on
ANALYZE demo.scans, demo.dicom_scans;
SELECT clock_timestamp() AS begin \gset

CREATE TABLE demo.features AS
SELECT s.scan, s.modality, (s.f).*
FROM  (SELECT scan, modality,
              radiomics.features_by_label(image, mask, '{"on_error": "null"}') AS f
       FROM   demo.scans
       OFFSET 0) AS s
UNION ALL
SELECT s.scan, s.modality, (s.f).*
FROM  (SELECT scan || ' ' || roi AS scan, modality,
              radiomics.features_by_label(image, mask, '{"on_error": "null"}') AS f
       FROM   demo.dicom_scans
       OFFSET 0) AS s;

SELECT round(extract(epoch FROM clock_timestamp() - :'begin')::numeric, 1) AS seconds \gset

\pset footer off
\pset null -
\echo
SELECT scan, label, voxel_count AS voxels,
       round((morph_volume / 1000)::numeric, 2) AS volume_ml,
       round(morph_sphericity::numeric, 3) AS sphericity,
       round(stat_mean::numeric, 2) AS mean,
       round(stat_p90::numeric, 2) AS p90,
       round(ih_entropy::numeric, 3) AS entropy,
       round(cm_contrast::numeric, 3) AS cm_contrast,
       round(szm_z_perc::numeric, 4) AS zone_percentage,
       status
FROM   demo.features
ORDER  BY scan, label;

SELECT count(*) AS regions, count(DISTINCT scan) AS scans,
       count(*) FILTER (WHERE status IS NOT NULL AND status <> 'ok') AS failed
FROM   demo.features \gset
SELECT count(*) AS columns FROM pg_attribute
WHERE  attrelid = 'demo.features'::regclass AND attnum > 0 AND NOT attisdropped \gset
\echo :regions regions of :scans scans (:failed failed), :columns columns each, in :seconds s
