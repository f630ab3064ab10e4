import FoundationEssentials
import Host
import HostFakes
import Testing

@testable import Passthrough

extension TableTree {
    /// Adds a PCI function.
    mutating func add(
        _ address: String, id: (String, String) = ("10de", "1c82"), classCode: String = "030000",
        driver: String? = "nouveau", group: Int? = 1, bootVGA: Bool? = false, bar: UInt64 = 0xc000_0000
    ) {
        let folder = "/sys/bus/pci/devices/\(address)"
        files[folder + "/vendor"] = "0x\(id.0)\n"
        files[folder + "/device"] = "0x\(id.1)\n"
        files[folder + "/class"] = "0x\(classCode)\n"
        files[folder + "/resource"] =
            "0x\(String(bar, radix: 16)) 0x\(String(bar + 0xfff_ffff, radix: 16)) 0x000000000014220c\n"
        files[folder + "/reset_method"] = "flr bus\n"
        files[folder + "/d3cold_allowed"] = "1\n"
        files[folder + "/power/control"] = "on\n"
        if let bootVGA, classCode == "030000" { files[folder + "/boot_vga"] = bootVGA ? "1\n" : "0\n" }
        if let driver { links[folder + "/driver"] = "../../../bus/pci/drivers/\(driver)" }
        if let group {
            links[folder + "/iommu_group"] = "../../../kernel/iommu_groups/\(group)"
            links["/sys/kernel/iommu_groups/\(group)/devices/\(address)"] = "../../../../devices/\(address)"
        }
    }

    /// An Intel host that is in order, seen by root: the seed's card, alone in its group.
    static var good: TableTree {
        var tree = TableTree()
        tree.add("0000:00:02.0", id: ("8086", "3e92"), driver: "i915", group: 0, bootVGA: true, bar: 0x8000_0000)
        tree.add("0000:41:00.0", driver: "vfio-pci")
        tree.add("0000:41:00.1", id: ("10de", "0fb9"), classCode: "040300", driver: "vfio-pci", bar: 0xd000_0000)
        tree.files["/sys/firmware/acpi/tables/FACP"] = ""
        tree.files["/sys/firmware/acpi/tables/DMAR"] = ""
        tree.links["/sys/class/iommu/dmar0"] = "../../devices/virtual/iommu/dmar0"
        tree.files["/proc/sys/kernel/osrelease"] = "6.1.0-26-amd64\n"
        tree.files["/proc/cmdline"] = "BOOT_IMAGE=/vmlinuz-6.1.0-26-amd64 root=/dev/sda1 ro intel_iommu=on iommu=pt\n"
        tree.files["/proc/cpuinfo"] = "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu vmx sse\n"
        tree.files["/proc/interrupts"] = "  0:  9  0  IR-IO-APIC  2-edge  timer\n120:  0  0  DMAR-MSI  0-edge  dmar0\n"
        tree.files["/proc/meminfo"] = "MemTotal: 32000000 kB\nMemFree: 1000 kB\nMemAvailable: 30000000 kB\n"
        tree.files["/proc/iomem"] = "80000000-8fffffff : 0000:00:02.0\n  80000000-807e8fff : BOOTFB\n"
        tree.files["/proc/self/status"] = "Name:\tx\nCapEff:\t000001ffffffffff\n"
        tree.files["/proc/1/cmdline"] = "/sbin/init\0"
        tree.links["/proc/1/fd/0"] = "/dev/null"
        tree.files["/boot/config-6.1.0-26-amd64"] = """
            CONFIG_IOMMU_SUPPORT=y
            CONFIG_INTEL_IOMMU=y
            # CONFIG_INTEL_IOMMU_DEFAULT_ON is not set
            CONFIG_IRQ_REMAP=y
            CONFIG_VFIO=m
            CONFIG_VFIO_PCI=m

            """
        tree.files["/lib/modules/6.1.0-26-amd64/modules.builtin"] = "kernel/drivers/pci/pcieport.ko\n"
        tree.files["/lib/modules/6.1.0-26-amd64/modules.dep"] = """
            kernel/drivers/vfio/vfio.ko:
            kernel/drivers/vfio/vfio_iommu_type1.ko: kernel/drivers/vfio/vfio.ko
            kernel/drivers/vfio/vfio_virqfd.ko:
            kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/drivers/vfio/vfio.ko
            kernel/drivers/gpu/drm/nouveau/nouveau.ko:

            """
        tree.files["/sys/module/kvm/parameters/ignore_msrs"] = "Y\n"
        tree.files["/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"] = "0\n"
        tree.files["/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"] = "0\n"
        tree.files["/usr/share/OVMF/OVMF_CODE_4M.fd"] = ""
        tree.files["/usr/share/OVMF/OVMF_VARS_4M.fd"] = ""
        tree.files["/etc/os-release"] = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
        tree.folders = ["/run", "/run/libvirt/qemu", "/etc/libvirt/qemu", "/dev/vfio", "/etc/modprobe.d"]
        tree.answers = [
            .user: HostAnswer(status: 0, text: "0\n0\n"), .createVM: HostAnswer(status: 0, text: ""),
            .memoryLock: HostAnswer(status: 0, text: "8388608 8388608\n"),
            .program(["qemu-system-x86_64", "--version"]): HostAnswer(
                status: 0, text: "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\n"),
            .program(["qemu-system-x86_64", "-device", "help"]): HostAnswer(
                status: 0, text: "name \"vfio-pci\", bus PCI\n"),
        ]
        return tree
    }

    mutating func user(_ id: Int, groups: String, capabilities: String = "0000000000000000") {
        answers[.user] = HostAnswer(status: 0, text: "\(id)\n\(groups)\n")
        files["/proc/self/status"] = "CapEff:\t\(capabilities)\n"
    }
}

extension TableTree {
    /// The IOMMU switched off.
    mutating func off() {
        for path in links.keys where path.hasSuffix("/iommu_group") || path.hasPrefix("/sys/kernel/iommu_groups/") {
            links[path] = nil
        }
        links["/sys/class/iommu/dmar0"] = nil
        folders.formUnion(["/sys/class/iommu", "/sys/kernel/iommu_groups"])
    }
}
