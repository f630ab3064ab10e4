import BootConfiguration
public import Contract

/// What boots the guest, and how its kernel command line is changed and read back.
public struct BootLoader: Sendable {
    /// Who reads which files.
    public enum Kind: Equatable, Sendable {
        /// GRUB with a configuration that grub-mkconfig generates from /etc/default/grub.
        case grub(configuration: String)
        /// GRUB with one file for each entry in a folder (`blscfg`): EL 8 and later, Fedora.
        case grubWithEntries(folder: String)
        /// systemd-boot, or anything else that reads such a folder.
        case entries(folder: String)
        /// Nothing that is changed, and why.
        case leftAlone(String)
    }

    let guest: Guest
    let kernels: Recipe.Kernels
    /// What was found.
    public let kind: Kind

    /// The boot loader of `guest`. `kernels` says whose entries are looked at and, where each kernel has a file of its own,
    /// changed; /etc/default/grub is for all kernels.
    public init(_ guest: Guest, kernels: Recipe.Kernels = .all) {
        self.guest = guest
        self.kernels = kernels
        self.kind = Self.kind(guest.root)
    }

    /// GRUB's generated configuration, nil where GRUB does not boot this guest or does not read one.
    public var configuration: String? {
        if case .grub(let configuration) = kind { configuration } else { nil }
    }

    /// Those of `parameters` that an entry does not pass to its kernel. Nothing is missing where there is no entry: the
    /// boot loader is left alone, or its configuration sends it elsewhere.
    public func missing(_ parameters: [String]) -> [String] {
        let entries = entries
        return parameters.filter { parameter in
            entries.contains { !KernelParameters.missing([parameter], in: $0.arguments).isEmpty }
        }
    }

    /// What passes which of `parameters`, in words.
    public func evidence(of parameters: [String]) -> String {
        let place: String
        switch kind {
        case .leftAlone(let why): return "\(why): the kernel command line is left alone"
        case .grub(let configuration): place = configuration
        case .grubWithEntries(let folder), .entries(let folder): place = folder
        }
        guard !entries.isEmpty else {
            return kernels == .running && !allEntries.isEmpty
                ? "\(place) has no entry of the running kernel" : "\(place) boots no kernel by itself"
        }
        let missing = missing(parameters)
        let passed = parameters.filter { !missing.contains($0) }
        return passed.isEmpty
            ? "\(place) passes nothing about nouveau" : "\(place) passes \(passed.joined(separator: " "))"
    }

    /// The entries that count: of all kernels or of the running one.
    var entries: [BootEntry] {
        guard kernels == .running else { return allEntries }
        return allEntries.filter { $0.boots(guest.kernel, packageBase: Self.packageBase(of: guest.kernel, guest.root)) }
    }

    /// Every entry of this system's kernels.
    var allEntries: [BootEntry] {
        switch kind {
        case .leftAlone: return []
        case .grub(let configuration):
            return GrubConfiguration(guest.root.textIfReadable(configuration) ?? "", source: configuration).entries
        case .grubWithEntries(let folder), .entries(let folder):
            let variables = variables
            return Self.entryFiles(folder, guest.root).compactMap { path in
                guest.root.textIfReadable(path).flatMap { EntryFile($0).entry(source: path, variables: variables) }
            }
        }
    }

    /// What the boot entries of a kernel name as its initramfs, as paths of this machine; early microcode is not one.
    func initrds(of release: String) -> [String] {
        let base = Self.packageBase(of: release, guest.root)
        var found: [String] = []
        for entry in allEntries where entry.boots(release, packageBase: base) {
            for name in entry.initrds where !name.hasSuffix("ucode.img") {
                let path = resolve(name)
                if !found.contains(path) { found.append(path) }
            }
        }
        return found
    }

    /// A boot loader's path begins at its file system: /boot, the EFI system partition, or the root. A link (SUSE's
    /// /boot/initrd) is followed.
    private func resolve(_ name: String) -> String {
        let name = name.hasPrefix("/") ? name : "/" + name
        let places = ["", "/boot", "/efi", "/boot/efi"].map { $0 + name }
        return guest.root.resolvingLinks(places.first { guest.root.exists($0) } ?? name)
    }

    /// GRUB's variables that entries refer to (EL 8: `options $kernelopts $tuned_params`).
    private var variables: [String: String] {
        var variables: [String: String] = [:]
        for path in Self.legacyConfigurations + Self.firmwareConfigurations(guest.root) {
            guard let text = guest.root.textIfReadable(path) else { continue }
            variables.merge(GrubConfiguration(text).variables) { first, _ in first }
        }
        if let path = environment {
            variables.merge(GrubEnvironment(guest.root.textIfReadable(path) ?? "").variables) { $1 }
        }
        if variables["kernelopts"] == nil, let fallback = variables["default_kernelopts"] {
            variables["kernelopts"] = fallback
        }
        return variables
    }

    /// GRUB's environment block.
    var environment: String? { ["/boot/grub2/grubenv", "/boot/grub/grubenv"].first { guest.root.exists($0) } }

    // MARK: - Finding it

    private static let legacyConfigurations = ["/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"]
    static let entryFolders = ["/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries"]

    /// grub.cfg files of the EFI system partition: EL 7 generates one there, others keep a redirector.
    private static func firmwareConfigurations(_ root: SystemRoot) -> [String] {
        ["/boot/efi/EFI", "/efi/EFI"].flatMap { folder in
            root.list(folder).map { "\(folder)/\($0)/grub.cfg" }.filter { root.exists($0) }
        }
    }

    static func entryFiles(_ folder: String, _ root: SystemRoot) -> [String] {
        root.list(folder).filter { $0.hasSuffix(".conf") }.map { "\(folder)/\($0)" }
    }

    private static func kind(_ root: SystemRoot) -> Kind {
        let legacy = legacyConfigurations.filter { root.exists($0) }
        let firmware = firmwareConfigurations(root)
        let read = { (path: String) in GrubConfiguration(root.textIfReadable(path) ?? "") }
        // Which of two is in force, the firmware decides. One that only sends GRUB elsewhere is not the one.
        let ordered = root.isDirectory("/sys/firmware/efi") ? firmware + legacy : legacy + firmware
        let chosen = ordered.first { read($0).boots } ?? legacy.first
        let defaults = root.textIfReadable(GrubDefaults.path)
        if let folder = entryFolders.first(where: { !entryFiles($0, root).isEmpty }) {
            let configuration = chosen.map(read)
            let readsThem =
                configuration?.readsEntries == true
                || (configuration?.entries.isEmpty ?? true) && (GrubDefaults.enablesBLS(defaults ?? "") || grubby(root))
            if readsThem && (configuration != nil || defaults != nil) { return .grubWithEntries(folder: folder) }
            if configuration?.boots != true { return .entries(folder: folder) }
        }
        guard let chosen else { return .leftAlone(stranger(root)) }
        guard defaults != nil else { return .leftAlone("GRUB without \(GrubDefaults.path)") }
        return .grub(configuration: chosen)
    }

    private static func stranger(_ root: SystemRoot) -> String {
        for folder in ["/boot/EFI/Linux", "/efi/EFI/Linux", "/boot/efi/EFI/Linux"] {
            if let image = root.list(folder).first(where: { $0.hasSuffix(".efi") }) {
                return "\(folder)/\(image) is a unified kernel image, with a command line of its own"
            }
        }
        return root.exists("/boot/extlinux/extlinux.conf") ? "extlinux" : "no GRUB"
    }

    static func grubby(_ root: SystemRoot) -> Bool {
        ["/usr/sbin/grubby", "/usr/bin/grubby", "/sbin/grubby"].contains { root.exists($0) }
    }

    /// Arch's name of an installed kernel: "linux-lts".
    static func packageBase(of release: String, _ root: SystemRoot) -> String? {
        ["/usr/lib/modules", "/lib/modules"].lazy.compactMap { root.attribute("\($0)/\(release)/pkgbase") }.first
    }
}
