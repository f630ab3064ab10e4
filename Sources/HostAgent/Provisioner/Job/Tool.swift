import Contract
import Subprocess
import SystemPackage

/// A program of the host, run to its end. QEMU and qemu-img have types of their own; this is for coreutils and friends.
enum Tool {
    /// Runs `name` with `arguments`, standard input from `input` where given (closed here), and returns its standard
    /// output. Throws a ``Failure`` when it is missing or exits non-zero.
    static func output(
        of name: String, _ arguments: [String], input: FileDescriptor? = nil, operation: String
    ) async throws -> String {
        let result: (status: TerminationStatus, out: String, err: String)
        do {
            if let input {
                let run = try await Subprocess.run(
                    .name(name), arguments: Arguments(arguments), environment: .inherit.updating(["LC_ALL": "C"]),
                    input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                    output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
                result = (run.terminationStatus, run.standardOutput, run.standardError)
            } else {
                let run = try await Subprocess.run(
                    .name(name), arguments: Arguments(arguments), environment: .inherit.updating(["LC_ALL": "C"]),
                    output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
                result = (run.terminationStatus, run.standardOutput, run.standardError)
            }
        } catch let error as SubprocessError {
            throw Failure(
                .toolMissing, operation: operation, message: "\(name) could not be run.", evidence: ["\(error)"],
                remedy: "Install \(name) (Debian: coreutils, openssh-client, qemu-utils).", side: .host)
        }
        // A cancelled task sees signaled(9); say what it was.
        try Task.checkCancellation()
        guard result.status.isSuccess else {
            throw Failure(
                .commandFailed, operation: operation, message: "\(name) ended with \(result.status).",
                evidence: result.err.split(separator: "\n").suffix(20).map(String.init),
                remedy: "Read what \(name) said.", side: .host)
        }
        return result.out
    }
}
