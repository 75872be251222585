-- Wall time of statements as users write them; medians of 9 runs.
\set ON_ERROR_STOP on
\pset footer off
ANALYZE bench.scans;
SET max_parallel_workers_per_gather = 0;

CREATE TABLE bench.statements (position serial, what text, voxels bigint, workers integer, statement text);

INSERT INTO bench.statements (what, voxels, workers, statement)
SELECT scan || ', all features', f.voxel_count, 0,
       format('CREATE TEMP TABLE discard ON COMMIT DROP AS SELECT (s.f).stat_mean FROM (SELECT radiomics.features(image, mask, settings => ''{"aggregation": "3D_mrg"}'') AS f FROM bench.scans WHERE scan = %L OFFSET 0) AS s; DROP TABLE discard', scan)
FROM   bench.scans, LATERAL radiomics.features(image, mask, 1, '{"families": "intensity_statistics"}') AS f
WHERE  modality = 'CT'
ORDER  BY f.voxel_count;

INSERT INTO bench.statements (what, voxels, workers, statement)
SELECT scan || ', without Moran, Geary, OMBB, MVEE', voxels, 0,
       replace(statement, '"3D_mrg"', '"3D_mrg", "exclude_features": ["morph_moran_i", "morph_geary_c", "morph_vol_dens_ombb", "morph_area_dens_ombb", "morph_vol_dens_mvee", "morph_area_dens_mvee"]')
FROM   bench.statements CROSS JOIN LATERAL split_part(what, ',', 1) AS scan
ORDER  BY voxels;

INSERT INTO bench.statements (what, voxels, workers, statement)
SELECT 'reading only: ' || scan, NULL, 0,
       format('SELECT sum(length(image) + length(mask)) FROM bench.scans WHERE scan = %L', scan)
FROM   (SELECT scan FROM bench.scans WHERE modality = 'CT' ORDER BY length(image) DESC LIMIT 1) AS s;

INSERT INTO bench.statements (what, voxels, workers, statement)
SELECT format('all %s scans, %s workers', (SELECT count(*) FROM bench.scans), workers), NULL, workers,
       format('SET LOCAL max_parallel_workers_per_gather = %s; CREATE TEMP TABLE discard ON COMMIT DROP AS SELECT s.scan, (s.f).* FROM (SELECT scan, radiomics.features(image, mask) AS f FROM bench.scans OFFSET 0) AS s; DROP TABLE discard', workers)
FROM   unnest('{0, 1, 2}'::integer[]) AS workers;

CREATE TABLE bench.results AS
SELECT s.position, s.what, s.voxels, t.ms, t.calibration_ms
FROM   bench.statements AS s, LATERAL bench.times(s.statement, 9) AS t;

SELECT what, voxels,
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms))::numeric, 2) AS median_ms,
       round(((percentile_cont(0.75) WITHIN GROUP (ORDER BY ms)
             - percentile_cont(0.25) WITHIN GROUP (ORDER BY ms)) / 2)::numeric, 2) AS "+-",
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) * 1e6 / voxels)::numeric, 1) AS ns_per_voxel,
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)
            / percentile_cont(0.5) WITHIN GROUP (ORDER BY calibration_ms))::numeric, 3) AS ratio
FROM   bench.results
GROUP  BY position, what, voxels
ORDER  BY position;
