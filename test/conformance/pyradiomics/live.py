"""Random cases for PyRadiomics: live.py FOLDER COUNT SEED.

or, to ask PyRadiomics about the parameter files of the unit tests:
live.py --files test/unit/pyradiomics_parameter_files.h

Writes COUNT random scans with random parameter files into FOLDER, computes each
with the installed PyRadiomics, and leaves

    scans/NAME.nrrd    images and masks
    cases.csv          name,image,mask,label,parameters,features,error
    values.csv         name,key,value

The cases depend on the seed alone.  Parameter files draw from PyRadiomics' whole
schema: every setting, image type, class and feature, with some nulls.
"""

import csv
import json
import logging
import os
import sys
import warnings

warnings.simplefilter("ignore")
import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402
from radiomics import featureextractor, getFeatureClasses  # noqa: E402

logging.disable(logging.CRITICAL)
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)

DISCRETE = ["coif1", "haar", "db2", "db5", "sym4", "bior2.2", "bior3.5", "rbio1.3", "dmey", "coif3"]
INTERPOLATORS = [
    "sitkNearestNeighbor", "sitkLinear", "sitkBSpline", "sitkBSpline", "sitkBSpline",
    "sitkGaussian", "sitkLabelGaussian", "sitkHammingWindowedSinc", "sitkCosineWindowedSinc",
    "sitkWelchWindowedSinc", "sitkLanczosWindowedSinc", "sitkBlackmanWindowedSinc",
]
PIXELS = [np.int16, np.int16, np.uint16, np.uint8, np.int32, np.float32, np.float32, np.float64]


def chance(rng, probability):
    return rng.random() < probability


def pick(rng, values):
    return values[int(rng.integers(len(values)))]


def number(rng, low, high):
    """A float, or an integer where that is in range."""
    value = float(np.round(rng.uniform(low, high), int(rng.integers(1, 4))))
    return max(int(value), 1) if chance(rng, 0.3) and high > 1 else max(value, low)


def blob(rng, size):
    """Random ellipsoids, with holes and specks; z, y, x."""
    grid = np.meshgrid(*[np.arange(n) for n in size], indexing="ij")
    inside = np.zeros(size, bool)
    for _ in range(int(rng.integers(1, 4))):
        centre = [rng.uniform(0.2 * n, 0.8 * n) for n in size]
        radius = [rng.uniform(1.0, 0.4 * n + 1) for n in size]
        distance = sum(((g - c) / r) ** 2 for g, c, r in zip(grid, centre, radius))
        inside |= distance <= 1
    if chance(rng, 0.3):
        inside &= rng.random(size) > 0.2
    if chance(rng, 0.2):
        inside |= rng.random(size) > 0.99
    return inside


def geometry(rng, image, dimension):
    spacing = [float(np.round(rng.uniform(0.5, 3), 2)) for _ in range(dimension)]
    if chance(rng, 0.3):
        spacing = [spacing[0]] * dimension
    image.SetSpacing(spacing)
    image.SetOrigin([float(np.round(rng.uniform(-200, 200), 2)) for _ in range(dimension)])
    if dimension == 3 and chance(rng, 0.4):
        axes = np.eye(3)[:, rng.permutation(3)] * rng.choice([-1, 1], 3)
        image.SetDirection(axes.flatten())


def scan(rng, dimension):
    """An image with structure at several scales, and a mask with labels."""
    size = [int(n) for n in rng.integers(6, 20, dimension)]
    if dimension == 2:
        size = [int(n) for n in rng.integers(10, 30, 2)]
    elif chance(rng, 0.1):
        size[0] = 1
    values = rng.normal(0, 1, size)
    for axis, n in enumerate(size):
        shape = [1] * dimension
        shape[axis] = n
        values = values + 2 * np.sin(np.arange(n) * rng.uniform(0.2, 1.5)).reshape(shape)
    values = values * rng.uniform(5, 60) + rng.uniform(-100, 400)
    pixel = pick(rng, PIXELS)
    if np.issubdtype(pixel, np.integer):
        values = np.clip(np.round(values), np.iinfo(pixel).min, np.iinfo(pixel).max)
    image = sitk.GetImageFromArray(values.astype(pixel))
    geometry(rng, image, dimension)

    labels = np.zeros(size, np.uint8)
    for label in range(1, int(rng.integers(2, 4))):
        labels[blob(rng, size)] = label
    mask = sitk.GetImageFromArray(labels)
    mask.CopyInformation(image)
    present = [int(n) for n in np.unique(labels) if n > 0] or [1]
    if dimension == 3 and chance(rng, 0.1):
        # A mask on a grid of its own.
        larger = [n + 2 for n in mask.GetSize()]
        mask = sitk.Resample(mask, larger, sitk.Transform(), sitk.sitkNearestNeighbor,
                             mask.TransformContinuousIndexToPhysicalPoint([-0.7] * 3),
                             [s * 0.93 for s in mask.GetSpacing()], mask.GetDirection())
        return image, mask, present, True
    if chance(rng, 0.05):
        mask.SetOrigin([o + pick(rng, [1e-8, 1e-5, 1e-3]) for o in mask.GetOrigin()])
        return image, mask, present, True
    return image, mask, present, False


def draw(rng, name):
    """A value of one setting that PyRadiomics' schema accepts."""
    draws = {
        "minimumROIDimensions": lambda: int(rng.integers(1, 4)),
        "minimumROISize": lambda: int(rng.integers(1, 30)),
        "geometryTolerance": lambda: pick(rng, [1e-6, 1e-4, 1e-2, 1]),
        "correctMask": lambda: chance(rng, 0.8),
        "additionalInfo": lambda: chance(rng, 0.5),
        "label": lambda: 1,
        "label_channel": lambda: int(rng.integers(0, 2)),
        "binWidth": lambda: number(rng, 0.3, 60),
        "binCount": lambda: int(rng.integers(1, 70)),
        "normalize": lambda: chance(rng, 0.8),
        "normalizeScale": lambda: number(rng, 1, 200),
        "removeOutliers": lambda: number(rng, 0.5, 4),
        "resampledPixelSpacing": lambda: [
            0 if chance(rng, 0.15) else number(rng, 0.6, 3) for _ in range(3)],
        "interpolator": lambda: pick(rng, INTERPOLATORS),
        "padDistance": lambda: int(rng.integers(0, 9)),
        "distances": lambda: pick(rng, [[1], [2], [1, 2], [3], [1, 3], [2, 1], [1, 1]]),
        "force2D": lambda: chance(rng, 0.8),
        "force2Ddimension": lambda: int(rng.integers(0, 3)),
        "resegmentRange": lambda: pick(rng, [
            [-1, 2], [-2.5, 2.5], [2, -1], [0], [-0.5, 0.9], [-3], [-50, 400], [0.5, 300]]),
        "resegmentMode": lambda: pick(rng, ["absolute", "relative", "sigma", "sigma"]),
        "resegmentShape": lambda: chance(rng, 0.7),
        "preCrop": lambda: chance(rng, 0.8),
        "sigma": lambda: [number(rng, 0.5, 4) for _ in range(int(rng.integers(1, 3)))],
        "start_level": lambda: int(rng.integers(0, 2)),
        "level": lambda: int(rng.integers(1, 3)),
        "wavelet": lambda: pick(rng, DISCRETE),
        "gradientUseSpacing": lambda: chance(rng, 0.5),
        "lbp2DRadius": lambda: number(rng, 0.5, 3),
        "lbp2DSamples": lambda: int(rng.integers(2, 17)),
        "lbp2DMethod": lambda: pick(rng, ["default", "ror", "uniform", "var"]),
        "lbp3DLevels": lambda: int(rng.integers(1, 4)),
        "lbp3DIcosphereRadius": lambda: number(rng, 0.5, 2),
        "lbp3DIcosphereSubdivision": lambda: int(rng.integers(0, 3)),
        "voxelArrayShift": lambda: int(rng.integers(-500, 1000)),
        "symmetricalGLCM": lambda: chance(rng, 0.4),
        "weightingNorm": lambda: pick(rng, ["euclidean", "manhattan", "infinity", "no_weighting"]),
        "gldm_a": lambda: int(rng.integers(0, 4)),
    }
    if name is None:
        return list(draws)
    nullable = name != "wavelet"
    return None if nullable and chance(rng, 0.02) else draws[name]()


def settings(rng, probability, dimension):
    chosen = {}
    for name in draw(rng, None):
        rare = {"resampledPixelSpacing": 2, "minimumROIDimensions": 0.5, "label": 0.7,
                "minimumROISize": 0.5, "resegmentRange": 1.5, "binCount": 1.3, "force2D": 1.5}
        if chance(rng, probability * rare.get(name, 1)):
            chosen[name] = draw(rng, name)
    if dimension == 2 and isinstance(chosen.get("resampledPixelSpacing"), list):
        chosen["resampledPixelSpacing"] = chosen["resampledPixelSpacing"][:2]
    return chosen


def parameters(rng, dimension, apart):
    """A parameter file as an ordered dictionary."""
    content = {"setting": settings(rng, 0.1, dimension)}
    reseg = content["setting"].get("resegmentRange")
    if reseg and max(map(abs, reseg)) <= 3 and chance(rng, 0.8):
        content["setting"]["resegmentMode"] = "sigma"
    if apart and chance(rng, 0.8):
        content["setting"]["correctMask"] = True
    if not np.issubdtype(type(content["setting"].get("binWidth", 25)), np.number) or chance(rng, 0.3):
        content["setting"]["binCount"] = int(rng.integers(2, 40))
    if chance(rng, 0.6):
        types = ["Exponential", "Gradient", "LBP2D", "LBP3D", "LoG", "Logarithm", "Original",
                 "Square", "SquareRoot", "Wavelet"]
        chosen = [types[n] for n in rng.permutation(len(types))[: int(rng.integers(1, 4))]]
        content["imageType"] = {name: settings(rng, 0.05, dimension) if chance(rng, 0.5) else {}
                                for name in chosen}
        for name in set(chosen) & {"LBP2D", "LBP3D"}:
            content["imageType"][name].setdefault("binWidth", 1)
        if "LoG" in chosen:
            content["imageType"]["LoG"].setdefault("sigma", draw(rng, "sigma") or [1.5])
        if "Exponential" in chosen:
            content["imageType"]["Exponential"].setdefault("binCount", 16)
    if chance(rng, 0.6):
        classes = list(getFeatureClasses())
        content["featureClass"] = {}
        for n in rng.permutation(len(classes))[: int(rng.integers(1, 6))]:
            names = list(getFeatureClasses()[classes[n]].getFeatureNames())
            some = [names[m] for m in rng.permutation(len(names))[: int(rng.integers(1, 8))]]
            content["featureClass"][classes[n]] = pick(rng, [None, [], some])
    else:
        # All eight, as a file without the key has, would abort with force2D on
        # most regions, because of shape2D.
        content["featureClass"] = {name: None for name in
                                   ["shape", "firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm"]}
        if chance(rng, 0.1):
            del content["featureClass"]
    return content


def check_files(header):
    """Whether PyRadiomics' verdict on each parameter file is the recorded one."""
    import ast
    import re
    import tempfile

    import pykwalify.core
    from radiomics import getParameterValidationFiles

    schema, functions = getParameterValidationFiles()
    same = total = 0
    with open(header) as stream:
        rows = re.findall(r'^\t\{(true|false), (".*")\},$', stream.read(), re.MULTILINE)
    for recorded, literal in rows:
        text = ast.literal_eval(literal)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            try:
                content = pykwalify.core.Core(source_file=file.name, schema_files=[schema],
                                              extensions=[functions]).validate()
                for key in ("imageType", "featureClass", "setting", "voxelSetting"):
                    dict(content.get(key, {}))
                accepted = True
            except Exception:  # noqa: BLE001
                accepted = False
        total += 1
        if accepted == (recorded == "true"):
            same += 1
        else:
            print(f"recorded as {recorded}, now {accepted}: {literal}")
    print(f"parameter files judged as recorded: {same}/{total}")


def main():
    if sys.argv[1] == "--files":
        check_files(sys.argv[2])
        return
    folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.makedirs(os.path.join(folder, "scans"), exist_ok=True)
    with open(os.path.join(folder, "cases.csv"), "w", newline="") as cases_file, \
            open(os.path.join(folder, "values.csv"), "w", newline="") as values_file:
        cases = csv.writer(cases_file)
        values = csv.writer(values_file)
        cases.writerow(["name", "image", "mask", "label", "parameters", "features", "error"])
        values.writerow(["name", "key", "value"])
        for n in range(count):
            rng = np.random.default_rng([seed, n])
            name = f"case{n:04d}"
            dimension = 2 if chance(rng, 0.04) else 3
            image, mask, present, apart = scan(rng, dimension)
            content = parameters(rng, dimension, apart)
            label = pick(rng, present) if chance(rng, 0.98) else 9
            content["setting"]["label"] = label
            paths = {}
            for kind, volume in (("image", image), ("mask", mask)):
                paths[kind] = os.path.join(folder, "scans", f"{name}_{kind}.nrrd")
                sitk.WriteImage(volume, paths[kind], useCompression=chance(rng, 0.5))
            parameter_path = os.path.join(folder, "parameters.json")
            with open(parameter_path, "w") as stream:
                json.dump(content, stream)
            error, result = "", {}
            try:
                # ITK keeps a tolerance that was set once for the process.
                sitk.ProcessObject.SetGlobalDefaultCoordinateTolerance(1e-6)
                sitk.ProcessObject.SetGlobalDefaultDirectionTolerance(1e-6)
                extractor = featureextractor.RadiomicsFeatureExtractor(parameter_path)
                result = extractor.execute(paths["image"], paths["mask"], label=label)
            except Exception as failure:  # noqa: BLE001
                error = f"{type(failure).__name__}: {failure}".split("\n")[0][:300]
            rows = [(key, value) for key, value in result.items() if not key.startswith("diagnostics_")]
            cases.writerow([name, os.path.basename(paths["image"]), os.path.basename(paths["mask"]),
                            label, json.dumps(content), len(rows), error])
            for key, value in rows:
                values.writerow([name, key, repr(float(value))])
            if n % 50 == 49:
                print(f"{n + 1} cases computed by PyRadiomics", flush=True)


if __name__ == "__main__":
    main()
