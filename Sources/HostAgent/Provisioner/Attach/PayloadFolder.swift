import Contract
import Host
import SecureShell

/// Where the files for a running machine lie in it: for root alone, each in a folder named after its digest.
enum PayloadFolder {
    static let path = "/var/lib/gpu-guest-agent/payloads"

    /// The payload as the plan names it, its place being a file in the machine.
    static func placed(_ payload: Payload) -> Payload {
        var placed = payload
        placed.location = .file(path: "\(path)/\(payload.sha256.prefix(20))/\(plainName(payload.fileName))")
        return placed
    }

    /// A runfile is a shell script and puts its own name into commands.
    static func plainName(_ name: String) -> String {
        let last = name.split(separator: "/").last ?? ""
        let plain = String(last.map { $0.isASCII && ($0.isLetter || $0.isNumber) || "._-".contains($0) ? $0 : "_" })
        return plain.allSatisfy { $0 == "." } ? "payload" : plain
    }

    /// What is copied: each payload from `sources` to its place.
    static func uploads(_ payloads: [Payload], sources: [String]) -> [ResumableUpload] {
        zip(payloads, sources).compactMap { payload, source in
            guard case .file(let target) = payload.location else { return nil }
            return ResumableUpload(source: source, size: payload.size, sha256: payload.sha256, target: target)
        }
    }

    private static func folder(of upload: ResumableUpload) -> String {
        String(upload.target.prefix(upTo: upload.target.lastIndex(of: "/") ?? upload.target.endIndex))
    }

    /// Makes the folders, and prints df's line about them.
    static func preparing(_ uploads: [ResumableUpload]) -> String {
        let folders = uploads.map { shellQuote(folder(of: $0)) }.joined(separator: " ")
        return """
            set -e; umask 077
            mkdir -p \(path) \(folders)
            chmod 700 /var/lib/gpu-guest-agent \(path)
            LC_ALL=C df -Pk \(path) | tail -n 1
            """
    }

    /// Bytes that are free, from `df -Pk`'s line: "/dev/vda1 6094400 1503488 4257792 27% /".
    static func freeBytes(_ line: String) -> Int64? {
        let words = line.split(whereSeparator: \.isWhitespace)
        // The device's name may hold blanks: count from the end.
        guard words.count >= 6, let kibibytes = Int64(words[words.count - 3]) else { return nil }
        return kibibytes << 10
    }

    /// What must stay free for the system itself.
    static let margin: Int64 = 64 << 20

    /// Why `missing` bytes have no room; nil where they have.
    static func spaceProblem(free: Int64, missing: Int64) -> Failure? {
        guard free < missing + margin else { return nil }
        return Failure(
            .guestSpace, operation: "make room for the files",
            message: "\(path) has \(free >> 20) MiB free; \((missing + margin) >> 20) MiB are needed there.",
            remedy: "Free some space on the machine: the files lie there while they are installed.", side: .guest)
    }

    /// Takes all of it out.
    static let removing = "rm -rf \(path)"

    /// Takes the private key out, which must not lie anywhere longer than it is needed.
    static func removingKeys(_ payloads: [Payload]) -> String? {
        let files = payloads.filter { $0.role == .signingKey }.compactMap { payload -> String? in
            if case .file(let path) = payload.location {
                "\(shellQuote(path)) \(shellQuote(path + ".part"))"
            } else {
                nil
            }
        }.joined(separator: " ")
        guard !files.isEmpty else { return nil }
        return "for f in \(files); do [ ! -e \"$f\" ] || shred -u \"$f\" 2>/dev/null || rm -f \"$f\"; done"
    }
}

/// How long an upload is taken up again on new connections. Pure.
struct UploadPerseverance {
    /// Connections in a row that brought nothing.
    static let limit = 5

    private var vain = 0
    private var best: Int64 = 0

    /// Whether to connect once more, `bytes` of the whole being there.
    mutating func mayGoOn(_ bytes: Int64) -> Bool {
        vain = bytes > best ? 0 : vain + 1
        best = max(best, bytes)
        return vain < Self.limit
    }
}
