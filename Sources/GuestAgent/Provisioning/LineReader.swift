import SystemPackage

/// Complete lines of a file that may still grow. What follows the last newline is kept until the rest of it comes.
struct LineReader {
    private let file: FileDescriptor
    private var buffer: [UInt8] = []
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
            let old = buffer.count
            let chunk = 64 << 10
            buffer.append(contentsOf: repeatElement(0, count: chunk))
            let file = file
            let count = try buffer.withUnsafeMutableBytes {
                try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[old...]))
            }
            buffer.removeSubrange((old + count)...)
            if count == 0 { return nil }
        }
    }
}
