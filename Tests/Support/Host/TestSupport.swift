public import Contract
import FoundationEssentials
public import Testing

/// A folder of its own for one test, removed with the value's end by the test itself.
public struct TemporaryFolder: Sendable {
    /// Absolute.
    public let path: String

    /// Makes it.
    public init() throws {
        // /tmp whatever TMPDIR says: sockets live here, and their paths are short.
        path = "/tmp/vm-test-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Removes it with all that is in it.
    public func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, and the folders above it; returns its path.
    @discardableResult
    public func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = path + "/" + name
        try FileManager.default.createDirectory(
            at: URL(filePath: file).deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }

    /// The text of a file; empty where there is none.
    public func read(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path + "/" + name) ?? Data(), as: UTF8.self)
    }
}

/// Fixtures/ of the package.
public let fixtures =
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path() + "/Fixtures"

/// The failure that `body` throws; records an issue where it throws none.
public func failure(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> Failure? {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch let failure as Failure {
        return failure
    } catch {
        Issue.record("not a Failure: \(error)", sourceLocation: sourceLocation)
    }
    return nil
}
