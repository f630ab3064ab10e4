/// First bytes of the things that people have in place of a .run file, and of the archives inside of one.
private let magics: [(bytes: [UInt8], name: String, compression: Runfile.Compression?)] = [
    ([0x1f, 0x8b], "a gzip file", .gzip),
    ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "an xz file", .xz),
    (Array("BZh".utf8), "a bzip2 file", .bzip2),
    ([0x28, 0xb5, 0x2f, 0xfd], "a zstd file", .zstd),
    ([0x04, 0x22, 0x4d, 0x18], "an lz4 file", .lz4),
    (Array("PK\u{3}\u{4}".utf8), "a zip file", nil),
    (Array("\u{7f}ELF".utf8), "an ELF program", nil),
    (Array("!<arch>".utf8), "a Debian package or a static library", nil),
    ([0xed, 0xab, 0xee, 0xdb], "an RPM package", nil),
    (Array("QFI".utf8) + [0xfb], "a qcow2 image", nil),
    (Array("%PDF".utf8), "a PDF document", nil),
    (Array("MZ".utf8), "a Windows program", nil),
]

extension Runfile {
    /// What a file is that does not begin with `#!`, for people.
    static func describeForeignFile(_ prefix: [UInt8]) -> String {
        if prefix.isEmpty { return "an empty file" }
        if let magic = magics.first(where: { prefix.starts(with: $0.bytes) }) { return magic.name }
        if prefix.prefix(512).allSatisfy({ $0 == 0 }) { return "a file of zeros (a download that was not finished?)" }
        // A download that failed leaves the page that said so.
        let tags = String(decoding: prefix.prefix(512), as: UTF8.self).lowercased().split(separator: "<")
        if tags.contains(where: { $0.hasPrefix("html") || $0.hasPrefix("!doctype html") }) {
            return "an HTML page (a download that failed?)"
        }
        if tags.contains(where: { $0.hasPrefix("?xml") }) { return "an XML document (a download that failed?)" }
        let bytes = prefix.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return "a file that begins with the bytes \(bytes.joined(separator: " "))"
    }
}

extension Runfile.Compression {
    /// The compression of the archive that begins with `bytes`; nil where they tell nothing.
    init?(sniffing bytes: ArraySlice<UInt8>) {
        if let magic = magics.first(where: { $0.compression != nil && bytes.starts(with: $0.bytes) }) {
            self = magic.compression ?? .none
            return
        }
        // A tar header has its magic behind the name, mode, owner, size, time and link.
        guard bytes.dropFirst(257).starts(with: Array("ustar".utf8)) else { return nil }
        self = .none
    }
}
