/// JSON being written, straight into bytes: a snapshot of 1600 GPUs is sent every second, and a general encoder takes many times as long.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// `{…}`, as a value.
    mutating func object(_ body: (inout JSONText) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    /// `[…]`, as a value.
    mutating func array(_ body: (inout JSONText) -> Void) {
        open(UInt8(ascii: "["))
        body(&self)
        close(UInt8(ascii: "]"))
    }

    /// The key of what is written next.
    mutating func key(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func string(_ text: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case ..<0x20:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(Self.digits[Int(byte >> 4)])
                bytes.append(Self.digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A number; whole ones without a fraction. JSON has none that is not finite: 0 is written for it, and callers leave it out.
    mutating func number(_ value: Double) {
        separate()
        bytes.append(number: value.isFinite ? value : 0)
    }

    mutating func flag(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }
}

// Keys with what they hold; what is nil or empty is left out.
extension JSONText {
    mutating func text(_ name: String, _ value: String?) {
        guard let value else { return }
        key(name)
        string(value)
    }

    mutating func value(_ name: String, _ value: Double?) {
        guard let value, value.isFinite else { return }
        key(name)
        number(value)
    }

    mutating func value(_ name: String, _ value: Int?) { self.value(name, value.map(Double.init)) }

    /// Seconds since 1970, to the millisecond.
    mutating func time(_ name: String, _ value: Double?) {
        self.value(name, value.map(JSONText.milliseconds))
    }

    static func milliseconds(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }

    mutating func list<Element>(_ name: String, _ elements: [Element], _ body: (inout JSONText, Element) -> Void) {
        guard !elements.isEmpty else { return }
        key(name)
        array { json in
            for element in elements { body(&json, element) }
        }
    }
}
