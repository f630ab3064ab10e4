public import Contract

/// The JSON schema of manifests, from the same table that reads them. Editors complete and check with it:
///
///     # yaml-language-server: $schema=…/fleet.schema.json
public enum ManifestSchema {
    /// JSON schema, draft 2020-12.
    public static var document: JSONValue {
        let fields = Dictionary(
            uniqueKeysWithValues: ManifestField.all.map { ($0.key, described($0.schema, $0.summary)) })
        let own: [String: JSONValue] = [
            "name": described(
                .object(["type": .string("string"), "pattern": .string("^[A-Za-z0-9]([A-Za-z0-9._-]|\\{n\\})*$")]),
                "The guest's name; {n} is its number where there is a `count`."),
            "count": described(
                FieldKind<Int>.whole(1...ManifestReader.guestLimit).schema, "So many guests alike: NAME-1, NAME-2, …"),
        ]
        return .object([
            "$schema": .string("https://json-schema.org/draft/2020-12/schema"),
            "title": .string("A fleet of provision-gpu-vm"),
            "type": .string("object"), "additionalProperties": .bool(false),
            "required": .array([.string("version"), .string("guests")]),
            "properties": .object([
                "version": .object(["const": .number(Double(ManifestReader.version))]),
                "name": described(
                    .object(["type": .string("string"), "pattern": .string("^[A-Za-z0-9][A-Za-z0-9._-]*$")]),
                    "The fleet's name."),
                "defaults": described(
                    .object([
                        "type": .string("object"), "additionalProperties": .bool(false), "properties": .object(fields),
                    ]), "What holds for every guest that does not say otherwise."),
                "guests": .object([
                    "type": .string("array"), "minItems": .number(1),
                    "items": .object([
                        "type": .string("object"), "additionalProperties": .bool(false),
                        "required": .array([.string("name")]),
                        "properties": .object(fields.merging(own) { $1 }),
                    ]),
                ]),
            ]),
        ])
    }

    private static func described(_ schema: JSONValue, _ summary: String) -> JSONValue {
        guard case .object(var keys) = schema else { return schema }
        keys["description"] = .string(summary)
        return .object(keys)
    }
}
