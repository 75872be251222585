-- Volumes as files.
--
-- COST as in features, for a volume of 10 MB: compressing it takes 50 ms (10^7
-- operators), as TIFF with LZW or Deflate 150 to 450 ms (bench_formats).

CREATE FUNCTION radiomics.to_nifti(image radiomics.volume, compression text DEFAULT 'gzip')
    RETURNS bytea
    AS 'MODULE_PATHNAME', 'radiomics_to_nifti'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000000;
COMMENT ON FUNCTION radiomics.to_nifti(radiomics.volume, text) IS
'The bytes of a NIfTI file (.nii.gz, or .nii with compression none). Read back, it is the same volume to the last digit of its geometry.';

CREATE FUNCTION radiomics.bytea(radiomics.volume)
    RETURNS bytea
    AS 'MODULE_PATHNAME', 'radiomics_to_nifti'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000000;
COMMENT ON FUNCTION radiomics.bytea(radiomics.volume) IS
'The bytes of a compressed NIfTI file. The cast to bytea.';

CREATE CAST (radiomics.volume AS bytea) WITH FUNCTION radiomics.bytea(radiomics.volume);
COMMENT ON CAST (radiomics.volume AS bytea) IS
'Writes the bytes of a compressed NIfTI file.';

CREATE FUNCTION radiomics.to_nrrd(image radiomics.volume, compression text DEFAULT 'gzip')
    RETURNS bytea
    AS 'MODULE_PATHNAME', 'radiomics_to_nrrd'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000000;
COMMENT ON FUNCTION radiomics.to_nrrd(radiomics.volume, text) IS
'The bytes of an NRRD file with attached header (.nrrd), voxels compressed with gzip or none.';

CREATE FUNCTION radiomics.to_metaimage(image radiomics.volume, compression text DEFAULT 'zlib')
    RETURNS bytea
    AS 'MODULE_PATHNAME', 'radiomics_to_metaimage'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000000;
COMMENT ON FUNCTION radiomics.to_metaimage(radiomics.volume, text) IS
'The bytes of a MetaImage file (.mha), voxels compressed with zlib or none.';

CREATE FUNCTION radiomics.to_tiff(image radiomics.volume, compression text DEFAULT 'deflate',
                                  tile integer DEFAULT 0, transform jsonb DEFAULT '{}')
    RETURNS bytea
    AS 'MODULE_PATHNAME', 'radiomics_to_tiff'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50000000;
COMMENT ON FUNCTION radiomics.to_tiff(radiomics.volume, text, integer, jsonb) IS
'The bytes of a TIFF file with one page per slice. Compression is none, packbits, lzw or deflate; tile is the edge of square tiles, or 0 for strips. The transform (flip, crop, scale, padding) that led to the volume is kept in the tags of dicom-preprocessing.';

CREATE FUNCTION radiomics.tiff_tags(file bytea)
    RETURNS jsonb
    AS 'MODULE_PATHNAME', 'radiomics_tiff_tags'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000;
COMMENT ON FUNCTION radiomics.tiff_tags(bytea) IS
'Size, type, resolution and description of a TIFF file, and the transform that its tags tell.';

CREATE FUNCTION radiomics.tiff_map_point(transform jsonb, point integer[])
    RETURNS integer[]
    AS 'MODULE_PATHNAME', 'radiomics_tiff_map_point'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION radiomics.tiff_map_point(jsonb, integer[]) IS
'Where a pixel (x, y) of the original is after flip, crop, scale and padding of a transform. Pixels outside the crop go to its border.';

CREATE FUNCTION radiomics.tiff_unmap_point(transform jsonb, point integer[])
    RETURNS integer[]
    AS 'MODULE_PATHNAME', 'radiomics_tiff_unmap_point'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION radiomics.tiff_unmap_point(jsonb, integer[]) IS
'Where a pixel (x, y) was in the original, before the steps of a transform.';
