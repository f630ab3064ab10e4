import ArgumentParser
import Contract
import Host

/// Which host is looked at: this machine, a folder with a copy of another's files, or a recording of it.
struct SystemRootOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Look at a copy of another machine's files (a folder), or at a recording that 'doctor --record' wrote. "
                + "(default: this machine)", valueName: "folder|file"),
        completion: .file())
    var systemRoot: String?

    /// Whether it is this machine, now.
    var isLive: Bool { systemRoot == nil }

    /// The host to look at. Throws ``Failure`` where there is neither folder nor recording.
    func tree() throws -> any HostTree {
        guard let systemRoot else { return LiveHost() }
        let path = ProvisionCommand.absolute(systemRoot)
        switch FolderTree(root: "/").status(path) {
        case .success(let status) where status.isFolder: return FolderTree(root: path)
        case .success: return try RecordedTree(file: path)
        case .failure(let error):
            throw Failure(
                .optionInvalid, operation: "look at the host",
                message: "--system-root \(systemRoot) cannot be read: \(error)",
                remedy: "Name a folder, or a file that `doctor --record FILE` wrote.", side: .host)
        }
    }
}
