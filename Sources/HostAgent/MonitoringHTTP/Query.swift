import Contract
import GPUReadings
import Hummingbird
import HummingbirdCore
import Monitoring

/// The part of an address behind its question mark.
struct Query {
    private var values: [String: String] = [:]

    init(_ text: String?) {
        for pair in (text ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = Self.decoded(parts[0]), let value = Self.decoded(parts[1]) else {
                continue
            }
            values[name] = value
        }
    }

    subscript(name: String) -> String? { values[name] }

    /// Nil where the name is not there. Throws ``Contract/FailureCode/optionInvalid`` for what is no number.
    func number(_ name: String) throws -> Double? {
        guard let text = values[name] else { return nil }
        guard let number = Double(text), number.isFinite else { throw Self.refusal("\(name)=\(text) is no number.") }
        return number
    }

    /// A question for the past. The last hour where no range is told.
    func history(now: Double) throws -> HistoryQuery {
        guard let machine = values["vm"] else { throw Self.refusal("vm= is missing.") }
        guard let gpu = values["gpu"].flatMap({ Int($0) }) else { throw Self.refusal("gpu= is missing, or no number.") }
        guard let fact = GPUFact.allCases.first(where: { $0.key == values["fact"] }) else {
            throw Self.refusal("fact= is missing, or unknown.")
        }
        let to = try number("to") ?? now
        let from = try number("from") ?? to - 3600
        let step = try number("step")
        guard from < to, to - from < 100 * 366 * 86400 else { throw Self.refusal("from= has to be before to=.") }
        guard (step ?? 1) >= 0.001 else { throw Self.refusal("step= is too small.") }
        return HistoryQuery(machine: machine, gpu: gpu, fact: fact, from: from, to: to, step: step)
    }

    private static func refusal(_ message: String) -> Failure {
        Failure(
            .optionInvalid, operation: "read the query", message: Printable.line(message),
            remedy: "See Documentation/schemas/telemetry.md.", side: .host)
    }

    /// Percent signs and pluses of a form read back; nil for what is none of them.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst(), let low = rest.popFirst(),
                    let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
