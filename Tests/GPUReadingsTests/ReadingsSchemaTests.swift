import Foundation
import GPUReadings
import Testing

/// Documentation/schemas/readings.schema.json says what `parse` prints: all kinds, all facts, and no key that it does not have.
@Suite struct ReadingsSchemaTests {
    /// Never changed.
    private nonisolated(unsafe) static let schema: [String: Any] = {
        let file = Fixtures.package.appending(path: "Documentation/schemas/readings.schema.json")
        return (try? JSONSerialization.jsonObject(with: Data(contentsOf: file))) as? [String: Any] ?? [:]
    }()

    @Test func namesEveryKindAndEveryFact() throws {
        let properties = try #require(Self.schema["properties"] as? [String: Any])
        let kinds = (properties["kind"] as? [String: Any])?["enum"] as? [String]
        #expect(kinds == OutputKind.allCases.map(\.rawValue))
        let definitions = try #require(Self.schema["$defs"] as? [String: [String: Any]])
        let gpu = try #require(definitions["gpu"]?["properties"] as? [String: [String: Any]])
        for fact in GPUFact.allCases {
            #expect((gpu[fact.key]?["description"] as? String)?.isEmpty == false, "\(fact.key)")
        }
    }

    @Test func describesWhatIsEncoded() throws {
        let encoder = JSONEncoder()
        var kinds: Set<OutputKind> = []
        for (name, bytes) in try Self.everything() {
            var parser = OutputParser()
            for output in parser.push(bytes) + parser.finish() {
                kinds.insert(output.kind)
                let json = try JSONSerialization.jsonObject(with: encoder.encode(output))
                let problems = Self.check(json, Self.schema, "\(output.kind.rawValue)")
                #expect(problems.isEmpty, "\(name): \(problems.prefix(3))")
            }
        }
        #expect(kinds.count == OutputKind.allCases.count)
    }

    @Test func tellsWrongFromRight() {
        #expect(
            !Self.check(["schema": 2, "kind": "lspci", "line": 1, "warnings": []] as [String: Any], Self.schema, "")
                .isEmpty)
        #expect(
            !Self.check(["schema": 1, "kind": "lspci", "line": "1", "warnings": []] as [String: Any], Self.schema, "")
                .isEmpty)
        #expect(!Self.check(["schema": 1, "kind": "lspci", "line": 1] as [String: Any], Self.schema, "").isEmpty)
        let gpu: [String: Any] = ["temperatureCelsius": ["absent": "sometimes"]]
        let reading: [String: Any] = ["gpus": [gpu], "devices": [] as [Any]]
        let line: [String: Any] = [
            "schema": 1, "kind": "lspci", "line": 1, "warnings": [] as [Any], "reading": reading,
        ]
        #expect(Self.check(line, Self.schema, "").count == 1)
    }

    /// Our own texts, and what of the corpus is not large.
    private static func everything() throws -> [(String, [UInt8])] {
        var all = try OutputKind.allCases.flatMap { kind in
            try MutationTests.seeds([kind.rawValue]).map { (kind.rawValue, $0) }
        }
        for folder in [
            "smi-xml", "smi-q", "smi-table", "smi-csv", "smi-csv-apps", "devicequery", "lspci", "nvbandwidth",
            "smi-other",
        ] {
            all += try Fixtures.recordings(folder).filter { $0.bytes.count < 20_000 }.map { ($0.name, $0.bytes) }
        }
        return all
    }

    // MARK: - As much of JSON Schema as ours uses

    /// What is wrong with a value. Unlike a validator, a key that is not described is wrong too.
    private static func check(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
        var schema = schema
        if let name = (schema["$ref"] as? String)?.split(separator: "/").last {
            guard let target = (Self.schema["$defs"] as? [String: [String: Any]])?[String(name)] else {
                return ["\(path): no definition of \(name)"]
            }
            schema = target
        }
        if let choices = schema["anyOf"] as? [[String: Any]] {
            let all = choices.map { check(value, $0, path) }
            return all.contains(where: \.isEmpty) ? [] : ["\(path): \(value) is none of \(choices.count)"]
        }
        if let constant = schema["const"] as? Int, (value as? Int) != constant { return ["\(path): not \(constant)"] }
        if let choices = schema["enum"] as? [String] {
            return (value as? String).map { choices.contains($0) } == true
                ? [] : ["\(path): \(value) is none of \(choices)"]
        }
        if let kinds = schema["type"] as? [String] {
            return kinds.contains { isOf($0, value) } ? [] : ["\(path): \(value) is none of \(kinds)"]
        }
        if let kind = schema["type"] as? String, !isOf(kind, value) { return ["\(path): \(value) is no \(kind)"] }
        if let items = schema["items"] as? [String: Any], let list = value as? [Any] {
            return list.enumerated().flatMap { check($0.element, items, "\(path)[\($0.offset)]") }
        }
        guard let properties = schema["properties"] as? [String: [String: Any]], let members = value as? [String: Any]
        else {
            return []
        }
        var problems = (schema["required"] as? [String] ?? []).filter { members[$0] == nil }.map {
            "\(path).\($0) is missing"
        }
        for (key, member) in members {
            guard let described = properties[key] else {
                problems.append("\(path).\(key) is not described")
                continue
            }
            problems += check(member, described, "\(path).\(key)")
        }
        for rule in schema["allOf"] as? [[String: Any]] ?? [] {
            guard let kind = dig(rule, "if", "properties", "kind")?["const"] as? String,
                kind == members["kind"] as? String,
                let reading = dig(rule, "then", "properties", "reading"), let member = members["reading"]
            else { continue }
            problems += check(member, reading, path)
        }
        return problems
    }

    private static func dig(_ object: [String: Any], _ keys: String...) -> [String: Any]? {
        keys.reduce(object) { ($0?[$1]) as? [String: Any] }
    }

    private static func isOf(_ kind: String, _ value: Any) -> Bool {
        let isFlag = (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
        return switch kind {
        case "string": value is String
        case "boolean": isFlag
        case "integer": !isFlag && (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } == true
        case "number": !isFlag && value is NSNumber
        case "array": value is [Any]
        case "object": value is [String: Any]
        case "null": value is NSNull
        default: false
        }
    }
}
