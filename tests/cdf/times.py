"""Prints what cdflib makes of times: for each line `tt2000 N`, `epoch F`, `epoch16 S P` its text in UTC; for `iso TYPE TEXT` its time."""
import sys

import cdflib
from cdflib.epochs import CDFepoch

for line in sys.stdin.read().splitlines():
    kind, *rest = line.split(" ")
    if kind == "tt2000":
        print(CDFepoch.encode_tt2000(int(rest[0])))
    elif kind == "epoch":
        print(CDFepoch.encode_epoch(float(rest[0])))
    elif kind == "epoch16":
        print(CDFepoch.encode_epoch16(complex(float(rest[0]), float(rest[1]))))
    else:
        parts = [int(part) for part in rest[1].replace("T", "-").replace(":", "-").replace(".", "-").split("-")]
        fraction = rest[1].split(".")[1]
        groups = [int(fraction[at:at + 3]) for at in range(0, 12, 3)]
        parts = parts[:6]
        if rest[0] == "TT2000":
            print(int(CDFepoch.compute_tt2000([*parts, *groups[:3]])))
        elif rest[0] == "EPOCH":
            print(repr(float(CDFepoch.compute_epoch([*parts, groups[0]]))))
        else:
            time = CDFepoch.compute_epoch16([*parts, *groups])
            time = complex(time)
            print(repr(time.real), repr(time.imag))
