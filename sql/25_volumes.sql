-- Making volumes, and what their headers say.
--
-- COST as in features: reading a CT of 100 MB takes about a second (10^8
-- operators), a PET a tenth of it; a header 0.1 ms.

CREATE FUNCTION radiomics.volume_from_bytes(image bytea, format text DEFAULT 'auto', frame integer DEFAULT -1)
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_volume_from_bytes'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000000;
COMMENT ON FUNCTION radiomics.volume_from_bytes(bytea, text, integer) IS
'Volume of the bytes of an image file. The format is found by content; a named one has to be right. Frame chooses one of a file with several, from 0; -1 expects a single one.';

CREATE FUNCTION radiomics.volume(bytea)
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_volume_cast_bytea'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000000;
COMMENT ON FUNCTION radiomics.volume(bytea) IS
'Volume of the bytes of an image file in any supported format. The cast from bytea.';

CREATE CAST (bytea AS radiomics.volume) WITH FUNCTION radiomics.volume(bytea) AS ASSIGNMENT;
COMMENT ON CAST (bytea AS radiomics.volume) IS
'Reads the bytes of an image file in any supported format.';

CREATE TYPE radiomics.volume_header AS (
    dimension integer,
    size integer[],
    spacing double precision[],
    origin double precision[],
    direction double precision[],
    voxel_type text,
    minimum double precision,
    maximum double precision,
    units text,
    modality text,
    label_count integer,
    content_hash bytea,
    brick integer[],
    stored_bytes bigint
);

COMMENT ON TYPE radiomics.volume_header IS
'What the header of a volume says. The result of volume_info.';
COMMENT ON COLUMN radiomics.volume_header.dimension IS
'2 when the source was a 2-D image, else 3.';
COMMENT ON COLUMN radiomics.volume_header.size IS
'Voxels along x, y and z.';
COMMENT ON COLUMN radiomics.volume_header.spacing IS
'Distance of voxel centres along x, y and z in mm.';
COMMENT ON COLUMN radiomics.volume_header.origin IS
'Centre of voxel (0, 0, 0) in mm, in LPS coordinates as in DICOM.';
COMMENT ON COLUMN radiomics.volume_header.direction IS
'Direction cosines: 3 rows, of which column c is the unit vector of axis c.';
COMMENT ON COLUMN radiomics.volume_header.voxel_type IS
'int8, uint8, int16, uint16, int32, uint32, float32 or float64.';
COMMENT ON COLUMN radiomics.volume_header.minimum IS
'Smallest voxel value. NULL when no voxel is a number.';
COMMENT ON COLUMN radiomics.volume_header.maximum IS
'Largest voxel value. NULL when no voxel is a number.';
COMMENT ON COLUMN radiomics.volume_header.units IS
'Unit of the voxel values, as HU. NULL when the source did not say.';
COMMENT ON COLUMN radiomics.volume_header.modality IS
'Modality in DICOM''s terms, as CT. NULL when the source did not say.';
COMMENT ON COLUMN radiomics.volume_header.label_count IS
'Number of labels apart from background 0. NULL when the header lists none because this is no mask.';
COMMENT ON COLUMN radiomics.volume_header.content_hash IS
'BLAKE2b hash of voxel type, geometry and voxels: equal for equal volumes, however they are stored.';
COMMENT ON COLUMN radiomics.volume_header.brick IS
'Edges of a brick in voxels.';
COMMENT ON COLUMN radiomics.volume_header.stored_bytes IS
'Length of the value.';

CREATE FUNCTION radiomics.volume_info(image radiomics.volume)
    RETURNS radiomics.volume_header
    AS 'MODULE_PATHNAME', 'radiomics_volume_info'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20000;
COMMENT ON FUNCTION radiomics.volume_info(radiomics.volume) IS
'Geometry, voxel type, range and hash of a volume. Reads its header alone, whatever its size. Call it as FROM scans s, LATERAL radiomics.volume_info(s.image) AS i.';

CREATE TYPE radiomics.mask_label AS (
    label integer,
    voxel_count bigint,
    first_voxel integer[],
    last_voxel integer[]
);

COMMENT ON TYPE radiomics.mask_label IS
'One label of a mask. The result of labels.';
COMMENT ON COLUMN radiomics.mask_label.label IS
'Value of the label''s voxels; background 0 is none.';
COMMENT ON COLUMN radiomics.mask_label.voxel_count IS
'Number of its voxels.';
COMMENT ON COLUMN radiomics.mask_label.first_voxel IS
'Lowest x, y and z of its voxels, from 0.';
COMMENT ON COLUMN radiomics.mask_label.last_voxel IS
'Highest x, y and z of its voxels.';

CREATE FUNCTION radiomics.labels(mask radiomics.volume)
    RETURNS SETOF radiomics.mask_label
    AS 'MODULE_PATHNAME', 'radiomics_labels'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20000 ROWS 10;
COMMENT ON FUNCTION radiomics.labels(radiomics.volume) IS
'The labels of a mask with their voxel counts and boxes. Read from the header, or found in the voxels of a mask with more than 4096 labels.';
