public import Contract

extension HostPCI {
    /// What keeps `address` (and the functions passed along with it) from being handed to a VM, all of it at once.
    ///
    /// Found: no such device; no IOMMU group; a function not bound to vfio-pci; a member of the group that is neither a
    /// bridge nor passed along and is on a host driver. Nothing is written. An empty answer means that QEMU can be tried.
    public func passthroughProblems(of address: PCIAddress, companions: [PCIAddress] = []) -> [Failure] {
        let operation = "hand the GPU \(address) to a VM"
        var problems: [Failure] = []
        var passed: [HostPCIDevice] = []
        for function in [address] + companions {
            do {
                passed.append(try device(function))
            } catch let failure as Failure {
                problems.append(failure)
            } catch {
                problems.append(unreadable(function, operation: operation, error: error))
            }
        }
        for function in passed {
            if function.iommuGroup == nil {
                problems.append(withoutGroup(function, operation: operation))
            }
            if !function.isOnVFIO {
                problems.append(notOnVFIO(function, operation: operation))
            }
        }
        let own = Set(passed.map(\.address))
        for group in Set(passed.compactMap(\.iommuGroup)).sorted() {
            let members = (try? groupMembers(group)) ?? []
            for member in members where !own.contains(member.address) && !member.isBridge && !member.isOnVFIO {
                guard let driver = member.driver else { continue }
                problems.append(groupMate(member, group: group, driver: driver, operation: operation))
            }
        }
        return problems
    }
}

private func unreadable(_ address: PCIAddress, operation: String, error: any Error) -> Failure {
    Failure(
        .gpuUnavailable, operation: operation, message: "\(address) cannot be read: \(error)",
        remedy: "Look at /sys/bus/pci/devices/\(address).", side: .host)
}

func withoutGroup(_ device: HostPCIDevice, operation: String) -> Failure {
    Failure(
        .gpuUnavailable, operation: operation,
        message: "\(device.address) is in no IOMMU group: the IOMMU is off.",
        evidence: ["/sys/bus/pci/devices/\(device.address)/iommu_group does not exist"],
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
        remedy: "Bind \(member.address) to vfio-pci too, or move the GPU to a slot with a group of its own.",
        side: .host)
}
