import Contract
import Subprocess

/// How a tool of the host ended.
struct ToolResult: Sendable {
    var status: Int32
    var output: String
    var error: String

    /// The last lines of what it complained about.
    var complaints: [String] { Array(error.split(separator: "\n").suffix(20).map { String($0) }) }
}

/// Runs a tool of the host to its end, found in PATH. A status other than 0 is an answer, not an error.
///
/// Throws ``FailureCode/toolMissing`` naming Debian's `package`, and CancellationError where the task was cancelled (the
/// tool is then killed).
func runTool(_ name: String, _ arguments: [String], package: String, operation: String) async throws -> ToolResult {
    do {
        let result = try await run(
            .name(name), arguments: Arguments(arguments), environment: .inherit.updating(["LC_ALL": "C"]),
            output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
        // A cancelled run answers signaled(9) like any killed tool.
        try Task.checkCancellation()
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return ToolResult(status: status, output: result.standardOutput, error: result.standardError)
    } catch let error as SubprocessError where error.code == .executableNotFound {
        throw missingTool(name, package: package, operation: operation)
    } catch let error as SubprocessError {
        try Task.checkCancellation()
        throw Failure(
            .commandFailed, operation: operation, message: "\(name) cannot be run: \(error)",
            remedy: "Run \(name) by hand and read what it says.", side: .host)
    }
}

func missingTool(_ name: String, package: String, operation: String) -> Failure {
    Failure(
        .toolMissing, operation: operation, message: "There is no \(name) in PATH.",
        remedy: "Install it (Debian, Ubuntu: apt install \(package)).", side: .host)
}
