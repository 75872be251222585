-- What the job :job has computed.
\set ON_ERROR_STOP on
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
       round(szm_z_perc::numeric, 4) AS zone_percentage
FROM   demo.features
ORDER  BY scan, label;

SELECT key->>'scan' AS scan, message, detail, hint
FROM   radiomics.job_errors
WHERE  job_id = :job
ORDER  BY scan;

SELECT count(*) AS regions, count(DISTINCT scan) AS scans FROM demo.features \gset
SELECT failed, round(extract(epoch FROM finished - created)::numeric, 1) AS seconds
FROM   radiomics.jobs WHERE id = :job \gset
SELECT count(*) AS columns FROM pg_attribute
WHERE  attrelid = 'demo.features'::regclass AND attnum > 0 AND NOT attisdropped \gset
\echo :regions regions of :scans scans (:failed failed), :columns columns each, in :seconds s
