/// Documentation/Troubleshooting.md, from the catalogue.
public enum Troubleshooting {
    /// The whole document, in Markdown.
    public static var document: String {
        var text = """
            # Troubleshooting

            Made from the failure catalogue (`Sources/Shared/FailureCatalogue`) by `UPDATE_GOLDEN=1 swift test --filter
            Troubleshooting`: change it there. `provision-gpu-vm explain [FILE…]` finds these texts in a log, in older and newer
            wordings, across line breaks; `…` stands for anything. Within a chapter the order says nothing; in an explanation the
            most telling comes first.

            """
        for area in FailureArea.allCases {
            text += "\n## \(area.title)\n\n| name | text | what it means | what to do | code |\n|---|---|---|---|---|\n"
            for entry in FailureCatalogue.entries where entry.area == area {
                let texts = entry.patterns.prefix(3).map { code(plain($0.text)) }.joined(separator: "<br>")
                let kind =
                    switch entry.kind {
                    case .failure: ""
                    case .warning: "A warning. "
                    case .notAnError: "No error. "
                    }
                let again = entry.retryable ? " May be tried again." : ""
                text += "| `\(entry.name)` | \(texts) | \(kind)\(cell(entry.message)) | \(cell(entry.remedy))\(again) |"
                text += " `\(entry.code)` |\n"
            }
        }
        return text
    }

    /// Named gaps as `…`.
    private static func plain(_ text: String) -> String {
        text.split(separator: "{", omittingEmptySubsequences: false).enumerated().map { index, part in
            index == 0 ? String(part) : "…" + part.drop { $0 != "}" }.dropFirst()
        }
        .joined()
    }

    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

    private static func code(_ text: String) -> String {
        "`\(cell(text).split(separator: " ").joined(separator: " "))`"
    }
}
