import Guest

/// A path whose last part may have one `*`, which stands for anything: "/etc/ssh/ssh_host_*".
struct FilePattern: ExpressibleByStringLiteral {
    private let folder: String
    private let head: Substring
    /// Nil where the name is meant as it is.
    private let tail: Substring?

    init(stringLiteral pattern: String) {
        folder = SystemRoot.parent(of: pattern)
        let name = pattern[(pattern.lastIndex(of: "/").map { pattern.index(after: $0) } ?? pattern.startIndex)...]
        let star = name.firstIndex(of: "*")
        head = star.map { name[..<$0] } ?? name
        tail = star.map { name[name.index(after: $0)...] }
    }

    /// What there is of it, links that lead nowhere included.
    func paths(_ root: SystemRoot) -> [String] {
        root.list(folder).filter { name in
            guard let tail else { return name == head }
            return name.utf8.count >= head.utf8.count + tail.utf8.count && name.hasPrefix(head) && name.hasSuffix(tail)
        }.map { folder == "/" ? "/\($0)" : "\(folder)/\($0)" }
    }
}
