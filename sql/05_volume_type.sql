-- The type of images and masks.
--
-- Stored outside of the row and never compressed by the column: a volume is
-- compressed brick by brick, and slices of an uncompressed value are cheap.

CREATE TYPE radiomics.volume;

CREATE FUNCTION radiomics.volume_in(cstring) RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_volume_in'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000;
COMMENT ON FUNCTION radiomics.volume_in(cstring) IS 'I/O';

CREATE FUNCTION radiomics.volume_out(radiomics.volume) RETURNS cstring
    AS 'MODULE_PATHNAME', 'radiomics_volume_out'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000;
COMMENT ON FUNCTION radiomics.volume_out(radiomics.volume) IS 'I/O';

CREATE FUNCTION radiomics.volume_recv(internal) RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_volume_recv'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000;
COMMENT ON FUNCTION radiomics.volume_recv(internal) IS 'I/O';

CREATE FUNCTION radiomics.volume_send(radiomics.volume) RETURNS bytea
    AS 'MODULE_PATHNAME', 'radiomics_volume_send'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION radiomics.volume_send(radiomics.volume) IS 'I/O';

CREATE TYPE radiomics.volume (
    INPUT = radiomics.volume_in,
    OUTPUT = radiomics.volume_out,
    RECEIVE = radiomics.volume_recv,
    SEND = radiomics.volume_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = external
);
COMMENT ON TYPE radiomics.volume IS
'An image or a mask: voxels with size, spacing, origin and direction. Stored losslessly in compressed bricks, so that a region is read without the rest. Binary parameters of this type take the bytes of any supported file.';
