import Contract
import Guest

/// The recipe's archive of packages, unpacked: a folder to install from without a network.
struct PackageArchive {
    private let payload: PayloadFile
    /// Where all package files lie side by side.
    let folder: String

    static func unpack(_ identity: PayloadIdentity, _ context: StepContext, _ step: StepID) async throws
        -> PackageArchive
    {
        let payload = try await PayloadFile.prepare(
            .packages, sha256: identity.sha256, context, step, installsTo: "/usr")
        let root = context.root
        let folder = "\(payload.workFolder)/packages"
        do {
            try root.createDirectory(folder, mode: 0o700)
            let result = try await context.run(unpacking(root.real(payload.path), into: root.real(folder)))
            guard result.succeeded else {
                throw Failure.guest(
                    .payloadCorrupt, "unpack the packages", "\(identity.fileName) could not be unpacked.",
                    evidence: (result.output.lines + result.errors.lines).lastLines(8),
                    remedy: "Give a folder, or a tar archive that the guest's tar can read.")
            }
            try flatten(folder, below: folder, root)
            return PackageArchive(payload: payload, folder: folder)
        } catch {
            payload.remove(context)
            throw error
        }
    }

    /// tar finds out by itself how the archive is compressed. Owners of the archive mean nothing here.
    static func unpacking(_ archive: String, into folder: String) -> Command {
        Command(
            ["tar", "--extract", "--no-same-owner", "--no-same-permissions", "--file", archive, "--directory", folder],
            deadline: .seconds(900))
    }

    private static let endings = [".deb", ".rpm"]

    /// Package files of folders inside, too, are moved up: an archive of a folder has the folder's name in front.
    static func flatten(_ folder: String, below top: String, _ root: SystemRoot) throws {
        for name in root.list(folder) {
            let path = "\(folder)/\(name)"
            if root.linkTarget(path) != nil {
                try root.remove(path)  // it may point anywhere
            } else if root.isDirectory(path) {
                try flatten(path, below: top, root)
            } else if folder != top, endings.contains(where: { name.hasSuffix($0) }) || name.contains(".pkg.tar") {
                try root.move(path, to: "\(top)/\(name)")
            }
        }
    }

    func remove(_ context: StepContext) { payload.remove(context) }
}
