import Contract
import FoundationEssentials
import Host

/// SHA-256 of what goes into an image, whatever it is called: of files by ``DigestCache``, which remembers; of a folder, of the archive that
/// would travel; of the agent.
public struct ContentDigests: Sendable {
    private let files: DigestCache

    /// - Parameter state: Where runs keep theirs: a runfile that a run has read is not read again.
    public init(state: String) {
        files = DigestCache(folder: "\(state)/digests")
    }

    /// The digest of a file or folder, lower-case hex. Throws a ``Failure``.
    public func sha256(of path: String, operation: String) async throws -> String {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw Failure(
                .runfileMissing, operation: operation, message: "There is no \(path).", remedy: "Mend the path.",
                side: .host)
        }
        guard isFolder else { return try await files.digest(of: path, checking: [], operation: operation).sha256 }
        let tar = FolderArchive.arguments(archive: "-", folder: path)
        return try await sum("tar \"$@\" | sha256sum", tar, operation)
    }

    /// The digest of a text.
    public func sha256(ofText text: String, operation: String) async throws -> String {
        try await sum("printf %s \"$1\" | sha256sum", [text], operation)
    }

    /// The digest of the agent that would go into the image: `given`, or the one beside this tool.
    public func agent(_ given: String?) async throws -> String { try await AgentBinary.locate(given).sha256 }

    private func sum(_ script: String, _ arguments: [String], _ operation: String) async throws -> String {
        let text = try await toolOutput(
            "bash", ["-c", "set -o pipefail; \(script)", "bash"] + arguments, package: "bash", operation: operation)
        return String(text.prefix { !$0.isWhitespace })
    }
}
