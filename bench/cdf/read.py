"""Reads all variables of a file with cdflib or pycdfpp, and prints the seconds that it took."""
import sys
import time

library, path = sys.argv[1:]
total = 0
if library == "cdflib":
    import cdflib

    started = time.perf_counter()
    cdf = cdflib.CDF(path)
    for name in cdf.cdf_info().zVariables:
        total += cdf.varget(name).nbytes
else:
    import pycdfpp

    started = time.perf_counter()
    cdf = pycdfpp.load(path)
    for name in cdf:
        total += cdf[name].values.nbytes
print(time.perf_counter() - started, total)
