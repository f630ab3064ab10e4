import Host
import HostFakes

@testable import Passthrough

extension DoctorTests {
    static let iommu: [HostCase] = [
        HostCase("no table", "iommu.firmware", .blocks, "neither a DMAR nor an IVRS") {
            $0.files["/sys/firmware/acpi/tables/DMAR"] = nil
            $0.off()
        },
        HostCase("tables not readable", "iommu.firmware", .unknown) {
            $0.refused = ["/sys/firmware/acpi/tables"]
            $0.off()
        },
        HostCase("AMD's table", "iommu.firmware", .ok, "IVRS") {
            $0.files["/sys/firmware/acpi/tables/DMAR"] = nil
            $0.files["/sys/firmware/acpi/tables/IVRS"] = ""
        },
        HostCase("off", "iommu.active", .blocks, "no device has an IOMMU group") { $0.off() },
        HostCase("off: the card", "gpu.iommu-group", .blocks, "no IOMMU group") { $0.off() },
        HostCase("noiommu", "iommu.active", .blocks, "without an IOMMU") {
            $0.off()
            $0.files["/sys/kernel/iommu_groups/0/name"] = "vfio-noiommu\n"
        },
        HostCase("not remapped", "iommu.interrupt-remapping", .blocks, "refuse") {
            $0.files["/proc/interrupts"] = " 0: 9 IO-APIC 2-edge timer\n120: 0 DMAR-MSI 0-edge dmar0\n"
        },
        HostCase("not remapped, unsafe", "iommu.interrupt-remapping", .warning, "told to go without") {
            $0.files["/proc/interrupts"] = " 0: 9 IO-APIC 2-edge timer\n"
            $0.files["/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"] = "Y\n"
        },
        HostCase("remapped, and yet unsafe", "iommu.interrupt-remapping", .warning, "and yet") {
            $0.files["/etc/modprobe.d/x.conf"] = "options vfio_iommu_type1 allow_unsafe_interrupts=1\n"
        },
        HostCase("interrupts unknown", "iommu.interrupt-remapping", .unknown) { $0.files["/proc/interrupts"] = nil },
        HostCase("intremap=off", "iommu.interrupt-remapping", .blocks, "intremap=off") {
            $0.files["/proc/interrupts"] = nil
            $0.files["/proc/cmdline"] = "intel_iommu=on intremap=off\n"
        },
        HostCase("parameter missing", "kernel.iommu", .blocks, "not told") {
            $0.off()
            $0.files["/proc/cmdline"] = "ro\n"
        },
        HostCase("parameter missing, kernel unknown", "kernel.iommu", .warning) {
            $0.off()
            $0.files["/proc/cmdline"] = "ro\n"
            $0.files["/boot/config-6.1.0-26-amd64"] = nil
        },
        HostCase("on by itself", "kernel.iommu", .ok, "built to use") {
            $0.files["/proc/cmdline"] = "ro\n"
            $0.files["/boot/config-6.1.0-26-amd64"] = "CONFIG_INTEL_IOMMU_DEFAULT_ON=y\n"
        },
        HostCase("off by parameter", "kernel.iommu", .blocks, "leave the IOMMU off") {
            $0.off()
            $0.files["/proc/cmdline"] = "intel_iommu=off\n"
        },
        HostCase("the last one counts", "kernel.iommu", .ok) {
            $0.files["/proc/cmdline"] = "intel_iommu=off intel_iommu=on\n"
        },
        HostCase("AMD", "kernel.iommu", .ok, "AMD") {
            $0.files["/proc/cmdline"] = "ro\n"
            $0.files["/proc/cpuinfo"] = "vendor_id\t: AuthenticAMD\nflags\t\t: svm\n"
            $0.files["/sys/firmware/acpi/tables/DMAR"] = nil
            $0.files["/sys/firmware/acpi/tables/IVRS"] = ""
        },
        HostCase("an IOMMU of another maker than the processor", "kernel.iommu", .ok, "told to use the IOMMU") {
            $0.files["/proc/cpuinfo"] = "vendor_id\t: AuthenticAMD\nflags\t\t: svm\n"
        },
        HostCase("ACS override", "kernel.acs-override", .warning) {
            $0.files["/proc/cmdline"] = "intel_iommu=on pcie_acs_override=downstream\n"
        },
        HostCase("built without", "kernel.configuration", .blocks, "CONFIG_VFIO_PCI") {
            $0.files["/boot/config-6.1.0-26-amd64"] = "CONFIG_VFIO=y\n# CONFIG_VFIO_PCI is not set\n"
        },
        HostCase("configuration unknown", "kernel.configuration", .unknown) {
            $0.files["/boot/config-6.1.0-26-amd64"] = nil
        },
    ]
}
