-- Tables of test/dicom/run.
\set ON_ERROR_STOP on
CREATE EXTENSION radiomics;
CREATE SCHEMA dicom;
CREATE TABLE dicom.instances (scan text, kind text, file text, modality text, bytes bytea);
ALTER TABLE dicom.instances ALTER bytes SET STORAGE EXTERNAL;
CREATE TABLE dicom.nifti (scan text, modality text, image bytea, mask bytea);
