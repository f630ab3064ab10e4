import Host
import HostFakes

@testable import Passthrough

extension DoctorTests {
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
}
