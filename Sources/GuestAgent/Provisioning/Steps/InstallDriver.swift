import Contract
import Guest
import Runfiles

/// Runs the driver's runfile.
struct InstallDriver: Step {
    let id = StepID.driver
    let title = "install the NVIDIA driver"
    /// The module is one kernel's, and another may run after a reboot.
    let flavour = StepFlavour.volatile
    let recipe: DriverRecipe

    private var marker: InstallMarker { InstallMarker(id) }
    private static let progressMarks = ["-> ", "ERROR: ", "WARNING: ", "executing: "]

    func check(_ context: StepContext) async throws -> CheckResult {
        if marker.isSet(context.root) { return .needed("an installation was interrupted") }
        guard let installed = try await KernelModules(context.guest).version(of: "nvidia") else {
            return .needed("no NVIDIA module for kernel \(context.guest.kernel)")
        }
        guard installed == recipe.version else { return .needed("driver \(installed) is installed") }
        guard context.root.exists("/usr/bin/nvidia-smi") else { return .needed("nvidia-smi is missing") }
        return .satisfied(["driver \(installed) is installed"])
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        if let obstacle = try await removeOther(context) { return obstacle }
        guard let version = ToolVersion(recipe.version) else {
            throw Failure.guest(
                .planRefused, title, "\"\(recipe.version)\" is no driver version.", remedy: "Use a driver runfile.")
        }
        let payload = try await PayloadFile.prepare(.driver, sha256: recipe.sha256, context, id, installsTo: "/usr")
        defer { payload.remove(context) }
        try marker.set(context.root)

        let options = DriverInstaller.Options(tmpdir: payload.workFolder, dkms: recipe.dkms && hasDKMS(context))
        let tail = LogTail(context.root, DriverInstaller.logPath) { [id] line in
            // The rest is the compilers' output, thousands of lines of it; the log is kept whole beside the journal.
            guard Self.progressMarks.contains(where: line.hasPrefix) else { return }
            context.emit(.progress(id, message: line))
        }
        try? context.root.remove(DriverInstaller.logPath)  // of an earlier attempt: not this one's progress
        let command = Command(
            ["sh", payload.path] + DriverInstaller.arguments(for: version, options: options),
            environment: ["TMPDIR": payload.workFolder], deadline: .seconds(3600), mergesErrors: true,
            whileRunning: { tail.poll() })
        let result = try await context.run(command, keeping: "nvidia-installer", id)
        let log = try keepLog(context)
        if result.succeeded {
            warnings(in: log, context)
            try DriverStamp.write(recipe.version, context.root)
            try marker.clear(context.root)
            return .applied
        }
        if result.ending == .stopped { throw stopped(result) }
        let diagnosis = InstallerDiagnosis(log + "\n" + result.output, rows: InstallerDiagnosis.driverRows)
        if let row = diagnosis.row, row.consequence == .reboot, context.reboots == 0 {
            return .rebootRequired(row.message + " " + (diagnosis.evidence.first ?? ""))
        }
        throw diagnosis.failure(title, unknown: .driverInstall, ending: result, log: DriverInstaller.logPath)
    }

    func verify(_ context: StepContext) async throws -> [String] {
        let installed = try await KernelModules(context.guest).version(of: "nvidia")
        guard installed == recipe.version else {
            throw Failure.guest(
                .driverInstall, title,
                "The installer said that all is well, but modinfo finds \(installed.map { "driver \($0)" } ?? "no nvidia module") for kernel \(context.guest.kernel).",
                remedy: "Read \(DriverInstaller.logPath) in the guest.")
        }
        return ["modinfo: nvidia \(recipe.version) for kernel \(context.guest.kernel)"]
    }

    /// Takes another version out. A result is returned where that has to end in a reboot.
    private func removeOther(_ context: StepContext) async throws -> ApplyResult? {
        let modules = KernelModules(context.guest)
        let other = try await modules.version(of: "nvidia")
        if let other, other != recipe.version {
            guard context.root.exists(DriverInstaller.uninstaller) else {
                throw Failure.guest(
                    .driverInstall, title, "Driver \(other) is installed, and not by NVIDIA's installer.",
                    remedy: "Remove the distribution's NVIDIA packages from the image.")
            }
            context.emit(.progress(id, message: "removing driver \(other)"))
            let command = Command(
                [DriverInstaller.uninstaller, "--silent"], deadline: .seconds(900), mergesErrors: true)
            let result = try await context.run(command, keeping: "nvidia-uninstall", id)
            guard result.succeeded else {
                throw Failure.command(
                    command, result, code: .driverInstall, operation: "remove driver \(other)",
                    remedy: "Read /var/log/nvidia-uninstall.log in the guest.")
            }
        }
        // An old module in the kernel makes the installer give up.
        guard other != recipe.version, modules.entry("nvidia") != nil else { return nil }
        for module in ["nvidia_drm", "nvidia_modeset", "nvidia_uvm", "nvidia_peermem", "nvidia"]
        where modules.entry(module) != nil {
            _ = try await modules.unload(module)
        }
        guard modules.entry("nvidia") != nil else { return nil }
        guard context.reboots == 0 else { return nil }  // the installer will say what holds it
        return .rebootRequired("the module of driver \(other ?? "of before") is in use and will not unload")
    }

    private func hasDKMS(_ context: StepContext) -> Bool {
        Command.searchPath.contains { context.root.exists("\($0)/dkms") }
    }

    private func keepLog(_ context: StepContext) throws -> String {
        guard let log = context.root.textIfReadable(DriverInstaller.logPath) else { return "" }
        try context.root.write(log, to: StateFolder(context.root).newLog("nvidia-installer"), mode: 0o600)
        context.emit(.output(id, .file("nvidia-installer-log", DriverInstaller.logPath, log)))
        return log
    }

    private func warnings(in log: String, _ context: StepContext) {
        for text in ["Failed to register the NVIDIA kernel modules with DKMS", "dkms build"]
        where log.contains(text) && log.contains("ERROR") {
            context.emit(
                .warning(
                    id, message: "the driver is not registered with DKMS: it works now and not for the next kernel"))
            break
        }
    }

    private func stopped(_ result: CommandResult) -> Failure {
        .guest(
            .interrupted, title, "The installer was stopped together with the agent.",
            remedy: "Run the same command again.", retryable: true)
    }
}

extension ToolOutput {
    /// A file's text, its end where it is longer than the limit.
    static func file(_ name: String, _ path: String, _ text: String) -> ToolOutput {
        let bytes = text.utf8
        let kept = String(decoding: bytes.suffix(limit), as: UTF8.self)
        return ToolOutput(name: name, source: path, exitStatus: nil, text: kept, truncated: bytes.count > limit)
    }
}
