import Contract
import Guest
import Runfiles

/// PATH for login shells and services, the loader's path for everybody, and /usr/local/cuda. PATH and the link belong to
/// the recipe's first toolkit; the loader knows all of them.
///
/// /etc/environment is left alone: it knows no "put in front of", so that it would freeze everybody's PATH.
struct SetUpEnvironment: Step {
    let id = StepID.environment
    let title = "put CUDA into PATH and the loader's path"
    /// At least one toolkit.
    let recipe: Recipe

    /// Names of our own: a cuda.sh may be the user's.
    static let profile = "/etc/profile.d/gpu-guest-agent-cuda.sh"
    static let cshProfile = "/etc/profile.d/gpu-guest-agent-cuda.csh"
    static let loader = "/etc/ld.so.conf.d/cuda-gpu-guest-agent.conf"
    static let services = "/etc/systemd/system.conf.d/gpu-guest-agent-cuda.conf"

    func check(_ context: StepContext) async throws -> CheckResult {
        let files = try await files(context)
        let wrong = files.filter { context.root.textIfReadable($0.path) != $0.text }.map(\.path)
        if let path = wrong.first ?? ToolkitLink(recipe: recipe).wanted(context.root).map({ _ in ToolkitLink.path }) {
            return .needed("\(path) is not set up")
        }
        do {
            return .satisfied(try await verify(context))
        } catch let failure as Failure {
            return .needed(failure.message)
        }
    }

    func preview(_ context: StepContext) async throws -> [DryRun.Action] {
        var actions = try await files(context).filter { context.root.textIfReadable($0.path) != $0.text }.map {
            DryRun.Action.write(path: $0.path, text: $0.text)
        }
        if let target = ToolkitLink(recipe: recipe).wanted(context.root) {
            actions.append(.run("ln -s \(target) \(ToolkitLink.path)"))
        }
        return actions + [.run("ldconfig"), .run("systemctl daemon-reload")]
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        for file in try await files(context) { try context.changes.write(file.text, to: file.path) }
        if let target = ToolkitLink(recipe: recipe).wanted(context.root) {
            try context.changes.link(ToolkitLink.path, to: target)
        }
        let command = Command(["ldconfig"], deadline: .seconds(120))
        try context.changes.willChange("/etc/ld.so.cache")
        let result = try await context.run(command)
        try context.changes.didChange("/etc/ld.so.cache")
        guard result.succeeded else {
            throw Failure.command(command, result, operation: title, remedy: "Make ldconfig work in the image.")
        }
        // Old ones read it at boot only: nothing depends on it before.
        _ = try await context.run(Command(["systemctl", "daemon-reload"], deadline: .seconds(120)))
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        let known = try await context.run(Command(["ldconfig", "-p"], outputLimit: 4 << 20)).output.lines
        let runtimes = known.filter { $0.contains("libcudart.so") }
        var evidence: [String] = []
        for toolkit in recipe.toolkits {
            let folders = folders(toolkit, context.root)
            let runtime = runtimes.first { line in folders.contains { line.contains("=> \($0)/") } }
            guard let runtime else {
                throw Failure.guest(
                    .cudaInstall, title, "The loader does not find the libcudart of \(toolkit.toolkitPath).",
                    evidence: runtimes.isEmpty ? ["ldconfig -p names no libcudart.so"] : runtimes.lastLines(5),
                    remedy: "Look at \(Self.loader) and at `ldconfig -p` in the guest.")
            }
            evidence.append("ldconfig: \(runtime.trimmed)")
        }
        // It runs whatever the guest's profiles hold.
        if !context.isDry { evidence.append(try await loginShell(context)) }
        if let line = try await servicesPath(context) { evidence.append(line) }
        return evidence
    }

    /// What a login shell takes for nvcc.
    private func loginShell(_ context: StepContext) async throws -> String {
        let command = Command(["bash", "-lc", "command -v nvcc"])
        let result = try await context.run(command)
        // A profile may print lines of its own.
        guard let found = result.output.lines.last(where: { $0.hasPrefix("/") && $0.hasSuffix("/nvcc") }) else {
            throw Failure.guest(
                .cudaInstall, title, "A login shell does not find nvcc.",
                evidence: ["\(command.line): \(result.endingDescription)"]
                    + (result.output + "\n" + result.errors).lines.lastLines(5),
                remedy: "Look at /etc/profile in the guest: it does not read \(Self.profile), or sets PATH after it.")
        }
        if let first = recipe.cuda, !folders(first, context.root).contains(where: { found == "\($0)/bin/nvcc" }) {
            context.emit(
                .warning(id, message: "login shells find \(found) before the nvcc of \(first.toolkitPath)"))
        }
        return "a login shell finds \(found)"
    }

    private func servicesPath(_ context: StepContext) async throws -> String? {
        guard let first = recipe.cuda, context.root.exists(Self.services) else { return nil }
        let path = try await managersPath(context) ?? []
        return path.contains(first.toolkitPath + "/bin")
            ? "systemd gives services \(first.toolkitPath)/bin"
            : "services get \(first.toolkitPath)/bin from the next boot on"
    }

    /// The PATH that systemd gives to services; nil where it does not say.
    private func managersPath(_ context: StepContext) async throws -> [String]? {
        try await context.run(Command(["systemctl", "show-environment"])).output.lines
            .first { $0.hasPrefix("PATH=") }?.dropFirst(5).split(separator: ":").map(String.init)
    }

    /// The toolkit's folder by each name that the loader may know it by.
    private func folders(_ toolkit: CUDARecipe, _ root: SystemRoot) -> Set<String> {
        let own = Set([toolkit.toolkitPath, root.resolvingLinks(toolkit.toolkitPath)])
        return own.contains(root.resolvingLinks(ToolkitLink.path)) ? own.union([ToolkitLink.path]) : own
    }

    /// lib64/stubs is never on the loader's path: its libcuda.so does nothing.
    private func files(_ context: StepContext) async throws -> [(path: String, text: String)] {
        guard let first = recipe.cuda else { return [] }
        let compiler = try await HostCompiler.choose(for: first, context)
        let bin = first.toolkitPath + "/bin"
        var profile = """
            # Written by gpu-guest-agent.
            case ":$PATH:" in
            *:\(bin):*) ;;
            *) PATH=\(bin):$PATH ;;
            esac

            """
        var csh = """
            # Written by gpu-guest-agent.
            if ( ":${PATH}:" !~ *:\(bin):* ) setenv PATH \(bin):${PATH}

            """
        if let compiler, compiler.fits, !compiler.isDefault {
            let why = "# The default g++ is too new for CUDA \(first.version).\n"
            profile += why + "export NVCC_PREPEND_FLAGS=\"-ccbin \(compiler.cxx)\"\n"
            csh += why + "setenv NVCC_PREPEND_FLAGS \"-ccbin \(compiler.cxx)\"\n"
        }
        let libraries = recipe.toolkits.map { "\($0.toolkitPath)/lib64\n" }.joined()
        var files = [(Self.profile, profile), (Self.cshProfile, csh), (Self.loader, libraries)]
        if context.root.isDirectory("/etc/systemd") {
            // What services have already, in front: theirs is no login, and a toolkit must not change what they run.
            let others = try await managersPath(context) ?? Command.searchPath
            let toolkits = Set(recipe.toolkits.map { $0.toolkitPath + "/bin" })
            let path = others.filter { !toolkits.contains($0) } + [bin]
            files.append(
                (
                    Self.services,
                    """
                    # Written by gpu-guest-agent.
                    [Manager]
                    DefaultEnvironment="PATH=\(path.joined(separator: ":"))"

                    """
                ))
        }
        return files
    }
}
