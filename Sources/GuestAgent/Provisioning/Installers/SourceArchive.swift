import Contract
import Guest

/// A tar archive of the user's, unpacked into a folder of the agent's own: what is built there belongs to nobody else.
struct SourceArchive {
    let role: Payload.Role
    let identity: PayloadIdentity
    /// Another folder for each toolkit that it is built with.
    let label: String

    /// Of the archive's digest, so that another archive never meets what was built of this one.
    var folder: String { "\(StateFolder.path)/sources/\(role.rawValue)-\(identity.sha256.prefix(12))-\(label)" }
    private var marker: InstallMarker { InstallMarker(name: "\(role.rawValue)-\(label)") }

    /// Whether it was unpacked, and all of it.
    func isThere(_ root: SystemRoot) -> Bool { root.isDirectory(folder) && !marker.isSet(root) }

    /// Unpacks it, unless it is there. A program that is no archive is left under its own name.
    func unpack(_ context: StepContext, _ step: StepID) async throws {
        let root = context.root
        guard !isThere(root) else { return }
        let payload = try await PayloadFile.prepare(
            role, sha256: identity.sha256, context, step, installsTo: StateFolder.path)
        defer { payload.remove(context) }
        try root.removeTree(folder)
        try marker.set(root)
        try root.createDirectory(folder, mode: 0o700)
        let isProgram = (try? root.bytes(payload.path, limit: 4)) == [0x7f, 0x45, 0x4c, 0x46]
        let command =
            isProgram
            ? Command(["install", "-m", "0755", root.real(payload.path), "\(folder)/\(role.rawValue)"])
            : Command(
                ["tar", "-xf", root.real(payload.path), "--no-same-owner", "-C", folder], deadline: .seconds(600),
                mergesErrors: true)
        let result = try await context.run(command)
        guard result.succeeded else {
            throw Failure.guest(
                .payloadCorrupt, "unpack \(identity.fileName)",
                "\(identity.fileName) cannot be unpacked: \(result.endingDescription).",
                evidence: (result.output + "\n" + result.errors).lines.lastLines(6),
                remedy: "Give a tar archive, compressed by what the guest has (gzip, xz), or a folder.")
        }
        try marker.clear(root)
    }

    /// The nearest folder of that name with a file of one of `kinds` in it, nil where there is none: archives are made of
    /// all or of a part. The archive's own top counts under any name.
    func find(_ name: String?, holding kinds: [String], _ root: SystemRoot) -> String? {
        var level = [folder]
        for _ in 0..<Self.depth {
            var next: [String] = []
            for path in level {
                let fits = name == nil || path.hasSuffix("/" + (name ?? ""))
                if fits, kinds.contains(where: { root.exists("\(path)/\($0)") }) { return path }
                next += root.list(path).prefix(Self.width).map { "\(path)/\($0)" }.filter {
                    root.linkTarget($0) == nil && root.isDirectory($0)
                }
            }
            level = Array(next.prefix(Self.width * 8))
        }
        return nil
    }

    private static let depth = 6
    private static let width = 512
}
