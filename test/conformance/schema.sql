-- Tables and functions that compare results with IBSI's reference values.
\set ON_ERROR_STOP on
CREATE EXTENSION radiomics;
CREATE SCHEMA conformance;

CREATE TABLE conformance.scans (
    scan     text PRIMARY KEY,
    modality text,
    image    bytea,
    mask     bytea
);

CREATE TABLE conformance.reference (
    data_set    text,
    base_tag    text,
    aggregation text,
    value       numeric,
    tolerance   numeric
);

CREATE TABLE conformance.result (
    data_set    text,
    feature     text,
    aggregation text,
    value       float8
);

CREATE FUNCTION conformance.round_to_digits(value numeric, digits integer)
RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT
RETURN CASE WHEN value = 0 THEN 0
            ELSE round(value, digits - 1 - floor(log(abs(value)))::integer) END;

-- IBSI's rule: the result, rounded to 3 significant digits, differs from the
-- reference by at most the tolerance.  The counts of the unprocessed mask and
-- the maximum of the unprocessed image (125256, 3065; tolerance 0) have more
-- digits, so the rule would refuse the reference itself: such a result is
-- compared as it is.  All in numeric, where 0.693 is 0.693.
CREATE FUNCTION conformance.is_met(result float8, reference numeric, tolerance numeric)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN result IS NULL OR result::text IN ('NaN', 'Infinity', '-Infinity') THEN false
    WHEN abs(conformance.round_to_digits(reference, 3) - reference) <= tolerance
    THEN abs(conformance.round_to_digits(result::numeric, 3) - reference) <= tolerance
    ELSE abs(result::numeric - reference) <= tolerance
END;

CREATE VIEW conformance.verdict AS
SELECT reference.data_set, reference.base_tag, reference.aggregation,
       result.value AS result, reference.value AS reference, reference.tolerance,
       conformance.is_met(result.value, reference.value, reference.tolerance) AS met
FROM   conformance.reference
LEFT   JOIN conformance.result
ON     result.data_set = reference.data_set
AND    result.feature = reference.base_tag
AND    result.aggregation IS NOT DISTINCT FROM reference.aggregation;

-- A NIfTI-1 file of int16 voxels (x fastest), little-endian, axes along the
-- world's.
CREATE FUNCTION conformance.nifti(size integer[], spacing float4[], voxels integer[])
RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    header bytea := decode(repeat('00', 352), 'hex');
    body   bytea;

    -- The header's fields: offset, then the bytes that stand there.
    field  record;
BEGIN
    FOR field IN
        WITH swapped AS (
            SELECT 0 AS at, int4send(348) AS bytes                           -- sizeof_hdr
            UNION ALL SELECT 40, int2send(3::int2)                                 -- dim[0]
            UNION ALL SELECT 42 + 2 * (i - 1), int2send(size[i]::int2) FROM generate_series(1, 3) AS i
            UNION ALL SELECT 48 + 2 * (i - 1), int2send(1::int2) FROM generate_series(1, 4) AS i
            UNION ALL SELECT 70, int2send(4::int2)                                 -- datatype int16
            UNION ALL SELECT 72, int2send(16::int2)                                -- bitpix
            UNION ALL SELECT 76, float4send(1)
            UNION ALL SELECT 80 + 4 * (i - 1), float4send(spacing[i]) FROM generate_series(1, 3) AS i
            UNION ALL SELECT 108, float4send(352)                            -- vox_offset
            UNION ALL SELECT 112, float4send(1)                              -- scl_slope
            UNION ALL SELECT 254, int2send(1::int2)                                -- sform_code
            UNION ALL SELECT 280 + 20 * (i - 1), float4send(spacing[i]) FROM generate_series(1, 3) AS i
        )
        SELECT at,
               (SELECT string_agg(substring(bytes FROM i FOR 1), '' ORDER BY i DESC)
                FROM   generate_series(1, length(bytes)) AS i) AS bytes
        FROM   swapped
        UNION ALL SELECT 344, 'n+1\000'::bytea
    LOOP
        header := overlay(header PLACING field.bytes FROM field.at + 1);
    END LOOP;

    SELECT string_agg(substring(int2send(voxel::int2) FROM 2 FOR 1) ||
                      substring(int2send(voxel::int2) FROM 1 FOR 1), '' ORDER BY position)
    INTO   body
    FROM   unnest(voxels) WITH ORDINALITY AS v (voxel, position);
    RETURN header || body;
END
$$;
