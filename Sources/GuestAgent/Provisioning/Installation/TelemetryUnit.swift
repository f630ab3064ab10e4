import Contract
import Guest

/// The unit that tells the host of the GPUs, and what other steps do with it: its nvidia-smi holds the driver, which then
/// can neither be unloaded nor replaced.
enum TelemetryUnit {
    static let unit = EnabledUnit(name: TelemetrySection.unit)
    static let name = unit.name
    static let path = unit.path
    static let wantedPath = unit.wantedPath

    /// Keys that systemd 219 knows; of the two limits of memory it knows the older one, and later ones the newer. It counts
    /// nvidia-smi as well; the sampler itself takes a twentieth. It waits for no device: the port may come, go or never be.
    static func text(_ recipe: TelemetryRecipe) -> String {
        """
        # Written by gpu-guest-agent.
        [Unit]
        Description=Tell this machine's host how its GPUs are

        [Service]
        Type=simple
        ExecStart=\(AgentInstallation.program) sample --port --interval \(seconds(recipe))
        Restart=always
        RestartSec=5
        KillMode=mixed
        TimeoutStopSec=20
        Nice=5
        MemoryLimit=512M
        MemoryMax=512M

        [Install]
        WantedBy=multi-user.target

        """
    }

    private static func seconds(_ recipe: TelemetryRecipe) -> String {
        Int64(exactly: recipe.intervalSeconds).map { "\($0)" } ?? "\(recipe.intervalSeconds)"
    }

    static let stopping = Command(["systemctl", "stop", name], deadline: .seconds(120))
    static let starting = Command(["systemctl", "start", name], deadline: .seconds(120))

    /// Whether there is one, be it ours or not.
    static func isInstalled(_ root: SystemRoot) -> Bool { root.exists(path) }

    /// Runs `body` while the sampler is stopped. One that ran goes on afterwards, whatever happened.
    static func whileStopped<Result: Sendable>(
        _ context: StepContext, _ body: () async throws -> Result
    ) async throws -> Result {
        guard isInstalled(context.root) else { return try await body() }
        let ran = try await unit.isActive(context)
        if ran { _ = try await context.run(stopping) }
        let result: Result
        do {
            result = try await body()
        } catch {
            if ran { _ = try? await context.run(starting) }
            throw error
        }
        if ran { _ = try await context.run(starting) }
        return result
    }
}
