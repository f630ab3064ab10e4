import FoundationEssentials
import HostFakes
import VirtualMachines

/// A small machine whose processors never start (-S), on an empty disk in `folder`: enough QEMU to start, talk to and end.
func pausedMachine(in folder: TemporaryFolder, name: String = "test", extra: [String] = ["-S"]) async throws
    -> MachineSpecification
{
    let disk = folder.path + "/disk.qcow2"
    if !FileManager.default.fileExists(atPath: disk) {
        let base = try folder.write("base.raw", emptyDisk())
        try await QemuImg.convert(base, from: "raw", to: disk)
    }
    return MachineSpecification(
        name: name, accelerator: .tcg, cpus: 1, memoryBytes: 128 << 20, diskPath: disk,
        macAddress: macAddress(for: name), sshPort: try freeLoopbackPort(), folder: folder.path + "/run",
        extraArguments: extra)
}

/// One MiB of a disk with an MBR that has one Linux partition and no boot code.
func emptyDisk() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    bytes[446 + 4] = 0x83
    bytes[510] = 0x55
    bytes[511] = 0xaa
    return bytes
}
