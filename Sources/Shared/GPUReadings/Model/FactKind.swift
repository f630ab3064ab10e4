/// How a fact is printed, and what it is then.
enum FactKind: UInt8 {
    case text, version, hex, flag
    case count, percent, celsius, megahertz, bytes, throughput, us, ms, seconds, lanes, banks
    case watts, millivolts, decimalPercent

    /// The kind that the table calls `name`.
    init?(_ name: String) {
        guard let index = Self.names.firstIndex(of: name), let kind = FactKind(rawValue: UInt8(index)) else {
            return nil
        }
        self = kind
    }

    private static let names = [
        "text", "version", "hex", "flag", "count", "percent", "celsius", "megahertz", "bytes", "throughput", "us", "ms",
        "seconds", "lanes", "banks", "watts", "millivolts", "decimalPercent",
    ]

    /// Whether it is a number with decimals; other numbers are whole, and rounded where a tool in between made decimals.
    var isDecimal: Bool { rawValue >= FactKind.watts.rawValue }
    /// Whether it is no number.
    var isText: Bool { rawValue <= FactKind.flag.rawValue }

    /// The units that it is printed with, and what each is in the fact's own. The first is meant where none is printed.
    ///
    /// NVIDIA means 2^20 by MB and MiB both: old versions printed MB for what is MiB since 331. Throughput is told in
    /// steps of thousands.
    var units: [FactUnit] { Self.units[Int(rawValue)] }

    private static let units: [[FactUnit]] = {
        var units = Array(repeating: [FactUnit](), count: names.count)
        func add(_ kind: FactKind, _ spelled: String, _ factor: Int64 = 1) {
            units[Int(kind.rawValue)].append(FactUnit(spelled, factor: factor))
        }
        add(.count, "")
        add(.percent, "%")
        add(.decimalPercent, "%")
        add(.celsius, "C")
        add(.megahertz, "MHz")
        add(.watts, "W")
        add(.millivolts, "mV")
        add(.lanes, "x")
        add(.banks, "bank(s)")
        add(.us, "us")
        add(.us, "ms", 1000)
        add(.ms, "ms")
        for spelled in ["seconds", "sec", "s"] { add(.seconds, spelled) }
        for spelled in ["MiB", "MB"] { add(.bytes, spelled, 1 << 20) }
        add(.bytes, "GiB", 1 << 30)
        add(.bytes, "KiB", 1 << 10)
        add(.bytes, "B")
        add(.throughput, "KB/s", 1000)
        add(.throughput, "MB/s", 1_000_000)
        add(.throughput, "GB/s", 1_000_000_000)
        return units
    }()
}

/// A unit as a tool spells it; upper and lower case are the same.
struct FactUnit: Equatable {
    /// The spelling's bytes, at most eight, as a number.
    private(set) var packed: UInt64 = 0
    /// What one of it is, in the unit of the fact.
    var factor: Int64 = 1

    init(_ spelled: String, factor: Int64) {
        for byte in spelled.utf8 { packed = packed << 8 | UInt64(Self.folded(byte)) }
        self.factor = factor
    }

    /// What `piece` would be packed; nil where it is too long for a unit.
    static func packed(_ bytes: [UInt8], _ piece: Range<Int>) -> UInt64? {
        guard piece.count <= 8 else { return nil }
        var packed: UInt64 = 0
        for index in piece { packed = packed << 8 | UInt64(folded(bytes[index])) }
        return packed
    }

    static func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
