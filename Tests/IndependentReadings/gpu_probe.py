"""gpu-probe's document."""

import json

from common import main


def read(text):
    body = json.loads(text[text.index("{"):text.rindex("}") + 1])
    return {
        "cuda": body.get("driver_api_version"), "passed": body.get("result") == "pass",
        "devices": [{
            "name": device.get("name"), "uuid": device.get("uuid"), "bus": device.get("pci_bus_id"),
            "capability": device.get("compute_capability"), "memoryTotal": device.get("total_memory_bytes"),
            "rates": [copy.get("gigabytes_per_second") for copy in device.get("copies", [])],
        } for device in body.get("devices", [])],
    }


main(read)
