-- Features of boxes with constant intensity, compared with closed forms; true
-- everywhere.  Tolerance 1e-12 of the value: some hundred roundings.
CREATE FUNCTION pg_temp.equal(a float8, b float8) RETURNS boolean LANGUAGE sql
RETURN abs(a - b) <= 1e-12 * greatest(abs(a), abs(b));

-- A box of nx x ny x nz voxels in a volume with one voxel more on each side.
CREATE TEMPORARY TABLE box AS
SELECT nx, ny, nz, sx, sy, sz, f.*
FROM   (VALUES (4, 3, 2, 1.0, 1.0, 1.0), (5, 4, 3, 0.5, 2.0, 3.0), (2, 2, 6, 1.5, 1.5, 0.75))
       AS b (nx, ny, nz, sx, sy, sz),
       LATERAL radiomics.features(
           radiomics_test.constant(7, ARRAY[nx + 2, ny + 2, nz + 2], ARRAY[sx, sy, sz]),
           radiomics_test.box_mask(ARRAY[nx + 2, ny + 2, nz + 2], '{1, 1, 1}',
                                   ARRAY[nx + 1, ny + 1, nz + 1], ARRAY[sx, sy, sz])) AS f;

SELECT nx, ny, nz, label, voxel_count = nx * ny * nz AS voxel_count, status FROM box;

-- Marching cubes on a box: whole cubes inside, half cubes at faces, an eighth at
-- edges, a 48th at corners; and the corresponding polygons.
SELECT nx,
       pg_temp.equal(morph_vol_approx, nx * ny * nz * sx * sy * sz) AS voxel_volume,
       pg_temp.equal(morph_volume,
           sx * sy * sz * ((nx - 1) * (ny - 1) * (nz - 1)
                           + ((nx - 1) * (ny - 1) + (ny - 1) * (nz - 1) + (nz - 1) * (nx - 1))
                           + 4 * (nx + ny + nz - 3) / 8.0 + 8 / 48.0)) AS mesh_volume,
       pg_temp.equal(morph_area_mesh,
           2 * ((nx - 1) * (ny - 1) * sx * sy + (ny - 1) * (nz - 1) * sy * sz
                + (nz - 1) * (nx - 1) * sz * sx)
           + 4 * ((nx - 1) * sx * sqrt(sy * sy + sz * sz) / 2 + (ny - 1) * sy * sqrt(sz * sz + sx * sx) / 2
                  + (nz - 1) * sz * sqrt(sx * sx + sy * sy) / 2)
           + sqrt(sx * sx * sy * sy + sy * sy * sz * sz + sz * sz * sx * sx)) AS mesh_area,
       pg_temp.equal(morph_diam,
           greatest(sqrt((nx * sx) ^ 2 + ((ny - 1) * sy) ^ 2 + ((nz - 1) * sz) ^ 2),
                    sqrt(((nx - 1) * sx) ^ 2 + (ny * sy) ^ 2 + ((nz - 1) * sz) ^ 2),
                    sqrt(((nx - 1) * sx) ^ 2 + ((ny - 1) * sy) ^ 2 + (nz * sz) ^ 2))) AS diameter,
       pg_temp.equal(morph_vol_dens_aabb, morph_volume / (nx * ny * nz * sx * sy * sz)) AS box_density,
       pg_temp.equal(morph_vol_dens_conv_hull, 1) AS convex
FROM   box;

-- Principal axes: the variance of n equidistant points, with divisor N - 1.
SELECT nx,
       pg_temp.equal(morph_pca_maj_axis, 4 * sqrt(greatest(vx, vy, vz))) AS major,
       pg_temp.equal(morph_pca_least_axis, 4 * sqrt(least(vx, vy, vz))) AS least,
       pg_temp.equal(morph_pca_flatness, sqrt(least(vx, vy, vz) / greatest(vx, vy, vz))) AS flatness,
       abs(morph_com) <= 1e-12 AS centred
FROM   box, LATERAL (SELECT sx ^ 2 * (nx ^ 2 - 1) / 12 * voxel_count / (voxel_count - 1) AS vx,
                            sy ^ 2 * (ny ^ 2 - 1) / 12 * voxel_count / (voxel_count - 1) AS vy,
                            sz ^ 2 * (nz ^ 2 - 1) / 12 * voxel_count / (voxel_count - 1) AS vz) AS v;

-- One intensity has no spread; IBSI sets skewness and kurtosis to 0 then.
SELECT stat_mean, stat_var, stat_skew, stat_kurt, stat_median, stat_min, stat_p10, stat_max, stat_range,
       stat_cov, stat_rms, stat_energy = 49 * voxel_count AS energy, loc_peak_loc, loc_peak_glob,
       ih_mean, ih_entropy, ih_uniformity
FROM   box;
SELECT cm_joint_max, cm_joint_entr, cm_contrast, cm_energy, szm_z_perc = 1.0 / voxel_count AS one_zone,
       szm_zs_entr, ngt_coarseness, ngt_contrast, ngl_dc_perc
FROM   box;

-- One voxel: what needs a neighbour is NULL.
SELECT voxel_count, status, stat_mean, stat_var, morph_vol_approx,
       pg_temp.equal(morph_volume, 8 / 48.0) AS mesh_volume, cm_joint_max, rlm_sre, szm_sze,
       ngt_coarseness, ngl_lde, morph_moran_i
FROM   radiomics.features(radiomics_test.noise('{3, 3, 3}'),
                          radiomics_test.box_mask('{3, 3, 3}', '{1, 1, 1}', '{2, 2, 2}'));
