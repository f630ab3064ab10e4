public import Contract
import Guest

extension DryRun {
    /// For people: each step with its verdict, why, and what would be done, a line each.
    public var lines: [String] {
        steps.flatMap { step -> [String] in
            let mark =
                switch step.verdict {
                case .satisfied: "done already"
                case .needed: "would be done"
                case .blocked: "cannot be done"
                case .unknown: "cannot be told yet"
                }
            return ["\(step.title): \(mark)"] + step.reasons.map { "    why: \($0)" }
                + step.actions.flatMap(Self.lines)
                + (step.failure.map { ["    remedy: \($0.remedy)"] } ?? [])
        }
    }

    private static func lines(_ action: Action) -> [String] {
        switch action {
        case .run(let line): ["    run: \(line)"]
        case .write(let path, let text): ["    write: \(path)"] + text.lines.map { "        | \($0)" }
        case .remove(let path): ["    remove: \(path)"]
        case .reboot(let reason): ["    reboot: \(reason)"]
        case .note(let words): ["    \(words)"]
        }
    }
}
