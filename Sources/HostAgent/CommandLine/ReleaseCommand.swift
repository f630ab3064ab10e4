import ArgumentParser
import Contract
import Host
import Passthrough

/// `provision-gpu-vm release --gpu BDF | --all`: cards back on the host's drivers.
struct ReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Put GPUs back on the drivers that they had. (root)",
        discussion: """
            Undoes 'bind', and whatever a run left that was killed. A card that was on vfio-pci before stays there; one that \
            nobody claimed is left alone. While a VM has a card, that is refused, unless told by --force.

            \(ProvisionCommand.exitStatuses)
            """)

    @Option(help: ArgumentHelp("The card, as for 'bind'; repeat for several.", valueName: "gpu"))
    var gpu: [String] = []

    @Flag(help: "Every card that this tool has claimed.")
    var all = false

    @Flag(help: "Stop the VM that has the card, first.")
    var force = false

    @Flag(help: "Show what would be written, and change nothing.")
    var dryRun = false

    @Option(help: "What goes to stdout, as text or json.")
    var format: ReportFormat = .text

    func validate() throws {
        guard all == gpu.isEmpty else { throw ValidationError("Name the cards with --gpu, or give --all.") }
    }

    func run() async throws {
        let claims = Claims()
        let named = all ? try claims.claimedCards() : try addresses()
        if dryRun { return try ClaimRenderer.show(try named.map { try claims.plan(releasing: $0) }, format) }
        let force = force
        let outcome = try await CardSignals.betweenCards { await Self.release(named, claims, force: force) }
        try ClaimRenderer.show(outcome.changes, format)
        if all && named.isEmpty { Terminal.note("No card is claimed.") }
        if !outcome.failures.isEmpty { throw Failures(outcome.failures) }
    }

    private struct Outcome {
        var changes: [CardChange] = []
        var failures: [Failure] = []
    }

    /// One card's trouble does not keep the others.
    private static func release(_ cards: [PCIAddress], _ claims: Claims, force: Bool) async -> Outcome {
        let stopping: Claims.Stopping = { await ForcedStop.stop($0, folder: $1) }
        var outcome = Outcome()
        for card in cards {
            do {
                try Task.checkCancellation()
                outcome.changes.append(try await claims.release(card, stopping: force ? stopping : nil))
            } catch let failure as Failure {
                outcome.failures.append(failure)
            } catch let several as Failures {
                outcome.failures += several.all
            } catch {
                outcome.failures.append(
                    Failure(
                        .interrupted, operation: "release \(card)", message: "Interrupted; \(card) is still claimed.",
                        remedy: "Run the same command again.", retryable: true, side: .host))
                return outcome
            }
        }
        return outcome
    }

    /// An address counts as it is: the device may be gone.
    private func addresses() throws -> [PCIAddress] {
        try gpu.flatMap { text in
            if let address = PCIAddress(text) { return [address] }
            return try GPUSelection.resolve([text], on: LiveHost(), anyDevice: true)
        }
    }
}
