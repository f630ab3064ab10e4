import ArgumentParser
import Contract
import Fleet
import FleetStore
import Provisioner

/// `provision-gpu-vm fleet report FLEET`.
struct FleetReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show how the golden images were made and proven, and which guests stand on them.")

    @OptionGroup var fleet: FleetArgument
    @OptionGroup var selection: SelectionOption

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    @OptionGroup var place: StateOption

    /// For `--format json`.
    struct Answer: Encodable {
        struct Golden: Encodable {
            var digest: String
            var guests: [GuestRecord]
            /// Nil where it is not whole (any more).
            var report: Report?
        }

        var fleet: String
        var goldens: [Golden]
    }

    func run() async throws {
        let selector = try selection.selector()
        let fleets = place.fleets
        let name = try fleet.manifest().name
        let records = try FleetDatabase.reader(fleets)?.guests(of: name).filter {
            selector.matches(name: $0.name, labels: $0.blueprint.settings.labels ?? [:])
        }
        let store = GoldenStore(fleets)
        let answer = Answer(
            fleet: name,
            goldens: Dictionary(grouping: records ?? [], by: \.blueprint.golden).sorted { $0.key < $1.key }.map {
                Answer.Golden(digest: $0, guests: $1, report: store.sheet($0)?.report)
            })
        guard format == .text else { return try Terminal.writeJSON(answer) }
        for golden in answer.goldens {
            Terminal.write("Golden image \(golden.digest.prefix(12))")
            if let report = golden.report { Terminal.write(SummaryRenderer(report).text) }
            for guest in golden.guests {
                let start = guest.start.map { start in
                    "SSH answered \(Int(start.seconds.rounded())) s after its start, host key \(start.hostKey ?? "unknown")"
                }
                let lines =
                    ["  \(guest.name): \(guest.action.rawValue) \(guest.phase.rawValue)"]
                    + (start.map { ["      \($0)"] } ?? []) + proof(guest.start?.proof)
                Terminal.write(
                    SafeText.lines(lines.flatMap { Wrapped.lines($0, indent: "          ", width: Terminal.width) }))
            }
        }
        if answer.goldens.isEmpty { Terminal.write("Fleet \(name): no guests.") }
    }

    private func proof(_ proof: MachineProof?) -> [String] {
        guard let proof else { return [] }
        return ["      CUDA works in it\(proof.isSimulated ? " (the GPU is simulated)" : ""):"]
            + proof.evidence.map { "        \($0)" }
    }
}
