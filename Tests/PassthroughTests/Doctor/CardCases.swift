import Host
import HostFakes

@testable import Passthrough

extension DoctorTests {
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
}
