"""nvidia-smi -q as text, by regular expressions over the lines of one GPU and its sections."""

import re

from common import address, main, number, size, words


def section(block, *names):
    """The lines below a heading of four blanks, without those of the sections in it."""
    for name in names:
        match = re.search(rf"^    {re.escape(name)} *\n((?:        .*\n|\s*\n)*)", block, re.MULTILINE)
        if match:
            return match.group(1)
    return ""


def value(block, key, depth=8):
    match = re.search(rf"^ {{{depth}}}{key} *:(.*)$", block, re.MULTILINE)
    return match.group(1) if match else None


def first(*values):
    return next((value for value in values if value is not None), None)


def read_processes(block):
    processes = []
    for part in re.split(r"^ +Process ID *:", section(block, "Processes"), flags=re.MULTILINE)[1:]:
        lines = part.split("\n")
        processes.append({
            "pid": number(lines[0]),
            "name": words(value(part, "Name", 12)),
            "type": words(value(part, "Type", 12)),
            "memory": size(value(part, "Used GPU Memory", 12)),
        })
    return processes


def read_samples(block):
    """What -d POWER, CLOCK and UTILIZATION add, by section. A time of more than a century is one below zero."""
    found = {}
    for name, unit in (("Power", "W"), ("SM Clock", "MHz"), ("Memory Clock", "MHz"), ("GPU Utilization", "%"),
                       ("Memory Utilization", "%"), ("ENC Utilization", "%"), ("DEC Utilization", "%")):
        part = section(block, name + " Samples")
        seconds = number(value(part, "Duration"), "sec")
        if part:
            found[name] = [None if seconds and seconds > 3e9 else seconds, number(value(part, "Number of Samples"))] + [
                number(value(part, key), unit) for key in ("Max", "Min", "Avg")]
    return found


def read_gpu(heading, block):
    temperature = section(block, "Temperature")
    memory = section(block, "FB Memory Usage")
    utilization = section(block, "Utilization")
    power = section(block, "GPU Power Readings", "Power Readings")
    clocks = section(block, "Clocks")
    return {
        "name": words(value(block, "Product Name", 4)),
        "bus": address(heading),
        "uuid": words(value(block, "GPU UUID", 4)),
        "temperature": number(value(temperature, "GPU Current Temp"), "C"),
        "memoryTemperature": number(value(temperature, "Memory Current Temp"), "C"),
        "fan": number(value(block, "Fan Speed", 4), "%"),
        "memoryTotal": size(value(memory, "Total")),
        "memoryUsed": size(value(memory, "Used")),
        "memoryFree": size(value(memory, "Free")),
        "power": first(*(number(value(power, key), "W") for key in (
            "Power Draw", "Average Power Draw", "Instant(?:aneous)? Power Draw"))),
        "powerLimit": first(*(number(value(power, key, depth), "W") for key, depth in (
            ("Enforced Power Limit", 8), ("Power Limit", 8), ("Current Power Limit", 8),
            ("Current Power Limit", 12)))),
        "utilization": number(value(utilization, "G(?:pu|PU)"), "%"),
        "memoryUtilization": number(value(utilization, "Memory"), "%"),
        "clockGraphics": number(value(clocks, "Graphics"), "MHz"),
        "clockSM": number(value(clocks, "SM"), "MHz"),
        "clockMemory": number(value(clocks, "Memory"), "MHz"),
        "processes": read_processes(block),
        "samples": read_samples(block),
    }


def version(*texts):
    """Without the note in brackets that 610 adds."""
    for text in texts:
        if words(text) and re.match(r"\s*\d", text):
            return text.split()[0]
    return None


def read(text):
    # `--query --unit`, which bug reports append, is another log and has no GPU.
    log = re.split(r"^=+NVSMI LOG=+$", text + "\n", flags=re.MULTILINE)[1]
    head, *rest = re.split(r"^GPU ([0-9A-Fa-f]+:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-9]) *$", log, flags=re.MULTILINE)
    return {
        "driver": version(value(head, "KMD Version", 0), value(head, "Driver Version", 0)),
        "cuda": version(value(head, "CUDA UMD Version", 0), value(head, "CUDA Version", 0)),
        "gpus": [read_gpu(heading, block) for heading, block in zip(rest[0::2], rest[1::2])],
    }


main(read)
