import Foundation
import Runfiles
import Testing

/// Programs of this machine, for what they say.
enum Shell {
    /// Makes the runfiles of the simulated GPU.
    static let packer = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Scripts/make-simulated-runfiles")

    static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// Computes the checksums of a runfile with coreutils, as the host does, and expects what the header says.
    static func expectSums(of runfile: Runfile, at file: URL) throws {
        for check in runfile.integrity {
            let tool = [.posixCRC: "cksum", .md5: "md5sum", .sha256: "sha256sum"][check.algorithm] ?? ""
            let part = check.length.map { "| head -c \($0) " } ?? ""
            let sum = try run("/bin/sh", ["-c", "tail -c +\(check.offset + 1) \"$0\" \(part)| \(tool)", file.path])
                .output
            #expect(sum.split(separator: " ").first.map(String.init) == check.expected, "\(tool)")
        }
    }
}
