-- The table that the demo loads scans into.
\set ON_ERROR_STOP on
CREATE EXTENSION radiomics;
CREATE SCHEMA demo;

-- Few wide rows: without these settings the table looks too small for a
-- parallel plan (see doc/calling.md).
CREATE TABLE demo.scans (
    scan     text PRIMARY KEY,
    modality text,
    image    bytea NOT NULL,
    mask     bytea NOT NULL
) WITH (fillfactor = 10, parallel_workers = :workers);

-- .nii.gz is compressed already.
ALTER TABLE demo.scans ALTER image SET STORAGE EXTERNAL, ALTER mask SET STORAGE EXTERNAL;
