/// Text that is not trusted (a guest's console, journal or output), made fit for a terminal, a report or a file name.
public enum Printable {
    /// One line without escape sequences and control characters, at most `limit` characters long.
    public static func line(_ text: some Sequence<UInt8>, limit: Int = 1000) -> String {
        var place = EscapePlace.text
        var kept: [UInt8] = []
        for byte in text {
            switch place {
            case .text:
                if byte == 0x1b {
                    place = .escape
                } else if byte == UInt8(ascii: "\t") {
                    kept.append(UInt8(ascii: " "))
                } else if byte >= 0x20 && byte != 0x7f {
                    kept.append(byte)
                }
            case .escape:
                switch byte {
                case UInt8(ascii: "["): place = .controlSequence
                // OSC, DCS, APC, PM, SOS: strings up to BEL or ESC \.
                case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"), UInt8(ascii: "X"):
                    place = .string
                // Intermediate bytes, as in ESC ( B: one more byte belongs to it.
                case 0x20...0x2f: place = .escape
                default: place = .text
                }
            case .controlSequence:
                if (0x40...0x7e).contains(byte) { place = .text }
            case .string:
                if byte == 0x07 { place = .text } else if byte == 0x1b { place = .stringEscape }
            case .stringEscape:
                place = byte == UInt8(ascii: "\\") ? .text : .string
            }
        }
        // C1 controls (U+0080…) come as two valid bytes of UTF-8, some as line or direction changes: drop those as well.
        let text = String(decoding: kept, as: UTF8.self).unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
            default: true
            }
        }
        let clean = String(String.UnicodeScalarView(text))
        return clean.count > limit ? clean.prefix(limit) + "…" : clean
    }

    /// One line of text, cleaned likewise.
    public static func line(_ text: some StringProtocol, limit: Int = 1000) -> String {
        line(text.utf8, limit: limit)
    }

    /// The lines of a text that say something, cleaned.
    public static func lines(_ text: some StringProtocol) -> [String] {
        text.split(whereSeparator: \.isNewline).map { line($0) }.filter { !$0.isEmpty }
    }

    /// A name for a file: letters and digits of ASCII, dashes for all else.
    public static func fileName(_ text: some StringProtocol) -> String {
        let name = text.unicodeScalars.prefix(80).map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)) ? Character(scalar) : "-"
        }
        return name.isEmpty ? "unnamed" : String(name)
    }
}

/// Where in an escape sequence (ECMA-48) the reader is.
private enum EscapePlace { case text, escape, controlSequence, string, stringEscape }
