-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION radiomics" to load this file. \quit

COMMENT ON SCHEMA radiomics IS
'Radiomic features of medical images. Start with radiomics.features(image, mask).';

GRANT USAGE ON SCHEMA radiomics TO PUBLIC;

