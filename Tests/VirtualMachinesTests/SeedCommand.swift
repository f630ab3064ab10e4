import FoundationEssentials

/// What a QEMU command line says, as facts that two of them can be compared by. Ways of writing the same are one fact: what
/// QEMU's defaults mean is written out, names that only tie arguments together (ids, nodes) are left out.
struct CommandFacts {
    private(set) var facts: Set<String> = []

    /// `arguments` without the program.
    init(_ arguments: [String]) {
        var rest = arguments[...]
        var options: [(name: String, value: String)] = []
        while let name = rest.popFirst() {
            let hasValue = rest.first.map { !$0.hasPrefix("-") } ?? false
            options.append((name, hasValue ? rest.popFirst() ?? "" : ""))
        }
        let files = Self.files(options)
        if !options.contains(where: { $0.name == "-machine" }) { facts.insert("machine: pc") }
        if !options.contains(where: { $0.name == "-nodefaults" }) {
            facts.formUnion([
                "VGA", "default devices: parallel port, floppy, CD-ROM, serial port and monitor on screens",
            ])
        }
        for (name, value) in options { facts.formUnion(Self.facts(name, Properties(value), files: files)) }
    }

    /// Block nodes by name.
    private static func files(_ options: [(name: String, value: String)]) -> [String: String] {
        options.filter { $0.name == "-blockdev" }.reduce(into: [:]) { files, option in
            let properties = Properties(option.value)
            files[properties["node-name"] ?? ""] = properties["file.filename"].map(fileName)
        }
    }

    private static func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private static func facts(_ name: String, _ value: Properties, files: [String: String]) -> Set<String> {
        switch name {
        case "-enable-kvm": return ["accelerator: kvm"]
        case "-accel": return ["accelerator: \(value.first)"]
        case "-machine": return value.facts("machine", first: true)
        case "-cpu": return value.facts("processor", first: true)
        case "-smp":
            return Set(["processors: \(value["cpus"] ?? value.first)"]).union(
                value.facts("processors", without: ["cpus"]))
        case "-m": return ["memory: \(value.first.filter(\.isNumber)) MiB"]
        // The first drive without an interface is the first disk of the IDE controller; its format is probed.
        case "-drive": return ["disk: ide, \(fileName(value["file"] ?? ""))"]
        case "-blockdev": return value["discard"].map { ["disk: discard=\($0)"] } ?? []
        // "-net nic" makes the card, "-net user" what it is plugged into.
        case "-net" where value.first == "nic": return ["network card: \(value["model"] ?? "")"]
        case "-net", "-netdev": return value["hostfwd"].map { ["forward: \($0)"] } ?? []
        case "-vnc": return ["VNC: \(value.first)"]
        case "-device": return device(value, files: files)
        default: return ["\(name) \(value.text)"]
        }
    }

    private static func device(_ value: Properties, files: [String: String]) -> Set<String> {
        let place = ["bus", "addr"].compactMap { key in value[key].map { "\(key)=\($0)" } }.joined(separator: " ")
        switch value.first {
        case "vfio-pci":
            let host = value["host"] ?? ""
            let function = host.hasPrefix("0000:") ? String(host.dropFirst(5)) : host
            // "0x16" is function 0 of device 0x16 on the root bus.
            let address = (value["addr"] ?? "any").replacing(/\.0x0$/, with: "").replacing(".0x", with: ".")
            return Set(["passed through: \(function) at \(address)"]).union(
                value.facts("\(function)", without: ["host", "addr", "bus", "id"]))
        case "ide-hd":
            let file = files[value["drive"] ?? ""] ?? ""
            return Set(["disk: ide, \(file)"]).union(value.facts("disk", without: ["id", "drive", "bus"]))
        case "e1000":
            return Set(["network card: e1000", "address of e1000: \(place)"]).union(
                value.facts("network card", without: ["id", "netdev", "bus", "addr"]))
        default:
            return Set([value.first]).union(place.isEmpty ? [] : ["address of \(value.first): \(place)"])
        }
    }
}

/// "first,key=value,…"
private struct Properties {
    let text: String
    let first: String
    private let values: [(key: String, value: String)]

    init(_ text: String) {
        self.text = text
        let parts = text.split(separator: ",").map(String.init)
        first = parts.first.map { $0.contains("=") ? "" : $0 } ?? ""
        values = parts.compactMap { part in
            part.firstIndex(of: "=").map { (String(part[..<$0]), String(part[part.index(after: $0)...])) }
        }
    }

    subscript(key: String) -> String? { values.first { $0.key == key }?.value }

    func facts(_ subject: String, first includesFirst: Bool = false, without keys: Set<String> = []) -> Set<String> {
        Set(values.filter { !keys.contains($0.key) }.map { "\(subject): \($0.key)=\($0.value)" })
            .union(includesFirst ? ["\(subject): \(first)"] : [])
    }
}
