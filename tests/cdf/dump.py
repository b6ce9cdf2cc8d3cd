"""Prints what cdflib reads from CDF files, one JSON object a line for each file: numbers as base64 of little-endian bytes."""
import base64
import json
import os
import sys

import cdflib
import numpy as np


def pad_bytes(self, data, data_type, elements):
    """cdflib 1.3.16 appends zeros to the pad value of sparse records, and forgets its encoding (spacing, byte order)."""
    if isinstance(data, str):
        return data.ljust(elements, "\x00").encode(self.string_encoding)
    array = np.asarray(data)
    return array.astype(array.dtype.newbyteorder(self._convert_option())).tobytes()


def read_vdr(self, offset, original=cdflib.cdfread.CDF._read_vdr3):
    """cdflib 1.3.16 mixes up the dimensions of r variables that do not vary with those that do."""
    variable = original(self, offset)
    if variable.section_type == 3:
        variable.dim_vary = [vary for vary in variable.dim_vary if vary]
    return variable


cdflib.cdfread.CDF._convert_np_data = pad_bytes
cdflib.cdfread.CDF._read_vdr3 = read_vdr


def numbers(array):
    array = np.ascontiguousarray(array)
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode()


def plain(value):
    """A value as JSON: integers as text, because some have more than 53 bits; floating-point numbers by their bits."""
    if isinstance(value, str):
        return {"text": value}
    array = np.asarray(value)
    if array.dtype.kind in "US":
        return {"texts": [str(item) for item in array.ravel()]}
    if array.dtype.kind == "c":
        return {"floats": numbers(array.ravel().view(np.float64))}
    if array.dtype.kind == "f":
        return {"floats": numbers(array.ravel().astype(np.float64))}
    return {"integers": [str(int(item)) for item in array.ravel()]}


def values(array, is_text):
    array = np.asarray(array)
    shape = list(array.shape)
    if is_text:
        return {"shape": shape, "texts": [str(item) for item in array.ravel()]}
    return {"shape": shape, "bytes": numbers(array)}


def dump(path):
    cdf = cdflib.CDF(path, string_encoding="utf-8")
    info = cdf.cdf_info()
    variables = {}
    for name in [*info.rVariables, *info.zVariables]:
        about = cdf.varinq(name)
        variables[name] = {
            "type": about.Data_Type_Description,
            "records": about.Last_Rec + 1,
            "varies": bool(about.Rec_Vary),
            "sparse": about.Sparse,
            "pad": None if about.Pad is None else plain(about.Pad),
            "attributes": {key: plain(value) for key, value in cdf.varattsget(name).items()},
            "values": values(cdf.varget(name), about.Data_Type in (51, 52)),
        }
    return {
        "path": path,
        "version": info.Version,
        "encoding": info.Encoding,
        "majority": info.Majority,
        "attributes": {key: [plain(value) for value in entries] for key, entries in cdf.globalattsget().items()},
        "variables": variables,
    }


for path in sys.stdin.read().splitlines():
    # What cdflib cannot read has a twin with the same content.
    twin = path.removesuffix(".cdf") + ".twin.cdf"
    print(json.dumps({**dump(twin if os.path.exists(twin) else path), "path": path}))
