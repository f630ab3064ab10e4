import Contract
import FoundationEssentials
import Runfiles

/// What `inspect` says of a runfile.
public struct RunfileFinding: Codable, Sendable {
    /// Path on this host.
    public var path: String
    /// "driver" or "cuda".
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
        var input: RunfileInput
        var kind = Payload.Role.driver
        do {
            input = try await RunfileInput.inspect(path: path, as: .driver, digests: digests)
        } catch let failure as Failure where failure.code == .runfileWrongKind {
            kind = .cuda
            input = try await RunfileInput.inspect(path: path, as: .cuda, digests: digests)
        }
        return RunfileFinding(
            path: path, kind: kind.rawValue, version: input.runfile.version.description,
            architecture: input.runfile.architecture, size: input.size, sha256: input.digest.sha256,
            verified: input.runfile.integrity.map { "\($0.algorithm) from byte \($0.offset)" })
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
