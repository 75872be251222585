"""Time one peer on one image and mask: peers.py PEER IMAGE MASK.

Prints "IMAGE <TAB> PEER <TAB> features <TAB> ms <TAB> ms with spatial features",
medians of 7 runs of process CPU time after one that warms up.
"""

import logging
import statistics
import sys
import time

REPEATS = 7


def median_ms(function):
    function()
    times = []
    for _ in range(REPEATS):
        begin = time.process_time()
        function()
        times.append((time.process_time() - begin) * 1e3)
    return statistics.median(times)


def pyradiomics(image_path, mask_path):
    import SimpleITK
    import radiomics
    from radiomics import featureextractor

    radiomics.setVerbosity(logging.ERROR)
    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    extractor = featureextractor.RadiomicsFeatureExtractor(
        binCount=32, additionalInfo=False
    )
    image = SimpleITK.ReadImage(image_path)
    mask = SimpleITK.ReadImage(mask_path)
    count = len(extractor.execute(image, mask))
    return count, median_ms(lambda: extractor.execute(image, mask)), None


def pictologics(image_path, mask_path):
    from pictologics import RadiomicsPipeline, load_image

    families = ["intensity", "morphology", "texture", "histogram", "ivh"]
    pipeline = RadiomicsPipeline(load_standard=False)
    for name, more in (("base", []), ("more", ["spatial_intensity", "local_intensity"])):
        pipeline.add_config(
            name,
            [
                {"step": "discretise", "params": {"method": "FBN", "n_bins": 32}},
                {"step": "extract_features", "params": {"families": families + more}},
            ],
        )
    image = load_image(image_path)
    mask = load_image(mask_path)
    count = len(pipeline.run(image, mask, config_names=["base"])["base"])
    return (
        count,
        median_ms(lambda: pipeline.run(image, mask, config_names=["base"])),
        median_ms(lambda: pipeline.run(image, mask, config_names=["more"])),
    )


def main():
    peer, image_path, mask_path = sys.argv[1:]
    count, base, more = {"pyradiomics": pyradiomics, "pictologics": pictologics}[peer](
        image_path, mask_path
    )
    more_text = "-" if more is None else f"{more:.3f}"
    print(f"{image_path}\t{peer}\t{count}\t{base:.3f}\t{more_text}")


if __name__ == "__main__":
    main()
