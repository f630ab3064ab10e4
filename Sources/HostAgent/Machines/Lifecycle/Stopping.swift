import Contract
import FoundationEssentials
import Host
public import Passthrough
import Provisioner
import VirtualMachines

/// Stops a VM: the power button, then QMP's `quit`, SIGTERM, SIGKILL, each with a deadline. A VM that does not run is fine.
public struct Stopping: Sendable {
    /// What it took.
    public enum Measure: String, Codable, Sendable {
        case wasNotRunning = "was-not-running"
        /// The guest heard the power button, or ended by itself meanwhile.
        case shutDown = "shut-down"
        case quit, terminated, killed

        /// Whether the guest could write what it had to.
        public var isClean: Bool { self == .wasNotRunning || self == .shutDown }
    }

    /// How it went.
    public struct Outcome: Codable, Equatable, Sendable {
        public var name: String
        public var measure: Measure
        public var seconds: Double
        /// What is worth telling besides: cards that were put back, and those that were not.
        public var notes: [String]
        /// Whether its folder was removed.
        public var removed: Bool
    }

    private let state: String
    private let claims: Claims

    /// - Parameters:
    ///   - state: Where VMs are kept, in `machines`.
    ///   - claims: How cards are put back.
    public init(state: String, claims: Claims = Claims()) {
        self.state = state
        self.claims = claims
    }

    /// Stops one VM.
    ///
    /// - Parameters:
    ///   - grace: How long the guest may take to shut down; nil does not ask it.
    ///   - remove: Forget the VM afterwards: its folder with keys, firmware variables and logs. Its image stays.
    /// - Throws: ``FailureCode/guestDidNotStop`` where not even SIGKILL helps, ``FailureCode/runLocked`` where another command
    ///   works on it.
    public func stop(_ vm: KnownMachine, grace: Duration?, remove: Bool = false) async throws -> Outcome {
        switch vm {
        case .machine(let home): try await stop(home, grace: grace, remove: remove)
        case .run(let run, let part):
            if run.isAtWork {
                throw Failure(
                    .runLocked, operation: "stop the VM \(run.name)",
                    message: "A provision-gpu-vm works on this run and would see its VM die.",
                    remedy: "Stop that command (Ctrl-C): it switches the guest off, and goes on later.", side: .host)
            } else if remove {
                throw Failure(
                    .optionInvalid, operation: "remove \(run.name)",
                    message: "\(run.name) is a run, and no VM of `start`.",
                    remedy: "Leave --remove out.", side: .host)
            } else {
                try await stop(run.name, in: run.machineFolder(part), grace: grace)
            }
        }
    }

    private func stop(_ home: MachineHome, grace: Duration?, remove: Bool) async throws -> Outcome {
        var outcome = try await stop(home.name, in: home.vmFolder, grace: grace)
        // From here on it is provably gone; whoever starts it anew meanwhile keeps what is his.
        let lock: LockFile
        do {
            lock = try home.lock()
        } catch let failure as Failure where failure.code == .runLocked && !remove && outcome.measure != .wasNotRunning
        {
            // The `start` that waited for this guest unwinds by itself.
            return outcome
        }
        defer { withExtendedLifetime(lock) {} }
        guard try MachineRecord.look(in: home.vmFolder)?.lives != true else { return outcome }
        home.settle()
        let restored = await claims.restoreAbandoned()
        outcome.notes += restored.changes.map { "The card \($0.card) was put back." } + restored.failures.map(\.message)
        if remove {
            do {
                try FileManager.default.removeItem(atPath: home.path)
                outcome.removed = true
            } catch {
                throw Failure(
                    .hostSpace, operation: "remove the VM \(home.name)",
                    message: "\(home.path) cannot be removed: \(error)",
                    remedy: "Look at its owner and rights.", side: .host)
            }
        }
        return outcome
    }

    private func stop(_ name: String, in folder: String, grace: Duration?) async throws -> Outcome {
        let began = ContinuousClock.now
        var outcome = Outcome(name: name, measure: .wasNotRunning, seconds: 0, notes: [], removed: false)
        // By the socket for guests: a `start` that stays with its VM has the other one.
        guard let machine = try await VirtualMachine.adopt(folder: folder, through: .guest) else { return outcome }
        if let grace, try await machine.pressPowerButton(grace: grace) != nil {
            outcome.measure = .shutDown
        } else {
            outcome.measure = Measure(try await machine.endQEMU())
        }
        outcome.seconds = (ContinuousClock.now - began) / .seconds(1)
        return outcome
    }
}

extension Stopping.Measure {
    init(_ measure: VirtualMachine.QuitMeasure) {
        self =
            switch measure {
            case .alreadyOver: .shutDown
            case .quit: .quit
            case .terminated: .terminated
            case .killed: .killed
            }
    }
}
