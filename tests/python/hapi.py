"""What hapiclient reads from the archive.

`hapi.py write FOLDER` writes CDF files of three days into a folder: with a gap, an overlap, and two versions.
`hapi.py read SERVER DATASET START STOP` prints what hapiclient reads, as CSV and as binary: a JSON object a line, with the
name of a parameter, its shape, and the bytes of its values in hexadecimal digits, or its texts.
"""
import json
import sys

import numpy as np

TYPES = {"INT8": 8, "INT2": 2, "UINT4": 14, "REAL4": 21, "TT2000": 33, "DOUBLE": 45, "CHAR": 51}
# 2026-01-01T00:00:00 as TT2000.
START = 820497669184000000
HOUR = 3_600_000_000_000
FILL32 = np.float32(-1e31)
# The day and version of each file, its first hour after START, its records, and a number that tells its values from others.
DAYS = [("20260101_v001", 0, 24, 9), ("20260101_v002", 0, 26, 1), ("20260102_v001", 23, 25, 2), ("20260104_v001", 72, 24, 4)]


def write(folder):
    from cdflib import cdfwrite

    for day, hour, records, seed in DAYS:
        random = np.random.default_rng(seed)
        cdf = cdfwrite.CDF(f"{folder}/imap_mag_l2_norm-gse_{day}.cdf", delete=True)

        def put(name, kind, values, dims=(), varies=True, elements=1, **attributes):
            spec = {"Variable": name, "Data_Type": TYPES[kind], "Num_Elements": elements, "Rec_Vary": varies,
                    "Dim_Sizes": list(dims), "Compress": 6 if varies else 0}
            about = {"DEPEND_0": "epoch"} if varies and name != "epoch" else {}
            cdf.write_var(spec, {**about, "VAR_TYPE": "data", **attributes}, values)

        put("epoch", "TT2000", START + (hour + np.arange(records, dtype=np.int64)) * HOUR, VAR_TYPE="support_data")
        put("scalar", "DOUBLE", random.normal(0, 1e6, records) ** 3, UNITS="nT", FILLVAL=[-1e31, "CDF_DOUBLE"])
        vector = random.normal(0, 50, (records, 3)).astype(np.float32)
        vector[::5, 1] = FILL32
        put("vector", "REAL4", vector, (3,), UNITS="nT", LABL_PTR_1="labels", FILLVAL=[-1e31, "CDF_REAL4"])
        put("labels", "CHAR", np.array(["Bx", "By", "Bz"]), (3,), False, 2, VAR_TYPE="metadata")
        put("fixed", "REAL4", random.normal(0, 1, (records, 4)).astype(np.float32), (4,), DEPEND_1="energy")
        put("energy", "DOUBLE", np.array([0.1, 1, 10, 100]), (4,), False, UNITS="keV", VAR_TYPE="support_data")
        put("moving", "INT2", random.integers(-32768, 32767, (records, 2, 3), dtype=np.int16), (2, 3), DEPEND_2="angle")
        put("angle", "REAL4", random.normal(0, 90, (records, 3)).astype(np.float32), (3,), UNITS="deg")
        texts = np.array([["on", "off", "a, \"q\""][index % 3] for index in range(records)])
        put("text", "CHAR", texts, (), True, 7, VAR_TYPE="support_data")
        put("big", "INT8", random.integers(-(2**53), 2**53, records, dtype=np.int64),
            FILLVAL=[-(2**63), "CDF_INT8"])
        put("unsigned", "UINT4", random.integers(0, 2**32, records, dtype=np.uint32))
        zero = np.array([-0.0, 0.0, 5e-324, np.nan, 1.7976931348623157e308, -1 / 3])
        put("odd", "DOUBLE", zero[np.arange(records) % len(zero)])
        cdf.close()


def read(server, dataset, start, stop):
    from hapiclient import hapi

    for format in ["csv", "binary"]:
        options = {"format": format, "cache": False}
        names = [parameter["name"] for parameter in hapi(server, dataset)["parameters"]]
        # Also day by day, as the client divides long spans of time by itself.
        # It fails where the last day that it asks for is empty: the one behind `stop` at midnight.
        for parameters, chunk in [("", None), (",".join(names[1:4]), None), ("", "P1D")]:
            until = stop if chunk is None else "2026-01-04T23:30:00"
            data, meta = hapi(server, dataset, parameters, start, until, dt_chunk=chunk, **options)
            for parameter in meta["parameters"]:
                values = data[parameter["name"]]
                is_text = parameter["type"] in ("string", "isotime")
                texts = [text.decode() if isinstance(text, bytes) else str(text) for text in values] if is_text else None
                numbers = None if is_text else np.ascontiguousarray(values).tobytes().hex()
                print(json.dumps({
                    "format": format, "request": chunk or parameters, "name": parameter["name"], "type": parameter["type"],
                    "shape": list(values.shape), "texts": texts, "bytes": numbers,
                }))


{"write": write, "read": read}[sys.argv[1]](*sys.argv[2:])
