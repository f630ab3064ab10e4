/// What a run of Scripts/passthrough-lane printed: one line per step, what was missed under it, the plan at the end.
struct TestAnythingProtocol {
    /// One step.
    struct Step: Equatable {
        var name: String
        var passed: Bool
        /// What was expected in it and was not so.
        var missed: [String]
    }

    var steps: [Step] = []
    /// How many steps there were to be; nil for a run that was cut off, since the plan is printed last.
    var planned: Int?

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /(not )?ok [0-9]+ - (.+)/) {
                steps.append(Step(name: String(match.2), passed: match.1 == nil, missed: []))
            } else if let match = line.wholeMatch(of: /1\.\.([0-9]+)/) {
                planned = Int(match.1)
            } else if let match = line.wholeMatch(of: /# missed: (.*)/), !steps.isEmpty {
                steps[steps.count - 1].missed.append(String(match.1))
            }
        }
    }
}
