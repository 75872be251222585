-- Row types that are not generated from the catalogue.

CREATE TYPE radiomics.feature_row AS (
    label integer,
    image_type text,
    family text,
    feature text,
    ibsi_code text,
    aggregation text,
    unit text,
    value double precision
);

COMMENT ON TYPE radiomics.feature_row IS
'One feature value in long form. The result of feature_rows.';
COMMENT ON COLUMN radiomics.feature_row.label IS
'Label of the region in the mask.';
COMMENT ON COLUMN radiomics.feature_row.image_type IS
'Image that the feature was computed from. The unfiltered image is ''original''.';
COMMENT ON COLUMN radiomics.feature_row.family IS
'Family of the feature, as in feature_catalogue; diagnostic rows have families of their own.';
COMMENT ON COLUMN radiomics.feature_row.feature IS
'IBSI tag of the feature.';
COMMENT ON COLUMN radiomics.feature_row.ibsi_code IS
'Permanent IBSI identifier of the feature. NULL for diagnostic rows.';
COMMENT ON COLUMN radiomics.feature_row.aggregation IS
'How matrices were combined: 2D_avg, 2D_mrg, 2.5D_avg, 2.5D_mrg, 3D_avg or 3D_mrg (GLCM, GLRLM), '
'2D, 2.5D or 3D (GLSZM, GLDZM, NGTDM, NGLDM). NULL for families without matrices.';
COMMENT ON COLUMN radiomics.feature_row.unit IS
'Unit of the value. 1 is without unit, intensity that of the image.';
COMMENT ON COLUMN radiomics.feature_row.value IS
'Value of the feature. NULL where it is undefined.';

CREATE TYPE radiomics.matrix_cell AS (
    aggregation text,
    slice integer,
    direction integer[],
    i integer,
    j integer,
    count bigint,
    difference double precision
);

COMMENT ON TYPE radiomics.matrix_cell IS
'One cell of a texture matrix. Cells without a count are left out.';
COMMENT ON COLUMN radiomics.matrix_cell.aggregation IS
'Aggregation that the matrix belongs to, as in feature_row.';
COMMENT ON COLUMN radiomics.matrix_cell.slice IS
'Slice of the matrix, from 0 at the first slice of the resampled image. NULL when slices are merged.';
COMMENT ON COLUMN radiomics.matrix_cell.direction IS
'Direction of the matrix as voxel steps along x, y and z. NULL when directions are merged or the '
'family has none.';
COMMENT ON COLUMN radiomics.matrix_cell.i IS
'Grey level, from 1.';
COMMENT ON COLUMN radiomics.matrix_cell.j IS
'Second index: grey level (GLCM), run length (GLRLM), zone size (GLSZM), distance (GLDZM) or '
'dependence (NGLDM). NULL for the NGTDM.';
COMMENT ON COLUMN radiomics.matrix_cell.count IS
'Number of pairs, runs, zones or voxels.';
COMMENT ON COLUMN radiomics.matrix_cell.difference IS
'Sum of the grey tone differences of the level (NGTDM). NULL for other families.';

