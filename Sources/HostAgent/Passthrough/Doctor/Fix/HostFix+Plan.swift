import BootConfiguration
public import Host

extension HostFix {
    /// Names of the files that are this tool's alone.
    enum Place {
        static let modulesLoad = "/etc/modules-load.d/provision-gpu-vm.conf"
        static let vfio = "/etc/modprobe.d/provision-gpu-vm.conf"
        static let kvm = "/etc/modprobe.d/provision-gpu-vm-kvm.conf"
        static let script = "/usr/local/sbin/provision-gpu-vm-vfio"
        static let dracut = "/etc/dracut.conf.d/provision-gpu-vm.conf"
        static let initramfsHook = "/etc/initramfs-tools/hooks/provision-gpu-vm"
        static let mkinitcpio = "/etc/mkinitcpio.conf.d/provision-gpu-vm.conf"
    }

    /// What there is to do on a host, so that it hands the cards of `request` to VMs from the next boot on. Only reads.
    ///
    /// Without GPUs in the request the only NVIDIA GPU that the host does not show its screen on is taken; where there are
    /// several, none is, and a note says so.
    public static func plan(_ tree: any HostTree, _ request: DoctorRequest) async -> HostFix {
        let host = await Examination(tree, request)
        let configuration = await host.configuration()?.options ?? [:]
        return Planner(host: host, configuration: configuration).fix
    }
}

private struct Planner {
    let host: Examination
    let configuration: [Substring: Substring]

    var tree: any HostTree { host.tree }

    var fix: HostFix {
        var fix = HostFix()
        let cards = chosen(&fix)
        let reserved = cards.flatMap(\.functions)
        let tool = InitramfsTool.of(tree)
        let nouveau = cards.isEmpty ? false : leavesNouveau(to: reserved)
        if !cards.isEmpty {
            modulesLoad(&fix)
            modprobe(reserved, blacklistsNouveau: nouveau, tool, &fix)
        }
        virqfd(&fix)
        kvm(&fix)
        boot(blacklistsNouveau: nouveau, tool, &fix)
        finish(tool, &fix)
        return fix
    }

    /// The cards that vfio-pci takes at boot.
    private func chosen(_ fix: inout HostFix) -> [PCICard] {
        for address in host.missing { fix.notes.append("There is no PCI device \(address).") }
        if !host.request.gpus.isEmpty { return host.cards }
        let free = host.cards.filter { card in !card.functions.contains(where: \.isBootVGA) }
        if free.count == 1 { return free }
        if free.count > 1 {
            let names = free.map { "\($0.primary.address)" }.joined(separator: ", ")
            fix.notes.append(
                "There are several GPUs (\(names)): name those that are for VMs with --gpu, and vfio-pci takes them at boot."
                    + " Without that, each is bound when a VM is started.")
        } else if let card = host.cards.first {
            fix.notes.append(
                "The host's screen is on \(card.primary.address), the only GPU: it is given to vfio-pci at boot only where it"
                    + " is named with --gpu.")
        } else {
            fix.notes.append("No NVIDIA GPU was found: nothing is written about one.")
        }
        return []
    }

    /// Whether nothing that stays with the host needs nouveau.
    private func leavesNouveau(to reserved: [HostPCIDevice]) -> Bool {
        !host.devices.contains { device in
            device.driver == "nouveau" && !reserved.contains { $0.address == device.address }
        }
    }

    private func add(_ path: String, _ new: String, mode: UInt32 = 0o644, _ reason: String, _ fix: inout HostFix) {
        let old = tree.text(path)
        if old != new { fix.files.append(.init(path: path, old: old, new: new, mode: mode, reason: reason)) }
    }

    private func modulesLoad(_ fix: inout HostFix) {
        let index = ModuleIndex(tree, release: host.release)
        let needsVirqfd =
            index.isComplete
            ? index.state(of: "vfio_virqfd") != nil
            : host.release.flatMap { KernelRelease($0) }.map { $0 < KernelRelease(6, 2) } ?? false
        let names = ["vfio", "vfio_iommu_type1", "vfio_pci"] + (needsVirqfd ? ["vfio_virqfd"] : [])
        let loaded = BootModules(tree).all.filter { $0.path != HostFix.Place.modulesLoad }
        guard names.contains(where: { name in !loaded.contains { ModprobeFiles.same($0.name, name) } }) else { return }
        add(
            HostFix.Place.modulesLoad,
            """
            \(HostFix.mark)
            \(names.joined(separator: "\n"))

            """, "VFIO is loaded at boot", &fix)
    }

    /// Ids where they tell the cards apart from what stays with the host, a script where they do not.
    private func modprobe(
        _ reserved: [HostPCIDevice], blacklistsNouveau: Bool, _ tool: InitramfsTool?, _ fix: inout HostFix
    ) {
        let ids = unique(reserved.map(\.idPair))
        let staying = host.devices.filter { device in !reserved.contains { $0.address == device.address } }
        let shared = ids.filter { id in staying.contains { $0.idPair == id } }
        let files = ModprobeFiles(tree)
        var lines = [HostFix.mark] + reserved.map { "# \($0.address) \($0.idPair)" }

        if shared.isEmpty {
            if let foreign = files.options(of: "vfio-pci", "ids").last(where: { $0.line.path != HostFix.Place.vfio }) {
                // The last line counts, and another file's may come after ours: theirs gets what it lacks.
                let present = foreign.value.lowercased().split(separator: ",").map { String($0) }
                let lacking = ids.filter { !present.contains($0) }
                if !lacking.isEmpty {
                    rewriteIDs(foreign.line.path, "vfio-pci takes the card by its id", &fix) {
                        $0 + lacking
                    }
                }
            } else {
                let vga = configuration["CONFIG_VFIO_PCI_VGA"] == "n" ? "" : " disable_vga=1"
                lines.append("options vfio-pci ids=\(ids.joined(separator: ","))\(vga)")
            }
        } else {
            lines.append("# Others have these ids, too: \(shared.joined(separator: " ")). The script goes by address.")
            for path in unique(files.options(of: "vfio-pci", "ids").map(\.line.path)) where path != HostFix.Place.vfio {
                rewriteIDs(path, "an id that another card has, too, is taken out", &fix) { present in
                    present.filter { !shared.contains($0.lowercased()) }
                }
            }
            let foreign = files.commands("install", "vfio-pci").first { $0.path != HostFix.Place.vfio }
            if let foreign {
                fix.notes.append(
                    "\(foreign.text) stands in the way: vfio-pci is loaded by that script, and by one alone. Take the line out"
                        + " and run this again, or have the script go by these addresses:"
                        + " \(reserved.map { "\($0.address)" }.joined(separator: " ")).")
            } else {
                lines.append("install vfio-pci \(HostFix.Place.script)")
                add(
                    HostFix.Place.script, script(reserved), mode: 0o755,
                    "vfio-pci takes the card by its address: another has the same id", &fix)
                includeScript(tool, &fix)
            }
        }
        lines += softDependencies(reserved)
        let elsewhere = files.commands("blacklist", "nouveau").contains { $0.path != HostFix.Place.vfio }
        if blacklistsNouveau && !elsewhere { lines += ["blacklist nouveau", "options nouveau modeset=0"] }
        add(
            HostFix.Place.vfio, lines.joined(separator: "\n") + "\n",
            "vfio-pci takes the card before its other drivers do", &fix)
    }

    /// Drivers that would take one of the functions wait for vfio-pci.
    private func softDependencies(_ reserved: [HostPCIDevice]) -> [String] {
        let drivers = reserved.flatMap { device -> [String] in
            switch device.classCode >> 8 {
            case 0x0300, 0x0302: ["nouveau", "nvidia", "nvidia_drm"]
            case 0x0403: ["snd_hda_intel"]
            case 0x0c03: ["xhci_pci"]
            // USB Type-C's controller.
            case 0x0c80: ["i2c_nvidia_gpu"]
            default: []
            }
        }
        return unique(drivers).map { "softdep \($0) pre: vfio-pci" }
    }

    private func script(_ reserved: [HostPCIDevice]) -> String {
        let cases = reserved.map { device in
            "take \(device.address) 0x\(hexadecimalID(device.vendor)) 0x\(hexadecimalID(device.device))"
        }
        return """
            #!/bin/sh
            \(HostFix.mark) modprobe runs it in place of loading vfio-pci.
            take() {
                folder=/sys/bus/pci/devices/$1
                [ -e "$folder/driver_override" ] || return 0
                read -r vendor < "$folder/vendor"
                read -r device < "$folder/device"
                # Addresses change when cards are moved: another card is left alone.
                [ "$vendor $device" = "$2 $3" ] || return 0
                echo vfio-pci > "$folder/driver_override"
            }
            \(cases.joined(separator: "\n"))
            exec modprobe --ignore-install vfio-pci

            """
    }

    /// The initramfs has a copy of modprobe.d, and must have the script that it names.
    private func includeScript(_ tool: InitramfsTool?, _ fix: inout HostFix) {
        let reason = "the script is in the initramfs, too"
        switch tool {
        case .dracut?:
            add(
                HostFix.Place.dracut,
                """
                \(HostFix.mark)
                install_items+=" \(HostFix.Place.script) "

                """, reason, &fix)
        case .initramfsTools?:
            add(
                HostFix.Place.initramfsHook,
                """
                #!/bin/sh
                \(HostFix.mark)
                if [ "$1" = prereqs ]; then
                    exit 0
                fi
                mkdir -p "$DESTDIR/usr/local/sbin"
                cp -p \(HostFix.Place.script) "$DESTDIR/usr/local/sbin/"

                """, mode: 0o755, reason, &fix)
        case .mkinitcpio? where tree.exists("/etc/mkinitcpio.conf.d"):
            add(
                HostFix.Place.mkinitcpio,
                """
                \(HostFix.mark)
                FILES+=(\(HostFix.Place.script))

                """, reason, &fix)
        case .mkinitcpio?:
            fix.notes.append("Add \(HostFix.Place.script) to FILES in /etc/mkinitcpio.conf, and run mkinitcpio -P.")
        case nil: break
        }
    }

    /// Changes the ids in a file of somebody else's, and nothing else of it.
    private func rewriteIDs(
        _ path: String, _ reason: String, _ fix: inout HostFix, _ edit: ([String]) -> [String]
    ) {
        guard let old = tree.text(path) else { return }
        let lines = old.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            let words = line.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
            let plain = words.filter { !$0.isEmpty }
            guard plain.count > 2, plain[0] == "options", ModprobeFiles.same(plain[1], "vfio-pci"),
                let index = words.firstIndex(where: { $0.hasPrefix("ids=") })
            else { return String(line) }
            let ids = edit(words[index].dropFirst(4).split(separator: ",").map { String($0) })
            var changed = words
            if ids.isEmpty {
                changed.remove(at: index)
                // Options without an option are none.
                if plain.count == 3 { return "# " + line }
            } else {
                changed[index] = "ids=" + ids.joined(separator: ",")
            }
            return changed.joined(separator: " ")
        }
        let new = lines.joined(separator: "\n")
        if new != old { fix.files.append(.init(path: path, old: old, new: new, reason: reason)) }
    }

    /// A module that is a part of vfio since Linux 6.2 is no longer named.
    private func virqfd(_ fix: inout HostFix) {
        let index = ModuleIndex(tree, release: host.release)
        let gone =
            index.isComplete
            ? index.state(of: "vfio_virqfd") == nil
            : host.release.flatMap { KernelRelease($0) }.map { $0 >= KernelRelease(6, 2) } ?? false
        guard gone else { return }
        for path in unique(VirqfdMention.all(in: tree).map(\.path)) {
            guard let old = tree.text(path) else { continue }
            let lines = old.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
                let words = line.split(whereSeparator: \.isWhitespace)
                guard words.count == 1, ModprobeFiles.same(words[0], "vfio_virqfd") else { return String(line) }
                return "# \(line)  (provision-gpu-vm: a part of vfio since Linux 6.2)"
            }
            let new = lines.joined(separator: "\n")
            if new == old {
                fix.notes.append("Take vfio_virqfd out of \(path): since Linux 6.2 it is a part of vfio.")
            } else if !fix.files.contains(where: { $0.path == path }) {
                fix.files.append(
                    .init(path: path, old: old, new: new, reason: "vfio_virqfd is no module of this kernel's"))
            }
        }
    }

    private func kvm(_ fix: inout HostFix) {
        let set = ModprobeFiles(tree).options(of: "kvm", "ignore_msrs").filter { $0.line.path != HostFix.Place.kvm }
        // Whoever has set it, to whatever value, has meant it.
        guard set.isEmpty, host.parameter("kvm.ignore_msrs") == nil else { return }
        add(
            HostFix.Place.kvm,
            """
            \(HostFix.mark)
            options kvm ignore_msrs=1

            """, "KVM passes over registers that it does not know", &fix)
    }

    private func boot(blacklistsNouveau: Bool, _ tool: InitramfsTool?, _ fix: inout HostFix) {
        var parameters: [String] = []
        if host.iommuVendor == "GenuineIntel" {
            parameters = ["intel_iommu=on", "iommu=pt"]
        } else if host.iommuVendor == "AuthenticAMD" || host.iommuVendor == "HygonGenuine" {
            parameters = ["iommu=pt"]
        } else {
            fix.notes.append("The processor's maker is not known: no boot arguments for the IOMMU are written.")
        }
        if blacklistsNouveau {
            if tool == .dracut { parameters.append("rd.driver.blacklist=nouveau") }
            parameters.append("nouveau.modeset=0")
        }
        if host.parameters?.contains("amd_iommu=off") == true {
            fix.notes.append("Take amd_iommu=off out of the kernel command line.")
        }
        let boot = HostBootLoader(tree).fix(adding: parameters)
        fix.files += boot.files
        fix.commands += boot.commands
        fix.notes += boot.notes
        if let running = host.parameters, !KernelParameters.missing(parameters, in: running).isEmpty {
            fix.needsReboot = true
        }
    }

    /// The initramfs has copies of modprobe.d and of what loads modules early.
    private func finish(_ tool: InitramfsTool?, _ fix: inout HostFix) {
        let copied = [
            "/etc/modprobe.d/", "/etc/dracut.conf", "/etc/initramfs-tools/", "/etc/mkinitcpio", "/usr/local/sbin/",
        ]
        let changed = fix.files.contains { file in
            file.path != HostFix.Place.kvm && copied.contains { file.path.hasPrefix($0) }
        }
        let pending = (tree.text(HostFix.pendingPath) ?? "").split(separator: "\n")
        let alreadyMade = fix.commands.contains { $0.arguments.first == "mkinitcpio" }
        if (changed || pending.contains(Substring(HostFix.Part.initramfs.rawValue))) && !alreadyMade {
            if let tool {
                fix.commands.insert(.init(tool.rebuildingAll, .initramfs), at: 0)
            } else {
                fix.notes.append(
                    "What makes this host's initramfs was not found: have it made anew where it holds modprobe.d.")
            }
        }
        if pending.contains(Substring(HostFix.Part.bootLoader.rawValue)),
            !fix.commands.contains(where: { $0.part == .bootLoader }), let command = HostBootLoader(tree).regeneration
        {
            fix.commands.append(command)
        }
        if !fix.isEmpty { fix.needsReboot = true }
    }

    private func unique(_ names: [String]) -> [String] {
        names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
}

/// What makes the host's initramfs.
enum InitramfsTool: Equatable {
    case initramfsTools, dracut, mkinitcpio

    /// Debian's dracut brings an `update-initramfs` of its own; `mkinitramfs` tells them apart.
    static func of(_ tree: any HostTree) -> InitramfsTool? {
        let dracut = hasProgram("dracut", tree)
        if hasProgram("mkinitramfs", tree), !(dracut && tree.exists("/var/lib/dpkg/info/dracut.list")) {
            return .initramfsTools
        }
        if dracut { return .dracut }
        return hasProgram("mkinitcpio", tree) ? .mkinitcpio : nil
    }

    /// Makes the images of all kernels anew.
    var rebuildingAll: [String] {
        switch self {
        case .initramfsTools: ["update-initramfs", "-u", "-k", "all"]
        case .dracut: ["dracut", "--force", "--regenerate-all"]
        case .mkinitcpio: ["mkinitcpio", "-P"]
        }
    }
}
