#!/usr/bin/env python3
"""Write the small DICOM files of the tests anew, with other people's writers.

By hand only; the files are committed.  Needs DCMTK's tools and from PyPI:
pydicom, highdicom, pylibjpeg, pylibjpeg-libjpeg, pylibjpeg-openjpeg, numpy.
The pixel formulas are repeated in test/unit/test_dicom_pixels.c.
"""
import datetime
import os
import subprocess
import sys

import highdicom
import numpy
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.sr.codedict import codes
from pydicom.uid import (CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian,
                         JPEG2000, JPEG2000Lossless, RTStructureSetStorage)

ROOT = "1.2.826.0.1.3680043.10.1729."
COLUMNS, ROWS = 40, 36
x, y = numpy.meshgrid(numpy.arange(COLUMNS), numpy.arange(ROWS))

IMAGES = {
    # name: (stored values, bits allocated, bits stored, signed)
    "u8": ((x * 5 + y * 3) % 256, 8, 8, 0),
    "u12": ((x * 37 + y * 101 + x * y * 3) % 4096, 16, 12, 0),
    "s16": ((x * 1237 + y * 2111 + x * y * 13) % 60000 - 30000, 16, 16, 1),
    "smooth12": (x * 60 + y * 40, 16, 12, 0),
}


def base(sop_class, instance, series=2):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = ROOT + str(instance)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = Dataset()
    ds.file_meta = meta
    ds.SOPClassUID = sop_class
    ds.SOPInstanceUID = ROOT + str(instance)
    ds.StudyInstanceUID = ROOT + "1"
    ds.SeriesInstanceUID = ROOT + str(series)
    ds.FrameOfReferenceUID = ROOT + "3"
    ds.Modality = "CT"
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.PatientName, ds.PatientID = "Phantom^Formula", "F1"
    ds.PatientBirthDate, ds.PatientSex = "", "O"
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20240102", "030405", "1", ""
    ds.SeriesNumber, ds.ReferringPhysicianName, ds.Manufacturer = 1, "", "test"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    return ds


def pixels(ds, values, allocated, stored, signed):
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = values.shape[-2:]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = allocated, stored, stored - 1
    ds.PixelRepresentation = signed
    kind = {(8, 0): "u1", (16, 0): "<u2", (16, 1): "<i2"}[allocated, signed]
    ds.PixelData = numpy.ascontiguousarray(values).astype(kind).tobytes()
    ds["PixelData"].VR = "OB" if allocated == 8 else "OW"


def place(ds, position):
    ds.ImagePositionPatient = position
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.SliceThickness = [0.75, 0.5], 2.5
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = ROOT + "3", ""


def save(ds, name):
    ds.save_as(name, enforce_file_format=True)


def run(*command):
    subprocess.run(command, check=True)


def single(name, instance):
    values, allocated, stored, signed = IMAGES[name]
    ds = base(CTImageStorage, instance)
    ds.InstanceNumber = 1
    pixels(ds, values, allocated, stored, signed)
    place(ds, [-10, 20, 30])
    ds.RescaleIntercept, ds.RescaleSlope = (-1000, 1) if name == "u12" else (0, 1)
    return ds


def transfer_syntaxes():
    for number, name in enumerate(IMAGES):
        save(single(name, 100 + number), name + ".dcm")
    run("dcmconv", "+ti", "u12.dcm", "u12_implicit.dcm")
    run("dcmconv", "+tb", "u12.dcm", "u12_big_endian.dcm")
    run("dcmconv", "+tb", "u8.dcm", "u8_big_endian.dcm")
    run("dcmconv", "+td", "u12.dcm", "u12_deflated.dcm")
    for name in ("u8", "u12", "s16"):
        run("dcmcrle", name + ".dcm", name + "_rle.dcm")
        run("dcmcjpls", name + ".dcm", name + "_jpeg_ls.dcm")
    for name in ("u8", "u12", "s16"):
        run("dcmcjpeg", "+e1", "+un", name + ".dcm", name + "_jpeg_lossless.dcm")
    run("dcmcjpeg", "+el", "+sv", "4", "u12.dcm", "u12_jpeg_lossless_4.dcm")
    run("dcmcjpeg", "+eb", "+q", "95", "u8.dcm", "u8_jpeg_baseline.dcm")
    run("dcmcjpeg", "+ee", "+q", "95", "smooth12.dcm", "smooth12_jpeg_extended.dcm")
    run("dcmcjpls", "+en", "+md", "2", "u12.dcm", "u12_jpeg_ls_near.dcm")
    for name in ("u8", "u12", "s16"):
        ds = single(name, 200)
        ds.compress(JPEG2000Lossless)
        save(ds, name + "_jpeg_2000.dcm")
    ds = single("smooth12", 201)
    ds.compress(JPEG2000, j2k_psnr=[60])
    save(ds, "smooth12_jpeg_2000_lossy.dcm")
    # What another decoder makes of the lossy ones.
    for name in ("u8_jpeg_baseline", "smooth12_jpeg_extended", "smooth12_jpeg_2000_lossy"):
        decoded = pydicom.dcmread(name + ".dcm").pixel_array
        with open(name + ".raw", "wb") as raw:
            raw.write(decoded.astype("<u2").tobytes())


def enhanced():
    """Five frames out of order, each with its own slope, oblique."""
    order = [3, 0, 4, 1, 2]
    row, column, normal = [0.8, 0.6, 0], [0, 0, -1], [-0.6, 0.8, 0]
    ds = base(EnhancedCTImageStorage, 300, 30)
    values = numpy.stack([(x * 3 + y * 7 + 50 * k) % 512 for k in order])
    pixels(ds, values, 16, 12, 0)
    ds.InstanceNumber, ds.NumberOfFrames = 1, len(order)
    shared = Dataset()
    measures, plane = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.75, 0.5], 5
    plane.ImageOrientationPatient = row + column
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([plane])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for k in order:
        frame, position, transform = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [
            float(a) for a in numpy.round(numpy.array([5, -7, 11]) + 2.5 * k * numpy.array(normal), 6)]
        transform.RescaleSlope, transform.RescaleIntercept, transform.RescaleType = k + 1, -100, "HU"
        frame.PlanePositionSequence = Sequence([position])
        frame.PixelValueTransformationSequence = Sequence([transform])
        frames.append(frame)
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames)
    save(ds, "enhanced.dcm")
    run("dcmcjpeg", "+e1", "+un", "+fs", "1", "+ot", "enhanced.dcm", "enhanced_fragments.dcm")
    run("dcmcrle", "enhanced.dcm", "enhanced_rle.dcm")


def segmentation():
    """Two segments on a series of six slices; slice k at z = 30 + 2.5 k."""
    slices = []
    for k in range(6):
        ds = single("u12", 400 + k)
        pixels(ds, (x * 37 + y * 101 + 400 * k) % 4096, 16, 12, 0)
        ds.SeriesInstanceUID, ds.InstanceNumber = ROOT + "40", 6 - k
        place(ds, [-10, 20, 30 + 2.5 * k])
        save(ds, f"series_{k}.dcm")
        slices.append(ds)
    first = numpy.zeros((6, ROWS, COLUMNS), dtype=numpy.uint8)
    second = first.copy()
    first[1:3, 5:10, 4:9] = 1           # z, y, x
    second[2:5, 7:20, 6:30] = 1
    second[3] = 0                       # a hole in z
    common = dict(
        source_images=slices, series_instance_uid=ROOT + "41", series_number=2,
        instance_number=1, manufacturer="test", manufacturer_model_name="test",
        software_versions="1", device_serial_number="1")

    def describe(number, label):
        return highdicom.seg.SegmentDescription(
            segment_number=number, segment_label=label,
            segmented_property_category=codes.SCT.Organ,
            segmented_property_type=codes.SCT.Lung if number == 1 else codes.SCT.Liver,
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL)

    descriptions = [describe(1, "first"), describe(2, "zweites Größe")]
    binary = highdicom.seg.Segmentation(
        pixel_array=numpy.stack([first, second], axis=-1), segmentation_type="BINARY",
        segment_descriptions=descriptions, sop_instance_uid=ROOT + "42",
        omit_empty_frames=True, **common)
    binary.save_as("seg_binary.dcm")
    fraction = numpy.zeros((6, ROWS, COLUMNS, 1), dtype=numpy.float32)
    fraction[2, :, :, 0] = x / (COLUMNS - 1)
    fractional = highdicom.seg.Segmentation(
        pixel_array=fraction, segmentation_type="FRACTIONAL",
        segment_descriptions=[describe(1, "first")], sop_instance_uid=ROOT + "43",
        max_fractional_value=200, omit_empty_frames=True, **common)
    fractional.save_as("seg_fractional.dcm")
    label_map = highdicom.seg.Segmentation(
        pixel_array=numpy.where(second, 2, first), segmentation_type="LABELMAP",
        segment_descriptions=descriptions, sop_instance_uid=ROOT + "44",
        omit_empty_frames=True, **common)
    label_map.save_as("seg_label_map.dcm")


def structure_set():
    """On that series: a square with a square hole, and a triangle beside it."""
    ds = base(RTStructureSetStorage, 500, 50)
    ds.Modality, ds.SpecificCharacterSet = "RTSTRUCT", "ISO_IR 192"
    ds.StructureSetLabel, ds.StructureSetDate, ds.StructureSetTime = "test", "20240102", "030405"
    ds.StructureSetROISequence, ds.ROIContourSequence = Sequence(), Sequence()
    ds.RTROIObservationsSequence = Sequence()

    def region(number, name, kind, polygons):
        roi, contours, observation = Dataset(), Dataset(), Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, ROOT + "3"
        roi.ROIGenerationAlgorithm = "MANUAL"
        contours.ReferencedROINumber, contours.ContourSequence = number, Sequence()
        for k, points in polygons:
            contour = Dataset()
            contour.ContourGeometricType = "CLOSED_PLANAR"
            contour.NumberOfContourPoints = len(points)
            contour.ContourData = [
                value for i, j in points
                for value in (round(-10 + 0.5 * i, 6), round(20 + 0.75 * j, 6), 30 + 2.5 * k + 0.04)]
            contours.ContourSequence.append(contour)
        observation.ObservationNumber, observation.ReferencedROINumber = number, number
        observation.RTROIInterpretedType, observation.ROIInterpreter = kind, ""
        ds.StructureSetROISequence.append(roi)
        ds.ROIContourSequence.append(contours)
        ds.RTROIObservationsSequence.append(observation)

    def square(low, high):
        return [(low, low), (high, low), (high, high), (low, high)]

    region(7, "ring", "GTV", [(2, square(3.5, 15.5)), (2, square(6.5, 10.5)), (4, square(0.5, 1.5))])
    region(8, "Größe", "", [(1, [(1.5, 0.5), (20.5, 0.5), (1.5, 19.5)])])
    save(ds, "rtstruct.dcm")


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(sys.argv[0])))
    transfer_syntaxes()
    enhanced()
    segmentation()
    structure_set()
    print("written", datetime.date.today())
