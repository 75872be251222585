-- PyRadiomics: its features and keys on the IBSI digital phantom (CC BY 4.0), with
-- the values that PyRadiomics 3.0.1 (NumPy 1.26.4) gives for binWidth 1.
\pset format unaligned
\pset footer off
CREATE TEMPORARY TABLE phantom AS
SELECT radiomics_test.nifti('{1,4,4,1,1,1,4,6,1,1,4,1,6,4,1,4,4,6,4,1,1,4,4,1,1,1,1,6,1,1,1,1,3,1,1,4,4,6,1,1,1,4,4,1,1,1,1,1,1,1,1,1,9,1,1,1,1,6,1,1,1,4,4,1,1,1,1,1,1,1,1,1,1,1,1,1,1,6,1,1}', '{5,4,4}', '{2,2,2}') AS image,
       radiomics_test.nifti('{1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,0,1,1,1,1,1,1,1,1,1,1,1,1,0,0,1,1,1,1,1,1,1,0,1,1,1,1,1,1,1,1,1,1,0,0,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1}', '{5,4,4}', '{2,2,2}', datatype => 2) AS mask;

CREATE TEMPORARY TABLE expected (position serial, feature text, value float8);
COPY expected (feature, value) FROM stdin;
original_shape_Elongation	0.8163212280802619
original_shape_Flatness	0.7486135157421719
original_shape_LeastAxisLength	8.478109493212116
original_shape_MajorAxisLength	11.32508205493319
original_shape_Maximum2DDiameterColumn	11.661903789690601
original_shape_Maximum2DDiameterRow	10.0
original_shape_Maximum2DDiameterSlice	11.661903789690601
original_shape_Maximum3DDiameter	13.114877048604
original_shape_MeshVolume	556.3333333333334
original_shape_MinorAxisLength	9.244904891192796
original_shape_Sphericity	0.8429401437117412
original_shape_SurfaceArea	388.0706298811095
original_shape_SurfaceVolumeRatio	0.6975505629978
original_shape_VoxelVolume	592.0
original_firstorder_10Percentile	1.0
original_firstorder_90Percentile	4.0
original_firstorder_Energy	567.0
original_firstorder_Entropy	1.2656115555865235
original_firstorder_InterquartileRange	3.0
original_firstorder_Kurtosis	2.6453795193121663
original_firstorder_Maximum	6.0
original_firstorder_MeanAbsoluteDeviation	1.552227903579255
original_firstorder_Mean	2.1486486486486487
original_firstorder_Median	1.0
original_firstorder_Minimum	1.0
original_firstorder_Range	5.0
original_firstorder_RobustMeanAbsoluteDeviation	1.1138338159946537
original_firstorder_RootMeanSquared	2.768061083531605
original_firstorder_Skewness	1.0838207225574563
original_firstorder_TotalEnergy	4536.0
original_firstorder_Uniformity	0.5124178232286339
original_firstorder_Variance	3.045471146822498
original_glcm_Autocorrelation	5.055436010129555
original_glcm_ClusterProminence	144.70338141184217
original_glcm_ClusterShade	16.64409305005415
original_glcm_ClusterTendency	7.072803163045828
original_glcm_Contrast	5.32447999378463
original_glcm_Correlation	0.15735003010076212
original_glcm_DifferenceAverage	1.4309811764537268
original_glcm_DifferenceEntropy	1.5627332773445468
original_glcm_DifferenceVariance	3.0562826217018046
original_glcm_Id	0.676615133317691
original_glcm_Idm	0.6177393637968712
original_glcm_Idmn	0.8984432172242565
original_glcm_Idn	0.8506785598098697
original_glcm_Imc1	-0.1568482348015498
original_glcm_Imc2	0.519587863115962
original_glcm_InverseVariance	0.06041630527029385
original_glcm_JointAverage	2.1429950060416973
original_glcm_JointEnergy	0.30297525027879985
original_glcm_JointEntropy	2.399711278373436
original_glcm_MCC	0.44054297034012885
original_glcm_MaximumProbability	0.5028111707544143
original_glcm_SumAverage	4.285990012083394
original_glcm_SumEntropy	1.9226064533586102
original_glcm_SumSquares	3.099320789207615
original_gldm_DependenceEntropy	4.403738379915676
original_gldm_DependenceNonUniformity	4.864864864864865
original_gldm_DependenceNonUniformityNormalized	0.06574141709276844
original_gldm_DependenceVariance	22.056975894813732
original_gldm_GrayLevelNonUniformity	37.91891891891892
original_gldm_GrayLevelVariance	3.045471146822498
original_gldm_HighGrayLevelEmphasis	7.662162162162162
original_gldm_LargeDependenceEmphasis	109.0
original_gldm_LargeDependenceHighGrayLevelEmphasis	234.98648648648648
original_gldm_LargeDependenceLowGrayLevelEmphasis	102.45082582582583
original_gldm_LowGrayLevelEmphasis	0.6933183183183184
original_gldm_SmallDependenceEmphasis	0.044996357059631426
original_gldm_SmallDependenceHighGrayLevelEmphasis	0.7361715884134342
original_gldm_SmallDependenceLowGrayLevelEmphasis	0.00963060759417958
original_glrlm_GrayLevelNonUniformity	21.77620074464118
original_glrlm_GrayLevelNonUniformityNormalized	0.4301751561074419
original_glrlm_GrayLevelVariance	3.46497872838456
original_glrlm_HighGrayLevelRunEmphasis	9.69762411962527
original_glrlm_LongRunEmphasis	3.061120905774842
original_glrlm_LongRunHighGrayLevelEmphasis	17.566188661400165
original_glrlm_LongRunLowGrayLevelEmphasis	2.3909676197867715
original_glrlm_LowGrayLevelRunEmphasis	0.6029798426410303
original_glrlm_RunEntropy	2.432074133543018
original_glrlm_RunLengthNonUniformity	26.853351397011604
original_glrlm_RunLengthNonUniformityNormalized	0.5127708185542874
original_glrlm_RunPercentage	0.6798336798336797
original_glrlm_RunVariance	0.5735422830251777
original_glrlm_ShortRunEmphasis	0.7052347295556062
original_glrlm_ShortRunHighGrayLevelEmphasis	8.539655587028166
original_glrlm_ShortRunLowGrayLevelEmphasis	0.35158027600601727
original_glszm_GrayLevelNonUniformity	1.4
original_glszm_GrayLevelNonUniformityNormalized	0.28
original_glszm_GrayLevelVariance	2.6399999999999997
original_glszm_HighGrayLevelZoneEmphasis	15.6
original_glszm_LargeAreaEmphasis	550.0
original_glszm_LargeAreaHighGrayLevelEmphasis	1494.6
original_glszm_LargeAreaLowGrayLevelEmphasis	502.7944444444444
original_glszm_LowGrayLevelZoneEmphasis	0.25277777777777777
original_glszm_SizeZoneNonUniformity	1.0
original_glszm_SizeZoneNonUniformityNormalized	0.2
original_glszm_SmallAreaEmphasis	0.2551820408163265
original_glszm_SmallAreaHighGrayLevelEmphasis	2.763345306122449
original_glszm_SmallAreaLowGrayLevelEmphasis	0.02560437641723356
original_glszm_ZoneEntropy	2.321928094887361
original_glszm_ZonePercentage	0.06756756756756757
original_glszm_ZoneVariance	330.9600000000001
original_ngtdm_Busyness	6.543568456913216
original_ngtdm_Coarseness	0.029604225700771966
original_ngtdm_Complexity	13.539763601407847
original_ngtdm_Contrast	0.5837109155843376
original_ngtdm_Strength	0.7634954330521357
\.

-- Every column, by its name.
SELECT count(*) AS features,
       count(*) FILTER (WHERE abs(value - (to_jsonb(f) ->> lower(feature))::float8) <= 1e-10 * abs(value)) AS met
FROM   expected, phantom, LATERAL radiomics.pyradiomics(image, mask, settings => '{"binWidth": 1}') AS f;
SELECT label, voxel_count, status, round(original_firstorder_10Percentile::numeric, 6) AS p10
FROM   phantom, LATERAL radiomics.pyradiomics(image, mask) AS f;

-- Rows under PyRadiomics' keys, in its order.
SELECT count(*) AS rows,
       bool_and(r.feature = e.feature) AS order_is_that_of_pyradiomics,
       bool_and(abs(r.value - e.value) <= 1e-10 * abs(e.value)) AS values_met
FROM   phantom,
       ROWS FROM (radiomics.feature_rows(image, mask, settings => '{"profile": "pyradiomics", "binWidth": 1}'))
       WITH ORDINALITY AS r (label, image_type, family, feature, ibsi_code, aggregation, unit, value, position)
       JOIN expected AS e USING (position);
SELECT label, image_type, family, feature, ibsi_code, aggregation, unit, round(value::numeric, 9) AS value
FROM   phantom, LATERAL radiomics.feature_rows(image, mask, settings =>
           '{"profile": "pyradiomics", "binWidth": 1, "imageType": ["Square", "Original"],
             "featureClass": {"glcm": ["Contrast"], "firstorder": ["StandardDeviation", "Mean"]}}');

-- Bytes, large objects and volumes give the same.
CREATE TEMPORARY TABLE objects AS
SELECT lo_from_bytea(0, image) AS image_object, lo_from_bytea(0, mask) AS mask_object FROM phantom;
SELECT p = v AS volume_agrees, p = o AS large_object_agrees
FROM   phantom, objects,
       LATERAL radiomics.pyradiomics(image, mask) AS p,
       LATERAL radiomics.pyradiomics(image::radiomics.volume, mask::radiomics.volume) AS v,
       LATERAL radiomics.pyradiomics(image_object, mask_object) AS o;

-- The label: an argument, or else the setting.
CREATE TEMPORARY TABLE labelled AS
SELECT radiomics_test.noise('{8,8,8}') AS image,
       radiomics_test.box_mask('{8,8,8}', '{1,1,1}', '{6,6,6}', label => 3) AS mask;
SELECT label, voxel_count FROM labelled, LATERAL radiomics.pyradiomics(image, mask, 3) AS p;
SELECT label, voxel_count
FROM   labelled, LATERAL radiomics.pyradiomics(image, mask, settings => '{"label": 3}') AS p;
SELECT label, voxel_count, original_glcm_mcc, status
FROM   labelled, LATERAL radiomics.pyradiomics(image, mask, settings => '{"on_error": "null"}') AS p;
SELECT DISTINCT label
FROM   labelled, LATERAL radiomics.feature_rows(image, mask, settings => '{"profile": "pyradiomics"}');
SELECT label, feature, value
FROM   labelled, LATERAL radiomics.feature_rows(image, mask, '{1}',
                                                '{"profile": "pyradiomics", "on_error": "null"}');
SELECT radiomics.pyradiomics(NULL::bytea, mask) IS NULL AS null_image FROM labelled;

-- What PyRadiomics leaves out with a warning, and what fails.
SELECT count(original_shape_elongation), count(original_glcm_contrast) AS not_original
FROM   phantom, LATERAL radiomics.pyradiomics(image, mask, settings =>
           '{"imageType": ["Square"], "featureClass": ["shape", "glcm", "shape2D"]}');
SELECT * FROM radiomics_test.failure($$
    SELECT radiomics.pyradiomics(image, mask, 2) FROM phantom $$);
SELECT * FROM radiomics_test.failure($$
    SELECT radiomics.pyradiomics(image, mask, settings => '{"minimumROISize": 1000}') FROM phantom $$);
SELECT * FROM radiomics_test.failure($$
    SELECT radiomics.pyradiomics(image, mask, settings => '{"resegmentRange": [100]}') FROM phantom $$);
SELECT * FROM radiomics_test.failure($$
    SELECT radiomics.pyradiomics(image, radiomics_test.box_mask('{8,8,8}', '{1,1,1}', '{6,6,6}'))
    FROM   phantom $$);
SELECT * FROM radiomics_test.failure($$
    SELECT radiomics.pyradiomics(image, mask, settings => '{"distances": [7]}') FROM phantom $$);
SELECT * FROM radiomics_test.failure($$
    SELECT radiomics.pyradiomics(image, mask, settings => '{"profile": "ibsi"}') FROM phantom $$);

-- What image and mask were; the numbers are rows, too.
SELECT d.key, d.value
FROM   phantom, LATERAL json_each(radiomics.pyradiomics_diagnostics(image, mask, settings =>
           '{"resegmentRange": [2, 6]}')) WITH ORDINALITY AS d (key, value, position)
ORDER  BY d.position;
SELECT feature, round(value::numeric, 6) AS value
FROM   phantom, LATERAL radiomics.feature_rows(image, mask, settings =>
           '{"profile": "pyradiomics", "diagnostics": true, "featureClass": {"firstorder": ["Mean"]}}')
WHERE  feature ~ 'BoundingBox|VoxelNum|Mean';

-- Maps: one volume per feature, of the box around the region.
SELECT feature, (h).size, (h).spacing, (h).origin, (h).voxel_type, round((h).minimum::numeric, 6) AS minimum,
       round((h).maximum::numeric, 6) AS maximum
FROM   phantom, LATERAL radiomics.feature_map(image, mask, ARRAY['firstorder_Maximum', 'original_glcm_Contrast',
           'firstorder_Minimum'], '{"binWidth": 1, "kernelRadius": 1, "initValue": -7}') AS m,
       LATERAL radiomics.volume_info(map) AS h;
SELECT array_agg(feature ORDER BY position) AS chosen_by_settings
FROM   phantom,
       ROWS FROM (radiomics.feature_map(image::radiomics.volume, mask::radiomics.volume, NULL,
                  '{"binWidth": 1, "voxelBatch": 10, "imageType": ["Original", "Square"],
                    "featureClass": {"firstorder": ["Mean"], "shape": []}}'))
       WITH ORDINALITY AS m (feature, map, position);
SELECT * FROM radiomics_test.failure($$
    SELECT radiomics.feature_map(image, mask, '{glcm_Contrats}') FROM phantom $$);
SELECT * FROM radiomics_test.failure($$
    SELECT radiomics.feature_map(image, mask, '{shape_Elongation}') FROM phantom $$);
SELECT * FROM radiomics_test.failure($$
    SELECT radiomics.feature_map(image, mask, '{wavelet-LLH_glcm_Contrast}') FROM phantom $$);
SELECT * FROM radiomics_test.failure($$
    SELECT radiomics.feature_map(image, mask, '{glcm_Contrast}', '{"kernelRadius": 9}') FROM phantom $$);
SELECT count(lo_unlink(image_object)) + count(lo_unlink(mask_object)) AS removed FROM objects;
