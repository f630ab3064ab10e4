import Contract
public import VirtualMachines

/// All that a host needs to know to make one guest of a fleet.
public struct GuestBlueprint: Codable, Equatable, Sendable {
    public var fleet: String
    /// Its name in the manifest.
    public var name: String
    public var settings: GuestSettings
    /// The digest of its golden image's recipe.
    public var golden: String

    public init(fleet: String, name: String, settings: GuestSettings, golden: String) {
        self.fleet = fleet
        self.name = name
        self.settings = settings
        self.golden = golden
    }

    /// What its VM is called by `list`, `ssh`, `logs`, `stop`.
    public var machine: String { Self.machine(fleet, name) }

    static func machine(_ fleet: String, _ guest: String) -> String { "\(fleet)-\(guest)" }

    /// What the guest is handed at its boot: its name, the user's keys and user-data, read now. Throws ``Failures``.
    public func identity() throws -> GuestIdentity {
        // An underscore may stand in a guest's name, and in no host name.
        let usual = name.replacing("_", with: "-")
        return try GuestIdentity.read(
            hostname: settings.hostname ?? (Hostname.isValid(usual) ? usual : nil), keyFiles: settings.sshKeys ?? [],
            userDataFile: settings.cloudInit, words: ("ssh-keys", "cloud-init"))
    }
}

extension GuestSettings {
    /// The tool's own defaults for what a manifest leaves open: those of the options.
    static let defaultMemory: Int64 = 4 << 30

    var memory: Int64 { memoryBytes ?? Self.defaultMemory }

    /// What a guest takes of a host. `hostCPUs`: as many as a guest gets that does not say, four at most.
    func need(hostCPUs: Int) -> GuestNeed {
        GuestNeed(gpus: gpus ?? .none, memoryBytes: memory, cpus: cpus ?? min(4, max(1, hostCPUs)))
    }

    /// What building its golden image takes: of several GPUs one will do.
    func buildNeed(hostCPUs: Int) -> GuestNeed {
        var need = need(hostCPUs: hostCPUs)
        switch need.gpus {
        case .none, .simulated: break
        case .count(_, let pattern): need.gpus = .count(1, pattern: pattern)
        case .addresses(let addresses): need.gpus = .addresses(Array(addresses.prefix(1)))
        }
        return need
    }
}
