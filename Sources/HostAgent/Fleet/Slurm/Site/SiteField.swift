import Contract

/// A field of the site file: one row of the table that reads it and gives its schema.
struct SiteField: Sendable {
    var key: String
    var summary: String
    var schema: JSONValue
    var store: @Sendable (MarkedValue, ManifestHome, inout SlurmSite) throws(ManifestProblem) -> Void

    init<Value>(
        _ key: String, _ kind: FieldKind<Value>, _ summary: String,
        put: @escaping @Sendable (inout SlurmSite, Value) -> Void
    ) {
        self.key = key
        self.summary = summary
        schema = kind.schema
        store = { (value: MarkedValue, home: ManifestHome, site: inout SlurmSite) throws(ManifestProblem) in
            guard let read = try kind.read(value, home) else {
                throw ManifestProblem(
                    value.mark, "", "\(key) is \(value.seen); it takes \(kind.expected).", "Mend it, or leave it out.")
            }
            put(&site, read)
        }
    }

    /// All but `version` and `nodes`.
    static let all: [SiteField] = [
        SiteField(
            "shared", .path, "A folder under the same path on every node: spools, golden images. Required."
        ) { $0.shared = $1 },
        SiteField("scratch", .path, "A folder of each node for its guests' disks; they are on `shared` without.") {
            $0.scratch = $1
        },
        SiteField("tool", .path, "provision-gpu-vm on the nodes; the path here without.") { $0.tool = $1 },
        SiteField("partition", .slurmWord, "sbatch --partition.") { $0.partition = $1 },
        SiteField("account", .slurmWord, "sbatch --account.") { $0.account = $1 },
        SiteField("qos", .slurmWord, "sbatch --qos.") { $0.qos = $1 },
        SiteField(
            "time-limit", .slurmTime, "A guest's longest life, as sbatch --time takes it: 30 (minutes), 12:00:00, 7-0."
        ) { $0.timeLimit = $1 },
        SiteField("sbatch", .sbatchArguments, "More arguments of sbatch, each with two dashes.") { $0.sbatch = $1 },
        SiteField("gpu-types", .gpuTypes, "The GRES type for a `match` of a manifest: {A100: a100}.") {
            $0.gpuTypes = $1
        },
        SiteField("memory-overhead", .size, "What QEMU takes besides the guest's memory. (default: 512M)") {
            $0.memoryOverheadBytes = $1
        },
        SiteField("grace", .whole(1...3600), "Seconds that a guest may take to power off. (default: 120)") {
            $0.graceSeconds = $1
        },
        SiteField("poll", .whole(1...600), "Seconds between two looks at the queue. (default: 5)") {
            $0.pollSeconds = $1
        },
        SiteField(
            "array-size", .whole(1...1_000_000),
            "Guests of an array, at most one less than MaxArraySize of slurm.conf. (default: 1000)"
        ) { $0.arraySize = $1 },
    ]

    static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })
}

extension FieldKind where Value == String {
    /// What can stand in an argument of sbatch without a doubt: no spaces, no leading dash.
    static let slurmWord = FieldKind(
        expected: "a word without spaces",
        schema: .object(["type": .string("string"), "pattern": .string("^[A-Za-z0-9_][A-Za-z0-9_.,:+-]*$")])
    ) { value, _ throws(ManifestProblem) in
        guard let word = value.word, let first = word.utf8.first, first != UInt8(ascii: "-"),
            word.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        return word
    }

    static let slurmTime = FieldKind(
        expected: "minutes, HH:MM:SS or DAYS-HH:MM:SS",
        schema: .object([
            "type": .array([.string("string"), .string("integer")]),
            "pattern": .string("^([0-9]+-)?[0-9]+(:[0-9]+){0,2}$"),
        ])
    ) { value, _ throws(ManifestProblem) in
        guard let word = value.word, word.utf8.count <= 20 else { return nil }
        let parts = word.split(separator: "-", omittingEmptySubsequences: false)
        let times = (parts.last ?? "").split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.dropLast() + times
        guard parts.count <= 2, times.count <= 3, numbers.allSatisfy({ !$0.isEmpty && UInt32($0) != nil }) else {
            return nil
        }
        return word
    }
}

extension FieldKind where Value == [String] {
    /// What this tool says itself, and what would make the job another one.
    private static let own: Set<String> = [
        "array", "batch", "comment", "cpus-per-task", "error", "export", "gpus", "gpus-per-node", "gres", "job-name",
        "mem", "nodes", "ntasks", "no-requeue", "open-mode", "output", "parsable", "requeue", "signal", "test-only",
        "wait", "wrap",
    ]

    static let sbatchArguments = FieldKind(
        expected: "a list of arguments such as --constraint=vfio",
        schema: .listOf(.object(["type": .string("string"), "pattern": .string("^--[a-z]")]))
    ) { value, _ throws(ManifestProblem) in
        guard case .list(let items, _) = value else { return nil }
        var words: [String] = []
        for item in items {
            guard let word = item.word, word.hasPrefix("--"), word.utf8.count > 2, !word.contains("\0") else {
                throw ManifestProblem(
                    item.mark, "", "\(item.seen) is no argument of sbatch.", "Write it with two dashes: --option=value."
                )
            }
            let name = String(word.dropFirst(2).prefix { $0 != "=" })
            guard !own.contains(name) else {
                throw ManifestProblem(
                    item.mark, "", "--\(name) is said by this tool.",
                    "Leave it out; needs come from the manifest, the rest has fields of its own.")
            }
            words.append(word)
        }
        return words
    }
}

extension FieldKind where Value == [String: String] {
    static let gpuTypes = FieldKind(
        expected: "types by pattern, such as {A100: a100}",
        schema: .object([
            "type": .string("object"), "additionalProperties": FieldKind<String>.slurmWord.schema,
        ])
    ) { value, home throws(ManifestProblem) in
        guard case .map(let entries, _) = value else { return nil }
        var types: [String: String] = [:]
        for entry in entries { types[entry.key] = try FieldKind<String>.slurmWord.one(entry.value, home) }
        return types
    }
}
