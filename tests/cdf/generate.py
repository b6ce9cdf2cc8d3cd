"""Writes CDF files for the tests of the CDF reader.

`generate.py small FOLDER` writes the few small files that are part of the project (tests/cdf/files).
`generate.py all FOLDER` writes more than 200. A file `x.twin.cdf` has the same content as `x.cdf`, which cdflib cannot read.
"""
import shutil
import struct
import sys
import tempfile
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



class Values:
    """Made-up values, the same in each run."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def of(self, kind, shape):
        count = int(np.prod(shape, dtype=np.int64))
        if kind == "TT2000":
            flat = TT2000 + self.random.integers(0, 10**15, count)
            return flat.astype(np.int64).reshape(shape)
        if kind == "EPOCH":
            return (EPOCH + self.random.integers(0, 10**9, count)).astype(np.float64).reshape(shape)
        if kind == "EPOCH16":
            seconds = EPOCH / 1000 + self.random.integers(0, 10**6, count)
            return (seconds + 1j * self.random.integers(0, 10**12, count)).reshape(shape)
        dtype = np.dtype(DTYPES[kind])
        if dtype.kind == "f":
            values = self.random.normal(0, 1000, count).astype(dtype)
            values[::7] = np.nan
            values[1::11] = -np.inf
            return values.reshape(shape)
        limits = np.iinfo(dtype)
        values = self.random.integers(limits.min, limits.max, count, dtype=dtype, endpoint=True)
        values[::5] = 0
        return values.reshape(shape)

    def texts(self, shape, width):
        letters = list("abcXYZ 019é°")
        count = int(np.prod(shape, dtype=np.int64))
        texts = []
        for _ in range(count):
            text = "".join(self.random.choice(letters, self.random.integers(0, width + 1)))
            while len(text.encode()) > width:
                text = text[:-1]
            texts.append(text)
        return texts


def raw(kind, values, big):
    """The bytes of values as a file stores them."""
    array = np.ascontiguousarray(values)
    if kind == "EPOCH16":
        array = array.view(np.float64)
    return array.astype(array.dtype.newbyteorder(">" if big else "<")).tobytes()


def given(kind, values):
    """Values as cdflib's writer takes them; it swaps bytes itself, and turns EPOCH16 into two values."""
    return np.ascontiguousarray(values).ravel() if kind == "EPOCH16" else raw(kind, values, False)


def raw_texts(texts, width, padding=b"\0"):
    return b"".join(text.encode().ljust(width, padding) for text in texts)


def z(name, kind, sizes, **more):
    spec = {"Variable": name, "Data_Type": CODES[kind], "Num_Elements": 1, "Rec_Vary": True, "Dim_Sizes": list(sizes)}
    return {**spec, "Compress": 0, **more}


BIG = (1, 2, 5, 7, 9, 11, 12)
LITTLE = (4, 6, 13, 16, 17)


def every_type(folder):
    """Each type, in both orders of bytes and of dimensions, plain and compressed."""
    for kind in CODES:
        for encoding in (1, 6):
            for majority in ("row_major", "column_major"):
                values = Values(len(kind) + encoding)
                path = folder / f"type_{kind}_{encoding}_{majority}.cdf"
                cdf = cdfwrite.CDF(path, {"Encoding": encoding, "Majority": majority}, delete=True)
                for sizes in ([], [3], [1], [2, 3], [4, 1, 2], [2, 3, 2, 2]):
                    for compress in (0, 6):
                        for varies in (True, False):
                            name = f"v{len(sizes)}_{'x'.join(map(str, sizes))}_{compress}_{varies}"
                            records = 6 if varies else 1
                            shape = [records, *sizes]
                            if kind in ("CHAR", "UCHAR"):
                                spec = z(name, kind, sizes, Num_Elements=7, Rec_Vary=varies, Compress=compress)
                                cdf.write_var(spec, {}, raw_texts(values.texts(shape, 7), 7))
                                continue
                            data = values.of(kind, shape)
                            if kind == "EPOCH16" and sizes:
                                continue
                            spec = z(name, kind, sizes, Rec_Vary=varies, Compress=compress)
                            cdf.write_var(spec, {}, given(kind, data))
                cdf.close()


def encodings(folder):
    for encoding in (*BIG, *LITTLE):
        values = Values(encoding)
        cdf = cdfwrite.CDF(folder / f"encoding_{encoding}.cdf", {"Encoding": encoding}, delete=True)
        for kind in DTYPES:
            if kind == "EPOCH16":
                continue
            data = values.of(kind, [5, 2])
            cdf.write_var(z(kind, kind, [2]), {"VALUE": [3, "CDF_INT4"]}, given(kind, data))
        cdf.close()
    # cdflib reads the encoding ARM_BIG as little-endian, though it writes it as big-endian.
    for name, encoding in (("encoding_18.cdf", 18), ("encoding_18.twin.cdf", 1)):
        values = Values(18)
        cdf = cdfwrite.CDF(folder / name, {"Encoding": encoding}, delete=True)
        for kind in DTYPES:
            if kind == "EPOCH16":
                continue
            cdf.write_var(z(kind, kind, [2]), {}, given(kind, values.of(kind, [5, 2])))
        cdf.close()


def whole_files(folder):
    """Files that are compressed as a whole, and those with a checksum."""
    for level in (0, 1, 6, 9):
        for checksum in (False, True):
            for majority in ("row_major", "column_major"):
                values = Values(level)
                spec = {"Compressed": level, "Checksum": checksum, "Majority": majority}
                cdf = cdfwrite.CDF(folder / f"whole_{level}_{checksum}_{majority}.cdf", spec, delete=True)
                cdf.write_globalattrs({"TITLE": {0: "a whole file"}})
                cdf.write_var(z("a", "REAL8", [3, 4], Compress=level), {"UNITS": "nT"},
                              given("REAL8", values.of("REAL8", [20, 3, 4])))
                cdf.close()


def sparse(folder):
    """Records that were not written: at the start, in the middle, one by one."""
    for kind in DTYPES:
        for mode in ("pad_sparse", "prev_sparse"):
            for big in (False, True):
                values = Values(3)
                spec = {"Encoding": 1 if big else 6}
                cdf = cdfwrite.CDF(folder / f"sparse_{kind}_{mode}_{big}.cdf", spec, delete=True)
                for at, records in enumerate(([0, 1, 2, 7, 8, 20], [3, 4, 9], list(range(0, 60, 4)))):
                    for sizes in ([], [2]):
                        data = values.of(kind, [len(records), *sizes])
                        pad = values.of(kind, [3])[2:]
                        if kind == "EPOCH16":
                            data = data.ravel()
                            if sizes:
                                continue
                        cdf.write_var(z(f"s{at}_{len(sizes)}", kind, sizes, Sparse=mode, Pad=pad), {}, [records, data])
                cdf.close()


def r_variables(folder):
    for majority in ("row_major", "column_major"):
        for encoding in (1, 6):
            values = Values(5)
            spec = {"Majority": majority, "Encoding": encoding, "rDim_sizes": [2, 3, 4]}
            cdf = cdfwrite.CDF(folder / f"r_{majority}_{encoding}.cdf", spec, delete=True)
            for vary in ([True] * 3, [True, False, True], [False, True, False], [False] * 3):
                for kind in ("INT2", "REAL8"):
                    sizes = [size for size, varies in zip([2, 3, 4], vary) if varies]
                    about = {"Variable": f"{kind}_{''.join('TF'[not v] for v in vary)}", "Data_Type": CODES[kind],
                             "Num_Elements": 1, "Rec_Vary": True, "Var_Type": "rVariable", "Dim_Vary": vary,
                             "Compress": 0}
                    data = given(kind, values.of(kind, [4, *sizes]))
                    cdf.write_var(about, {"UNITS": "r", "NUMBER": [7, "CDF_INT4"]}, data)
            cdf.write_var(z("a_z_variable", "INT4", [2]), {"UNITS": "z"},
                          given("INT4", values.of("INT4", [4, 2])))
            cdf.close()


def shapes(folder):
    values = Values(8)
    for majority in ("row_major", "column_major"):
        cdf = cdfwrite.CDF(folder / f"shapes_{majority}.cdf", {"Majority": majority}, delete=True)
        for dimensions in range(11):
            sizes = [2 + (dimension % 2) for dimension in range(dimensions)]
            cdf.write_var(z(f"d{dimensions}", "INT2", sizes, Compress=6), {},
                          given("INT2", values.of("INT2", [2, *sizes])))
        cdf.close()
    cdf = cdfwrite.CDF(folder / "ten_dimensions.cdf", {"Majority": "column_major"}, delete=True)
    sizes = [1, 2, 1, 3, 1, 1, 2, 1, 4, 1]
    cdf.write_var(z("ten", "UINT4", sizes, Compress=6), {}, given("UINT4", values.of("UINT4", [3, *sizes])))
    cdf.close()
    cdf = cdfwrite.CDF(folder / "no_records.cdf", None, delete=True)
    for kind in CODES:
        cdf.write_var(z(f"{kind}_none", kind, [3], Num_Elements=4 if kind in ("CHAR", "UCHAR") else 1), {"UNITS": "-"})
    cdf.close()
    cdfwrite.CDF(folder / "nothing.cdf", None, delete=True).close()


def blocks(folder):
    """Many blocks of records: lists and trees of index records."""
    values = Values(9)
    for blocking in (1, 40, 4000):
        cdf = cdfwrite.CDF(folder / f"blocks_{blocking}.cdf", None, delete=True)
        cdf.BLOCKING_BYTES = blocking * 8
        noise = values.of("INT2", [5000]) // 100
        cdf.write_var(z("many", "INT2", [], Compress=6, Block_Factor=blocking), {}, given("INT2", noise))
        cdf.write_var(z("zeros", "REAL4", [2, 2], Compress=6, Block_Factor=blocking), {},
                      given("REAL4", np.zeros([600, 2, 2], np.float32)))
        cdf.close()


def attributes(folder, long=60_000):
    for encoding in (1, 6):
        cdf = cdfwrite.CDF(folder / f"attributes_{encoding}.cdf", {"Encoding": encoding}, delete=True)
        entries = {}
        for number, kind in enumerate(DTYPES):
            token = "CDF_TIME_TT2000" if kind == "TT2000" else f"CDF_{kind}"
            value = 1 + 2j if kind == "EPOCH16" else 3.5 if "f" in DTYPES[kind] else 3
            entries[2 * number] = [value, token]
        cdf.write_globalattrs({
            "TYPES": entries,
            "MANY": {0: [list(range(50)), "CDF_INT2"], 3: "with a gap", 7: [[0.5, 1.5], "CDF_REAL4"]},
            "UNICODE": {0: "µT, 10⁻³ and 日本語"},
            "BLANK": {0: " "},
            "LONG": {0: "x" * long},
            "LINES": {0: "one\ntwo\ttab"},
            "constructor": {0: "another"},
        })
        for name in ("first", "__proto__", "name with spaces", "ünïcode", "x" * 255):
            cdf.write_var(z(name, "INT4", []), {
                "UNITS": " ", "__proto__": "attribute", "VALIDMIN": [-(2**31), "CDF_INT4"],
                "FILLVAL": [-(2**63), "CDF_INT8"], "LIST": [[1, 2, 3], "CDF_INT2"], "TEXTS": ["one", "two", "three"],
                "toString": "yes",
            }, given("INT4", np.arange(3, dtype=np.int32)))
        cdf.close()


def by_pycdfpp(folder):
    import pycdfpp
    codes = {kind: getattr(pycdfpp.DataType, "CDF_TIME_TT2000" if kind == "TT2000" else f"CDF_{kind}") for kind in DTYPES}
    types = {name: getattr(pycdfpp.CompressionType, f"{name}_compression") for name in ("no", "gzip", "rle")}

    def values_for(kind, shape, seed):
        data = Values(seed).of(kind, shape)
        if kind == "EPOCH16":
            pairs = np.ascontiguousarray(data.ravel()).view([("seconds", "f8"), ("picoseconds", "f8")])
            return pairs.reshape(shape)
        return data

    for majority in ("row", "column"):
        for compression in types:
            # cdflib does not read variables with RLE.
            for suffix in ((".cdf", ".twin.cdf") if compression == "rle" else (".cdf",)):
                cdf = pycdfpp.CDF()
                cdf.majority = getattr(pycdfpp.Majority, majority)
                used = types["no"] if "twin" in suffix else types[compression]
                for kind in DTYPES:
                    if kind in ("EPOCH", "EPOCH16", "TT2000"):
                        continue
                    for shape in ([40], [40, 3], [10, 2, 3, 2], [3000]):
                        data = values_for(kind, shape, len(shape))
                        data[len(data) // 2:] = 0
                        cdf.add_variable(f"{kind}_{len(shape)}_{shape[0]}", data, codes[kind], compression=used,
                                         attributes={"UNITS": "nT", "LIMIT": [1.5]})
                cdf.add_attribute("TITLE", ["written by pycdfpp", [1.0, 2.0], [3]])
                pycdfpp.save(cdf, str(folder / f"pycdfpp_{majority}_{compression}{suffix}"))
    for name, compression in (("pycdfpp_runs.cdf", "rle"), ("pycdfpp_runs.twin.cdf", "no")):
        cdf = pycdfpp.CDF()
        data = np.zeros(500, dtype=np.int16)
        data[::37] = np.arange(len(data[::37]))
        cdf.add_variable("runs", data, codes["INT2"], compression=types[compression])
        pycdfpp.save(cdf, str(folder / name))
    for compression in ("gzip", "rle"):
        cdf = pycdfpp.CDF()
        cdf.compression = types[compression]
        cdf.add_variable("a", np.arange(1000, dtype=np.int32), pycdfpp.DataType.CDF_INT4)
        cdf.add_attribute("TITLE", ["compressed as a whole"])
        pycdfpp.save(cdf, str(folder / f"pycdfpp_whole_{compression}.cdf"))
    for kind in DTYPES:
        if kind in ("EPOCH", "EPOCH16", "TT2000"):
            continue
        for mode in ("no", "pad", "prev"):
            cdf = pycdfpp.CDF()
            data = values_for(kind, [30, 2], 4)
            virtual = np.zeros(30, dtype=bool)
            virtual[[0, 1, 7, 8, 9, 15]] = mode != "no"
            more = {} if mode == "no" else {"virtual_records": virtual}
            cdf.add_variable("v", data, codes[kind], sparse_records=getattr(pycdfpp.SparseRecords, f"{mode}_sparse_records"),
                             **more)
            pycdfpp.save(cdf, str(folder / f"pycdfpp_sparse_{kind}_{mode}.cdf"))


class Version2:
    """Writes files of version 2, which no other writer at hand does: offsets take 4 bytes, names 64."""

    def __init__(self, release, encoding, row_major, r_sizes):
        self.records = []
        self.release, self.encoding, self.row_major, self.r_sizes = release, encoding, row_major, r_sizes
        self.variables, self.attributes = [], []

    def save(self, path, whole=False):
        magic = struct.pack(">II", 0xCDF26002 if self.release >= 6 else 0xFFFF, 0xFFFF)
        body = bytearray(magic)

        def put(record, fields, place=None):
            data = struct.pack(">ii", 8 + len(fields), record) + fields
            if place is None:
                place = len(body)
                body.extend(data)
            else:
                body[place:place + len(data)] = data
            return place

        def ints(*numbers):
            return struct.pack(f">{len(numbers)}i", *numbers)

        def name(text):
            return text.encode().ljust(64, b"\0")

        put(1, ints(*[0] * 10) + b"NASA".ljust(256, b"\0"))
        gdr = put(2, ints(*[0] * 13, *self.r_sizes))
        heads = {}
        for is_z, record in ((False, 3), (True, 8)):
            offset = 0
            group = [variable for variable in self.variables if variable["z"] == is_z]
            for number in reversed(range(len(group))):
                v = group[number]
                code = CODES[v["kind"]]
                parameters = put(11, ints(v["compression"], 0, 1, 6)) if v["compression"] else -1
                entries = []
                for first, data, count in v["blocks"]:
                    if v["compression"] == 5:
                        gzip = zlib.compressobj(6, zlib.DEFLATED, 31)
                        packed = gzip.compress(data) + gzip.flush()
                        entries.append((first, first + count - 1, put(13, ints(0, len(packed)) + packed)))
                    else:
                        entries.append((first, first + count - 1, put(7, data)))
                index = 0
                # A list of index records, each of which has room for one entry more.
                for start in reversed(range(0, len(entries), 2)):
                    part = entries[start:start + 2]
                    firsts, lasts, offsets = ([entry[at] for entry in part] + [-1] for at in range(3))
                    index = put(6, ints(index, len(part) + 1, len(part), *firsts, *lasts, *offsets))
                last = entries[-1][1] if entries else -1
                flags = 1 | (2 if v["pad"] else 0) | (4 if v["compression"] else 0)
                vary = [-1] * len(v["sizes"]) if is_z else [-1 if varies else 0 for varies in v["vary"]]
                dimensions = ints(len(v["sizes"]), *v["sizes"], *vary) if is_z else ints(*vary)
                # Before version 2.5, there are 128 more bytes that nobody uses.
                unused = bytes(0 if self.release >= 5 else 128)
                offset = put(record, ints(offset, code, last, index, index, flags, v["sparse"], 0, -1, -1) + unused +
                             ints(v["elements"], number, parameters, 1) + name(v["name"]) + dimensions + v["pad"])
            heads[record] = offset
        head = 0
        for number in reversed(range(len(self.attributes))):
            title, scope, r_entries, z_entries = self.attributes[number]
            lists = {}
            for record, entries in ((5, r_entries), (9, z_entries)):
                offset = 0
                for at, kind, data, elements in reversed(entries):
                    fields = ints(offset, number, CODES[kind], at, elements, 0, 0, 0, -1, -1) + data
                    offset = put(record, fields)
                lists[record] = offset
            fields = ints(head, lists[5], scope, number, len(r_entries), max([-1, *(e[0] for e in r_entries)]), 0,
                          lists[9], len(z_entries), max([-1, *(e[0] for e in z_entries)]), -1)
            head = put(4, fields + name(title))
        count = {flag: sum(v["z"] == flag for v in self.variables) for flag in (False, True)}
        most = max([-1, *(first + n - 1 for v in self.variables if not v["z"] for first, _, n in v["blocks"])])
        put(1, ints(gdr, 2, self.release, self.encoding, 2 | self.row_major, 0, 0, 0, -1, -1) + b"NASA".ljust(256, b"\0"), 8)
        put(2, ints(heads[3], heads[8], head, len(body), count[False], len(self.attributes), most, len(self.r_sizes),
                    count[True], 0, 0, -1, -1, *self.r_sizes), gdr)
        if whole:
            gzip = zlib.compressobj(6, zlib.DEFLATED, 31)
            packed = gzip.compress(bytes(body[8:])) + gzip.flush()
            size = 20 + len(packed)
            content = struct.pack(">iiiii", size, 10, 8 + size, len(body) - 8, 0) + packed
            body = struct.pack(">II", 0xCDF26002, 0xCCCC0001) + content + struct.pack(">iiiiii", 24, 11, 5, 0, 1, 6)
        path.write_bytes(bytes(body))


def version_2(folder, releases=(4, 5, 6, 7), kinds=tuple(DTYPES)):
    for release in releases:
        for encoding in (1, 6):
            for row_major in (0, 1):
                values = Values(release)
                big = encoding in BIG
                file = Version2(release, encoding, row_major, [2, 3])

                def number(kind, value):
                    return raw(kind, np.array([value], dtype=DTYPES[kind]), big)

                for compression in (0, 5):
                    for kind in kinds:
                        if kind in ("TT2000", "INT8"):
                            continue
                        for is_z, sizes, vary in ((True, [], []), (True, [3, 2], []), (False, [2, 3], [True, True])):
                            shape = [s for s in sizes]
                            blocks = [(first, raw(kind, values.of(kind, [count, *shape]), big), count)
                                      for first, count in ((0, 4), (4, 1), (5, 3))]
                            title = f"{kind}_{len(sizes)}_{'z' if is_z else 'r'}_{compression}"
                            file.variables.append({
                                "name": title, "z": is_z, "kind": kind, "sizes": sizes, "vary": vary, "blocks": blocks,
                                "compression": compression, "pad": raw(kind, values.of(kind, [1]), big), "sparse": 0,
                                "elements": 1,
                            })
                for mode in (1, 2):
                    blocks = [(first, raw("INT4", values.of("INT4", [count]), big), count) for first, count in ((2, 2), (9, 1))]
                    file.variables.append({
                        "name": f"sparse_{mode}", "z": True, "kind": "INT4", "sizes": [], "vary": [], "blocks": blocks,
                        "compression": 0, "pad": number("INT4", -5), "sparse": mode, "elements": 1,
                    })
                file.variables.append({
                    "name": "texts", "z": True, "kind": "CHAR", "sizes": [2], "vary": [], "compression": 0, "sparse": 0,
                    "blocks": [(0, b"abc de fghi ", 1)], "pad": b"", "elements": 6,
                })
                file.attributes.append(("TITLE", 1, [(0, "CHAR", b"version 2", 9), (1, "REAL8", number("REAL8", 2.5), 1)], []))
                file.attributes.append(("UNITS", 2, [(0, "CHAR", b"km", 2)], [(0, "CHAR", b"nT", 2), (1, "CHAR", b"s", 1)]))
                file.save(folder / f"version_2_{release}_{encoding}_{row_major}.cdf")
                if release == 7:
                    file.save(folder / f"version_2_{release}_{encoding}_{row_major}_whole.cdf", whole=True)


def everything(folder):
    for part in (every_type, encodings, whole_files, sparse, r_variables, shapes, blocks, attributes, by_pycdfpp, version_2):
        part(folder)


SMALL = (
    "nothing", "encoding_1", "encoding_13", "whole_6_True_column_major", "pycdfpp_whole_rle", "pycdfpp_runs",
    "sparse_INT2_prev_sparse_True", "sparse_REAL8_pad_sparse_False", "r_column_major_1", "blocks_40", "no_records",
    "ten_dimensions", "attributes_1", "version_2_5_1_0", "version_2_7_6_1_whole",
)


def small(folder):
    """The example, and some files of each kind."""
    example(folder)
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        for part in (encodings, whole_files, sparse, r_variables, shapes, blocks, by_pycdfpp):
            part(made)
        attributes(made, long=500)
        version_2(made, kinds=("INT2", "EPOCH16"))
        for title in SMALL:
            for suffix in (".cdf", ".twin.cdf"):
                if (made / (title + suffix)).exists():
                    shutil.copy(made / (title + suffix), folder)


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    {"all": everything, "small": small}[sys.argv[1]](target)
