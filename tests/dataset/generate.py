"""Writes the CDF files of the tests of src/dataset, with cdflib 1.3: python tests/dataset/generate.py tests/dataset/files

maps.cdf has maps of the sky. istp.cdf has what the ISTP guidelines allow and what real files do wrong: a FILLVAL that is VALIDMAX, a FILLVAL of doubles for
floats, units in another variable, times that do not increase, pointers to variables that are not there, blank units.
"""
import sys
from pathlib import Path

import numpy as np
from cdflib import cdfepoch
from cdflib.cdfwrite import CDF

INT8, UINT2, EPOCH, TT2000, REAL4, DOUBLE, CHAR = 8, 12, 31, 33, 44, 45, 51
FILL_TT2000 = -9223372036854775808


def spec(name, kind, dims=(), elements=1, varies=True):
    return {"Variable": name, "Data_Type": kind, "Num_Elements": elements, "Rec_Vary": varies, "Dim_Sizes": list(dims)}


def main(folder: Path) -> None:
    path = folder / "istp.cdf"
    path.unlink(missing_ok=True)
    file = CDF(str(path), cdf_spec={"Compressed": 0, "Checksum": True, "rDim_sizes": []}, delete=True)
    file.write_globalattrs({
        "Logical_source": {0: "imap_mag_l2_norm-dsrf"},
        "Data_version": {0: "v001"},
        "Parents": {0: "imap_mag_l1c_norm-mago_20260101_v001.cdf", 1: "imap_mag_l1b_norm-magi_20260101_v002.cdf"},
    })
    start = cdfepoch.compute_tt2000([2026, 1, 1, 0, 0, 0, 0, 0, 0])
    second = 1_000_000_000
    epoch = np.array([start + index * second for index in range(6)], dtype=np.int64)
    data, support, metadata = "data", "support_data", "metadata"

    file.write_var(spec("epoch", TT2000), {
        "VAR_TYPE": support, "CATDESC": "Time", "UNITS": "ns", "FILLVAL": [FILL_TT2000, "CDF_TIME_TT2000"],
    }, epoch)
    vectors = np.arange(18, dtype=np.float32).reshape(6, 3)
    vectors[1, 1] = np.float32(-1e31)
    vectors[2, 2] = 100.5
    file.write_var(spec("vectors", REAL4, [3]), {
        "VAR_TYPE": data, "CATDESC": "Magnetic field", "FIELDNAM": "B", "UNITS": "nT", "DEPEND_0": "epoch",
        "LABL_PTR_1": "labels", "DEPEND_1": "missing_variable", "DISPLAY_TYPE": "time_series>noerrorbars",
        "FILLVAL": [-1e31, "CDF_DOUBLE"], "VALIDMIN": [-100.0, "CDF_DOUBLE"], "VALIDMAX": [100.0, "CDF_DOUBLE"],
    }, vectors)
    file.write_var(spec("labels", CHAR, [3], elements=3, varies=False), {"VAR_TYPE": metadata, "CATDESC": "Components"},
                   np.array(["x  ", "y  ", "z  "]))
    counts = np.array([1, 2, 2**53 + 1, 2**63 - 1, 5, 6], dtype=np.int64)
    file.write_var(spec("counts", INT8), {
        "VAR_TYPE": data, "FIELDNAM": "Counts", "UNIT_PTR": "count_units", "UNITS": " ", "DEPEND_0": "epoch",
        "FILLVAL": [2**63 - 1, "CDF_INT8"], "VALIDMIN": [0, "CDF_INT8"], "VALIDMAX": [2**63 - 1, "CDF_INT8"],
    }, counts)
    file.write_var(spec("count_units", CHAR, [], elements=6, varies=False), {"VAR_TYPE": metadata}, np.array(["counts"]))
    spectrum = np.arange(24, dtype=np.uint16).reshape(6, 4)
    file.write_var(spec("flux", UINT2, [4]), {
        "VAR_TYPE": data, "CATDESC": "Flux by energy", "UNITS": "1/s", "DEPEND_0": "epoch", "DEPEND_1": "energy",
        "DISPLAY_TYPE": "SPECTROGRAM", "SCALE_TYP": "log", "LABLAXIS": "J", "FILLVAL": [65535, "CDF_UINT2"],
    }, spectrum)
    file.write_var(spec("energy", DOUBLE, [4], varies=False), {
        "VAR_TYPE": support, "CATDESC": "Energy", "UNITS": "keV", "SCALETYP": "log",
    }, np.array([1.5, 10.0, 100.0, 1000.0]))
    unsorted = epoch[[3, 0, 5, 1]].copy()
    unsorted = np.append(unsorted, [FILL_TT2000])
    file.write_var(spec("event_time", TT2000), {"VAR_TYPE": support, "CATDESC": "Time of an event"}, unsorted)
    file.write_var(spec("event", INT8), {"VAR_TYPE": data, "CATDESC": "An event", "DEPEND_0": "event_time"},
                   np.array([30, 0, 50, 10, 99], dtype=np.int64))
    file.write_var(spec("mode", CHAR, [], elements=5), {"VAR_TYPE": metadata, "CATDESC": "Mode", "DEPEND_0": "epoch"},
                   np.array(["norm ", "burst", "     ", "norm ", "norm ", "norm "]))
    file.write_var(spec("matrix", DOUBLE, [2, 3], varies=False), {"CATDESC": "A matrix"},
                   np.arange(6, dtype=float).reshape(2, 3))
    old = [cdfepoch.compute_epoch([2026, 1, 1, 0, 0, index, 250]) for index in range(6)]
    file.write_var(spec("old_time", EPOCH), {"VAR_TYPE": support, "CATDESC": "Time without leap seconds"}, np.array(old))
    file.close()


def maps(folder: Path) -> None:
    path = folder / "maps.cdf"
    path.unlink(missing_ok=True)
    file = CDF(str(path), cdf_spec={"Compressed": 0, "Checksum": True, "rDim_sizes": []}, delete=True)
    file.write_globalattrs({"Logical_source": {0: "imap_ultra_l2_maps"}})
    epoch = np.array([cdfepoch.compute_tt2000([2026, 1, 1, 0, 0, 0, 0, 0, 0])], dtype=np.int64)
    file.write_var(spec("epoch", TT2000), {"VAR_TYPE": "support_data"}, epoch)
    longitude, latitude = np.arange(5.0, 360, 10), np.arange(-85.0, 90, 10)
    axes = (("energy", "keV", np.array([3.0, 30.0])), ("longitude", "deg", longitude), ("latitude", "deg", latitude),
            ("pixel_index", "", np.arange(192.0)))
    for name, units, values in axes:
        file.write_var(spec(name, DOUBLE, [len(values)], varies=False), {
            "VAR_TYPE": "support_data", "CATDESC": name, "UNITS": units or " ",
        }, values)
    # Brightest at longitude 90 and latitude 45; a stripe is missing.
    sky = 1 + np.outer(np.sin(np.radians(longitude)) + 1, np.sin(np.radians(latitude)) + 1)
    sky[20:22] = -1e31
    about = {"VAR_TYPE": "data", "CATDESC": "Intensity", "UNITS": "1/(cm2 s sr keV)", "DISPLAY_TYPE": "image",
             "SCALETYP": "log", "DEPEND_0": "epoch", "DEPEND_1": "energy", "FILLVAL": [-1e31, "CDF_DOUBLE"]}
    file.write_var(spec("intensity", DOUBLE, [2, len(longitude), len(latitude)]), {
        **about, "DEPEND_2": "longitude", "DEPEND_3": "latitude",
    }, np.stack([sky, 10 * sky])[np.newaxis])
    pixels = np.arange(192.0)
    file.write_var(spec("healpix_intensity", DOUBLE, [2, 192]), {**about, "DEPEND_2": "pixel_index", "SCALETYP": "linear"},
                   np.stack([pixels, 10 * pixels])[np.newaxis])
    file.close()


main(Path(sys.argv[1]))
maps(Path(sys.argv[1]))
