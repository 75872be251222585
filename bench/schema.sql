-- Scans to measure and the function that measures.
\set ON_ERROR_STOP on
CREATE EXTENSION radiomics;
CREATE SCHEMA bench;
CREATE TABLE bench.scans (
    scan     text PRIMARY KEY,
    modality text,
    image    bytea NOT NULL,
    mask     bytea NOT NULL
) WITH (fillfactor = 10, parallel_workers = 4);
ALTER TABLE bench.scans ALTER image SET STORAGE EXTERNAL, ALTER mask SET STORAGE EXTERNAL;

-- The calibration loop of SQL: a fixed number of iterations of PL/pgSQL.
CREATE FUNCTION bench.calibrate() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    total bigint := 0;
BEGIN
    FOR i IN 1 .. 300000 LOOP
        total := total + (i * 7919) % 4096;
    END LOOP;
END
$$;

-- Wall time in ms of a statement, repeated after one run that warms the cache.
CREATE FUNCTION bench.times(statement text, repeats integer)
RETURNS TABLE (ms float8, calibration_ms float8)
LANGUAGE plpgsql
AS $$
DECLARE
    begin timestamptz;
BEGIN
    EXECUTE statement;
    FOR i IN 1 .. repeats LOOP
        begin := clock_timestamp();
        PERFORM bench.calibrate();
        calibration_ms := extract(epoch FROM clock_timestamp() - begin) * 1000;
        begin := clock_timestamp();
        EXECUTE statement;
        ms := extract(epoch FROM clock_timestamp() - begin) * 1000;
        RETURN NEXT;
    END LOOP;
END
$$;
