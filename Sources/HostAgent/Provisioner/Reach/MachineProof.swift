public import Contract
import SecureShell
public import VirtualMachines

/// What a VM on a provisioned image showed when it was asked whether CUDA works in it.
public struct MachineProof: Codable, Equatable, Sendable {
    /// A line each, cleaned for a terminal.
    public var evidence: [String]
    /// Whether its GPU is the simulated one.
    public var isSimulated: Bool
    /// How long asking and answering took.
    public var seconds: Double

    /// A proof that was passed.
    public init(evidence: [String], isSimulated: Bool, seconds: Double) {
        self.evidence = evidence
        self.isSimulated = isSimulated
        self.seconds = seconds
    }

    /// Asks the guest's agent (`gpu-guest-agent prove`).
    ///
    /// - Parameters:
    ///   - guest: That of `machine`. It is asked over its connection, which is closed then; its key is the only one to take.
    ///   - keys: Those of an ephemeral access.
    ///   - recipe: What is to be proven.
    /// - Throws: What is not so, as the agent says it; ``FailureCode/proofBoot`` where no agent answers; what ended the wait.
    public static func ask(
        _ machine: VirtualMachine, _ guest: ReachedGuest, access: Job.Access, keys: GuestKeys, recipe: Recipe,
        context: JobContext
    ) async throws -> MachineProof {
        let began = ContinuousClock.now
        let reach = GuestReach(machine, GuestLogin(access: access, keys: keys, context: context))
        let verdict = try await verdict(reach, machine.record.specification.name, guest, recipe, context)
        guard verdict.passed else {
            throw verdict.refusal(
                "CUDA does not work in the guest.", remedy: "Look at its kernel's messages.")
        }
        return MachineProof(
            evidence: verdict.evidence.map { Printable.line($0) },
            isSimulated: recipe.gpus.contains { $0.simulated }, seconds: (ContinuousClock.now - began).inSeconds)
    }

    /// Asks until the guest has answered, or its boot's deadline is over.
    private static func verdict(
        _ reach: GuestReach, _ name: String, _ guest: ReachedGuest, _ recipe: Recipe, _ context: JobContext
    ) async throws -> ProofVerdict {
        let end = ContinuousClock.now + reach.bootDeadline
        var guest = guest
        while true {
            do {
                let shell = try await reach.shell(guest)
                let verdict = try await reach.watch.during("prove that CUDA works in the guest") {
                    try await ProofVerdict.ask(
                        shell, Plan(runID: name, recipe: recipe, payloads: []),
                        remedy: "Look at the guest's console: provision-gpu-vm logs \(name).")
                }
                await shell.connection.close()
                return verdict
            } catch let failure as Failure
                where [.sshBroken, .sshUnreachable].contains(failure.code) && ContinuousClock.now < end
            {
                // A guest may reboot in its first boot: cloud-init does where user-data says so. There is no event to wait for but the
                // next answer of its SSH server.
                context.progress(.note("The guest ended the connection, and is asked again."))
                guest = ReachedGuest(guest.contact)
                try await Task.sleep(for: .seconds(1))
            }
        }
    }
}

extension Recipe {
    /// What is left to prove in a VM that stands on an image of this recipe: its own GPUs, the driver with them, and the sampler. The
    /// toolkits' files were proven in the image and are the same in each VM. Nil where there is no driver, or no GPU.
    public func ofMachine(with gpu: Job.GPURequest) -> Recipe? {
        let gpus: [ExpectedGPU]
        switch gpu {
        case .none: return nil
        case .simulated: gpus = [.simulated]
        case .passthrough(let cards):
            gpus = [ExpectedGPU(vendor: "10de", device: nil, count: cards.count, simulated: false)]
        }
        guard driver != nil, gpus.contains(where: { $0.count > 0 }) else { return nil }
        return Recipe(gpus: gpus, driver: driver, telemetry: telemetry)
    }
}
