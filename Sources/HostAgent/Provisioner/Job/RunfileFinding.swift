import Contract
import FoundationEssentials
import Runfiles

/// What `inspect` says of a runfile.
public struct RunfileFinding: Codable, Sendable {
    /// Path on this host.
    public var path: String
    /// "driver", "cuda" or "cudaPatch".
    public var kind: String
    public var version: String
    public var architecture: String
    /// Bytes.
    public var size: Int64
    public var sha256: String
    /// The sums in its header that were compared, all of them equal: "md5 from byte 41".
    public var verified: [String]

    /// Reads, checks and digests one runfile. Throws a ``Failure``. `cache` remembers digests.
    public static func inspect(path: String, cache: String) async throws -> RunfileFinding {
        let digests = DigestCache(folder: "\(cache)/digests")
        let input = try await inspect(path: path, digests: digests)
        return RunfileFinding(
            path: path, kind: input.file.role.rawValue, version: input.runfile.version.description,
            architecture: input.runfile.architecture, size: input.file.size, sha256: input.file.digest.sha256,
            verified: input.runfile.integrity.map { "\($0.algorithm) from byte \($0.offset)" })
    }

    /// Whichever kind it is.
    private static func inspect(path: String, digests: DigestCache) async throws -> RunfileInput {
        for role in [Payload.Role.driver, .cuda] {
            do {
                return try await RunfileInput.inspect(path: path, as: role, digests: digests)
            } catch let failure as Failure where failure.code == .runfileWrongKind {
                continue
            }
        }
        return try await RunfileInput.inspect(path: path, as: .cudaPatch, digests: digests)
    }

    /// The same for people.
    public var lines: [String] {
        [
            "\(kind) \(version) for \(architecture), \(size) bytes", "sha256 \(sha256)",
            verified.isEmpty
                ? "its header states no sums; nothing could be compared"
                : "whole: \(verified.joined(separator: ", ")) as its header states",
        ]
    }
}
