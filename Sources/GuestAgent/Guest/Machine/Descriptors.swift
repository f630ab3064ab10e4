import Glibc
package import SystemPackage

extension FileDescriptor {
    /// Reads from the current offset to the end, at most `limit` bytes.
    package func readAll(limit: Int = .max) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < limit {
            let count = try chunk.withUnsafeMutableBytes { try read(into: $0) }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<min(count, limit - bytes.count)])
        }
        return bytes
    }
}

/// Text of a C library error: "No space left on device".
package func describe(_ error: any Error) -> String {
    if let error = error as? Errno { return error.description }
    return String(describing: error)
}
