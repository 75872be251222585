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

-- DICOM: one row per file; and the scans that become of them.
CREATE TABLE demo.instances (
    scan     text NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('image', 'mask')),
    file     text NOT NULL,
    modality text,
    bytes    bytea NOT NULL,
    PRIMARY KEY (scan, kind, file)
);
ALTER TABLE demo.instances ALTER bytes SET STORAGE EXTERNAL;

CREATE TABLE demo.dicom_scans (
    scan     text,
    roi      text,
    modality text,
    image    radiomics.volume NOT NULL,
    mask     radiomics.volume NOT NULL,
    PRIMARY KEY (scan, roi)
) WITH (fillfactor = 10, parallel_workers = :workers);
