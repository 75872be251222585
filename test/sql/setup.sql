-- What the other tests use: NIfTI files made of arrays.  They are big-endian,
-- because the server's binary output functions are.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS radiomics_test CASCADE;
RESET client_min_messages;
CREATE SCHEMA radiomics_test;

-- The bytes of one voxel of a NIfTI data type.
CREATE FUNCTION radiomics_test.voxel(value float8, datatype int) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT
AS $$
    SELECT CASE datatype
           WHEN 2 THEN substr(int2send(value::int2), 2)
           WHEN 4 THEN int2send(value::int2)
           WHEN 8 THEN int4send(value::int4)
           WHEN 16 THEN float4send(value::float4)
           WHEN 64 THEN float8send(value)
           END
$$;

-- A NIfTI-1 file; voxels with x fastest; origin (mm) and axes as NIfTI has them
-- (RAS), sform = rows of three direction cosines.
CREATE FUNCTION radiomics_test.nifti(
    voxels float8[],
    size int[],
    spacing float8[] DEFAULT '{1, 1, 1}',
    origin float8[] DEFAULT '{0, 0, 0}',
    datatype int DEFAULT 4,
    direction float8[] DEFAULT '{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}',
    frames int DEFAULT 1)
RETURNS bytea
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    file bytea := decode(repeat('00', 352), 'hex');
    bits int := CASE datatype WHEN 2 THEN 8 WHEN 4 THEN 16 WHEN 64 THEN 64 ELSE 32 END;
    axes int := CASE WHEN frames > 1 THEN 4 ELSE 3 END;
    body bytea;
BEGIN
    file := overlay(file PLACING int4send(348) FROM 1);
    file := overlay(file PLACING int2send(axes::int2) || int2send(size[1]::int2)
                    || int2send(size[2]::int2) || int2send(size[3]::int2)
                    || int2send(frames::int2) FROM 41);
    file := overlay(file PLACING int2send(datatype::int2) || int2send(bits::int2) FROM 71);
    file := overlay(file PLACING float4send(1) || float4send(spacing[1]::float4)
                    || float4send(spacing[2]::float4) || float4send(spacing[3]::float4) FROM 77);
    file := overlay(file PLACING float4send(352) || float4send(1) FROM 109);
    file := overlay(file PLACING '\x02'::bytea FROM 124);
    file := overlay(file PLACING int2send(1::int2) FROM 255);
    FOR r IN 1..3 LOOP
        file := overlay(file PLACING
                        float4send((direction[r][1] * spacing[1])::float4)
                        || float4send((direction[r][2] * spacing[2])::float4)
                        || float4send((direction[r][3] * spacing[3])::float4)
                        || float4send(origin[r]::float4) FROM 281 + 16 * (r - 1));
    END LOOP;
    file := overlay(file PLACING 'n+1'::bytea FROM 345);
    SELECT string_agg(radiomics_test.voxel(value, datatype), '' ORDER BY position)
    INTO   body
    FROM   unnest(voxels) WITH ORDINALITY AS v (value, position);
    RETURN file || body;
END
$$;

-- A volume in which every voxel has one value.
CREATE FUNCTION radiomics_test.constant(value float8, size int[], spacing float8[] DEFAULT '{1, 1, 1}',
                                        datatype int DEFAULT 4)
RETURNS bytea
LANGUAGE sql IMMUTABLE
AS $$
    SELECT radiomics_test.nifti(array_fill(value, ARRAY[size[1] * size[2] * size[3]]), size, spacing,
                                datatype => datatype)
$$;

-- A mask with a box of label 1 (from..to - 1 on each axis), 0 elsewhere.
CREATE FUNCTION radiomics_test.box_mask(size int[], lo int[], hi int[],
                                        spacing float8[] DEFAULT '{1, 1, 1}', label int DEFAULT 1)
RETURNS bytea
LANGUAGE sql IMMUTABLE
AS $$
    SELECT radiomics_test.nifti(array_agg(CASE WHEN x >= lo[1] AND x < hi[1]
                                                AND y >= lo[2] AND y < hi[2]
                                                AND z >= lo[3] AND z < hi[3]
                                          THEN label ELSE 0 END ORDER BY z, y, x), size, spacing,
                                datatype => 2)
    FROM generate_series(0, size[1] - 1) AS x, generate_series(0, size[2] - 1) AS y,
         generate_series(0, size[3] - 1) AS z
$$;

-- An image whose intensities vary without a pattern, the same in every run.
CREATE FUNCTION radiomics_test.noise(size int[], spacing float8[] DEFAULT '{1, 1, 1}',
                                     seed int DEFAULT 0, datatype int DEFAULT 4)
RETURNS bytea
LANGUAGE sql IMMUTABLE
AS $$
    SELECT radiomics_test.nifti(array_agg((hashint4(n + 1000003 * seed) & 1023)::float8 - 500 ORDER BY n),
                                size, spacing, datatype => datatype)
    FROM generate_series(1, size[1] * size[2] * size[3]) AS n
$$;

-- Run a statement that fails, and return how.
CREATE FUNCTION radiomics_test.failure(statement text,
                                       OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE statement;
    message := 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                            detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;

-- The result of a statement, and what it did with volumes.
CREATE FUNCTION radiomics_test.work(statement text, OUT result text, OUT fetches bigint, OUT decoded_bricks bigint,
                                    OUT stored_volumes bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    before record;
    after record;
BEGIN
    SELECT * INTO before FROM radiomics.volume_work();
    EXECUTE statement INTO result;
    SELECT * INTO after FROM radiomics.volume_work();
    fetches := after.fetches - before.fetches;
    decoded_bricks := after.decoded_bricks - before.decoded_bricks;
    stored_volumes := after.stored_volumes - before.stored_volumes;
END
$$;
