import BootConfiguration

/// The kernels below /lib/modules, and which of them the next boot takes, as far as the boot loader's files tell.
public struct InstalledKernels: Sendable {
    private let root: SystemRoot

    /// The kernels of the machine with this root.
    public init(_ root: SystemRoot) {
        self.root = root
    }

    /// Releases whose modules are installed, oldest first.
    public var releases: [String] {
        root.list("/lib/modules").filter { root.exists("/lib/modules/\($0)/modules.dep") }
            .sorted { Self.precedes($0, $1) }
    }

    /// The folder of a kernel's headers, nil where they are not whole.
    public func headers(of release: String) -> String? {
        let link = "/lib/modules/\(release)/build"
        // The link is absolute in a real guest; followed in the guest's own terms.
        let folder = root.resolvingLinks(link)
        let whole = ["include/generated/autoconf.h", "Makefile"].allSatisfy {
            root.exists("\(link)/\($0)") || root.exists("\(folder)/\($0)")
        }
        return whole ? folder : nil
    }

    /// The kernel's configuration has `option` ("CONFIG_UNWINDER_ORC=y"), where there is a configuration to read.
    public func isConfigured(_ release: String, _ option: String) -> Bool {
        ["/lib/modules/\(release)/config", "/boot/config-\(release)", "/lib/modules/\(release)/build/.config"]
            .lazy.compactMap { root.textIfReadable($0) }.first
            .map { text in text.lines.contains(option) } ?? false
    }

    /// The release that the next boot takes by itself; nil where that cannot be told.
    public var nextBoot: String? {
        let text = configuration
        let files = entryFiles
        if !files.isEmpty, text.isEmpty || text.contains("blscfg") {
            let wanted = defaultEntry
            let chosen =
                files.first { $0.names.contains(wanted) } ?? Int(wanted).flatMap { index in
                    files.indices.contains(index) ? files[index] : nil
                } ?? files[0]
            return chosen.release
        }
        let menu = GrubMenu(text)
        guard !menu.items.isEmpty else { return root.linkTarget("/boot/vmlinuz").flatMap { release(ofImage: $0) } }
        return menu.image(defaultEntry).flatMap { release(ofImage: $0) }
    }

    private struct Entry {
        /// What `saved_entry` may call it.
        var names: [String]
        /// The kernel that it boots, where that is an installed one.
        var release: String?
    }

    private static let configurations = ["/boot/grub2/grub.cfg", "/boot/grub/grub.cfg"]

    private var configuration: String {
        if let text = Self.configurations.lazy.compactMap({ root.textIfReadable($0) }).first { return text }
        // EL 7 with UEFI keeps it in the EFI partition.
        return root.list("/boot/efi/EFI").lazy
            .compactMap { root.textIfReadable("/boot/efi/EFI/\($0)/grub.cfg") }.first { $0.contains("menuentry") } ?? ""
    }

    /// The entries of the boot loader specification, newest first.
    private var entryFiles: [Entry] {
        let installed = releases
        let files =
            BootLoader.entryFolders.lazy.map { BootLoader.entryFiles($0, root).filter { !$0.contains("rescue") } }
            .first { !$0.isEmpty } ?? []
        return files.compactMap { path -> (Entry, String)? in
            guard let entry = EntryFile(root.textIfReadable(path) ?? "").entry(source: path) else { return nil }
            let file = path.split(separator: "/").last.map { String($0.dropLast(5)) } ?? ""
            let version = entry.version ?? file
            let release = installed.contains(version) ? version : release(ofImage: entry.kernel)
            return (Entry(names: [file, entry.title ?? ""], release: release), version)
        }.sorted { Self.precedes($1.1, $0.1) }.map(\.0)
    }

    /// `saved_entry` of GRUB's environment where the configuration reads it, else what the configuration sets; "0" without.
    private var defaultEntry: String {
        let text = configuration
        let saved = ["/boot/grub2/grubenv", "/boot/grub/grubenv"].lazy.compactMap { root.textIfReadable($0) }.first
            .flatMap { $0.lines.first { $0.hasPrefix("saved_entry=") } }
            .map { String($0.dropFirst("saved_entry=".count)) }
        let set = text.lines.map(\.trimmed).first {
            $0.hasPrefix("set default=\"") && !$0.contains("${next_entry}")
        }
        let value = set.map { $0.dropFirst("set default=\"".count).prefix { $0 != "\"" } } ?? "${saved_entry}"
        return value.contains("saved_entry") ? saved ?? "0" : String(value)
    }

    /// The release whose image this is: by the name, by the folder (kernel-install's /<token>/<release>/linux), or by the
    /// package whose name Arch gives to it.
    private func release(ofImage path: String) -> String? {
        let parts = path.split(separator: "/").map { String($0) }
        let releases = self.releases
        if let release = parts.dropLast().first(where: { releases.contains($0) }) { return release }
        let name = parts.last ?? ""
        guard name.hasPrefix("vmlinuz") else { return nil }
        let tail = String(name.dropFirst("vmlinuz-".count))
        if releases.contains(tail) { return tail }
        return releases.first { root.attribute("/lib/modules/\($0)/pkgbase") == tail }
            ?? (tail.isEmpty ? root.linkTarget(path).flatMap { release(ofImage: $0) } : nil)
    }

    /// Whether one release is older than another: numbers are compared as numbers, as package managers do.
    public static func precedes(_ one: String, _ other: String) -> Bool {
        let (a, b) = (parts(one), parts(other))
        for (left, right) in zip(a, b) where left != right {
            if let left = Int(left), let right = Int(right) {
                if left != right { return left < right }
            } else {
                // A number is newer than a word: 6.1.0-26 and 6.1.0-rc3.
                if Int(left) != nil || Int(right) != nil { return Int(left) == nil }
                return left < right
            }
        }
        return a.count < b.count
    }

    private static func parts(_ text: String) -> [String] {
        var parts: [String] = []
        var kind: Int?
        for character in text {
            let now = character.isNumber ? 0 : character.isLetter ? 1 : 2
            if now == 2 {
                kind = nil
            } else if now == kind {
                parts[parts.count - 1].append(character)
            } else {
                parts.append(String(character))
                kind = now
            }
        }
        return parts
    }
}
