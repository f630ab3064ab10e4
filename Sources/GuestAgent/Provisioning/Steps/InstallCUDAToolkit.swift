import Contract
import Guest
import Runfiles

/// Runs the CUDA runfile: toolkit and samples, never the driver that is in it.
struct InstallCUDAToolkit: Step {
    let recipe: CUDARecipe
    var id = StepID.cudaToolkit

    var title: String { "install the CUDA toolkit \(recipe.version)" }

    private var marker: InstallMarker { InstallMarker(id) }
    private var nvcc: String { recipe.toolkitPath + "/bin/nvcc" }
    private var stamp: ToolkitStamp { ToolkitStamp(recipe: recipe) }
    private var manifest: ToolkitManifest { ToolkitManifest(recipe: recipe) }
    private var samples: Samples { Samples(recipe: recipe) }

    func check(_ context: StepContext) async throws -> CheckResult {
        if let reason = try await reason(context) { return .needed(reason) }
        if ToolkitLink.isPending(context.root) { return .needed("an installation was not finished") }
        if let patch = stamp.missingPatches(context.root).first { return .needed("\(patch.fileName) is not applied") }
        do {
            return .satisfied(try await verify(context))
        } catch let failure as Failure {
            return .needed(failure.message)
        }
    }

    /// Why the toolkit itself is to be installed, nil where it is there.
    private func reason(_ context: StepContext) async throws -> String? {
        if marker.isSet(context.root) { return "an installation was interrupted" }
        guard context.root.exists(nvcc) else { return "\(nvcc) is missing" }
        if let installed = stamp.installed(context.root), installed != stamp.text {
            return "\(recipe.toolkitPath) was made of another runfile: \(installed)"
        }
        do {
            _ = try await verify(context)
            return nil
        } catch let failure as Failure {
            return failure.message
        }
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        let version = try version()
        var actions: [DryRun.Action] = []
        if try await reason(context) != nil {
            let compiler = try await HostCompiler.choose(for: recipe, context)
            actions.append(
                .run(
                    (["sh", fileName(.cuda, recipe.sha256, context)]
                        + arguments(version, tmpdir: "TMPDIR", override: compiler?.fits == false))
                        .joined(separator: " ")))
            if let compiler, !compiler.isDefault { actions.append(.note("with \(compiler.c) as gcc")) }
        }
        for patch in stamp.missingPatches(context.root) {
            let line = CUDAPatch.arguments(toolkit: version, toolkitPath: recipe.toolkitPath, override: false)[0]
            actions.append(.run((["sh", PayloadFile.plainName(patch.fileName)] + line).joined(separator: " ")))
        }
        if !actions.isEmpty {
            actions.append(.note("below \(recipe.toolkitPath); every path is written down for an undo"))
        }
        return actions
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        let root = context.root
        let version = try version()
        let link = ToolkitLink(recipe: context.plan.recipe)
        let isResumed = ToolkitLink.isPending(root)
        try link.remember(root)
        // What installers change besides their own folder.
        let theirs = [
            ToolkitLink.path, "/etc/ld.so.conf.d/cuda-\(version.major)-\(version.minor).conf", "/etc/ld.so.cache",
        ]
        for path in theirs { try context.changes.willChange(path) }
        if try await reason(context) != nil {
            try await install(version, context)
            try manifest.write(root)
            try marker.clear(root)
        }
        let patches = stamp.missingPatches(root)
        for patch in patches { try await apply(patch, version, context) }
        if !patches.isEmpty || isResumed { try manifest.update(root) }
        for path in theirs { try context.changes.didChange(path) }
        try link.restore(context)  // last: until then the step is not done
        return .applied
    }

    private func install(_ version: ToolVersion, _ context: StepContext) async throws {
        let root = context.root
        // What an interrupted attempt of ours left; a folder that was there before us is never removed.
        if marker.text(root) == recipe.toolkitPath { try root.removeTree(recipe.toolkitPath) }
        for leftover in CUDAInstaller.fatalLeftovers { try root.remove(leftover) }
        let compiler = try await HostCompiler.choose(for: recipe, context)
        let override = try override(compiler, context)
        if override {
            context.emit(
                .warning(id, message: "CUDA \(recipe.version) does not know the guest's compiler; --override was used"))
        }

        try manifest.remember(root)
        let payload = try await PayloadFile.prepare(
            .cuda, sha256: recipe.sha256, context, id, installsTo: recipe.toolkitPath)
        defer { payload.remove(context) }
        try marker.set(root, root.exists(recipe.toolkitPath) ? "" : recipe.toolkitPath)
        let command = Command(
            ["sh", payload.path] + arguments(version, tmpdir: payload.workFolder, override: override),
            environment: (try compiler?.searchPath(context) ?? [:]).merging(["TMPDIR": payload.workFolder]) { $1 },
            deadline: .seconds(3600), mergesErrors: true)
        // Of an earlier attempt, which it would explain instead of this one.
        for path in CUDAInstaller.logPaths(for: version) { try? root.remove(path) }
        context.emit(.progress(id, message: "running \(payload.path.split(separator: "/").last ?? "")"))
        let started = Set(logs(context, version))
        let result = try await context.run(command, keeping: "cuda-installer", id)
        let log = try keepLog(context, version, before: started)
        guard result.succeeded else {
            throw InstallerDiagnosis(log + "\n" + result.output, rows: InstallerDiagnosis.cudaRows)
                .failure(title, unknown: .cudaInstall, ending: result, log: "the installer's log")
        }
        try stamp.write(root)
    }

    /// Runs a patch of the toolkit. One that is cut short is not in the stamp, and run again it brings the same files.
    private func apply(_ patch: PayloadIdentity, _ version: ToolVersion, _ context: StepContext) async throws {
        let root = context.root
        for leftover in CUDAInstaller.fatalLeftovers { try root.remove(leftover) }
        try manifest.remember(root)
        let payload = try await PayloadFile.prepare(
            .cudaPatch, sha256: patch.sha256, context, id, installsTo: recipe.toolkitPath)
        defer { payload.remove(context) }
        let compiler = try await HostCompiler.choose(for: recipe, context)
        let ways = CUDAPatch.arguments(
            toolkit: version, toolkitPath: recipe.toolkitPath, override: try override(compiler, context))
        var result = CommandResult(.notFound)
        for arguments in ways {
            context.emit(.progress(id, message: "applying \(patch.fileName)"))
            result = try await context.run(
                Command(
                    ["sh", payload.path] + arguments,
                    environment: (try compiler?.searchPath(context) ?? [:]).merging(["TMPDIR": payload.workFolder]) {
                        $1
                    },
                    deadline: .seconds(1800), mergesErrors: true), keeping: "cuda-patch", id)
            if result.succeeded || !CUDAPatch.doesNotKnowItsOptions(result.output) { break }
        }
        guard result.succeeded else {
            throw InstallerDiagnosis(result.output, rows: InstallerDiagnosis.cudaRows)
                .failure("apply \(patch.fileName)", unknown: .cudaPatch, ending: result, log: "the output cuda-patch")
        }
        root.sync()
        try stamp.add(patch, root)
    }

    private func version() throws -> ToolVersion {
        if let version = ToolVersion(recipe.version) { return version }
        throw Failure.guest(
            .planRefused, title, "\"\(recipe.version)\" is no CUDA version.", remedy: "Use a CUDA runfile.")
    }

    private func arguments(_ version: ToolVersion, tmpdir: String, override: Bool) -> [String] {
        CUDAInstaller.arguments(
            for: version,
            options: CUDAInstaller.Options(
                toolkitPath: recipe.toolkitPath, samplesPath: recipe.samples ? samples.path : nil, tmpdir: tmpdir,
                override: override))
    }

    /// Whether the installer is told to look away from the compiler.
    private func override(_ compiler: HostCompiler?, _ context: StepContext) throws -> Bool {
        guard compiler?.fits != true else { return false }
        guard context.plan.recipe.allowIncompatible else {
            throw Failure.guest(
                .cudaCompiler, title, "No compiler that CUDA \(recipe.version) works with is installed.",
                remedy: "Put an older gcc and g++ into the image, or use --allow-incompatible.")
        }
        return true
    }

    private func fileName(_ role: Payload.Role, _ sha256: String, _ context: StepContext) -> String {
        context.plan.payloads.first { $0.role == role && $0.sha256 == sha256 }
            .map { PayloadFile.plainName($0.fileName) } ?? "cuda_\(recipe.version).run"
    }

    func verify(_ context: StepContext) async throws -> [String] {
        let result = try await context.run(Command([nvcc, "--version"]))
        let release = ToolVersion(recipe.version)?.majorMinor ?? recipe.version
        let line = result.output.lines.last { $0.contains("release") } ?? ""
        guard result.succeeded, line.contains("release \(release),") || line.hasSuffix("release \(release)") else {
            throw Failure.guest(
                .cudaInstall, title, "\(nvcc) is not of release \(release).",
                evidence: (result.output.lines + result.errors.lines).lastLines(5),
                remedy: "Look at \(recipe.toolkitPath) in the guest.")
        }
        var evidence = ["\(nvcc): \(line.trimmed)"]
        for file in ["version.json", "version.txt"] {
            guard let text = context.root.textIfReadable("\(recipe.toolkitPath)/\(file)") else { continue }
            guard let line = Self.line(naming: release, in: text) else {
                throw Failure.guest(
                    .cudaInstall, title, "\(recipe.toolkitPath)/\(file) is not of release \(release).",
                    evidence: text.lines.prefix(5).map { String($0.prefix(200)) },
                    remedy: "Look at \(recipe.toolkitPath) in the guest.")
            }
            evidence.append("\(recipe.toolkitPath)/\(file): \(line.prefix(200))")
            break
        }
        if recipe.samples {
            if let folder = samples.folder("deviceQuery", context.root) {
                evidence.append("\(folder) is there")
            } else if stamp.installed(context.root) == nil {
                // Somebody else's toolkit is not installed over for the sake of its samples.
                evidence.append("there are no samples below \(samples.path); the toolkit was there before")
            } else {
                throw Failure.guest(
                    .cudaSamples, title, "The samples are not below \(samples.path).",
                    remedy: "Look at the installer's log in the guest.")
            }
        }
        let missing = Set(stamp.missingPatches(context.root).map(\.sha256))
        evidence += recipe.patches.filter { !missing.contains($0.sha256) }.map { "\($0.fileName) is applied" }
        return evidence
    }

    /// The line that names `release` or a version of it. What follows the release is a build number or a date that no
    /// file name has: "CUDA Version 11.0.228", "12.1.20230222".
    static func line(naming release: String, in text: String) -> String? {
        text.lines.first { line in
            line.split { !($0.isNumber || $0 == ".") }.contains { $0 == release || $0.hasPrefix(release + ".") }
        }?.trimmed
    }

    /// Logs that are there; a `*` in a path stands for a process id.
    private func logs(_ context: StepContext, _ version: ToolVersion) -> [String] {
        CUDAInstaller.logPaths(for: version).flatMap { pattern -> [String] in
            let wanted = pattern.prefix { $0 != "*" && $0 != "<" }
            let parts = wanted.split(separator: "/")
            let folder = "/" + parts.dropLast().joined(separator: "/")
            let name = parts.last ?? ""
            return context.root.list(folder).filter { $0.hasPrefix(name) && $0.hasSuffix(".log") }.map {
                "\(folder)/\($0)"
            }
        }
    }

    private func keepLog(_ context: StepContext, _ version: ToolVersion, before: Set<String>) throws -> String {
        let all = logs(context, version)
        guard let path = all.first(where: { !before.contains($0) }),
            let log = context.root.textIfReadable(path)
        else { return "" }
        try context.root.write(log, to: StateFolder(context.root).newLog("cuda-installer"), mode: 0o600)
        context.emit(.output(id, .file("cuda-installer-log", path, log)))
        return log
    }
}
