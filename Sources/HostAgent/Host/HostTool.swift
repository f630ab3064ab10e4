public import Contract
import Subprocess
public import SystemPackage

/// How a tool of the host ended.
public struct ToolResult: Sendable {
    /// Exit status; 128 + N where it was ended by signal N.
    public var status: Int32
    /// Standard output.
    public var output: String
    /// Standard error.
    public var error: String

    /// A result.
    public init(status: Int32, output: String, error: String) {
        self.status = status
        self.output = output
        self.error = error
    }

    /// The last lines of what it complained about.
    public var complaints: [String] { Array(error.split(separator: "\n").suffix(20).map { String($0) }) }
}

/// Runs a tool of the host to its end, found in PATH, in the C locale. A status other than 0 is an answer, not an error.
///
/// - Parameters:
///   - input: Its standard input; closed here. /dev/null without.
///   - package: Debian's package of it, named where it is missing.
/// - Throws: ``FailureCode/toolMissing``, and CancellationError where the task was cancelled (the tool is then killed).
public func runTool(
    _ name: String, _ arguments: [String], input: FileDescriptor? = nil, package: String, operation: String
) async throws -> ToolResult {
    let configuration = Configuration(
        executable: .name(name), arguments: Arguments(arguments), environment: .inherit.updating(["LC_ALL": "C"]))
    do {
        let result: (status: TerminationStatus, output: String, error: String)
        if let input {
            let run = try await run(
                configuration, input: .fileDescriptor(input, closeAfterSpawningProcess: true),
                output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
            result = (run.terminationStatus, run.standardOutput, run.standardError)
        } else {
            let run = try await run(configuration, output: .string(limit: 4 << 20), error: .string(limit: 1 << 20))
            result = (run.terminationStatus, run.standardOutput, run.standardError)
        }
        // A cancelled run answers signaled(9) like any killed tool.
        try Task.checkCancellation()
        let status: Int32 =
            switch result.status {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return ToolResult(status: status, output: result.output, error: result.error)
    } catch let error as SubprocessError where error.code == .executableNotFound {
        throw missingTool(name, package: package, operation: operation)
    } catch let error as SubprocessError {
        try Task.checkCancellation()
        throw Failure(
            .commandFailed, operation: operation, message: "\(name) cannot be run: \(error)",
            remedy: "Run \(name) by hand and read what it says.", side: .host)
    }
}

/// The standard output of a tool that must succeed. Throws as ``runTool(_:_:input:package:operation:)`` does, and
/// ``FailureCode/commandFailed`` with its complaints where its status is not 0.
public func toolOutput(
    _ name: String, _ arguments: [String], input: FileDescriptor? = nil, package: String, operation: String
) async throws -> String {
    let result = try await runTool(name, arguments, input: input, package: package, operation: operation)
    guard result.status == 0 else {
        throw Failure(
            .commandFailed, operation: operation, message: "\(name) ended with status \(result.status).",
            evidence: result.complaints, remedy: "Read what \(name) said.", side: .host)
    }
    return result.output
}

/// The failure for a program that is not installed, naming Debian's `package` of it.
public func missingTool(_ name: String, package: String, operation: String) -> Failure {
    Failure(
        .toolMissing, operation: operation, message: "There is no \(name) in PATH.",
        remedy: "Install it (Debian, Ubuntu: apt install \(package)).", side: .host)
}
