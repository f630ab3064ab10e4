/// What `nvidia-smi -q`, or a part of it (`-q -d TEMPERATURE`), said as text.
///
/// Known to read 340 to 610. A line is `key : value`, split at the first " : " because the column of the colon moves with
/// the version (35, 41, 54); depth is the indentation.
public struct SMITextReading: Equatable, Sendable {
    /// As printed: "Thu Mar 15 01:32:42 2018", local time of the machine.
    public var timestamp: String?
    /// "390.42"; from 610 on that of the kernel module.
    public var driverVersion: String?
    /// The newest CUDA that the driver can run, "11.4".
    public var cudaVersion: String?
    /// How many GPUs the text says there are.
    public var attachedGPUs: Int?
    /// The GPUs in the order of the text. What was not asked for is absent as ``Absence/missing``.
    public var gpus: [GPUReading] = []

    private static let expected = "the text of nvidia-smi -q"

    /// Reads the text. Lines before its heading (prompts, errors about single GPUs) are ignored.
    ///
    /// - Parameter text: the output.
    /// - Throws: ``ReadingError`` where it has neither the heading nor a GPU.
    public init(parsing text: String) throws(ReadingError) {
        let lines = Lines(text)
        var started = false
        var tree = KeyTree()
        var top: [String: String] = [:]
        for (_, line) in lines {
            if line.has("NVSMI LOG") {
                started = true
                continue
            }
            guard started, !line.trimmed.isEmpty else { continue }
            if line.hasPrefix("GPU "), line.words.count == 2 {
                finish(&tree)
                tree = KeyTree(heading: String(line.words[1]))
            } else if line.first == " " || line.first == "\t" {
                tree.add(line)
            } else if let (key, value) = KeyTree.pair(line) {
                top[key] = value
            }
        }
        finish(&tree)
        guard started, !top.isEmpty else {
            let first = lines.firstSaid
            throw ReadingError(
                Self.expected, line: first.number, seen: first.text,
                problem: started ? "nothing follows the heading" : "there is no NVSMI LOG")
        }
        timestamp = top["timestamp"]
        // 610 prints the old key with a note in brackets, and a new key without one.
        driverVersion = (top["kmd version"] ?? top["driver version"]).flatMap(Self.version)
        cudaVersion = (top["cuda umd version"] ?? top["cuda version"]).flatMap(Self.version)
        attachedGPUs = top["attached gpus"].flatMap { Int($0) }
    }

    private mutating func finish(_ tree: inout KeyTree) {
        guard let heading = tree.heading else { return }
        // Without the PCI section, the heading has the address.
        if tree.texts["pci/bus id"] == nil { tree.texts["pci/bus id"] = heading }
        var gpu = GPUReading(tree.texts, dialect: \.text)
        gpu.processes = tree.processes
        gpus.append(gpu)
    }

    /// A version without the note that may follow it.
    private static func version(_ text: String) -> String? {
        guard let word = text.words.first, Absence(text: text) == nil else { return nil }
        return String(word)
    }
}

/// The lines below one GPU as a tree, which is kept flat: texts by path.
private struct KeyTree {
    /// The address behind "GPU"; nil for what precedes the first GPU.
    var heading: String?
    var texts: [String: String] = [:]
    var processes: [GPUProcessReading] = []
    /// The keys above the current line, with their indentations.
    private var above: [(indentation: Int, key: String)] = []

    init(heading: String? = nil) { self.heading = heading }

    /// `key : value` in lower case and as it is; a value that is empty counts too.
    static func pair(_ line: Substring) -> (String, String)? {
        guard let (key, value) = line.halves(at: " : ") ?? line.halves(at: " :") else { return nil }
        return (key.trimmed.lowercased(), value.trimmed.cut)
    }

    mutating func add(_ line: Substring) {
        let indentation = line.prefix { $0 == " " || $0 == "\t" }.count
        while let last = above.last, last.indentation >= indentation { above.removeLast() }
        let pair = Self.pair(line)
        let key = pair?.0 ?? line.trimmed.lowercased()
        above.append((indentation, key))
        guard let value = pair?.1, above.count <= 8 else { return }
        let path = above.map(\.key).joined(separator: "/")
        if path == "processes/process id" {
            var process = GPUProcessReading()
            process.pid = Quantity.whole(value, units: [""])
            processes.append(process)
        } else if let field = path.after("processes/process id/") {
            guard var process = processes.popLast() else { return }
            switch field {
            case "name": process.name = Quantity.text(value)
            case "type": process.type = Quantity.text(value)
            case "used gpu memory": process.usedMemoryBytes = Quantity.bytes(value)
            default: break
            }
            processes.append(process)
        } else if texts[path] == nil {
            texts[path] = value
        }
    }
}
