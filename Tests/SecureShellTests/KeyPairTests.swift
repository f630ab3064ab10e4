import Contract
import Foundation
import Glibc
import SecureShell
import SecureShellFakes
import Testing

extension OneAtATime {
    @Suite(.timeLimit(.minutes(1))) struct KeyPairTests {
        @Test func pairIsMadeOnceAndKept() async throws {
            let folder = try makeFolder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let path = "\(folder)/key"
            let made = try await KeyPair.generate(at: path, comment: "vm 7")
            #expect(made.publicKey.hasPrefix("ssh-ed25519 AAAA"))
            #expect(made.publicKey.hasSuffix(" vm 7"))
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            try FileManager.default.removeItem(atPath: "\(path).pub")
            let kept = try await KeyPair.generate(at: path, comment: "vm 7")
            #expect(kept.publicKey == made.publicKey)
        }

        @Test func unusableKeyIsAFailure() async throws {
            let folder = try makeFolder()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try "no key".write(toFile: "\(folder)/key", atomically: true, encoding: .utf8)
            try await expectFailure(.identityUnusable) {
                _ = try await KeyPair.generate(at: "\(folder)/key", comment: "x")
            }
            try await expectFailure(.identityUnusable) {
                _ = try await KeyPair.generate(at: "\(folder)/none/key", comment: "x")
            }
        }
    }
}
