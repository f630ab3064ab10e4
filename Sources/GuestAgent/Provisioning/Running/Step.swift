public import Contract
public import Guest

/// What a step's look at the machine found.
public enum CheckResult: Equatable, Sendable {
    /// Done already; a line each of what was seen.
    case satisfied([String])
    /// To be done, and why.
    case needed(String)
    /// Cannot be done.
    case blocked(Failure)
}

/// How a step's change went. What fails is thrown, as a ``Failure``.
public enum ApplyResult: Equatable, Sendable {
    case applied
    /// The running state stands in the way and only a reboot removes it. The step is checked again afterwards.
    case rebootRequired(String)
    /// Only the host can go on. The step's own check is the answer: it is asked again until it is satisfied.
    case needsHost(HostRequest, String)
}

/// One thing to be true of the finished guest. A step is done when its check passes, not when it ran.
public protocol Step: Sendable {
    /// Its name in the journal.
    var id: StepID { get }
    /// In the infinitive, for people: "install the NVIDIA driver".
    var title: String { get }
    /// How the machine treats it.
    var flavour: StepFlavour { get }
    /// Looks, changes nothing. Throwing means that it could not look.
    func check(_ context: StepContext) async throws -> CheckResult
    /// What ``apply(_:)`` would do now, told without doing it.
    func preview(_ context: StepContext) async throws -> [DryRun.Action]
    /// Changes the machine. Called only after a check that says it is needed; must stand being interrupted anywhere and
    /// called again.
    func apply(_ context: StepContext) async throws -> ApplyResult
    /// Proves the change, or the lack of need for one: evidence, a line each. Throws a ``Failure`` where it is not so.
    func verify(_ context: StepContext) async throws -> [String]
}

/// How the ``StepMachine`` treats a step.
public enum StepFlavour: Equatable, Sendable {
    /// Its result is on disk and outlives a reboot.
    case durable
    /// Its result is in the running kernel: in another boot it is checked again.
    case volatile
    /// Changes nothing: verified only, afresh in each boot.
    case proof
}

extension Step {
    public var flavour: StepFlavour { .durable }
    public func preview(_ context: StepContext) async throws -> [DryRun.Action] { [] }
}

/// What a step works with.
public struct StepContext: Sendable {
    /// The machine.
    public let guest: Guest
    /// The job.
    public let plan: Plan
    /// Times that this step has rebooted the machine before, in this run.
    public let reboots: Int
    /// Whether this is a dry run: only programs that look can be run, and a check may leave out what takes another.
    public let isDry: Bool
    /// Where to say something: the journal.
    public let emit: @Sendable (Event) -> Void

    /// A context.
    public init(
        guest: Guest, plan: Plan, reboots: Int = 0, isDry: Bool = false, emit: @escaping @Sendable (Event) -> Void
    ) {
        self.guest = guest
        self.plan = plan
        self.reboots = reboots
        self.isDry = isDry
        self.emit = emit
    }

    /// Where files of the guest's own are changed.
    public var changes: ChangeLedger { guest.changes }

    /// The guest's files.
    public var root: SystemRoot { guest.root }

    /// Runs a program.
    func run(_ command: Command) async throws -> CommandResult {
        try await guest.runner.run(command)
    }

    /// Runs a program and keeps what it printed as `name`.
    func run(_ command: Command, keeping name: String, _ step: StepID) async throws -> CommandResult {
        let result = try await guest.runner.run(command)
        emit(.output(step, ToolOutput(name: name, command: command, result: result)))
        return result
    }
}
