extension Runfile {
    /// A driver: NVIDIA's makeself 1.6.0-nv2, one archive from line `skip` to the end.
    static func readDriver(name: String, header: RunfileHeader, size: Int64) throws(RunfileError) -> Runfile {
        let spelled = header["version_string"] ?? ""
        guard let version = ToolVersion(spelled) else {
            throw .unsupportedHeader("version_string is \"\(spelled)\", which is no version")
        }
        let label = header["label"] ?? ""
        let folder = header["targetdir"] ?? ""
        // Three places name the version. A file that was put together from two would install who knows what.
        for (place, value) in [("label", label), ("targetdir", folder)]
        where !value.isEmpty && !value.split(whereSeparator: { $0 == " " || $0 == "-" }).contains(spelled[...]) {
            throw .unsupportedHeader("version_string says \(spelled) and \(place) says \"\(value)\"")
        }
        guard (header["script"] ?? "").hasSuffix("nvidia-installer") else {
            throw .unsupportedHeader("it runs \"\(header["script"] ?? "")\" where a driver runs nvidia-installer")
        }
        guard let architecture = header["TARGET_ARCH"], !architecture.isEmpty else {
            throw .unsupportedHeader("TARGET_ARCH is missing")
        }
        if let system = header["TARGET_OS"], system != "Linux" {
            throw .unsupportedHeader("it is for \(system), not for Linux")
        }
        guard let skip = header["skip"].flatMap({ Int($0) }), skip > 4, let sumsFrom = header.offset(ofLine: 4) else {
            throw .unsupportedHeader("skip, the line at which the archive begins, is missing")
        }
        // The archive may begin behind the prefix (a decompressor can be embedded before it); then only the prefix
        // is known to have to be there.
        let payload = header.offset(ofLine: skip)
        let atLeast = Int64(payload ?? header.bytes.count) + 1
        guard size >= atLeast else { throw .truncated(expected: atLeast, actual: size) }

        var integrity: [IntegrityCheck] = []
        if let sum = try checksum(header["CRCsum"], .posixCRC) {
            integrity.append(
                IntegrityCheck(algorithm: .posixCRC, expected: sum, offset: Int64(sumsFrom), length: nil))
        }
        if let sum = try checksum(header["MD5"], .md5) {
            integrity.append(IntegrityCheck(algorithm: .md5, expected: sum, offset: Int64(sumsFrom), length: nil))
        }
        return Runfile(
            kind: .driver, version: version, architecture: architecture, label: label, bundledDriver: nil,
            fileName: name, integrity: integrity,
            compression: payload.flatMap { Compression(sniffing: header.bytes[$0...]) }, expectedSize: nil)
    }

    /// One checksum word of a header, in the spelling of ``IntegrityCheck``; nil where it stands for "none".
    static func checksum(
        _ word: String?, _ algorithm: IntegrityCheck.Algorithm
    ) throws(RunfileError) -> String? {
        // makeself writes zeros for a sum that it was told to leave out.
        guard let word, !word.isEmpty, !word.allSatisfy({ $0 == "0" }) else { return nil }
        let fits =
            switch algorithm {
            case .posixCRC: UInt32(word) != nil
            case .md5: word.utf8.count == 32 && word.allSatisfy(\.isHexDigit)
            case .sha256: word.utf8.count == 64 && word.allSatisfy(\.isHexDigit)
            }
        guard fits else { throw .unsupportedHeader("\"\(word.prefix(80))\" is no checksum") }
        return algorithm == .posixCRC ? String(UInt32(word) ?? 0) : word.lowercased()
    }
}
