import FoundationEssentials
import Glibc
import Testing

@testable import Host

struct PassedLockTests {
    private let folder: String

    init() throws {
        folder = "/tmp/passed-lock-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    private func pair() throws -> [Int32] {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0, &ends) == 0)
        return ends
    }

    private func receive(_ socket: Int32) throws -> (text: String, files: [Int32]) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
        defer { buffer.deallocate() }
        let (count, files) = try PassedDescriptors.receive(into: buffer, over: socket)
        return (String(decoding: buffer[..<count], as: UTF8.self), files)
    }

    @Test func theLockGoesWithItsFile() throws {
        let path = "\(folder)/lock"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let ends = try pair()
        defer { for end in ends { close(end) } }
        do {
            let giver = try #require(try LockFile.take(path))
            #expect(try PassedDescriptors.send(Array("take it".utf8)[...], [giver.file], over: ends[0]) == 7)
            giver.passOn()
        }
        // On its way it is held.
        #expect(LockFile.isTaken(path))
        let (text, files) = try receive(ends[1])
        #expect(text == "take it" && files.count == 1)
        let flags = fcntl(try #require(files.first), F_GETFD)
        #expect(flags & FD_CLOEXEC != 0)
        var taker = LockFile.adopt(try #require(files.first), of: path)
        #expect(taker != nil && LockFile.holder(of: path) == getpid())
        #expect(try LockFile.take(path) == nil)
        taker = nil
        #expect(!LockFile.isTaken(path))
    }

    @Test func anotherFileIsNoLock() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try LockFile.take("\(folder)/lock")
        let other = open("\(folder)/other", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #expect(LockFile.adopt(other, of: "\(folder)/lock") == nil)
    }

    @Test func filesStayWithTheirBytes() throws {
        let ends = try pair()
        defer { for end in ends { close(end) } }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = (0..<3).map { open("\(folder)/\($0)", O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
        for place in files.indices {
            _ = try PassedDescriptors.send(Array("\(place)".utf8)[...], Array(files[...place]), over: ends[0])
        }
        _ = try PassedDescriptors.send([UInt8(ascii: "-")], [], over: ends[0])
        for place in 0..<3 {
            let (text, received) = try receive(ends[1])
            #expect(text == "\(place)" && received.count == place + 1)
            var (sent, got) = (stat(), stat())
            #expect(fstat(files[place], &sent) == 0 && fstat(received[place], &got) == 0 && sent.st_ino == got.st_ino)
            for file in received { close(file) }
        }
        #expect(try receive(ends[1]) == ("-", []))
        for file in files { close(file) }
    }
}
