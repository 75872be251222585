-- DICOM: series, structure sets, segmentations, PET.
--
-- COST as in features: the attributes of a slice take half a millisecond
-- (50000 operators), decoding it and adding it to a series about as long;
-- compressed slices ten times that.

CREATE FUNCTION radiomics.dicom_series_add(internal, bytea)
    RETURNS internal
    AS 'MODULE_PATHNAME', 'radiomics_dicom_series_add'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 200000;
COMMENT ON FUNCTION radiomics.dicom_series_add(internal, bytea) IS
'Adds an instance to a series. Part of the aggregate volume_from_dicom.';

CREATE FUNCTION radiomics.dicom_series_combine(internal, internal)
    RETURNS internal
    AS 'MODULE_PATHNAME', 'radiomics_dicom_series_combine'
    LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION radiomics.dicom_series_combine(internal, internal) IS
'Joins two parts of a series. Part of the aggregate volume_from_dicom.';

CREATE FUNCTION radiomics.dicom_series_serialize(internal)
    RETURNS bytea
    AS 'MODULE_PATHNAME', 'radiomics_dicom_series_serialize'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION radiomics.dicom_series_serialize(internal) IS
'Hands a part of a series over to another process. Part of the aggregate volume_from_dicom.';

CREATE FUNCTION radiomics.dicom_series_deserialize(bytea, internal)
    RETURNS internal
    AS 'MODULE_PATHNAME', 'radiomics_dicom_series_deserialize'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20000;
COMMENT ON FUNCTION radiomics.dicom_series_deserialize(bytea, internal) IS
'Takes over a part of a series from another process. Part of the aggregate volume_from_dicom.';

CREATE FUNCTION radiomics.dicom_series_volume(internal)
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_dicom_series_volume'
    LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000000;
COMMENT ON FUNCTION radiomics.dicom_series_volume(internal) IS
'Makes the volume of a series. Part of the aggregate volume_from_dicom.';

CREATE AGGREGATE radiomics.volume_from_dicom(instance bytea) (
    SFUNC = radiomics.dicom_series_add,
    STYPE = internal,
    FINALFUNC = radiomics.dicom_series_volume,
    FINALFUNC_MODIFY = READ_WRITE,
    COMBINEFUNC = radiomics.dicom_series_combine,
    SERIALFUNC = radiomics.dicom_series_serialize,
    DESERIALFUNC = radiomics.dicom_series_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE radiomics.volume_from_dicom(bytea) IS
'Volume of the instances of a DICOM series, in any order: slices are ordered by where they lie and rescaled one by one. Gaps, duplicates and mixed geometry are errors that name the instances.';

CREATE FUNCTION radiomics.dicom_tags(instance bytea)
    RETURNS jsonb
    AS 'MODULE_PATHNAME', 'radiomics_dicom_tags'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200000;
COMMENT ON FUNCTION radiomics.dicom_tags(bytea) IS
'The attributes of a DICOM object by keyword. Several values are an array, a sequence is an array of objects, bytes are {"bytes": length}; unknown and private attributes are named by eight hexadecimal digits.';

CREATE TYPE radiomics.dicom_finding AS (
    code text,
    severity text,
    message text
);

COMMENT ON TYPE radiomics.dicom_finding IS
'Something wrong with a DICOM image. The result of dicom_validate.';
COMMENT ON COLUMN radiomics.dicom_finding.code IS
'What it is, as missing_rows: fixed words for programs.';
COMMENT ON COLUMN radiomics.dicom_finding.severity IS
'error: it cannot become part of a volume; warning: something is missing that is expected.';
COMMENT ON COLUMN radiomics.dicom_finding.message IS
'The same for people, with the values found.';

CREATE FUNCTION radiomics.dicom_validate(instance bytea)
    RETURNS SETOF radiomics.dicom_finding
    AS 'MODULE_PATHNAME', 'radiomics_dicom_validate'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200000 ROWS 1;
COMMENT ON FUNCTION radiomics.dicom_validate(bytea) IS
'What is wrong with a DICOM image; no row when nothing is. Looks at the attributes that a volume needs and decompresses every frame.';

CREATE TYPE radiomics.rtstruct_roi AS (
    number integer,
    name text,
    interpreted_type text,
    contour_count bigint,
    point_count bigint
);

COMMENT ON TYPE radiomics.rtstruct_roi IS
'A region of interest of a structure set. The result of rtstruct_rois.';
COMMENT ON COLUMN radiomics.rtstruct_roi.number IS
'ROI Number, by which the object refers to it.';
COMMENT ON COLUMN radiomics.rtstruct_roi.name IS
'Its name, as mask_from_rtstruct takes it.';
COMMENT ON COLUMN radiomics.rtstruct_roi.interpreted_type IS
'RT ROI Interpreted Type, as GTV or ORGAN. NULL when not given.';
COMMENT ON COLUMN radiomics.rtstruct_roi.contour_count IS
'Number of its contours.';
COMMENT ON COLUMN radiomics.rtstruct_roi.point_count IS
'Number of points of all its contours.';

CREATE FUNCTION radiomics.rtstruct_rois(structures bytea)
    RETURNS SETOF radiomics.rtstruct_roi
    AS 'MODULE_PATHNAME', 'radiomics_rtstruct_rois'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200000 ROWS 10;
COMMENT ON FUNCTION radiomics.rtstruct_rois(bytea) IS
'The regions of interest of a DICOM structure set (RTSTRUCT).';

CREATE FUNCTION radiomics.mask_from_rtstruct(structures bytea, reference radiomics.volume, roi text)
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_mask_from_rtstruct'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000000;
COMMENT ON FUNCTION radiomics.mask_from_rtstruct(bytea, radiomics.volume, text) IS
'Mask of a region of a DICOM structure set on the grid of a volume: 1 where the centre of a voxel is inside its contours by the even-odd rule. A contour belongs to the nearest slice; contours of one slice are combined by exclusive or.';

CREATE TYPE radiomics.seg_segment AS (
    number integer,
    label text,
    category text,
    type text,
    algorithm text,
    frame_count bigint
);

COMMENT ON TYPE radiomics.seg_segment IS
'A segment of a segmentation object. The result of seg_segments.';
COMMENT ON COLUMN radiomics.seg_segment.number IS
'Its number, as mask_from_seg takes it.';
COMMENT ON COLUMN radiomics.seg_segment.label IS
'Segment Label.';
COMMENT ON COLUMN radiomics.seg_segment.category IS
'Meaning of the category code, as Tissue.';
COMMENT ON COLUMN radiomics.seg_segment.type IS
'Meaning of the type code, as Neoplasm.';
COMMENT ON COLUMN radiomics.seg_segment.algorithm IS
'MANUAL, SEMIAUTOMATIC or AUTOMATIC.';
COMMENT ON COLUMN radiomics.seg_segment.frame_count IS
'Number of its frames. NULL for a label map, whose frames hold all segments.';

CREATE FUNCTION radiomics.seg_segments(segmentation bytea)
    RETURNS SETOF radiomics.seg_segment
    AS 'MODULE_PATHNAME', 'radiomics_seg_segments'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200000 ROWS 10;
COMMENT ON FUNCTION radiomics.seg_segments(bytea) IS
'The segments of a DICOM segmentation object (SEG).';

CREATE FUNCTION radiomics.mask_from_seg(segmentation bytea, segment integer, reference radiomics.volume, threshold double precision DEFAULT 0.5)
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_mask_from_seg'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2000000;
COMMENT ON FUNCTION radiomics.mask_from_seg(bytea, integer, radiomics.volume, double precision) IS
'Mask of a segment of a DICOM segmentation object on the grid of a volume: 1 where the segment is. Of a fractional segmentation, where its fraction is at least the threshold. Frames have to lie on the voxels of the volume.';

CREATE FUNCTION radiomics.suv_factor(instance bytea)
    RETURNS double precision
    AS 'MODULE_PATHNAME', 'radiomics_suv_factor'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200000;
COMMENT ON FUNCTION radiomics.suv_factor(bytea) IS
'What the voxel values of a PET series have to be multiplied with to become SUV by body weight, from the attributes of one instance. Refused when that is not certain.';

CREATE FUNCTION radiomics.suv(image radiomics.volume, instance bytea)
    RETURNS radiomics.volume
    AS 'MODULE_PATHNAME', 'radiomics_suv'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5000000;
COMMENT ON FUNCTION radiomics.suv(radiomics.volume, bytea) IS
'PET volume as SUV by body weight (g/ml), with the factor from the attributes of any instance of its series. A volume that is SUV already stays as it is.';

CREATE TYPE radiomics.manifest_entry AS (
    study_instance_uid text,
    series_instance_uid text,
    sop_instance_uid text,
    modality text,
    path text,
    bytes bigint,
    rows integer,
    columns integer,
    channels integer,
    frames integer
);

COMMENT ON TYPE radiomics.manifest_entry IS
'A DICOM object. The result of manifest.';
COMMENT ON COLUMN radiomics.manifest_entry.study_instance_uid IS
'Study Instance UID.';
COMMENT ON COLUMN radiomics.manifest_entry.series_instance_uid IS
'Series Instance UID.';
COMMENT ON COLUMN radiomics.manifest_entry.sop_instance_uid IS
'SOP Instance UID.';
COMMENT ON COLUMN radiomics.manifest_entry.modality IS
'Modality, as CT.';
COMMENT ON COLUMN radiomics.manifest_entry.path IS
'Path of the file below the folder. NULL for the bytes of a value.';
COMMENT ON COLUMN radiomics.manifest_entry.bytes IS
'Size of the file.';
COMMENT ON COLUMN radiomics.manifest_entry.rows IS
'Rows of the image. NULL for an object without one.';
COMMENT ON COLUMN radiomics.manifest_entry.columns IS
'Columns of the image.';
COMMENT ON COLUMN radiomics.manifest_entry.channels IS
'Samples per pixel: 1 for grey values.';
COMMENT ON COLUMN radiomics.manifest_entry.frames IS
'Number of frames.';

CREATE FUNCTION radiomics.manifest(folder text, strict boolean DEFAULT false)
    RETURNS SETOF radiomics.manifest_entry
    AS 'MODULE_PATHNAME', 'radiomics_manifest_folder'
    LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 900 ROWS 1000;
COMMENT ON FUNCTION radiomics.manifest(text, boolean) IS
'The DICOM objects in a folder of the server and below. Needs the role pg_read_server_files, and the folder in radiomics.manifest_folders. Other files are left out, damaged ones with a warning; strict makes both an error.';
REVOKE ALL ON FUNCTION radiomics.manifest(text, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION radiomics.manifest(text, boolean) TO pg_read_server_files;

CREATE FUNCTION radiomics.manifest(instance bytea)
    RETURNS SETOF radiomics.manifest_entry
    AS 'MODULE_PATHNAME', 'radiomics_manifest_instance'
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100000 ROWS 1;
COMMENT ON FUNCTION radiomics.manifest(bytea) IS
'What a manifest says about the bytes of a DICOM object.';
