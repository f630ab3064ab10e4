public import Contract

/// What a guest is handed at its boot so that it is this one and no other, besides the keys of its VM.
public struct GuestIdentity: Codable, Equatable, Sendable {
    /// Its name for itself; nil leaves the image's own.
    public var hostname: String?
    /// Lines of authorized_keys for the image's default user, and for root where the image has no cloud-init, whose
    /// `disable_root` takes them from root again.
    public var authorizedKeys: [String]
    /// More for cloud-init: a text that begins with "#cloud-config".
    public var userData: String?

    /// An identity; nothing of its own without arguments.
    public init(hostname: String? = nil, authorizedKeys: [String] = [], userData: String? = nil) {
        self.hostname = hostname
        self.authorizedKeys = authorizedKeys
        self.userData = userData
    }

    /// Whether nothing is handed in.
    public var isEmpty: Bool { self == GuestIdentity() }

    /// The most bytes of all keys together: they go through the firmware's tables, which are small.
    public static let keysLimit = 16 << 10
    /// The most bytes of user-data.
    public static let userDataLimit = 256 << 10

    /// All that is wrong with it. Pure.
    public func problems() -> [Failure] {
        var problems: [Failure] = []
        func refuse(_ message: String, _ remedy: String) {
            problems.append(
                Failure(
                    .optionInvalid, operation: "look at what the guest is to be handed", message: message,
                    remedy: remedy, side: .host))
        }
        if let hostname, !Hostname.isValid(hostname) {
            refuse(
                "\"\(Printable.line(hostname))\" is no host name.",
                "Use letters, digits and inner dashes, at most 63 between dots and \(Hostname.limit) in all.")
        }
        for key in authorizedKeys where !Self.isKey(key) {
            refuse(
                "\"\(Printable.line(key).prefix(60))\" is no line of authorized_keys.",
                "Give public keys (ssh-ed25519 AAAA…), one in a line.")
        }
        if authorizedKeys.reduce(0, { $0 + $1.utf8.count + 1 }) > Self.keysLimit {
            refuse(
                "The keys have more than \(Self.keysLimit) bytes.",
                "Hand most of them in by user-data (ssh_authorized_keys).")
        }
        if let userData {
            if !Self.isHeader(userData.prefix { !$0.isNewline }) {
                refuse(
                    "The user-data does not begin with #cloud-config.",
                    "Write that as its first line; a script goes below runcmd, or into write_files.")
            }
            if userData.utf8.count > Self.userDataLimit {
                refuse(
                    "The user-data has more than \(Self.userDataLimit) bytes.", "Put the bulk into the image.")
            }
            if userData.utf8.contains(0) { refuse("The user-data is no text.", "Give a #cloud-config file.") }
        }
        return problems
    }

    private static func isHeader(_ line: Substring) -> Bool {
        let rest = line.dropFirst("#cloud-config".count)
        return line.hasPrefix("#cloud-config") && rest.allSatisfy(\.isWhitespace)
    }

    /// Options may stand in front of a key's type, and a comment behind the key.
    private static func isKey(_ line: String) -> Bool {
        let words = line.split { $0 == " " || $0 == "\t" }
        guard line.utf8.allSatisfy({ $0 >= 32 || $0 == 9 }), line.first != "#",
            let type = words.firstIndex(where: { isType($0) }), type + 1 < words.count
        else { return false }
        return words[type + 1].hasPrefix("AAAA")
            && words[type + 1].utf8.allSatisfy { $0 < 128 && (isAlphanumeric($0) || "+/=".utf8.contains($0)) }
    }

    private static func isType(_ word: Substring) -> Bool {
        (word.hasPrefix("ssh-") || word.hasPrefix("ecdsa-") || word.hasPrefix("sk-"))
            && word.utf8.allSatisfy { isAlphanumeric($0) || "-@.".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        let letter = byte | 0x20
        return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter)
    }
}
