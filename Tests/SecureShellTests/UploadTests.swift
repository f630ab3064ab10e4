import Contract
import Foundation
import Glibc
import SecureShell
import SecureShellFakes
import Subprocess
import Synchronization
import Testing

extension OneAtATime {
    @Suite(.enabled(if: TestServer.isInstalled), .timeLimit(.minutes(2))) struct UploadTests {
        @Test func fileArrivesWholeWithItsMode() async throws {
            try await TestServer.with { server in
                let local = try makeFile(20 << 20, in: server.folder)
                let remote = "\(server.folder)/it's the \"target\""
                let seen = Mutex<[Int64]>([])
                try await server.connect().upload(
                    file: local, to: remote, mode: 0o750,
                    progress: { sent, total in
                        seen.withLock { $0.append(sent) }
                        #expect(total == 20 << 20)
                    }, deadline: .seconds(60))
                #expect(FileManager.default.contentsEqual(atPath: local, andPath: remote))
                var status = stat()
                #expect(stat(remote, &status) == 0)
                #expect(status.st_mode & 0o7777 == 0o750)
                let progress = seen.withLock { $0 }
                #expect(progress.first == 0 && progress.last == 20 << 20 && progress == progress.sorted())
                #expect(try partials(in: server.folder).isEmpty)
            }
        }

        @Test func emptyFileArrives() async throws {
            try await TestServer.with { server in
                let local = try makeFile(0, in: server.folder)
                let remote = "\(server.folder)/target"
                try await server.connect().upload(file: local, to: remote, mode: 0o600, deadline: .seconds(20))
                #expect(FileManager.default.contentsEqual(atPath: local, andPath: remote))
            }
        }

        @Test func missingFolderIsAFailure() async throws {
            try await TestServer.with { server in
                let local = try makeFile(8 << 20, in: server.folder)
                let connection = try await server.connect()
                let failure = try await expectFailure(.commandFailed) {
                    try await connection.upload(
                        file: local, to: "\(server.folder)/none/target", mode: 0o600, deadline: .seconds(20))
                }
                #expect(failure.side == .guest)
                #expect(failure.evidence.joined().contains("none/target"))
                try await expectFailure(.commandFailed) {
                    try await connection.upload(
                        file: "/no/such/file", to: "/tmp/x", mode: 0o600, deadline: .seconds(20))
                }
            }
        }

        @Test func fullDiskIsSaid() async throws {
            let (path, folder) = try makeCommand("cat", "echo 'cat: write error: No space left on device' >&2; exit 1")
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await TestServer.with(environment: ["PATH=\(path)"]) { server in
                let local = try makeFile(8 << 20, in: server.folder)
                let connection = try await server.connect()
                let failure = try await expectFailure(.guestSpace) {
                    try await connection.upload(
                        file: local, to: "\(server.folder)/target", mode: 0o600, deadline: .seconds(20))
                }
                #expect(failure.side == .guest)
                #expect(try partials(in: server.folder).isEmpty)
            }
        }

        @Test(arguments: [true, false]) func interruptedUploadLeavesTheOldFile(cancelled: Bool) async throws {
            try await TestServer.with { server in
                let local = try makeFile(64 << 20, in: server.folder)
                let remote = "\(server.folder)/target"
                try "old".write(toFile: remote, atomically: true, encoding: .utf8)
                let connection = try await server.connect()
                let started = Mutex(false)
                let uploading = Task {
                    try await connection.upload(
                        file: local, to: remote, mode: 0o600,
                        progress: { sent, _ in if sent > 4 << 20 { started.withLock { $0 = true } } },
                        deadline: .seconds(60))
                }
                while !started.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(2)) }
                if cancelled {
                    uploading.cancel()
                    await #expect(throws: CancellationError.self) { try await uploading.value }
                } else {
                    await connection.close()
                    try await expectFailure(.sshBroken) { try await uploading.value }
                }
                #expect(try String(contentsOfFile: remote, encoding: .utf8) == "old")
                // The server notices the end in its own time.
                for _ in 0..<100 where try !partials(in: server.folder).isEmpty {
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(try partials(in: server.folder).isEmpty)
                #expect(try String(contentsOfFile: remote, encoding: .utf8) == "old")
            }
        }

        @Test(arguments: [true, false]) func passwordNeverEndsUpInTheFile(sudoAsks: Bool) async throws {
            // A stand-in for sudo: takes a line as the password, or leaves it where it needs none.
            let reading = sudoAsks ? "IFS= read -r password; [ \"$password\" = 'pass word' ] || exit 1\n" : ""
            let (path, folder) = try makeCommand("sudo", "shift 3\n\(reading)exec \"$@\"")
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await TestServer.with(environment: ["PATH=\(path)"]) { server in
                let local = try makeFile(1 << 20, in: server.folder)
                let remote = "\(server.folder)/target"
                try await server.connect().upload(
                    file: local, to: remote, mode: 0o600, via: .sudo(password: "pass word"), deadline: .seconds(20))
                #expect(FileManager.default.contentsEqual(atPath: local, andPath: remote))
            }
        }

        @Test func refusedSudoIsSaid() async throws {
            let (path, folder) = try makeCommand("sudo", "echo 'sudo: a password is required' >&2; exit 1")
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await TestServer.with(environment: ["PATH=\(path)"]) { server in
                let local = try makeFile(8 << 20, in: server.folder)
                let connection = try await server.connect()
                try await expectFailure(.sudoRefused) {
                    try await connection.upload(
                        file: local, to: "\(server.folder)/target", mode: 0o600, via: .sudo, deadline: .seconds(20))
                }
            }
        }

        /// A PATH on which a script of ours stands in front of the real command.
        private func makeCommand(_ name: String, _ body: String) throws -> (path: String, folder: String) {
            let folder = try makeFolder()
            try "#!/bin/sh\n\(body)\n".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            chmod("\(folder)/\(name)", 0o755)
            return ("\(folder):/usr/bin:/bin", folder)
        }

        private func makeFile(_ size: Int, in folder: String) throws -> String {
            let path = "\(folder)/local-\(UUID().uuidString)"
            // One odd MiB, repeated: random enough to notice what is lost or doubled, and quick to make in a debug build.
            var generator = SystemRandomNumberGenerator()
            let words = (0..<(1 << 17) - 1).map { _ in generator.next() as UInt64 }
            let piece = words.withUnsafeBytes { Data($0) }
            var data = Data(capacity: size + piece.count)
            while data.count < size { data.append(piece) }
            try data.prefix(size).write(to: URL(fileURLWithPath: path))
            return path
        }

        private func partials(in folder: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains(".partial-") }
        }
    }
}
