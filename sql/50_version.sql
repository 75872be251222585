CREATE FUNCTION radiomics.version() RETURNS text
    AS 'MODULE_PATHNAME', 'radiomics_version'
    LANGUAGE C STABLE PARALLEL SAFE COST 1;
COMMENT ON FUNCTION radiomics.version() IS
'Version of the loaded library. It may be newer than the SQL objects, see pg_extension.';

