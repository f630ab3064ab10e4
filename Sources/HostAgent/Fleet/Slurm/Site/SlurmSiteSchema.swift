public import Contract

/// The JSON schema of site files, from the table that reads them.
public enum SlurmSiteSchema {
    /// JSON schema, draft 2020-12.
    public static var document: JSONValue {
        var fields = Dictionary(uniqueKeysWithValues: SiteField.all.map { ($0.key, described($0.schema, $0.summary)) })
        fields["version"] = .object(["const": .number(Double(SlurmSiteReader.version))])
        fields["nodes"] = described(
            .listOf(
                .object([
                    "type": .string("object"), "additionalProperties": .bool(false),
                    "required": .array([.string("names")]),
                    "properties": .object([
                        "names": described(
                            .object(["type": .string("string"), "minLength": .number(1)]),
                            "Names as Slurm writes many: gpu[01-08,12]."),
                        "gpus": described(
                            .listOf(.object(["type": .string("string")])),
                            "PCI addresses by GRES index: the order of the gpu lines in gres.conf."),
                    ]),
                ])), "Which card a GRES index means: /dev/nvidia* is gone once vfio-pci holds the cards.")
        return .object([
            "$schema": .string("https://json-schema.org/draft/2020-12/schema"),
            "title": .string("A Slurm site of provision-gpu-vm"),
            "type": .string("object"), "additionalProperties": .bool(false),
            "required": .array([.string("version"), .string("shared")]),
            "properties": .object(fields),
        ])
    }

    private static func described(_ schema: JSONValue, _ summary: String) -> JSONValue {
        guard case .object(var keys) = schema else { return schema }
        keys["description"] = .string(summary)
        return .object(keys)
    }
}
