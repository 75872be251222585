-- Plans, and the same bits whatever the plan, the storage and the CPU level.
CREATE TABLE radiomics_test.scan (id int PRIMARY KEY, image bytea, mask bytea)
    WITH (fillfactor = 10, parallel_workers = 2);
ALTER TABLE radiomics_test.scan ALTER image SET STORAGE EXTERNAL, ALTER mask SET STORAGE EXTERNAL;
INSERT INTO radiomics_test.scan
SELECT id, radiomics_test.noise('{16, 14, 12}', '{1, 1, 1.5}', id),
       radiomics_test.box_mask('{16, 14, 12}', ARRAY[1, 2, 1], ARRAY[9 + id % 4, 10, 8 + id % 3], '{1, 1, 1.5}')
FROM   generate_series(1, 12) AS id;
ANALYZE radiomics_test.scan;
SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET extra_float_digits = 3;

-- The cost is real, so a dozen scans are worth workers even at the planner's
-- own prices.
EXPLAIN (COSTS OFF)
SELECT id, (s.f).stat_mean FROM (SELECT id, radiomics.features(image, mask) AS f FROM radiomics_test.scan OFFSET 0) AS s;

CREATE TEMPORARY TABLE parallel AS
SELECT id, s.f::text AS row_text
FROM   (SELECT id, radiomics.features(image, mask) AS f FROM radiomics_test.scan OFFSET 0) AS s;
SET max_parallel_workers_per_gather = 0;
CREATE TEMPORARY TABLE serial AS
SELECT id, s.f::text AS row_text
FROM   (SELECT id, radiomics.features(image, mask) AS f FROM radiomics_test.scan OFFSET 0) AS s;
SET radiomics.cpu_level = 'v2';
CREATE TEMPORARY TABLE level_2 AS
SELECT id, s.f::text AS row_text
FROM   (SELECT id, radiomics.features(image, mask) AS f FROM radiomics_test.scan OFFSET 0) AS s;
RESET radiomics.cpu_level;

SELECT count(*), count(DISTINCT row_text) AS different_scans FROM serial;
SELECT count(*) AS parallel_is_serial FROM parallel JOIN serial USING (id, row_text);
SELECT count(*) AS level_2_is_best FROM level_2 JOIN serial USING (id, row_text);

-- All settings, all labels: rows from both levels.
SELECT md5(string_agg(r::text, ',')) AS digest INTO TEMPORARY rows_best
FROM   radiomics_test.scan, LATERAL radiomics.feature_rows(image, mask, NULL,
           '{"aggregation": "all", "resample_spacing": 0.8, "outlier_sigma": 2}') AS r
WHERE  id <= 3;
SET radiomics.cpu_level = 'v2';
SELECT md5(string_agg(r::text, ',')) = (SELECT digest FROM rows_best) AS same_digest
FROM   radiomics_test.scan, LATERAL radiomics.feature_rows(image, mask, NULL,
           '{"aggregation": "all", "resample_spacing": 0.8, "outlier_sigma": 2}') AS r
WHERE  id <= 3;
RESET radiomics.cpu_level;

-- Values in line, compressed, and out of line; the last is large enough to be
-- read by pieces.
CREATE TEMPORARY TABLE stored (storage text, image bytea, mask bytea);
ALTER TABLE stored ALTER image SET STORAGE EXTERNAL, ALTER mask SET STORAGE EXTERNAL;
INSERT INTO stored
SELECT 'external', radiomics_test.noise('{40, 40, 100}', '{1, 1, 1}', 3, 64),
       radiomics_test.box_mask('{40, 40, 100}', '{10, 20, 60}', '{25, 40, 70}');
ALTER TABLE stored ALTER image SET STORAGE EXTENDED, ALTER mask SET STORAGE EXTENDED;
INSERT INTO stored SELECT 'extended', image || '', mask || '' FROM stored;
SELECT storage, pg_column_size(image) > 1000000 AS image_uncompressed,
       pg_column_size(mask) > 150000 AS mask_uncompressed
FROM   stored ORDER BY storage;
SELECT count(DISTINCT f::text) AS one_result
FROM   (SELECT radiomics.features(image, mask) AS f FROM stored
        UNION ALL
        SELECT radiomics.features(image || '', mask || '') FROM stored) AS all_ways;
DROP TABLE radiomics_test.scan;
