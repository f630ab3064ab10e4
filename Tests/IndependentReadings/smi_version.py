"""nvidia-smi --version: a table of two columns. Where a line says to see another one, that one counts."""

import re

from common import main


def read(text):
    rows = dict(re.findall(r"^(\S.*?) version +: (.*)$", text, re.IGNORECASE | re.MULTILINE))
    rows = {name.upper(): said for name, said in rows.items()}

    def version(name):
        said = rows.get(name, "")
        other = re.match(r'Deprecated, see "(.+) version"', said)
        return version(other.group(1)) if other else said if re.match(r"\d", said) else None

    return {"smi": version("NVIDIA-SMI"), "nvml": version("NVML"), "driver": version("DRIVER"), "cuda": version("CUDA")}


main(read)
