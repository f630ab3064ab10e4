"""nvidia-smi -q -x, by ElementTree."""

import re
import xml.etree.ElementTree as ElementTree

from common import address, main, number, size, words


def first(gpu, convert, *paths):
    """The first of the places that has a value: names changed with the years."""
    for path in paths:
        value = convert(gpu.findtext(path))
        if value is not None:
            return value
    return None


def whole(value):
    """Some program in between printed a share with decimals; it is a whole number."""
    return None if value is None else int(value + 0.5)


def read_process(process):
    return {
        "pid": number(process.findtext("pid")),
        "name": words(process.findtext("process_name")),
        "type": words(process.findtext("type")),
        "memory": size(process.findtext("used_memory")),
    }


def read_gpu(gpu):
    def celsius(text): return number(text, "C")
    def percent(text): return whole(number(text, "%"))
    def watts(text): return number(text, "W")
    def megahertz(text): return number(text, "MHz")

    return {
        "name": words(gpu.findtext("product_name")),
        "bus": address(gpu.findtext("pci/pci_bus_id") or gpu.get("id")),
        "uuid": words(gpu.findtext("uuid")),
        "temperature": first(gpu, celsius, "temperature/gpu_temp"),
        "memoryTemperature": first(gpu, celsius, "temperature/memory_temp"),
        "fan": first(gpu, percent, "fan_speed"),
        "memoryTotal": size(gpu.findtext("fb_memory_usage/total")),
        "memoryUsed": size(gpu.findtext("fb_memory_usage/used")),
        "memoryFree": size(gpu.findtext("fb_memory_usage/free")),
        # Average where the GPU averages, else of the moment.
        "power": first(gpu, watts, "power_readings/power_draw", "gpu_power_readings/power_draw",
                       "gpu_power_readings/average_power_draw", "gpu_power_readings/instant_power_draw"),
        "powerLimit": first(gpu, watts, "power_readings/enforced_power_limit", "power_readings/power_limit",
                            "gpu_power_readings/current_power_limit",
                            "gpu_power_readings/gpu_ceiling_power_limit/current_power_limit"),
        "utilization": first(gpu, percent, "utilization/gpu_util"),
        "memoryUtilization": first(gpu, percent, "utilization/memory_util"),
        "clockGraphics": first(gpu, megahertz, "clocks/graphics_clock"),
        "clockSM": first(gpu, megahertz, "clocks/sm_clock"),
        "clockMemory": first(gpu, megahertz, "clocks/mem_clock"),
        "processes": [read_process(process) for process in gpu.iter("process_info")],
    }


def read(text):
    # The parser is given the document alone; what ElementTree does with a DOCTYPE is to skip it.
    start = re.search(r"<\?xml|<!DOCTYPE|<nvidia_smi_log", text).start()
    end = text.index("</nvidia_smi_log>") + len("</nvidia_smi_log>")
    document = re.sub(r"^<\?xml[^>]*>", "", text[start:end])
    root = ElementTree.fromstring(document)
    return {
        "driver": words(root.findtext("driver_version")),
        "cuda": words(root.findtext("cuda_version")),
        "gpus": [read_gpu(gpu) for gpu in root.findall("gpu")],
    }


main(read)
