import Contract
import Glibc
import Host

/// What the user's own ssh knows of a server's keys.
public struct KnownHosts: Sendable, Equatable {
    /// Keys that were seen there before.
    public var keys: [HostKeyPin] = []
    /// Keys that are not to be trusted any more.
    public var revoked: [HostKeyPin] = []

    /// Nothing.
    public init() {}

    /// What is to be thought of a key that the server shows.
    public enum Verdict: Equatable, Sendable {
        case known
        /// No key of this type is known.
        case unknown
        /// Another key of this type is known.
        case changed(known: HostKeyPin)
        case revoked
    }

    /// The verdict on `shown`.
    public func verdict(on shown: HostKeyPin) -> Verdict {
        if revoked.contains(shown) { return .revoked }
        if keys.contains(shown) { return .known }
        return keys.first { $0.type == shown.type }.map { .changed(known: $0) } ?? .unknown
    }

    /// The types of the keys that are known, so that the server is asked for one of these first; then all others.
    public var typesToAsk: [String] {
        let known = HostKeyPin.types.filter { type in keys.contains { $0.type == type } }
        return known + HostKeyPin.types.filter { !known.contains($0) }
    }

    /// How known_hosts calls a server.
    public static func name(of endpoint: SSHEndpoint) -> String {
        let host = endpoint.host.lowercased()
        return endpoint.port == 22 ? host : "[\(host)]:\(endpoint.port)"
    }

    /// Asks `ssh-keygen -F`, which knows hashed names, of each of `files` that is there.
    ///
    /// - Throws: ``Failure`` `host.tool-missing`.
    public static func look(for name: String, in files: [String]) async throws -> KnownHosts {
        var found = KnownHosts()
        for file in files where access(file, R_OK) == 0 {
            // Status 1 says that there is none.
            let answer = try await runTool(
                "ssh-keygen", ["-F", name, "-f", file], package: "openssh-client",
                operation: "look for the server in \(file)")
            found.add(answer.output)
        }
        return found
    }

    /// Takes in what `ssh-keygen -F` printed: the lines that name the server, comments between them. Certificate
    /// authorities are left out, since libssh2 takes no certificates.
    public mutating func add(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            var words = line.split(separator: " ").map(String.init)
            var marker: String?
            if let first = words.first, first.hasPrefix("@") { marker = words.removeFirst() }
            guard words.count >= 3 else { continue }
            let key = HostKeyPin(type: words[1], base64: words[2], fingerprint: "")
            switch marker {
            case nil: keys.append(key)
            case "@revoked": revoked.append(key)
            default: break
            }
        }
    }
}
