"""What the Python sides share: files read again and again for a second; the best pass as "bytes seconds"."""

import sys
import time


def measure(read):
    files = []
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            files.append(file.read())
    best, until = float("inf"), time.monotonic() + 1
    while time.monotonic() < until:
        began = time.perf_counter()
        for file in files:
            read(file)
        best = min(best, time.perf_counter() - began)
    print(sum(map(len, files)), best)
