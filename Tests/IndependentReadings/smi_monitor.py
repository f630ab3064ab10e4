"""nvidia-smi dmon and pmon: columns by their headings."""

import re

from common import main

FACTS = {"pwr": "power", "gtemp": "temperature", "mtemp": "memoryTemperature", "sm": "utilization",
         "mem": "memoryUtilization", "mclk": "clockMemory", "pclk": "clockGraphics"}


def read(text):
    columns, rows = [], []
    # Rows are right-aligned: what begins in the first column is no row.
    for line in re.findall(r"^(?:#|[ \t]+\d).*$", text, re.MULTILINE):
        cells = line.split()
        if line.startswith("#"):
            if "gpu" in cells:
                columns = cells[1:] if cells[0] == "#" else cells
        elif cells and columns:
            named = dict(zip(columns, cells))
            whole = {key: None if cell == "-" else int(cell) for key, cell in named.items()
                     if cell == "-" or cell.isdigit()}
            if "pid" in named:
                if named["pid"] != "-":
                    rows.append({"gpu": whole["gpu"], "pid": whole["pid"], "type": named["type"],
                                 "name": line.split(None, len(columns) - 1)[-1].strip(), "sm": whole.get("sm")})
            else:
                rows.append({"gpu": whole["gpu"], **{fact: whole.get(key) for key, fact in FACTS.items()
                                                     if key in named}})
    return {"rows": rows}


main(read)
