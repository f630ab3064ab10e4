import Contract
import FoundationEssentials
import SecureShell

/// Where a machine is, once ~/.ssh/config was asked.
struct AttachAddress: Sendable {
    var user: String
    var endpoint: SSHEndpoint
    /// How known_hosts calls it.
    var knownName: String
    var knownHostsFiles: [String]
    /// Private keys that ssh would try and that are there.
    var identityFiles: [String]

    private static let operation = "find out where the machine is"

    /// Asks the person's ssh. Throws where the machine is behind another one.
    static func resolve(_ target: AttachTarget) async throws -> AttachAddress {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? "/root"
        let configuration = try await ClientConfiguration.look(
            for: target.host, user: target.user, port: target.port, home: home)
        return try AttachAddress(
            target, configuration, home: home, name: environment["USER"] ?? environment["LOGNAME"] ?? "root",
            exists: { FileManager.default.isReadableFile(atPath: $0) })
    }

    /// What is named counts more than what the configuration says. Pure but for `exists`.
    init(
        _ target: AttachTarget, _ configuration: ClientConfiguration, home: String, name: String,
        exists: (String) -> Bool
    ) throws {
        if let proxy = configuration.proxy {
            throw Failure(
                .optionInvalid, operation: Self.operation,
                message: "~/.ssh/config reaches \(target.host) through another machine, which this tool does not.",
                evidence: [Printable.line(proxy)],
                remedy: "Forward a port: ssh -N -L 2222:localhost:22 \(target.host), then attach USER@127.0.0.1:2222.",
                side: .host)
        }
        user = target.user ?? configuration.user ?? name
        endpoint = SSHEndpoint(
            host: configuration.hostName ?? target.host, port: target.port ?? configuration.port ?? 22)
        knownName = configuration.hostKeyAlias ?? KnownHosts.name(of: endpoint)
        knownHostsFiles =
            configuration.knownHostsFiles.isEmpty
            ? ["\(home)/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"] : configuration.knownHostsFiles
        let usual = ["id_ed25519", "id_ecdsa", "id_rsa"].map { "\(home)/.ssh/\($0)" }
        // Keys of a security key's are of no use without it, and libssh2 cannot ask it; DSA is no more.
        identityFiles = (configuration.identityFiles.isEmpty ? usual : configuration.identityFiles).filter {
            !$0.hasSuffix("_sk") && !$0.hasSuffix("id_dsa") && !$0.hasSuffix("id_xmss") && exists($0)
        }
        // ed25519 first: libssh2 before 1.11 can do little with RSA.
        if configuration.identityFiles.contains("\(home)/.ssh/id_rsa") {
            identityFiles = usual.filter(identityFiles.contains) + identityFiles.filter { !usual.contains($0) }
        }
    }

    /// What to log in with: what was named, else ssh-agent and ssh's own keys.
    func login(_ access: AttachJob.Access, _ context: JobContext, hasAgent: Bool) -> GuestLogin {
        var credentials: [SSHCredential] = []
        if let identity = access.identity {
            credentials.append(.privateKeyFile(path: identity, passphrase: context.passphrase))
        }
        if access.usesAgent || (access.isDefault && hasAgent) { credentials.append(.agent(socketPath: nil)) }
        if access.isDefault { credentials += identityFiles.map { .privateKeyFile(path: $0, passphrase: nil) } }
        if access.usesPassword, let password = context.password { credentials.append(.password(password)) }
        var login = GuestLogin(
            user: user, credentials: credentials, sudoPassword: access.usesPassword ? context.password : nil)
        // A machine that boots refuses users for some seconds (pam_nologin). A password is not tried again and again:
        // that locks accounts.
        login.mayArriveLate = !access.usesPassword
        return login
    }
}
