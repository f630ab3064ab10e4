import Glibc
import Subprocess
import SystemPackage

/// Runs a program beside `body`, which gets its process id, and stops it afterwards.
///
/// Not Foundation's Process: its `waitUntilExit` blocks a thread of the cooperative pool, and on two cores two tests that
/// stop their servers at the same time wait for ever.
public func withDaemon<Value: Sendable>(
    _ program: String, _ arguments: [String], log: String, isolation: isolated (any Actor)? = #isolation,
    _ body: (Int32) async throws -> Value
) async throws -> Value {
    let file = try FileDescriptor.open(
        FilePath(log), .writeOnly, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
    let result = try await Subprocess.run(
        .path(FilePath(program)), arguments: Arguments(arguments), input: .none, output: .discarded,
        error: .fileDescriptor(file, closeAfterSpawningProcess: true)
    ) { execution in
        let pid = execution.processIdentifier.value
        defer {
            killDescendants(of: pid)
            kill(pid, SIGTERM)
        }
        return try await body(pid)
    }
    return result.closureResult
}

/// Kills the children of `parent`, and theirs, and leaves `parent` alone.
func killDescendants(of parent: pid_t) {
    // Parents first: a session's sshd that lives a moment longer would tell the client how its command ended.
    for process in descendants(of: parent) { kill(process, SIGKILL) }
}

private func descendants(of parent: pid_t) -> [pid_t] {
    guard
        let file = try? FileDescriptor.open(
            FilePath("/proc/\(parent)/task/\(parent)/children"), .readOnly, options: .closeOnExec)
    else { return [] }
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = (try? bytes.withUnsafeMutableBytes { try file.read(into: $0) }) ?? 0
    return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ").compactMap { pid_t($0) }
        .flatMap { [$0] + descendants(of: $0) }
}
