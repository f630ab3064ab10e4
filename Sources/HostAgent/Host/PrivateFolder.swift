import Contract
import FoundationEssentials
import Glibc

/// Makes a folder for this user alone, 0700, and those above it; one that is there already becomes so. `operation` as in
/// "make the VM's folder". Throws a ``Failure``.
public func makePrivateFolder(_ path: String, operation: String) throws {
    do {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // createDirectory leaves the mode of a folder that is there already alone.
        chmod(path, 0o700)
    } catch {
        throw Failure(
            .hostSpace, operation: operation, message: "\(path) cannot be made: \(error)",
            remedy: "Choose another place with --state, or make it writable.", side: .host)
    }
}
