import Host

/// What the user's own ssh would do with a name (`ssh -G`): aliases, users, ports and key files of ~/.ssh/config.
public struct ClientConfiguration: Sendable, Equatable {
    public var hostName: String?
    public var user: String?
    public var port: UInt16?
    /// Private keys to try, in ssh's order; most may not exist.
    public var identityFiles: [String] = []
    public var knownHostsFiles: [String] = []
    /// The name under which known_hosts has the server, where that is another.
    public var hostKeyAlias: String?
    /// ProxyJump or ProxyCommand, where one is in the way.
    public var proxy: String?

    /// Nothing is known.
    public init() {}

    /// Reads what `ssh -G` printed. `home` stands for ~.
    public init(_ text: String, home: String) {
        func absolute(_ path: String) -> String { path.hasPrefix("~/") ? home + path.dropFirst() : path }
        for line in text.split(whereSeparator: \.isNewline) {
            guard let space = line.firstIndex(of: " ") else { continue }
            let value = String(line[line.index(after: space)...])
            switch line[..<space] {
            case "hostname": hostName = value
            case "user": user = value
            case "port": port = UInt16(value)
            case "identityfile": identityFiles.append(absolute(value))
            case "userknownhostsfile", "globalknownhostsfile":
                knownHostsFiles += value.split(separator: " ").filter { $0 != "none" }.map { absolute(String($0)) }
            case "hostkeyalias": hostKeyAlias = value
            case "proxyjump" where value != "none", "proxycommand" where value != "none": proxy = proxy ?? value
            default: break
            }
        }
    }

    /// Asks the user's ssh. Nothing is known where there is none, or where it does not understand its configuration.
    public static func look(for host: String, user: String?, port: UInt16?, home: String) async throws
        -> ClientConfiguration
    {
        guard findExecutable("ssh") != nil else { return ClientConfiguration() }
        let options = (user.map { ["-l", $0] } ?? []) + (port.map { ["-p", String($0)] } ?? [])
        let answer = try await runTool(
            "ssh", ["-G"] + options + ["--", host], package: "openssh-client",
            operation: "ask ssh what it knows of \(host)")
        return answer.status == 0 ? ClientConfiguration(answer.output, home: home) : ClientConfiguration()
    }
}
