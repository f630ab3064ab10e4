import Host
import SystemPackage

/// Who may use the cards, and who does.
extension DoctorReport {
    /// QEMU opens /dev/vfio/vfio and one node for each group.
    static func vfioRights(_ host: Examination) -> [Finding] {
        let groups = host.cards.flatMap(\.groups)
        let paths = ["/dev/vfio/vfio"] + Set(groups).sorted().map { "/dev/vfio/\($0)" }
        func finding(
            _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) -> [Finding] {
            [Finding("rights.vfio", .rights, verdict, message, lookedAt: paths, seen: seen, remedy: remedy)]
        }
        guard let user = host.user else {
            return finding(.unknown, "Who will start the VM is not known from this tree.")
        }
        if user.id == 0 { return finding(.ok, "Root may use every device.") }
        let present = paths.compactMap { path in (try? host.tree.status(path).get()).map { (path, $0) } }
        let refused = present.filter { !$0.1.allowsReadingAndWriting(user.id, user.groups) }
        guard refused.isEmpty else {
            return finding(
                .blocks, "This user may not open \(refused.map(\.0).joined(separator: ", ")).",
                seen: refused.map { "\($0.0): owner \($0.1.owner), group \($0.1.group), mode \($0.1.permissions)" },
                remedy: "As root: printf 'SUBSYSTEM==\"vfio\", GROUP=\"kvm\", MODE=\"0660\"\\n' >"
                    + " /etc/udev/rules.d/60-provision-gpu-vm.rules; udevadm control --reload; udevadm trigger"
                    + " --subsystem-match=vfio; and add the user to that group.")
        }
        let nodes = present.filter { $0.0 != "/dev/vfio/vfio" }
        guard !groups.isEmpty, nodes.count == paths.count - 1 else {
            return finding(
                .unknown, "The card has no node in /dev/vfio yet: it appears when root binds the card to vfio-pci.",
                remedy: "sudo provision-gpu-vm bind, then grant this user the node.")
        }
        return finding(.ok, "This user may open the card's nodes.", seen: nodes.map(\.0))
    }

    /// libvirt's domains, and processes that have the card open.
    static func gpuUsers(_ host: Examination) async -> [Finding] {
        host.cards.flatMap { card in libvirt(card, host) + [holders(card, host)] }
    }

    private static func libvirt(_ card: PCICard, _ host: Examination) -> [Finding] {
        let live = ["/run/libvirt/qemu", "/var/run/libvirt/qemu"].first { host.tree.exists($0) } ?? "/run/libvirt/qemu"
        let defined = "/etc/libvirt/qemu"
        func domains(_ folder: String) -> [String] {
            host.tree.list(folder).filter { $0.hasSuffix(".xml") }.map { "\(folder)/\($0)" }.filter { path in
                !LibvirtDomain.passedAddresses(host.tree.text(path) ?? "").isDisjoint(
                    with: card.functions.map(\.address))
            }
        }
        let autostart = host.tree.list("\(defined)/autostart")
        func finding(
            _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) -> [Finding] {
            [
                Finding(
                    "users.libvirt", .users, verdict, message, device: card.primary.address, lookedAt: [live, defined],
                    seen: seen, remedy: remedy)
            ]
        }
        func name(_ path: String) -> String { String(path.split(separator: "/").last?.dropLast(4) ?? "") }
        let running = domains(live)
        if let first = running.first {
            return finding(
                .blocks, "A running domain of libvirt's has the card: \(running.map(name).joined(separator: ", ")).",
                seen: running, remedy: "Shut it down: virsh shutdown \(name(first))")
        }
        let owners = domains(defined)
        if !owners.isEmpty {
            let starts = owners.filter { autostart.contains("\(name($0)).xml") }
            return finding(
                .warning,
                "libvirt's \(owners.map(name).joined(separator: ", ")) is defined with the card"
                    + (starts.isEmpty ? "; it does not run." : " and starts with the host."), seen: owners,
                remedy: "Do not start it while the card is in use here"
                    + (starts.isEmpty ? "." : ": virsh autostart --disable \(name(starts[0]))."))
        }
        // Its folders are root's alone.
        let states = [live, defined].map { folder -> Examination.Presence in
            if case .success = host.tree.names(folder) { return .present }
            return host.presence(folder)
        }
        let closed =
            host.user != nil && !host.isRoot
            && [live, defined].contains { folder in
                if case .failure(.permissionDenied) = host.tree.names(folder) { return true }
                return false
            }
        if closed || states.contains(.unknown) {
            return finding(
                .unknown, "Whether libvirt has a domain with the card is not known.",
                remedy: closed ? "Run this as root to see libvirt's domains." : nil)
        }
        return finding(.ok, "No domain of libvirt's has the card.")
    }

    /// Processes with one of the card's nodes open, and QEMUs that name it on their command line (those of other users, whose
    /// open files only root sees, for instance).
    private static func holders(_ card: PCICard, _ host: Examination) -> Finding {
        let lookedAt = ["/proc/*/fd", "/proc/*/cmdline"]
        func finding(
            _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) -> Finding {
            Finding(
                "users.processes", .users, verdict, message, device: card.primary.address, lookedAt: lookedAt,
                seen: seen, remedy: remedy)
        }
        let processes = host.tree.list("/proc").compactMap { Int32($0) }
        guard !processes.isEmpty else {
            return finding(.unknown, "Which processes use the card is not known from this tree.")
        }
        let holders =
            host.inventory.gpus.first { $0.address.isSameSlot(as: card.primary.address) }?.holders ?? []
        let machines = machines(with: card, processes, host.tree)
        var seen = holders.map { "process \($0.pid): \($0.name), with \($0.nodes.joined(separator: ", "))" }
        seen += machines.filter { machine in !holders.contains { $0.pid == machine.pid } }.map {
            "process \($0.pid): \($0.name)"
        }
        if !machines.isEmpty || holders.contains(where: { $0.kind == .vm }) {
            return finding(
                .blocks, "A virtual machine runs with the card.", seen: seen,
                remedy: "Shut it down first, or use another card.")
        }
        if holders.contains(where: { $0.kind == .process }) {
            return finding(
                .blocks, "The card is in use on the host.", seen: seen,
                remedy: "End these processes first: the driver can hang where a card in use is taken from it.")
        }
        if !holders.isEmpty {
            return finding(
                .ok, "Only NVIDIA's persistence daemon has the card open; it is stopped for a VM, and started again.",
                seen: seen)
        }
        // A copied tree has processes without what they have open.
        let openFiles = processes.contains { host.tree.exists("/proc/\($0)/fd") }
        guard host.inventory.unseenProcesses == 0, host.isMachine || openFiles else {
            return finding(
                .unknown, "Whether a process uses the card is not known.",
                remedy: host.inventory.unseenProcesses == 0 ? nil : "Run this as root to see everybody's processes.")
        }
        return finding(.ok, "No process has the card open.")
    }

    private static func machines(
        with card: PCICard, _ processes: [Int32], _ tree: any HostTree
    ) -> [(pid: Int32, name: String)] {
        let names = card.functions.flatMap { function -> [String] in
            let full = "\(function.address)"
            return function.address.domain == 0 ? [full, String(full.dropFirst(5))] : [full]
        }
        return processes.compactMap { pid in
            guard let line = tree.text("/proc/\(pid)/cmdline", limit: 128 << 10) else { return nil }
            let words = line.split(separator: "\0")
            // host=41:00.0 of vfio-pci, sysfsdev=/sys/…/0000:41:00.0
            let uses = words.contains { word in
                word.split(separator: ",").contains { option in
                    names.contains {
                        option == "host=\($0)" || option.hasPrefix("sysfsdev=") && option.hasSuffix("/\($0)")
                    }
                }
            }
            return uses ? (pid, words.first.map { String($0) } ?? "?") : nil
        }
    }
}

/// A domain's XML, as far as it matters here.
enum LibvirtDomain {
    /// Host addresses of PCI devices that the domain is given: `<hostdev … type='pci'>` with
    /// `<source><address domain='0x0000' bus='0x41' slot='0x00' function='0x0'/></source>`. The guest's own address of the
    /// device stands outside `<source>`.
    static func passedAddresses(_ xml: String) -> Set<PCIAddress> {
        var found: Set<PCIAddress> = []
        for device in elements("hostdev", in: xml[...]) {
            for source in elements("source", in: device) {
                for address in source.split(separator: "<") where address.hasPrefix("address") {
                    func field(_ name: String) -> Substring? {
                        for quote in ["'", "\""] {
                            let parts = address.split(separator: " \(name)=\(quote)", maxSplits: 1)
                            if parts.count == 2 { return parts[1].prefix { String($0) != quote } }
                        }
                        return nil
                    }
                    func number(_ name: String) -> UInt? {
                        field(name).flatMap { $0.hasPrefix("0x") ? UInt($0.dropFirst(2), radix: 16) : UInt($0) }
                    }
                    guard let bus = number("bus"), let slot = number("slot"), let function = number("function") else {
                        continue
                    }
                    func hexadecimal(_ value: UInt, _ width: Int) -> String {
                        let digits = String(value, radix: 16)
                        return String(repeating: "0", count: max(0, width - digits.count)) + digits
                    }
                    let text =
                        "\(hexadecimal(number("domain") ?? 0, 4)):\(hexadecimal(bus, 2)):\(hexadecimal(slot, 2)).\(hexadecimal(function, 1))"
                    if let address = PCIAddress(text) { found.insert(address) }
                }
            }
        }
        return found
    }

    private static func elements(_ name: String, in text: Substring) -> [Substring] {
        text.split(separator: "<\(name)").dropFirst().map { $0.split(separator: "</\(name)>").first ?? $0 }
    }
}

extension HostFileStatus {
    /// Whether the mode lets this user read and write; root always may.
    func allowsReadingAndWriting(_ user: UInt32, _ groups: Set<UInt32>) -> Bool {
        if user == 0 { return true }
        let shift = owner == user ? 6 : groups.contains(group) ? 3 : 0
        return mode >> UInt32(shift) & 0o6 == 0o6
    }

    /// "660"
    var permissions: String { String(mode & 0o777, radix: 8) }
}
