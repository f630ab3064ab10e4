public import Contract
public import Guest
import Synchronization

/// The proof of a boot in which nothing is installed: the image stands on its own.
public struct Proof: Codable, Equatable, Sendable {
    /// Whether all of it was proven.
    public var passed: Bool
    /// A line each.
    public var evidence: [String]
    /// What was not so.
    public var failure: Failure?
    /// What the tools printed.
    public var outputs: [ToolOutput]

    /// Proves what `plan` asks for.
    public static func make(of plan: Plan, in guest: Guest) async throws -> Proof {
        let box = OutputBox()
        let context = StepContext(guest: guest, plan: plan) { event in
            if case .output(_, let output) = event { box.add(output) }
        }
        var evidence: [String] = []
        do {
            if let driver = plan.recipe.driver {
                evidence += try nouveauIsAway(context)
                evidence += try await InstallDriver(recipe: driver).verify(context)
                evidence += try await ProveDriver(loads: false).verify(context)
                if driver.persistenceDaemon { evidence += try await PersistenceDaemon().verify(context) }
                evidence += try await GPUProbe(builds: false).verify(context)
            }
            if !plan.recipe.toolkits.isEmpty {
                evidence += try await SetUpEnvironment(recipe: plan.recipe).verify(context)
            }
            for cuda in plan.recipe.toolkits {
                let step = ProveCUDA(recipe: cuda, id: .proveCUDA.of(cuda, in: plan.recipe), builds: false)
                evidence += try await step.verify(context)
            }
            if let telemetry = plan.recipe.telemetry {
                evidence += try await SetUpTelemetry(recipe: telemetry).verify(context)
            }
            return Proof(passed: true, evidence: evidence, failure: nil, outputs: box.all)
        } catch let failure as Failure {
            return Proof(passed: false, evidence: evidence, failure: failure, outputs: box.all)
        }
    }

    private static func nouveauIsAway(_ context: StepContext) throws -> [String] {
        guard KernelModules(context.guest).entry("nouveau") == nil else {
            throw Failure.guest(
                .nouveau, "prove that nouveau is away", "nouveau is loaded in this boot.",
                remedy: "Look for what loads it in the image.")
        }
        let line = context.root.attribute("/proc/cmdline") ?? ""
        let passed = BlacklistNouveau.parameters.filter { line.words.contains($0) }
        return [
            "nouveau is not loaded",
            passed.isEmpty
                ? "/proc/cmdline does not name nouveau" : "/proc/cmdline: \(passed.joined(separator: " "))",
        ]
    }
}

/// Outputs, collected from closures that may run in other tasks.
private final class OutputBox: Sendable {
    private let outputs = Mutex<[ToolOutput]>([])

    var all: [ToolOutput] { outputs.withLock { $0 } }

    func add(_ output: ToolOutput) {
        outputs.withLock { $0.append(output) }
    }
}
