"""What nvidia-smi says when it fails: which of its sentences."""

from common import main

SENTENCES = [
    ("couldNotCommunicate", "couldn't communicate with the NVIDIA driver"),
    ("libraryMissing", "couldn't find libnvidia-ml"),
    ("noDevices", "No devices were found"),
    ("versionMismatch", "Driver/library version mismatch"),
    ("unknownNVMLError", "Failed to initialize NVML: Unknown Error"),
    ("deviceHandle", "the device handle for"),
]


def read(text):
    found = []
    for line in text.split("\n"):
        found += [name for name, words in SENTENCES if words in line][:1]
    return {"failures": found}


main(read)
