import Contract
import FoundationEssentials
import Glibc
import Testing
import VirtualMachines

/// A folder of its own for one test, removed with the value's end by the test itself.
struct TemporaryFolder {
    let path: String

    init() throws {
        // /tmp whatever TMPDIR says: sockets live here, and their paths are short.
        path = "/tmp/vm-test-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }

    func read(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path + "/" + name) ?? Data(), as: UTF8.self)
    }
}

/// Fixtures/ of the package.
let fixtures =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path() + "/Fixtures"

/// The failure that `body` throws; records an issue where it throws none.
func failure(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> Failure? {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let failure as Failure {
        return failure
    } catch {
        Issue.record("not a Failure: \(error)", sourceLocation: sourceLocation)
    }
    return nil
}

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
