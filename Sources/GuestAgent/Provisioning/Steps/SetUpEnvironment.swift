import Contract
import Guest
import Runfiles

/// PATH for login shells and the loader's path for everybody.
struct SetUpEnvironment: Step {
    let id = StepID.environment
    let title = "put CUDA into PATH and the loader's path"
    let recipe: CUDARecipe

    /// A name of our own: a cuda.sh may be the user's.
    static let profile = "/etc/profile.d/gpu-guest-agent-cuda.sh"
    static let loader = "/etc/ld.so.conf.d/cuda-gpu-guest-agent.conf"
    private static let usual = "/usr/local/cuda"

    func check(_ context: StepContext) async throws -> CheckResult {
        let files = try await files(context)
        let wrong = files.filter { context.root.textIfReadable($0.path) != $0.text }.map(\.path)
        guard wrong.isEmpty, context.root.exists(context.root.resolvingLinks(Self.usual)) else {
            return .needed("\((wrong + [Self.usual]).first ?? "") is not set up")
        }
        do {
            return .satisfied(try await verify(context))
        } catch let failure as Failure {
            return .needed(failure.message)
        }
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        for file in try await files(context) { try context.changes.write(file.text, to: file.path) }
        // Most installers make it; one that points elsewhere is the user's.
        if !context.root.exists(context.root.resolvingLinks(Self.usual)) { try context.changes.link(Self.usual, to: recipe.toolkitPath) }
        let command = Command(["ldconfig"], deadline: .seconds(120))
        let result = try await context.run(command)
        guard result.succeeded else {
            throw Failure.command(command, result, operation: title, remedy: "Make ldconfig work in the image.")
        }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        let known = try await context.run(Command(["ldconfig", "-p"], outputLimit: 4 << 20)).output.lines
        let runtimes = known.filter { $0.contains("libcudart.so") }
        let folders = folders(context.root)
        let runtime = runtimes.first { line in folders.contains { line.contains("=> \($0)/") } }
        guard let runtime else {
            throw Failure.guest(
                .cudaInstall, title, "The loader does not find the libcudart of \(recipe.toolkitPath).",
                evidence: runtimes.isEmpty ? ["ldconfig -p names no libcudart.so"] : runtimes.lastLines(5),
                remedy: "Look at \(Self.loader) and at `ldconfig -p` in the guest.")
        }
        return ["\(Self.profile) has \(recipe.toolkitPath)/bin", "ldconfig: \(runtime.trimmed)"]
    }

    /// The toolkit's folder by each name that the loader may know it by.
    private func folders(_ root: SystemRoot) -> Set<String> {
        let own = Set([recipe.toolkitPath, root.resolvingLinks(recipe.toolkitPath)])
        return own.contains(root.resolvingLinks(Self.usual)) ? own.union([Self.usual]) : own
    }

    /// lib64/stubs is never on the loader's path: its libcuda.so does nothing.
    private func files(_ context: StepContext) async throws -> [(path: String, text: String)] {
        let compiler = try await HostCompiler.choose(for: recipe, context)
        var profile = """
            # Written by gpu-guest-agent.
            case ":$PATH:" in
            *:\(recipe.toolkitPath)/bin:*) ;;
            *) PATH=\(recipe.toolkitPath)/bin:$PATH ;;
            esac

            """
        if let compiler, compiler.fits, !compiler.isDefault {
            profile += """
                # The default g++ is too new for CUDA \(recipe.version).
                export NVCC_PREPEND_FLAGS="-ccbin \(compiler.cxx)"

                """
        }
        return [(Self.profile, profile), (Self.loader, recipe.toolkitPath + "/lib64\n")]
    }
}
