import Contract

/// How long a run is followed through cut connections and agents that died. Pure.
struct Perseverance {
    /// What to do when a connection has ended before the guest's last word.
    enum Next: Equatable {
        /// Connect again; the agent goes on by itself.
        case reconnect
        /// Hand the plan over again, which starts an agent that is dead; it goes on in its journal.
        case handOverAgain
        /// It has been tried often enough.
        case giveUp(Failure)
    }

    /// Connections in a row that brought no record.
    static let connectionLimit = 5
    /// Agents in a row that died without bringing one more step to its end: what killed them will kill the next.
    static let deathLimit = 3

    private var connections = 0
    private var deaths = 0
    private var records = 0
    private var steps = 0

    /// `journal`: all records so far, those of before this connection included.
    init(_ journal: [JournalRecord]) {
        records = Self.substance(journal)
        steps = Self.completedSteps(journal)
    }

    /// What follows from the end of a connection; nil for `cut` where it ended without a failure.
    mutating func next(after cut: Failure?, journal: [JournalRecord]) -> Next {
        let (substance, completed) = (Self.substance(journal), Self.completedSteps(journal))
        if substance > records { connections = 0 }
        if completed > steps { deaths = 0 }
        (records, steps) = (substance, completed)
        guard let cut else { return .reconnect }
        if cut.code == .agentSilent {
            deaths += 1
            return deaths > Self.deathLimit ? .giveUp(cut) : .handOverAgain
        }
        connections += 1
        return connections >= Self.connectionLimit ? .giveUp(cut) : .reconnect
    }

    /// An agent that crashes at its start writes that it started, each time; that is no progress.
    private static func substance(_ journal: [JournalRecord]) -> Int {
        journal.count { record in
            switch record.event {
            case .agentStarted, .unknown: false
            default: true
            }
        }
    }

    /// Each counts once: some are looked at again after each reboot.
    private static func completedSteps(_ journal: [JournalRecord]) -> Int {
        Set(
            journal.compactMap { record -> StepID? in
                switch record.event {
                case .stepSatisfied(let id, _), .stepApplied(let id), .stepVerified(let id, _): id
                default: nil
                }
            }
        ).count
    }
}
