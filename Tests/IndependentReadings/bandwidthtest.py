"""The CUDA sample bandwidthTest: its tables and its lines of CSV."""

import re

from common import main

DIRECTIONS = {"Host to Device": "hostToDevice", "Device to Host": "deviceToHost", "Device to Device": "deviceToDevice",
              "H2D": "hostToDevice", "D2H": "deviceToHost", "D2D": "deviceToDevice"}
# A MB of theirs is 2^20 bytes, a GB 10^9.
FACTORS = {"MB": 1 << 20, "GB": 10 ** 9}
TABLE = re.compile(
    r"(Host to Device|Device to Host|Device to Device) Bandwidth.*?\n(?:.*?\n)*?\s*Transfer Size \(Bytes\)\s+"
    r"Bandwidth\((MB|GB)/s\)\s*\n((?:[ \t]*\d+[ \t]+[\d.]+[ \t]*\n)+)")
LINE = re.compile(r"bandwidthTest-(H2D|D2H|D2D)\S*, Bandwidth = ([\d.]+) (MB|GB)/s, .*?Size = (\d+) bytes")


def read(text):
    figures = []
    for direction, unit, rows in TABLE.findall(text + "\n"):
        for row in rows.strip().split("\n"):
            size, figure = row.split()
            figures.append((DIRECTIONS[direction], int(size), float(figure) * FACTORS[unit]))
    for direction, figure, unit, size in LINE.findall(text):
        figures.append((DIRECTIONS[direction], int(size), float(figure) * FACTORS[unit]))
    return {
        "devices": [name.strip() for name in re.findall(r"^ *Device \d+: (.*)$", text, re.MULTILINE)],
        "figures": [{"direction": direction, "bytes": size, "rate": rate} for direction, size, rate in figures],
        "verdicts": [word == "PASS" for word in re.findall(r"Result = (PASS|FAIL)", text)],
    }


main(read)
