import Contract
import Passthrough

extension FieldKind where Value == GPUWish {
    /// A number, `simulated`, `none`, an address or a list of them, or `count` and `match`.
    static let gpus = FieldKind(
        expected: "a number of GPUs, simulated, none, PCI addresses, or {count, match}",
        schema: .object([
            "anyOf": .array([
                .object(["type": .string("integer"), "minimum": .number(0), "maximum": .number(64)]),
                .object(["type": .string("string")]),
                .listOf(.object(["type": .string("string")])),
                .object([
                    "type": .string("object"), "additionalProperties": .bool(false),
                    "required": .array([.string("count")]),
                    "properties": .object([
                        "count": FieldKind<Int>.whole(1...64).schema, "match": .object(["type": .string("string")]),
                    ]),
                ]),
            ])
        ])
    ) { value, home throws(ManifestProblem) in
        switch value {
        case .list(let items, _):
            var addresses: [PCIAddress] = []
            for item in items { addresses.append(try address(item)) }
            return addresses.isEmpty ? GPUWish.none : .addresses(addresses)
        case .map(let entries, let mark): return try counted(entries, mark, home)
        case .text:
            switch value.word {
            case nil: return nil
            case "none", "0": return GPUWish.none
            case "simulated": return .simulated
            case let word?:
                if let count = Int(word) {
                    guard (1...64).contains(count) else { return nil }
                    return .count(count, pattern: nil)
                }
                return .addresses([try address(value)])
            }
        }
    }

    private static func address(_ item: MarkedValue) throws(ManifestProblem) -> PCIAddress {
        guard let word = item.word, let address = PCIAddress(word) else {
            throw ManifestProblem(
                item.mark, "", "\(item.seen) is no PCI address.",
                "Write it as lspci shows it, 0000:41:00.0 or 41:00.0; `provision-gpu-vm gpus` lists them.")
        }
        return address
    }

    private static func counted(
        _ entries: [MarkedValue.Entry], _ mark: TextMark, _ home: ManifestHome
    ) throws(ManifestProblem) -> GPUWish {
        var count: Int?
        var pattern: String?
        for entry in entries {
            switch entry.key {
            case "count": count = try FieldKind<Int>.whole(1...64).one(entry.value, home)
            case "match": pattern = try FieldKind<String>.text.one(entry.value, home)
            default:
                throw ManifestProblem(
                    entry.mark, "", "gpus knows no \"\(entry.key)\".",
                    "It has `count`, and `match` for a part of the name.")
            }
        }
        guard let count else {
            throw ManifestProblem(mark, "", "gpus says no `count`.", "Say how many: {count: 2, match: A100}.")
        }
        return .count(count, pattern: pattern)
    }
}
