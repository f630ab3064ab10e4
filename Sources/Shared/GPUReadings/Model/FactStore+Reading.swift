/// Values out of the bytes that a tool printed.
extension FactStore {
    /// Takes what was printed at one of the fact's places. What a better place said stays, and a value is better than a
    /// reason for having none.
    ///
    /// - Parameters:
    ///   - fact: the fact's number.
    ///   - kind: how it is printed.
    ///   - rank: which place it is; 0 is the best.
    ///   - source: the document.
    ///   - piece: where in it the value is.
    ///   - unit: what is meant where no unit is printed, as ``FactUnit`` packs it; 0 for the kind's own.
    /// - Returns: false where the text is no value of the kind and no known reason.
    @discardableResult
    mutating func offer(
        _ fact: Int, _ kind: FactKind, rank: UInt8 = 0, _ source: [UInt8], _ piece: Range<Int>, unit: UInt64 = 0
    ) -> Bool {
        let old = cell(fact)
        guard !old.isValue || rank < old.rank, let new = read(kind, rank, source, piece, unit, better: old) else {
            return true
        }
        put(fact, new)
        return new.state != .unreadable
    }

    /// ``offer(_:_:rank:_:_:unit:)`` for who knows the cell's place.
    mutating func offer(
        at slot: Int, _ kind: FactKind, rank: UInt8, _ source: [UInt8], _ piece: Range<Int>, unit: UInt64
    ) -> Bool {
        let old = cells[slot]
        guard !old.isValue || rank < old.rank, let new = read(kind, rank, source, piece, unit, better: old) else {
            return true
        }
        cells[slot] = new
        return new.state != .unreadable
    }

    /// The cell of what was printed; nil where it says no more than the old one does.
    private mutating func read(
        _ kind: FactKind, _ rank: UInt8, _ source: [UInt8], _ piece: Range<Int>, _ unit: UInt64, better old: Cell
    ) -> Cell? {
        var new = Cell()
        if let number = Self.number(kind, source, piece, unit: unit) {
            new = number
        } else {
            let said = Self.bare(source, piece)
            if kind == .support, let flag = Self.flag(kind, source, said) {
                // "Not Supported" is its answer.
                new = flag
            } else if let reason = Self.reason(source, said) {
                new.state = reason
            } else {
                new = text(kind, source, said)
            }
        }
        guard new.isValue || old.state == .missing || (!old.isValue && rank < old.rank) else { return nil }
        new.rank = rank
        return new
    }

    /// Without blanks around it, and without the square brackets of CSV.
    static func bare(_ source: [UInt8], _ piece: Range<Int>) -> Range<Int> {
        var (start, end) = (piece.lowerBound, piece.upperBound)
        while start < end, ByteText.isBlank(source[start]) { start += 1 }
        while end > start, ByteText.isBlank(source[end - 1]) { end -= 1 }
        if end - start >= 2, source[start] == UInt8(ascii: "["), source[end - 1] == UInt8(ascii: "]") {
            start += 1
            end -= 1
        }
        return start..<end
    }

    private mutating func text(_ kind: FactKind, _ source: [UInt8], _ said: Range<Int>) -> Cell {
        switch kind {
        case .text: return cell(.text, source, said)
        case .version:
            var end = said.lowerBound
            while end < said.upperBound, !ByteText.isBlank(source[end]) { end += 1 }
            return cell(.text, source, said.lowerBound..<end)
        case .hex:
            let prefixed =
                said.count > 2 && source[said.lowerBound] == 0x30 && source[said.lowerBound + 1] | 0x20 == 0x78
            let digits = prefixed ? said.lowerBound + 2..<said.upperBound : said
            if digits.allSatisfy({ ByteText.hexadecimalDigit(source[$0]) != nil }) {
                return cell(.text, source, digits)
            }
        case .flag:
            if let flag = Self.flag(kind, source, said) { return flag }
        default: break
        }
        return unreadable(source, said)
    }

    /// "Active", "No"; nil for what says neither, and for another kind.
    static func flag(_ kind: FactKind, _ source: [UInt8], _ said: Range<Int>) -> Cell? {
        guard kind == .flag || kind == .support else { return nil }
        let hash = hash(source, said)
        if kind == .support {
            if hash == supported { return Cell(state: .flag, bits: 1) }
            if hash == notSupported { return Cell(state: .flag, bits: 0) }
        }
        switch hash {
        case active, yes, isTrue, one: return Cell(state: .flag, bits: 1)
        case notActive, no, isFalse, zero: return Cell(state: .flag, bits: 0)
        default: return nil
        }
    }

    /// As much of it as an error message has.
    private mutating func unreadable(_ source: [UInt8], _ said: Range<Int>) -> Cell {
        guard said.count > 200 else { return cell(.unreadable, source, said) }
        let text = Array((String(decoding: source[said.prefix(197)], as: UTF8.self) + "...").utf8)
        return cell(.unreadable, text, 0..<text.count)
    }

    /// "32 C", "04 %", "40%", "1481 MHz", "67.03 W", "4040MiB", "10.3 %"; nil for what does not begin as a number does, or
    /// goes on as none.
    static func number(_ kind: FactKind, _ source: [UInt8], _ piece: Range<Int>, unit: UInt64) -> Cell? {
        guard !kind.isText else { return nil }
        var (index, end) = (piece.lowerBound, piece.upperBound)
        while index < end, ByteText.isBlank(source[index]) { index += 1 }
        while end > index, ByteText.isBlank(source[end - 1]) { end -= 1 }
        let negative = index < end && source[index] == UInt8(ascii: "-")
        if negative { index += 1 }
        // At most 18 digits: they fit, and none of the tools prints more.
        var digits = 0
        var value: Int64 = 0
        var point: Int?
        while index < end {
            let digit = source[index] &- 0x30
            if digit < 10 {
                digits += 1
                guard digits <= 18 else { return nil }
                value = value * 10 + Int64(digit)
            } else if digit == 0xfe, point == nil {
                point = digits
            } else {
                break
            }
            index += 1
        }
        guard digits > 0 else { return nil }
        while index < end, source[index] == 0x20 { index += 1 }
        let spelled = index == end ? unit : FactUnit.packed(source, index..<end)
        guard let spelled, let factor = kind.factor(spelled) else { return nil }
        if negative { value = -value }
        let decimals = digits - (point ?? digits)
        if kind.isDecimal {
            // Both are exact in a Double (2^53) for what a tool prints, so the quotient is rounded as it should be.
            let decimal = Double(value) / power(decimals)
            // More than half of what 64 bits of microseconds hold is a time below zero.
            if kind == .longSeconds, decimal > 0x1p63 / 1e6 { return nil }
            return Cell(state: .decimal, bits: decimal.bitPattern)
        }
        if decimals > 0 {
            let rounded = (Double(value) / power(decimals) * Double(factor)).rounded()
            return Int64(exactly: rounded).map { Cell(state: .integer, bits: UInt64(bitPattern: $0)) }
        }
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? nil : Cell(state: .integer, bits: UInt64(bitPattern: product))
    }

    /// 10 to this power, exact up to 22.
    private static func power(_ exponent: Int) -> Double {
        var power = 1.0
        for _ in 0..<exponent { power *= 10 }
        return power
    }

    /// The reason that a text gives for having no value; nil where it is none. `said` has no blanks around it.
    static func reason(_ source: [UInt8], _ said: Range<Int>) -> Cell.State? {
        guard !said.isEmpty else { return .missing }
        let reasons = reasons
        // Nearly all texts that are values are told by this alone.
        guard said.count < 64, reasons.lengths & (1 << UInt64(said.count)) != 0,
            reasons.firsts & (1 << UInt64(source[said.lowerBound] & 0x1f)) != 0
        else { return nil }
        let hash = hash(source, said)
        for reason in reasons.all where reason.hash == hash { return reason.state }
        return nil
    }

    private struct Reasons {
        var all: [(hash: UInt64, state: Cell.State)] = []
        /// How many bytes they have, one bit for each.
        var lengths: UInt64 = 0
        /// The lower bits of their first letters, one bit for each.
        var firsts: UInt64 = 0
    }

    private static let reasons = reasonTexts.reduce(into: Reasons()) { reasons, reason in
        reasons.all.append((hash(reason.text), reason.state))
        reasons.lengths |= 1 << UInt64(reason.text.utf8.count)
        reasons.firsts |= 1 << UInt64((reason.text.utf8.first ?? 0) & 0x1f)
    }

    /// The texts by which nvidia-smi says that there is no value.
    private static let reasonTexts: [(text: String, state: Cell.State)] = [
        ("n/a", .notApplicable), ("not found", .notApplicable), ("-", .notApplicable),
        ("not available in wddm driver model", .notApplicable), ("not supported", .notSupported),
        ("unknown error", .unknownError), ("requested functionality has been deprecated", .deprecated),
        ("gpu is lost", .gpuLost), ("insufficient permissions", .insufficientPermissions),
        ("function not found", .functionNotFound), ("err!", .error),
    ]

    private static let (active, notActive) = (hash("active"), hash("not active"))
    private static let (supported, notSupported) = (hash("supported"), hash("not supported"))
    private static let (yes, no) = (hash("yes"), hash("no"))
    private static let (isTrue, isFalse) = (hash("true"), hash("false"))
    private static let (one, zero) = (hash("1"), hash("0"))

    static func hash(_ text: String) -> UInt64 {
        let bytes = Array(text.utf8)
        return hash(bytes, 0..<bytes.count)
    }

    /// FNV-1a of the text in lower case. 64 bits of it stand for the text: who made two texts collide could as well have
    /// written the other one.
    static func hash(_ source: [UInt8], _ piece: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in piece { hash = (hash ^ UInt64(FactUnit.folded(source[index]))) &* 0x100_0000_01b3 }
        return hash
    }
}
