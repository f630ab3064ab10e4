import Glibc
package import Guest
import Synchronization
import SystemPackage
import Testing

/// A folder that is a guest's root, removed with the value.
package final class FakeRoot: Sendable {
    package let root: SystemRoot

    /// In memory where there is /dev/shm, so that hundreds of synced journal records do not wait for a disk; a test of
    /// what may be run from where says `inMemory: false`, since /dev/shm is often mounted noexec.
    /// `observer` is told before each change of the tree.
    package init(
        _ files: [String: String] = [:], inMemory: Bool = true,
        observer: (@Sendable (SystemRoot.Change) -> Void)? = nil
    ) throws {
        let folder = inMemory && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(folder)/fake-guest-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        root = SystemRoot(
            prefix: FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)),
            observer: observer)
        for (path, text) in files { try write(path, text) }
    }

    /// A machine with this tree.
    package convenience init(
        copying tree: Tree, inMemory: Bool = true, observer: (@Sendable (SystemRoot.Change) -> Void)? = nil
    ) throws {
        try self.init(inMemory: inMemory, observer: observer)
        try tree.write(to: root.prefix.string)
    }

    deinit {
        try? SystemRoot.live.removeTree(root.prefix.string)
    }

    package func write(_ path: String, _ text: String) throws {
        try root.createDirectory(SystemRoot.parent(of: path))
        try root.write(text, to: path)
    }

    package func link(_ path: String, _ target: String) throws {
        try root.createDirectory(SystemRoot.parent(of: path))
        try root.link(path, to: target)
    }
}

/// Answers the commands that it was told to expect and fails the test at any other.
package final class FakeRunner: CommandRunner {
    package typealias Answer = @Sendable (Command) throws -> CommandResult

    private let answers: [(prefix: String, answer: Answer)]
    private let log = Mutex<[String]>([])

    /// The longest matching prefix of the command line answers.
    package init(_ answers: [String: Answer]) {
        self.answers = answers.map { ($0.key, $0.value) }.sorted { $0.prefix.count > $1.prefix.count }
    }

    package var ran: [String] { log.withLock { $0 } }

    package func run(_ command: Command) async throws -> CommandResult {
        log.withLock { $0.append(command.line) }
        guard let (_, answer) = answers.first(where: { command.line.hasPrefix($0.prefix) }) else {
            Issue.record("unexpected command: \(command.line)")
            return CommandResult(.notFound)
        }
        return try answer(command)
    }

    package static func says(_ output: String, status: Int32 = 0) -> Answer {
        { _ in CommandResult(.exited(status), output: output) }
    }
}
