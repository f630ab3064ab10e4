/// Where a PCI function sits: domain, bus, device and function, as `lspci -D` and sysfs write them.
public struct PCIAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// PCI domain (segment), 0 on nearly every machine; from 0x10000 on behind Intel VMD.
    public let domain: UInt32
    /// Bus number.
    public let bus: UInt8
    /// Device ("slot") on the bus, 0 to 31.
    public let device: UInt8
    /// Function of the device, 0 to 7. A GPU is usually function 0, its HDMI audio function 1.
    public let function: UInt8

    /// Reads any usual form, hexadecimal in either case; nil for anything else:
    ///
    /// - `41:00.0`, `0000:41:00.0` (lspci, sysfs, QEMU), `41:00` (the slot: its function 0)
    /// - `00000000:41:00.0` (nvidia-smi), `10000:01:00.0` (domains beyond four digits, behind Intel VMD)
    /// - `pci@0000:41:00.0` (lshw), `pci_0000_41_00_0` (libvirt), `/sys/bus/pci/devices/0000:41:00.0`
    public init?(_ text: String) {
        var form = Substring(text)
        if form.hasPrefix("/sys/"), let name = form.split(separator: "/").last { form = name }
        let lower = form.prefix(4).lowercased()
        var parts: [Substring]
        if lower == "pci_" {
            parts = form.dropFirst(4).split(separator: "_", omittingEmptySubsequences: false)
            guard parts.count == 4 else { return nil }
        } else {
            if lower == "pci@" { form = form.dropFirst(4) }
            parts = form.split(separator: ":", omittingEmptySubsequences: false)
            let slot = (parts.popLast() ?? "").split(separator: ".", omittingEmptySubsequences: false)
            guard (1...2).contains(slot.count) else { return nil }
            parts += slot.count == 1 ? [slot[0], "0"] : slot
        }
        var domain = 0
        if parts.count == 4 {
            guard (4...8).contains(parts[0].utf8.count), let value = hexadecimal(parts[0]) else { return nil }
            domain = value
            parts.removeFirst()
        }
        guard parts.count == 3, parts[0].utf8.count == 2, parts[1].utf8.count == 2, parts[2].utf8.count == 1,
            let bus = hexadecimal(parts[0]), let device = hexadecimal(parts[1]), device < 32,
            let function = hexadecimal(parts[2]), function < 8
        else { return nil }
        self.domain = UInt32(domain)
        self.bus = UInt8(bus)
        self.device = UInt8(device)
        self.function = UInt8(function)
    }

    /// Whether both are functions of one device.
    public func isSameSlot(as other: PCIAddress) -> Bool {
        (domain, bus, device) == (other.domain, other.bus, other.device)
    }

    /// Domain, bus, device, function, in this order.
    public static func < (one: PCIAddress, other: PCIAddress) -> Bool {
        (one.domain, one.bus, one.device, one.function) < (other.domain, other.bus, other.device, other.function)
    }

    /// The full form as sysfs has it, lower case: "0000:41:00.0".
    public var description: String {
        "\(padded(domain, to: 4)):\(padded(bus, to: 2)):\(padded(device, to: 2)).\(function)"
    }
}

extension PCIAddress: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let address = PCIAddress(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a PCI address: \(text)")
        }
        self = address
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// `Int(_:radix:)` alone would take a sign, so "+1:00.0" would pass.
private func hexadecimal(_ text: Substring) -> Int? {
    guard text.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
    return Int(text, radix: 16)
}

private func padded(_ value: some BinaryInteger, to width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
