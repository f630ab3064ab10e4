import Contract
import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

/// A place of its own for one test: a state folder, a copy-free view of the base image, and the tool run as a user would.
final class Bench: Sendable {
    let folder: String
    let image: String
    /// What the tool gets besides what this process has.
    private let environment: [String: String]

    /// What a run of the tool gave.
    struct Outcome: Sendable {
        var status: TerminationStatus
        var stdout: String
        var stderr: String

        var report: Report {
            get throws { try JSONDecoder().decode(Report.self, from: Data(stdout.utf8)) }
        }

        var exitCode: Int32? {
            if case .exited(let code) = status { return code }
            return nil
        }
    }

    /// `image`: a base image that is only read; it is linked, not copied, into the test's folder.
    init(image: String = Lane.image, environment: [String: String] = [:]) throws {
        self.environment = environment
        folder = "\(FileManager.default.temporaryDirectory.path)/provision-e2e-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        self.image = "\(folder)/base.qcow2"
        try FileManager.default.createSymbolicLink(atPath: self.image, withDestinationPath: image)
    }

    var result: String { "\(folder)/result.qcow2" }
    var state: String { "\(folder)/state" }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Arguments that every run here has: small, simulated, in this folder.
    func arguments(_ more: [String]) -> [String] {
        [
            image, "--gpu", "simulated", "--accept-nvidia-licenses", "--format", "json", "--state", state, "--output",
            result, "--memory", "2G", "--cpus", "2",
        ] + more
    }

    /// Runs the tool to its end. `watch` sees each line of stderr as it comes; true kills the tool there and then
    /// (SIGKILL), as a crash would.
    func provision(_ more: [String], killWhen watch: @escaping @Sendable (String) -> Bool = { _ in false }) async throws
        -> Outcome
    {
        try await run(arguments(more), killWhen: watch)
    }

    /// Runs the tool with exactly these arguments.
    func run(_ arguments: [String], killWhen watch: @escaping @Sendable (String) -> Bool = { _ in false }) async throws
        -> Outcome
    {
        let stdout = "\(folder)/stdout.\(UUID().uuidString)"
        let out = try FileDescriptor.open(
            FilePath(stdout), .readWrite, options: [.create], permissions: [.ownerReadWrite])
        let result = try await Subprocess.run(
            .path(FilePath("\(Lane.bin)/provision-gpu-vm")), arguments: Arguments(arguments),
            environment: .inherit.updating(
                Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
            ),
            input: .none,
            output: .fileDescriptor(out, closeAfterSpawningProcess: true), error: .sequence
        ) { execution in
            var seen = ""
            for try await line in execution.standardError.strings() {
                seen += line + "\n"
                print("  | \(line)")
                if watch(line) { try execution.send(signal: .kill) }
            }
            return seen
        }
        let text = String(decoding: FileManager.default.contents(atPath: stdout) ?? Data(), as: UTF8.self)
        return Outcome(status: result.terminationStatus, stdout: text, stderr: result.takeClosureResult())
    }

    /// SHA-256 of the base image.
    func imageDigest() async throws -> String {
        let result = try await Subprocess.run(
            .name("sha256sum"), arguments: [image], output: .string(limit: 4096))
        try #require(result.terminationStatus.isSuccess)
        return String(result.standardOutput.prefix { $0 != " " })
    }

    /// QEMU processes that have something open in this test's folder. None may be left by a run that has ended.
    func livingMachines() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.filter { pid in
            let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
            let text = String(decoding: line, as: UTF8.self)
            return text.contains("qemu-system") && text.contains(folder)
        }
    }

    /// Names in the result's folder that are neither the base, the result nor the state.
    func leftovers() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.contains(".partial") || $0.contains(".flat") }
    }
}

typealias Outcome = Bench.Outcome

/// A guest image of a variant, made by Scripts/make-guest-image (cached).
func guestImage(_ options: [String]) async throws -> String {
    let result = try await Subprocess.run(
        .path(FilePath("\(Lane.package)/Scripts/make-guest-image")), arguments: Arguments(options),
        output: .string(limit: 4096), error: .string(limit: 1 << 20))
    try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
    return String(result.standardOutput.prefix { $0 != "\n" })
}
