"""Writes CDF files for the tests of the CDF reader.

`generate.py small FOLDER` writes the few small files that are part of the project (tests/cdf/files).
`generate.py all FOLDER` writes more than 200. A file `x.twin.cdf` has the same content as `x.cdf`, which cdflib cannot read.
"""
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
from cdflib import cdfwrite

CODES = {
    "INT1": 1, "INT2": 2, "INT4": 4, "INT8": 8, "UINT1": 11, "UINT2": 12, "UINT4": 14, "REAL4": 21, "REAL8": 22,
    "EPOCH": 31, "EPOCH16": 32, "TT2000": 33, "BYTE": 41, "FLOAT": 44, "DOUBLE": 45, "CHAR": 51, "UCHAR": 52,
}
DTYPES = {
    "INT1": "i1", "INT2": "i2", "INT4": "i4", "INT8": "i8", "UINT1": "u1", "UINT2": "u2", "UINT4": "u4", "REAL4": "f4",
    "REAL8": "f8", "EPOCH": "f8", "EPOCH16": "c16", "TT2000": "i8", "BYTE": "i1", "FLOAT": "f4", "DOUBLE": "f8",
}
# 2025-01-01T00:00:00 as TT2000 and EPOCH.
TT2000 = 788961669184000000
EPOCH = 63902908800000.0


def example(folder):
    """The file of the documentation's examples: times, vectors with their labels, and a matrix, by ISTP conventions."""
    cdf = cdfwrite.CDF(folder / "example.cdf", {"Checksum": True}, delete=True)
    cdf.write_globalattrs({
        "Logical_source": {0: "imap_mag_l1a_norm-mago"},
        "Data_version": {0: "001"},
        "TEXT": {0: "Made-up magnetic field vectors", 1: "for the examples of the documentation"},
    })
    records = 12
    time = {"Variable": "epoch", "Data_Type": 33, "Num_Elements": 1, "Rec_Vary": True, "Dim_Sizes": [], "Compress": 0}
    cdf.write_var(time, {"VAR_TYPE": "support_data", "UNITS": "ns", "FILLVAL": [-(2**63), "CDF_TIME_TT2000"]},
                  np.int64(TT2000) + np.arange(records, dtype=np.int64) * 500_000_000)
    vectors = np.arange(records * 3, dtype=np.float64).reshape(records, 3) / 4
    vectors[5] = -1e31
    spec = {"Variable": "vectors", "Data_Type": 22, "Num_Elements": 1, "Rec_Vary": True, "Dim_Sizes": [3], "Compress": 6}
    cdf.write_var(spec, {
        "VAR_TYPE": "data", "DEPEND_0": "epoch", "DISPLAY_TYPE": "time_series", "LABL_PTR_1": "labels", "UNITS": "nT",
        "FILLVAL": [-1e31, "CDF_DOUBLE"], "VALIDMIN": [-100.0, "CDF_DOUBLE"], "VALIDMAX": [100.0, "CDF_DOUBLE"],
        "CATDESC": "Magnetic field vectors in µT/1000",
    }, vectors)
    spec = {"Variable": "labels", "Data_Type": 51, "Num_Elements": 2, "Rec_Vary": False, "Dim_Sizes": [3], "Compress": 0}
    cdf.write_var(spec, {"VAR_TYPE": "metadata"}, np.array(["Bx", "By", "Bz"]))
    spec = {"Variable": "matrix", "Data_Type": 21, "Num_Elements": 1, "Rec_Vary": False, "Dim_Sizes": [3, 3], "Compress": 0}
    cdf.write_var(spec, {"VAR_TYPE": "support_data"}, np.eye(3, dtype=np.float32) * 0.5)
    cdf.close()


def small(folder):
    example(folder)


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    {"small": small}[sys.argv[1]](target)
