import ArgumentParser
import Contract
import Fleet
import FleetStore
import Host

/// `provision-gpu-vm fleet status [FLEET]`.
struct FleetStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show guests: whether they run, on which GPUs, and what went wrong.",
        discussion: "Looks at files and processes only; it may be used while another command works on the fleet.")

    @Argument(help: "The manifest, or the name of a fleet that is there. (default: all fleets)", completion: .file())
    var fleet: String?

    @OptionGroup var selection: SelectionOption

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    @OptionGroup var engine: EngineOptions
    @OptionGroup var place: StateOption

    /// For `--format json`.
    struct Answer: Encodable {
        var fleet: String
        var guests: [GuestStatus]
    }

    func run() async throws {
        let selector = try selection.selector()
        if engine.engine == .slurm {
            guard let fleet else { throw ValidationError("Name the fleet, or its manifest.") }
            let name = try FleetArgument.manifest(fleet).name
            guard let (site, slurm) = try engine.slurm(fleet: name) else { return }
            let states = try await SlurmFleet(slurm, site).status().filter {
                selector.matches(name: $0.guest, labels: [:])
            }
            return try SlurmApplication.show(states, fleet: name, slurm, format)
        }
        let fleets = place.fleets
        let database = try FleetDatabase.reader(fleets)
        let manifests =
            if let fleet { [try FleetArgument.manifest(fleet)] } else {
                try database?.fleets().map { FleetManifest(name: $0) } ?? []
            }
        let isWorkedOn = LockFile.isTaken(fleets.lockPath)
        let answers = try manifests.map { manifest in
            Answer(
                fleet: manifest.name,
                guests: try statuses(of: manifest, fleets, database, isWorkedOn: isWorkedOn).filter {
                    selector.matches(name: $0.name, labels: $0.labels)
                })
        }
        switch format {
        case .json: try Terminal.writeJSON(answers)
        case .text:
            let lines = answers.map { FleetStatusText(fleet: $0.fleet, $0.guests).lines.joined(separator: "\n") }
            Terminal.write(lines.isEmpty ? "There are no fleets in \(fleets.state)." : lines.joined(separator: "\n\n"))
        }
    }

    private func statuses(
        of manifest: FleetManifest, _ fleets: FleetPlace, _ database: FleetDatabase?, isWorkedOn: Bool
    ) throws -> [GuestStatus] {
        let records = try database?.guests(of: manifest.name) ?? []
        let machines = FleetSurvey.machines(of: records, state: fleets.state)
        let there = Dictionary(
            records.map { ($0.name, GuestStatus($0, machines[$0.name], isWorkedOn: isWorkedOn)) },
            uniquingKeysWith: { $1 })
        let declared = Set(manifest.guests.map(\.name))
        return manifest.guests.map { there[$0.name] ?? GuestStatus(absent: $0, fleet: manifest.name) }
            + records.filter { !declared.contains($0.name) }.compactMap { there[$0.name] }
    }
}
