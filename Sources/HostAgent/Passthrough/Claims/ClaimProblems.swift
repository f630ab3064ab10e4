public import Contract
import Host

extension Claims {
    /// What keeps `cards` from being bound to vfio-pci together, all of it at once; empty where it can be tried. Of a card
    /// that is there already, only what would keep a VM from using it.
    ///
    /// Found: not root; no IOMMU group; a bridge; a device of the same group that is no part of these cards and on a host
    /// driver; a card that the firmware drew its screen with, unless `allowBootVGA`; a process that has a card open.
    public func problems(of cards: [PCICard], allowBootVGA: Bool = false) async -> [Failure] {
        let own = Set(cards.flatMap(\.functions).map(\.address))
        let daemonRuns = await PersistenceDaemon.isActive(tree)
        let allHolders = CardHolders(tree, cards: cards)
        return cards.flatMap { card -> [Failure] in
            let operation = "claim the card \(card.primary.address)"
            var problems = card.functions.filter(\.isBridge).map { bridge($0, operation) }
            let ungrouped = card.functions.filter { $0.iommuGroup == nil }.map(\.address)
            if !ungrouped.isEmpty { problems.append(withoutGroup(ungrouped, operation)) }
            // A mate without a driver, or on vfio-pci, leaves the group usable.
            let mates = card.groupMates.filter { !own.contains($0.address) && $0.driver != nil && !$0.isOnVFIO }
            if !mates.isEmpty { problems.append(sharedGroup(card, mates, operation)) }
            let onHost = card.functions.filter { $0.driver != nil && !$0.isOnVFIO }
            if !isRoot, card.functions.contains(where: { !$0.isOnVFIO }) {
                problems.append(rootNeeded(card, operation))
            }
            if !allowBootVGA, let screen = onHost.first(where: \.isBootVGA) {
                problems.append(bootScreen(screen, operation))
            }
            // The daemon is stopped on the way, where it is a service.
            let holders = allHolders.throughDriver(of: card).filter {
                !(daemonRuns && $0.kind == .persistenceDaemon)
            }
            if !holders.isEmpty { problems.append(held(card, holders, operation)) }
            return problems
        }
    }

    /// What is lost while `cards` are claimed, or comes with them, in sentences: the host's console, a shared group.
    public func warnings(of cards: [PCICard]) -> [String] {
        let own = Set(cards.flatMap(\.functions).map(\.address))
        let shared = cards.compactMap { card -> String? in
            let mates = card.groupMates.filter { !own.contains($0.address) && $0.driver == nil }
            guard !mates.isEmpty else { return nil }
            let names = mates.map { "\($0.address)" }.joined(separator: ", ")
            return
                "\(card.primary.address) shares its IOMMU group with \(names), which no driver has: the guest can reach "
                + "it, and no driver of the host's can take it meanwhile."
        }
        return shared
            + cards.flatMap { card in
                card.functions.filter { $0.driver.map { !isVFIO($0) } ?? true }.compactMap { function -> String? in
                    let folder = "\(HostPCI.devices)/\(function.address)"
                    if let console = tree.list("\(folder)/graphics").first {
                        return "The host's console (\(console)) is on \(function.address): it goes dark."
                    }
                    guard let owner = bootFramebuffer(in: tree.text("\(folder)/resource") ?? "") else { return nil }
                    return "The firmware's screen (\(owner) in /proc/iomem) lies in the memory of \(function.address): "
                        + "it goes dark, and vfio-pci may be refused that memory (\"can't reserve\")."
                }
            }
    }

    /// The name in /proc/iomem of a boot framebuffer that lies in one of a function's regions.
    private func bootFramebuffer(in resource: String) -> String? {
        let regions = resource.split(separator: "\n").prefix(6).compactMap { line -> ClosedRange<UInt64>? in
            let bounds = line.split(separator: " ").prefix(2).compactMap { UInt64($0.dropFirst(2), radix: 16) }
            return bounds.count == 2 && bounds[0] < bounds[1] ? bounds[0]...bounds[1] : nil
        }
        for line in (tree.text("/proc/iomem") ?? "").split(separator: "\n") {
            guard let colon = line.firstRange(of: " : ") else { continue }
            let name = String(line[colon.upperBound...])
            let bounds = line[..<colon.lowerBound].split(separator: "-").compactMap {
                UInt64($0.drop { $0 == " " }, radix: 16)
            }
            guard ["BOOTFB", "efifb", "simplefb", "simple-framebuffer", "vesafb"].contains(name), bounds.count == 2,
                bounds[0] < bounds[1]
            else { continue }
            if regions.contains(where: { $0.contains(bounds[0]) }) { return name }
        }
        return nil
    }
}

func rootNeeded(_ card: PCICard, _ operation: String) -> Failure {
    let drivers = card.functions.map { "\($0.address) is on \($0.driver ?? "no driver")" }
    return Failure(
        .rootNeeded, operation: operation,
        message: "Only root can take a card from its drivers and bind it to vfio-pci.", evidence: drivers,
        remedy: "Run `sudo provision-gpu-vm bind --gpu \(card.primary.address) --user $USER` once, then this command "
            + "again as you are; or run this command as root.", side: .host)
}

private func withoutGroup(_ addresses: [PCIAddress], _ operation: String) -> Failure {
    let names = addresses.map(\.description).joined(separator: ", ")
    return Failure(
        .gpuUnavailable, operation: operation,
        message: "\(names) \(addresses.count == 1 ? "is" : "are") in no IOMMU group: the IOMMU is off.",
        evidence: addresses.map { "/sys/bus/pci/devices/\($0)/iommu_group does not exist" },
        remedy:
            "Switch VT-d or AMD-Vi on in the firmware; on Intel add intel_iommu=on to the kernel command line; reboot.",
        side: .host)
}

private func bridge(_ device: HostPCIDevice, _ operation: String) -> Failure {
    Failure(
        .gpuUnavailable, operation: operation, message: "\(device.address) is a bridge; a VM cannot have it.",
        evidence: ["its class is \(String(device.classCode, radix: 16))"],
        remedy: "Name the GPU itself, as `provision-gpu-vm gpus` shows it.", side: .host)
}

private func sharedGroup(_ card: PCICard, _ mates: [HostPCIDevice], _ operation: String) -> Failure {
    let names = mates.map { "\($0.address) (\($0.driver ?? "no driver"))" }.joined(separator: ", ")
    return Failure(
        .gpuUnavailable, operation: operation,
        message: "\(card.primary.address) shares its IOMMU group with what the host uses: \(names).",
        evidence: mates.map {
            "\($0.address) is in group \($0.iommuGroup.map { String($0) } ?? "?"), on \($0.driver ?? "no driver")"
        },
        remedy:
            "Move the card to a slot with a group of its own. If the host can do without the other devices, take them "
            + "from their drivers by hand; the group goes to the VM as a whole or not at all.", side: .host)
}

private func bootScreen(_ device: HostPCIDevice, _ operation: String) -> Failure {
    Failure(
        .gpuUnavailable, operation: operation,
        message: "\(device.address) drew the firmware's screen (boot_vga): without it this host shows nothing.",
        evidence: ["it is on the host driver \(device.driver ?? "none")"],
        remedy: "If the host is reached by network alone, `provision-gpu-vm bind --gpu \(device.address) "
            + "--allow-boot-vga` takes it; or make another GPU the first one in the firmware.", side: .host)
}

private func held(_ card: PCICard, _ holders: [GPUHolder], _ operation: String) -> Failure {
    Failure(
        .gpuInUse, operation: operation, message: "\(card.primary.address) is in use on this host.",
        evidence: holders.map(\.description),
        remedy: "End these processes (a display server: stop the display manager), then run the same command again. "
            + "Taking the driver away under them can hang in the kernel for ever.", retryable: true, side: .host)
}
