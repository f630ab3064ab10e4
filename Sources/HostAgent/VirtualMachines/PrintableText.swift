/// One line of untrusted output (a guest's console, mostly) made fit for a terminal and a report: without escape
/// sequences and control characters, at most `limit` characters long.
func printable(_ line: some Sequence<UInt8>, limit: Int = 300) -> String {
    var place = EscapePlace.text
    var kept: [UInt8] = []
    for byte in line {
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

/// Where in an escape sequence (ECMA-48) the reader is.
private enum EscapePlace { case text, escape, controlSequence, string, stringEscape }
