import Foundation
import Testing

/// Documentation/schemas/telemetry.schema.json, and as much of JSON Schema as it uses. Unlike a validator's, a key that is not
/// described is wrong.
struct TelemetrySchema {
    private let definitions: [String: [String: Any]]

    init() throws {
        let file = PackageFiles.root.appending(path: "Documentation/schemas/telemetry.schema.json")
        let schema = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
        definitions = try #require(schema?["$defs"] as? [String: [String: Any]])
    }

    /// What is wrong with a value.
    func check(_ value: Any, as name: String) -> [String] { check(value, ["$ref": "#/$defs/\(name)"], name) }

    private func check(_ value: Any, _ given: [String: Any], _ path: String) -> [String] {
        var schema = given
        if let name = (schema["$ref"] as? String)?.split(separator: "/").last {
            guard let target = definitions[String(name)] else { return ["\(path): no definition of \(name)"] }
            schema = target
        }
        if let choices = schema["enum"] as? [String] {
            return (value as? String).map(choices.contains) == true ? [] : ["\(path): \(value)"]
        }
        if let constant = schema["const"] as? Int { return value as? Int == constant ? [] : ["\(path): \(value)"] }
        switch schema["type"] as? String {
        case "object":
            guard let object = value as? [String: Any] else { return ["\(path): no object"] }
            let known = schema["properties"] as? [String: [String: Any]] ?? [:]
            let missing = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }
            return missing.map { "\(path): no \($0)" }
                + object.flatMap { key, value in
                    guard let described = known[key] ?? schema["additionalProperties"] as? [String: Any] else {
                        return ["\(path): \(key) is not described"]
                    }
                    return check(value, described, "\(path).\(key)")
                }
        case "array":
            guard let array = value as? [Any] else { return ["\(path): no array"] }
            let items = schema["items"] as? [String: Any] ?? [:]
            let count = array.count
            let fits = count >= schema["minItems"] as? Int ?? 0 && count <= schema["maxItems"] as? Int ?? .max
            return (fits ? [] : ["\(path): \(count) items"]) + array.flatMap { check($0, items, "\(path)[]") }
        case "string": return value is String ? [] : ["\(path): \(value)"]
        case "integer": return value is Int ? [] : ["\(path): \(value)"]
        case "number": return value is NSNumber && !(value is String) ? [] : ["\(path): \(value)"]
        case "boolean": return value is Bool ? [] : ["\(path): \(value)"]
        default: return ["\(path): a schema without a type"]
        }
    }
}

/// The package's own files.
enum PackageFiles {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Compares a text with a golden file, or writes that where UPDATE_GOLDEN is set: then look at the difference.
    static func expectGolden(
        _ text: String, _ path: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let file = root.appending(path: "Fixtures/golden/\(path)")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let golden = try String(decoding: Data(contentsOf: file), as: UTF8.self)
        #expect(golden == text, "UPDATE_GOLDEN=1 writes \(path) anew", sourceLocation: sourceLocation)
    }
}
