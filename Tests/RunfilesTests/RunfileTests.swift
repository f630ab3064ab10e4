import Foundation
import Runfiles
import Testing

@Suite struct RunfileTests {
    static func read(_ name: String, _ bytes: [UInt8], size: Int64? = nil) throws(RunfileError) -> Runfile {
        try Runfile.read(fileName: name, prefix: bytes, size: size ?? Int64(bytes.count))
    }

    @Test func driver() throws {
        let bytes = Headers.driver()
        let runfile = try Self.read("/tmp/NVIDIA-Linux-x86_64-390.42.run", bytes)
        #expect(runfile.kind == .driver)
        #expect(runfile.version.description == "390.42")
        #expect(runfile.architecture == "x86_64")
        #expect(runfile.label.hasSuffix("390.42"))
        #expect(runfile.fileName == "NVIDIA-Linux-x86_64-390.42.run")
        #expect(runfile.bundledDriver == nil)
        #expect(runfile.compression == .gzip)
        let offset = Int64(
            String(decoding: bytes.prefix(200), as: UTF8.self).components(separatedBy: "skip=")[0].utf8.count)
        #expect(
            runfile.integrity == [
                IntegrityCheck(algorithm: .posixCRC, expected: "135947311", offset: offset, length: nil),
                IntegrityCheck(
                    algorithm: .md5, expected: "16b6c939e15c2d201daa5decc95c7cb1", offset: offset, length: nil),
            ])
    }

    @Test func driverWhoseArchiveBeginsBehindThePrefix() throws {
        let bytes = Headers.driver()
        let runfile = try Runfile.read(fileName: "d.run", prefix: bytes.dropLast(16), size: 80_000_000)
        #expect(runfile.compression == nil)
        #expect(runfile.integrity.count == 2)
    }

    @Test func absentSumsAreNone() throws {
        let bytes = Headers.driver(crc: "0000000000", md5: String(repeating: "0", count: 32))
        #expect(try Self.read("d.run", bytes).integrity.isEmpty)
    }

    @Test(arguments: [true, false]) func cuda(modern: Bool) throws {
        let bytes = Headers.makeself(modern: modern)
        let runfile = try Self.read("cuda_9.1.85_387.26_linux", bytes)
        #expect(runfile.kind == .cuda)
        #expect(runfile.version == ToolVersion("9.1.85"))
        #expect(runfile.bundledDriver == ToolVersion("387.26"))
        #expect(runfile.compression == .gzip)
        #expect(runfile.expectedSize == Int64(bytes.count))
        let offset = Int64(bytes.count - 20)
        #expect(
            runfile.integrity == [
                IntegrityCheck(algorithm: .posixCRC, expected: "1679344230", offset: offset, length: 20),
                IntegrityCheck(
                    algorithm: .md5, expected: "f3c4a3a4aae65f88a4a3bee165d42306", offset: offset, length: 20),
            ])
    }

    @Test func severalArchives() throws {
        let bytes = Headers.makeself(
            modern: true, sizes: [20, 30], crc: "11 22", md5: "0",
            sha: "\(String(repeating: "0", count: 64)) \(String(repeating: "ab", count: 32))")
        let checks = try Self.read("cuda_12.4.0_550.54.14_linux.run", bytes).integrity
        let offset = Int64(bytes.count - 50)
        #expect(
            checks == [
                IntegrityCheck(algorithm: .posixCRC, expected: "11", offset: offset, length: 20),
                IntegrityCheck(algorithm: .posixCRC, expected: "22", offset: offset + 20, length: 30),
                IntegrityCheck(
                    algorithm: .sha256, expected: String(repeating: "ab", count: 32), offset: offset + 20, length: 30),
            ])
    }

    @Test(
        arguments: [
            ("cuda_8.0.44_linux.run", .cuda, "8.0.44", nil, "x86_64"),
            ("cuda_8.0.61_375.26_linux-run", .cuda, "8.0.61", "375.26", "x86_64"),
            ("cuda_6.5.14_linux_64.run", .cuda, "6.5.14", nil, "x86_64"),
            ("cuda_9.1.85.2_linux", .cudaPatch, "9.1.85.2", nil, "x86_64"),
            ("cuda_10.2.1_linux.run", .cudaPatch, "10.2.1", nil, "x86_64"),
            ("cuda_10.1.243_418.87.00_linux.run", .cuda, "10.1.243", "418.87.00", "x86_64"),
            ("cuda_11.4.4_470.82.01_linux_sbsa.run", .cuda, "11.4.4", "470.82.01", "aarch64"),
            ("cuda_11.0.3_450.51.06_linux_ppc64le.run", .cuda, "11.0.3", "450.51.06", "ppc64le"),
            ("cuda_11.4.4_470.82.01_linux (1).run", .cuda, "11.4.4", "470.82.01", "x86_64"),
            ("something-1.2.run", .other, "1.2", nil, "x86_64"),
        ] as [(String, Runfile.Kind, String, String?, String)])
    func namesOfCUDA(_ name: String, _ kind: Runfile.Kind, _ version: String, _ driver: String?, _ machine: String)
        throws
    {
        let runfile = try Self.read(name, Headers.makeself(modern: true))
        #expect(runfile.kind == kind)
        #expect(runfile.version.description == version)
        #expect(runfile.bundledDriver?.description == driver)
        #expect(runfile.architecture == machine)
    }

    @Test func shortFilesAreTruncatedBeforeAnySum() {
        for modern in [true, false] {
            let bytes = Headers.makeself(modern: modern, sizes: [2_000_000_000], payload: [0x1f, 0x8b])
            let whole = Int64(bytes.count) + 2_000_000_000 - 2
            #expect(throws: RunfileError.truncated(expected: whole, actual: 5_000_000)) {
                try Self.read("cuda_9.1.85_387.26_linux", bytes, size: 5_000_000)
            }
        }
        let driver = Headers.driver(archive: [])
        #expect(throws: RunfileError.truncated(expected: Int64(driver.count) + 1, actual: Int64(driver.count))) {
            try Self.read("d.run", driver)
        }
        // Cut within the header.
        let cut = Array(Headers.makeself(modern: true).prefix(230))
        #expect(throws: RunfileError.truncated(expected: 231, actual: 230)) {
            try Self.read("cuda_9.1.85_387.26_linux", cut)
        }
    }

    @Test func whatFollowsTheLastArchiveIsRefusedWhereTheWrapperWouldRefuseIt() throws {
        let size = Int64(Headers.makeself(modern: true).count)
        #expect(throws: RunfileError.overlong(expected: size, actual: size + 1)) {
            try Self.read("cuda_12.4.0_550.54.14_linux.run", Headers.makeself(modern: true) + [0])
        }
        _ = try Self.read("cuda_9.1.85_387.26_linux", Headers.makeself(modern: false) + [0])
    }

    @Test(
        arguments: [
            ([], "an empty file"), (Array("<!DOCTYPE html><html>".utf8), "an HTML page (a download that failed?)"),
            (Array("\n<HTML><body>403".utf8), "an HTML page (a download that failed?)"),
            (Array("<?xml version=\"1.0\"?><Error>".utf8), "an XML document (a download that failed?)"),
            ([0x1f, 0x8b, 8], "a gzip file"), (Array("QFI".utf8) + [0xfb], "a qcow2 image"),
            (Array(repeating: 0, count: 600), "a file of zeros (a download that was not finished?)"),
            (Array("#!/bin/sh\necho\n".utf8), "a script without the header of a self-extracting archive"),
            ([1, 2], "a file that begins with the bytes 01 02"),
        ] as [([UInt8], String)])
    func foreignFilesAreNamed(_ bytes: [UInt8], _ seen: String) {
        #expect(throws: RunfileError.notARunfile(seen: seen)) { try Self.read("x.run", bytes) }
    }

    @Test(arguments: [
        Headers.driver(version: "beta"), Headers.driver(label: "NVIDIA Driver 390.48"),
        Headers.driver(folder: "NVIDIA-Linux-x86_64-390.48"), Headers.driver(script: "./evil"),
        Headers.driver(md5: "$(rm -rf)"), Headers.driver(architecture: ""),
        Headers.makeself(modern: true, sizes: [], payload: []), Headers.makeself(modern: true, crc: "4294967296"),
        Headers.makeself(modern: true, sizes: [Int.max / 2, Int.max / 2], payload: []),
    ])
    func contradictionsAreRefused(_ bytes: [UInt8]) {
        let error = #expect(throws: RunfileError.self) { try Self.read("cuda_9.1.85_387.26_linux", bytes, size: .max) }
        guard case .unsupportedHeader = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func archiveWithoutAVersionIsTold() {
        let error = #expect(throws: RunfileError.self) { try Self.read("new.run", Headers.makeself(modern: true)) }
        #expect(error?.description.contains("cuda_VERSION_DRIVER_linux.run") == true)
    }

    /// Any prefix of a header, and any header with a piece cut out, is read or refused.
    @Test func damagedHeadersDoNoHarm() {
        for bytes in [Headers.driver(), Headers.makeself(modern: true), Headers.makeself(modern: false)] {
            for end in 0...bytes.count {
                _ = try? Self.read("cuda_9.1.85_387.26_linux", Array(bytes[..<end]))
                _ = try? Self.read("cuda_9.1.85_387.26_linux", Array(bytes[..<end]), size: .max)
                let gap = min(bytes.count, end + 9)
                _ = try? Self.read("x", Array(bytes[..<end] + bytes[gap...]), size: 1 << 40)
            }
        }
    }
}
