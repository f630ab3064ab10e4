/// What `doctor --fix` changes: files first, then programs that take them into account. Told before it is done.
public struct HostFix: Codable, Equatable, Sendable {
    /// A file with its text before and after.
    public struct FileChange: Codable, Equatable, Sendable {
        public var path: String
        /// Nil for a file that is new.
        public var old: String?
        public var new: String
        /// Permission bits of a new file; one that is there keeps its own.
        public var mode: UInt32
        /// What for, as one clause.
        public var reason: String

        /// A change.
        public init(path: String, old: String?, new: String, mode: UInt32 = 0o644, reason: String) {
            self.path = path
            self.old = old
            self.new = new
            self.mode = mode
            self.reason = reason
        }
    }

    /// A program that is run as root, found in PATH.
    public struct Command: Codable, Equatable, Sendable {
        public var arguments: [String]
        /// Which part of the work it completes. Kept on disk until it has succeeded.
        public var part: Part

        /// A command.
        public init(_ arguments: [String], _ part: Part) {
            self.arguments = arguments
            self.part = part
        }
    }

    /// What has to be made anew after files were changed.
    public enum Part: String, Codable, CaseIterable, Sendable {
        case initramfs
        case bootLoader
    }

    /// Documentation/schemas/doctor.md.
    public var schema = 1
    public var files: [FileChange] = []
    public var commands: [Command] = []
    /// What is left to the user, and why.
    public var notes: [String] = []
    /// Whether the running system differs from what is, or will be, configured.
    public var needsReboot = false

    /// Whether there is nothing to do.
    public var isEmpty: Bool { files.isEmpty && commands.isEmpty }

    /// Names the parts whose programs have not succeeded yet, one a line: written before the first file is changed, so that
    /// a run that was cut short is finished by the next one.
    static let pendingPath = "/var/lib/provision-gpu-vm/doctor-pending"
    /// The first line of every file that is this tool's alone.
    static let mark = "# Written by provision-gpu-vm (doctor --fix)."
}
