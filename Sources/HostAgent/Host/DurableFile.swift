import Glibc
import SystemPackage

/// Gives a file new contents, for its owner's eyes only: written beside, synced, renamed, and the name synced too, so that
/// a crash leaves the old or the new file, never half of one.
///
/// Throws what the system said as an `Errno`.
public func replaceFile(_ path: String, with bytes: some Sequence<UInt8>) throws {
    let temporary = "\(path).new"
    let descriptor = try FileDescriptor.open(
        FilePath(temporary), .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
    try descriptor.closeAfter {
        _ = try descriptor.writeAll(bytes)
        guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }
    guard rename(temporary, path) == 0 else { throw Errno(rawValue: errno) }
    let folder = try FileDescriptor.open(
        FilePath(path).removingLastComponent(), .readOnly, options: [.closeOnExec])
    try folder.closeAfter {
        guard fsync(folder.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }
}
