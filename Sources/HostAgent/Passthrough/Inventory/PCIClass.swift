extension HostPCIDevice {
    /// What kind of device it is, in a word or two, by its class code; the code itself for a rare one.
    public var kind: String {
        // A serial bus controller of no known kind (0c80) is how NVIDIA's USB-C cards show their UCSI controller.
        if vendor == Self.nvidia, classCode >> 8 == 0x0c80 { return "UCSI" }
        if let words = kinds[classCode >> 8] { return words }
        let digits = String(classCode >> 8, radix: 16)
        return "class " + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}

/// By base class and subclass (PCI Code and ID Assignment Specification).
private let kinds: [UInt32: String] = [
    0x0100: "SCSI", 0x0101: "IDE", 0x0104: "RAID", 0x0106: "SATA", 0x0107: "SAS", 0x0108: "NVMe",
    0x0200: "Ethernet", 0x0207: "InfiniBand", 0x0280: "network",
    0x0300: "VGA", 0x0302: "3D", 0x0380: "display",
    0x0401: "audio", 0x0403: "audio",
    0x0500: "memory", 0x0580: "memory",
    0x0600: "host bridge", 0x0601: "ISA bridge", 0x0604: "PCI bridge", 0x0680: "bridge",
    0x0700: "serial port", 0x0780: "communication", 0x0880: "system",
    0x0c03: "USB", 0x0c05: "SMBus", 0x0c80: "serial bus",
    0x1080: "encryption", 0x1180: "signal", 0x1200: "accelerator", 0x1300: "instrumentation",
]
