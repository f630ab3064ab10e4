import Contract
package import Telemetry

extension XidEvent {
    /// The error that a record of /dev/kmsg tells; nil for any other record.
    ///
    /// "NVRM: Xid (PCI:0000:00:16): 79, pid=…, name=…, GPU has fallen off the bus." Source of the spellings:
    /// open-gpu-kernel-modules, kernel_rc.c (with " GPU-I:05" and " GPU-CI:01" behind the address where MIG is on); drivers
    /// before about 300 left "PCI:" out, and before that the domain: "Xid (0000:03:00): 13", "Xid (0003:00): 13". NVSwitch's
    /// SXid is another table of numbers and is not taken.
    package init?(kernelRecord record: some StringProtocol) {
        guard let mark = record.firstRange(of: "NVRM: Xid (") else { return nil }
        let rest = record[mark.upperBound...]
        guard let close = rest.firstIndex(of: ")") else { return nil }
        let place = rest[..<close].split(separator: " ")
        var number = rest[rest.index(after: close)...].drop { $0 == ":" || $0 == " " }
        let digits = number.prefix { $0.isASCII && $0.isNumber }
        guard let code = Int(digits), (1...9999).contains(code) else { return nil }
        number = number[digits.endIndex...].drop { $0 == "," || $0 == " " }
        let instances = place.dropFirst().filter { $0.hasPrefix("GPU-") }.joined(separator: " ")
        let text = Printable.line(number, limit: TelemetryLimits.text - 30)
        self.init(
            code: code, pciAddress: place.first.flatMap { Self.address(String($0)) },
            text: instances.isEmpty ? text : "\(Printable.line(instances, limit: 28)): \(text)")
    }

    /// "PCI:0000:00:16", "PCI:0000:00:16.0", "0000:00:16", "0003:00" as sysfs spells it. The driver tells no function: its own
    /// is 0.
    private static func address(_ place: String) -> String? {
        let text = place.hasPrefix("PCI:") ? place.dropFirst(4) : place[...]
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let function = parts.last?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard let device = function.first, function.count <= 2 else { return nil }
        parts[parts.count - 1] = device
        let numbers = parts.map { UInt32($0, radix: 16) }
        let (domain, bus, slot): (UInt32?, UInt32?, UInt32?)
        switch parts.count {
        case 2: (domain, bus, slot) = (0, numbers[0], numbers[1])
        case 3: (domain, bus, slot) = (numbers[0], numbers[1], numbers[2])
        default: return nil
        }
        guard let domain, let bus, let slot, bus <= 0xff, slot <= 0x1f else { return nil }
        let last = function.count == 2 ? UInt32(function[1]) : 0
        guard let last, last <= 7 else { return nil }
        return "\(hex(domain, 4)):\(hex(bus, 2)):\(hex(slot, 2)).\(last)"
    }

    private static func hex(_ number: UInt32, _ width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
