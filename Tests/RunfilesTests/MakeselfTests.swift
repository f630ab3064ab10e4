import Foundation
import Runfiles
import Testing

/// Files made by the makeself of this machine, whose sums are then computed as the host computes them.
@Suite(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/makeself"), "makeself is not installed here"))
struct MakeselfTests {
    @Test(
        arguments: [
            (["--gzip", "--sha256"], .gzip, [.posixCRC, .md5, .sha256]), (["--nocomp", "--nocrc"], .none, [.md5]),
            (["--xz", "--nomd5"], .xz, [.posixCRC]), (["--bzip2", "--nomd5", "--nocrc"], .bzip2, []),
        ] as [([String], Runfile.Compression, [IntegrityCheck.Algorithm])])
    func sumsHold(
        _ options: [String], _ compression: Runfile.Compression, _ algorithms: [IntegrityCheck.Algorithm]
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "makeself-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let contents = folder.appending(path: "contents")
        try FileManager.default.createDirectory(at: contents, withIntermediateDirectories: true)
        try Data("#!/bin/sh\n".utf8).write(to: contents.appending(path: "install"))
        let file = folder.appending(path: "cuda_11.4.4_470.82.01_linux.run")
        let status = try Shell.run("/usr/bin/makeself", options + [contents.path, file.path, "CUDA", "./install"])
            .status
        try #require(status == 0)

        let bytes = Array(try Data(contentsOf: file))
        let runfile = try Runfile.read(
            fileName: file.lastPathComponent, prefix: Array(bytes.prefix(Runfile.prefixSize)),
            size: Int64(bytes.count))
        #expect(runfile.expectedSize == Int64(bytes.count))
        #expect(runfile.compression == compression)
        #expect(runfile.label == "CUDA")
        #expect(runfile.integrity.map(\.algorithm) == algorithms)
        try Shell.expectSums(of: runfile, at: file)
        #expect(throws: RunfileError.truncated(expected: Int64(bytes.count), actual: Int64(bytes.count) - 1)) {
            try Runfile.read(fileName: file.lastPathComponent, prefix: bytes.dropLast(), size: Int64(bytes.count) - 1)
        }
    }
}
