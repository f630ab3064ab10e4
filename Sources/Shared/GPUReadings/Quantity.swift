/// Numbers with units, as the tools print them.
enum Quantity {
    /// A whole number before one of `units`: "32 C", "04 %", "40%", "1481 MHz". Units compare without case. Decimals,
    /// which some tools in between add ("10.3 %"), are rounded.
    static func whole(_ text: some StringProtocol, units: [String]) -> Reading<Int> {
        read(text, units: units) { Int($0) ?? finite($0).flatMap { Int(exactly: $0.rounded()) } }
    }

    /// A number with or without decimals: "67.03 W", "105W".
    static func decimal(_ text: some StringProtocol, units: [String]) -> Reading<Double> {
        read(text, units: units, finite)
    }

    /// Double() would take "nan", "inf" and "0x1p3" as well, which no tool prints and no dashboard should show.
    private static func finite(_ number: Substring) -> Double? {
        guard number.utf8.allSatisfy({ "0123456789.-".utf8.contains($0) }), let value = Double(number) else {
            return nil
        }
        return value.isFinite ? value : nil
    }

    /// Bytes: "4040 MiB", "0MiB", "12 MB". NVIDIA means 2^20 by both spellings: old nvidia-smi printed MB for what it
    /// prints as MiB since 331.
    static func bytes(_ text: some StringProtocol) -> Reading<Int64> {
        let factors: [(unit: String, shift: Int64)] = [
            ("MiB", 20), ("MB", 20), ("GiB", 30), ("KiB", 10), ("B", 0),
        ]
        for (unit, shift) in factors {
            if case .value(let number) = whole(text, units: [unit]) {
                let (bytes, overflow) = Int64(number).multipliedReportingOverflow(by: 1 << shift)
                return overflow ? .absent(.unreadable(text.cut)) : .value(bytes)
            }
        }
        return .absent(Absence(text: text) ?? .unreadable(text.cut))
    }

    /// Any text that is not a reason for having none.
    static func text(_ text: some StringProtocol) -> Reading<String> {
        if let absence = Absence(text: text) { return .absent(absence) }
        return .value(String(text.trimmed))
    }

    private static func read<Number: Equatable & Sendable>(
        _ text: some StringProtocol, units: [String], _ parse: (Substring) -> Number?
    ) -> Reading<Number> {
        let trimmed = Substring(text.trimmed)
        if let absence = Absence(text: trimmed) { return .absent(absence) }
        let unit = trimmed.reversed().prefix { !$0.isNumber }.count
        let number = trimmed.dropLast(unit)
        let spelled = trimmed.suffix(unit).trimmed.lowercased()
        guard units.contains(where: { $0.lowercased() == spelled }), let value = parse(number) else {
            return .absent(.unreadable(text.cut))
        }
        return .value(value)
    }
}
