import Host

/// The cards themselves.
extension DoctorReport {
    private static let devicesFolder = "/sys/bus/pci/devices"

    /// They are there, and alone in their groups.
    static func gpus(_ host: Examination) -> [Finding] {
        var findings = host.missing.map { address in
            Finding(
                "gpu.present", .gpu, host.devices.isEmpty ? .unknown : .blocks, "There is no PCI device \(address).",
                device: address, lookedAt: ["\(devicesFolder)/\(address)"],
                remedy: "List the GPUs with `provision-gpu-vm gpus`.")
        }
        if host.cards.isEmpty && host.missing.isEmpty {
            findings.append(
                host.devices.count < max(1, host.tree.list(devicesFolder).count)
                    ? Finding(
                        "gpu.present", .gpu, .unknown, "Which PCI devices there are is not known.",
                        lookedAt: [devicesFolder])
                    : Finding(
                        "gpu.present", .gpu, .blocks, "There is no NVIDIA GPU.", lookedAt: [devicesFolder],
                        seen: ["\(host.devices.count) PCI functions, none of them an NVIDIA display or 3D controller"],
                        remedy:
                            "Look at `lspci -nn`. A card that is missing there is not seated, not powered, or switched"
                            + " off in the firmware. Without one, try the tool with --gpu simulated."))
        }
        for card in host.cards { findings += [driver(card, host)] + group(card, host) }
        return findings
    }

    private static func driver(_ card: PCICard, _ host: Examination) -> Finding {
        let seen = card.functions.map {
            "\($0.address) \($0.idPair) on \($0.driver ?? "no driver")"
                + ($0.driverOverride.map { ", driver_override \($0)" } ?? "")
        }
        let lookedAt = card.functions.map { "\(devicesFolder)/\($0.address)/driver" }
        let stray = card.functions.filter { !$0.isOnVFIO }
        func finding(_ verdict: Finding.Verdict, _ message: String, remedy: String? = nil) -> Finding {
            Finding(
                "gpu.driver", .gpu, verdict, message, device: card.primary.address, lookedAt: lookedAt, seen: seen,
                remedy: remedy)
        }
        if stray.isEmpty { return finding(.ok, "The whole card is on vfio-pci.") }
        let bind = "sudo provision-gpu-vm bind \(card.primary.address)"
        // A copied tree may have lost its links.
        let linksKept = host.isMachine || host.devices.contains { $0.driver != nil }
        guard linksKept else { return finding(.unknown, "Which driver has the card is not known.") }
        if host.user != nil && !host.isRoot {
            return finding(
                .blocks, "The card is not on vfio-pci, and only root may bind it.", remedy: "\(bind)")
        }
        return finding(.ok, "The card is not on vfio-pci yet; it is bound when a VM is started.")
    }

    private static func group(_ card: PCICard, _ host: Examination) -> [Finding] {
        let lookedAt = card.functions.map { "\(devicesFolder)/\($0.address)/iommu_group" }
        func finding(
            _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) -> [Finding] {
            [
                Finding(
                    "gpu.iommu-group", .gpu, verdict, message, device: card.primary.address, lookedAt: lookedAt,
                    seen: seen, remedy: remedy)
            ]
        }
        guard !card.groups.isEmpty else {
            return host.iommuIsOn == nil
                ? finding(.unknown, "Which IOMMU group the card is in is not known.")
                : finding(
                    .blocks, "The card is in no IOMMU group.",
                    remedy: "Switch the IOMMU on: see the findings about it.")
        }
        let words =
            card.groups.count == 1
            ? "IOMMU group \(card.groups[0])"
            : "IOMMU groups \(card.groups.map { "\($0)" }.joined(separator: ", "))"
        let mates = card.groupMates
        guard !mates.isEmpty else { return finding(.ok, "The card has \(words) to itself.") }
        let seen = mates.map { "\($0.address) \($0.idPair) on \($0.driver ?? "no driver")" }
        let used = mates.filter { $0.driver != nil && !$0.isOnVFIO }
        let remedy =
            "Put the card into another slot (one at the processor rather than at the chipset), or switch ACS on in the"
            + " firmware. Whatever shares the group can be reached by the guest."
        return used.isEmpty
            ? finding(
                .warning, "The card shares \(words) with devices that no host driver has.", seen: seen, remedy: remedy)
            : finding(
                .blocks, "The card shares \(words) with \(used.count == 1 ? "a device" : "devices") of the host's.",
                seen: seen, remedy: remedy)
    }

    /// A frame buffer of the firmware's lies in the card's memory until something takes it away.
    static func hostFramebuffer(_ host: Examination) -> [Finding] {
        let iomem = host.tree.text("/proc/iomem")
        // Unprivileged readers see zeros.
        let readable =
            iomem.map { text in
                text.split(separator: "\n").contains { line in
                    line.prefix { $0 != ":" }.contains { $0 != "0" && $0 != "-" && $0 != " " }
                }
            } ?? false
        let buffers = readable ? FirmwareFramebuffer.all(iomem: iomem ?? "") : []
        let drawing = (host.tree.text("/proc/fb") ?? "").split(separator: "\n").map { "/proc/fb: \($0)" }
        return host.cards.map { card in
            let ranges = card.functions.flatMap {
                memoryRanges(resource: host.tree.text("\(devicesFolder)/\($0.address)/resource") ?? "")
            }
            let inside = buffers.filter { buffer in ranges.contains { $0.overlaps(buffer.range) } }
            let consoles = host.tree.list("/sys/class/graphics").filter { name in
                name.hasPrefix("fb")
                    && card.functions.contains {
                        host.tree.linkName("/sys/class/graphics/\(name)/device") == "\($0.address)"
                    }
            }
            let isBoot = card.functions.contains(where: \.isBootVGA)
            var seen = inside.map { "/proc/iomem: \($0.line)" } + consoles.map { "/sys/class/graphics/\($0)/device" }
            if isBoot { seen.append("\(devicesFolder)/\(card.primary.address)/boot_vga: 1") }
            if isBoot || !inside.isEmpty { seen += drawing }
            func finding(_ verdict: Finding.Verdict, _ message: String, remedy: String? = nil) -> Finding {
                Finding(
                    "gpu.framebuffer", .gpu, verdict, message, device: card.primary.address,
                    lookedAt: [
                        "\(devicesFolder)/\(card.primary.address)/boot_vga", "/proc/iomem", "/sys/class/graphics",
                        "/proc/fb",
                    ], seen: seen, remedy: remedy)
            }
            if let buffer = inside.first {
                return finding(
                    .blocks, "The firmware's frame buffer lies in the card's memory: the guest could not map it.",
                    remedy: buffer.release)
            }
            if !consoles.isEmpty {
                return finding(
                    .warning, "A console of the host's is drawn on the card: it goes dark when the card is bound.",
                    remedy: "Have another way in (SSH), or use another card for the host's screen.")
            }
            if isBoot {
                return card.primary.isOnVFIO && readable
                    ? finding(.ok, "The firmware drew its screen on the card; nothing does any more.")
                    : finding(
                        .warning, "The firmware drew its screen on this card: the host's console is likely there.",
                        remedy:
                            "Choose another card as primary in the firmware, or have another way in (SSH). The card's own"
                            + " ROM may be shadowed: give a copy of it to the VM, or none (--rom-bar off).")
            }
            // The attribute exists for VGA controllers alone.
            let known =
                host.tree.attribute("\(devicesFolder)/\(card.primary.address)/boot_vga") != nil
                || card.primary.classCode >> 8 != 0x0300
            return known
                ? finding(.ok, "The host draws nothing on the card.")
                : finding(.unknown, "Whether the host draws on the card is not known.")
        }
    }

    /// Whether it can be reset between two guests, and whether it wakes up.
    static func gpuHealth(_ host: Examination) -> [Finding] {
        host.cards.flatMap { [reset($0, host), power($0, host)] }
    }

    private static func reset(_ card: PCICard, _ host: Examination) -> Finding {
        let folder = "\(devicesFolder)/\(card.primary.address)"
        let methods = host.tree.attribute("\(folder)/reset_method")
        let hasFile = host.tree.exists("\(folder)/reset")
        func finding(
            _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) -> Finding {
            Finding(
                "gpu.reset", .gpu, verdict, message, device: card.primary.address,
                lookedAt: ["\(folder)/reset_method", "\(folder)/reset"], seen: seen, remedy: remedy)
        }
        if let methods, !methods.isEmpty {
            return finding(.ok, "The card can be reset.", seen: ["reset_method: \(methods)"])
        }
        if methods == nil && hasFile { return finding(.ok, "The card can be reset.", seen: ["\(folder)/reset"]) }
        guard methods != nil || host.presence("\(folder)/reset") == .absent else {
            return finding(.unknown, "Whether the card can be reset is not known.")
        }
        return finding(
            .warning, "The card cannot be reset by itself: a second guest may find it as the first one left it.",
            remedy:
                "Power-cycle the host where a guest's driver finds the card in a bad state (VFIO may still reset its bus,"
                + " where the card is alone on it).")
    }

    private static func power(_ card: PCICard, _ host: Examination) -> Finding {
        let folder = "\(devicesFolder)/\(card.primary.address)"
        let state = host.tree.attribute("\(folder)/power_state")
        let allowed = host.tree.attribute("\(folder)/d3cold_allowed")
        let control = host.tree.attribute("\(folder)/power/control")
        let seen = [
            state.map { "power_state: \($0)" }, allowed.map { "d3cold_allowed: \($0)" },
            control.map { "power/control: \($0)" },
        ].compactMap { $0 }
        let remedy = "As root: echo 0 > \(folder)/d3cold_allowed; echo on > \(folder)/power/control"
        func finding(_ verdict: Finding.Verdict, _ message: String, remedy: String? = nil) -> Finding {
            Finding(
                "gpu.power", .gpu, verdict, message, device: card.primary.address,
                lookedAt: ["\(folder)/power_state", "\(folder)/d3cold_allowed", "\(folder)/power/control"], seen: seen,
                remedy: remedy)
        }
        if state == "D3cold" {
            return finding(.warning, "The card is switched off (D3cold), and some do not come back.", remedy: remedy)
        }
        if allowed == "1" && control == "auto" {
            return finding(
                .warning, "The kernel may switch the idle card off (D3cold), and some do not come back.", remedy: remedy
            )
        }
        return allowed == nil && control == nil
            ? finding(.unknown, "Whether the kernel may switch the card off is not known.")
            : finding(.ok, "The kernel does not switch the card off while it is idle.")
    }
}

/// The addresses of a function's memory regions, from the text of sysfs `resource`.
func memoryRanges(resource: String) -> [Range<UInt64>] {
    resource.split(separator: "\n").prefix(6).compactMap { line in
        let fields = line.split(separator: " ").compactMap { UInt64($0.dropFirst(2), radix: 16) }
        // IORESOURCE_MEM
        guard fields.count == 3, fields[1] > fields[0], fields[1] < .max, fields[2] & 0x200 != 0 else { return nil }
        return fields[0]..<fields[1] + 1
    }
}

/// Memory that the kernel took over from the firmware to draw in.
struct FirmwareFramebuffer: Equatable, Sendable {
    var range: Range<UInt64>
    /// Without the blanks before it.
    var line: String

    private static let names = [
        "BOOTFB", "efifb", "vesafb", "simplefb", "simple-framebuffer", "simpledrm", "efi-framebuffer",
    ]

    /// Lines of /proc/iomem: "    c0000000-c07e8fff : BOOTFB".
    static func all(iomem: String) -> [FirmwareFramebuffer] {
        iomem.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, names.contains(where: { parts[1].contains($0) }) else { return nil }
            let ends = parts[0].split { $0 == "-" || $0 == " " }.compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, ends[1] > ends[0], ends[1] < .max else { return nil }
            return FirmwareFramebuffer(range: ends[0]..<ends[1] + 1, line: String(line.drop { $0 == " " }))
        }
    }

    /// How the host lets go of it.
    var release: String {
        let driver =
            line.contains("simple")
            ? "simple-framebuffer"
            : line.contains("efi") || line.contains("BOOTFB")
                ? "efi-framebuffer"
                : nil
        let now = driver.map {
            "As root, on a host that is reached otherwise: echo \($0).0 > /sys/bus/platform/drivers/\($0)/unbind. "
        }
        return (now ?? "")
            + "For good: initcall_blacklist=sysfb_init on the kernel command line (before Linux 5.15: video=efifb:off), or"
            + " another card as primary in the firmware."
    }
}
