import Contract
import Foundation
import Glibc
import SecureShellFakes
import Subprocess
import Synchronization
import Testing

@testable import SecureShell

extension OneAtATime {
    /// A large file that arrives in parts.
    @Suite(.enabled(if: TestServer.isInstalled), .timeLimit(.minutes(2))) struct ResumableUploadTests {
        /// A file of random bytes, and its upload into the server's folder.
        private func upload(of size: Int, in server: TestServer) async throws -> ResumableUpload {
            let source = "\(server.folder)/source-\(UUID().uuidString)"
            var generator = SystemRandomNumberGenerator()
            let words = (0..<(1 << 17) - 1).map { _ in generator.next() as UInt64 }
            let piece = words.withUnsafeBytes { Data($0) }
            var data = Data(capacity: size + piece.count)
            while data.count < size { data.append(piece) }
            try data.prefix(size).write(to: URL(fileURLWithPath: source))
            let sum = try await Subprocess.run(
                .name("sha256sum"), arguments: [source], output: .string(limit: 4096))
            return ResumableUpload(
                source: source, size: Int64(size), sha256: String(sum.standardOutput.prefix { $0 != " " }),
                target: "\(server.folder)/it's the \"target\"")
        }

        private func arrived(_ upload: ResumableUpload) -> Bool {
            FileManager.default.contentsEqual(atPath: upload.source, andPath: upload.target)
                && !FileManager.default.fileExists(atPath: upload.part)
        }

        @Test(arguments: [0, 1, 1 << 20, (5 << 20) + 17]) func arrivesWholeAndIsNotSentTwice(_ size: Int) async throws {
            try await TestServer.with { server in
                let upload = try await upload(of: size, in: server)
                let connection = try await server.connect()
                #expect(try await connection.upload(upload, deadline: .seconds(60)) == Int64(size))
                #expect(arrived(upload))
                var status = stat()
                #expect(stat(upload.target, &status) == 0)
                #expect(status.st_mode & 0o7777 == 0o600)
                #expect(try await connection.standing(of: upload, deadline: .seconds(20)) == .whole)
                let seen = Mutex<[Int64]>([])
                let sent = try await connection.upload(
                    upload, progress: { done, _ in seen.withLock { $0.append(done) } }, deadline: .seconds(60))
                #expect(sent == 0)
                #expect(seen.withLock { $0 } == [Int64(size)])
            }
        }

        @Test(arguments: [true, false]) func goesOnWhereItStopped(connectionDropped: Bool) async throws {
            try await TestServer.with { server in
                let upload = try await upload(of: 64 << 20, in: server)
                let connection = try await server.connect()
                let started = Mutex(false)
                let uploading = Task {
                    try await connection.upload(
                        upload, progress: { done, _ in if done > 12 << 20 { started.withLock { $0 = true } } },
                        deadline: .seconds(60))
                }
                while !started.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(2)) }
                if connectionDropped {
                    server.killSessions()
                    try await expectFailure(.sshBroken) { _ = try await uploading.value }
                } else {
                    uploading.cancel()
                    await #expect(throws: CancellationError.self) { try await uploading.value }
                }
                let again = try await server.connect()
                guard case .part(let there) = try await again.standing(of: upload, deadline: .seconds(20)) else {
                    Issue.record("it cannot be whole")
                    return
                }
                #expect(there > 1 << 20 && there < 64 << 20)
                // The writer of before may not have ended yet; what it writes is the same.
                let first = Mutex<Int64?>(nil)
                let sent = try await again.upload(
                    upload, progress: { done, _ in first.withLock { $0 = $0 ?? done } }, deadline: .seconds(60))
                #expect(sent < 64 << 20)
                #expect((first.withLock { $0 } ?? 0) >= there / (1 << 20) * (1 << 20))
                #expect(arrived(upload))
            }
        }

        @Test func aDamagedPartIsThrownAway() async throws {
            try await TestServer.with { server in
                let upload = try await upload(of: 4 << 20, in: server)
                try Data(repeating: 7, count: 2 << 20).write(to: URL(fileURLWithPath: upload.part))
                let connection = try await server.connect()
                let failure = try await expectFailure(.payloadCorrupt) {
                    try await connection.upload(upload, deadline: .seconds(60))
                }
                #expect(failure.retryable)
                #expect(!FileManager.default.fileExists(atPath: upload.part))
                #expect(!FileManager.default.fileExists(atPath: upload.target))
                #expect(try await connection.upload(upload, deadline: .seconds(60)) == 4 << 20)
                #expect(arrived(upload))
            }
        }

        @Test func whatIsThereWithAnotherDigestIsReplaced() async throws {
            try await TestServer.with { server in
                let upload = try await upload(of: 3 << 20, in: server)
                try Data(repeating: 7, count: 3 << 20).write(to: URL(fileURLWithPath: upload.target))
                try Data(repeating: 7, count: 9 << 20).write(to: URL(fileURLWithPath: upload.part))
                let connection = try await server.connect()
                #expect(try await connection.standing(of: upload, deadline: .seconds(20)) == .part(0))
                try await connection.upload(upload, deadline: .seconds(60))
                #expect(arrived(upload))
            }
        }

        @Test func aMissingFolderAndAChangedFileAreFailures() async throws {
            try await TestServer.with { server in
                var upload = try await upload(of: 2 << 20, in: server)
                let connection = try await server.connect()
                upload.size += 1
                try await expectFailure(.runfileCorrupt) {
                    try await connection.upload(upload, deadline: .seconds(20))
                }
                upload.size -= 1
                upload.target = "\(server.folder)/none/target"
                let failure = try await expectFailure(.commandFailed) {
                    try await connection.upload(upload, deadline: .seconds(20))
                }
                #expect(failure.evidence.joined().contains("none/target"))
            }
        }

        /// Nobody is logged in, and nothing secret is sent.
        @Test func theKeyIsShownBeforeALogin() async throws {
            try await TestServer.with(hostKeys: ["ed25519", "ecdsa"]) { server in
                let key = try await SSHConnection.hostKey(of: server.endpoint, timeout: .seconds(20))
                #expect(key == (try await server.connect().hostKey))
                let other = try await SSHConnection.hostKey(
                    of: server.endpoint, types: ["ecdsa-sha2-nistp256"], timeout: .seconds(20))
                #expect(other.type == "ecdsa-sha2-nistp256")
                try await expectFailure(.sshUnreachable) {
                    _ = try await SSHConnection.hostKey(
                        of: server.endpoint, types: ["ecdsa-sha2-nistp521"], timeout: .seconds(20))
                }
            }
        }

        @Test func hashedNamesAreFound() async throws {
            try await TestServer.with { server in
                let key = try await server.connect().hostKey
                let file = "\(server.folder)/known_hosts"
                let name = KnownHosts.name(of: server.endpoint)
                try "\(name) \(key.type) \(key.base64) comment\n".write(toFile: file, atomically: true, encoding: .utf8)
                _ = try await Subprocess.run(
                    .name("ssh-keygen"), arguments: ["-q", "-H", "-f", file], output: .discarded, error: .discarded)
                #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("|1|"))
                let known = try await KnownHosts.look(for: name, in: ["/no/such/file", file])
                #expect(known.verdict(on: key) == .known)
                #expect(try await KnownHosts.look(for: "another", in: [file]).keys.isEmpty)
            }
        }
    }
}
