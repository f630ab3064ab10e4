import Contract
import Guest
import Runfiles

/// Takes out the driver that this agent installed, by NVIDIA's uninstaller, and stops what uses it first.
struct UndoDriver: Step {
    let id = StepID.undoDriver
    let title = "take the NVIDIA driver out"

    private var marker: InstallMarker { InstallMarker(.driver) }

    /// Users before what they use.
    private static let modules = ["nvidia_drm", "nvidia_modeset", "nvidia_uvm", "nvidia_peermem", "nvidia"]

    func check(_ context: StepContext) async throws -> CheckResult {
        let units = try units(context)
        if let version = DriverStamp.installed(context.root) { return .needed("driver \(version) is installed") }
        if marker.isSet(context.root) { return .needed("the installation of a driver was interrupted") }
        if !units.isEmpty { return .needed("\(units.joined(separator: ", ")) is enabled") }
        return .satisfied(try evidence(context))
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        var actions = try units(context).map { DryRun.Action.run(Self.disabling($0).line) }
        guard try await isOurs(context) else {
            if let attempt = DriverAttempt.found(context.root), let dkms = DKMS(context),
                try await dkms.registered().contains(attempt.version)
            {
                actions.append(.run(DKMS.removal(of: attempt.version).line))
            }
            return actions
        }
        let modules = KernelModules(context.guest)
        actions += Self.modules.filter { modules.entry($0) != nil }.map { .run("modprobe -r \($0)") }
        return actions + [.run(Self.uninstallation.line)]
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        for unit in try units(context) {
            // A unit that went with something else cannot be disabled, and need not be.
            _ = try await context.run(Self.disabling(unit))
            if try context.changes.read().units.contains(unit) { try context.changes.disabled(unit: unit) }
        }
        // One that is not ours stays, and holds the driver as well.
        if try await isOurs(context) {
            return try await TelemetryUnit.whileStopped(context) { try await takeOut(context) }
        }
        let version = DriverStamp.installed(context.root) ?? ""
        if !version.isEmpty { try DriverStamp.setUndone(version, context.root) }
        if let attempt = DriverAttempt.found(context.root) {
            try await DKMS(context)?.removeLeftovers(id, only: attempt.version)
            if try await KernelModules(context.guest).version(of: "nvidia") == attempt.version {
                try DriverStamp.setTorn(attempt.version, context.root)
            }
        }
        try marker.clear(context.root)
        return .applied
    }

    private func takeOut(_ context: StepContext) async throws -> ApplyResult {
        let modules = KernelModules(context.guest)
        for module in Self.modules where modules.entry(module) != nil { _ = try await modules.unload(module) }

        let version =
            DriverAttempt.found(context.root)?.version ?? DriverStamp.installed(context.root)
            ?? "that was installed in part"
        context.emit(.progress(id, message: "removing driver \(version)"))
        let result = try await context.run(Self.uninstallation, keeping: "nvidia-uninstall", id)
        guard result.succeeded else {
            throw Failure.command(
                Self.uninstallation, result, code: .undo, operation: title,
                remedy: "Read /var/log/nvidia-uninstall.log in the guest, and run undo again.")
        }
        if let attempt = DriverAttempt.found(context.root) {
            try await DKMS(context)?.removeLeftovers(id, only: attempt.version)
        }
        context.root.sync()
        try DriverStamp.setUndone(version, context.root)
        try marker.clear(context.root)
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        if let version = DriverStamp.undone(context.root),
            let installed = try await KernelModules(context.guest).version(of: "nvidia"), installed == version,
            DriverStamp.torn(context.root) != version
        {
            throw Failure.guest(
                .undo, title, "The uninstaller said that all is well, but modinfo still finds driver \(installed).",
                remedy: "Read /var/log/nvidia-uninstall.log in the guest.")
        }
        return try evidence(context)
    }

    /// Services that are ours: those that we enabled, and those whose unit we wrote. The units themselves are files, and go
    /// with the files.
    private func units(_ context: StepContext) throws -> [String] {
        let changes = try context.changes.read()
        let folder = "/etc/systemd/system/"
        let written = changes.files.filter { change in
            change.outcome == nil && change.original == .absent && change.path.hasPrefix(folder)
                && change.path.hasSuffix(".service") && !change.path.dropFirst(folder.count).contains("/")
                && context.root.exists(change.path)
        }.map { String($0.path.dropFirst(folder.count)) }
        return changes.units + written.filter { !changes.units.contains($0) }
    }

    /// Whether what is installed is what we installed, as far as can be told, and can be taken out.
    private func isOurs(_ context: StepContext) async throws -> Bool {
        guard context.root.exists(DriverInstaller.uninstaller) else { return false }
        return try await DriverAttempt.isOurs(context)
    }

    private func evidence(_ context: StepContext) throws -> [String] {
        var evidence: [String] = []
        if let version = DriverStamp.replaced(context.root) {
            evidence.append(Remains.line("driver \(version), which was there before, is not put back"))
        }
        if let version = DriverStamp.torn(context.root) {
            evidence.append(
                Remains.line("modules and files of driver \(version), of which there is no uninstaller that is ours"))
        }
        guard let version = DriverStamp.undone(context.root) else {
            return evidence.isEmpty ? ["no driver of this agent is installed"] : evidence
        }
        if context.root.exists(DriverInstaller.uninstaller) {
            evidence.append(Remains.line("the driver that somebody installed in place of ours (\(version))"))
        } else if DriverStamp.torn(context.root) != version {
            evidence.append("driver \(version) was taken out")
        }
        let modules = KernelModules(context.guest)
        let loaded = Self.modules.filter { modules.entry($0) != nil }
        if !loaded.isEmpty {
            evidence.append(
                Remains.line("\(loaded.joined(separator: ", ")) in the running kernel, until the next boot"))
        }
        return evidence
    }

    private static let uninstallation = Command(
        [DriverInstaller.uninstaller, "--silent"], deadline: .seconds(900), mergesErrors: true)

    private static func disabling(_ unit: String) -> Command {
        Command(["systemctl", "disable", "--now", unit], deadline: .seconds(120))
    }
}
