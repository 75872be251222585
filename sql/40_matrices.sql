-- The texture matrices that the features are computed from: the way to check a
-- value by hand.  Declarations as in features.

CREATE FUNCTION radiomics.glcm(image bytea, mask bytea, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_glcm'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.glcm(bytea, bytea, integer, jsonb) IS
'Grey level co-occurrence matrices of one label, one row per cell. I and j are the levels of two neighbours; matrices are symmetric.';

CREATE FUNCTION radiomics.glrlm(image bytea, mask bytea, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_glrlm'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.glrlm(bytea, bytea, integer, jsonb) IS
'Grey level run length matrices of one label, one row per cell. I is the level and j the length of a run.';

CREATE FUNCTION radiomics.glszm(image bytea, mask bytea, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_glszm'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.glszm(bytea, bytea, integer, jsonb) IS
'Grey level size zone matrices of one label, one row per cell. I is the level and j the size of a zone.';

CREATE FUNCTION radiomics.gldzm(image bytea, mask bytea, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_gldzm'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.gldzm(bytea, bytea, integer, jsonb) IS
'Grey level distance zone matrices of one label, one row per cell. I is the level of a zone and j its distance to the border.';

CREATE FUNCTION radiomics.ngtdm(image bytea, mask bytea, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_ngtdm'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.ngtdm(bytea, bytea, integer, jsonb) IS
'Neighbourhood grey tone difference matrices of one label, one row per cell. I is the level, count the voxels that have neighbours.';

CREATE FUNCTION radiomics.ngldm(image bytea, mask bytea, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_ngldm'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.ngldm(bytea, bytea, integer, jsonb) IS
'Neighbouring grey level dependence matrices of one label, one row per cell. I is the level and j the dependence, which counts the voxel itself.';

CREATE FUNCTION radiomics.glcm(image oid, mask oid, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_glcm_large_object'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.glcm(oid, oid, integer, jsonb) IS
'Grey level co-occurrence matrices of one label, one row per cell. Image and mask are large objects, read piece by piece. I and j are the levels of two neighbours; matrices are symmetric.';

CREATE FUNCTION radiomics.glrlm(image oid, mask oid, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_glrlm_large_object'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.glrlm(oid, oid, integer, jsonb) IS
'Grey level run length matrices of one label, one row per cell. Image and mask are large objects, read piece by piece. I is the level and j the length of a run.';

CREATE FUNCTION radiomics.glszm(image oid, mask oid, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_glszm_large_object'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.glszm(oid, oid, integer, jsonb) IS
'Grey level size zone matrices of one label, one row per cell. Image and mask are large objects, read piece by piece. I is the level and j the size of a zone.';

CREATE FUNCTION radiomics.gldzm(image oid, mask oid, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_gldzm_large_object'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.gldzm(oid, oid, integer, jsonb) IS
'Grey level distance zone matrices of one label, one row per cell. Image and mask are large objects, read piece by piece. I is the level of a zone and j its distance to the border.';

CREATE FUNCTION radiomics.ngtdm(image oid, mask oid, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_ngtdm_large_object'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.ngtdm(oid, oid, integer, jsonb) IS
'Neighbourhood grey tone difference matrices of one label, one row per cell. Image and mask are large objects, read piece by piece. I is the level, count the voxels that have neighbours.';

CREATE FUNCTION radiomics.ngldm(image oid, mask oid, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.matrix_cell
    AS 'MODULE_PATHNAME', 'radiomics_ngldm_large_object'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000000 ROWS 1000;
COMMENT ON FUNCTION radiomics.ngldm(oid, oid, integer, jsonb) IS
'Neighbouring grey level dependence matrices of one label, one row per cell. Image and mask are large objects, read piece by piece. I is the level and j the dependence, which counts the voxel itself.';

