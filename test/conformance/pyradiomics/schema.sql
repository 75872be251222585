-- Tables and functions that compare results with values of PyRadiomics.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION radiomics;
CREATE SCHEMA pyradiomics;

-- NRRD files, by name.
CREATE TABLE pyradiomics.file (name text PRIMARY KEY, bytes bytea);

-- A case is one image, one mask, one label and a parameter file.  `error` is
-- what PyRadiomics says where it gives no values.
CREATE TABLE pyradiomics.scan_case (
    data_set   text,
    name       text,
    image      text,
    mask       text,
    label      integer,
    parameters text,
    error      text,
    PRIMARY KEY (data_set, name)
);

-- "original_glcm_Contrast" is image type, class and feature.
CREATE FUNCTION pyradiomics.part(key text, part integer) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN (regexp_match(key,
    '^(.*)_(firstorder|glcm|gldm|glrlm|glszm|ngtdm|shape|shape2D)_([^_]*)$'))[part];

CREATE TABLE pyradiomics.reference (
    data_set   text,
    name       text,
    position   integer,
    key        text,
    value      float8,
    image_type text GENERATED ALWAYS AS (pyradiomics.part(key, 1)) STORED,
    class      text GENERATED ALWAYS AS (pyradiomics.part(key, 2)) STORED,
    feature    text GENERATED ALWAYS AS (pyradiomics.part(key, 3)) STORED,
    PRIMARY KEY (data_set, name, key)
);

CREATE TABLE pyradiomics.result (
    data_set text,
    name     text,
    position integer,
    key      text,
    value    float8
);

CREATE TABLE pyradiomics.failure (data_set text, name text, sqlstate text, message text);

-- Compute one case: its rows, or why there are none.
CREATE PROCEDURE pyradiomics.compute(wanted_set text, wanted_name text)
LANGUAGE plpgsql AS $$
DECLARE
    state   text;
    message text;
BEGIN
    INSERT INTO pyradiomics.result
    SELECT wanted_set, wanted_name, f.ordinality, f.feature, f.value
    FROM   pyradiomics.scan_case AS c
           JOIN pyradiomics.file AS image ON image.name = c.image
           JOIN pyradiomics.file AS mask ON mask.name = c.mask,
           LATERAL radiomics.feature_rows(image.bytes, mask.bytes, ARRAY[c.label],
                       radiomics.settings_from_pyradiomics(c.parameters)) WITH ORDINALITY AS f
    WHERE  c.data_set = wanted_set AND c.name = wanted_name;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    INSERT INTO pyradiomics.failure VALUES (wanted_set, wanted_name, state, message);
END
$$;

CREATE PROCEDURE pyradiomics.compute_all(wanted_set text)
LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT name FROM pyradiomics.scan_case WHERE data_set = wanted_set ORDER BY name
    LOOP
        CALL pyradiomics.compute(wanted_set, one.name);
        COMMIT;
    END LOOP;
END
$$;

-- How far a result may be from the reference: relative 1e-10, and where the
-- value is a difference of larger ones, relative to those.  Square roots of
-- eigenvalues and of one minus one are compared by their squares: these are
-- what rounding is relative to.
--
--   shade_scale   ClusterTendency^1.5, below the sum of |i + j - 2 mu|^3 p
--   axis_scale    MajorAxisLength
--   value_scale   largest absolute intensity
CREATE FUNCTION pyradiomics.is_met(feature text, result float8, reference float8,
                                   shade_scale float8, axis_scale float8, value_scale float8)
RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN reference = 'NaN' OR reference IS NULL OR result IS NULL
    THEN coalesce(reference, 'NaN') = 'NaN' AND result IS NULL
    WHEN abs(reference) = 'Infinity' THEN result = reference
    -- Sums of |z|^3 p and of p |z1 z2| over standardised values: at least and about 1.
    WHEN feature IN ('Skewness', 'Correlation', 'Imc1')
    THEN abs(result - reference) <= 1e-10 * greatest(abs(reference), 1)
    -- -log2(1 + 2^-52): PyRadiomics' entropy of one level.
    WHEN feature LIKE '%Entropy'
    THEN abs(result - reference) <= greatest(1e-10 * abs(reference), 1e-14)
    WHEN feature = 'ClusterShade'
    THEN abs(result - reference) <= 1e-10 * greatest(abs(reference), coalesce(shade_scale, 0))
    WHEN feature IN ('MinorAxisLength', 'LeastAxisLength')
    THEN abs(result ^ 2 - reference ^ 2)
         <= greatest(2e-10 * reference ^ 2, 1e-14 * coalesce(axis_scale, 0) ^ 2)
    WHEN feature IN ('Elongation', 'Flatness', 'MCC', 'Imc2')
    THEN abs(result ^ 2 - reference ^ 2) <= greatest(2e-10 * reference ^ 2, 1e-13)
    WHEN feature = 'Mean'
    THEN abs(result - reference) <= 1e-10 * greatest(abs(reference), coalesce(value_scale, 0))
    -- Sums of squares of differences from a mean, which is rounded.
    WHEN feature LIKE '%Variance' OR feature IN ('ClusterTendency', 'ClusterProminence', 'SumSquares')
    THEN abs(result - reference) <= greatest(1e-10 * abs(reference), 1e-24 * coalesce(value_scale, 1) ^ 2)
    WHEN feature LIKE '%AbsoluteDeviation'
    THEN abs(result - reference) <= greatest(1e-10 * abs(reference), 1e-14 * coalesce(value_scale, 0))
    ELSE abs(result - reference) <= 1e-10 * abs(reference)
END;

-- One row per value of either side.  A feature that only one side has is not met.
CREATE VIEW pyradiomics.verdict AS
WITH scale AS (
    SELECT data_set, name, image_type,
           max(value) FILTER (WHERE feature = 'ClusterTendency' AND value > 0) ^ 1.5 AS shade,
           max(value) FILTER (WHERE feature = 'MajorAxisLength' AND value <> 'NaN') AS axis,
           max(abs(value)) FILTER (WHERE feature IN ('Minimum', 'Maximum') AND value <> 'NaN')
               AS largest
    FROM   pyradiomics.reference
    GROUP  BY data_set, name, image_type)
SELECT data_set, name, key,
       pyradiomics.part(key, 1) AS image_type,
       pyradiomics.part(key, 2) AS class,
       f.value AS result, r.value AS reference,
       r.key IS NOT NULL AND f.key IS NOT NULL
       AND pyradiomics.is_met(r.feature, f.value, r.value, scale.shade, scale.axis, scale.largest)
           AS met,
       CASE WHEN r.key IS NULL THEN 'not in the reference'
            WHEN f.key IS NULL THEN 'no result' ELSE '' END AS note
FROM   pyradiomics.reference AS r
       FULL JOIN pyradiomics.result AS f USING (data_set, name, key)
       LEFT JOIN scale USING (data_set, name, image_type);

-- What PyRadiomics says and what the message here has to be about.
CREATE TABLE pyradiomics.reason (theirs text, ours text);
INSERT INTO pyradiomics.reason VALUES
    ('too few dimensions', 'axes|axis|dimension'),
    ('1 segmented voxel', 'one voxel|single voxel|1 voxel'),
    ('not present in mask|No labels found', 'label'),
    ('ROI is too small', 'voxels'),
    ('cannot compute 2D shape', 'slice|thick|shape2D'),
    ('Resegmentation excluded', 'segment'),
    ('size mismatch|geometry mismatch|do not occupy', 'grid|geometr|size|spacing|origin|direction'),
    ('larger than image space', 'image|outside'),
    ('arange', 'NaN|defined|finite');

-- Cases that PyRadiomics refuses: met when they are refused here too, because of
-- the data or the settings and not by an internal error, and for the same reason.
CREATE VIEW pyradiomics.refusal AS
SELECT c.data_set, c.name, c.error, f.sqlstate, f.message,
       coalesce(f.sqlstate IN ('22000', '22023', '22003', '0A000'), false)
       AND NOT EXISTS (SELECT FROM pyradiomics.reason
                       WHERE c.error ~ theirs AND f.message !~* ours) AS met
FROM   pyradiomics.scan_case AS c LEFT JOIN pyradiomics.failure AS f USING (data_set, name)
WHERE  c.error <> '';

-- The order of the output of every case.
CREATE VIEW pyradiomics.ordering AS
SELECT data_set, name,
       (SELECT array_agg(key ORDER BY position) FROM pyradiomics.reference AS r
        WHERE (r.data_set, r.name) = (c.data_set, c.name))
       = (SELECT array_agg(key ORDER BY position) FROM pyradiomics.result AS f
          WHERE (f.data_set, f.name) = (c.data_set, c.name)) AS met
FROM   pyradiomics.scan_case AS c WHERE error = '';

-- The image type's name in a parameter file.
CREATE FUNCTION pyradiomics.image_type(prefix text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN prefix LIKE 'log-sigma-%' THEN 'LoG'
            WHEN prefix LIKE 'wavelet%' THEN 'Wavelet'
            WHEN prefix LIKE 'lbp-2D%' THEN 'LBP2D'
            WHEN prefix LIKE 'lbp-3D%' THEN 'LBP3D'
            ELSE initcap(prefix) END;

-- An NRRD file with an oblique grid as the MetaImage that the reader of the
-- reference values saw: directions divided by their length.  (ITK's reader of
-- NRRD multiplies by the reciprocal, which differs in the last digit.)
CREATE FUNCTION pyradiomics.with_divided_directions(nrrd bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    header_size integer := position('\x0a0a'::bytea IN nrrd) + 1;
    header      text := convert_from(substr(nrrd, 1, header_size), 'UTF8');
    axes        text[] := ARRAY(SELECT m[1] FROM regexp_matches(
                    (regexp_match(header, 'space directions: ([^\n]*)'))[1], '\(([^)]*)\)', 'g') AS m);
    matrix      text := '';
    spacing     text := '';
    axis        float8[];
    length      float8;
BEGIN
    IF header !~ 'encoding: raw' OR header !~ 'endian: little' THEN
        RAISE 'not a raw little-endian NRRD file';
    END IF;
    FOR n IN 1..3 LOOP
        axis := string_to_array(axes[n], ',')::float8[];
        length := sqrt(axis[1] * axis[1] + axis[2] * axis[2] + axis[3] * axis[3]);
        matrix := matrix || format(' %s %s %s', axis[1] / length, axis[2] / length, axis[3] / length);
        spacing := spacing || ' ' || length;
    END LOOP;
    RETURN convert_to(format(
        E'ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n'
        'TransformMatrix =%s\nOffset = %s\nElementSpacing =%s\nDimSize = %s\n'
        'ElementType = %s\nElementDataFile = LOCAL\n',
        matrix, translate((regexp_match(header, 'space origin: \(([^)]*)\)'))[1], ',', ' '), spacing,
        (regexp_match(header, 'sizes: ([^\n]*)'))[1],
        CASE (regexp_match(header, 'type: ([^\n]*)'))[1]
            WHEN 'float' THEN 'MET_FLOAT' WHEN 'short' THEN 'MET_SHORT' WHEN 'uchar' THEN 'MET_UCHAR'
        END), 'UTF8') || substr(nrrd, header_size + 1);
END
$$;

-- ---------------------------------------------------------------- voxel maps
CREATE TABLE pyradiomics.map_case (
    name text PRIMARY KEY, image text, mask text, label integer, parameters text,
    features integer, shape text, first text, voxels integer);

CREATE TABLE pyradiomics.map_reference (
    name text, key text, z integer, y integer, x integer, value float8);

-- The maps as raw little-endian float64, x fastest.
-- Not compressed, so that a slice is read without the rest.
CREATE TABLE pyradiomics.map_result (name text, key text, voxels bytea);
ALTER TABLE pyradiomics.map_result ALTER voxels SET STORAGE EXTERNAL;

CREATE PROCEDURE pyradiomics.compute_maps()
LANGUAGE sql AS $$
    INSERT INTO pyradiomics.map_result
    SELECT c.name, f.feature, substr(nrrd, position('\x0a0a'::bytea IN nrrd) + 2)
    FROM   pyradiomics.map_case AS c
           JOIN pyradiomics.file AS image ON image.name = c.image
           JOIN pyradiomics.file AS mask ON mask.name = c.mask,
           LATERAL radiomics.feature_map(image.bytes, mask.bytes, NULL,
                       radiomics.settings_from_pyradiomics(c.parameters)
                       || jsonb_build_object('label', c.label)) AS f,
           LATERAL (SELECT radiomics.to_nrrd(f.map, 'none') AS nrrd OFFSET 0) AS n
$$;

-- The double number of eight little-endian bytes, from sign, exponent and fraction.
CREATE FUNCTION pyradiomics.float8_of(bytes bytea) RETURNS float8
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    bits     bigint := 0;
    exponent integer;
    sign     float8;
BEGIN
    FOR k IN REVERSE 7..0 LOOP
        bits := bits << 8 | get_byte(bytes, k);
    END LOOP;
    sign := CASE WHEN bits < 0 THEN -1 ELSE 1 END;
    exponent := bits >> 52 & 2047;
    bits := bits & 4503599627370495;
    RETURN CASE
        WHEN exponent = 2047 AND bits <> 0 THEN 'NaN'
        WHEN exponent = 2047 THEN sign * 'Infinity'::float8
        WHEN exponent = 0 THEN sign * bits::float8 / 2.0::float8 ^ 1000 / 2.0::float8 ^ 74
        ELSE sign * (1 + bits::float8 / 4503599627370496) * 2.0::float8 ^ (exponent - 1023)
    END;
END
$$;

-- Where a map has no voxel of the region is checked by the count of what is met.
CREATE VIEW pyradiomics.map_verdict AS
SELECT r.name, r.key, r.z, r.y, r.x, f.value AS result, r.value AS reference,
       pyradiomics.is_met(pyradiomics.part(r.key, 3), nullif(f.value, 'NaN'), r.value,
                          abs(tendency.value) ^ 1.5, NULL, NULL) AS met
FROM   pyradiomics.map_reference AS r
       JOIN pyradiomics.map_case AS c USING (name)
       LEFT JOIN pyradiomics.map_result AS m USING (name, key)
       LEFT JOIN pyradiomics.map_reference AS tendency
       ON  pyradiomics.part(r.key, 3) = 'ClusterShade'
       AND (tendency.name, tendency.key, tendency.z, tendency.y, tendency.x)
           = (r.name, replace(r.key, 'ClusterShade', 'ClusterTendency'), r.z, r.y, r.x),
       LATERAL (SELECT translate(c.shape, '[]', '{}')::integer[] AS shape,
                       translate(c.first, '[]', '{}')::integer[] AS first) AS box,
       LATERAL (SELECT CASE WHEN length(m.voxels) = 8 * box.shape[1] * box.shape[2] * box.shape[3]
                            THEN pyradiomics.float8_of(substr(m.voxels,
                                8 * (((r.z - box.first[1]) * box.shape[2] + r.y - box.first[2])
                                * box.shape[3] + r.x - box.first[3]) + 1, 8)) END AS value) AS f;
