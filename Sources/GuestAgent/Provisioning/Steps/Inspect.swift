import Contract
import Guest

/// Looks at the machine before anything is changed, and refuses what cannot work.
struct Inspect: Step {
    let id = StepID.inspect
    let title = "look at the machine"

    func check(_ context: StepContext) async throws -> CheckResult {
        let facts = try await context.guest.facts(gpus: context.plan.recipe.gpus)
        context.emit(.inspected(facts))
        // What was put in can be taken out of any machine, with or without its GPU.
        if context.plan.recipe.undo == nil {
            if let failure = Self.refusal(facts, context) { return .blocked(failure) }
            if case .uncertain(let words)? = Distribution.of(context.root)?.support {
                context.emit(
                    .warning(id, message: "\(facts.osName): \(words); it is treated like its nearest relative"))
            }
            if let failure = try await DriverObstacles(context)?.first() { return .blocked(failure) }
        }
        let missing = PCIBus(context.root).missing(context.plan.recipe.gpus)
        if !missing.isEmpty { return .needed("only " + missing.joined(separator: ", ")) }
        return .satisfied(
            ["\(facts.osName), kernel \(facts.kernel), systemd \(facts.systemd ?? 0)"]
                + facts.gpus.map { "\($0.address) \($0.vendor):\($0.device), driver \($0.driver ?? "none")" })
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        let missing = PCIBus(context.root).missing(context.plan.recipe.gpus)
        return missing.isEmpty ? [] : [.note("ask the host to attach the GPU")]
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        .needsHost(
            .attachGPU, "only " + PCIBus(context.root).missing(context.plan.recipe.gpus).joined(separator: ", "))
    }

    func verify(_ context: StepContext) async throws -> [String] {
        PCIBus(context.root).gpus(context.plan.recipe.gpus).map { "\($0.address) \($0.vendor):\($0.device) is there" }
    }

    /// The refusal of a distribution that is of no known family.
    static func stranger(_ root: SystemRoot) -> Failure {
        let release = OSRelease(of: root)
        return .guest(
            .guestUnsupported, "look at the machine",
            "\(release.prettyName) is not a distribution that this agent knows to provision.",
            evidence: ["ID=\(release.id)", "ID_LIKE=\(release.idLike.joined(separator: " "))"],
            remedy: "Use an image of one of these: \(Distribution.supported).")
    }

    /// Why this machine is not worked on; nil where it is.
    static func refusal(_ facts: GuestFacts, _ context: StepContext) -> Failure? {
        func refuse(_ code: FailureCode, _ message: String, _ remedy: String) -> Failure {
            .guest(
                code, "look at the machine", message,
                evidence: ["\(facts.osName), \(facts.architecture), kernel \(facts.kernel)"], remedy: remedy)
        }
        guard facts.systemd != nil else {
            return refuse(
                .guestUnsupported, "The guest does not run systemd, which the agent needs to go on after a reboot.",
                "Use an image that boots with systemd.")
        }
        guard facts.architecture == "x86_64" else {
            return refuse(
                .guestUnsupported, "The guest is \(facts.architecture).",
                "Use an x86_64 image; NVIDIA's installers for other machines are not handled.")
        }
        guard let distribution = Distribution.of(context.root) else { return stranger(context.root) }
        if case .refused(let words) = distribution.support {
            return refuse(.guestUnsupported, words, "Use an image of one of these: \(Distribution.supported).")
        }
        return nil
    }
}
