/// Whether a boot loader and the kernel can use an initramfs that was just made. Pure: told what was seen, it says what is
/// wrong.
struct ImageCheck {
    /// What is known of an image.
    struct Seen {
        var size: Int64
        /// Its first bytes.
        var head: [UInt8]
        /// Nil where it cannot be listed.
        var contents: ImageContents?
    }

    /// The image before, as far as it was a good one.
    var before: Seen?
    var after: Seen
    /// Modules that the root file system needs on this machine, if they are modules.
    var rootModules: Set<String>
    var path: String
    /// What boot entries of its kernel name as their initramfs; empty where there is none to ask.
    var named: [String]

    /// An image this many times smaller than before is not the same one.
    static let shrink: Int64 = 4

    /// What speaks against the image, a sentence each; empty where nothing does.
    var problems: [String] {
        guard after.size > 0 else { return ["it is empty"] }
        var problems: [String] = []
        if !Self.isArchive(after.head) {
            let head = after.head.prefix(6).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            problems.append("it begins with \(head), which is no cpio archive and nothing that the kernel unpacks")
        }
        // nouveau's firmware may be most of an image, and goes with it.
        if let before, after.size < before.size / Self.shrink, before.contents?.hasGPUFirmware != true {
            problems.append("it has \(after.size) bytes, and had \(before.size)")
        }
        if let contents = after.contents {
            if !contents.hasInit { problems.append("it has no init") }
            if let old = before?.contents {
                let lost = rootModules.intersection(old.modules).subtracting(contents.modules).sorted()
                if !lost.isEmpty {
                    problems.append(
                        "it lacks \(lost.joined(separator: ", ")), which the root file system needs and the old one had"
                    )
                }
            }
        } else {
            problems.append("it cannot be listed")
        }
        if !named.isEmpty && !named.contains(path) {
            problems.append("the boot entry names \(named.joined(separator: ", "))")
        }
        return problems
    }

    /// A cpio archive ("070701", newc; microcode comes first in one), or what Linux unpacks: gzip, xz, zstd, lz4 (legacy
    /// frames), lzma, bzip2, lzop (lib/decompress.c).
    static func isArchive(_ head: [UInt8]) -> Bool {
        let magics: [[UInt8]] = [
            Array("070701".utf8), Array("070702".utf8), [0x1f, 0x8b], [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
            [0x28, 0xb5, 0x2f, 0xfd], [0x02, 0x21, 0x4c, 0x18], [0x5d, 0x00, 0x00], Array("BZh".utf8),
            [0x89, 0x4c, 0x5a, 0x4f],
        ]
        return magics.contains { head.starts(with: $0) }
    }
}
