import Host
import HostFakes

@testable import Passthrough

extension DoctorTests {
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
}
