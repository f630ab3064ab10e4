"""lspci in all its spellings: the devices, their ids and the driver in use."""

import re

from common import main

# "0000:01:00.0 VGA compatible controller [0300]: NVIDIA Corporation GP104 [GeForce GTX 1080] [10de:1b80] (rev a1)"
LINE = re.compile(
    r"^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) ([^:\[]+?)(?: \[([0-9a-f]{4})\])?: (.*)$")


def read(text):
    devices = []
    for line in text.split("\n"):
        match = LINE.match(line)
        if match:
            domain, place, kind, code, name = match.groups()
            ids = re.search(r"\[([0-9a-f]{4}):([0-9a-f]{4})\]", name)
            # Where the list of names has none, the number stands in its place.
            nameless = re.search(r" Device ([0-9a-f]{4})\b", name)
            devices.append({
                "bus": f"{int(domain or '0', 16):04x}:{place}", "class": kind, "classCode": code,
                "nvidia": "NVIDIA" in name or bool(ids and ids.group(1) == "10de"),
                "vendor": ids.group(1) if ids else None, "device": ids.group(2) if ids else nameless.group(1) if nameless else None, "driver": None,
                "modules": []})
            continue
        # -x: the first bytes of the configuration space, numbers with the low byte first.
        dump = re.match(r"00:((?: [0-9a-f]{2}){16})$", line)
        if dump and devices:
            space = dump.group(1).split()
            devices[-1].update(vendor=space[1] + space[0], device=space[3] + space[2], classCode=space[11] + space[10])
        driver = re.match(r"\s+Kernel driver in use: (\S+)", line)
        modules = re.match(r"\s+Kernel modules: (.*)", line)
        if driver and devices:
            devices[-1]["driver"] = driver.group(1)
        elif modules and devices:
            devices[-1]["modules"] = [module.strip() for module in modules.group(1).split(",")]
    return {"devices": devices}


main(read)
