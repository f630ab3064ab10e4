import Contract
import Host
import VirtualMachines

/// How values of a field are written: read from a manifest, and told to an editor (JSON schema).
struct FieldKind<Value: Sendable>: Sendable {
    /// For a message: "a size such as 8G".
    var expected: String
    /// JSON schema.
    var schema: JSONValue
    /// The value; nil where it is none of these. `home` is what relative paths begin with.
    var read: @Sendable (MarkedValue, _ home: ManifestHome) throws(ManifestProblem) -> Value?
}

/// Where a manifest lies: what its paths mean.
struct ManifestHome: Sendable {
    /// The manifest's folder, absolute.
    var folder: String
    /// For `~/`.
    var userHome: String

    func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        if path.hasPrefix("~/") { return userHome + path.dropFirst() }
        let plain = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return folder == "/" ? "/\(plain)" : "\(folder)/\(plain)"
    }
}

extension FieldKind where Value == String {
    /// A file or folder, relative to the manifest's.
    static let path = FieldKind(
        expected: "a path", schema: .object(["type": .string("string"), "minLength": .number(1)])
    ) { value, home throws(ManifestProblem) in
        guard let word = value.word, !word.isEmpty, !word.contains("\0") else { return nil }
        return home.absolute(word)
    }

    static let text = FieldKind(expected: "a word", schema: .object(["type": .string("string")])) {
        value, _ throws(ManifestProblem) in value.word
    }
}

extension FieldKind where Value == [String] {
    /// A path, or a list of them.
    static let paths = FieldKind(
        expected: "a path, or a list of paths",
        schema: .object(["anyOf": .array([FieldKind<String>.path.schema, .listOf(FieldKind<String>.path.schema)])])
    ) { value, home throws(ManifestProblem) in
        guard case .list(let items, _) = value else {
            return try FieldKind<String>.path.read(value, home).map { [$0] }
        }
        var paths: [String] = []
        for item in items { paths.append(try FieldKind<String>.path.one(item, home)) }
        return paths
    }
}

extension FieldKind where Value == Bool {
    /// Yes or no. Only true and false: YAML's yes, no, on, off are read differently by different readers.
    static let flag = FieldKind(expected: "true or false", schema: .object(["type": .string("boolean")])) {
        value, _ throws(ManifestProblem) in
        guard case .text(let text, false, _) = value else { return nil }
        return ["true": true, "True": true, "false": false, "False": false][text]
    }
}

extension FieldKind where Value == Int {
    /// A whole number of a range.
    static func whole(_ range: ClosedRange<Int>) -> FieldKind {
        FieldKind(
            expected: "a number from \(range.lowerBound) to \(range.upperBound)",
            schema: .object([
                "type": .string("integer"), "minimum": .number(Double(range.lowerBound)),
                "maximum": .number(Double(range.upperBound)),
            ])
        ) { value, _ throws(ManifestProblem) in
            guard let number = value.word.flatMap({ Int($0) }), range.contains(number) else { return nil }
            return number
        }
    }
}

extension FieldKind where Value == Double {
    /// A number of a range.
    static func number(_ range: ClosedRange<Double>) -> FieldKind {
        FieldKind(
            expected: "a number from \(range.lowerBound) to \(range.upperBound)",
            schema: .object([
                "type": .string("number"), "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound),
            ])
        ) { value, _ throws(ManifestProblem) in
            guard let number = value.word.flatMap({ Double($0) }), range.contains(number) else { return nil }
            return number
        }
    }
}

extension FieldKind where Value == Int64 {
    /// Bytes as people write them.
    static let size = FieldKind(
        expected: "a size such as 512M, 8G or 1T",
        schema: .object(["type": .string("string"), "pattern": .string("^[1-9][0-9]*([KMGT](i?B)?)?$")])
    ) { value, _ throws(ManifestProblem) in value.word.flatMap { ByteSize(manifest: $0)?.bytes } }
}

extension FieldKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of a few words.
    static var choice: FieldKind {
        let words = Value.allCases.map(\.rawValue)
        return FieldKind(
            expected: "one of \(words.joined(separator: ", "))",
            schema: .object(["enum": .array(words.map { .string($0) })])
        ) { value, _ throws(ManifestProblem) in value.word.flatMap { Value(rawValue: $0) } }
    }
}

extension FieldKind where Value == [PortForward] {
    static let ports = FieldKind(
        expected: "a list of ports: HOST:GUEST, or GUEST for any free one of the host",
        schema: .listOf(
            .object([
                "type": .array([.string("string"), .string("integer")]), "pattern": .string("^([0-9]+:)?[0-9]+$"),
            ]))
    ) { value, _ throws(ManifestProblem) in
        guard case .list(let items, _) = value else { return nil }
        var ports: [PortForward] = []
        for item in items {
            guard let port = item.word.flatMap({ PortForward($0) }) else {
                throw ManifestProblem(
                    item.mark, "", "\(item.seen) is no port.", "Write HOST:GUEST or GUEST, each from 1 to 65535.")
            }
            ports.append(port)
        }
        return ports
    }
}

extension FieldKind where Value == [String: String] {
    static let labels = FieldKind(
        expected: "labels, `key: word` each",
        schema: .object([
            "type": .string("object"),
            "additionalProperties": .object(["type": .array([.string("string"), .string("integer")])]),
        ])
    ) { value, _ throws(ManifestProblem) in
        guard case .map(let entries, _) = value else { return nil }
        var labels: [String: String] = [:]
        for entry in entries {
            guard let word = entry.value.word, !entry.key.isEmpty, !entry.key.contains("="), !entry.key.contains(",")
            else {
                throw ManifestProblem(
                    entry.mark, "", "\"\(entry.key)\" is no label: \(entry.value.seen).",
                    "Write `key: word`, without = and , in the key.")
            }
            labels[entry.key] = word
        }
        return labels
    }
}

extension FieldKind {
    /// One item of a list, or the problem with it.
    func one(_ value: MarkedValue, _ home: ManifestHome) throws(ManifestProblem) -> Value {
        guard let read = try read(value, home) else {
            throw ManifestProblem(value.mark, "", "\(value.seen) stands where \(expected) belongs.", "Mend it.")
        }
        return read
    }
}

extension JSONValue {
    static func listOf(_ items: JSONValue) -> JSONValue { .object(["type": .string("array"), "items": items]) }
}

extension ByteSize {
    /// In a manifest a unit may also be followed by B: 8GB is 8G.
    init?(manifest text: String) {
        let units = ["kb", "mb", "gb", "tb"]
        self.init(units.contains(text.suffix(2).lowercased()) ? String(text.dropLast()) : text)
    }
}
