public import SystemPackage

/// What the decisions about a host look at: files of sysfs, procfs, /etc and /dev, and what only a program or a system call
/// can tell (``HostProbe``). A seam: the running machine, a folder that holds a copy of one, a recording.
///
/// Paths are absolute paths of the host: "/sys/bus/pci/devices". Nothing here writes.
public protocol HostTree: Sendable {
    /// The bytes of a file, at most `limit` of them, whatever size it claims (sysfs says 4096, procfs 0).
    func read(_ path: String, limit: Int) -> Result<[UInt8], Errno>
    /// Names in a folder, sorted.
    func names(_ path: String) -> Result<[String], Errno>
    /// Where a symbolic link points, as it stands.
    func link(_ path: String) -> Result<String, Errno>
    /// What a path is; links are followed.
    func status(_ path: String) -> Result<HostFileStatus, Errno>
    /// Asks; nil where this tree cannot know (a folder is no machine).
    func answer(_ probe: HostProbe) async -> HostAnswer?
}

/// The part of stat(2) that decisions need.
public struct HostFileStatus: Codable, Equatable, Sendable {
    /// S_IFMT and permission bits.
    public var mode: UInt32
    public var owner: UInt32
    public var group: UInt32

    /// A status.
    public init(mode: UInt32, owner: UInt32, group: UInt32) {
        self.mode = mode
        self.owner = owner
        self.group = group
    }

    /// Whether it is a folder.
    public var isFolder: Bool { mode & 0o170000 == 0o040000 }
}

/// A question that no file answers.
public enum HostProbe: Codable, Hashable, Sendable {
    /// What a program, found in PATH, prints. It only looks: versions, lists.
    case program([String])
    /// Opens /dev/kvm and makes a VM (KVM_CREATE_VM), which is thrown away at once. Status 0, or the errno.
    case createVM
    /// RLIMIT_MEMLOCK of this process: soft and hard limit in bytes, in one line, "unlimited" for none.
    case memoryLock
    /// The effective user id, in one line, and the group ids in the next.
    case user
}

/// What a ``HostProbe`` said.
public struct HostAnswer: Codable, Equatable, Sendable {
    /// Exit status or errno; 0 for success; 127 for a program that is not there.
    public var status: Int32
    /// What was printed, standard error after standard output.
    public var text: String

    /// An answer.
    public init(status: Int32, text: String) {
        self.status = status
        self.text = text
    }
}

extension HostTree {
    /// A text file; nil where it is absent or unreadable (sysfs attributes come, go and fail with EIO).
    public func text(_ path: String, limit: Int = 1 << 20) -> String? {
        (try? read(path, limit: limit).get()).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The one line of an attribute, without the white space around it; nil where there is none.
    public func attribute(_ path: String) -> String? {
        guard let text = text(path, limit: 4096) else { return nil }
        let bytes = text.utf8.drop { $0 <= 32 }
        return String(decoding: bytes.prefix(bytes.count - bytes.reversed().prefix { $0 <= 32 }.count), as: UTF8.self)
    }

    /// Names in a folder, sorted; empty where there is none.
    public func list(_ path: String) -> [String] { (try? names(path).get()) ?? [] }

    /// The last component of a link's target: a driver's name, the number of an IOMMU group.
    public func linkName(_ path: String) -> String? {
        (try? link(path).get())?.split(separator: "/").last.map { String($0) }
    }

    /// Whether there is anything at `path`.
    public func exists(_ path: String) -> Bool { (try? status(path).get()) != nil }
}
