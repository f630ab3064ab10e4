import Passthrough

/// What `bind` and `release` did, or would do.
enum ClaimRenderer {
    /// The functions on stdout, what else is to be said on stderr.
    static func show(_ changes: [CardChange], _ format: ReportFormat) throws {
        switch format {
        case .json: try Terminal.writeJSON(changes)
        case .text:
            for change in changes {
                Terminal.write(SafeText.lines(change.functions.map { line($0) }))
                for note in change.notes {
                    let words = "\(change.card): \(note)"
                    Terminal.note(SafeText.lines(Wrapped.lines(words, indent: "    ", width: min(Terminal.width, 100))))
                }
            }
        }
    }

    /// The steps, as a script.
    static func show(_ planned: [PlannedCard], _ format: ReportFormat) throws {
        switch format {
        case .json: try Terminal.writeJSON(planned)
        case .text:
            for card in planned {
                Terminal.write("# \(card.card)\(card.steps.isEmpty ? ": nothing to do" : "")")
                if !card.steps.isEmpty { Terminal.write(SafeText.lines(card.steps)) }
            }
        }
    }

    private static func line(_ function: CardChange.Function) -> String {
        let to = function.to ?? "no driver"
        return function.from == function.to
            ? "\(function.address)  \(to), as before" : "\(function.address)  \(function.from ?? "no driver") -> \(to)"
    }
}
