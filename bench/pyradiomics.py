"""PyRadiomics beside our core on the same files: pyradiomics.py CASE PROGRAM FOLDER.

CASE is "features" (107 and 1,316 features of ellipsoids) or "fastrad" (the
workload of fastrad's benchmark, its protocols A and B).  PROGRAM is
bench_pyradiomics, FOLDER where files go.  One core each, images in memory,
processor time: the median of a few runs after one that warms up.
"""

import logging
import os
import statistics
import subprocess
import sys
import time

import numpy
import SimpleITK

import radiomics
from radiomics import featureextractor

CLASSES = ["firstorder", "shape", "glcm", "glrlm", "glszm", "gldm", "ngtdm"]
ALL = "".join(f"  {name}: []\n" for name in CLASSES)

DEFAULT = f"featureClass:\n{ALL}setting:\n  binWidth: 25\n"
FILTERS = (
    "imageType:\n  Original: {}\n  Wavelet: {}\n  LoG:\n    sigma: [1.0, 2.0, 3.0, 4.0, 5.0]\n"
    f"featureClass:\n{ALL}setting:\n  binWidth: 25\n  preCrop: true\n"
)


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def save(folder, name, array, spacing, origin=(0.0, 0.0, 0.0)):
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    path = os.path.join(folder, name)
    SimpleITK.WriteImage(image, path, False)
    return path


def ours(program, settings, image, mask, repeats):
    """Median ms and the values of our core."""
    lines = subprocess.run(
        [program, settings, image, mask, str(repeats)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.splitlines()
    return float(lines[0].split()[1]), dict(line.split() for line in lines[1:])


def theirs(settings, image_path, mask_path, repeats):
    """Median ms and the values of PyRadiomics."""
    extractor = featureextractor.RadiomicsFeatureExtractor(
        settings, additionalInfo=False
    )
    image = SimpleITK.ReadImage(image_path)
    mask = SimpleITK.ReadImage(mask_path)
    values = extractor.execute(image, mask)
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        extractor.execute(image, mask)
        times.append((time.process_time() - begin) * 1e3)
    return statistics.median(times), {key: float(value) for key, value in values.items()}


def worst_difference(a, b):
    """Largest relative difference, over features whose size is not rounding."""
    if set(a) != set(b):
        return float("inf")
    worst = 0.0
    for key, value in a.items():
        mine = float(value)
        if max(abs(mine), abs(b[key])) > 1e-6:
            worst = max(worst, abs(mine - b[key]) / max(abs(mine), abs(b[key])))
    return worst


def compare(name, program, settings, image, mask, repeats):
    mine, values = ours(program, settings, image, mask, 9)
    other, reference = theirs(settings, image, mask, repeats)
    print(
        f"{name:<40} {len(values):5d} {mine:10.2f} {other:12.1f} {other / mine:8.1f}x"
        f"   {worst_difference(values, reference):.1e}",
        flush=True,
    )


def smooth_noise(shape, sigma, seed):
    """Noise of standard deviation 1, smoothed by sigma voxels (z, y, x)."""
    noise = numpy.random.default_rng(seed).normal(size=shape).astype(numpy.float32)
    image = SimpleITK.GetImageFromArray(noise)
    image = SimpleITK.SmoothingRecursiveGaussian(image, list(sigma[::-1]))
    smooth = SimpleITK.GetArrayFromImage(image)
    return smooth / smooth.std()


def ellipsoid(voxels, margin, seed):
    """CT-like structure with noise, and an ellipsoid of about so many voxels."""
    radius = (voxels / (4.0 / 3.0 * numpy.pi * 1.2 * 0.8)) ** (1.0 / 3.0)
    half = [radius * ratio for ratio in (0.8, 1.0, 1.2)]
    shape = [int(numpy.ceil(2.0 * (size + margin))) for size in half]
    image = smooth_noise(shape, (1.5, 1.5, 1.5), seed) * 90.0
    image += numpy.random.default_rng(seed + 1).normal(size=shape) * 15.0
    grid = numpy.meshgrid(
        *[numpy.arange(n) - (n - 1) / 2.0 for n in shape], indexing="ij"
    )
    mask = sum((axis / size) ** 2 for axis, size in zip(grid, half)) <= 1.0
    return image.round().astype(numpy.int16), mask.astype(numpy.uint8)


def features(program, folder):
    default = write(folder, "default.yaml", DEFAULT)
    filters = write(folder, "filters.yaml", FILTERS)
    print(
        f"{'region':<40} {'n':>5} {'ours ms':>10} {'PyRadiomics':>12} {'ratio':>9}"
        "   largest relative difference"
    )
    for voxels in (2000, 20000, 100000):
        image, mask = ellipsoid(voxels, 16, voxels)
        levels = len(numpy.unique(image[mask == 1] // 25))
        paths = (
            save(folder, f"image{voxels}.nrrd", image, (1.0, 1.0, 1.0)),
            save(folder, f"mask{voxels}.nrrd", mask, (1.0, 1.0, 1.0)),
        )
        name = f"{int(mask.sum())} voxels, {levels} levels"
        repeats = 3 if voxels < 100000 else 1
        compare(f"{name}, original", program, default, *paths, repeats)
        compare(f"{name}, 14 images", program, filters, *paths, 1)


# fastrad's published seconds (RTX 4070 Ti; PyRadiomics on an i9 14th gen), the
# sums of seven calls, per region.
FASTRAD = {
    "clinical": (2.8961, 0.1157),
    "5 mm": (2.908, 0.112),
    "10 mm": (2.936, 0.138),
    "15 mm": (2.941, 0.155),
    "20 mm": (3.031, 0.198),
    "25 mm": (3.111, 0.251),
    "30 mm": (3.271, 0.337),
}


def fastrad_regions(shape, spacing):
    """Ellipsoids in voxel space, in single precision as fastrad has them."""
    z, y, x = numpy.ogrid[: shape[0], : shape[1], : shape[2]]

    def region(centre, radii):
        parts = [
            ((axis - c) / numpy.float32(r)).astype(numpy.float32) ** 2
            for axis, c, r in zip((z, y, x), centre, radii)
        ]
        return (parts[0] + parts[1] + parts[2] <= 1).astype(numpy.uint8)

    # Stands in for the contour of 837 voxels, which is not free to ship: the
    # same box of 24 x 26 x 3 voxels.
    yield "clinical", region((33, 360, 217.5), (1.2, 13.4, 12.4))
    for millimetres in (5, 10, 15, 20, 25, 30):
        radii = [max(1, int(millimetres / size)) for size in spacing[::-1]]
        yield f"{millimetres} mm", region([n // 2 for n in shape], radii)


def fastrad(program, folder):
    shape = (48, 512, 512)
    spacing = (0.5703125, 0.5703125, 5.0)
    image = smooth_noise(shape, (0.8, 2.5, 2.5), 7) * 170.0 - 60.0
    image = image.round().clip(-1000, 1500).astype(numpy.int16)
    image_path = save(folder, "fastrad.nrrd", image, spacing, (-146.0, -325.0, -777.5))
    single = [
        write(
            folder,
            f"{name}.yaml",
            f"featureClass:\n  {name}: []\nsetting:\n  binWidth: 25\n",
        )
        for name in CLASSES
    ]
    every = write(folder, "default.yaml", DEFAULT)
    print(
        "A: the sum of seven calls of one class each; B: one call.  ms here on one core; published:"
        " PyRadiomics (i9) and fastrad (RTX 4070 Ti) for A."
    )
    print(
        f"{'region':<10} {'voxels':>7} {'A ours':>9} {'A PyRad.':>10} {'ratio':>8}"
        f" {'B ours':>9} {'B PyRad.':>10} {'ratio':>8} {'published':>10} {'fastrad':>9}"
    )
    for name, mask in fastrad_regions(shape, spacing):
        mask_path = save(
            folder, "fastrad_mask.nrrd", mask, spacing, (-146.0, -325.0, -777.5)
        )
        a_ours = sum(ours(program, s, image_path, mask_path, 5)[0] for s in single)
        a_theirs = sum(theirs(s, image_path, mask_path, 1)[0] for s in single)
        b_ours = ours(program, every, image_path, mask_path, 9)[0]
        b_theirs = theirs(every, image_path, mask_path, 1)[0]
        published, gpu = FASTRAD[name]
        print(
            f"{name:<10} {int(mask.sum()):7d} {a_ours:9.2f} {a_theirs:10.1f}"
            f" {a_theirs / a_ours:7.1f}x {b_ours:9.2f} {b_theirs:10.1f}"
            f" {b_theirs / b_ours:7.1f}x {published * 1e3:10.1f} {gpu * 1e3:9.1f}",
            flush=True,
        )


def main():
    case, program, folder = sys.argv[1:]
    radiomics.setVerbosity(logging.ERROR)
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    print(f"PyRadiomics {radiomics.__version__}, SimpleITK {SimpleITK.Version_VersionString()}")
    {"features": features, "fastrad": fastrad}[case](program, folder)


if __name__ == "__main__":
    main()
