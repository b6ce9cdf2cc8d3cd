"""Opens CDF files with cdflib, whose mistakes it corrects."""
import os

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


def open_cdf(path):
    """What cdflib cannot read has a twin with the same content."""
    twin = path.removesuffix(".cdf") + ".twin.cdf"
    return cdflib.CDF(twin if os.path.exists(twin) else path, string_encoding="utf-8")
