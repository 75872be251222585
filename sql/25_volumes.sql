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

CREATE FUNCTION radiomics.volume_from_large_object(image oid, format text DEFAULT 'auto', frame integer DEFAULT -1)
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_volume_from_large_object'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000000;
COMMENT ON FUNCTION radiomics.volume_from_large_object(oid, text, integer) IS
'Volume of an image file that is a large object, read piece by piece. Arguments as in volume_from_bytes.';

CREATE FUNCTION radiomics.volume_from_file(path text, format text DEFAULT 'auto', frame integer DEFAULT -1)
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_volume_from_file'
    LANGUAGE C VOLATILE STRICT PARALLEL SAFE COST 10000000;
COMMENT ON FUNCTION radiomics.volume_from_file(text, text, integer) IS
'Volume of an image file on the server, read piece by piece. For members of pg_read_server_files. Arguments as in volume_from_bytes.';
REVOKE ALL ON FUNCTION radiomics.volume_from_file(text, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION radiomics.volume_from_file(text, text, integer) TO pg_read_server_files;

CREATE FUNCTION radiomics.volume_from_array(voxels double precision[], size integer[],
                                            spacing double precision[] DEFAULT '{1, 1, 1}',
                                            origin double precision[] DEFAULT '{0, 0, 0}',
                                            direction double precision[] DEFAULT '{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}',
                                            voxel_type text DEFAULT 'float64',
                                            units text DEFAULT '', modality text DEFAULT '')
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_volume_from_array'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000;
COMMENT ON FUNCTION radiomics.volume_from_array(double precision[], integer[], double precision[], double precision[], double precision[], text, text, text) IS
'Volume of an array of voxels, x fastest. Size is x, y, z, or x, y for a 2-D image; spacing, origin (mm, LPS) and direction as in volume_header. A value that the voxel type does not hold exactly is an error.';

CREATE FUNCTION radiomics.volume_to_array(image radiomics.volume, first_voxel integer[] DEFAULT NULL,
                                          last_voxel integer[] DEFAULT NULL)
    RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'radiomics_volume_to_array'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000000;
COMMENT ON FUNCTION radiomics.volume_to_array(radiomics.volume, integer[], integer[]) IS
'Voxels as an array [z][y][x], all or those of a box. First_voxel and last_voxel are x, y and z from 0; only the bricks of the box are read.';

CREATE FUNCTION radiomics.same_grid(a radiomics.volume, b radiomics.volume, tolerance double precision DEFAULT 0.001)
    RETURNS boolean
    AS 'MODULE_PATHNAME', 'radiomics_same_grid'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 40000;
COMMENT ON FUNCTION radiomics.same_grid(radiomics.volume, radiomics.volume, double precision) IS
'Whether two volumes have the same size, spacing, origin and direction. Spacing and origin may differ by tolerance times the spacing, direction cosines by tolerance: as features compares them. Reads headers alone.';

CREATE FUNCTION radiomics.align_mask(mask radiomics.volume, image radiomics.volume)
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_align_mask'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000;
COMMENT ON FUNCTION radiomics.align_mask(radiomics.volume, radiomics.volume) IS
'The mask on the grid of an image: each voxel takes the label at its world position, the nearest voxel''s. Outside of the mask is background. A mask that lies right is returned as it is.';

CREATE FUNCTION radiomics.volume_expand(image radiomics.volume)
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_volume_expand'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000000;
COMMENT ON FUNCTION radiomics.volume_expand(radiomics.volume) IS
'The same volume with its voxels in memory, for a query that uses it in several functions. Call it in a subquery with OFFSET 0, so that it is read once.';

CREATE FUNCTION radiomics.volume_work(OUT fetches bigint, OUT fetched_bytes bigint,
                                      OUT decoded_bricks bigint, OUT stored_volumes bigint)
    AS 'MODULE_PATHNAME', 'radiomics_volume_work'
    LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 1;
COMMENT ON FUNCTION radiomics.volume_work() IS
'What this session has done with volumes so far. Reads of stored values, their bytes, bricks decoded, volumes compressed: call it before and after a statement to see what that cost.';
