/// The menu of a grub.cfg: entries and submenus, as GRUB counts them.
struct GrubMenu {
    struct Item {
        /// Its title and its id, by which a default may name it.
        var names: [String]
        /// The kernel that it boots: "/boot/vmlinuz-6.1.0-26-amd64". Nil for a submenu and for what boots no Linux.
        var image: String?
        /// A submenu's.
        var items: [Item] = []
    }

    private(set) var items: [Item] = []

    init(_ text: String) {
        // Blocks that are open; nil for one that is no entry, such as a function.
        var open: [Item?] = []
        for line in text.lines {
            let words = line.words
            guard let first = words.first else { continue }
            if first == "menuentry" || first == "submenu", words.last == "{" {
                let quoted = line.split(separator: "'", omittingEmptySubsequences: false)
                open.append(Item(names: stride(from: 1, to: quoted.count, by: 2).map { String(quoted[$0]) }))
            } else if words.last == "{" {
                open.append(nil)
            } else if words == ["}"] {
                guard let item = open.popLast() ?? nil else { continue }
                if let menu = open.lastIndex(where: { $0 != nil }) {
                    open[menu]?.items.append(item)
                } else {
                    items.append(item)
                }
            } else if ["linux", "linux16", "linuxefi"].contains(first), words.count > 1, let item = open.last ?? nil,
                item.image == nil
            {
                open[open.count - 1]?.image = words[1]
            }
        }
    }

    /// The kernel that is booted where `path` is the default: an index, a name, or one for each level ("1>2",
    /// "gnulinux-advanced-…>gnulinux-6.1…"). What is not there is the first one, as for GRUB.
    func image(_ path: String) -> String? {
        var wanted = path.split(separator: ">").map { String($0) }[...]
        var items = items
        while let first = items.first {
            let name = wanted.popFirst() ?? "0"
            let item =
                items.first { $0.names.contains(name) }
                ?? Int(name).flatMap { items.indices.contains($0) ? items[$0] : nil } ?? first
            if item.items.isEmpty { return item.image }
            items = item.items
        }
        return nil
    }
}
