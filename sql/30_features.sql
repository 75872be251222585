-- Features.
--
-- The bytea forms depend on their arguments alone and are strict, save that
-- feature_rows takes NULL labels for all labels.  The large object forms read
-- the database, with the volatility and parallel safety of lo_get().
--
-- COST is in units of cpu_operator_cost.  Measured where an integer operator
-- takes 5 ns: 74 voxels 0.18 ms (4 * 10^4 operators), PET regions of 5,000 voxels
-- 5 ms (10^6), CT regions of 90,000 voxels 55 ms (10^7), all with reading.
-- With 10^6 the planner takes workers for two scans or more.  The matrix
-- functions read the same bytes and count one family.

CREATE FUNCTION radiomics.features(image bytea, mask bytea, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS radiomics.ibsi_features
    AS 'MODULE_PATHNAME', 'radiomics_features'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000;
COMMENT ON FUNCTION radiomics.features(bytea, bytea, integer, jsonb) IS
'The 174 IBSI features of one label of a mask, one column each. Call it as FROM scans s, LATERAL radiomics.features(s.image, s.mask) AS f; never as (features(...)).*, which computes everything once per column.';

CREATE FUNCTION radiomics.features_by_label(image bytea, mask bytea, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.ibsi_features
    AS 'MODULE_PATHNAME', 'radiomics_features_by_label'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION radiomics.features_by_label(bytea, bytea, jsonb) IS
'The 174 IBSI features of every label of a mask, one row per label. If the scan cannot be used and the setting on_error is null, one row with label NULL carries the reason.';

CREATE FUNCTION radiomics.feature_rows(image bytea, mask bytea, labels integer[] DEFAULT NULL,
                                       settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.feature_row
    AS 'MODULE_PATHNAME', 'radiomics_feature_rows'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000000 ROWS 500;
COMMENT ON FUNCTION radiomics.feature_rows(bytea, bytea, integer[], jsonb) IS
'Features in long form: one row per label, feature and aggregation. NULL labels mean all labels of the mask. A label that fails under the setting on_error = null gives rows without values and a warning.';

CREATE FUNCTION radiomics.features(image oid, mask oid, label integer DEFAULT 1, settings jsonb DEFAULT '{}')
    RETURNS radiomics.ibsi_features
    AS 'MODULE_PATHNAME', 'radiomics_features_large_object'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION radiomics.features(oid, oid, integer, jsonb) IS
'The 174 IBSI features of one label of a mask, one column each. Image and mask are large objects, read piece by piece. Call it as FROM scans s, LATERAL radiomics.features(s.image, s.mask) AS f; never as (features(...)).*, which computes everything once per column.';

CREATE FUNCTION radiomics.features_by_label(image oid, mask oid, settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.ibsi_features
    AS 'MODULE_PATHNAME', 'radiomics_features_by_label_large_object'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION radiomics.features_by_label(oid, oid, jsonb) IS
'The 174 IBSI features of every label of a mask, one row per label. Image and mask are large objects, read piece by piece. If the scan cannot be used and the setting on_error is null, one row with label NULL carries the reason.';

CREATE FUNCTION radiomics.feature_rows(image oid, mask oid, labels integer[] DEFAULT NULL,
                                       settings jsonb DEFAULT '{}')
    RETURNS SETOF radiomics.feature_row
    AS 'MODULE_PATHNAME', 'radiomics_feature_rows_large_object'
    LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 500;
COMMENT ON FUNCTION radiomics.feature_rows(oid, oid, integer[], jsonb) IS
'Features in long form: one row per label, feature and aggregation. Image and mask are large objects, read piece by piece. NULL labels mean all labels of the mask. A label that fails under the setting on_error = null gives rows without values and a warning.';

