"""Holds exports of CDF files against what cdflib reads.

`exported.py write FOLDER` writes types.cdf, with every type and its missing values, and times.cdf, with times of all kinds.
`exported.py compare` takes a JSON object a line: `cdf`, the names of `variables`, and the files `parquet`, `csv`, `ndjson`
and `dataset` (the values in JSON), or some of them, and prints how many values it compared, and what differs.
"""
import csv
import datetime
import json
import sys

import numpy as np
import readable
from cdflib.cdfwrite import CDF
from cdflib.epochs import CDFepoch

CHAR, EPOCH, EPOCH16, TT2000 = 51, 31, 32, 33
INTEGERS = {1: "i1", 2: "i2", 4: "i4", 8: "i8", 11: "u1", 12: "u2", 14: "u4", 41: "i1"}
FLOATS = {21: "f4", 44: "f4", 22: "f8", 45: "f8"}
FILL_TT2000 = -9223372036854775808

# The leap second of 2016, before leap seconds, the jumps and the drift of UTC before 1972, far dates; nanoseconds and picoseconds.
MOMENTS = [
    [1960, 1, 2, 0, 0, 0, 0, 0, 0, 0],
    [1968, 2, 1, 0, 0, 0, 1, 2, 3, 4],
    [1971, 12, 31, 23, 59, 59, 999, 999, 999, 999],
    [1972, 12, 31, 23, 59, 59, 500, 0, 0, 0],
    [2000, 1, 1, 12, 0, 0, 0, 0, 0, 0],
    [2016, 12, 31, 23, 59, 59, 123, 456, 789, 12],
    [2016, 12, 31, 23, 59, 60, 500, 0, 1, 0],
    [2017, 1, 1, 0, 0, 0, 0, 0, 0, 1],
    [2025, 11, 26, 8, 0, 0, 0, 1, 0, 0],
    [2030, 6, 15, 12, 34, 56, 789, 12, 345, 678],
    [2262, 4, 11, 0, 0, 0, 0, 0, 0, 0],
]


def convert_data(self, kind, elements, size, data, original=CDF._convert_data):
    """cdflib 1.3.16 writes the two numbers of an EPOCH16 as two records."""
    if kind != EPOCH16:
        return original(self, kind, elements, size, data)
    return len(data) // 2, np.asarray(data, dtype="<f8").tobytes()


CDF._convert_data = convert_data


def spec(name, kind, dims=(), elements=1, **more):
    return {"Variable": name, "Data_Type": kind, "Num_Elements": elements, "Rec_Vary": True, "Dim_Sizes": list(dims), **more}


def write(folder):
    file = CDF(f"{folder}/types.cdf", cdf_spec={"Compressed": 0, "rDim_sizes": []}, delete=True)
    start = CDFepoch.compute_tt2000([2026, 1, 1, 0, 0, 0, 0, 0, 0])
    epoch = np.array([start + index * 500_000_000 for index in range(7)], dtype=np.int64)
    epoch[3] = FILL_TT2000
    file.write_var(spec("epoch", TT2000), {"FILLVAL": [FILL_TT2000, "CDF_TIME_TT2000"]}, epoch)
    for kind, code in INTEGERS.items():
        about = np.iinfo(code)
        values = np.array([[about.min, about.max], [0, 1], [7, about.max - 1]] * 2 + [[2, 3]], dtype=code)
        name = {41: "CDF_BYTE"}.get(kind, f"CDF_{'U' if code[0] == 'u' else ''}INT{code[1]}")
        # The FILLVAL is the least value, and the pad value another one.
        file.write_var(spec(f"integer{kind}", kind, [2], Pad=np.array([7], dtype=code)), {
            "DEPEND_0": "epoch", "VAR_TYPE": "data", "FILLVAL": [int(about.min), name],
        }, values)
    for kind, code in FLOATS.items():
        about = np.finfo(code)
        values = np.array([-1e31, 0.1, -0.0, np.nan, np.inf, about.smallest_subnormal, about.max], dtype=code)
        file.write_var(spec(f"float{kind}", kind), {
            "DEPEND_0": "epoch", "VAR_TYPE": "data", "FILLVAL": [-1e31, "CDF_DOUBLE"],
        }, values)
    for kind in (51, 52):
        texts = np.array(["plain", "", " in front", "es\x1bcape", 'a "quoted", one', "tab\there", "last    "])
        file.write_var(spec(f"text{kind}", kind, elements=16), {"DEPEND_0": "epoch", "VAR_TYPE": "data"}, texts)
    file.close()

    file = CDF(f"{folder}/times.cdf", cdf_spec={"Compressed": 0, "rDim_sizes": []}, delete=True)
    tt2000 = [CDFepoch.compute_tt2000(parts[:9]) for parts in MOMENTS]
    utc = [[*parts[:5], min(59, parts[5]), *parts[6:]] for parts in MOMENTS]
    file.write_var(spec("tt2000", TT2000), {}, np.array([*tt2000, FILL_TT2000, FILL_TT2000 + 1], dtype=np.int64))
    file.write_var(spec("epoch", EPOCH), {"FILLVAL": [-1e31, "CDF_EPOCH"]}, np.array(
        [*[CDFepoch.compute_epoch(parts[:7]) for parts in utc], -1e31, -1e31]))
    epoch16 = [complex(CDFepoch.compute_epoch16(parts)) for parts in utc]
    file.write_var(spec("epoch16", EPOCH16), {}, np.array([*epoch16, complex(-1e31, -1e31), complex(-1e31, -1e31)]))
    file.close()


def stated(value, dtype):
    """A FILLVAL or a pad value as a value of the variable."""
    if value is None or isinstance(value, str):
        return []
    first = np.asarray(value).ravel()[:1]
    if first.size == 0 or first.dtype.kind in "US":
        return []
    if np.dtype(dtype).kind == "f":
        return [first.astype(dtype)[0]]
    return [first[0]]


def text_of(kind, time):
    """A time in UTC, as cdflib prints it; None for fill and pad values."""
    if kind == TT2000:
        return None if time <= FILL_TT2000 + 1 else CDFepoch.encode_tt2000(int(time))
    if kind == EPOCH:
        return CDFepoch.encode_epoch(float(time)) if 0 <= time < 315569520000000 else None
    return CDFepoch.encode_epoch16(complex(time)) if time.real >= 0 and time.imag >= 0 and time.real < 315569520000 else None


def timestamp(text, digits):
    """The nanoseconds since 1970, rounded down to so many digits of a second; a leap second counts as the one before."""
    if text is None:
        return None
    whole, fraction = text.split(".")
    whole = whole[:-2] + "59" if whole.endswith(":60") else whole
    # Python has no year 0, and the calendar repeats every 400 years.
    is_early = whole < "1600"
    date = datetime.datetime.fromisoformat(f"{int(whole[:4]) + 400:04}{whole[4:]}" if is_early else whole)
    seconds = (date - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1) - is_early * 146_097 * 86_400
    return seconds * 10**9 + int(fraction[:digits].ljust(9, "0"))


def columns_of(cdf, name):
    """The columns of a variable as cdflib reads it: for each, what a value must be, in the type of the variable."""
    about = cdf.varinq(name)
    kind = about.Data_Type
    values = np.asarray(cdf.varget(name))
    # cdflib leaves out a dimension of nothing but one record.
    records = about.Last_Rec + 1
    size = int(np.prod([size for size, vary in zip(about.Dim_Sizes, about.Dim_Vary) if vary], dtype=np.int64))
    values = values.reshape(records, size)
    if kind in (EPOCH, EPOCH16, TT2000):
        return [[text_of(kind, value) for value in column] for column in values.T]
    if kind in (51, 52):
        return [[str(value).rstrip(" \0\t\n\r\v\f") or None for value in column] for column in values.T]
    missing = [*stated(cdf.varattsget(name).get("FILLVAL"), values.dtype), *stated(about.Pad, values.dtype)]
    return [
        [None if value != value or any(value == one for one in missing) else value for value in column]
        for column in values.T
    ]


def same(kind, expected, actual):
    if expected is None or actual is None:
        return expected is None and actual is None
    if kind in (51, 52):
        return str(actual).rstrip(" \0\t\n\r\v\f") == expected
    if kind in FLOATS:
        # The bits: a negative zero is another number.
        actual = np.dtype(FLOATS[kind]).type(actual)
        return actual.tobytes() == np.dtype(FLOATS[kind]).type(expected).tobytes()
    return int(actual) == int(expected)


TYPES = {1: "int8", 2: "int16", 4: "int32", 8: "int64", 11: "uint8", 12: "uint16", 14: "uint32", 41: "int8", 21: "float",
         44: "float", 22: "double", 45: "double", 51: "string", 52: "string", EPOCH: "timestamp[us, tz=UTC]",
         EPOCH16: "timestamp[ns, tz=UTC]", TT2000: "timestamp[ns, tz=UTC]"}


def compare(job):
    import pyarrow.parquet

    cdf = readable.open_cdf(job["cdf"])
    expected = [(name, cdf.varinq(name).Data_Type, column) for name in job["variables"] for column in columns_of(cdf, name)]
    count = 0
    for form in ("parquet", "csv", "ndjson", "dataset"):
        if form not in job:
            continue
        if form == "parquet":
            table = pyarrow.parquet.read_table(job[form])
            for (name, kind, _), column in zip(expected, table.columns, strict=True):
                if str(column.type) != TYPES[kind]:
                    yield f"{name}: the type is {column.type}"
            actual = [
                [value.value for value in column] if str(column.type).startswith("timestamp") else column.to_pylist()
                for column in table.columns
            ]
        elif form == "csv":
            with open(job[form], newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file))[1:]
            actual = [[value or None for value in column] for column in zip(*rows)] or [[] for _ in expected]
        elif form == "dataset":
            with open(job[form], encoding="utf-8") as file:
                actual = [
                    variable["values"][element::variable["size"]]
                    for variable in json.load(file) for element in range(variable["size"])
                ]
        else:
            with open(job[form], encoding="utf-8") as file:
                rows = [list(json.loads(line).values()) for line in file]
            actual = list(zip(*rows)) or [[] for _ in expected]
        for (name, kind, values), column in zip(expected, actual, strict=True):
            if len(values) != len(column):
                yield f"{name} in {form}: {len(column)} records instead of {len(values)}"
            for index, (wanted, found) in enumerate(zip(values, column)):
                count += 1
                if form == "dataset" and kind in (EPOCH, EPOCH16, TT2000):
                    # Milliseconds in doubles, which have 0.2 microseconds in these centuries.
                    wanted = timestamp(wanted, 9)
                    is_same = wanted is found is None or (None not in (wanted, found) and abs(wanted / 1e6 - found) < 1e-3)
                elif form == "dataset" and kind not in (51, 52) and wanted is not None and kind not in FLOATS:
                    # Doubles have 53 bits.
                    is_same = found is not None and float(found) == float(int(wanted))
                elif form == "dataset" and kind in (51, 52):
                    is_same = found == (wanted or "")
                elif kind in (EPOCH, EPOCH16, TT2000):
                    if form == "parquet":
                        wanted = timestamp(wanted, 3 if kind == EPOCH else 9)
                        # cdflib prints milliseconds only.
                        found = found if found is None or kind != EPOCH else found // 1000 * 10**6
                    else:
                        wanted = None if wanted is None else wanted + "Z"
                    is_same = wanted == found
                elif form != "parquet" and kind in FLOATS and isinstance(wanted, np.floating) and np.isinf(wanted):
                    # JSON has no infinite numbers.
                    is_same = found in (None, "Infinity", "-Infinity")
                else:
                    is_same = same(kind, wanted, found)
                if not is_same:
                    yield f"{name} in {form}, record {index}: {found!r} instead of {wanted!r}"
    yield count


if sys.argv[1] == "write":
    write(sys.argv[2])
else:
    for line in sys.stdin.read().splitlines():
        job = json.loads(line)
        *differences, count = compare(job)
        print(json.dumps({"count": count, "differences": [f"{job['cdf']}: {text}" for text in differences[:20]]}))
