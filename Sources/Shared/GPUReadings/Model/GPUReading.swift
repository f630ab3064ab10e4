/// What an output said about one GPU. Whatever it is, the same fact has the same name and unit; a fact that the output does
/// not have is absent as ``Absence/missing``.
public struct GPUReading: FactReading {
    public var facts = FactStore()

    /// Whether ``name`` is only the beginning of it, as the table prints long ones.
    public var nameIsCut = false
    /// The programs that use it, as far as the reader may see them (not those of other containers).
    public var processes: [GPUProcessReading] = []
    /// Programs that used it, where accounting is on.
    public var accountedProcesses: [GPUProcessReading] = []
    /// Its MIG devices, where MIG is on.
    public var migDevices: [MIGDeviceReading] = []
    /// Pages of its memory that were retired, where they were asked for.
    public var retiredPages: [RetiredPageReading] = []
    /// The clocks that can be set, where they were asked for.
    public var supportedClocks: [SupportedClocks] = []
    /// What was printed of it under names that this version of the library does not know.
    public var other: [OtherField] = []

    /// A GPU of which nothing is known.
    public init() {}

    /// With room for a number; shared, since a layout is large.
    private static let numbered = FactStore(for: [.index])

    /// A GPU of which its number is known, in as little memory as that takes.
    init(number: Int) {
        facts = FactStore(only: number, like: Self.numbered)
    }

    /// ``busID`` as sysfs spells it, "0000:00:16.0"; nil where it is absent or no PCI address.
    public var pciAddress: String? {
        guard let busID = busID.value else { return nil }
        let parts = busID.lowercased().split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let domain = UInt32(parts[0], radix: 16), parts[1].count == 2, parts[2].count == 4,
            UInt8(parts[1], radix: 16) != nil
        else { return nil }
        let digits = String(domain, radix: 16)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ":\(parts[1]):\(parts[2])"
    }
}

extension GPUReading {
    /// The facts by name, then what it has lists of.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FactStore.Key.self)
        try facts.encode(to: &container)
        if nameIsCut { try container.encode(true, forKey: .init("nameIsCut")) }
        try container.encode(list: processes, "processes")
        try container.encode(list: accountedProcesses, "accountedProcesses")
        try container.encode(list: migDevices, "migDevices")
        try container.encode(list: retiredPages, "retiredPages")
        try container.encode(list: supportedClocks, "supportedClocks")
        try container.encode(list: other, "other")
    }
}

extension KeyedEncodingContainer<FactStore.Key> {
    /// A list, left out where it is empty.
    mutating func encode<Element: Encodable>(list: [Element], _ name: String) throws {
        if !list.isEmpty { try encode(list, forKey: .init(name)) }
    }
}
