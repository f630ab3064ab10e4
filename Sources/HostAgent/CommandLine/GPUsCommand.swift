import ArgumentParser
import Passthrough

/// `provision-gpu-vm gpus`: the NVIDIA GPUs of this host, or of a recorded one.
struct GPUsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gpus", abstract: "List the NVIDIA GPUs, their IOMMU groups, and who uses them.",
        discussion: """
            Only looks. --gpu takes what the first three columns show: an index, an address in any usual form, a part of \
            a name. As root it sees every process that holds a GPU.
            """)

    @OptionGroup var host: SystemRootOption

    @Option(help: "text or json.")
    var format: ReportFormat = .text

    func run() throws {
        let inventory = try GPUInventory.read(host.tree())
        switch format {
        case .json: try Terminal.writeJSON(inventory)
        case .text: Terminal.write(inventory.lines(width: 80).joined(separator: "\n"))
        }
    }
}
