import Contract
import Glibc
import SystemPackage

/// Reads a log that grows: its last lines, then what comes. Memory is bounded, whatever a guest writes.
///
/// Blocks its thread while it waits, for a command that does nothing else.
public final class LogFollower {
    private let path: String
    /// Bytes as they are instead of cleaned lines.
    private let isRaw: Bool
    private let write: ([UInt8]) -> Void
    private var position: Int64 = 0
    private var rest: [UInt8] = []

    /// The longest line that is shown whole, and how far back the last lines are looked for.
    static let lineLimit = 16 << 10
    static let window: Int64 = 16 << 20

    /// A follower that hands what it reads to `write`.
    public init(_ path: String, isRaw: Bool, write: @escaping ([UInt8]) -> Void) {
        self.path = path
        self.isRaw = isRaw
        self.write = write
    }

    /// The last `lines` lines. Throws an `Errno` where the file cannot be read.
    public func tail(lines: Int) throws {
        let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
        defer { try? file.close() }
        let size = try file.seek(offset: 0, from: .end)
        position = try start(of: lines, in: file, size: size)
        try read(file, upTo: size)
        if !isRaw { flush() }
    }

    /// What comes from now on, until `isOver` says that nothing more will. Throws an `Errno`.
    ///
    /// - Parameter isOver: Asked about once a second. Of QEMU's end no file tells: hence the second.
    public func follow(until isOver: () -> Bool) throws {
        let watch = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard watch >= 0 else { throw Errno(rawValue: errno) }
        defer { close(watch) }
        guard inotify_add_watch(watch, path, UInt32(IN_MODIFY)) >= 0 else { throw Errno(rawValue: errno) }
        let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
        defer { try? file.close() }
        while true {
            // Asked before the last read: what was written before the end is shown.
            let over = isOver()
            let size = try file.seek(offset: 0, from: .end)
            if size < position { position = 0 }
            try read(file, upTo: size)
            if over { break }
            var ready = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
            _ = poll(&ready, 1, 1000)
            var events = [UInt8](repeating: 0, count: 4096)
            while Glibc.read(watch, &events, events.count) > 0 {}
        }
        if !isRaw { flush() }
    }

    /// Where the last `count` lines begin, at most ``window`` back. A newline at the very end ends the last line.
    private func start(of count: Int, in file: FileDescriptor, size: Int64) throws -> Int64 {
        guard count > 0 else { return size }
        var end = size
        var found = 0
        let oldest = max(0, size - Self.window)
        while end > oldest {
            let start = max(oldest, end - 64 << 10)
            let bytes = try block(file, at: start, count: Int(end - start))
            for index in bytes.indices.reversed() where bytes[index] == UInt8(ascii: "\n") {
                let place = start + Int64(index)
                if place == size - 1 { continue }
                found += 1
                if found == count { return place + 1 }
            }
            end = start
        }
        return oldest
    }

    private func read(_ file: FileDescriptor, upTo size: Int64) throws {
        while position < size {
            let bytes = try block(file, at: position, count: Int(min(64 << 10, size - position)))
            if bytes.isEmpty { break }
            position += Int64(bytes.count)
            if isRaw { write(bytes) } else { take(bytes) }
        }
    }

    private func block(_ file: FileDescriptor, at offset: Int64, count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = try file.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    private func take(_ bytes: [UInt8]) {
        var output: [UInt8] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                output += clean()
            } else if rest.count < Self.lineLimit {
                rest.append(byte)
            }
        }
        if !output.isEmpty { write(output) }
    }

    private func flush() {
        if !rest.isEmpty { write(clean()) }
    }

    private func clean() -> [UInt8] {
        defer { rest = [] }
        return Array(Printable.line(rest, limit: Self.lineLimit).utf8) + [UInt8(ascii: "\n")]
    }
}
