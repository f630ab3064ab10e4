import Foundation
import Glibc
public import SecureShell
import Subprocess

/// A real sshd on loopback, run by the current user, with everything it has in a temporary folder.
public struct TestServer: Sendable {
    public let folder: String
    public let endpoint: SSHEndpoint
    public let user: String
    /// Accepted by the server.
    public let clientKey: KeyPair
    let pid: pid_t

    public static let isInstalled = access("/usr/sbin/sshd", X_OK) == 0

    /// A login that the server accepts.
    public var login: SSHLogin { SSHLogin(user: user, credentials: [.privateKeyFile(path: clientKey.privateKeyPath)]) }

    /// Starts a server, hands it to `body` and stops it. `options` are lines of sshd_config, `environment` is NAME=VALUE.
    public static func with<Value: Sendable>(
        port: UInt16? = nil, options: [String] = [], environment: [String] = [], hostKeys: [String] = ["ed25519"],
        isolation: isolated (any Actor)? = #isolation, _ body: (TestServer) async throws -> Value
    ) async throws -> Value {
        let folder = try makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let endpoint = SSHEndpoint(host: "127.0.0.1", port: try port ?? freePort())
        let key = try await KeyPair.generate(at: "\(folder)/client", comment: "test client")
        try "\(key.publicKey)\n".write(toFile: "\(folder)/authorized_keys", atomically: true, encoding: .utf8)
        // Privilege separation wants its folder even where no system sshd was ever started.
        if getuid() == 0 { mkdir("/run/sshd", 0o755) }
        var lines = [
            "Port \(endpoint.port)", "ListenAddress 127.0.0.1", "PidFile none", "UsePAM no", "StrictModes no",
            "AuthorizedKeysFile \(folder)/authorized_keys", "PermitRootLogin yes", "KbdInteractiveAuthentication no",
            // Another home: bash reads ~/.bashrc for sshd too, and what people have there takes seconds and locks.
            (["SetEnv", "HOME=\(folder)"] + environment).joined(separator: " "),
        ]
        for type in hostKeys {
            try await makeKey(type, at: "\(folder)/host_\(type)")
            lines.append("HostKey \(folder)/host_\(type)")
        }
        // The first value of an option counts.
        try (options + lines).joined(separator: "\n").appending("\n")
            .write(toFile: "\(folder)/sshd_config", atomically: true, encoding: .utf8)
        let user = String(cString: getpwuid(getuid()).pointee.pw_name)
        return try await withDaemon(
            "/usr/sbin/sshd", ["-D", "-e", "-f", "\(folder)/sshd_config"], log: "\(folder)/sshd.log"
        ) { pid in
            _ = try await waitForSSHBanner(endpoint, deadline: .now + .seconds(20))
            return try await body(
                TestServer(folder: folder, endpoint: endpoint, user: user, clientKey: key, pid: pid))
        }
    }

    public func connect(
        _ logins: [SSHLogin]? = nil, hostKey: HostKeyPolicy = .acceptFirst
    ) async throws -> SSHConnection {
        try await SSHConnection.connect(
            to: endpoint, logins: logins ?? [login], hostKey: hostKey, timeout: .seconds(20))
    }

    /// Kills the processes that serve connections, as a crash of the machine would, while the server goes on listening.
    public func killSessions() {
        killDescendants(of: pid)
    }
}

/// Makes a key without a passphrase, or with one.
public func makeKey(
    _ type: String, at path: String, passphrase: String = "", format: String = "RFC4716"
) async throws {
    let result = try await Subprocess.run(
        .name("ssh-keygen"), arguments: ["-q", "-t", type, "-N", passphrase, "-m", format, "-f", path],
        output: .discarded,
        error: .discarded)
    guard result.terminationStatus.isSuccess else { throw CocoaError(.fileWriteUnknown) }
}

/// A fresh temporary folder.
public func makeFolder() throws -> String {
    let path = NSTemporaryDirectory() + "secure-shell-tests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}
