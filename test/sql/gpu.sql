-- Which device counts is not seen in the result; without a GPU there is none.
SELECT radiomics.version() IS NOT NULL AS library_loaded;
SET radiomics.device = 'tpu';
-- PostgreSQL 17 writes the range in other words.
\set VERBOSITY sqlstate
SET radiomics.gpu_timeout = 0;
\set VERBOSITY default
SET radiomics.gpu_emulate = on;

CREATE TEMPORARY TABLE scan AS
SELECT radiomics_test.noise('{14, 12, 9}', '{1, 1, 2}', 5) AS image,
       radiomics_test.nifti(array_agg((x + y < 20)::int::float8 ORDER BY z, y, x),
                            '{14, 12, 9}', '{1, 1, 2}', datatype => 2) AS mask
FROM   generate_series(1, 14) AS x, generate_series(1, 12) AS y, generate_series(1, 9) AS z;

SET radiomics.device = 'cpu';
SELECT count(*) FROM radiomics.gpu_status();
CREATE TEMPORARY TABLE counted AS SELECT radiomics.features(image, mask) AS f FROM scan;
RESET radiomics.device;
SELECT radiomics.features(image, mask)::text = f::text AS same_bits FROM scan, counted;
