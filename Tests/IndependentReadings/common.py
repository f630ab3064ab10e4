"""What the scripts share: files in, one line of JSON per file out."""

import json
import re
import sys


def text_of(path):
    with open(path, "rb") as file:
        data = file.read()
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def main(read):
    """`read` takes a file's text and returns what is in it."""
    for path in sys.argv[1:]:
        found = read(text_of(path).replace("\r\n", "\n"))
        print(json.dumps({"file": path, **found}, sort_keys=True))


def number(text, unit=""):
    """A number before its unit, None for every kind of having none."""
    if text is None:
        return None
    match = re.fullmatch(r"\[?\s*(-?\d+(?:\.\d+)?)\s*([^\d\s\]]*)\]?", text.strip())
    if not match or match.group(2).lower() != unit.lower():
        return None
    value = float(match.group(1))
    return int(value) if value.is_integer() else value


SIZES = {"b": 1, "kib": 1 << 10, "mib": 1 << 20, "mb": 1 << 20, "gib": 1 << 30}


def size(text):
    """Bytes of "4040 MiB"; MB is what the tools printed before they learned to spell MiB."""
    match = re.fullmatch(r"\s*(\d+)\s*([KMG]?i?B)\s*", text or "", re.IGNORECASE)
    return int(match.group(1)) * SIZES[match.group(2).lower()] if match else None


NOTHING = {"", "n/a", "not supported", "unknown error", "err!", "gpu is lost", "not found", "function not found",
           "insufficient permissions", "requested functionality has been deprecated"}


def words(text):
    """A text, None where it only says that there is none."""
    if text is None:
        return None
    text = text.strip()
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    return None if bare.lower() in NOTHING else text


def address(text):
    """A PCI address as the kernel spells it."""
    match = re.fullmatch(r"([0-9A-Fa-f]+):([0-9A-Fa-f]{2}):([0-9A-Fa-f]{2}\.[0-7])", (text or "").strip())
    return f"{int(match.group(1), 16):04x}:{match.group(2)}:{match.group(3)}".lower() if match else None
