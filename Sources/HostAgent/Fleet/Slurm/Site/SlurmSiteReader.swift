import Contract
import Passthrough

/// Reads a site file and finds everything that is wrong with it. Pure.
struct SlurmSiteReader {
    static let version = 1

    private let home: ManifestHome
    private var problems: [ManifestProblem] = []
    private var site = SlurmSite(shared: "")
    /// Where each node was named.
    private var named: [String: TextMark] = [:]

    /// The site that `text` is. Throws all that is wrong.
    static func read(_ text: String, home: ManifestHome) throws(ManifestProblems) -> SlurmSite {
        var reader = SlurmSiteReader(home: home)
        return try reader.read(text)
    }

    private init(home: ManifestHome) {
        self.home = home
    }

    private mutating func read(_ text: String) throws(ManifestProblems) -> SlurmSite {
        let start = TextMark(line: 1, column: 1)
        let root: MarkedValue
        do throws(ManifestProblem) {
            root = try ManifestText.parse(text) ?? .map([], start)
        } catch {
            throw ManifestProblems([error])
        }
        guard case .map(let entries, _) = root else {
            throw ManifestProblems([
                ManifestProblem(root.mark, "", "The site file is \(root.seen), no mapping.", "Begin with `version: 1`.")
            ])
        }
        var isVersioned = false
        for entry in entries {
            switch entry.key {
            case "version":
                isVersioned = true
                if entry.value.word != String(Self.version) {
                    add(entry.value.mark, "version", "version is \(entry.value.seen).", "Write `version: 1`.")
                }
            case "nodes": readNodes(entry.value)
            default: store(entry)
            }
        }
        if !isVersioned {
            add(start, "version", "The site file does not say its version.", "Write `version: 1`.")
        }
        if !entries.contains(where: { $0.key == "shared" }) {
            add(
                start, "shared", "The site file says no `shared` folder.",
                "Name a folder that every node has under the same path.")
        }
        guard problems.isEmpty else { throw ManifestProblems(problems) }
        return site
    }

    private mutating func store(_ entry: MarkedValue.Entry) {
        guard let field = SiteField.byKey[entry.key] else {
            let known = SiteField.all.map(\.key) + ["version", "nodes"]
            let near = nearest(to: entry.key, among: known).map { "Did you mean `\($0)`?" }
            add(
                entry.mark, entry.key, "There is no field \"\(entry.key)\".",
                near ?? "Fields are \(known.sorted().joined(separator: ", ")).")
            return
        }
        do throws(ManifestProblem) {
            try field.store(entry.value, home, &site)
        } catch {
            add(error, entry.key)
        }
    }

    // MARK: - Nodes

    private mutating func readNodes(_ value: MarkedValue) {
        guard case .list(let items, _) = value else {
            add(value.mark, "nodes", "nodes are \(value.seen).", "Write a list: `- names: gpu[01-08]`.")
            return
        }
        for (index, item) in items.enumerated() { readNode(item, "nodes[\(index)]") }
    }

    private mutating func readNode(_ item: MarkedValue, _ path: String) {
        guard case .map(let entries, let mark) = item else {
            add(item.mark, path, "Nodes are \(item.seen).", "Write `- names: …` and `gpus: […]` below it.")
            return
        }
        var nodes = SlurmSite.Nodes(names: "", gpus: [])
        for entry in entries {
            switch entry.key {
            case "names": nodes.names = names(entry.value, "\(path).names")
            case "gpus": nodes.gpus = cards(entry.value, "\(path).gpus")
            default:
                add(
                    entry.mark, "\(path).\(entry.key)", "There is no field \"\(entry.key)\".",
                    "Nodes have `names`, and `gpus` by GRES index.")
            }
        }
        if !entries.contains(where: { $0.key == "names" }) {
            add(mark, path, "Nodes have no names.", "Write `names: gpu[01-08]`.")
        }
        site.nodes.append(nodes)
    }

    private mutating func names(_ value: MarkedValue, _ path: String) -> String {
        guard let word = value.word, let names = HostList.names(word) else {
            add(
                value.mark, path, "\(value.seen) names no nodes.",
                "Write them as Slurm does: node1, gpu[01-08,12]; at most \(HostList.limit).")
            return ""
        }
        for name in names {
            guard let earlier = named.updateValue(value.mark, forKey: name) else { continue }
            add(
                value.mark, path, "\(name) is named twice, also in line \(earlier.line).",
                "Name each node once: it has one list of cards.")
            break
        }
        return word
    }

    private mutating func cards(_ value: MarkedValue, _ path: String) -> [PCIAddress] {
        guard case .list(let items, _) = value else {
            add(value.mark, path, "gpus are \(value.seen).", "Write a list of PCI addresses, by GRES index.")
            return []
        }
        var cards: [PCIAddress] = []
        for item in items {
            guard let word = item.word, let card = PCIAddress(word) else {
                add(
                    item.mark, path, "\(item.seen) is no PCI address.",
                    "Write it as `provision-gpu-vm gpus` shows it on the node: 0000:41:00.0.")
                continue
            }
            if cards.contains(card) {
                add(item.mark, path, "\(card) has two GRES indexes.", "Write each card once.")
            }
            cards.append(card)
        }
        return cards
    }

    private mutating func add(_ mark: TextMark, _ path: String, _ message: String, _ remedy: String) {
        problems.append(ManifestProblem(mark, path, message, remedy))
    }

    private mutating func add(_ problem: ManifestProblem, _ path: String) {
        var problem = problem
        problem.path = path
        problems.append(problem)
    }
}
