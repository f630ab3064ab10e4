"""The fields of nvidia-smi -q -x by ElementTree (its C accelerator): a tree, a walk over each GPU, numbers out of texts."""

import xml.etree.ElementTree as ElementTree

from timing import measure

ABSENT = {"N/A", "", "Not Supported", "Unknown Error", "Requested functionality has been deprecated", "GPU is lost"}


def value(text):
    """A number with its unit gone, a text, or None."""
    if text is None:
        return None
    text = text.strip()
    if text in ABSENT:
        return None
    number = text.split(" ", 1)[0]
    try:
        return int(number)
    except ValueError:
        try:
            return float(number)
        except ValueError:
            return text


def walk(element, path, facts):
    for child in element:
        name = path + child.tag
        if len(child):
            if child.tag in ("processes", "compute_processes"):
                facts["processes"] = [{field.tag: value(field.text) for field in process} for process in child]
            elif child.tag == "mig_devices":
                facts["mig_devices"] = [device({}, one) for one in child]
            elif child.tag == "supported_clocks":
                facts["supported_clocks"] = [
                    [value(clock.text) for clock in memory] for memory in child]
            else:
                walk(child, name + "/", facts)
        else:
            facts[name] = value(child.text)


def device(facts, element):
    walk(element, "", facts)
    return facts


def read(document):
    root = ElementTree.fromstring(document)
    return [device({"id": gpu.get("id")}, gpu) for gpu in root.findall("gpu")]


measure(read)
