import Host
import SystemPackage

/// A host as the checks look at it: the tree, and what nearly all of them need of it, read once.
struct Examination: Sendable {
    /// Whether something is there. A copied tree may lack what the host has.
    enum Presence {
        case present, absent, unknown
    }

    let tree: any HostTree
    let request: DoctorRequest
    let pci: HostPCI
    /// Every PCI function.
    let devices: [HostPCIDevice]
    /// The cards that are looked at: those asked for, else the one that `auto` takes, else all NVIDIA GPUs.
    let cards: [PCICard]
    /// The NVIDIA GPUs, and who holds them.
    let inventory: GPUInventory
    /// Those asked for that are not there.
    let missing: [PCIAddress]
    /// Whether the tree can answer what only a machine can: the running one, or a recording of one. What such a tree does
    /// not have, the host did not have.
    let isMachine: Bool
    /// Effective user and groups; nil where not known.
    let user: (id: UInt32, groups: Set<UInt32>)?
    /// `uname -r`.
    let release: String?
    let distribution: String?
    /// Words of the running kernel's command line; nil where not known.
    let parameters: [String]?
    /// Whose IOMMU it has, by the firmware's table, else by the processor: "GenuineIntel", "AuthenticAMD".
    let iommuVendor: String?
    let cpuFlags: Set<Substring>

    init(_ tree: any HostTree, _ request: DoctorRequest) async {
        self.tree = tree
        self.request = request
        pci = HostPCI(tree)
        devices = pci.allDevices()
        inventory = GPUInventory(tree, devices: devices)
        let known = Set(devices.map(\.address))
        missing = request.gpus.filter { !known.contains($0) }
        var cards: [PCICard] = []
        // What `--gpu auto` takes; where that is nothing, all of them, to show why.
        let chosen = inventory.automatic.map { [$0] } ?? inventory.gpus.map(\.address)
        for address in request.gpus.isEmpty ? chosen : request.gpus
        where !cards.contains(where: { $0.primary.address.isSameSlot(as: address) }) {
            if let card = try? HostPCI(tree).card(address) { cards.append(card) }
        }
        self.cards = cards

        let answer = await tree.answer(.user)
        isMachine = answer != nil
        let lines = (answer?.text ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        user = lines.first.flatMap { UInt32($0) }.map { id in
            (id, Set(lines.dropFirst().first.map { $0.split(separator: " ").compactMap { UInt32($0) } } ?? []))
        }

        let folders = Set(["/lib/modules", "/usr/lib/modules"].flatMap { tree.list($0) })
        release =
            tree.attribute("/proc/sys/kernel/osrelease") ?? (folders.count == 1 ? folders.first : nil)
        let release = tree.text("/etc/os-release") ?? tree.text("/usr/lib/os-release") ?? ""
        distribution = release.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }.map {
            $0.dropFirst(12).filter { $0 != "\"" }
        }
        parameters = tree.text("/proc/cmdline").map { $0.split(whereSeparator: \.isWhitespace).map { String($0) } }

        let cpu = tree.text("/proc/cpuinfo", limit: 16 << 10) ?? ""
        func field(_ name: String) -> Substring? {
            cpu.split(separator: "\n").first { $0.hasPrefix(name) }?.split(separator: ":").last
        }
        let tables = tree.list("/sys/firmware/acpi/tables")
        // The firmware's table first: an emulated machine may have one maker's processor and the other's IOMMU.
        iommuVendor =
            tables.contains("DMAR")
            ? "GenuineIntel"
            : tables.contains("IVRS") ? "AuthenticAMD" : field("vendor_id").map { $0.filter { $0 != " " } }
        cpuFlags = Set((field("flags") ?? "").split(separator: " "))
    }

    /// Root may do everything; of a tree that knows no user nothing is said.
    var isRoot: Bool { user?.id == 0 }

    /// Whether `path` is there. `complete`: the folder around it is known to be copied whole, if at all (ACPI tables).
    func presence(_ path: String, complete: Bool = false) -> Presence {
        switch tree.status(path) {
        case .success: return .present
        case .failure(.noSuchFileOrDirectory), .failure(.notDirectory):
            let folder = path.split(separator: "/").dropLast().map { "/\($0)" }.joined()
            guard complete ? !tree.list(folder).isEmpty : isMachine && tree.exists(folder) else { return .unknown }
            return .absent
        case .failure: return .unknown
        }
    }

    /// The last value of `key` on the running kernel's command line.
    func parameter(_ key: String) -> String? {
        parameters?.last { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.utf8.count + 1)) }
    }

    /// Whether the IOMMU translates: devices have groups of a real one. Nil where the tree does not tell.
    var iommuIsOn: Bool? {
        let groups = tree.list("/sys/kernel/iommu_groups")
        let real = groups.contains { tree.attribute("/sys/kernel/iommu_groups/\($0)/name") != "vfio-noiommu" }
        if real || !tree.list("/sys/class/iommu").isEmpty { return true }
        if groups.isEmpty && devices.contains(where: { $0.iommuGroup != nil }) { return true }
        if isMachine && (tree.exists("/sys/class") || tree.exists("/sys/kernel")) { return false }
        // A copied tree: empty folders may have been lost, links too. Other links of devices say that links were kept.
        let keptFolder = tree.exists("/sys/kernel/iommu_groups") || tree.exists("/sys/class/iommu")
        return keptFolder || devices.contains { $0.driver != nil } ? false : nil
    }

    /// Kernel options of the running kernel's configuration: "CONFIG_VFIO_PCI" → "m"; nil where it is not to be read.
    func configuration() async -> (path: String, options: [Substring: Substring])? {
        let paths = release.map {
            ["/boot/config-\($0)", "/lib/modules/\($0)/config", "/usr/lib/modules/\($0)/config"]
        }
        for path in paths ?? [] {
            if let text = tree.text(path, limit: 4 << 20), !text.isEmpty { return (path, Self.options(text)) }
        }
        guard tree.exists("/proc/config.gz"), let answer = await tree.answer(.program(["zcat", "/proc/config.gz"])),
            answer.status == 0
        else { return nil }
        return ("/proc/config.gz", Self.options(answer.text))
    }

    private static func options(_ text: String) -> [Substring: Substring] {
        var options: [Substring: Substring] = [:]
        for line in text.split(separator: "\n") {
            if line.hasPrefix("CONFIG_"), let equals = line.firstIndex(of: "=") {
                options[line[..<equals]] = line[line.index(after: equals)...]
            } else if line.hasPrefix("# CONFIG_"), line.hasSuffix(" is not set") {
                options[line.dropFirst(2).dropLast(11)] = "n"
            }
        }
        return options
    }

    /// Where a family of distributions keeps `package`, as words for a remedy.
    func install(debian: String, redHat: String, suse: String, arch: String) -> String {
        let managers = [
            ("apt-get", "apt install \(debian)"), ("dnf", "dnf install \(redHat)"), ("yum", "yum install \(redHat)"),
            ("zypper", "zypper install \(suse)"), ("pacman", "pacman -S \(arch)"),
        ]
        return managers.first { tree.exists("/usr/bin/\($0.0)") }?.1 ?? "Debian, Ubuntu: apt install \(debian)"
    }
}

extension HostPCIDevice {
    /// "10de:1c82", as vfio-pci's `ids` takes it.
    var idPair: String { "\(hexadecimalID(vendor)):\(hexadecimalID(device))" }
}
