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
        if let unlike = try await unlike(context) { return .needed(unlike) }
        guard context.root.exists("/usr/bin/nvidia-smi") else { return .needed("nvidia-smi is missing") }
        return .satisfied(["driver \(installed) is installed"])
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        guard let version = ToolVersion(recipe.version) else { return [] }
        var actions: [DryRun.Action] = []
        if let other = try await other(context) {
            actions.append(.run(Self.uninstallation.line))
            actions.append(.reboot("where the module of driver \(other) is in use and will not unload"))
        }
        if recipe.dkms, let dkms = DKMS(context) {
            actions += try await dkms.registered().map { .run(DKMS.removal(of: $0).line) }
        }
        let folder = "/var/tmp/gpu-guest-agent-XXXXXX"
        let name = context.plan.payloads.first { $0.role == .driver && $0.sha256 == recipe.sha256 }?.fileName
        let path = "\(folder)/\(PayloadFile.plainName(name ?? ""))"
        let choice = KernelModuleChoice.decide(driver: version, asked: asked, devices: DriverObstacles.devices(context))
        switch choice {
        case .installer:
            if let question = DriverInstaller.recommendation(for: version, tmpdir: folder) {
                actions.append(.run(Command(["sh", path] + question).line))
            }
            actions.append(.note("the flavour of the kernel modules is the installer's choice"))
        case .flavour(let flavour, let reason): actions.append(.note("\(flavour.rawValue) kernel modules: \(reason)"))
        case .impossible(let message, _): actions.append(.note(message))
        }
        let compiler = try await KernelCompiler.choose(context, id, installing: false)
        if !compiler.note.isEmpty { actions.append(.note("compiler: \(compiler.note)")) }
        let options = options(
            context, workFolder: folder, kernelModules: choice.flavour,
            signing: recipe.signing.map { _ in
                .init(key: "/run/KEY", certificate: "/run/CERTIFICATE")
            })
        let command = installation(path, version, options, compiler)
        let environment = command.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        actions.append(.run((environment + [command.line]).joined(separator: " ")))
        return actions
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        // Its nvidia-smi uses the GPU, and the installer refuses a GPU that is in use.
        try await TelemetryUnit.whileStopped(context) { try await install(context) }
    }

    private func install(_ context: StepContext) async throws -> ApplyResult {
        if let obstacle = try await removeOther(context) { return obstacle }
        guard let version = ToolVersion(recipe.version) else {
            throw Failure.guest(
                .planRefused, title, "\"\(recipe.version)\" is no driver version.", remedy: "Use a driver runfile.")
        }
        // An attempt that was killed together with the agent: its log is all that is known of it.
        if marker.isSet(context.root) && !isLogKept(context) { _ = try keepLog(context) }
        let payload = try await PayloadFile.prepare(.driver, sha256: recipe.sha256, context, id, installsTo: "/usr")
        defer { payload.remove(context) }
        var signing: SigningFiles?
        if let pair = recipe.signing { signing = try await SigningFiles.prepare(pair, context) }
        defer { signing?.remove(context.root) }

        let compiler = try await KernelCompiler.choose(context, id, installing: true)
        if !compiler.note.isEmpty {
            context.emit(
                compiler.isWarning
                    ? .warning(id, message: compiler.note) : .progress(id, message: "compiler: \(compiler.note)"))
        }
        let flavour = try await chooseKernelModules(version, payload, context)
        try DriverAttempt.begin(recipe.version, context.root)
        if recipe.dkms { try await DKMS(context)?.removeLeftovers(id) }

        let tail = LogTail(context.root, DriverInstaller.logPath) { [id] line in
            // The rest is the compilers' output, thousands of lines of it; the log is kept whole beside the journal.
            guard Self.progressMarks.contains(where: line.hasPrefix) else { return }
            context.emit(.progress(id, message: line))
        }
        try? context.root.remove(DriverInstaller.logPath)  // of an earlier attempt: not this one's progress
        let options = options(
            context, workFolder: payload.workFolder, kernelModules: flavour, signing: signing?.signing)
        var command = installation(payload.path, version, options, compiler)
        command.whileRunning = { tail.poll() }
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
        if let unlike = try await unlike(context) {
            throw Failure.guest(
                .driverInstall, title, "The installer said that all is well, but \(unlike).",
                remedy: "Read \(DriverInstaller.logPath) in the guest.")
        }
        return ["modinfo: nvidia \(recipe.version) for kernel \(context.guest.kernel)"]
    }

    private var asked: KernelModuleFlavour? {
        recipe.kernelModules.flatMap { KernelModuleFlavour(rawValue: $0.rawValue) }
    }

    private func options(
        _ context: StepContext, workFolder: String, kernelModules: KernelModuleFlavour?,
        signing: DriverInstaller.Signing?
    ) -> DriverInstaller.Options {
        DriverInstaller.Options(
            tmpdir: workFolder,
            // What DKMS builds for the next kernel is not signed by the user's key, which is gone by then; and before
            // 520.56.06 it is DKMS that builds for this kernel as well.
            dkms: recipe.dkms && recipe.signing == nil && DKMS(context) != nil, kernelModules: kernelModules,
            signing: signing)
    }

    private func installation(
        _ path: String, _ version: ToolVersion, _ options: DriverInstaller.Options, _ compiler: KernelCompiler.Use
    ) -> Command {
        Command(
            ["sh", path] + DriverInstaller.arguments(for: version, options: options),
            environment: compiler.environment.merging(["TMPDIR": options.tmpdir]) { $1 }, deadline: .seconds(3600),
            mergesErrors: true)
    }

    /// The flavour to name to the installer; its own word is asked for where the GPUs leave it open.
    private func chooseKernelModules(
        _ version: ToolVersion, _ payload: PayloadFile, _ context: StepContext
    ) async throws -> KernelModuleFlavour? {
        let devices = DriverObstacles.devices(context)
        var choice = KernelModuleChoice.decide(driver: version, asked: asked, devices: devices)
        if choice == .installer,
            let question = DriverInstaller.recommendation(for: version, tmpdir: payload.workFolder)
        {
            let result = try await context.run(
                Command(
                    ["sh", payload.path] + question, environment: ["TMPDIR": payload.workFolder],
                    deadline: .seconds(900)))
            choice = KernelModuleChoice.decide(
                driver: version, asked: asked, devices: devices,
                recommended: result.succeeded ? KernelModuleChoice.recommendation(in: result.output) : nil)
        }
        switch choice {
        case .installer: return nil
        case .flavour(let flavour, let reason):
            context.emit(.progress(id, message: "\(flavour.rawValue) kernel modules: \(reason)"))
            return flavour
        case .impossible(let message, let remedy):
            // The device may have come only after the machine was looked at.
            guard context.plan.recipe.allowIncompatible else {
                throw Failure.guest(.incompatible, title, message, remedy: remedy)
            }
            context.emit(.warning(id, message: message))
            return asked
        }
    }

    /// How the installed modules, of the right version, are not what the recipe asks for; nil where they are.
    private func unlike(_ context: StepContext) async throws -> String? {
        func field(_ name: String) async throws -> String {
            try await context.run(Command(["modinfo", "-F", name, "nvidia"])).output.trimmed
        }
        if let asked, case let license = try await field("license"), license != asked.license {
            return "the nvidia module is not of the \(asked.rawValue) flavour (license \(license))"
        }
        if recipe.signing != nil, try await !isSigned(context) { return "the nvidia module is not signed" }
        return nil
    }

    /// By the mark at the file's end: what modinfo tells of a signature depends on how it was built.
    private func isSigned(_ context: StepContext) async throws -> Bool {
        let files = KernelModules(context.guest).files(of: "nvidia")
        guard let file = files.first(where: { $0.hasPrefix("/lib/modules/\(context.guest.kernel)/") }) else {
            return false
        }
        let end = try await context.run(Command(["tail", "-c", "28", context.root.real(file)])).output
        return end.contains("~Module signature appended~")
    }

    private static let uninstallation = Command(
        [DriverInstaller.uninstaller, "--silent"], deadline: .seconds(900), mergesErrors: true)

    /// The installed driver where it is not the one that is wanted: its version, and what is different if not that.
    private func other(_ context: StepContext) async throws -> String? {
        guard let installed = try await KernelModules(context.guest).version(of: "nvidia") else { return nil }
        if installed != recipe.version { return installed }
        return try await unlike(context).map { "\(installed) (\($0))" }
    }

    /// Takes another driver out. A result is returned where that has to end in a reboot.
    private func removeOther(_ context: StepContext) async throws -> ApplyResult? {
        guard let other = try await other(context) else {
            // An attempt that was cut short may have got as far as the module, and something as far as loading it.
            let isTorn = marker.isSet(context.root)
            let installed = try await KernelModules(context.guest).version(of: "nvidia")
            return try await unload(context, nil, onlyIf: isTorn || installed == nil)
        }
        guard context.root.exists(DriverInstaller.uninstaller) else {
            let packaged = try await PackagedDriver.find(context)
            throw Failure.guest(
                .driverInstall, title, "Driver \(other) is installed, and not by NVIDIA's installer.",
                evidence: (packaged?.packages ?? []).map { "package \($0)" },
                remedy: packaged.map { "Remove its packages in the guest (`\($0.removal)`)." }
                    ?? "Remove the distribution's NVIDIA packages from the image.")
        }
        context.emit(.progress(id, message: "removing driver \(other)"))
        try await stopPersistenceDaemon(context)
        let isOurs = try await DriverAttempt.isOurs(context)
        let result = try await context.run(Self.uninstallation, keeping: "nvidia-uninstall", id)
        guard result.succeeded else {
            throw Failure.command(
                Self.uninstallation, result, code: .driverInstall, operation: "remove driver \(other)",
                remedy: "Read /var/log/nvidia-uninstall.log in the guest.")
        }
        if !isOurs { try DriverStamp.setReplaced(other, context.root) }
        return try await unload(context, other, onlyIf: true)
    }

    /// It holds the GPU open, and with it the module in the kernel.
    private func stopPersistenceDaemon(_ context: StepContext) async throws {
        guard context.root.exists(PersistenceDaemon.unitPath) else { return }
        _ = try await context.run(Command(["systemctl", "stop", PersistenceDaemon.unit], deadline: .seconds(120)))
    }

    /// An old module in the kernel makes the installer give up.
    private func unload(_ context: StepContext, _ other: String?, onlyIf isOld: Bool) async throws -> ApplyResult? {
        let modules = KernelModules(context.guest)
        guard isOld, modules.entry("nvidia") != nil else { return nil }
        try await stopPersistenceDaemon(context)
        for module in ["nvidia_drm", "nvidia_modeset", "nvidia_uvm", "nvidia_peermem", "nvidia"]
        where modules.entry(module) != nil {
            _ = try await modules.unload(module)
        }
        guard modules.entry("nvidia") != nil else { return nil }
        guard context.reboots == 0 else { return nil }  // the installer will say what holds it
        return .rebootRequired("the module of driver \(other ?? "of before") is in use and will not unload")
    }

    /// Keeps the log of an attempt under a name of its own: the installer opens it anew each time.
    private func keepLog(_ context: StepContext) throws -> String {
        guard let log = context.root.textIfReadable(DriverInstaller.logPath) else { return "" }
        try context.root.write(log, to: StateFolder(context.root).newLog("nvidia-installer"), mode: 0o600)
        context.emit(.output(id, .file("nvidia-installer-log", DriverInstaller.logPath, log)))
        return log
    }

    private func isLogKept(_ context: StepContext) -> Bool {
        let log = context.root.textIfReadable(DriverInstaller.logPath)
        return context.root.list(StateFolder.logs).contains { name in
            name.hasPrefix("nvidia-installer-")
                && context.root.textIfReadable("\(StateFolder.logs)/\(name)") == log
        }
    }

    private func warnings(in log: String, _ context: StepContext) {
        if recipe.signing != nil && recipe.dkms && DKMS(context) != nil {
            context.emit(
                .warning(
                    id,
                    message: "the modules are signed for this kernel and not registered with DKMS: for another kernel,"
                        + " run the same job again"))
        }
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
