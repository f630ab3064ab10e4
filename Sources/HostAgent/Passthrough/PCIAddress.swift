/// Where a PCI function sits: domain, bus, device and function, as `lspci -D` and sysfs write them.
public struct PCIAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// PCI domain (segment), 0 on nearly every machine.
    public let domain: UInt16
    /// Bus number.
    public let bus: UInt8
    /// Device ("slot") on the bus, 0 to 31.
    public let device: UInt8
    /// Function of the device, 0 to 7. A GPU is usually function 0, its HDMI audio function 1.
    public let function: UInt8

    /// Reads "41:00.0" or "0000:41:00.0", hexadecimal in either case; nil for anything else.
    public init?(_ text: String) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var domain: UInt16 = 0
        if parts.count == 3 {
            guard parts[0].utf8.count == 4, let value = hexadecimal(parts[0]) else { return nil }
            domain = UInt16(value)
            parts.removeFirst()
        }
        guard parts.count == 2, parts[0].utf8.count == 2, let bus = hexadecimal(parts[0]) else { return nil }
        let slot = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard slot.count == 2, slot[0].utf8.count == 2, slot[1].utf8.count == 1,
            let device = hexadecimal(slot[0]), device < 32, let function = hexadecimal(slot[1]), function < 8
        else { return nil }
        self.domain = domain
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

    /// The full form, lower case: "0000:41:00.0".
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
