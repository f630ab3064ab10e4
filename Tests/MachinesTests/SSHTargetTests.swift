import Testing

@testable import Machines

@Suite struct SSHTargetTests {
    private let target = SSHTarget(
        alias: "web", user: "debian", port: 40022, identity: "/s/machines/web/keys/user",
        knownHosts: "/s/machines/web/known_hosts")

    @Test func aLoginShell() {
        #expect(
            target.arguments() == [
                "-p", "40022", "-l", "debian", "-i", "/s/machines/web/keys/user", "-o", "IdentitiesOnly=yes",
                "-o", "HostKeyAlias=web", "-o", "UserKnownHostsFile=/s/machines/web/known_hosts",
                "-o", "GlobalKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=yes", "-o", "CheckHostIP=no",
                "-o", "UpdateHostKeys=no", "--", "127.0.0.1",
            ])
    }

    /// Words for the guest stay as they were given: ssh joins them, and the guest's shell reads them.
    @Test func aCommandComesLast() {
        let words = ["sh", "-c", "echo \"$HOME\"; -x"]
        #expect(Array(target.arguments(command: words).suffix(5)) == ["--", "127.0.0.1"] + words)
    }

    /// Without a key of ours the choice is ssh's: an agent, a password that it asks for.
    @Test func noIdentity() {
        var target = target
        target.identity = nil
        #expect(!target.arguments().contains("-i"))
        #expect(!target.arguments().contains("IdentitiesOnly=yes"))
    }

    @Test(arguments: [
        ("/a b/known_hosts", "UserKnownHostsFile=\"/a b/known_hosts\""),
        ("/100%/known_hosts", "UserKnownHostsFile=/100%%/known_hosts"),
    ])
    func pathsThatSSHWouldReadOtherwise(_ path: String, _ option: String) {
        var target = target
        target.knownHosts = path
        #expect(target.arguments().contains(option))
    }
}
