"""Prints what cdflib reads from CDF files, one JSON object a line for each file: numbers as base64 of little-endian bytes."""
import base64
import json
import sys

import numpy as np
import readable


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
    cdf = readable.open_cdf(path)
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
    print(json.dumps(dump(path)))
