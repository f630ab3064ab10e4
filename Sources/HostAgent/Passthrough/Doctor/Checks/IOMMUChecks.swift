import Host

/// Firmware, kernel and interrupts: what makes it safe to give a device to a VM.
extension DoctorReport {
    private static let tables = "/sys/firmware/acpi/tables"

    /// Firmware announces an IOMMU in an ACPI table of its own.
    static func firmwareIOMMU(_ host: Examination) -> [Finding] {
        // VIOT: a hypervisor's virtio-iommu; IORT: Arm's SMMU.
        let known = [("DMAR", "Intel VT-d"), ("IVRS", "AMD-Vi"), ("VIOT", "virtio-iommu"), ("IORT", "Arm SMMU")]
        let lookedAt = known.prefix(2).map { "\(tables)/\($0.0)" } + ["/proc/cpuinfo"]
        let present = host.tree.list(tables)
        let seen = present.isEmpty ? [] : ["\(tables): \(present.joined(separator: " "))"]
        func finding(_ verdict: Finding.Verdict, _ message: String, remedy: String? = nil) -> [Finding] {
            [Finding("iommu.firmware", .iommu, verdict, message, lookedAt: lookedAt, seen: seen, remedy: remedy)]
        }
        if let table = known.first(where: { present.contains($0.0) }) {
            return finding(.ok, "The firmware announces an IOMMU: \(table.0) (\(table.1)).")
        }
        if host.iommuIsOn == true { return finding(.ok, "The IOMMU works, whatever the firmware's tables are.") }
        // Every machine with ACPI has a FADT: without it, what is listed is not the whole folder.
        guard present.contains("FACP") else {
            return finding(.unknown, "Whether the firmware announces an IOMMU is not known: its tables are not there.")
        }
        return finding(
            .blocks, "The firmware announces no IOMMU: there is neither a DMAR nor an IVRS table.",
            remedy: "Switch \(host.iommuVendor.map(unitName) ?? "VT-d or AMD-Vi") on in the firmware's setup"
                + " (often under CPU, chipset or security). A virtual machine needs a virtual IOMMU"
                + " (QEMU: -device intel-iommu,intremap=on).")
    }

    /// Devices have IOMMU groups.
    static func activeIOMMU(_ host: Examination) -> [Finding] {
        let groups = host.tree.list("/sys/kernel/iommu_groups")
        let units = host.tree.list("/sys/class/iommu")
        let count = Set(host.devices.compactMap(\.iommuGroup)).union(groups.compactMap { Int($0) }).count
        let unprotected = groups.filter {
            host.tree.attribute("/sys/kernel/iommu_groups/\($0)/name") == "vfio-noiommu"
        }
        func finding(
            _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) -> [Finding] {
            [
                Finding(
                    "iommu.active", .iommu, verdict, message,
                    lookedAt: ["/sys/class/iommu", "/sys/kernel/iommu_groups", "/sys/bus/pci/devices/*/iommu_group"],
                    seen: seen, remedy: remedy)
            ]
        }
        switch host.iommuIsOn {
        case true?:
            return finding(
                .ok, "The IOMMU is on: \(count == 1 ? "one group" : "\(count) groups").",
                seen: units.isEmpty ? [] : ["/sys/class/iommu: \(units.joined(separator: " "))"])
        case false? where !unprotected.isEmpty:
            return finding(
                .blocks, "There are only groups without an IOMMU: the guest could write into all of the host's memory.",
                seen: ["/sys/kernel/iommu_groups/\(unprotected[0])/name: vfio-noiommu"],
                remedy: "Switch the IOMMU on, and vfio's enable_unsafe_noiommu_mode off.")
        case false?:
            let withTable = ["DMAR", "IVRS"].contains { host.tree.list(tables).contains($0) }
            return finding(
                .blocks, "The IOMMU is off: no device has an IOMMU group.",
                seen: groups.isEmpty && units.isEmpty ? ["no unit in /sys/class/iommu, no group"] : [],
                remedy: withTable
                    ? "The firmware has one, so the kernel leaves it off: look at the kernel's parameters below; reboot."
                    : "Switch \(host.iommuVendor.map(unitName) ?? "VT-d or AMD-Vi") on in the firmware"
                        + "\(host.iommuVendor == "AuthenticAMD" ? "" : ", add intel_iommu=on to the kernel command line (Intel)");"
                        + " reboot.")
        case nil:
            return finding(.unknown, "Whether the IOMMU is on is not known: the groups are not there.")
        }
    }

    /// VFIO refuses a device whose interrupts are not remapped: a guest could raise any interrupt of the host's.
    static func interruptRemapping(_ host: Examination) -> [Finding] {
        let parameter = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
        let configured = ModprobeFiles(host.tree).options(of: "vfio_iommu_type1", "allow_unsafe_interrupts").last
        let unsafe =
            host.tree.attribute(parameter).map { ["Y", "1"].contains($0) }
            ?? (host.parameter("vfio_iommu_type1.allow_unsafe_interrupts") ?? configured?.value).map {
                ["1", "Y", "y"].contains($0)
            } ?? false
        // Chips that go through the IOMMU are named so: "IR-PCI-MSI", "IR-IO-APIC".
        let chips = (host.tree.text("/proc/interrupts") ?? "").split(whereSeparator: \.isWhitespace)
        let isX86 = chips.contains { $0.contains("IO-APIC") || $0.contains("PCI-MSI") }
        let remapped = chips.contains { $0.hasPrefix("IR-") }
        let switchedOff =
            host.parameter("intremap")?.split(separator: ",").contains("off") == true
            || host.parameters?.contains("nointremap") == true
        func finding(
            _ verdict: Finding.Verdict, _ message: String, seen: [String] = [], remedy: String? = nil
        ) -> [Finding] {
            [
                Finding(
                    "iommu.interrupt-remapping", .iommu, verdict, message,
                    lookedAt: ["/proc/interrupts", "/proc/cmdline", parameter, "/etc/modprobe.d"],
                    seen: seen, remedy: remedy)
            ]
        }
        let takeOut =
            "Take allow_unsafe_interrupts out of the kernel command line and of /etc/modprobe.d: with it a guest"
            + " can raise any interrupt of the host's."
        if remapped {
            return unsafe
                ? finding(
                    .warning, "Interrupts are remapped, and yet VFIO is told to go without (allow_unsafe_interrupts).",
                    remedy: takeOut)
                : finding(.ok, "Interrupts are remapped.", seen: ["/proc/interrupts: IR-…"])
        }
        if isX86 && host.iommuIsOn == true || switchedOff {
            let seen = [switchedOff ? "/proc/cmdline: intremap=off" : "/proc/interrupts: no chip named IR-…"]
            return unsafe
                ? finding(
                    .warning, "Interrupts are not remapped, and VFIO is told to go without (allow_unsafe_interrupts).",
                    seen: seen, remedy: "Switch interrupt remapping on (firmware: VT-d, x2APIC). \(takeOut)")
                : finding(
                    .blocks, "Interrupts are not remapped: VFIO will refuse the GPU.", seen: seen,
                    remedy: (switchedOff ? "Take intremap=off out of the kernel command line. " : "")
                        + "Switch interrupt remapping (VT-d, AMD-Vi, x2APIC) on in the firmware, and look for DMAR-IR or"
                        + " AMD-Vi in dmesg.")
        }
        return finding(
            .unknown,
            host.iommuIsOn == false
                ? "Whether interrupts are remapped will be seen when the IOMMU is on."
                : "Whether interrupts are remapped is not known.")
    }

    private static func unitName(_ vendor: String) -> String {
        switch vendor {
        case "GenuineIntel": "VT-d"
        case "AuthenticAMD", "HygonGenuine": "AMD-Vi (IOMMU, SVM)"
        default: "the IOMMU"
        }
    }
}
