import Contract
import FoundationEssentials
import Glibc
import Host
import VirtualMachines

/// A folder of the user's as one file, always the same one for the same contents: its digest is part of the job.
struct FolderArchive: Sendable {
    /// Where archives are kept: the run's folder, 0700.
    let store: String

    /// Packs a folder that was looked at. The archive is named after its digest, so that one that a VM has as a drive is
    /// never changed.
    func pack(
        _ survey: FolderSurvey, as role: Payload.Role, digests: DigestCache, operation: String
    ) async throws -> PayloadInput {
        try FileManager.default.createDirectory(
            atPath: store, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        if let free = FreeSpace.bytes(at: store), free < survey.bytes + (64 << 20) {
            throw Failure(
                .hostSpace, operation: operation,
                message: "\(store) has \(free >> 20) MiB free; \(survey.folder) has \(survey.bytes >> 20) MiB.",
                remedy: "Free some space, or choose another place with --state.", side: .host)
        }
        let fresh = "\(store)/\(role.rawValue).new"
        defer { unlink(fresh) }
        _ = try await toolOutput(
            "tar", Self.arguments(archive: fresh, folder: survey.folder), package: "tar", operation: operation)
        var input = try await PayloadInput.file(fresh, as: role, digests: digests, operation: operation)
        input.fileName = "\(role.rawValue).tar"
        input.path = "\(store)/\(input.digest.sha256.prefix(20)).tar"
        if !FileManager.default.fileExists(atPath: input.path), rename(fresh, input.path) != 0 {
            throw Failure(
                .hostSpace, operation: operation,
                message: "\(input.path) cannot be put in place: \(String(cString: strerror(errno))).",
                remedy: "Look at the folder's rights.", side: .host)
        }
        return input
    }

    /// GNU tar's arguments. Order, times, owners and modes are fixed: they are the copy's, not the work's.
    static func arguments(archive: String, folder: String) -> [String] {
        [
            "--create", "--file=\(archive)", "--directory=\(folder)", "--format=gnu", "--sort=name", "--mtime=@0",
            "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rwX,go+rX,go-w", "--hard-dereference",
            "--exclude=.git", ".",
        ]
    }

    /// Removes what no drive of `kept` needs.
    func prune(keeping kept: [PayloadDrive]) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: store)) ?? [] {
            let path = "\(store)/\(name)"
            if !kept.contains(where: { $0.path == path }) { unlink(path) }
        }
        rmdir(store)
    }
}
