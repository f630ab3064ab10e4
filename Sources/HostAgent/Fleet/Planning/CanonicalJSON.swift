import Contract
import FoundationEssentials

/// JSON whose text is the same wherever it is written: what digests are made of.
enum CanonicalJSON {
    static func text(_ value: JSONValue) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A JSONValue of finite numbers always has a text.
        guard let data = try? encoder.encode(value) else { preconditionFailure("no JSON of \(value)") }
        return String(decoding: data, as: UTF8.self)
    }
}
