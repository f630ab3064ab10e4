import Glibc
public import SystemPackage

/// The machine's files, below a prefix. Everything file-shaped (sysfs, procfs, /etc, /boot) goes through it, so that a
/// test's machine is a real folder with real files in it.
///
/// Paths are absolute paths *of the guest*: "/etc/os-release". Errors are `Errno`.
public struct SystemRoot: Sendable {
    /// What is put in front of each path; "/" on the live machine.
    public let prefix: FilePath

    /// The running machine.
    public static let live = SystemRoot(prefix: "/")

    /// One change that is about to be made: what a test needs to know to cut the power at each point.
    package enum Change: Equatable, Sendable {
        /// Of a file that is on disk whole once the call returns.
        case durable(String)
        /// Of something that a power cut may still undo until the next ``sync``.
        case volatile(String)
        /// Everything goes to disk.
        case sync
    }

    private let base: String

    /// Told before each change; for tests.
    package let observer: (@Sendable (Change) -> Void)?

    /// A machine whose root is `prefix`.
    public init(prefix: FilePath) {
        self.init(prefix: prefix, observer: nil)
    }

    package init(prefix: FilePath, observer: (@Sendable (Change) -> Void)?) {
        self.prefix = prefix
        base = prefix == "/" ? "" : prefix.string
        self.observer = observer
    }

    /// The guest's `path` as this process must name it.
    public func real(_ path: String) -> String {
        let path = path.hasPrefix("/") ? path : "/" + path
        return base + path
    }

    /// The folder that `path` is in: "/etc" of "/etc/fstab", "/" of "/etc".
    package static func parent(of path: String) -> String {
        let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        return folder.isEmpty ? "/" : String(folder)
    }

    // MARK: - Looking

    /// The bytes of a file, at most `limit` of them. Reads to the end whatever the size says: sysfs claims 4096, procfs 0.
    public func bytes(_ path: String, limit: Int = 16 << 20) throws -> [UInt8] {
        let file = try FileDescriptor.open(FilePath(real(path)), .readOnly, options: [.closeOnExec])
        return try file.closeAfter { try file.readAll(limit: limit) }
    }

    /// A text file.
    public func text(_ path: String, limit: Int = 16 << 20) throws -> String {
        String(decoding: try bytes(path, limit: limit), as: UTF8.self)
    }

    /// A text file, or nil where it is absent or unreadable (sysfs attributes come, go and fail with EIO).
    public func textIfReadable(_ path: String) -> String? {
        try? text(path)
    }

    /// The one line of a sysfs attribute, nil where there is none.
    public func attribute(_ path: String) -> String? {
        textIfReadable(path).map { $0.trimmed }
    }

    /// Names in a folder, sorted; empty where there is no such folder.
    public func list(_ path: String) -> [String] {
        guard let folder = opendir(real(path)) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Whether something is at `path`; a dangling link is nothing.
    public func exists(_ path: String) -> Bool {
        access(real(path), F_OK) == 0
    }

    /// Whether `path` is a folder.
    public func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(real(path), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Bytes of a file, nil where it is absent.
    public func size(_ path: String) -> Int64? {
        var status = stat()
        return stat(real(path), &status) == 0 ? Int64(status.st_size) : nil
    }

    /// A link's target as it is written, nil where `path` is no link.
    public func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(real(path), &buffer, buffer.count - 1)
        guard count >= 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Bytes free to root on the file system of `path`, which must exist.
    public func freeBytes(at path: String) throws -> Int64 {
        var status = statvfs()
        guard statvfs(real(path), &status) == 0 else { throw Errno(rawValue: errno) }
        return Int64(status.f_bfree) * Int64(status.f_frsize)
    }

    /// Bytes of the file system of `path`, which must exist, without what it needs for itself.
    public func filesystemBytes(at path: String) throws -> Int64 {
        var status = statvfs()
        guard statvfs(real(path), &status) == 0 else { throw Errno(rawValue: errno) }
        return Int64(status.f_blocks) * Int64(status.f_frsize)
    }

    /// When a file or folder was changed, seconds since 1970; nil where it is absent.
    public func modificationTime(_ path: String) -> Int64? {
        var status = stat()
        return stat(real(path), &status) == 0 ? Int64(status.st_mtim.tv_sec) : nil
    }

    /// Whether programs may be run from the file system of `path`.
    public func allowsPrograms(at path: String) -> Bool {
        var status = statvfs()
        let noExecute: UInt = 8  // ST_NOEXEC, which glibc shows under _GNU_SOURCE only
        return statvfs(real(path), &status) == 0 && UInt(status.f_flag) & noExecute == 0
    }

    /// Whether two paths are on one file system.
    public func sameFilesystem(_ path: String, _ other: String) -> Bool {
        var first = stat()
        var second = stat()
        return stat(real(path), &first) == 0 && stat(real(other), &second) == 0 && first.st_dev == second.st_dev
    }

    // MARK: - Changing

    /// Replaces a file whole: written beside, synced, renamed over, so that a crash leaves the old or the new one.
    ///
    /// Mode and owner of an existing file are kept, and a link is followed rather than replaced (/etc/default/grub may
    /// be one). `mode` is for a new file.
    public func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws {
        let target = resolvingLinks(path)
        observer?(.durable(target))
        var old = stat()
        let replaces = stat(real(target), &old) == 0
        try replace(target, mode: replaces ? old.st_mode & 0o7777 : mode, owner: replaces ? old : nil) { file in
            try file.writeAll(Array(text.utf8))
        }
    }

    /// Writes into a file of the kernel's (procfs, sysfs), which must be there and cannot be replaced.
    public func set(_ path: String, to value: String) throws {
        observer?(.volatile(path))
        let file = try FileDescriptor.open(
            FilePath(real(path)), .writeOnly, options: [.truncate, .closeOnExec])
        try file.closeAfter { _ = try file.writeAll(Array(value.utf8)) }
    }

    /// Copies a file whole, with mode and owner: written beside, synced, renamed over. Needs no program, so that it works
    /// while the agent is told to stop.
    public func copy(_ path: String, to other: String) throws {
        observer?(.durable(other))
        let source = try FileDescriptor.open(FilePath(real(path)), .readOnly, options: [.closeOnExec])
        defer { try? source.close() }
        var status = stat()
        try check(fstat(source.rawValue, &status))
        try replace(other, mode: status.st_mode & 0o7777, owner: status) { file in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
            defer { buffer.deallocate() }
            while case let count = try source.read(into: buffer), count > 0 {
                try file.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// Puts a new file in the place of `path`: filled beside, given owner and mode, synced, renamed over. `owner` nil: ours.
    private func replace(
        _ path: String, mode: UInt32, owner: stat?, _ fill: (FileDescriptor) throws -> Void
    ) throws {
        let beside = real(path) + ".gpu-guest-agent-new"
        unlink(beside)
        let file = try FileDescriptor.open(
            FilePath(beside), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: FilePermissions(rawValue: 0o600))
        do {
            try file.closeAfter {
                try fill(file)
                // Before the mode: a change of owner takes the set-user-id bit away.
                if let owner, owner.st_uid != getuid() || owner.st_gid != getgid() {
                    try check(fchown(file.rawValue, owner.st_uid, owner.st_gid))
                }
                try check(fchmod(file.rawValue, mode))
                try check(fsync(file.rawValue))
            }
            try check(rename(beside, real(path)))
        } catch {
            unlink(beside)
            throw error
        }
        syncDirectory(of: path)
    }

    /// Appends a line, waits until it is on disk, and takes it back where it cannot be written whole. What follows the
    /// last newline of the file, a line that a crash tore, is cut off first. The file is root's alone.
    func append(line: String, to path: String) throws {
        observer?(.durable(path))
        let isNew = !exists(path)
        let file = try FileDescriptor.open(
            FilePath(real(path)), .readWrite, options: [.create, .append, .closeOnExec],
            permissions: [.ownerRead, .ownerWrite])
        try file.closeAfter {
            let bytes = try file.readAll()
            let whole = Int64((bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1)
            if whole < bytes.count { try file.resize(to: whole) }
            do {
                try file.writeAll(Array((line + "\n").utf8))
                try check(fdatasync(file.rawValue))
            } catch {
                try? file.resize(to: whole)
                throw error
            }
        }
        if isNew { syncDirectory(of: path) }
    }

    /// Makes a folder and those above it; no error where it exists.
    public func createDirectory(_ path: String, mode: UInt32 = 0o755) throws {
        if isDirectory(path) { return }
        observer?(.volatile(path))
        var made = FilePath(prefix.string)
        let components = FilePath(path).components
        for (index, component) in components.enumerated() {
            made.append(component)
            let last = index == components.count - 1
            if mkdir(made.string, last ? mode : 0o755) != 0 && errno != EEXIST { throw Errno(rawValue: errno) }
        }
    }

    /// Makes a folder with a name of its own, PREFIX-XXXXXX, for root alone, and returns its path.
    public func createPrivateDirectory(_ prefix: String) throws -> String {
        observer?(.volatile(prefix))
        var template = Array((real(prefix) + "-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
        return prefix + String(decoding: template.suffix(8).dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Takes a file or folder away from everyone but its owner.
    public func protect(_ path: String) throws {
        try check(chmod(real(path), isDirectory(path) ? 0o700 : 0o600))
    }

    /// Removes a file or a link; no error where there is none.
    public func remove(_ path: String) throws {
        observer?(.volatile(path))
        if unlink(real(path)) != 0 && errno != ENOENT { throw Errno(rawValue: errno) }
    }

    /// Removes a folder with all that is in it, without following links or leaving its file system; no error where
    /// there is none.
    public func removeTree(_ path: String) throws {
        var status = stat()
        guard lstat(real(path), &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR else { return try remove(path) }
        for name in list(path) { try removeTree(path + "/" + name) }
        observer?(.volatile(path))
        if rmdir(real(path)) != 0 && errno != ENOENT { throw Errno(rawValue: errno) }
    }

    /// Removes a folder that is empty; returns whether it is gone.
    @discardableResult
    package func removeEmptyDirectory(_ path: String) -> Bool {
        guard isDirectory(path), list(path).isEmpty else { return !exists(path) }
        observer?(.volatile(path))
        return rmdir(real(path)) == 0
    }

    /// Renames a file within its file system.
    public func move(_ path: String, to other: String) throws {
        observer?(.durable(path))
        observer?(.durable(other))
        try check(rename(real(path), real(other)))
        syncDirectory(of: other)
    }

    /// Makes a symbolic link, replacing one that is there.
    public func link(_ path: String, to target: String) throws {
        try remove(path)
        observer?(.volatile(path))
        try check(symlink(target, real(path)))
    }

    /// Waits until everything that was written is on disk: a reboot or a power cut afterwards finds it. All file systems,
    /// since a step may have changed /boot as well. A tree that is not the machine's own has no power to lose.
    public func sync() {
        observer?(.sync)
        if prefix == "/" { Glibc.sync() }
    }

    /// Puts on disk which names the folder of `path` has.
    func syncDirectory(of path: String) {
        observer?(.durable(path))
        let file = open(real(Self.parent(of: path)), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = fsync(file)
        close(file)
    }

    /// Where a chain of links ends, in the guest's terms: an absolute target is below the prefix.
    public func resolvingLinks(_ path: String) -> String {
        var path = path
        for _ in 0..<8 {
            guard let target = linkTarget(path) else { break }
            path =
                target.hasPrefix("/")
                ? target : FilePath(path).removingLastComponent().pushing(FilePath(target)).lexicallyNormalized().string
        }
        return path
    }

    private func check(_ result: CInt) throws {
        if result != 0 { throw Errno(rawValue: errno) }
    }
}
