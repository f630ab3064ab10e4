import Contract

/// Lines of text beside a label, fit for a terminal of 80 columns.
enum Hanging {
    static let width = 80

    /// `text` in lines beside `label`; later lines are indented as far. What was seen may come from anywhere: it is cleaned.
    static func lines(_ label: String, _ text: String) -> [String] {
        var lines: [String] = []
        var line = label
        var isEmpty = true
        for word in Printable.line(text, limit: 2000).split(separator: " ") {
            if !isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: label.count)
                isEmpty = true
            }
            line += (isEmpty ? "" : " ") + word
            isEmpty = false
        }
        return lines + [line]
    }
}
