"""MIRP's features of scans, under the names of the IBSI.

live.py SETTINGS VALUES FOLDER SCAN...

SETTINGS is a CSV file whose columns name and parameters are MIRP's; scans are
FOLDER/SCAN/CT_image.nii.gz with CT_mask.nii.gz.  Writes VALUES: scan, setting,
label, feature, aggregation (empty where a family has none), value.
"""
import csv
import json
import logging
import re
import sys
import warnings

from mirp import extract_features

# MIRP's suffixes, for matrices of directions and for the others.
AGGREGATIONS = {
    "2d_avg": "2D_avg", "2d_s_mrg": "2D_mrg", "2.5d_d_mrg": "2.5D_avg", "2.5d_v_mrg": "2.5D_mrg",
    "3d_avg": "3D_avg", "3d_v_mrg": "3D_mrg", "2d": "2D", "2.5d": "2.5D", "3d": "3D",
}
DIRECTIONAL = ["2d_average", "2d_slice_merge", "2.5d_direction_merge", "2.5d_volume_merge",
               "3d_average", "3d_volume_merge"]
OMNIDIRECTIONAL = ["2d", "2.5d", "3d"]
TEXTURE = re.compile(r"(?:cm|rlm|szm|dzm|ngt|ngl)_")


def split_name(name):
    """Feature and aggregation of one of MIRP's columns."""
    name = re.sub(r"_fb[ns]_[nw][0-9.]+$", "", name)
    if not TEXTURE.match(name):
        return name, ""
    for suffix in sorted(AGGREGATIONS, key=len, reverse=True):
        if name.endswith("_" + suffix):
            feature = name[:-len(suffix) - 1]
            return re.sub(r"(?:_d1)?(?:_a0\.0)?$", "", feature), AGGREGATIONS[suffix]
    raise ValueError(f"no aggregation in the name {name}")


def features_of(image, mask, parameters):
    """A row of MIRP's features per label."""
    frames = extract_features(
        image=image, mask=mask, by_slice=False, no_approximation=True, num_cpus=1,
        export_features=True, write_features=False,
        glcm_spatial_method=DIRECTIONAL, glrlm_spatial_method=DIRECTIONAL,
        glszm_spatial_method=OMNIDIRECTIONAL, gldzm_spatial_method=OMNIDIRECTIONAL,
        ngtdm_spatial_method=OMNIDIRECTIONAL, ngldm_spatial_method=OMNIDIRECTIONAL, **parameters)
    for frame in frames if isinstance(frames, list) else [frames]:
        for _, row in frame.iterrows():
            yield int(row["image_mask_label"].rsplit("_", 1)[1]), row


def main(settings_file, values_file, folder, scans):
    warnings.filterwarnings("ignore")
    logging.disable(logging.INFO)
    with open(settings_file, newline="") as stream:
        settings = [(row["name"], json.loads(row["parameters"])) for row in csv.DictReader(stream)]
    with open(values_file, "w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["scan", "setting", "label", "feature", "aggregation", "value"])
        for scan in scans:
            for name, parameters in settings:
                rows = features_of(f"{folder}/{scan}/CT_image.nii.gz",
                                   f"{folder}/{scan}/CT_mask.nii.gz", parameters)
                for label, row in rows:
                    for column, value in row.items():
                        if not re.match(r"(morph|loc|stat|ivh|ih|cm|rlm|szm|dzm|ngt|ngl)_", column):
                            continue
                        feature, aggregation = split_name(column)
                        writer.writerow([f"{scan}/CT", name, label, feature, aggregation,
                                         repr(float(value))])
            print(f"MIRP: {scan}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
