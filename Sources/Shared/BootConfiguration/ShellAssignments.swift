/// The assignments in a shell script of settings, such as /etc/default/grub, line by line.
///
/// Only an assignment that is alone on one line, of one plain or quoted text without a backslash, is `editable`. The
/// others are seen and left to the shell.
package struct ShellAssignments {
    package struct Assignment {
        /// Index of the line it begins on.
        package var line: Int
        package var name: String
        /// `NAME+=`
        package var appends: Bool
        /// Inside `if`, `case` or a loop.
        package var conditional: Bool
        /// The line up to the value, the value, the line from its end on; nil where it is not editable. An unquoted value
        /// comes with quotes in `head` and `tail`.
        package var parts: (head: String, value: String, tail: String)?
    }

    package let lines: [String]
    package private(set) var all: [Assignment] = []

    package init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        var depth = 0
        var open: Character?
        var continued = false
        for (index, line) in lines.enumerated() {
            let fresh = open == nil && !continued
            let plain = Self.scan(line, open: &open, continued: &continued)
            if fresh, var assignment = Self.assignment(line) {
                assignment.line = index
                assignment.conditional = depth > 0
                if open != nil || continued { assignment.parts = nil }
                all.append(assignment)
            }
            for word in plain.split(whereSeparator: { $0.isWhitespace || $0 == ";" }) {
                if ["if", "case", "for", "while", "until"].contains(word) { depth += 1 }
                if ["fi", "esac", "done"].contains(word) { depth = max(0, depth - 1) }
            }
        }
    }

    /// What stands outside quotes and comments in a line. `open` is the quote that is open at its end.
    private static func scan(_ line: String, open: inout Character?, continued: inout Bool) -> String {
        var plain = ""
        var escaped = false
        var previous: Character = " "
        for character in line {
            if escaped {
                escaped = false
            } else if character == "\\" && open != "'" {
                escaped = true
            } else if let quote = open {
                if character == quote { open = nil }
            } else if character == "\"" || character == "'" {
                open = character
            } else if character == "#" && previous.isWhitespace {
                break
            } else {
                plain.append(character)
            }
            previous = character
        }
        continued = escaped
        return plain
    }

    private static func assignment(_ line: String) -> Assignment? {
        var rest = line.drop(while: \.isWhitespace)
        if rest.hasPrefix("export ") { rest = rest.dropFirst(7).drop(while: \.isWhitespace) }
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        rest = rest[name.endIndex...]
        guard !name.isEmpty, rest.hasPrefix("=") || rest.hasPrefix("+=") else { return nil }
        let appends = rest.hasPrefix("+")
        rest = rest.dropFirst(appends ? 2 : 1)
        return Assignment(
            line: 0, name: String(name), appends: appends, conditional: false,
            parts: split(line[..<rest.startIndex], rest))
    }

    private static func split(_ start: Substring, _ rest: Substring) -> (head: String, value: String, tail: String)? {
        guard let quote = rest.first, quote == "\"" || quote == "'" else {
            let value = rest.prefix { !$0.isWhitespace }
            let after = rest[value.endIndex...].drop(while: \.isWhitespace)
            guard after.isEmpty || after.hasPrefix("#"), !value.contains(where: { "\\$`\"';&|()<>".contains($0) })
            else { return nil }
            return (start + "\"", String(value), "\"" + rest.dropFirst(value.count))
        }
        let body = rest.dropFirst()
        guard let close = body.firstIndex(of: quote) else { return nil }
        let behind = body[body.index(after: close)...]
        let after = behind.drop(while: \.isWhitespace)
        guard after.isEmpty || (after.hasPrefix("#") && behind.first?.isWhitespace == true),
            !body[..<close].contains("\\")
        else { return nil }
        return (start + String(quote), String(body[..<close]), String(rest[close...]))
    }
}
