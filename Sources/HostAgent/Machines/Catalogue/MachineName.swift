import Contract

/// A name for a VM: of a folder, of a host in known_hosts, on a command line.
public enum MachineName {
    /// The most characters: a fleet's name and a guest's with a dash between fit in.
    public static let limit = 64

    /// Whether it is one: a letter or digit of ASCII first, then also `.`, `_` and `-`.
    public static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, isAlphanumeric(first), name.utf8.count <= limit else { return false }
        return name.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
    }

    /// Throws ``FailureCode/optionInvalid`` for what is none.
    static func check(_ name: String) throws {
        guard isValid(name) else {
            throw Failure(
                .optionInvalid, operation: "name the VM", message: "\"\(Printable.line(name))\" cannot name a VM.",
                remedy:
                    "Use up to \(limit) letters, digits, dots, dashes and underscores, the first a letter or digit.",
                side: .host)
        }
    }

    /// The name of a VM whose user gave none: its image's, without what stands behind the last dot.
    public static func suggested(forImage image: String) -> String {
        let file = image.split(separator: "/").last ?? "vm"
        let stem = file.lastIndex(of: ".").map { $0 > file.startIndex ? file[..<$0] : file } ?? file
        let name = stem.utf8.map { isAlphanumeric($0) || "._-".utf8.contains($0) ? $0 : UInt8(ascii: "-") }
            .drop { !isAlphanumeric($0) }.prefix(limit)
        return name.isEmpty ? "vm" : String(decoding: name, as: UTF8.self)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
