import Contract
import Guest
import Runfiles

/// What would make the driver's installation fail, looked for before anything is changed.
struct DriverObstacles {
    private let context: StepContext
    private let recipe: DriverRecipe
    private let operation = "look at the machine"

    /// Nil where the plan has no driver.
    init?(_ context: StepContext) {
        guard let recipe = context.plan.recipe.driver else { return nil }
        self.context = context
        self.recipe = recipe
    }

    /// The first one, nil where there is none.
    func first() async throws -> Failure? {
        if let failure = kernelModules() { return failure }
        if let failure = try await secureBoot() { return failure }
        return try await packages()
    }

    /// The GPUs that the plan names and those that are there, which may be more exact.
    static func devices(_ context: StepContext) -> [KernelModuleChoice.Device] {
        let gpus = context.plan.recipe.gpus
        let expected = gpus.compactMap { gpu in
            gpu.device.map { KernelModuleChoice.Device(vendor: gpu.vendor, device: $0) }
        }
        let found = PCIBus(context.root).gpus(gpus).map {
            KernelModuleChoice.Device(vendor: $0.vendor, device: $0.device)
        }
        return Array(Set(expected + found))
    }

    private func kernelModules() -> Failure? {
        guard let version = ToolVersion(recipe.version) else { return nil }
        let choice = KernelModuleChoice.decide(
            driver: version, asked: recipe.kernelModules.flatMap { KernelModuleFlavour(rawValue: $0.rawValue) },
            devices: Self.devices(context))
        guard case .impossible(let message, let remedy) = choice else { return nil }
        if context.plan.recipe.allowIncompatible {
            context.emit(.warning(.inspect, message: message))
            return nil
        }
        return .guest(.incompatible, operation, message, remedy: remedy)
    }

    private func secureBoot() async throws -> Failure? {
        let signatures = ModuleSignatures(context.guest)
        let enforcement = signatures.enforcement
        guard let signing = recipe.signing else {
            guard !enforcement.isEmpty else { return nil }
            return .guest(
                .secureBoot, operation,
                "The kernel loads signed modules only, and nothing is given to sign the driver's with.",
                evidence: enforcement,
                remedy: "Start the VM without Secure Boot (and without module.sig_enforce), or give a signing key whose"
                    + " certificate is enrolled in the VM's firmware variables.")
        }
        guard let version = ToolVersion(recipe.version),
            DriverInstaller.accepts("--module-signing-secret-key", version: version)
        else {
            return .guest(
                .secureBoot, operation, "Driver \(recipe.version) cannot sign its modules; that came with 319.",
                remedy: "Use a newer driver, or a VM without Secure Boot.")
        }
        // Looked at now, as anything that is wrong with them would come out only when the modules are built.
        let material: SigningMaterial
        do {
            if context.isDry {
                material = try SigningFiles.look(signing, context)
            } else {
                let files = try await SigningFiles.prepare(signing, context)
                defer { files.remove(context.root) }
                material = files.material
            }
        } catch let failure as Failure {
            return failure
        }
        let trust = signatures.trust(certificate: material.certificate, keyID: material.keyID)
        switch trust {
        case .trusted: return nil
        case .undecided:
            context.emit(
                .warning(
                    .inspect, message: "whether the kernel trusts the signing certificate could not be found out"))
            return nil
        case .unknown(let looked):
            guard !enforcement.isEmpty else {
                context.emit(
                    .warning(
                        .inspect,
                        message: "the kernel does not know the signing certificate, and does not ask for signatures now"
                    ))
                return nil
            }
            return .guest(
                .secureBoot, operation,
                "The kernel does not trust the certificate that the modules would be signed with.",
                evidence: enforcement + looked,
                remedy: "Enrol the certificate in the VM's firmware variables (db, or MokList for shim) while the VM is"
                    + " off, and start it with them.")
        }
    }

    private func packages() async throws -> Failure? {
        guard let packaged = try await PackagedDriver.find(context) else { return nil }
        return .guest(
            .driverInstall, operation,
            "The distribution's packages have installed an NVIDIA driver, and NVIDIA's installer beside it would end in"
                + " two halves that do not fit.", evidence: packaged.packages.map { "package \($0)" },
            remedy: "Remove them in the guest (`\(packaged.removal)`), or use an image without them.")
    }
}
