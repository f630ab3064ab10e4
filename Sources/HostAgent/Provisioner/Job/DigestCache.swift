import Contract
import FoundationEssentials
import Host
import Runfiles
import SystemPackage

/// The digests of a payload.
struct PayloadDigest: Codable, Equatable, Sendable {
    var sha256: String
    var headSHA256: String
    var tailSHA256: String
}

/// Digests of big files, remembered by inode, size and mtime, so that a second run does not read gigabytes again.
///
/// The digests themselves are coreutils' work (sha256sum, md5sum, cksum), each in a process of its own: they run side by
/// side on the page cache.
struct DigestCache: Sendable {
    /// The folder that remembers.
    var folder: String

    private struct Entry: Codable {
        var digest: PayloadDigest
        var checks: [String]
    }

    /// Digests `path` and compares it with the sums its header states. Throws ``FailureCode/runfileCorrupt``.
    func digest(of path: String, checking checks: [IntegrityCheck], operation: String) async throws -> PayloadDigest {
        let key = try identity(of: path)
        let record = "\(folder)/\(key).json"
        let wanted = checks.map { "\($0.algorithm) \($0.expected) \($0.offset) \($0.length.map(String.init) ?? "")" }
        if let data = FileManager.default.contents(atPath: record),
            let entry = try? JSONDecoder().decode(Entry.self, from: data), entry.checks == wanted
        {
            return entry.digest
        }
        async let whole = sum("sha256sum", path, 0, nil, operation)
        let size = try fileSize(path)
        async let head = sum("sha256sum", path, 0, min(size, Payload.edge), operation)
        async let tail = sum("sha256sum", path, max(0, size - Payload.edge), nil, operation)
        try await verify(checks, path, operation)
        let digest = try await PayloadDigest(sha256: whole, headSHA256: head, tailSHA256: tail)
        guard try identity(of: path) == key else {
            throw Failure(
                .runfileCorrupt, operation: operation, message: "\(path) changed while it was read.",
                remedy: "Wait until its download has ended.", retryable: true, side: .host)
        }
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        if let data = try? JSONEncoder().encode(Entry(digest: digest, checks: wanted)) {
            // A cache that cannot be written costs time, nothing else.
            try? data.write(to: URL(filePath: record), options: .atomic)
        }
        return digest
    }

    private func verify(_ checks: [IntegrityCheck], _ path: String, _ operation: String) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for check in checks {
                group.addTask {
                    let program =
                        switch check.algorithm {
                        case .posixCRC: "cksum"
                        case .md5: "md5sum"
                        case .sha256: "sha256sum"
                        }
                    let seen = try await sum(program, path, check.offset, check.length, operation)
                    guard seen == check.expected else {
                        throw Failure(
                            .runfileCorrupt, operation: operation, message: "\(path) is damaged.",
                            evidence: [
                                "its header states \(check.algorithm) \(check.expected)",
                                "\(program) from byte \(check.offset) on gives \(seen)",
                            ], remedy: "Download it again.", side: .host)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func sum(
        _ program: String, _ path: String, _ offset: Int64, _ length: Int64?, _ operation: String
    ) async throws -> String {
        let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
        let text: String
        if let length, offset + length < (try fileSize(path)) {
            try file.close()
            // dd with byte counts: `head -c` would do for offset 0 only.
            text = try await toolOutput(
                "sh",
                [
                    "-c", "dd if=\"$1\" iflag=skip_bytes,count_bytes,fullblock skip=$2 count=$3 bs=1M status=none | $4",
                    "sh", path, String(offset), String(length), program,
                ], package: "coreutils", operation: operation)
        } else {
            try file.seek(offset: offset, from: .start)
            text = try await toolOutput(program, [], input: file, package: "coreutils", operation: operation)
        }
        return String(text.prefix { !$0.isWhitespace })
    }

    private func fileSize(_ path: String) throws -> Int64 {
        let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
        defer { try? file.close() }
        return try file.seek(offset: 0, from: .end)
    }

    private func identity(of path: String) throws -> String {
        let status = try FileStatus(of: path)
        return "\(status.device)-\(status.inode)-\(status.size)-\(status.modifiedNanoseconds)"
    }
}
