/// A major version of gcc and the CUDA version from which it is the limit.
private struct CompilerRow {
    var since: ToolVersion
    var gcc: Int

    init(_ since: StaticString, _ gcc: Int) {
        self.since = ToolVersion(known: since)
        self.gcc = gcc
    }
}

/// The newest major version of gcc that nvcc accepts, from a CUDA version on, oldest first.
///
/// Source: the installation guides' tables of host compilers.
private let newestCompilers: [CompilerRow] = [
    CompilerRow("1.0", 4), CompilerRow("8.0", 5), CompilerRow("9.0", 6), CompilerRow("9.2", 7), CompilerRow("10.1", 8),
    CompilerRow("11.0", 9), CompilerRow("11.4.1", 11), CompilerRow("12.0", 12), CompilerRow("12.4", 13),
    CompilerRow("12.8", 14), CompilerRow("13.0", 15),
]

/// The oldest major version of gcc that can be used, from a CUDA version on, oldest first.
private let oldestCompilers: [CompilerRow] = [CompilerRow("1.0", 4), CompilerRow("11.0", 5), CompilerRow("11.4", 6)]

/// What the tables speak for: families that were out when they were written.
private let newestKnownFamily = 13

extension Compatibility {
    /// The newest major version of gcc that nvcc of `cuda` accepts; nil for CUDA newer than the table.
    public static func newestGCC(forCUDA cuda: ToolVersion) -> Int? {
        guard cuda.major <= newestKnownFamily else { return nil }
        return newestCompilers.last { $0.since <= cuda }?.gcc
    }

    /// The oldest major version of gcc that nvcc of `cuda` works with; nil for CUDA newer than the table.
    public static func oldestGCC(forCUDA cuda: ToolVersion) -> Int? {
        guard cuda.major <= newestKnownFamily else { return nil }
        return oldestCompilers.last { $0.since <= cuda }?.gcc
    }
}
