import ArgumentParser
import Contract
import Guest
import Provisioning

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Print how far the run is, as JSON.")

    func run() async throws {
        try Console.json(RunStatus(of: .live))
    }
}

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Print what this machine is, as JSON.",
        discussion: "Without --vendor: NVIDIA's GPUs and the simulated one (QEMU's edu device).")

    @Option(help: "PCI vendor of the GPUs to show, four hex digits.")
    var vendor: String?
    @Option(help: "PCI device of the GPUs to show, four hex digits.")
    var device: String?

    func run() async throws {
        let gpus =
            vendor.map {
                [ExpectedGPU(vendor: $0.lowercased(), device: device?.lowercased(), count: 1, simulated: false)]
            }
            ?? [ExpectedGPU(vendor: "10de", device: nil, count: 1, simulated: false), .simulated]
        try Console.json(try await Guest.live().facts(gpus: gpus))
    }
}

struct ProveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove", abstract: "Prove that driver and CUDA work in this boot; builds and changes nothing.",
        discussion: "Prints one JSON object: passed, evidence, failure, outputs. Ends with 0 where it could say.")

    @OptionGroup var input: PlanOption

    func run() async throws {
        try Console.json(try await Proof.make(of: try input.read(), in: .live()))
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the agent's version.")

    func run() throws {
        try Console.line(ContractVersion.tool)
    }
}
