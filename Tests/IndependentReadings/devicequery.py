"""The CUDA sample deviceQuery: blocks of one device, each line by its label."""

import re

from common import main


def find(pattern, block, convert=str):
    match = re.search(pattern, block, re.MULTILINE)
    return convert(match.group(1)) if match else None


def read_device(block):
    cores = re.search(r"\( *(\d+)\) Multiprocessors(?:,| x) *\( *(\d+)\) CUDA Cores/MP"
                      r"|Multiprocessors x Cores/MP = Cores: +(\d+) \(MP\) x (\d+)", block)
    cores = [int(number) for number in cores.groups() if number] if cores else None
    multiprocessors = cores[0] if cores else find(r"Number of multiprocessors: +(\d+)", block, int)
    all_cores = find(r"Number of cores: +(\d+)", block, int)
    each = cores[1] if cores else all_cores // multiprocessors if all_cores else None
    gigahertz = find(r"^ *(?:GPU )?Clock (?:Speed|rate): +([\d.]+) GHz", block, float)
    pci = re.search(r"Device PCI (Domain ID / )?Bus ID / (?:PCI )?location ID: *([\d /]+)", block)
    place = [int(number) for number in pci.group(2).split("/")] if pci else None
    versions = re.search(r"CUDA Driver Version / Runtime Version +([\d.]+) / ([\d.]+)", block)
    return {
        "name": find(r'^ *Device \d+: "(.*)"', block),
        "driver": versions.group(1) if versions else find(r"CUDA Driver Version: +([\d.]+)", block),
        "runtime": versions.group(2) if versions else find(r"CUDA Runtime Version: +([\d.]+)", block),
        "capability": find(r"CUDA Capability Major/Minor version number: +([\d.]+)", block),
        "memoryTotal": find(r"Total amount of global memory:.*?(\d+) bytes", block, int),
        "multiprocessors": multiprocessors,
        "coresPerMultiprocessor": each,
        "clock": round(gigahertz * 1000) if gigahertz else find(r"GPU (?:Max )?Clock rate: +(\d+) MHz", block, int),
        "memoryClock": find(r"Memory Clock rate: +(\d+)(?:\.\d+)? M", block, int),
        "busWidth": find(r"Memory Bus Width: +(\d+)-bit", block, int),
        "l2Cache": find(r"L2 Cache Size: +(\d+) bytes", block, int),
        "ecc": find(r"Device has ECC support(?: enabled)?: +(\w+)", block,
                    lambda word: word in ("Enabled", "Yes")),
        "bus": f"{place[0] if len(place) == 3 else 0:04x}:{place[-2]:02x}:{place[-1]:02x}.0" if place else None,
    }


def read(text):
    devices = [read_device(block) for block in re.split(
        r"^(?= *Device \d+: \")|^(?= *CUDA Driver Version / Runtime)(?<!\"\n)", text, flags=re.MULTILINE)
        if "Runtime Version " in block or re.match(r' *Device \d+: "', block)]
    devices = [device for device in devices if device["capability"]]
    failed = re.search(r"returned (\d+)\n-> (.*)", text)
    verdict = re.search(r"^(?:Result = )?(PASS(?:ED)?|FAIL(?:ED)?)\s*$", text, re.MULTILINE)
    return {
        "devices": devices,
        "code": int(failed.group(1)) if failed else None,
        "passed": verdict.group(1).startswith("PASS") if verdict else None,
    }


main(read)
