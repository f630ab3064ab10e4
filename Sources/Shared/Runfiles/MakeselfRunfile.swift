extension Runfile {
    /// CUDA and others: upstream makeself, archives of `filesizes` bytes one after another behind `skip` lines.
    static func readMakeself(name: String, header: RunfileHeader, size: Int64) throws(RunfileError) -> Runfile {
        let lengths = try archiveLengths(header)
        // 2.4.3 and later have a variable, earlier ones only the number in a command.
        let skip = (header["skip"] ?? header["SKIP"]).flatMap { Int($0) } ?? header.headLines
        guard let skip, (1...100_000).contains(skip) else {
            throw .unsupportedHeader("it does not say how many lines the header has")
        }
        guard let payload = header.offset(ofLine: skip + 1) else {
            let read = Int64(header.bytes.count)
            guard size > read else { throw .truncated(expected: read + 1, actual: size) }
            throw .unsupportedHeader("its \(skip) lines do not end within \(read) bytes")
        }

        var end = Int64(payload)
        var integrity: [IntegrityCheck] = []
        for (index, length) in lengths.enumerated() {
            for (variable, algorithm) in [("CRCsum", .posixCRC), ("MD5", .md5), ("SHA", .sha256)]
                as [(String, IntegrityCheck.Algorithm)]
            {
                let words = header.words(variable)
                guard index < words.count, let sum = try checksum(words[index], algorithm) else { continue }
                integrity.append(IntegrityCheck(algorithm: algorithm, expected: sum, offset: end, length: length))
            }
            let (sum, overflow) = end.addingReportingOverflow(length)
            guard !overflow else { throw .unsupportedHeader("filesizes are larger than any file") }
            end = sum
        }
        guard size >= end else { throw .truncated(expected: end, actual: size) }
        // Wrappers with `totalsize` check it; older ones never look behind their last archive.
        if size > end, header["totalsize"] != nil { throw .overlong(expected: end, actual: size) }

        let identity = try MakeselfIdentity(fileName: name, label: header["label"] ?? "")
        return Runfile(
            kind: identity.kind, version: identity.version, architecture: identity.architecture,
            label: header["label"] ?? "", bundledDriver: identity.bundledDriver, fileName: name, integrity: integrity,
            compression: Compression(sniffing: header.bytes[payload...]), expectedSize: end)
    }

    private static func archiveLengths(_ header: RunfileHeader) throws(RunfileError) -> [Int64] {
        var lengths: [Int64] = []
        for word in header.words("filesizes") {
            guard let length = Int64(word), length > 0 else {
                throw .unsupportedHeader("filesizes are \"\((header["filesizes"] ?? "").prefix(80))\"")
            }
            lengths.append(length)
        }
        guard !lengths.isEmpty else { throw .unsupportedHeader("filesizes are empty") }
        return lengths
    }
}

/// What a makeself archive is, judged by its name.
struct MakeselfIdentity: Equatable {
    var kind: Runfile.Kind
    var version: ToolVersion
    var architecture: String
    var bundledDriver: ToolVersion?

    /// What NVIDIA's names say where `uname -m` says something else.
    private static let architectures = ["sbsa": "aarch64", "arm64": "aarch64", "64": "x86_64"]

    /// - Throws: ``RunfileError/unsupportedHeader(_:)`` where neither name nor label has a version.
    init(fileName: String, label: String) throws(RunfileError) {
        // cuda_9.1.85_387.26_linux, cuda_8.0.61_375.26_linux-run, cuda_11.4.4_470.82.01_linux_sbsa.run
        var stem = fileName[...]
        for ending in [".run", "-run"] where stem.hasSuffix(ending) {
            stem = stem.dropLast(ending.count)
        }
        let words = stem.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        if words.count >= 3, words[0] == "cuda", let version = ToolVersion(words[1]) {
            bundledDriver = ToolVersion(words[2])
            let systemAt = bundledDriver == nil ? 2 : 3
            // A browser may have added " (1)".
            guard words.count > systemAt, words[systemAt].hasPrefix("linux") else {
                throw .unsupportedHeader("\"\(fileName)\" is not named like a CUDA runfile for Linux")
            }
            let suffix = words[(systemAt + 1)...].joined(separator: "_").split(separator: " ").first.map(String.init)
            architecture = suffix.map { Self.architectures[$0] ?? $0 } ?? "x86_64"
            // cuda_9.1.85.2_linux, cuda_10.2.1_linux.run. A toolkit without its driver in the name is of 8.0.44 or before.
            let isPatch = version.components.count == 4 || version >= ToolVersion(known: "10.1")
            kind = bundledDriver == nil && isPatch ? .cudaPatch : .cuda
            self.version = version
            return
        }
        let candidates = (stem + " " + label).split { " _-".contains($0) }
        guard
            let version = candidates.lazy.compactMap({ word -> ToolVersion? in
                word.contains(".") ? ToolVersion(String(word)) : nil
            }).first
        else {
            throw .unsupportedHeader(
                "\"\(fileName)\" has no version in its name; a CUDA runfile keeps the name that NVIDIA gave it,"
                    + " cuda_VERSION_DRIVER_linux.run")
        }
        kind = .other
        self.version = version
        architecture = candidates.contains("aarch64") ? "aarch64" : "x86_64"
        bundledDriver = nil
    }
}
