import Contract
import FoundationEssentials
import SystemPackage

/// The size of a file in bytes; 0 where there is none.
func fileSize(_ path: String) -> Int64 {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec) else { return 0 }
    defer { try? file.close() }
    return (try? file.seek(offset: 0, from: .end)) ?? 0
}

/// Bytes of a file from `offset` on, at most `limit`; empty where there are none.
func fileBytes(_ path: String, from offset: Int64, limit: Int) -> [UInt8] {
    guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec) else { return [] }
    defer { try? file.close() }
    let bytes = try? [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
        count = try file.read(fromAbsoluteOffset: offset, into: UnsafeMutableRawBufferPointer(buffer))
    }
    return bytes ?? []
}

/// The last lines that a log got after `offset`, cleaned for a terminal.
func logTail(_ path: String, since offset: Int64 = 0, lines: Int = 20) -> [String] {
    let start = max(offset, fileSize(path) - 64 << 10)
    let text = fileBytes(path, from: start, limit: 64 << 10)
    return text.split(separator: UInt8(ascii: "\n")).suffix(lines).map { Printable.line($0) }.filter { !$0.isEmpty }
}
