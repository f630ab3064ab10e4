"""nvidia-smi's table, by regular expressions over whole lines."""

import re

from common import address, main, number, size, words

GPU = re.compile(
    r"^\|\s*(\d+)\s+(.*?)\s+\S+\s*\|\s*([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-7])\s+\S+\s*\|")
FIGURES = re.compile(
    r"^\|\s*(\S+%|N/A|ERR!)\s+(\S+)\s+(\S+)\s+(\S+)\s*/\s*(\S+)\s*\|\s*(.*?)\s*\|\s*(\S+)\s+(.*?)\s*\|")
# Number, the MIG instances (from 450), pid, type (from 352), command, memory.
PROCESS = re.compile(
    r"^\|\s+(\d+)\s+(?:(?:\d+|N/A)\s+(?:\d+|N/A)\s+)?(\d+)\s+(?:(C\+G|C|G|M\+C)\s+)?(.*?)\s+(\d+ ?[KMG]?i?B|N/A)\s*\|\s*$")


def after(label, text):
    match = re.search(rf"{label}:? +(\d[\d.]*)", text)
    return match.group(1) if match else None


def read(text):
    gpus, by_index, below, processes_began = [], {}, None, False
    for line in text.split("\n"):
        line = line.strip()
        if "Processes:" in line or re.match(r"\|\s+GPU\s+GI\s+CI\s+PID", line) or "processes:" in line:
            processes_began = True
        if processes_began:
            match = PROCESS.match(line)
            if match and int(match.group(1)) in by_index:
                by_index[int(match.group(1))]["processes"].append({
                    "pid": int(match.group(2)), "type": match.group(3), "name": words(match.group(4)),
                    "memory": size(match.group(5))})
            continue
        match = GPU.match(line)
        if match:
            name = match.group(2)
            below = {
                "name": name[:-3].rstrip() if name.endswith("...") else name, "bus": address(match.group(3)),
                "temperature": None, "fan": None, "memoryTotal": None, "memoryUsed": None, "power": None,
                "powerLimit": None, "utilization": None, "processes": []}
            gpus.append(below)
            by_index[int(match.group(1))] = below
            continue
        match = FIGURES.match(line)
        if match and below is not None:
            used, _, total = match.group(6).partition("/")
            below.update(
                fan=number(match.group(1), "%"), temperature=number(match.group(2), "C"),
                power=number(match.group(4), "W"), powerLimit=number(match.group(5), "W"),
                memoryUsed=size(used), memoryTotal=size(total), utilization=number(match.group(7), "%"))
            below = None
    heading = next((line for line in text.split("\n") if "NVIDIA-SMI" in line and "|" in line), "")
    return {
        "driver": after("KMD Version", heading) or after("Driver Version", heading),
        "cuda": after("CUDA UMD Version", heading) or after("CUDA Version", heading),
        "gpus": gpus,
    }


main(read)
