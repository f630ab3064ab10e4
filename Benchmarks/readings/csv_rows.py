"""The cells of nvidia-smi's CSV by Python's csv (its C reader): a dictionary a row, numbers out of texts."""

import csv
import io

from timing import measure


def value(text):
    if text.startswith("[") or text == "N/A":
        return None
    number = text.split(" ", 1)[0]
    try:
        return int(number)
    except ValueError:
        try:
            return float(number)
        except ValueError:
            return text


def read(document):
    rows = csv.reader(io.StringIO(document.decode()), skipinitialspace=True)
    names = [name.split(" ", 1)[0] for name in next(rows)]
    return [dict(zip(names, map(value, row))) for row in rows]


measure(read)
