import Contract
import Fleet
import Provisioner

/// What `apply`, `reimage` and `destroy` ask for, each with a plan of its own.
struct FleetRequest {
    let manifest: FleetManifest
    let selection: SelectionOption
    let work: FleetWorkOptions
    let engine: EngineOptions
    let place: StateOption
    /// The guest agent; nil for the one beside this tool.
    let agent: String?
    /// Makes the command's plan of the whole fleet's; told which guests are meant.
    let narrow: @Sendable (FleetPlan, (String) -> Bool) -> FleetPlan

    /// Does it where the options say, prints what came of it, and ends the process where something failed. `licencesAccepted` may ask.
    func run(licencesAccepted: () throws -> Bool) async throws {
        let selector = try selection.selector()
        if let (site, slurm) = try engine.slurm(fleet: manifest.name) {
            try await SlurmApplication(self, site, slurm, selector).run(licencesAccepted: licencesAccepted)
        } else {
            try await FleetApplication(self, selector).run(licencesAccepted: licencesAccepted)
        }
    }

    /// The command's part of a plan. Throws where it means nobody.
    func narrowed(_ plan: FleetPlan, _ isMeant: (String) -> Bool) throws -> FleetPlan {
        let plan = narrow(plan, isMeant)
        try selection.check(plan)
        return plan
    }

    /// Shows what is to be done, and throws unless the user wants it and may have it.
    func agree(to order: FleetOrder, licencesAccepted: () throws -> Bool) throws {
        for line in FleetPlanText(order.plan).lines where !work.quiet { Terminal.note(line) }
        try confirm(order.plan)
        guard try !order.needsLicences || licencesAccepted() else { throw Licences.refusal() }
    }

    /// Guests whose disks would go are named in the plan above; who is asked has read it.
    private func confirm(_ plan: FleetPlan) throws {
        let lost = plan.guests.count { $0.losesDisk }
        guard lost > 0, !work.yes else { return }
        let loss = lost == 1 ? "One guest loses its disk." : "\(lost) guests lose their disks."
        guard Terminal.isInteractive, Terminal.confirm("\(loss) Go on?") else {
            throw Failure(
                .notConfirmed, operation: "apply the plan", message: "\(loss) Nobody said yes to that.",
                remedy: "Give --yes, or choose other guests with --only.", side: .host)
        }
    }
}
