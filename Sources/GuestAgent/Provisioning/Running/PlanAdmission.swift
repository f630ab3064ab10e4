public import Contract
public import Guest

/// What becomes of a plan that the host hands over.
public enum PlanAdmission: Equatable, Sendable {
    /// A new journal was begun.
    case begun(runID: String)
    /// The same job is under way and goes on; the runID is the journal's.
    case continued(runID: String)
    /// The same, and a process is at it already.
    case running(runID: String)

    /// Admits `plan`: archives a finished journal, continues an unfinished one of an equal recipe, refuses another.
    /// `abandoning`: another unfinished job is given up, and says so in its journal.
    /// Throws a ``Failure`` with ``FailureCode/planRefused``.
    public static func admit(_ plan: Plan, to guest: Guest, abandoning: Bool = false) throws -> PlanAdmission {
        if let refusal = refusal(of: plan) { throw refusal }
        guard let lock = try RunLock.take(guest.root) else {
            // The journal is another process's to write; reading it is enough to know whether it is the same job.
            guard let current = JournalReader.plan(guest.root), current.recipe == plan.recipe else {
                throw other(JournalReader.plan(guest.root)?.runID)
            }
            return .running(runID: current.runID)
        }
        defer { withExtendedLifetime(lock) {} }

        let journal = try Journal.open(guest.root, boot: guest.bootID)
        guard let current = journal.plan else {
            try journal.append(.planAccepted(plan))
            return .begun(runID: plan.runID)
        }
        if abandoning && journal.succeeded == nil && current.recipe != plan.recipe {
            try journal.append(.warning(nil, message: "the run was abandoned for run \(plan.runID)"))
            try journal.append(.finished(succeeded: false))
        }
        if journal.succeeded != nil {
            try Journal.archive(guest.root, runID: current.runID)
            try Journal.open(guest.root, boot: guest.bootID).append(.planAccepted(plan))
            return .begun(runID: plan.runID)
        }
        guard current.recipe == plan.recipe else { throw other(current.runID) }
        if current.payloads != plan.payloads {
            // The drives moved, nothing else: the run keeps its name and goes on.
            var moved = plan
            moved.runID = current.runID
            try journal.append(.planAccepted(moved))
        }
        return .continued(runID: current.runID)
    }

    private static func refusal(of plan: Plan) -> Failure? {
        func refuse(_ message: String) -> Failure {
            .guest(
                .planRefused, "accept the plan", message,
                remedy: "Use the agent that was built with this tool (--agent).")
        }
        guard plan.schema <= ContractVersion.journal else {
            return refuse(
                "The plan has schema \(plan.schema), which is newer than this agent (\(ContractVersion.journal)).")
        }
        // The run's name becomes a file's name.
        let allowed = plan.runID.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard allowed, !plan.runID.isEmpty, plan.runID.utf8.count <= 128, !plan.runID.hasPrefix(".") else {
            return refuse("\"\(plan.runID.prefix(200))\" is no name for a run (letters, digits, - _ . only).")
        }
        var places: Set<[Substring]> = []
        for path in plan.recipe.toolkits.map(\.toolkitPath) {
            // Folders are removed below it after an interrupted installation.
            let parts = path.split(separator: "/")
            guard path.hasPrefix("/"), parts.count >= 2, !path.contains(where: \.isWhitespace),
                !parts.contains(".."), !parts.contains("."), parts != ToolkitLink.path.split(separator: "/")
            else {
                return refuse(
                    "\"\(path)\" is no place for a toolkit: an absolute path of two parts or more, without spaces, and not \(ToolkitLink.path), which is a link to one."
                )
            }
            guard places.insert(parts).inserted else {
                return refuse("Two toolkits are to be installed into \"\(path)\".")
            }
        }
        return nil
    }

    private static func other(_ runID: String?) -> Failure {
        .guest(
            .planRefused, "accept the plan",
            "Another job\(runID.map { ", run \($0)," } ?? "") is unfinished in this guest.",
            remedy: "Finish that one first, or move \(StateFolder.journal) in the guest away.")
    }
}
