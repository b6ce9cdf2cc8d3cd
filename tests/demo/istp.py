"""Checks CDF files by NASA's ISTP guidelines, as spacepy and cdflib know them: a line of JSON for each file."""

import contextlib
import io
import json
import os
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")

import cdflib  # noqa: E402
import cdflib.xarray  # noqa: E402
import spacepy.pycdf  # noqa: E402
import spacepy.pycdf.istp  # noqa: E402

for path in sys.argv[1:]:
    with spacepy.pycdf.CDF(path) as cdf:
        problems = spacepy.pycdf.istp.FileChecks.all(cdf, catch=True)
        parents = [str(parent) for parent in cdf.attrs["Parents"]]
    # The SDC's processing writes files through xarray and stops at these warnings.
    dataset = cdflib.xarray.cdf_to_xarray(path, to_datetime=False)
    with tempfile.TemporaryDirectory() as folder:
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                cdflib.xarray.xarray_to_cdf(
                    dataset, os.path.join(folder, "copy.cdf"), terminate_on_warning=True
                )
        except Exception as error:
            problems.append(str(error))
    print(json.dumps({"name": os.path.basename(path), "problems": problems, "parents": parents}))
