import Contract
import Guest
import Runfiles

/// PATH for login shells and the loader's path for everybody.
struct SetUpEnvironment: Step {
    let id = StepID.environment
    let title = "put CUDA into PATH and the loader's path"
    let recipe: CUDARecipe

    static let profile = "/etc/profile.d/cuda.sh"
    static let loader = "/etc/ld.so.conf.d/cuda-gpu-guest-agent.conf"
    private static let usual = "/usr/local/cuda"

    func check(_ context: StepContext) async throws -> CheckResult {
        let files = try await files(context)
        let wrong = files.filter { context.root.textIfReadable($0.path) != $0.text }.map(\.path)
        guard wrong.isEmpty, context.root.exists(Self.usual) else {
            return .needed("\((wrong + [Self.usual]).first ?? "") is not set up")
        }
        return .satisfied(try await verify(context))
    }

    func apply(_ context: StepContext) async throws -> ApplyResult {
        for file in try await files(context) { try context.root.write(file.text, to: file.path) }
        // Most installers make it; one that points elsewhere is the user's.
        if !context.root.exists(Self.usual) { try context.root.link(Self.usual, to: recipe.toolkitPath) }
        let command = Command(["ldconfig"], deadline: .seconds(120))
        let result = try await context.run(command)
        guard result.succeeded else {
            throw Failure.command(command, result, operation: title, remedy: "Make ldconfig work in the image.")
        }
        return .applied
    }

    func verify(_ context: StepContext) async throws -> [String] {
        let known = try await context.run(Command(["ldconfig", "-p"], outputLimit: 4 << 20)).output.lines
        let runtime = known.first { $0.contains("libcudart.so") }
        return ["\(Self.profile) has \(recipe.toolkitPath)/bin"]
            + (runtime.map { ["ldconfig: \($0.trimmed)"] } ?? ["ldconfig knows no libcudart.so"])
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
