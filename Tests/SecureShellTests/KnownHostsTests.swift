import Testing

@testable import SecureShell

@Suite struct KnownHostsTests {
    private static func key(_ type: String, _ body: String) -> HostKeyPin {
        HostKeyPin(type: type, base64: body, fingerprint: "")
    }

    /// What ssh-keygen -F of OpenSSH 9.2 prints.
    private static let printed = """
        # Host [127.0.0.1]:2222 found: line 1
        |1|9fxIoy7JnjiI91RnbSizRdlEjdw=|g0S4Pa8W74XYk5vc3uNQLjbbGdI= ssh-ed25519 AAAAold
        # Host [127.0.0.1]:2222 found: line 2 REVOKED
        @revoked * ecdsa-sha2-nistp256 AAAAbad
        # Host [127.0.0.1]:2222 found: line 3 CA
        @cert-authority * ssh-rsa AAAAca
        torn line

        """

    @Test(arguments: [
        (key("ssh-ed25519", "AAAAold"), KnownHosts.Verdict.known),
        (key("ssh-ed25519", "AAAAnew"), .changed(known: key("ssh-ed25519", "AAAAold"))),
        (key("ecdsa-sha2-nistp256", "AAAAbad"), .revoked), (key("ecdsa-sha2-nistp256", "AAAAother"), .unknown),
        // An authority's key is no host's.
        (key("ssh-rsa", "AAAAca"), .unknown),
    ])
    func verdicts(_ shown: HostKeyPin, _ verdict: KnownHosts.Verdict) {
        var known = KnownHosts()
        known.add(Self.printed)
        #expect(known.verdict(on: shown) == verdict)
        #expect(KnownHosts().verdict(on: shown) == .unknown)
    }

    /// A server shows the first of its keys that it is asked for: that must be one which is known.
    @Test func knownTypesAreAskedForFirst() {
        var known = KnownHosts()
        known.add("host ssh-rsa AAAA\nhost ecdsa-sha2-nistp521 AAAB\n")
        #expect(
            known.typesToAsk == [
                "ecdsa-sha2-nistp521", "ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
            ])
        #expect(KnownHosts().typesToAsk == HostKeyPin.types)
    }

    @Test(arguments: [
        (SSHEndpoint(host: "GPU.example", port: 22), "gpu.example"), (SSHEndpoint(host: "h", port: 2222), "[h]:2222"),
        (SSHEndpoint(host: "::1", port: 22), "::1"), (SSHEndpoint(host: "::1", port: 23), "[::1]:23"),
    ])
    func names(_ endpoint: SSHEndpoint, _ name: String) {
        #expect(KnownHosts.name(of: endpoint) == name)
    }

    @Test func theClientsConfigurationIsRead() {
        let configuration = ClientConfiguration(
            """
            user u
            hostname gpu.example
            port 2222
            proxyusefdpass no
            identityfile ~/.ssh/id_rsa
            identityfile /keys/with blank
            globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2
            userknownhostsfile ~/.ssh/known_hosts none
            hostkeyalias gpu
            proxyjump none
            """, home: "/home/me")
        #expect(configuration.user == "u")
        #expect(configuration.hostName == "gpu.example")
        #expect(configuration.port == 2222)
        #expect(configuration.identityFiles == ["/home/me/.ssh/id_rsa", "/keys/with blank"])
        #expect(
            configuration.knownHostsFiles == [
                "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2", "/home/me/.ssh/known_hosts",
            ])
        #expect(configuration.hostKeyAlias == "gpu")
        #expect(configuration.proxy == nil)
        #expect(ClientConfiguration("proxycommand nc %h %p", home: "/").proxy == "nc %h %p")
        #expect(ClientConfiguration("proxyjump me@door", home: "/").proxy == "me@door")
    }
}
