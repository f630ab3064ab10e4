import Contract

/// A machine as the person names it: `USER@HOST[:PORT]`, or a name of ~/.ssh/config.
public struct AttachTarget: Codable, Equatable, Sendable, CustomStringConvertible {
    /// Nil: as ~/.ssh/config has it, else the person's own name.
    public var user: String?
    /// A name or an address, an IPv6 address without brackets.
    public var host: String
    /// Nil: as ~/.ssh/config has it, else 22.
    public var port: UInt16?

    /// Reads `USER@HOST`, `USER@HOST:PORT`, `USER@ADDRESS`, `USER@[ADDRESS]:PORT`, each also without the user. Nil for
    /// anything else, and for what a program could take for an option.
    public init?(_ text: String) {
        var rest = text[...]
        if let at = rest.lastIndex(of: "@") {
            let name = String(rest[..<at])
            guard Self.isPlain(name, and: "._-+\\@") else { return nil }
            user = name
            rest = rest[rest.index(after: at)...]
        }
        var number: Substring?
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            let tail = rest[rest.index(after: end)...]
            guard tail.isEmpty || tail.first == ":", host.contains(":") else { return nil }
            number = tail.isEmpty ? nil : tail.dropFirst()
        } else if rest.count(where: { $0 == ":" }) > 1 {
            // An IPv6 address without brackets has no port behind it.
            host = String(rest)
        } else if let colon = rest.firstIndex(of: ":") {
            host = String(rest[..<colon])
            number = rest[rest.index(after: colon)...]
        } else {
            host = String(rest)
        }
        guard Self.isPlain(host, and: "._-:%") else { return nil }
        if let number {
            guard let value = UInt16(number), value > 0 else { return nil }
            port = value
        }
    }

    private static func isPlain(_ text: String, and more: String) -> Bool {
        guard let first = text.first, first != "-" else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || more.contains($0) }
    }

    public var description: String {
        let place = host.contains(":") ? "[\(host)]" : host
        return (user.map { "\($0)@" } ?? "") + place + (port.map { ":\($0)" } ?? "")
    }
}
