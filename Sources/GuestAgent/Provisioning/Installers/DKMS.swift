import Contract
import Guest

/// The guest's DKMS, which builds modules anew for each kernel.
struct DKMS {
    private let context: StepContext
    /// The name under which NVIDIA's installer registers the driver.
    static let module = "nvidia"

    /// Nil where the guest has none.
    init?(_ context: StepContext) {
        guard context.root.program("dkms") != nil else { return nil }
        self.context = context
    }

    static let status = Command(["dkms", "status"], deadline: .seconds(120))

    static func removal(of version: String) -> Command {
        Command(
            ["dkms", "remove", "-m", module, "-v", version, "--all"], deadline: .seconds(600), mergesErrors: true)
    }

    /// Versions of the driver that `dkms status` lists, in whatever state: "nvidia/470.256.02, 6.1.0-18-amd64, x86_64:
    /// installed" (3.x), "nvidia, 470.256.02: added" (2.x).
    static func versions(inStatus text: String) -> [String] {
        var found: [String] = []
        for line in text.lines {
            let fields = line.prefix { $0 != ":" }.split { $0 == "," || $0 == "/" }.map { $0.trimmed }
            guard fields.count >= 2, fields[0] == module, !found.contains(fields[1]) else { continue }
            found.append(fields[1])
        }
        return found
    }

    /// Versions that are registered.
    func registered() async throws -> [String] {
        Self.versions(inStatus: try await context.run(Self.status).output)
    }

    /// Removes what an interrupted installation registered: `dkms add` refuses what is there already, and the installer
    /// gives up. Says so. `only`: that version and no other.
    func removeLeftovers(_ step: StepID, only: String? = nil) async throws {
        for version in try await registered() where only == nil || version == only {
            context.emit(.progress(step, message: "removing driver \(version) from DKMS"))
            let result = try await context.run(Self.removal(of: version))
            guard !result.succeeded, try await registered().contains(version) else { continue }
            // DKMS cannot remove what it has no sources of ("broken").
            try context.root.removeTree("/var/lib/dkms/\(Self.module)/\(version)")
        }
    }
}
