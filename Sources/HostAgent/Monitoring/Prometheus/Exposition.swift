/// How Prometheus reads: format 0.0.4, or OpenMetrics 1.0.
enum Exposition {
    /// Which of the two.
    enum Format: Sendable {
        case prometheus, openMetrics
    }

    /// What a family is.
    enum Kind: String {
        case gauge, counter
    }

    /// `{vm="a",gpu="0"}`, values escaped; those that are empty are left out, which means the same.
    static func labels(_ all: [(name: StaticString, value: String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in all { bytes.append(label: name, value) }
        bytes.endLabels()
        return bytes
    }

    /// A value: what is not finite has names of its own here.
    static func write(_ value: Double, to bytes: inout [UInt8]) {
        if value.isFinite {
            bytes.append(number: value)
        } else {
            bytes += (value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf").utf8
        }
    }
}

// Labels as they stand behind a series' name: begun by the first, ended by endLabels.
extension [UInt8] {
    mutating func append(label name: StaticString, _ value: String) {
        guard !value.isEmpty else { return }
        append(UInt8(ascii: isEmpty ? "{" : ","))
        name.withUTF8Buffer { append(contentsOf: $0) }
        append(UInt8(ascii: "="))
        append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { text in
            // Hardly any has a character that has to be escaped.
            guard text.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") || $0 == 0x0a }) else {
                return append(contentsOf: text)
            }
            for byte in text {
                switch byte {
                case UInt8(ascii: "\\"), UInt8(ascii: "\""):
                    append(UInt8(ascii: "\\"))
                    append(byte)
                case 0x0a:
                    append(UInt8(ascii: "\\"))
                    append(UInt8(ascii: "n"))
                default: append(byte)
                }
            }
        }
        append(UInt8(ascii: "\""))
    }

    mutating func endLabels() {
        if !isEmpty { append(UInt8(ascii: "}")) }
    }
}
