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
