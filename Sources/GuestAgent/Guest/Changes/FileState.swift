import Glibc
import SystemPackage

/// What is at a path, as far as knowing it again and putting it back go.
public enum FileState: Codable, Equatable, Sendable {
    /// Nothing.
    case absent
    /// A file.
    case file(FileStamp)
    /// A symbolic link, with its target as it is written.
    case link(target: String)
    /// A folder or a device. Such things are not kept.
    case other

    /// What is at `path` now. A link is not followed.
    public init(of path: String, _ root: SystemRoot) throws {
        var status = stat()
        guard lstat(root.real(path), &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw Errno(rawValue: errno) }
            self = .absent
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            self = .file(
                FileStamp(
                    digest: try ContentDigest(of: path, root), mode: status.st_mode & 0o7777, owner: status.st_uid,
                    group: status.st_gid))
        case S_IFLNK: self = .link(target: root.linkTarget(path) ?? "")
        default: self = .other
        }
    }
}

/// A file's content and attributes.
public struct FileStamp: Codable, Equatable, Sendable {
    /// Its content.
    public var digest: ContentDigest
    /// Permissions, with set-user-ID and the like.
    public var mode: UInt32
    public var owner: UInt32
    public var group: UInt32
}

/// A file's content, to be known again: its size and a 64-bit FNV-1a hash.
///
/// It tells a file that somebody edited from one that nobody touched. It is no protection against an adversary: who may
/// write these files may write the ledger as well.
public struct ContentDigest: Codable, Equatable, Sendable {
    /// Bytes.
    public private(set) var size: Int64 = 0
    /// Sixteen hex digits: a JSON number would be rounded by many readers.
    public var hash: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private var value: UInt64 = 0xcbf2_9ce4_8422_2325

    private enum CodingKeys: String, CodingKey {
        case size, hash
    }

    /// Of `bytes`.
    public init(_ bytes: some Sequence<UInt8>) {
        add(bytes)
    }

    /// Of the file at `path`.
    public init(of path: String, _ root: SystemRoot) throws {
        let file = try FileDescriptor.open(FilePath(root.real(path)), .readOnly, options: [.closeOnExec])
        defer { try? file.close() }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while case let count = try file.read(into: buffer), count > 0 {
            add(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        size = try values.decode(Int64.self, forKey: .size)
        let text = try values.decode(String.self, forKey: .hash)
        guard let value = UInt64(text, radix: 16) else {
            throw DecodingError.dataCorruptedError(forKey: .hash, in: values, debugDescription: "no hash: \(text)")
        }
        self.value = value
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(size, forKey: .size)
        try values.encode(hash, forKey: .hash)
    }

    private mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            value = (value ^ UInt64(byte)) &* 0x100_0000_01b3
            size += 1
        }
    }
}
