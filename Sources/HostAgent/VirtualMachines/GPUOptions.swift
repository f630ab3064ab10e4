/// How GPUs are shown to the guest, beyond what they are.
public struct GPUOptions: Codable, Equatable, Sendable {
    /// The device number of the first GPU on the root bus itself, and of the next ones after it; nil: on q35 behind a root port
    /// for each, on pc from 0x10 on.
    public var address: Int?
    /// A file that the guest sees as the GPU's ROM in place of the card's own (`romfile`).
    public var romFile: String?
    /// Whether the guest sees a ROM at all (`rombar`).
    public var hasROM: Bool
    /// Further properties of QEMU's vfio-pci, for the GPU itself and not for its companions.
    public var properties: [DeviceProperty]

    /// Options; without arguments the card as it is.
    public init(
        address: Int? = nil, romFile: String? = nil, hasROM: Bool = true, properties: [DeviceProperty] = []
    ) {
        self.address = address
        self.romFile = romFile
        self.hasROM = hasROM
        self.properties = properties
    }

    /// Device numbers that are free on the root bus of both machine types.
    public static let addresses = 0x10...0x1e

    /// What cannot be, one sentence each. Pure.
    ///
    /// - Parameter count: How many GPUs there are.
    /// - Parameter anyReal: Whether one of them is a card of the host.
    public func problems(count: Int, anyReal: Bool) -> [String] {
        var problems: [String] = []
        if let address {
            let last = address + max(1, count) - 1
            if !Self.addresses.contains(address) || !Self.addresses.contains(last) {
                problems.append(
                    "--gpu-address 0x\(String(address, radix: 16)) leaves no room for \(count) GPU\(count == 1 ? "" : "s"):"
                        + " device numbers 0x10 to 0x1e are free.")
            }
        }
        if romFile != nil && !hasROM { problems.append("--gpu-rom and --no-gpu-rombar exclude each other.") }
        if !anyReal && (romFile != nil || !hasROM || !properties.isEmpty) {
            problems.append("--gpu-rom, --no-gpu-rombar and --gpu-property need a real GPU.")
        }
        for property in properties {
            if let problem = property.problem { problems.append(problem) }
        }
        let keys = properties.map(\.key)
        for key in Set(keys).sorted() where keys.count(where: { $0 == key }) > 1 {
            problems.append("--gpu-property \(key) is given twice.")
        }
        return problems
    }
}

/// A property of a QEMU device.
public struct DeviceProperty: Codable, Equatable, Sendable {
    public var key: String
    public var value: String

    /// A property.
    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// Reads "x-pci-vendor-id=0x10de"; nil without key, value or "=".
    public init?(_ text: String) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
        let value = text[text.index(after: equals)...]
        guard !value.isEmpty else { return nil }
        self.init(key: String(text[..<equals]), value: String(value))
    }

    /// Set by this tool, from other options.
    static let own: Set<String> = [
        "id", "host", "sysfsdev", "bus", "addr", "multifunction", "romfile", "rombar", "driver",
    ]

    /// Why QEMU or this tool would refuse it.
    var problem: String? {
        let fits = key.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-_".utf8.contains($0) }
        if !fits || key.isEmpty { return "--gpu-property \(key)=…: a name has small letters, digits, - and _ only." }
        if Self.own.contains(key) { return "--gpu-property \(key)=…: this tool sets it by other options." }
        if value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            return "--gpu-property \(key)=…: a value is one line of text."
        }
        return nil
    }
}
