import FoundationEssentials
import Glibc
import Testing

@testable import FailureCatalogue

@Suite struct LogFilesTests {
    private func folder() throws -> String {
        let path = "\(FileManager.default.temporaryDirectory.path)/logs-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// A folder's logs, whatever they are called; a pipe does not hold it up, and keys are not shown.
    @Test(.timeLimit(.minutes(1))) func readsTheLogsOfAFolder() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write("one\n", "\(folder)/dmesg")
        try write("two\n", "\(folder)/serial.log")
        try write("three\n", "\(folder)/syslog.1")
        try write("-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n", "\(folder)/id_ed25519")
        try write("#cloud-config\npassword: secret\n", "\(folder)/user-data")
        try write("{}", "\(folder)/run.json")
        try write("a\0b", "\(folder)/wtmp")
        #expect(mkfifo("\(folder)/pipe.log", 0o600) == 0)
        #expect(symlink("nowhere", "\(folder)/gone.log") == 0)
        let read = try LogFiles.explain([folder]).logs.map(\.name)
        #expect(read == ["dmesg", "serial.log", "syslog.1"].map { "\(folder)/\($0)" })
    }

    @Test func aFolderWithoutALogIsSaidToBeOne() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: LogFiles.Unreadable.self) { try LogFiles.explain([folder]) }
    }
}
