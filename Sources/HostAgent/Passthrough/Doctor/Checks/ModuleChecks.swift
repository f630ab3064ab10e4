import Host

/// Modules: whether VFIO's are there, and what the host's configuration does with them and with the card's own drivers.
extension DoctorReport {
    /// The kernel has VFIO, loaded, built in, or as modules.
    static func vfioModules(_ host: Examination) -> [Finding] {
        let index = ModuleIndex(host.tree, release: host.release)
        let needed = ["vfio", "vfio_iommu_type1", "vfio_pci"]
        let states = needed.map { name -> (name: String, state: String?) in
            if host.tree.exists("/sys/module/\(name)") { return (name, "loaded") }
            if name == "vfio_pci", host.tree.exists("/sys/bus/pci/drivers/vfio-pci") { return (name, "loaded") }
            return (name, index.state(of: name))
        }
        let lookedAt =
            needed.map { "/sys/module/\($0)" }
            + (index.folder.map { ["\($0)/modules.builtin", "\($0)/modules.dep"] } ?? ["/lib/modules"])
        let seen = states.compactMap { item in item.state.map { "\(item.name): \($0)" } }
        let lacking = states.filter { $0.state == nil }.map(\.name)
        func finding(_ verdict: Finding.Verdict, _ message: String, remedy: String? = nil) -> [Finding] {
            [Finding("vfio.modules", .vfio, verdict, message, lookedAt: lookedAt, seen: seen, remedy: remedy)]
        }
        var findings: [Finding]
        if lacking.isEmpty {
            findings = finding(.ok, "VFIO's modules are there.")
        } else if index.isComplete {
            findings = finding(
                .blocks, "The running kernel has no module \(lacking.joined(separator: ", ")).",
                remedy: "Install the distribution's full set of kernel modules"
                    + " (Ubuntu: linux-modules-extra-\(host.release ?? "$(uname -r)"); Fedora, EL: kernel-modules-core and"
                    + " kernel-modules), or boot a kernel that has them.")
        } else if let release = host.release, host.isMachine, index.folder == nil,
            !host.tree.list("/lib/modules").isEmpty || !host.tree.list("/usr/lib/modules").isEmpty
        {
            findings = finding(
                .blocks, "The modules of the running kernel, \(release), are gone: the kernel was updated meanwhile.",
                remedy: "Reboot into the new kernel.")
        } else {
            findings = finding(.unknown, "Whether the kernel has VFIO's modules is not known.")
        }
        return findings + virqfd(host, index)
    }

    /// vfio_virqfd became part of vfio in Linux 6.2; dracut and mkinitcpio stop at a module that is not there.
    private static func virqfd(_ host: Examination, _ index: ModuleIndex) -> [Finding] {
        let places = VirqfdMention.all(in: host.tree)
        guard !places.isEmpty else { return [] }
        let lookedAt = places.map(\.path)
        let seen = places.map { "\($0.path): \($0.line)" }
        let exists: Bool? =
            index.isComplete
            ? index.state(of: "vfio_virqfd") != nil
            : host.release.flatMap { KernelRelease($0) }.map { $0 < .init(6, 2) }
        switch exists {
        case true?:
            return [
                Finding(
                    "vfio.virqfd", .vfio, .ok, "vfio_virqfd is loaded by name, and this kernel has it.",
                    lookedAt: lookedAt, seen: seen)
            ]
        case false?:
            return [
                Finding(
                    "vfio.virqfd", .vfio, .warning, "vfio_virqfd is named, and this kernel has no such module.",
                    lookedAt: lookedAt, seen: seen,
                    remedy:
                        "Take it out: since Linux 6.2 it is a part of vfio, and dracut and mkinitcpio fail on a module"
                        + " that is not there.")
            ]
        case nil:
            return [
                Finding(
                    "vfio.virqfd", .vfio, .unknown, "vfio_virqfd is named; whether the kernel has it is not known.",
                    lookedAt: lookedAt, seen: seen, remedy: "From Linux 6.2 on, take it out.")
            ]
        }
    }

    /// Whether vfio-pci comes at boot. Cards that are bound by address need no such thing.
    static func modulesLoad(_ host: Examination) -> [Finding] {
        let path = BootModules(host.tree).path(of: "vfio-pci")
        let ids = VFIOIDs(host)
        let lookedAt = BootModules.folders.prefix(1) + ["/etc/modules"]
        if let path {
            return [
                Finding(
                    "modules.load", .modules, .ok, "vfio-pci is loaded at boot.", lookedAt: Array(lookedAt),
                    seen: ["\(path): vfio-pci"])
            ]
        }
        if ids.all.isEmpty || ModuleIndex(host.tree, release: host.release).state(of: "vfio_pci") == "built in" {
            return [
                Finding(
                    "modules.load", .modules, .ok,
                    "vfio-pci is not loaded at boot, and need not be: the card is bound when a VM is started.",
                    lookedAt: Array(lookedAt))
            ]
        }
        return [
            Finding(
                "modules.load", .modules,
                host.isMachine || host.tree.exists("/etc/modules-load.d") ? .warning : .unknown,
                "vfio-pci is to take cards by id, and nothing loads it at boot.", lookedAt: Array(lookedAt),
                seen: ids.all.map(\.seen),
                remedy: "`provision-gpu-vm doctor --fix` writes /etc/modules-load.d/provision-gpu-vm.conf.")
        ]
    }

    /// What modprobe.d and the command line say of vfio-pci and of the drivers that would take the card.
    static func moduleOptions(_ host: Examination) -> [Finding] {
        let files = ModprobeFiles(host.tree)
        let ids = VFIOIDs(host)
        let lookedAt = ["/etc/modprobe.d", "/proc/cmdline", "/sys/module/vfio_pci/parameters/ids"]
        var findings = idFindings(host, ids, lookedAt)

        for line in files.commands("install", "vfio-pci") {
            // `install vfio-pci COMMAND…` replaces modprobe's own work.
            guard let program = line.words.dropFirst(2).first, program.hasPrefix("/") else { continue }
            let status = try? host.tree.status(program).get()
            let usable = status.map { $0.mode & 0o111 != 0 && !$0.isFolder }
            let absent = host.presence(program) == .absent
            findings.append(
                Finding(
                    "modules.install-line", .modules,
                    usable == true ? .ok : absent || usable == false ? .blocks : .unknown,
                    usable == true
                        ? "vfio-pci is loaded by a script."
                        : absent || usable == false
                            ? "vfio-pci cannot be loaded: the script that is to do it \(absent ? "is not there" : "cannot be executed")."
                            : "vfio-pci is loaded by a script that is not in this tree.",
                    lookedAt: [line.path, program], seen: [line.text],
                    remedy: usable == true
                        ? nil : "Put \(program) there, mode 755, or take the line out of \(line.path).")
            )
        }
        findings += earlyDrivers(host, files, ids)
        return findings
    }

    private static func idFindings(_ host: Examination, _ ids: VFIOIDs, _ lookedAt: [String]) -> [Finding] {
        guard !ids.all.isEmpty else {
            return [
                Finding(
                    "modules.vfio-ids", .modules, .ok,
                    "No ids are given to vfio-pci: cards are bound by their address.", lookedAt: lookedAt)
            ]
        }
        var findings: [Finding] = []
        // A requested card may take along what has its id only where nothing else has it.
        let wanted = Set(host.cards.flatMap { $0.functions.map(\.address) })
        for id in ids.all {
            let matching = host.devices.filter { id.matches($0) }
            let slots = Set(matching.map { "\($0.address)".dropLast(2) })
            let others = matching.filter { !wanted.contains($0.address) }
            let subsystem = host.devices.first { device in
                guard let vendor = device.subsystemVendor, let model = device.subsystemDevice else { return false }
                return matching.isEmpty && id.text.hasPrefix("\(hexadecimalID(vendor)):\(hexadecimalID(model))")
            }
            func add(_ verdict: Finding.Verdict, _ message: String, remedy: String?) {
                findings.append(
                    Finding(
                        "modules.vfio-ids", .modules, verdict, message, lookedAt: lookedAt,
                        seen: [id.seen] + matching.map { "\($0.address) \($0.idPair) on \($0.driver ?? "no driver")" },
                        remedy: remedy))
            }
            if let subsystem {
                add(
                    .warning,
                    "vfio-pci's id \(id.text) is the board maker's (subsystem) id of \(subsystem.address): it matches nothing.",
                    remedy: "The id that counts is \(subsystem.idPair) (`lspci -nn` shows it in brackets).")
            } else if matching.isEmpty {
                add(
                    host.devices.isEmpty ? .unknown : .warning, "vfio-pci's id \(id.text) matches no device.",
                    remedy: "Take it out, or correct it: `lspci -nn` shows ids in brackets.")
            } else if slots.count > 1 {
                add(
                    .warning, "vfio-pci's id \(id.text) is that of \(slots.count) cards: it takes all of them.",
                    remedy:
                        "Where one is to stay with the host, name the other by address: `provision-gpu-vm doctor --fix"
                        + " --gpu ADDRESS` writes a script that does.")
            } else if !others.isEmpty && !host.request.gpus.isEmpty {
                add(
                    .warning, "vfio-pci's id \(id.text) takes \(others[0].address), which is not of a card asked for.",
                    remedy: "Take the id out if that device is to stay with the host.")
            } else {
                add(
                    .ok, "vfio-pci takes \(matching.map { "\($0.address)" }.joined(separator: ", ")) by its id.",
                    remedy: nil)
            }
        }
        return findings
    }

    /// nouveau or NVIDIA's driver may be there before vfio-pci.
    private static func earlyDrivers(_ host: Examination, _ files: ModprobeFiles, _ ids: VFIOIDs) -> [Finding] {
        let index = ModuleIndex(host.tree, release: host.release)
        let blacklisted =
            (host.parameter("modprobe.blacklist") ?? "").split(separator: ",").map { String($0) }
            + (host.parameter("module_blacklist") ?? "").split(separator: ",").map { String($0) }
        var findings: [Finding] = []
        for driver in ["nouveau", "nvidia"] {
            let held =
                files.commands("blacklist", driver).first?.text
                ?? (blacklisted.contains(driver) ? "/proc/cmdline: blacklist of \(driver)" : nil)
            let ordered = files.commands("softdep", driver).first { line in
                line.words.contains { ModprobeFiles.same($0, "vfio-pci") }
            }?.text
            let binds = ids.all.contains { id in host.cards.contains { card in id.matches(card.primary) } }
            let lookedAt = ["/etc/modprobe.d", "/proc/cmdline"]
            if let seen = held ?? ordered {
                findings.append(
                    Finding(
                        "modules.\(driver)", .modules, .ok,
                        held != nil ? "\(driver) is not loaded by itself." : "\(driver) comes after vfio-pci.",
                        lookedAt: lookedAt, seen: [seen]))
            } else if binds && index.state(of: driver) != nil {
                findings.append(
                    Finding(
                        "modules.\(driver)", .modules, .warning,
                        "\(driver) may take the card before vfio-pci does.", lookedAt: lookedAt,
                        seen: ["no blacklist and no softdep of \(driver)"],
                        remedy: "`provision-gpu-vm doctor --fix` writes `softdep \(driver) pre: vfio-pci`"
                            + (driver == "nouveau" ? " and the blacklist." : ".")))
            }
        }
        return findings
    }
}

/// What a kernel's modules are, by depmod's and the build's lists.
struct ModuleIndex: Sendable {
    /// /lib/modules/RELEASE; nil where it is not there.
    let folder: String?
    /// Both lists were read: what is in neither is not there.
    let isComplete: Bool
    private let builtIn: Set<String>
    private let loadable: Set<String>

    init(_ tree: any HostTree, release: String?) {
        let folder = release.flatMap { release in
            ["/lib/modules", "/usr/lib/modules"].map { "\($0)/\(release)" }.first { !tree.list($0).isEmpty }
        }
        func names(_ file: String) -> Set<String>? {
            guard let text = folder.flatMap({ tree.text("\($0)/\(file)", limit: 8 << 20) }) else { return nil }
            return Set(
                text.split(separator: "\n").compactMap { line in
                    // "kernel/drivers/vfio/pci/vfio-pci.ko.xz: …"
                    line.prefix { $0 != ":" }.split(separator: "/").last?.split(separator: ".").first.map { name in
                        String(name.map { $0 == "-" ? "_" : $0 })
                    }
                })
        }
        self.folder = folder
        let builtIn = names("modules.builtin")
        let loadable = names("modules.dep")
        self.builtIn = builtIn ?? []
        self.loadable = loadable ?? []
        isComplete = builtIn != nil && loadable?.isEmpty == false
    }

    /// "built in", "a module", or nil. `name` with underscores.
    func state(of name: String) -> String? {
        builtIn.contains(name) ? "built in" : loadable.contains(name) ? "a module" : nil
    }
}

/// The ids that vfio-pci is told to take, by whom.
struct VFIOIDs: Sendable {
    /// One id.
    struct ID: Equatable, Sendable {
        /// "10de:1c82", subsystem and class may follow.
        var text: String
        /// Where it stands.
        var seen: String

        func matches(_ device: HostPCIDevice) -> Bool {
            let fields = text.lowercased().split(separator: ":")
            func fits(_ index: Int, _ value: UInt16?) -> Bool {
                guard fields.count > index, let wanted = UInt32(fields[index], radix: 16) else { return index > 1 }
                return wanted == 0xffff_ffff || wanted == value.map { UInt32($0) }
            }
            return fits(0, device.vendor) && fits(1, device.device) && fits(2, device.subsystemVendor)
                && fits(3, device.subsystemDevice)
        }
    }

    /// Each once, in order.
    let all: [ID]

    init(_ host: Examination) {
        var values = ModprobeFiles(host.tree).options(of: "vfio-pci", "ids").map { ($0.value, $0.line.text) }
        for word in host.parameters ?? [] {
            for key in ["vfio-pci.ids=", "vfio_pci.ids="] where word.hasPrefix(key) {
                values.append((String(word.dropFirst(key.utf8.count)), "/proc/cmdline: \(word)"))
            }
        }
        if let loaded = host.tree.attribute("/sys/module/vfio_pci/parameters/ids"), !loaded.isEmpty {
            values.append((loaded, "/sys/module/vfio_pci/parameters/ids: \(loaded)"))
        }
        var all: [ID] = []
        for (value, seen) in values {
            for id in value.split(separator: ",") where !all.contains(where: { $0.text == id.lowercased() }) {
                all.append(ID(text: id.lowercased(), seen: seen))
            }
        }
        self.all = all
    }
}

/// A line of the host's configuration that names vfio_virqfd.
struct VirqfdMention: Equatable, Sendable {
    var path: String
    var line: String

    static func all(in tree: any HostTree) -> [VirqfdMention] {
        let folders = BootModules.folders.prefix(1) + ["/etc/dracut.conf.d", "/etc/mkinitcpio.conf.d"]
        let single = ["/etc/modules", "/etc/initramfs-tools/modules", "/etc/mkinitcpio.conf", "/etc/dracut.conf"]
        let paths =
            single
            + folders.flatMap { folder in
                tree.list(folder).filter { $0.hasSuffix(".conf") }.map { "\(folder)/\($0)" }
            }
        return paths.flatMap { path in
            (tree.text(path) ?? "").split(separator: "\n").filter { line in
                !line.drop { $0 == " " }.hasPrefix("#")
                    && (line.contains("vfio_virqfd") || line.contains("vfio-virqfd"))
            }.map { VirqfdMention(path: path, line: String($0)) }
        }
    }
}

/// Major and minor number of a kernel's release: "6.1.0-26-amd64".
struct KernelRelease: Comparable, Sendable {
    var major: Int
    var minor: Int

    init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    init?(_ text: String) {
        let parts = text.split { !$0.isNumber }
        guard text.first?.isNumber == true, parts.count > 1, let major = Int(parts[0]), let minor = Int(parts[1]) else {
            return nil
        }
        self.init(major, minor)
    }

    static func < (one: KernelRelease, other: KernelRelease) -> Bool {
        (one.major, one.minor) < (other.major, other.minor)
    }
}
