"""nvidia-smi --query-gpu, --query-compute-apps and --query-retired-pages with their header, by Python's csv."""

import csv
import io
import re

from common import address, main, number, size, words

PLAIN = {
    "name": ("name", words), "gpu_name": ("name", words), "uuid": ("uuid", words), "gpu_uuid": ("uuid", words),
    "pci.bus_id": ("bus", address), "gpu_bus_id": ("bus", address), "temperature.gpu": ("temperature", number),
    "temperature.memory": ("memoryTemperature", number),
    "retired_pages.address": ("page", words), "retired_pages.timestamp": ("retired", words),
    "retired_pages.cause": ("cause", words),
}
UNITS = {
    "utilization.gpu": ("utilization", "%"), "utilization.memory": ("memoryUtilization", "%"),
    "power.draw": ("power", "W"), "enforced.power.limit": ("powerLimit", "W"), "fan.speed": ("fan", "%"),
    "clocks.current.graphics": ("clockGraphics", "MHz"), "clocks.current.sm": ("clockSM", "MHz"),
    "clocks.current.memory": ("clockMemory", "MHz"),
}
SIZES = {"memory.total": "memoryTotal", "memory.used": "memoryUsed", "memory.free": "memoryFree",
         "used_gpu_memory": "memory"}


def read(text):
    lines = [line for line in text.split("\n") if line.strip()]
    rows = list(csv.reader(io.StringIO("\n".join(lines)), skipinitialspace=True, quoting=csv.QUOTE_NONE))
    header = [re.fullmatch(r"(\S+)(?: \[(.*)\])?", cell.strip()) for cell in rows[0]]
    gpus, driver = [], None
    for row in rows[1:]:
        if len(row) != len(rows[0]):
            continue
        gpu = {}
        for column, cell in zip(header, row):
            name, unit = column.group(1), column.group(2)
            bare = cell.rstrip().endswith(tuple("0123456789"))
            if name == "driver_version":
                driver = words(cell)
            elif name in PLAIN:
                key, convert = PLAIN[name]
                gpu[key] = convert(cell)
            elif name in UNITS:
                key, unit = UNITS[name]
                gpu[key] = number(cell, "" if bare else unit)
            elif name in SIZES:
                gpu[SIZES[name]] = size(cell + (" " + unit if bare and unit else ""))
            elif name == "pid":
                gpu["pid"] = number(cell)
            elif name == "process_name":
                gpu["process"] = words(cell)
        gpus.append(gpu)
    return {"driver": driver, "rows": gpus}


main(read)
