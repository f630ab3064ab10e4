import Provisioner

/// The golden images of a manifest: for each guest the digest that names its recipe. Few recipes, many guests: each file and each
/// recipe is looked at once.
public struct GoldenDigests: Sendable {
    private var byKey: [GuestSettings: String] = [:]

    /// - Parameters:
    ///   - files: SHA-256 of a file's or folder's contents.
    ///   - text: SHA-256 of a text.
    public init(
        _ manifest: FleetManifest, agent: String, files: (String) async throws -> String,
        text: (String) async throws -> String
    ) async throws {
        var known: [String: String] = [:]
        for key in Set(manifest.guests.map { $0.settings.ofImage }) {
            for path in key.imagePaths where known[path] == nil { known[path] = try await files(path) }
            // Every path of the recipe was looked up above.
            let recipe = GoldenRecipe(key, agent: agent) { known[$0] ?? "" }
            byKey[key] = try await text(recipe.canonicalText)
        }
    }

    /// The same by what this host reads; digests of files are remembered below `state`. Throws a ``Contract/Failure``.
    ///
    /// - Parameter agent: The guest agent; nil for the one beside this tool.
    public init(_ manifest: FleetManifest, state: String, agent: String?) async throws {
        let files = ContentDigests(state: state)
        let operation = "plan the fleet"
        try await self.init(
            manifest, agent: manifest.guests.isEmpty ? "" : try await files.agent(agent),
            files: { try await files.sha256(of: $0, operation: operation) },
            text: { try await files.sha256(ofText: $0, operation: operation) })
    }

    /// The digest for a guest of that manifest.
    public subscript(guest: DeclaredGuest) -> String { byKey[guest.settings.ofImage] ?? "" }
}

extension FleetManifest {
    /// A guest for each golden image, as far as the settings tell: the first.
    public var oneGuestForEachImage: [DeclaredGuest] {
        var seen: Set<GuestSettings> = []
        return guests.filter { seen.insert($0.settings.ofImage).inserted }
    }
}

extension GuestSettings {
    /// Only what its golden image depends on.
    var ofImage: GuestSettings {
        var settings = self
        settings.gpus = gpus == .simulated ? .simulated : nil
        settings.memoryBytes = nil
        settings.cpus = nil
        settings.machine = nil
        settings.diskBus = nil
        settings.nic = nil
        settings.ports = nil
        settings.hostname = nil
        settings.sshKeys = nil
        settings.cloudInit = nil
        settings.labels = nil
        return settings
    }

    /// The files and folders that a recipe is made of.
    var imagePaths: [String] {
        [image, driver, samples, nvbandwidth, offline].compactMap { $0 } + (cuda ?? []) + (cudaPatches ?? [])
    }
}
