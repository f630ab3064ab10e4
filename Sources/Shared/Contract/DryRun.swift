/// What a run would do, told without doing it.
public struct DryRun: Codable, Equatable, Sendable {
    /// One thing that a step would do.
    public enum Action: Codable, Equatable, Sendable {
        /// Run a program, as a person would type it.
        case run(String)
        /// Write a file: what it would hold, or the lines that would change.
        case write(path: String, text: String)
        /// Remove a file.
        case remove(path: String)
        /// Reboot, where the reason holds.
        case reboot(String)
        /// Anything else, in words.
        case note(String)
    }

    /// What a step found.
    public enum Verdict: String, Codable, Sendable {
        case satisfied, needed, blocked
        /// Only an earlier step's doing could tell.
        case unknown
    }

    /// One step.
    public struct Step: Codable, Equatable, Sendable {
        public var id: StepID
        /// In the infinitive, for people.
        public var title: String
        public var verdict: Verdict
        /// Evidence where it is satisfied, the reason where it is needed.
        public var reasons: [String]
        /// What would be done; empty where it is satisfied.
        public var actions: [Action]
        /// Why it cannot be done.
        public var failure: Failure?

        /// A step's prospect.
        public init(
            id: StepID, title: String, verdict: Verdict, reasons: [String] = [], actions: [Action] = [],
            failure: Failure? = nil
        ) {
            self.id = id
            self.title = title
            self.verdict = verdict
            self.reasons = reasons
            self.actions = actions
            self.failure = failure
        }
    }

    /// All steps, in order.
    public var steps: [Step]

    /// A dry run.
    public init(steps: [Step]) {
        self.steps = steps
    }
}
