-- Volumes, masks and features of both forms.
\set ON_ERROR_STOP on
CREATE TABLE dicom.volume AS
SELECT i.scan, i.image, radiomics.mask_from_rtstruct(s.bytes, i.image, r.name) AS mask
FROM  (SELECT scan, radiomics.volume_from_dicom(bytes) AS image
       FROM   dicom.instances WHERE kind = 'image' GROUP BY scan) AS i
JOIN   dicom.instances AS s ON s.scan = i.scan AND s.kind = 'mask',
       LATERAL radiomics.rtstruct_rois(s.bytes) AS r
WHERE  r.name LIKE 'GTV_Mass%' OR r.name = 'GTV-1';

CREATE VIEW dicom.dicom_count AS
SELECT scan, l.voxel_count FROM dicom.volume, LATERAL radiomics.labels(mask) AS l;
CREATE VIEW dicom.nifti_count AS
SELECT scan, l.voxel_count FROM dicom.nifti, LATERAL radiomics.labels(mask::radiomics.volume) AS l;

CREATE TABLE dicom.comparison AS
SELECT scan, d.family, d.feature, d.aggregation, d.value IS NOT DISTINCT FROM n.value AS same,
       abs(d.value - n.value) / nullif(abs(n.value), 0) AS difference
FROM   dicom.volume AS v
JOIN   dicom.nifti AS f USING (scan),
       LATERAL radiomics.feature_rows(v.image, v.mask) AS d,
       LATERAL radiomics.feature_rows(f.image, f.mask) AS n
WHERE  d.label = n.label AND d.feature = n.feature AND d.aggregation IS NOT DISTINCT FROM n.aggregation;

-- Files with the geometry to the last bit: NRRD written from the volumes.
CREATE TABLE dicom.same_geometry AS
SELECT scan, (SELECT array_agg(r::text) FROM radiomics.feature_rows(image, mask) AS r)
       = (SELECT array_agg(r::text)
          FROM   radiomics.feature_rows(radiomics.to_nrrd(image), radiomics.to_nrrd(mask)) AS r) AS same
FROM   dicom.volume WHERE scan LIKE 'STS_002%';
