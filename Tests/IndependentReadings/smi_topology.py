"""nvidia-smi topo -m: a matrix of tabs."""

import re

from common import main


def read(text):
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.split("\n")]
    heading = next(line for line in lines if re.match(r"\s*GPU0\b", line) and "Affinity" in line)
    names = [cell.strip() for cell in heading.split("\t")]
    columns = [position for position, name in enumerate(names) if re.fullmatch(r"GPU\d+|NIC\d+|mlx\S+", name)]
    rows = []
    for line in lines:
        cells = [cell.strip() for cell in line.split("\t")]
        if re.fullmatch(r"GPU\d+", cells[0]):
            affinity = dict(zip(names, cells))
            rows.append({"name": cells[0], "links": [cells[position] for position in columns],
                         "cpus": affinity.get("CPU Affinity"), "numa": affinity.get("NUMA Affinity")})
    return {"rows": rows}


main(read)
