/// How a fact is printed, and what it is then.
enum FactKind: UInt8 {
    case text, version, hex, support, flag
    case count, percent, celsius, megahertz, bytes, throughput, us, ms, seconds, lanes, banks
    case watts, millivolts, decimalPercent, wattsPerSecond, longSeconds, decimal

    /// The kind that the table calls `name`.
    init?(_ name: String) {
        guard let index = Self.names.firstIndex(of: name), let kind = FactKind(rawValue: UInt8(index)) else {
            return nil
        }
        self = kind
    }

    private static let names = [
        "text", "version", "hex", "support", "flag", "count", "percent", "celsius", "megahertz", "bytes", "throughput",
        "us", "ms",
        "seconds", "lanes", "banks", "watts", "millivolts", "decimalPercent", "wattsPerSecond", "longSeconds",
        "decimal",
    ]

    /// Whether it is a number with decimals; other numbers are whole, and rounded where a tool in between made decimals.
    var isDecimal: Bool { rawValue >= FactKind.watts.rawValue }
    /// Whether it is no number.
    var isText: Bool { rawValue <= FactKind.flag.rawValue }

    /// What one of a unit is in the fact's own unit; nil for a unit that the kind does not have. No unit, 0, is the kind's own
    /// as nvidia-smi prints it.
    ///
    /// NVIDIA means 2^20 by MB and MiB both: old versions printed MB for what is MiB since 331. Throughput is told in
    /// steps of thousands.
    func factor(_ unit: UInt64) -> Int64? {
        switch (self, unit) {
        case (.bytes, 0), (.bytes, Unit.mib), (.bytes, Unit.mb): 1 << 20
        case (.throughput, 0), (.throughput, Unit.kbs): 1000
        case (_, 0): 1
        case (.percent, Unit.percent), (.decimalPercent, Unit.percent): 1
        case (.celsius, Unit.c), (.megahertz, Unit.mhz), (.watts, Unit.w), (.millivolts, Unit.mv): 1
        case (.lanes, Unit.x), (.banks, Unit.banks), (.us, Unit.us), (.ms, Unit.ms): 1
        case (.us, Unit.ms): 1000
        case (.seconds, Unit.s), (.seconds, Unit.sec), (.seconds, Unit.seconds), (.longSeconds, Unit.sec): 1
        case (.wattsPerSecond, Unit.ws): 1
        case (.bytes, Unit.gib): 1 << 30
        case (.bytes, Unit.kib): 1 << 10
        case (.bytes, Unit.b): 1
        case (.throughput, Unit.mbs): 1_000_000
        case (.throughput, Unit.gbs): 1_000_000_000
        default: nil
        }
    }

    /// Units as ``FactUnit/packed(_:)`` has them: their bytes, in lower case, as a number.
    private enum Unit {
        static let percent: UInt64 = 0x25
        static let c: UInt64 = 0x63
        static let w: UInt64 = 0x77
        static let x: UInt64 = 0x78
        static let b: UInt64 = 0x62
        static let s: UInt64 = 0x73
        static let mb: UInt64 = 0x6d62
        static let mv: UInt64 = 0x6d76
        static let us: UInt64 = 0x7573
        static let ms: UInt64 = 0x6d73
        static let ws: UInt64 = 0x77_2f73
        static let mib: UInt64 = 0x6d_6962
        static let gib: UInt64 = 0x67_6962
        static let kib: UInt64 = 0x6b_6962
        static let mhz: UInt64 = 0x6d_687a
        static let sec: UInt64 = 0x73_6563
        static let kbs: UInt64 = 0x6b62_2f73
        static let mbs: UInt64 = 0x6d62_2f73
        static let gbs: UInt64 = 0x6762_2f73
        static let seconds: UInt64 = 0x73_6563_6f6e_6473
        static let banks: UInt64 = 0x62_616e_6b28_7329
    }
}

/// Units as tools spell them; upper and lower case are the same.
enum FactUnit {
    /// A unit of at most eight bytes as a number.
    static func packed(_ spelled: String) -> UInt64 {
        spelled.utf8.reduce(0) { $0 << 8 | UInt64(folded($1)) }
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
