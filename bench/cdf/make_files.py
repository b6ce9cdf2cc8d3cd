"""Writes two files with 300 MB of the same values, as instruments have them: plain.cdf, and gzip.cdf."""
import sys
from pathlib import Path

import numpy as np
from cdflib import cdfwrite

RECORDS = 220_000
random = np.random.default_rng(1)


def noise(dtype, shape, most):
    return random.integers(0, most, shape).astype(dtype)


VARIABLES = {
    "epoch": (33, 788961669184000000 + np.arange(RECORDS, dtype=np.int64) * 8_000_000),
    "vectors": (22, np.cumsum(noise(np.float64, [RECORDS, 4], 3) - 1, axis=0) / 8),
    "counts": (12, (random.random([RECORDS, 15, 40], dtype=np.float32) ** 12 * 40).astype(np.uint16)),
    "flux": (21, random.normal(0, 100, [RECORDS, 20]).astype(np.float32)),
    **{f"status_{index}": (8, noise(np.int64, [RECORDS], 4) * 1000 + index) for index in range(6)},
}

for name, level in (("plain.cdf", 0), ("gzip.cdf", 6)):
    cdf = cdfwrite.CDF(Path(sys.argv[1]) / name, None, delete=True)
    for title, (code, values) in VARIABLES.items():
        spec = {"Variable": title, "Data_Type": code, "Num_Elements": 1, "Rec_Vary": True,
                "Dim_Sizes": list(values.shape[1:]), "Compress": level}
        cdf.write_var(spec, {"UNITS": "-", "VAR_TYPE": "data", "CATDESC": "Made-up values"}, values)
    cdf.close()
print(sum(values.nbytes for _, values in VARIABLES.values()))
