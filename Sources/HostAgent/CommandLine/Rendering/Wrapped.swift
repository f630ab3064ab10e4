/// Prose in lines of bounded width.
enum Wrapped {
    static func lines(_ text: String, indent: String, width: Int) -> [String] {
        // What fits keeps its columns.
        if text.count <= width { return [text] }
        var lines: [String] = []
        var line = String(text.prefix { $0 == " " })
        for word in text.split(separator: " ") {
            if line.contains(where: { $0 != " " }), line.count + 1 + word.count > width {
                lines.append(line)
                line = indent + word
            } else {
                line += (line.isEmpty || line.hasSuffix(" ") ? "" : " ") + word
            }
        }
        return lines + [line]
    }
}
