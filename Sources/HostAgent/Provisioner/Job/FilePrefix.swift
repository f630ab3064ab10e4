import Glibc

/// The first bytes of a file, empty where it cannot be read.
enum FilePrefix {
    static func read(_ path: String, count: Int) -> [UInt8] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = fread(buffer.baseAddress, 1, count, file)
        }
    }
}
