import Contract
public import Provisioner

/// A VM that a command's NAME means.
public enum KnownMachine: Sendable {
    /// One of `start`.
    case machine(MachineHome)
    /// One that a run has started.
    case run(StoredRun, StoredRun.Part)

    public var name: String {
        switch self {
        case .machine(let home): home.name
        case .run(let run, _): run.name
        }
    }

    /// Where QEMU's files are.
    public var vmFolder: String {
        switch self {
        case .machine(let home): home.vmFolder
        case .run(let run, let part): run.machineFolder(part)
        }
    }

    /// What is known of it now.
    public func facts(state: String) -> MachineFacts {
        switch self {
        case .machine(let home): MachineSurvey(state: state).machine(home)
        case .run(let run, let part): MachineSurvey(state: state).facts(of: run, part)
        }
    }

    /// All VMs of `start`.
    public static func allMachines(state: String) -> [KnownMachine] {
        MachineHome.all(state: state).map { .machine($0) }
    }

    /// What NAME may be completed to.
    public static func names(state: String) -> [String] {
        MachineHome.all(state: state).map(\.name) + StoredRun.all(state: state).map(\.name)
    }

    /// The VM called `name`: one of `start`, or a run; a beginning of the name will do where it means one only.
    ///
    /// Throws ``FailureCode/machineUnknown`` with the names that there are, ``FailureCode/optionInvalid`` for a beginning that
    /// means several.
    public static func named(_ name: String, state: String) throws -> KnownMachine {
        let homes = MachineHome.all(state: state)
        let runs = StoredRun.all(state: state)
        if let home = homes.first(where: { $0.name == name }) { return .machine(home) }
        if let run = runs.first(where: { $0.name == name }) { return .run(run, run.currentPart) }
        let candidates =
            homes.filter { $0.name.hasPrefix(name) }.map { KnownMachine.machine($0) }
            + runs.filter { $0.name.hasPrefix(name) }.map { .run($0, $0.currentPart) }
        if candidates.count == 1, !name.isEmpty { return candidates[0] }
        guard candidates.isEmpty || name.isEmpty else {
            throw Failure(
                .optionInvalid, operation: "find the VM", message: "\"\(Printable.line(name))\" means several VMs.",
                evidence: candidates.map(\.name), remedy: "Write more of the name.", side: .host)
        }
        let names = homes.map(\.name) + runs.map(\.name)
        throw Failure(
            .machineUnknown, operation: "find the VM",
            message: "There is no VM called \"\(Printable.line(name))\".",
            evidence: names.isEmpty ? ["there is none at all in \(state)"] : names.map { "there is \($0)" },
            remedy: "See `provision-gpu-vm list`; another place is named with --state.", side: .host)
    }
}
