-- The stored type against its goals: see bench/volume, which sets the files.
\set ON_ERROR_STOP on
\pset footer off
CREATE EXTENSION radiomics;
CREATE SCHEMA bench;
\lo_import :image
\set image_object :LASTOID
\lo_import :packed
\set packed_object :LASTOID
\lo_import :mask
\set mask_object :LASTOID
CREATE TABLE bench.file (image bytea, packed bytea, mask bytea);
ALTER TABLE bench.file ALTER image SET STORAGE EXTERNAL, ALTER packed SET STORAGE EXTERNAL,
    ALTER mask SET STORAGE EXTERNAL;
INSERT INTO bench.file VALUES (lo_get(:image_object), lo_get(:packed_object), lo_get(:mask_object));
CREATE TABLE bench.scan AS
SELECT image::radiomics.volume AS image, mask::radiomics.volume AS mask FROM bench.file;
ANALYZE bench.scan;
SET max_parallel_workers_per_gather = 0;

-- CPU time of this session in ms, as Linux counts it.
CREATE FUNCTION bench.cpu_ms() RETURNS float8
LANGUAGE sql VOLATILE
AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat', 0, 100), ' ', 1)::float8 / 1e6 $$;

-- Time in ms of a statement, run once before: by the clock, and of this
-- session alone, because others use the machine.
CREATE FUNCTION bench.times(statement text, repeats integer, OUT ms float8, OUT cpu_ms float8)
RETURNS SETOF record
LANGUAGE plpgsql
AS $$
DECLARE
    started timestamptz;
    cpu_before float8;
BEGIN
    EXECUTE statement;
    FOR i IN 1 .. repeats LOOP
        started := clock_timestamp();
        cpu_before := bench.cpu_ms();
        EXECUTE statement;
        cpu_ms := bench.cpu_ms() - cpu_before;
        ms := extract(epoch FROM clock_timestamp() - started) * 1000;
        RETURN NEXT;
    END LOOP;
END
$$;

CREATE TABLE bench.goal (position serial, what text, goal text, repeats int, statement text);
INSERT INTO bench.goal (what, goal, repeats, statement) VALUES
    ('header of the image', '0.2 ms', 99,
     'SELECT (radiomics.volume_info(image)).size FROM bench.scan'),
    ('labels of the mask', '0.2 ms', 99, 'SELECT radiomics.labels(mask) FROM bench.scan'),
    ('a box of 39 x 39 x 39 voxels', '3 ms', 49,
     'SELECT array_length(radiomics.volume_to_array(image, ''{237, 237, 81}'', ''{275, 275, 119}''), 1) FROM bench.scan'),
    ('features of the stored volume', '12 ms', 25,
     'SELECT (f).stat_mean FROM (SELECT radiomics.features(image, mask) AS f FROM bench.scan OFFSET 0) AS s'),
    ('features without Moran, Geary, OMBB, MVEE', '12 ms', 25,
     'SELECT (f).stat_mean FROM (SELECT radiomics.features(image, mask, 1, ''{"exclude_features": ["morph_moran_i", "morph_geary_c", "morph_vol_dens_ombb", "morph_area_dens_ombb", "morph_vol_dens_mvee", "morph_area_dens_mvee"]}'') AS f FROM bench.scan OFFSET 0) AS s'),
    ('reading alone: intensity statistics', NULL, 25,
     'SELECT (f).stat_mean FROM (SELECT radiomics.features(image, mask, 1, ''{"families": "intensity_statistics"}'') AS f FROM bench.scan OFFSET 0) AS s'),
    ('the same of .nii.gz', '~220 ms', 9,
     'SELECT (f).stat_mean FROM (SELECT radiomics.features(packed, mask, 1, ''{"families": "intensity_statistics"}'') AS f FROM bench.file OFFSET 0) AS s'),
    ('all voxels of the volume', NULL, 9,
     'SELECT radiomics.same_grid(radiomics.volume_expand(image), image) FROM bench.scan'),
    ('ingest of .nii into a table', '700 ms', 5,
     'CREATE TEMPORARY TABLE discard AS SELECT image::radiomics.volume FROM bench.file; DROP TABLE discard'),
    ('ingest of .nii.gz into a table', NULL, 5,
     'CREATE TEMPORARY TABLE discard AS SELECT packed::radiomics.volume FROM bench.file; DROP TABLE discard');

SELECT what, goal, round(min(cpu_ms)::numeric, 2) AS best_cpu_ms,
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu_ms))::numeric, 2) AS median_cpu_ms,
       round((percentile_cont(0.5) WITHIN GROUP (ORDER BY ms))::numeric, 2) AS median_ms
FROM   bench.goal, LATERAL bench.times(statement, repeats) AS t
GROUP  BY position, what, goal ORDER BY position;

SELECT i.stored_bytes, round(100.0 * i.stored_bytes / (2 * 512 * 512 * 200), 1) AS percent_of_raw,
       round(100.0 * octet_length(packed) / (2 * 512 * 512 * 200), 1) AS percent_as_nii_gz
FROM   bench.scan, bench.file, LATERAL radiomics.volume_info(bench.scan.image) AS i;
SELECT i.stored_bytes AS mask_bytes FROM bench.scan, LATERAL radiomics.volume_info(mask) AS i;
