/// Text from a guest, made safe to show: no control characters, no escape sequences, lines of bounded length.
enum Printable {
    static func line(_ text: some StringProtocol) -> String {
        var shown = ""
        for scalar in text.unicodeScalars.prefix(1000) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
                if scalar == "\t" { shown += " " }
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    static func lines(_ text: some StringProtocol) -> [String] {
        text.split(whereSeparator: \.isNewline).map { line($0) }.filter { !$0.isEmpty }
    }

    /// A name for a file made of what the guest sent: letters, digits and dashes only.
    static func fileName(_ text: some StringProtocol) -> String {
        let name = text.unicodeScalars.prefix(80).map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)) ? Character(scalar) : "-"
        }
        return name.isEmpty ? "unnamed" : String(name)
    }
}
