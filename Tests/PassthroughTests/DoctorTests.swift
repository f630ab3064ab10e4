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

/// A host that is in order but for one thing, and the finding that says so.
struct HostCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var id: String
    var verdict: Finding.Verdict
    var says: String
    var change: @Sendable (inout TableTree) -> Void

    init(
        _ name: String, _ id: String, _ verdict: Finding.Verdict, _ says: String = "",
        _ change: @escaping @Sendable (inout TableTree) -> Void
    ) {
        testDescription = name
        self.id = id
        self.verdict = verdict
        self.says = says
        self.change = change
    }
}

@Suite struct DoctorTests {
    static func report(_ tree: TableTree, memory: Int64 = 4 << 30, gpus: [String] = []) async -> DoctorReport {
        await DoctorReport.of(tree, DoctorRequest(memory: memory, gpus: gpus.compactMap { PCIAddress($0) }))
    }

    @Test func aHostInOrder() async {
        let report = await Self.report(.good)
        #expect(report.findings.filter { $0.verdict != .ok }.map(\.id) == [])
        #expect(report.findings.count >= 25)
        #expect(!report.blocked)
        #expect(report.gpus == [PCIAddress("41:00.0")])
        #expect(report.kernel == "6.1.0-26-amd64")
    }

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

    static let modules: [HostCase] = [
        HostCase("no vfio", "vfio.modules", .blocks, "vfio_pci") {
            $0.files["/lib/modules/6.1.0-26-amd64/modules.dep"] =
                "kernel/drivers/vfio/vfio.ko:\nkernel/vfio_iommu_type1.ko:\n"
        },
        HostCase("built in", "vfio.modules", .ok) {
            $0.files["/lib/modules/6.1.0-26-amd64/modules.builtin"] =
                "kernel/vfio.ko\nk/vfio_iommu_type1.ko\nk/vfio-pci.ko\n"
            $0.files["/lib/modules/6.1.0-26-amd64/modules.dep"] = "kernel/x.ko:\n"
        },
        HostCase("lists missing", "vfio.modules", .unknown) {
            $0.files["/lib/modules/6.1.0-26-amd64/modules.dep"] = nil
        },
        HostCase("kernel updated", "vfio.modules", .blocks, "updated meanwhile") {
            $0.files["/proc/sys/kernel/osrelease"] = "6.1.0-25-amd64\n"
        },
        HostCase("virqfd exists", "vfio.virqfd", .ok) {
            $0.files["/etc/modules-load.d/vfio.conf"] = "vfio\nvfio_virqfd\n"
        },
        HostCase("virqfd gone", "vfio.virqfd", .warning, "no such module") {
            $0.files["/etc/modules-load.d/vfio.conf"] = "vfio\nvfio_virqfd\n"
            $0.files["/lib/modules/6.1.0-26-amd64/modules.dep"] = "kernel/vfio.ko:\n"
        },
        HostCase("virqfd for dracut, by version", "vfio.virqfd", .warning) {
            $0.files["/etc/dracut.conf.d/vfio.conf"] = "force_drivers+=\" vfio_pci vfio_virqfd \"\n"
            $0.files["/proc/sys/kernel/osrelease"] = "6.8.0\n"
        },
        HostCase("ids, not loaded", "modules.load", .warning) {
            $0.files["/etc/modprobe.d/vfio.conf"] = "options vfio-pci ids=10de:1c82,10de:0fb9 disable_vga=1\n"
        },
        HostCase("ids, loaded", "modules.load", .ok) {
            $0.files["/etc/modprobe.d/vfio.conf"] = "options vfio-pci ids=10de:1c82\n"
            $0.files["/etc/modules-load.d/vfio.conf"] = "vfio_pci\n"
        },
        HostCase("the board maker's id", "modules.vfio-ids", .warning, "subsystem") {
            $0.files["/sys/bus/pci/devices/0000:41:00.0/subsystem_vendor"] = "0x1b4c\n"
            $0.files["/sys/bus/pci/devices/0000:41:00.0/subsystem_device"] = "0x11bf\n"
            $0.files["/etc/modprobe.d/vfio.conf"] = "options vfio-pci ids=1b4c:11bf\n"
        },
        HostCase("an id of nothing", "modules.vfio-ids", .warning, "matches no device") {
            $0.files["/proc/cmdline"] = "intel_iommu=on vfio-pci.ids=10de:134d\n"
        },
        HostCase("an id of two cards", "modules.vfio-ids", .warning, "2 cards") {
            $0.add("0000:42:00.0", driver: "nouveau", group: 2)
            $0.files["/etc/modprobe.d/vfio.conf"] = "options vfio_pci ids=10de:1c82\n"
        },
        HostCase("script missing", "modules.install-line", .blocks, "is not there") {
            $0.files["/etc/modprobe.d/vfio.conf"] = "install vfio-pci /usr/bin/vfio-pci-override.sh\n"
            $0.folders.insert("/usr/bin")
        },
        HostCase("script not executable", "modules.install-line", .blocks, "cannot be executed") {
            $0.files["/etc/modprobe.d/vfio.conf"] = "install vfio-pci /usr/bin/vfio-pci-override.sh\n"
            $0.files["/usr/bin/vfio-pci-override.sh"] = "#!/bin/sh\n"
        },
        HostCase("nouveau first", "modules.nouveau", .warning, "before vfio-pci") {
            $0.files["/etc/modprobe.d/vfio.conf"] = "options vfio-pci ids=10de:1c82\n"
        },
        HostCase("nouveau held", "modules.nouveau", .ok) {
            $0.files["/etc/modprobe.d/vfio.conf"] = "options vfio-pci ids=10de:1c82\nblacklist nouveau\n"
        },
        HostCase("nouveau waits", "modules.nouveau", .ok, "after") {
            $0.files["/etc/modprobe.d/vfio.conf"] = "options vfio-pci ids=10de:1c82\nsoftdep nouveau pre: vfio_pci\n"
        },
    ]

    static let machine: [HostCase] = [
        HostCase("no KVM", "kvm.usable", .warning, "does not work") {
            $0.answers[.createVM] = HostAnswer(status: 2, text: "No such file or directory")
        },
        HostCase("no right to KVM", "kvm.usable", .warning) {
            $0.answers[.createVM] = HostAnswer(status: 13, text: "Permission denied")
        },
        HostCase("KVM without flag", "kvm.usable", .warning, "neither") {
            $0.files["/proc/cpuinfo"] = "vendor_id : GenuineIntel\nflags : fpu\n"
        },
        HostCase("KVM not asked", "kvm.usable", .unknown) { $0.answers[.createVM] = nil },
        HostCase("MSRs not yet", "kvm.ignore-msrs", .warning) {
            $0.files["/sys/module/kvm/parameters/ignore_msrs"] = "N\n"
            $0.files["/etc/modprobe.d/kvm.conf"] = "options kvm ignore_msrs=1\n"
        },
        HostCase("MSRs raise", "kvm.ignore-msrs", .ok, "raises") {
            $0.files["/sys/module/kvm/parameters/ignore_msrs"] = "N\n"
        },
        HostCase("MSRs unknown", "kvm.ignore-msrs", .unknown) {
            $0.files["/sys/module/kvm/parameters/ignore_msrs"] = nil
        },
        HostCase("too little memory", "memory.free", .blocks, "less memory") {
            $0.files["/proc/meminfo"] = "MemTotal: 2000000 kB\nMemAvailable: 1000000 kB\n"
        },
        HostCase("memory in use", "memory.free", .blocks, "not free") {
            $0.files["/proc/meminfo"] = "MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\n"
        },
        HostCase("memory short", "memory.free", .warning, "little") {
            $0.files["/proc/meminfo"] = "MemTotal: 8000000 kB\nMemAvailable: 4300000 kB\n"
        },
        HostCase("memory unknown", "memory.free", .unknown) { $0.files["/proc/meminfo"] = nil },
        HostCase("memlock too low", "memory.lock", .blocks, "may not lock") { $0.user(1000, groups: "1000") },
        HostCase("memlock hardly", "memory.lock", .warning) {
            $0.user(1000, groups: "1000")
            $0.answers[.memoryLock] = HostAnswer(status: 0, text: "65536 4294967296\n")
        },
        HostCase("memlock unlimited", "memory.lock", .ok) {
            $0.user(1000, groups: "1000")
            $0.answers[.memoryLock] = HostAnswer(status: 0, text: "65536 unlimited\n")
        },
        HostCase("root without the capability", "memory.lock", .blocks) { $0.user(0, groups: "0") },
        HostCase("too few huge pages", "memory.hugepages", .warning) {
            $0.files["/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"] = "512\n"
            $0.files["/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"] = "512\n"
        },
        HostCase("enough huge pages", "memory.hugepages", .ok, "fits") {
            $0.files["/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"] = "8\n"
            $0.files["/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages"] = "8\n"
        },
        HostCase("no QEMU", "qemu.version", .blocks) {
            $0.answers[.program(["qemu-system-x86_64", "--version"])] = HostAnswer(status: 127, text: "")
        },
        HostCase("EL's QEMU", "qemu.version", .blocks, "no qemu-system") {
            $0.answers[.program(["qemu-system-x86_64", "--version"])] = HostAnswer(status: 127, text: "")
            $0.files["/usr/libexec/qemu-kvm"] = ""
        },
        HostCase("the seed's QEMU", "qemu.version", .warning, "older") {
            $0.answers[.program(["qemu-system-x86_64", "--version"])] = HostAnswer(
                status: 0, text: "QEMU emulator version 2.9.0\n")
        },
        HostCase("QEMU not asked", "qemu.version", .unknown) {
            $0.answers[.program(["qemu-system-x86_64", "--version"])] = nil
        },
        HostCase("QEMU without VFIO", "qemu.vfio", .blocks, "without") {
            $0.answers[.program(["qemu-system-x86_64", "-device", "help"])] = HostAnswer(
                status: 0, text: "name \"virtio-blk-device\"\n")
        },
        HostCase("no OVMF", "qemu.ovmf", .warning) { $0.files["/usr/share/OVMF/OVMF_CODE_4M.fd"] = nil },
    ]

    static let cards: [HostCase] = [
        HostCase("no GPU", "gpu.present", .blocks) {
            for name in $0.files.keys where name.contains("/0000:41:") { $0.files[name] = nil }
            for name in $0.links.keys where name.contains("/0000:41:") { $0.links[name] = nil }
        },
        HostCase("not bound, root", "gpu.driver", .ok, "bound when") {
            $0.links["/sys/bus/pci/devices/0000:41:00.1/driver"] = "drivers/snd_hda_intel"
        },
        HostCase("not bound, user", "gpu.driver", .blocks, "only root") {
            $0.links["/sys/bus/pci/devices/0000:41:00.1/driver"] = "drivers/snd_hda_intel"
            $0.user(1000, groups: "1000")
        },
        HostCase("a NIC in the group", "gpu.iommu-group", .blocks, "a device of the host's") {
            $0.add("0000:00:1f.6", id: ("8086", "15bc"), classCode: "020000", driver: "e1000e", group: 1)
        },
        HostCase("a bridge in the group", "gpu.iommu-group", .ok) {
            $0.add("0000:40:01.0", id: ("8086", "1901"), classCode: "060400", driver: "pcieport", group: 1)
        },
        HostCase("an idle device in the group", "gpu.iommu-group", .warning) {
            $0.add("0000:42:00.0", id: ("8086", "15bc"), classCode: "020000", driver: nil, group: 1)
        },
        HostCase("frame buffer inside", "gpu.framebuffer", .blocks, "frame buffer") {
            $0.files["/proc/iomem"] = "c0000000-cfffffff : 0000:41:00.0\n  c1000000-c17e8fff : BOOTFB\n"
        },
        HostCase("boot_vga", "gpu.framebuffer", .warning) {
            $0.files["/sys/bus/pci/devices/0000:41:00.0/boot_vga"] = "1\n"
            $0.links["/sys/bus/pci/devices/0000:41:00.0/driver"] = "drivers/nouveau"
        },
        HostCase("boot_vga, released", "gpu.framebuffer", .ok, "any more") {
            $0.files["/sys/bus/pci/devices/0000:41:00.0/boot_vga"] = "1\n"
        },
        HostCase("boot_vga, iomem hidden", "gpu.framebuffer", .warning) {
            $0.files["/sys/bus/pci/devices/0000:41:00.0/boot_vga"] = "1\n"
            $0.files["/proc/iomem"] = "00000000-00000000 : 0000:41:00.0\n  00000000-00000000 : BOOTFB\n"
        },
        HostCase("console on the card", "gpu.framebuffer", .warning, "goes dark") {
            $0.links["/sys/class/graphics/fb0/device"] = "../../../0000:41:00.0"
        },
        HostCase("no reset", "gpu.reset", .warning) {
            $0.files["/sys/bus/pci/devices/0000:41:00.0/reset_method"] = "\n"
        },
        HostCase("older kernel's reset", "gpu.reset", .ok) {
            $0.files["/sys/bus/pci/devices/0000:41:00.0/reset_method"] = nil
            $0.files["/sys/bus/pci/devices/0000:41:00.0/reset"] = ""
        },
        HostCase("D3cold allowed", "gpu.power", .warning) {
            $0.files["/sys/bus/pci/devices/0000:41:00.0/power/control"] = "auto\n"
        },
        HostCase("in D3cold", "gpu.power", .warning, "switched off") {
            $0.files["/sys/bus/pci/devices/0000:41:00.0/power_state"] = "D3cold\n"
        },
        HostCase("no right to the group", "rights.vfio", .blocks, "/dev/vfio/1") {
            $0.user(1000, groups: "1000 36")
            $0.statuses["/dev/vfio/vfio"] = HostFileStatus(mode: 0o020666, owner: 0, group: 0)
            $0.statuses["/dev/vfio/1"] = HostFileStatus(mode: 0o020600, owner: 0, group: 0)
        },
        HostCase("right by group", "rights.vfio", .ok) {
            $0.user(1000, groups: "1000 36")
            $0.statuses["/dev/vfio/vfio"] = HostFileStatus(mode: 0o020666, owner: 0, group: 0)
            $0.statuses["/dev/vfio/1"] = HostFileStatus(mode: 0o020660, owner: 0, group: 36)
        },
        HostCase("no node yet", "rights.vfio", .unknown) { $0.user(1000, groups: "1000") },
        HostCase("libvirt runs it", "users.libvirt", .blocks, "win10") {
            $0.files["/run/libvirt/qemu/win10.xml"] = Self.domain
        },
        HostCase("libvirt knows it", "users.libvirt", .warning, "does not run") {
            $0.files["/etc/libvirt/qemu/win10.xml"] = Self.domain
        },
        HostCase("libvirt starts it", "users.libvirt", .warning, "starts with the host") {
            $0.files["/etc/libvirt/qemu/win10.xml"] = Self.domain
            $0.links["/etc/libvirt/qemu/autostart/win10.xml"] = "../win10.xml"
        },
        HostCase("libvirt closed", "users.libvirt", .unknown, "not known") {
            $0.user(1000, groups: "1000")
            $0.refused = ["/etc/libvirt/qemu"]
        },
        HostCase("another QEMU", "users.processes", .blocks) {
            $0.files["/proc/4711/cmdline"] = "qemu-system-x86_64\0-device\0vfio-pci,host=41:00.0,addr=0x16\0"
        },
        HostCase("a process on it", "users.processes", .blocks, "in use on the host") {
            $0.links["/proc/4711/fd/3"] = "/dev/vfio/1"
            $0.files["/proc/4711/comm"] = "python3\n"
            $0.files["/proc/4711/cmdline"] = "python3\0train.py\0"
        },
        HostCase("other users' processes", "users.processes", .unknown, "not known") {
            $0.user(1000, groups: "1000")
            $0.refused = ["/proc/1/fd"]
        },
        HostCase("another QEMU, another card", "users.processes", .ok) {
            $0.files["/proc/4711/cmdline"] = "qemu-system-x86_64\0-device\0vfio-pci,host=0000:81:00.0\0"
        },
    ]

    static let domain = """
        <domain type='kvm'><name>win10</name><devices>
          <interface type='network'><address type='pci' domain='0x0000' bus='0x41' slot='0x00' function='0x0'/></interface>
          <hostdev mode='subsystem' type='pci' managed='yes'>
            <source><address domain='0x0000' bus='0x41' slot='0x00' function='0x1'/></source>
            <address type='pci' domain='0x0000' bus='0x07' slot='0x00' function='0x0'/>
          </hostdev>
        </devices></domain>
        """

    @Test(arguments: iommu + modules + machine + cards)
    func oneThingChanged(_ example: HostCase) async throws {
        var tree = TableTree.good
        example.change(&tree)
        let report = await Self.report(tree)
        let finding = try #require(
            report.findings.first { $0.id == example.id && $0.verdict == example.verdict }
                ?? report.findings.first { $0.id == example.id })
        #expect(finding.verdict == example.verdict, "\(finding)")
        #expect((finding.message + finding.seen.joined()).contains(example.says), "\(finding)")
        #expect(!finding.lookedAt.isEmpty)
        // Whatever is wrong has a cure.
        #expect(finding.verdict == .ok || finding.verdict == .unknown || finding.remedy != nil, "\(finding)")
    }

    @Test func addressesOfADomain() throws {
        #expect(LibvirtDomain.passedAddresses(Self.domain) == [try #require(PCIAddress("41:00.1"))])
        #expect(LibvirtDomain.passedAddresses("<hostdev><source><address bus='0xZZ'") == [])
    }

    /// What is missing in a copied tree may have been there: no such tree is called good or bad for it.
    @Test func aTreeOfNothing() async {
        let report = await Self.report(TableTree())
        for finding in report.findings where finding.verdict != .unknown {
            // The configuration folders may be empty on any host.
            #expect(finding.verdict == .ok && finding.subject == .modules, "\(finding)")
        }
    }

    /// Each file of a good host lost, one after the other, from a copy that is no machine: never a block, never a crash.
    @Test func incompleteCopies() async {
        var copy = TableTree.good
        copy.answers = [:]
        for path in copy.files.keys.sorted() where !path.hasSuffix("/vendor") && !path.hasSuffix("/tables/DMAR") {
            var tree = copy
            tree.files[path] = nil
            let report = await Self.report(tree)
            let blocking = report.findings.filter { $0.verdict == .blocks }
            #expect(blocking.isEmpty, "without \(path): \(blocking)")
        }
        var linkless = copy
        linkless.links = [:]
        #expect(!(await Self.report(linkless)).blocked)
    }

    @Test func probesOfACopyAreUnknown() async {
        var copy = TableTree.good
        copy.answers = [:]
        let report = await Self.report(copy)
        for id in ["kvm.usable", "memory.lock", "qemu.version", "rights.vfio"] {
            #expect(report.findings.first { $0.id == id }?.verdict == .unknown, "\(id)")
        }
    }

    @Test func aMissingGPU() async {
        let report = await Self.report(.good, gpus: ["99:00.0"])
        #expect(report.findings.first { $0.id == "gpu.present" }?.verdict == .blocks)
    }

    @Test func jsonComesBack() async throws {
        let report = await Self.report(.good)
        let data = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(DoctorReport.self, from: data) == report)
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

@Suite struct DoctorTreesTests {
    static let trees = FolderTree(root: fixtures + "/hosts").list("").filter {
        FolderTree(root: fixtures + "/hosts").exists("/\($0)/golden-gpus.txt")
    }

    @Test func thereAreTrees() {
        #expect(Self.trees.count >= 10)
    }

    /// What is said of each recorded kind of host, as text and as JSON.
    @Test(arguments: trees)
    func asRecorded(name: String) async throws {
        let report = await DoctorReport.of(
            FolderTree(root: "\(fixtures)/hosts/\(name)"), DoctorRequest(memory: 4 << 30))
        #expect(report.text.split(separator: "\n").allSatisfy { $0.count <= 80 || !$0.contains(" what to do") })
        try expectGolden("doctor/\(name).txt", report.text + "\n")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try expectGolden(
            "doctor/\(name).json", String(decoding: try encoder.encode(report), as: UTF8.self) + "\n")
    }
}
