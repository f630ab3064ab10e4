/// Text that Prometheus reads: format 0.0.4, or OpenMetrics 1.0. A family's lines stand together behind its HELP and TYPE,
/// as both formats demand.
struct Exposition {
    /// Which of the two.
    enum Format: Sendable {
        case prometheus, openMetrics
    }

    /// What a family is.
    enum Kind: String {
        case gauge, counter
    }

    private let format: Format
    private(set) var bytes: [UInt8] = []

    init(_ format: Format, capacity: Int = 1 << 16) {
        self.format = format
        bytes.reserveCapacity(capacity)
    }

    /// A family; nothing where `samples` writes none.
    ///
    /// - Parameters:
    ///   - name: A counter's ends in `_total`, but for DCGM's names.
    ///   - samples: Calls its argument with each series' labels (as ``labels(_:)`` makes them) and value.
    mutating func family(
        _ name: String, _ kind: Kind, _ help: String, _ samples: ((_ labels: [UInt8], _ value: Double) -> Void) -> Void
    ) {
        // OpenMetrics names a counter's family without the _total of its samples. A counter without it is none there.
        var family = name
        var kind = kind
        if format == .openMetrics, kind == .counter {
            if name.hasSuffix("_total") { family = String(name.dropLast(6)) } else { kind = .gauge }
        }
        let begin = Array(name.utf8)
        var hasHead = false
        samples { labels, value in
            if !hasHead {
                bytes += "# HELP \(family) \(help)\n# TYPE \(family) \(kind.rawValue)\n".utf8
                hasHead = true
            }
            bytes += begin
            bytes += labels
            bytes.append(UInt8(ascii: " "))
            Self.write(value, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// The end of the document.
    mutating func finish() {
        if format == .openMetrics { bytes += "# EOF\n".utf8 }
    }

    /// `{vm="a",gpu="0"}`, values escaped; those that are empty are left out, which means the same.
    ///
    /// - Parameter first: Labels that come before, as this makes them.
    static func labels(_ first: [UInt8], and labels: [(name: String, value: String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(first.count + 64 * labels.count)
        bytes += first.dropLast()
        for (name, value) in labels where !value.isEmpty {
            bytes.append(UInt8(ascii: bytes.isEmpty ? "{" : ","))
            bytes += name.utf8
            bytes += "=\"".utf8
            // Hardly any has a character that has to be escaped.
            if value.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") || $0 == 0x0a }) {
                for byte in value.utf8 {
                    switch byte {
                    case UInt8(ascii: "\\"): bytes += "\\\\".utf8
                    case UInt8(ascii: "\""): bytes += "\\\"".utf8
                    case UInt8(ascii: "\n"): bytes += "\\n".utf8
                    default: bytes.append(byte)
                    }
                }
            } else {
                bytes += value.utf8
            }
            bytes.append(UInt8(ascii: "\""))
        }
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "}")) }
        return bytes
    }

    static func labels(_ all: [(name: String, value: String)]) -> [UInt8] { labels([], and: all) }

    /// A value: what is not finite has names of its own here.
    static func write(_ value: Double, to bytes: inout [UInt8]) {
        if value.isFinite {
            bytes.append(number: value)
        } else {
            bytes += (value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf").utf8
        }
    }
}
