import BootConfiguration
import Host
import SystemPackage

/// What boots the host, and how its kernel command line is changed.
struct HostBootLoader {
    /// Who reads which files.
    enum Kind: Equatable {
        /// GRUB with a configuration that is generated from /etc/default/grub.
        case grub(configuration: String)
        /// GRUB with a file for each entry, changed by grubby where that is there.
        case grubWithEntries(folder: String)
        /// systemd-boot, or anything else that reads such a folder.
        case entries(folder: String)
        /// Proxmox VE: one tool copies kernels and settings to each EFI system partition.
        case proxmox
        /// mkinitcpio puts /etc/kernel/cmdline into a unified kernel image.
        case unifiedByMkinitcpio
        /// Nothing that is changed, and why.
        case leftAlone(String)
    }

    let tree: any HostTree
    let kind: Kind

    init(_ tree: any HostTree) {
        self.tree = tree
        kind = Self.kind(tree)
    }

    /// Read by Debian's and Ubuntu's update-grub after all other fragments.
    static let fragment = "/etc/default/grub.d/zz-provision-gpu-vm.cfg"

    /// What puts `parameters` on the command line of the next boots; nothing where they stand there already.
    func fix(adding parameters: [String]) -> HostFix {
        var fix = HostFix()
        guard !parameters.isEmpty else { return fix }
        let reason = "boot arguments \(parameters.joined(separator: " "))"
        let line = { (text: String) in CommandLineFile.editing(text) { KernelParameters.adding(parameters, to: $0) } }
        func rewrite(_ path: String, _ edit: (String) -> String) {
            guard let old = tree.text(path) else { return }
            let new = edit(old)
            if new != old { fix.files.append(.init(path: path, old: old, new: new, reason: reason)) }
        }
        switch kind {
        case .grub(let configuration):
            rewrite(GrubDefaults.path) { GrubDefaults.adding(parameters, to: $0) }
            addFragment(parameters, reason, &fix)
            let text = tree.text(configuration, limit: 4 << 20)
            let entries = text.map { GrubConfiguration($0).entries } ?? []
            // Entries that are the user's own never get them: one that has them all says that it was generated since.
            let isStale = !entries.isEmpty && !entries.contains { missing(parameters, $0).isEmpty }
            if !fix.files.isEmpty || isStale {
                fix.commands.append(.init(generator(configuration), .bootLoader))
            }
        case .grubWithEntries(let folder):
            let entries = entries(folder).filter { !$0.isRescue }
            if has("grubby") {
                fix.commands += grubby(parameters, entries)
            } else {
                for entry in entries { rewrite(entry.source) { EntryFile($0).adding(parameters) } }
            }
            rewrite(GrubDefaults.path) { GrubDefaults.adding(parameters, to: $0) }
            rewrite(CommandLineFile.path, line)
        case .entries(let folder):
            for entry in entries(folder) where !entry.isRescue {
                rewrite(entry.source) { EntryFile($0).adding(parameters) }
            }
            rewrite(CommandLineFile.path, line)
        case .proxmox:
            rewrite(GrubDefaults.path) { GrubDefaults.adding(parameters, to: $0) }
            addFragment(parameters, reason, &fix)
            rewrite(CommandLineFile.path, line)
            if !fix.files.isEmpty { fix.commands.append(.init(["proxmox-boot-tool", "refresh"], .bootLoader)) }
        case .unifiedByMkinitcpio:
            rewrite(CommandLineFile.path, line)
            if !fix.files.isEmpty { fix.commands.append(.init(["mkinitcpio", "-P"], .bootLoader)) }
        case .leftAlone(let why):
            fix.notes.append(
                "The kernel command line is left alone: \(why). Add these yourself: \(parameters.joined(separator: " "))"
            )
        }
        return fix
    }

    /// What makes the boot loader's configuration anew where an earlier run was cut short before it.
    var regeneration: HostFix.Command? {
        switch kind {
        case .grub(let configuration): .init(generator(configuration), .bootLoader)
        case .proxmox: .init(["proxmox-boot-tool", "refresh"], .bootLoader)
        case .unifiedByMkinitcpio: .init(["mkinitcpio", "-P"], .bootLoader)
        // Entries are their own record of what is missing.
        case .grubWithEntries, .entries, .leftAlone: nil
        }
    }

    private func missing(_ parameters: [String], _ entry: BootEntry) -> [String] {
        KernelParameters.missing(parameters, in: entry.arguments)
    }

    /// A fragment that sets the variable anew hides what stands in /etc/default/grub.
    private func addFragment(_ parameters: [String], _ reason: String, _ fix: inout HostFix) {
        guard has("update-grub") || kind == .proxmox else { return }
        let folder = "/etc/default/grub.d"
        let hides = tree.list(folder).contains { name in
            name.hasSuffix(".cfg") && GrubDefaults.setsAnew(tree.text("\(folder)/\(name)") ?? "")
        }
        guard hides else { return }
        let old = tree.text(Self.fragment)
        let new = """
            \(HostFix.mark) A fragment before this one sets the variable anew.
            GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX \(parameters.joined(separator: " "))"

            """
        if old != new { fix.files.append(.init(path: Self.fragment, old: old, new: new, reason: reason)) }
    }

    /// grubby replaces a key's value whole: lists of others are merged first.
    private func grubby(_ parameters: [String], _ entries: [BootEntry]) -> [HostFix.Command] {
        let wanted = entries.map { entry -> (entry: BootEntry, words: String) in
            guard !missing(parameters, entry).isEmpty else { return (entry, "") }
            let line = KernelParameters.adding(parameters, to: entry.arguments.joined(separator: " "))
                .split(separator: " ").map { String($0) }
            let keys = parameters.map { $0.prefix { $0 != "=" } }
            return (
                entry,
                keys.compactMap { key in line.last { $0.prefix { $0 != "=" } == key } }.joined(separator: " ")
            )
        }
        let needy = wanted.filter { !$0.words.isEmpty }
        guard let first = needy.first else { return [] }
        func command(_ kernel: String, _ words: String) -> HostFix.Command {
            .init(["grubby", "--update-kernel=\(kernel)", "--args=\(words)"], .bootLoader)
        }
        if wanted.allSatisfy({ $0.words == first.words }) { return [command("ALL", first.words)] }
        return needy.map { command("/boot/" + ($0.entry.kernel.split(separator: "/").last ?? ""), $0.words) }
    }

    private func entries(_ folder: String) -> [BootEntry] {
        var variables: [String: String] = [:]
        for path in Self.legacy + Self.firmware(tree) {
            variables.merge(GrubConfiguration(tree.text(path, limit: 4 << 20) ?? "").variables) { first, _ in first }
        }
        for path in ["/boot/grub2/grubenv", "/boot/grub/grubenv"] {
            variables.merge(GrubEnvironment(tree.text(path) ?? "").variables) { $1 }
        }
        if variables["kernelopts"] == nil { variables["kernelopts"] = variables["default_kernelopts"] }
        return Self.entryFiles(folder, tree).compactMap { path in
            tree.text(path).flatMap { EntryFile($0).entry(source: path, variables: variables) }
        }
    }

    private func generator(_ configuration: String) -> [String] {
        if has("update-grub") { return ["update-grub"] }
        let name =
            ["grub2-mkconfig", "grub-mkconfig"].first { has($0) }
            ?? (configuration.hasPrefix("/boot/grub/") ? "grub-mkconfig" : "grub2-mkconfig")
        return [name, "-o", configuration]
    }

    private func has(_ program: String) -> Bool { hasProgram(program, tree) }

    // MARK: - Finding it

    private static let legacy = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"]
    private static let entryFolders = ["/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries"]

    private static func firmware(_ tree: any HostTree) -> [String] {
        ["/boot/efi/EFI", "/efi/EFI"].flatMap { folder in
            tree.list(folder).map { "\(folder)/\($0)/grub.cfg" }.filter { tree.exists($0) }
        }
    }

    private static func entryFiles(_ folder: String, _ tree: any HostTree) -> [String] {
        tree.list(folder).filter { $0.hasSuffix(".conf") }.map { "\(folder)/\($0)" }
    }

    private static func kind(_ tree: any HostTree) -> Kind {
        if case .failure(.permissionDenied) = tree.names("/boot") {
            return .leftAlone("/boot is for root alone to read")
        }
        if hasProgram("proxmox-boot-tool", tree), tree.exists("/etc/kernel/proxmox-boot-uuids") { return .proxmox }
        let existing = legacy.filter { tree.exists($0) }
        let firmware = firmware(tree)
        let ordered = tree.exists("/sys/firmware/efi") ? firmware + existing : existing + firmware
        for path in ordered {
            if case .failure(.permissionDenied) = tree.read(path, limit: 1) {
                return .leftAlone("\(path) is for root alone to read")
            }
        }
        let read = { (path: String) in GrubConfiguration(tree.text(path, limit: 4 << 20) ?? "") }
        // Which of two is in force, the firmware decides. One that only sends GRUB elsewhere is not the one.
        let chosen = ordered.first { read($0).boots } ?? existing.first
        let defaults = tree.text(GrubDefaults.path)
        for folder in entryFolders {
            if case .failure(.permissionDenied) = tree.names(folder) {
                return .leftAlone("\(folder) is for root alone to read")
            }
        }
        if let folder = entryFolders.first(where: { !entryFiles($0, tree).isEmpty }) {
            let configuration = chosen.map(read)
            let readsThem =
                configuration?.readsEntries == true
                || (configuration?.entries.isEmpty ?? true)
                    && (GrubDefaults.enablesBLS(defaults ?? "") || hasProgram("grubby", tree))
            if readsThem && (configuration != nil || defaults != nil) { return .grubWithEntries(folder: folder) }
            if configuration?.boots != true { return .entries(folder: folder) }
        }
        if let chosen {
            return defaults == nil ? .leftAlone("GRUB without \(GrubDefaults.path)") : .grub(configuration: chosen)
        }
        for folder in ["/boot/EFI/Linux", "/efi/EFI/Linux", "/boot/efi/EFI/Linux"] {
            guard let image = tree.list(folder).first(where: { $0.hasSuffix(".efi") }) else { continue }
            if hasProgram("mkinitcpio", tree), tree.exists(CommandLineFile.path) { return .unifiedByMkinitcpio }
            return .leftAlone("\(folder)/\(image) is a unified kernel image with a command line of its own")
        }
        return .leftAlone(tree.exists("/boot/extlinux/extlinux.conf") ? "it is extlinux's" : "no boot loader was found")
    }
}

/// Whether a program of the system's is installed.
func hasProgram(_ name: String, _ tree: any HostTree) -> Bool {
    ["/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"].contains { tree.exists($0 + name) }
}
