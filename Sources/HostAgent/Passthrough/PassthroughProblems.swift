public import Contract

extension HostPCI {
    /// What keeps the card that `address` is a function of from being handed to a VM as a whole, all of it at once.
    ///
    /// Found: no such device; no IOMMU group; a function that is not bound to vfio-pci; a device of somebody else's in the
    /// same group, on a host driver. Nothing is written. An empty answer means that QEMU can be tried.
    public func passthroughProblems(of address: PCIAddress) -> [Failure] {
        do {
            return try card(address).passthroughProblems
        } catch let failure as Failure {
            return [failure]
        } catch {
            return [unreadable(address, error: error)]
        }
    }
}

extension PCICard {
    /// What keeps the card from being handed to a VM as a whole; empty where nothing does. Pure.
    public var passthroughProblems: [Failure] {
        let operation = "hand the card \(primary.address) to a VM"
        var problems: [Failure] = []
        let ungrouped = functions.filter { $0.iommuGroup == nil }
        if !ungrouped.isEmpty { problems.append(withoutGroup(ungrouped.map(\.address), operation: operation)) }
        problems += functions.filter { !$0.isOnVFIO }.map { notOnVFIO($0, operation: operation) }
        // One on no driver at all does not make a group unusable.
        for mate in groupMates where !mate.isOnVFIO {
            guard let driver = mate.driver, let group = mate.iommuGroup else { continue }
            problems.append(groupMate(mate, group: group, driver: driver, operation: operation))
        }
        return problems
    }
}

private func unreadable(_ address: PCIAddress, error: any Error) -> Failure {
    Failure(
        .gpuUnavailable, operation: "hand the card \(address) to a VM", message: "\(address) cannot be read: \(error)",
        remedy: "Look at /sys/bus/pci/devices/\(address).", side: .host)
}

func withoutGroup(_ addresses: [PCIAddress], operation: String) -> Failure {
    let names = addresses.map(\.description).joined(separator: ", ")
    return Failure(
        .gpuUnavailable, operation: operation,
        message: "\(names) \(addresses.count == 1 ? "is" : "are") in no IOMMU group: the IOMMU is off.",
        evidence: addresses.map { "/sys/bus/pci/devices/\($0)/iommu_group does not exist" },
        remedy:
            "Switch VT-d or AMD-Vi on in the firmware; on Intel add intel_iommu=on to the kernel command line; reboot.",
        side: .host)
}

private func notOnVFIO(_ device: HostPCIDevice, operation: String) -> Failure {
    let folder = "/sys/bus/pci/devices/\(device.address)"
    let unbind = device.driver == nil ? "" : " echo \(device.address) > \(folder)/driver/unbind;"
    return Failure(
        .gpuUnavailable, operation: operation,
        message: "\(device.address) is on \(device.driver.map { "the driver \($0)" } ?? "no driver"), not on vfio-pci.",
        evidence: ["\(folder)/driver -> \(device.driver ?? "(none)")"],
        // driver_override works where two cards share an id and vfio-pci.ids cannot tell them apart; it does not unbind
        // by itself (facts: "Host").
        remedy: "As root: modprobe vfio-pci; echo vfio-pci > \(folder)/driver_override;\(unbind)"
            + " echo \(device.address) > /sys/bus/pci/drivers_probe", side: .host)
}

private func groupMate(_ member: HostPCIDevice, group: Int, driver: String, operation: String) -> Failure {
    Failure(
        .gpuUnavailable, operation: operation,
        message: "\(member.address) shares IOMMU group \(group) and is on the host driver \(driver).",
        evidence: ["/sys/bus/pci/devices/\(member.address)/driver -> \(driver)"],
        remedy: "Move the GPU to a slot with a group of its own; \(member.address) belongs to something else.",
        side: .host)
}
