import Contract
import Guest

/// Brings all packages up to date, and reboots where that brought another kernel than the running one.
struct UpdatePackages: Step {
    let id = StepID.updatePackages
    let title = "bring all packages up to date"

    /// Names the run that has updated; another run updates again.
    private static let marker = StateFolder.path + "/packages-updated"

    func check(_ context: StepContext) async throws -> CheckResult {
        guard isUpdated(context) else { return .needed("asked for with --update-packages") }
        guard let kernel = newerKernel(context) else { return .satisfied(evidence(context)) }
        guard context.reboots == 0 else {
            context.emit(
                .warning(id, message: "the boot loader still starts \(context.guest.kernel), not \(kernel)"))
            return .satisfied(evidence(context))
        }
        return .needed("kernel \(kernel) is installed and \(context.guest.kernel) runs")
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        let manager = try Distribution.require(context).packageManager(context.guest)
        return (isUpdated(context) ? [] : try manager.previewUpdate())
            + [.reboot("if the kernel that the next boot takes is not \(context.guest.kernel)")]
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        if !isUpdated(context) {
            let manager = try Distribution.require(context).packageManager(context.guest)
            do {
                try await manager.updateAll { context.emit(.progress(id, message: $0)) }
            } catch let missing as PackagesNotFound {
                throw missing.failure
            }
            context.root.sync()  // the marker must not outlive what it stands for
            try StateFolder(context.root).create()
            try context.root.write(context.plan.runID + "\n", to: Self.marker, mode: 0o600)
        }
        guard context.reboots == 0, let kernel = newerKernel(context) else { return .applied }
        return .rebootRequired("kernel \(kernel) was installed, and \(context.guest.kernel) runs")
    }

    func verify(_ context: StepContext) async throws -> [String] { evidence(context) }

    private func isUpdated(_ context: StepContext) -> Bool {
        context.root.attribute(Self.marker) == context.plan.runID
    }

    /// The kernel that the next boot takes, where it is not the running one.
    private func newerKernel(_ context: StepContext) -> String? {
        let kernels = InstalledKernels(context.root)
        let running = context.guest.kernel
        // Where the boot loader does not tell: an upgrade on Arch takes the running kernel's modules away.
        let next = kernels.nextBoot ?? (kernels.releases.contains(running) ? running : kernels.releases.last)
        return next == running ? nil : next
    }

    private func evidence(_ context: StepContext) -> [String] {
        ["all packages are up to date, kernel \(context.guest.kernel) runs"]
    }
}

extension Distribution {
    /// The guest's distribution, which ``Inspect`` has let pass.
    static func require(_ context: StepContext) throws -> Distribution {
        guard let distribution = Distribution.of(context.root) else { throw Inspect.stranger(context.root) }
        return distribution
    }
}
