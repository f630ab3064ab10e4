import Contract
public import Guest

/// Runs a plan's steps: asks the ``StepMachine`` what is next, does it, and writes it down.
public struct Runner: Sendable {
    /// How a run in this process ended.
    public enum Ending: Equatable, Sendable {
        case finished(succeeded: Bool)
        /// The machine is going down; the unit continues in the next boot.
        case rebooting
        /// The process was asked to end.
        case stopped
    }

    /// The effects that tests replace.
    public struct Effects: Sendable {
        /// Asks the machine to reboot.
        public var reboot: @Sendable () async throws -> Void
        /// Sleeps.
        public var sleep: @Sendable (Duration) async -> Void
        /// Called when the journal is finished: the unit need not start in the next boot.
        public var finished: @Sendable () async -> Void

        /// Effects of one's own.
        public init(
            reboot: @escaping @Sendable () async throws -> Void, sleep: @escaping @Sendable (Duration) async -> Void,
            finished: @escaping @Sendable () async -> Void
        ) {
            self.reboot = reboot
            self.sleep = sleep
            self.finished = finished
        }
    }

    /// How long a machine may take to go down, and the host to answer a request.
    static let shutdownPatience = Duration.seconds(240)
    static let hostPatience = Duration.seconds(180)

    private let guest: Guest
    private let steps: [any Step]
    private let machine: StepMachine
    private let journal: Journal
    private let effects: Effects

    /// A runner of `steps`, in their order, on `journal`, which has a plan.
    public init(guest: Guest, steps: [any Step], journal: Journal, effects: Effects) {
        self.guest = guest
        self.steps = steps
        self.machine = StepMachine(steps.map { StepMachine.Descriptor($0.id, $0.flavour) })
        self.journal = journal
        self.effects = effects
    }

    /// Continues the journal to its end or to a reboot. Throws only where the journal cannot be written.
    public func run() async throws -> Ending {
        let boot = guest.bootID
        if journal.succeeded == nil { try journal.append(.agentStarted(version: ContractVersion.tool)) }
        while true {
            if StopRequest.isMade {
                try journal.append(
                    .warning(nil, message: "the agent was told to stop (SIGTERM); the run is not finished"))
                return .stopped
            }
            switch machine.next(journal.records, boot: boot) {
            case .check(let id, let reboots, let started):
                if let ending = try await attempt(id, reboots: reboots, started: started) { return ending }
            case .verify(let id):
                try await guarded(id) { step, context in
                    try journal.append(.stepVerified(id, evidence: try await step.verify(context)))
                }
            case .reboot(let id, let reason):
                if let ending = try await reboot(id, reason) { return ending }
            case .fail(let id, let failure):
                try journal.append(.stepFailed(id, failure))
            case .finish(let succeeded):
                guest.root.sync()
                try journal.append(.finished(succeeded: succeeded))
            case .stop(let succeeded):
                await effects.finished()
                return .finished(succeeded: succeeded)
            }
        }
    }

    /// Checks a step and applies it where it is needed. An ending is returned where this boot is over.
    private func attempt(_ id: StepID, reboots: Int, started: Bool) async throws -> Ending? {
        var reasonToReboot: String?
        try await guarded(id, reboots: reboots) { step, context in
            switch try await step.check(context) {
            case .blocked(let failure): throw failure
            case .satisfied(let evidence):
                // A step that was begun before must be proven; one that was found done is evidence itself.
                try journal.append(
                    started
                        ? .stepVerified(id, evidence: try await step.verify(context))
                        : .stepSatisfied(id, evidence: evidence))
            case .needed(let reason):
                try journal.append(.stepStarted(id, reason: reason))
                switch try await step.apply(context) {
                case .applied:
                    guest.root.sync()  // before the journal says so: a power cut must not make it a lie
                    try journal.append(.stepApplied(id))
                case .rebootRequired(let reason):
                    guest.root.sync()
                    reasonToReboot = reason
                case .needsHost(let wanted, let reason):
                    try journal.append(.hostNeeded(id, wanted, reason: reason))
                    try await waitForHost(step, context, wanted)
                    try journal.append(.stepApplied(id))
                }
            }
        }
        if let reasonToReboot { return try await reboot(id, reasonToReboot) }
        return nil
    }

    /// Asks the step's check until it is satisfied; that is the host's answer.
    private func waitForHost(_ step: any Step, _ context: StepContext, _ request: HostRequest) async throws {
        let end = ContinuousClock.now + Self.hostPatience
        // Asked every two seconds: what it sees each time is no news.
        let context = StepContext(guest: context.guest, plan: context.plan, reboots: context.reboots) { _ in }
        while true {
            await effects.sleep(.seconds(2))
            let result = try await step.check(context)
            if case .satisfied = result { return }
            if case .blocked(let failure) = result { throw failure }
            if StopRequest.isMade || ContinuousClock.now >= end {
                throw Failure.guest(
                    request == .attachGPU ? .gpuNotVisible : .payloadMissing, step.title,
                    "The guest needs something that the host did not give within \(Self.hostPatience).",
                    evidence: ["request: \(request)", "last check: \(result)"],
                    remedy: request == .attachGPU
                        ? "Give the VM the GPU that the plan names (--gpu), and look at `lspci -nn` in the guest."
                        : "Attach the drive that the plan names.",
                    retryable: true)
            }
        }
    }

    private func reboot(_ id: StepID, _ reason: String) async throws -> Ending? {
        try journal.append(.rebootRequested(id, reason: reason))
        do {
            try await effects.reboot()
        } catch {
            try journal.append(.warning(id, message: "the reboot could not be asked for: \(Self.words(error))"))
        }
        // The machine goes down under this sleep, or the process is told to stop. If neither, ask again.
        let end = ContinuousClock.now + Self.shutdownPatience
        while !StopRequest.isMade {
            await effects.sleep(.seconds(1))
            // No process outlives its boot, but one that simulates machines (the tests) does.
            if guest.bootID != journal.records.last?.boot { return .rebooting }
            if ContinuousClock.now >= end { return nil }
        }
        return .rebooting
    }

    /// Runs `body` and turns whatever it throws, apart from trouble with the journal, into a failed step.
    private func guarded(
        _ id: StepID, reboots: Int = 0, _ body: (any Step, StepContext) async throws -> Void
    ) async throws {
        guard let step = steps.first(where: { $0.id == id }), let plan = journal.plan else { return }
        let journal = journal
        let context = StepContext(guest: guest, plan: plan, reboots: reboots) { event in
            // A line of progress that is lost on a full disk is no reason to stop an installer; the next decisive
            // record fails in its own right.
            try? journal.append(event)
        }
        do {
            try await body(step, context)
        } catch let failure as Failure {
            if StopRequest.isMade { return }  // the step was interrupted; it has not failed
            try journal.append(.stepFailed(id, failure))
        } catch {
            if StopRequest.isMade { return }
            try journal.append(
                .stepFailed(
                    id,
                    .guest(
                        .internal, step.title, "The agent could not go on: \(Self.words(error)).",
                        remedy: "Look at disk space and at the system's journal in the guest.")))
        }
    }

    private static func words(_ error: any Error) -> String {
        (error as? Failure)?.message ?? describe(error)
    }
}
