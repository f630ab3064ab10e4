import SystemPackage

/// Complete lines of a file that may still grow. What follows the last newline is kept until the rest of it comes.
struct LineReader {
    private let file: FileDescriptor
    private var buffer: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 64 << 10)
    private var start = 0
    private var searched = 0

    init(_ file: FileDescriptor) {
        self.file = file
    }

    /// The next line without its newline; nil where there is no complete one (yet).
    mutating func next() throws -> String? {
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer {
                    start = end + 1
                    searched = start
                }
                return String(decoding: buffer[start..<end], as: UTF8.self)
            }
            buffer.removeSubrange(..<start)
            start = 0
            searched = buffer.count
            let file = file
            let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
            buffer.append(contentsOf: chunk[..<count])
            if count == 0 { return nil }
        }
    }
}
