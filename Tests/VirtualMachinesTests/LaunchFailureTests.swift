import Contract
import Host
import Testing
@testable import VirtualMachines

/// QEMU's words → failures (the catalogue's "Host: IOMMU and VFIO").
@Suite struct LaunchFailureTests {
    @Test(arguments: [
        (
            "qemu-system-x86_64: -netdev user,id=net0,hostfwd=tcp:127.0.0.1:22-:22: Could not set up host forwarding rule 'tcp:127.0.0.1:22-:22'",
            FailureCode.portUnavailable
        ),
        (
            "qemu-system-x86_64: -device virtio-blk-pci: Failed to get \"write\" lock\nIs another process using it?",
            .imageInUse
        ),
        ("vfio 0000:41:00.0: no iommu_group found: No such file or directory", .gpuUnavailable),
        ("vfio 0000:41:00.0: failed to open /dev/vfio/17: Permission denied", .gpuUnavailable),
        ("Could not open '/dev/vfio/17': Permission denied", .gpuUnavailable),
        ("vfio 0000:41:00.0: failed to open /dev/vfio/17: Device or resource busy", .gpuUnavailable),
        ("vfio 0000:41:00.0: group 17 is not viable", .gpuUnavailable),
        ("vfio 0000:41:00.0: error getting device from group 17: No such device", .gpuUnavailable),
        ("vfio 0000:41:00.0: failed to set iommu for container: Operation not permitted", .gpuUnavailable),
        ("vfio_dma_map(0x55d6, 0x0, 0xa0000, 0x7f1d) = -12 (Cannot allocate memory)", .hostMemory),
        (
            "vfio 0000:41:00.0: failed to setup container for group 1: memory listener initialization failed: Region pc.ram: vfio_dma_map(0x55d6, 0x0, 0x80000000, 0x7f1d) = -12 (Cannot allocate memory)",
            .hostMemory
        ),
        ("Could not open '/srv/images/disk.qcow2': Permission denied", .imageUnreadable),
        ("Could not open '/dev/sdb': Device or resource busy", .imageInUse),
        ("qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory", .hostMemory),
        ("Could not access KVM kernel module: Permission denied", .qemuFailed),
        ("something new", .qemuFailed),
    ])
    func words(text: String, code: FailureCode) {
        let lines = text.split(separator: "\n").map { String($0) }
        let failure = launchFailure(lines, end: .exited(1), spec: QEMUArgumentsTests.plain)
        #expect(failure.code == code)
        #expect(failure.evidence == lines)
        #expect(!failure.remedy.isEmpty)
    }

    static let rows: [(String, FailureCode, [String])] = [
        (
            "qemu: vfio 0000:41:00.0: no iommu_group found: No such file or directory", FailureCode.gpuUnavailable,
            ["provision-gpu-vm doctor"]
        ),
        (
            "qemu: -device vfio-pci,host=0000:41:00.0: vfio 0000:41:00.0: group 17 is not viable\nPlease ensure all devices within the iommu_group are bound to their vfio bus driver.",
            .gpuUnavailable, ["provision-gpu-vm bind 0000:41:00.0", "group 17"]
        ),
        (
            "qemu: vfio 0000:41:00.1: error getting device from group 17: Device or resource busy\nVerify all devices in group 17 are bound to vfio-<bus> or pci-stub and not already in use",
            .gpuUnavailable, ["/dev/vfio/17"]
        ),
        (
            "qemu: vfio 0000:41:00.0: error getting device from group 17: No such device\nVerify all devices in group 17 are bound to vfio-<bus> or pci-stub and not already in use",
            .gpuUnavailable, ["provision-gpu-vm bind 0000:41:00.0"]
        ),
        (
            "qemu: vfio 0000:41:00.0: error getting device from group 17: Invalid argument\nVerify all devices in group 17 are bound to vfio-<bus> or pci-stub and not already in use",
            .gpuUnavailable, ["provision-gpu-vm bind 0000:41:00.0"]
        ),
        (
            "qemu: vfio 0000:41:00.0: failed to setup container for group 17: failed to set iommu for container: Operation not permitted",
            .gpuUnavailable, ["provision-gpu-vm doctor", "allow_unsafe_interrupts"]
        ),
        (
            "qemu: vfio 0000:41:00.0: Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  Contact your platform vendor.",
            .gpuUnavailable, ["another slot"]
        ),
        ("qemu: VFIO_MAP_DMA failed: Cannot allocate memory", .hostMemory, ["2048 MiB", "provision-gpu-vm doctor"]),
        ("vfio_pin_pages_remote: RLIMIT_MEMLOCK (8388608) exceeded", .hostMemory, ["2048 MiB"]),
        (
            "qemu: IOMMU_IOAS_MAP failed: Bad address\nqemu: vfio_container_dma_map(0x55, 0x38, 0x10, 0x7f) = -14 (Bad address)",
            .gpuUnavailable, ["host-phys-bits=on"]
        ),
        (
            "qemu: Address space limit 0xffffffffff < 0x2087fffffff phys-bits too low (40)", .gpuUnavailable,
            ["host-phys-bits=on"]
        ),
        (
            "vfio-pci 0000:41:00.0: BAR 0: can't reserve [mem 0xe0000000-0xefffffff 64bit pref]", .gpuUnavailable,
            ["provision-gpu-vm doctor"]
        ),
        (
            "nvidia 0000:41:00.0: Attempting to remove device 0000:41:00.0 with non-zero usage count!", .gpuUnavailable,
            ["provision-gpu-vm gpus"]
        ),
        (
            "vfio-pci 0000:41:00.0: not ready 65535ms after FLR; giving up", .gpuUnavailable,
            ["/sys/bus/pci/devices/0000:41:00.0"]
        ),
        (
            "vfio-pci 0000:41:00.0: Unable to change power state from D3cold to D0, device inaccessible",
            .gpuUnavailable,
            ["/sys/bus/pci/devices/0000:41:00.0"]
        ),
        (
            "qemu: vfio 0000:41:00.0: Could not open '/dev/vfio/17': Permission denied", .gpuUnavailable,
            ["/dev/vfio/17"]
        ),
        (
            "qemu: -device virtio-blk-pci: Failed to get \"write\" lock\nIs another process using the image?",
            .imageInUse, []
        ),
        (
            "qemu: -netdev user: Could not set up host forwarding rule 'tcp:127.0.0.1:22-:22'", .portUnavailable,
            ["--ssh-port"]
        ),
        // Warnings are no reason for QEMU's end.
        ("qemu: PCI peer-to-peer transactions on BARs are not supported.", .qemuFailed, []),
        ("vfio-pci 0000:41:00.0: Invalid PCI ROM header signature: expecting 0xaa55, got 0xffff", .qemuFailed, []),
        ("qemu: vfio 0000:41:00.0: Cannot read device rom at 0000:41:00.0", .qemuFailed, []),
        ("qemu: vfio: Cannot reset device 0000:41:00.0, no available reset mechanism.", .qemuFailed, []),
    ]

    /// Every host row of the project's failure list: QEMU's line as it comes, what is made of it, and what the remedy says.
    /// Rows that the host's kernel alone writes have no launch; ``FailureCatalogueTests`` has them.
    @Test(arguments: LaunchFailureTests.rows) func hostRows(text: String, code: FailureCode, remedy: [String]) throws {
        var spec = QEMUArgumentsTests.plain
        spec.gpus = [
            try QEMUArgumentsTests.card("c1:00.0", functions: 1), try QEMUArgumentsTests.card("41:00.0", functions: 2),
        ]
        let lines = text.split(separator: "\n").map { String($0) }
        let failure = launchFailure(lines, end: .exited(1), spec: spec)
        #expect(failure.code == code)
        #expect(failure.evidence == lines)
        for words in remedy { #expect(failure.remedy.contains(words), "\(failure.remedy)") }
        #expect(!failure.remedy.contains("GROUP"))
    }

    /// The only card is meant where no line names one; of several, none is guessed.
    @Test func theOnlyGPUIsMeant() throws {
        let lines = ["VFIO group is not viable"]
        var spec = QEMUArgumentsTests.plain
        spec.gpus = [try QEMUArgumentsTests.card("41:00.0", functions: 2)]
        #expect(launchFailure(lines, end: .exited(1), spec: spec).remedy.contains("bind 0000:41:00.0"))
        spec.gpus.append(try QEMUArgumentsTests.card("c1:00.0", functions: 1))
        #expect(launchFailure(lines, end: .exited(1), spec: spec).remedy.contains("bind BDF"))
        // A host device that is not the guest's is not ours to bind.
        let other = launchFailure(["0000:00:1f.3: group 5 is not viable"], end: .exited(1), spec: spec)
        #expect(other.remedy.contains("bind BDF") && other.remedy.contains("group 5"))
    }

    @Test func endsByEventAndStatus() {
        func event(_ reason: String) -> QMPEvent { QMPEvent(name: "SHUTDOWN", data: ["reason": .string(reason)]) }
        #expect(MachineEnd.cause(.exited(0), shutdown: event("guest-shutdown")) == .guestShutdown)
        #expect(MachineEnd.cause(.unseen, shutdown: event("guest-shutdown")) == .guestShutdown)
        #expect(MachineEnd.cause(.exited(0), shutdown: event("guest-panic")) == .guestPanicked)
        #expect(MachineEnd.cause(.exited(0), shutdown: event("host-qmp-quit")) == .hostStopped)
        #expect(MachineEnd.cause(.exited(0), shutdown: nil) == .hostStopped)
        #expect(MachineEnd.cause(.unseen, shutdown: nil) == .unseen)
        #expect(MachineEnd.cause(.signalled(9), shutdown: nil) == .killed(signal: 9))
        #expect(MachineEnd.cause(.exited(1), shutdown: nil) == .failed(status: 1))
    }
}
