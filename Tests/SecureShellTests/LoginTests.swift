import Contract
import Foundation
import SecureShell
import SecureShellFakes
import Subprocess
import Testing

extension OneAtATime {
    @Suite(.enabled(if: TestServer.isInstalled), .timeLimit(.minutes(2))) struct LoginTests {
        @Test func keyIsAccepted() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                #expect(connection.user == server.user)
                #expect(connection.hostKey.type == "ssh-ed25519")
                #expect(try await connection.run("echo hello", deadline: .seconds(10)).stdoutText == "hello\n")
                await connection.close()
                await connection.close()
            }
        }

        @Test func fingerprintIsOpenSSHs() async throws {
            try await TestServer.with { server in
                let connection = try await server.connect()
                let result = try await Subprocess.run(
                    .name("ssh-keygen"), arguments: ["-l", "-f", "\(server.folder)/host_ed25519.pub"],
                    output: .string(limit: 4096))
                #expect(result.standardOutput.contains(" \(connection.hostKey.fingerprint) "))
                let pub = try String(contentsOfFile: "\(server.folder)/host_ed25519.pub", encoding: .utf8)
                #expect(pub.hasPrefix("\(connection.hostKey.type) \(connection.hostKey.base64)"))
            }
        }

        @Test(arguments: ["ed25519", "ecdsa"]) func encryptedKeyOpensWithItsPassphrase(type: String) async throws {
            try await TestServer.with { server in
                let path = "\(server.folder)/encrypted"
                try await makeKey(type, at: path, passphrase: "open sesame")
                try FileManager.default.removeItem(atPath: "\(server.folder)/authorized_keys")
                try FileManager.default.copyItem(atPath: "\(path).pub", toPath: "\(server.folder)/authorized_keys")
                func login(_ passphrase: String?) -> SSHLogin {
                    SSHLogin(user: server.user, credentials: [.privateKeyFile(path: path, passphrase: passphrase)])
                }
                _ = try await server.connect([login("open sesame")])
                let missing = try await expectFailure(.identityUnusable) { _ = try await server.connect([login(nil)]) }
                #expect(missing.evidence.joined().contains("no passphrase was given"))
                let wrong = try await expectFailure(.identityUnusable) { _ = try await server.connect([login("no")]) }
                #expect(wrong.evidence.joined().contains("passphrase does not open it"))
            }
        }

        @Test(arguments: ["PEM", "PKCS8"]) func otherFormatsAreRead(format: String) async throws {
            try await TestServer.with { server in
                let path = "\(server.folder)/other-format"
                try await makeKey("ecdsa", at: path, format: format)
                try FileManager.default.removeItem(atPath: "\(server.folder)/authorized_keys")
                try FileManager.default.copyItem(atPath: "\(path).pub", toPath: "\(server.folder)/authorized_keys")
                let login = SSHLogin(user: server.user, credentials: [.privateKeyFile(path: path)])
                #expect(try await server.connect([login]).user == server.user)
            }
        }

        @Test func refusalSaysWhatWasTried() async throws {
            try await TestServer.with { server in
                let other = try await KeyPair.generate(at: "\(server.folder)/other", comment: "other")
                let logins = [
                    SSHLogin(user: "nobody-here", credentials: [.password("secret-1")]),
                    SSHLogin(
                        user: server.user,
                        credentials: [.privateKeyFile(path: other.privateKeyPath), .password("secret-2")]),
                ]
                let failure = try await expectFailure(.sshRefused) { _ = try await server.connect(logins) }
                let text = ([failure.message, failure.remedy] + failure.evidence).joined(separator: "\n")
                for part in [
                    "nobody-here", server.user, other.privateKeyPath, "offers publickey,", "--identity", "--user",
                ] {
                    #expect(text.contains(part), "\(part) in \(text)")
                }
                #expect(!text.contains("secret"))
            }
        }

        @Test func passwordIsNotSentToServerWithoutPasswords() async throws {
            try await TestServer.with(options: ["PasswordAuthentication no"]) { server in
                let login = SSHLogin(user: server.user, credentials: [.password("x")])
                let failure = try await expectFailure(.sshRefused) { _ = try await server.connect([login]) }
                #expect(failure.evidence.joined().contains("takes no passwords"))
            }
        }

        @Test func loginsAreTriedInOrder() async throws {
            try await TestServer.with { server in
                let first = SSHLogin(
                    user: "nobody-here", credentials: [.privateKeyFile(path: server.clientKey.privateKeyPath)])
                let connection = try await server.connect([first, server.login])
                #expect(connection.user == server.user)
            }
        }

        @Test(arguments: [1, 2]) func moreKeysThanTriesAreAllTried(tries: Int) async throws {
            try await TestServer.with(options: ["MaxAuthTries \(tries)"]) { server in
                var credentials: [SSHCredential] = []
                for number in 1...4 {
                    let other = try await KeyPair.generate(at: "\(server.folder)/other\(number)", comment: "other")
                    credentials.append(.privateKeyFile(path: other.privateKeyPath))
                }
                let login = SSHLogin(user: server.user, credentials: credentials + server.login.credentials)
                #expect(try await server.connect([login]).user == server.user)
            }
        }

        @Test func unusableFilesAreNamed() async throws {
            try await TestServer.with { server in
                let public_ = "\(server.folder)/client.pub"
                let login = SSHLogin(
                    user: server.user,
                    credentials: [.privateKeyFile(path: "/no/such/key"), .privateKeyFile(path: public_)])
                let failure = try await expectFailure(.identityUnusable) { _ = try await server.connect([login]) }
                #expect(failure.evidence.contains { $0.contains("/no/such/key: cannot be read: No such file") })
                #expect(failure.evidence.contains { $0.contains("is a public key") })
            }
        }

        @Test func rsaKeyIsExplained() async throws {
            try await TestServer.with { server in
                let path = "\(server.folder)/rsa"
                try await makeKey("rsa", at: path)
                let login = SSHLogin(user: server.user, credentials: [.privateKeyFile(path: path)])
                let failure = try await expectFailure(.sshRefused) { _ = try await server.connect([login]) }
                #expect(failure.evidence.joined().contains("rsa") || failure.evidence.joined().contains("RSA"))
            }
        }

        @Test func agentKeysAreTried() async throws {
            try await TestServer.with(options: ["MaxAuthTries 2"]) { server in
                let socket = "\(server.folder)/agent"
                try await withDaemon(
                    "/usr/bin/ssh-agent", ["-D", "-a", socket], log: "\(server.folder)/agent.log"
                ) { _ in
                    while !FileManager.default.fileExists(atPath: socket) {
                        try await Task.sleep(for: .milliseconds(10))
                    }
                    let login = SSHLogin(user: server.user, credentials: [.agent(socketPath: socket)])
                    let empty = try await expectFailure(.identityUnusable) { _ = try await server.connect([login]) }
                    #expect(empty.evidence.joined().contains("holds no keys"))
                    // More wrong keys than a connection allows come first.
                    for name in ["other1", "other2", "other3", "client"] {
                        let key = try await KeyPair.generate(at: "\(server.folder)/\(name)", comment: name)
                        let added = try await Subprocess.run(
                            .name("ssh-add"), arguments: ["-q", key.privateKeyPath],
                            environment: .inherit.updating(["SSH_AUTH_SOCK": socket]), output: .discarded,
                            error: .discarded)
                        #expect(added.terminationStatus.isSuccess)
                    }
                    #expect(try await server.connect([login]).user == server.user)
                }
            }
        }

        @Test func missingAgentIsNamed() async throws {
            try await TestServer.with { server in
                let login = SSHLogin(user: server.user, credentials: [.agent(socketPath: "/no/agent")])
                let failure = try await expectFailure(.identityUnusable) { _ = try await server.connect([login]) }
                #expect(failure.evidence.joined().contains("/no/agent: does not answer"))
            }
        }
    }
}
