import ArgumentParser
import Contract
import Glibc
import Passthrough
import Provisioner

/// `provision-gpu-vm bind --gpu BDF`: a card to vfio-pci, until `release`.
struct BindCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bind",
        abstract: "Take GPUs from the host's drivers and bind them to vfio-pci. (root)",
        discussion: """
            Binds whole cards, every function, and notes first how they were (\(Claims.defaultFolder)); 'release' puts \
            them back. A run as root does both by itself: 'bind' is for those who run VMs as a user. What is bound already \
            stays so, and the same command completes what was cut off.

            \(ProvisionCommand.exitStatuses)
            """)

    @OptionGroup var gpus: GPUChoiceOptions

    @Option(
        help: ArgumentHelp(
            "Give the cards' device nodes (/dev/vfio/N) to this user until the release.", valueName: "name"))
    var user: String?

    @Flag(name: .customLong("allow-boot-vga"), help: "Take also the card that the firmware drew its screen with.")
    var allowBootVGA = false

    @Flag(help: "Show what would be written, and change nothing.")
    var dryRun = false

    @Option(help: "What goes to stdout, as text or json.")
    var format: ReportFormat = .text

    func run() async throws {
        let claims = Claims()
        let grant = try user.map { try Self.grant($0) }
        guard case .passthrough(let addresses) = try gpus.request() else {
            throw ValidationError("--gpu simulated is no card of this machine.")
        }
        let cards = try addresses.map { try HostPCI().card($0) }
        for warning in claims.warnings(of: cards) { Terminal.note("warning: \(SafeText.lines([warning]))") }
        if dryRun {
            // Looking needs no root.
            let problems = await claims.problems(of: cards, allowBootVGA: allowBootVGA).filter {
                $0.code != .rootNeeded
            }
            guard problems.isEmpty else { throw Failures(problems) }
            return try ClaimRenderer.show(await claims.plan(binding: cards, grant: grant), format)
        }
        // What a killed command left on other cards; these cards' own are taken up where they are.
        let restored = await claims.restoreAbandoned(sparing: Set(cards.map(\.primary.address)))
        for problem in restored.failures { Terminal.note("warning: \(SafeText.lines([problem.message]))") }
        let allowBootVGA = allowBootVGA
        let changes = try await CardSignals.betweenCards {
            try await claims.bind(cards, allowBootVGA: allowBootVGA, grant: grant).changes
        }
        try ClaimRenderer.show(changes, format)
    }

    private static func grant(_ name: String) throws -> CardGrant {
        guard let entry = getpwnam(name) else { throw ValidationError("--user \(name): there is no such user.") }
        return CardGrant(name: name, id: entry.pointee.pw_uid)
    }
}
