"""nvbandwidth, text and JSON."""

import json
import re

from common import main


def cell(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def release(number):
    return f"{number // 1000}.{number % 1000 // 10}"


def read_json(text):
    body = json.loads(text[text.index("{"):text.rindex("}") + 1])["nvbandwidth"]
    return {
        "driver": body.get("Driver Version"),
        "cuda": release(body["CUDA Runtime Version"]) if "CUDA Runtime Version" in body else None,
        "devices": [], "cases": [
            {"name": case["name"], "sum": case.get("sum"),
             "matrix": [[cell(value) for value in row] for row in case.get("bandwidth_matrix", [])]}
            for case in body["testcases"] if isinstance(case.get("name"), str)],
    }


def read(text):
    if '"nvbandwidth"' in text:
        return read_json(text)
    cases = []
    for name, body in re.findall(r"^Running (\w+)\.\n((?:.*\n)*?)(?=^Running |\Z)", text + "\n", re.MULTILINE):
        total = re.search(rf"^SUM {name} ([\d.]+)", body, re.MULTILINE)
        rows = re.findall(r"^ *\d+((?: +(?:\d+\.\d+|N/A))+) *$", body, re.MULTILINE)
        cases.append({
            "name": name, "sum": float(total.group(1)) if total else None,
            "matrix": [[cell(value) for value in row.split()] for row in rows]})
    driver = re.search(r"^Driver Version: (\S+)", text, re.MULTILINE)
    runtime = re.search(r"^CUDA Runtime Version: (\d+)", text, re.MULTILINE)
    return {
        "driver": driver.group(1) if driver else None,
        "cuda": release(int(runtime.group(1))) if runtime else None,
        "devices": [re.sub(r" \([0-9a-fA-F:]+\)$", "", name)
                    for name in re.findall(r"^Device \d+: (.*?) *$", text, re.MULTILINE)],
        "cases": cases,
    }


main(read)
