"""nvidia-smi -L, and nvlink --status."""

import re

from common import main


def read(text):
    gpus = []
    for line in text.split("\n"):
        gpu = re.match(r"GPU (\d+): (.*) \(UUID: (GPU-[0-9a-fA-F-]+)\)", line.strip())
        instance = re.match(r"MIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-\S+)\)", line.strip())
        link = re.match(r"Link (\d+): (?:(\d+(?:\.\d+)?) GB/s|<inactive>)$", line.strip())
        if gpu:
            gpus.append(
                {"index": int(gpu.group(1)), "name": gpu.group(2), "uuid": gpu.group(3), "mig": [], "links": []})
        elif link:
            gpus[-1]["links"].append(
                {"number": int(link.group(1)), "rate": float(link.group(2)) if link.group(2) else None})
        elif instance:
            gpus[-1]["mig"].append(
                {"index": int(instance.group(2)), "profile": instance.group(1), "uuid": instance.group(3)})
    return {"gpus": gpus}


main(read)
