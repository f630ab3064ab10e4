import ArgumentParser
import Host
import Passthrough
import Provisioner

/// Which GPUs a VM gets.
struct GPUChoiceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The GPU, its whole card: PCI address in any usual form, index or part of the name as 'gpus' lists them, 'all', "
                + "or 'auto' for the only one that is neither the boot display nor in use; repeat for several. 'simulated' puts "
                + "QEMU's edu device in a GPU's place.", valueName: "gpu"))
    var gpu: [String] = []

    @Flag(help: "Let --gpu name any PCI device by its address, not only NVIDIA's GPUs.")
    var anyDevice = false

    /// The words as cards of this machine; `earlier` are those that they named when an unfinished run was begun. Throws
    /// ``Failures`` with everything that is wrong with them.
    func request(goingOnWith earlier: [PCIAddress] = []) throws -> Job.GPURequest {
        guard !gpu.isEmpty else {
            throw ValidationError(
                "Name the GPU: --gpu BDF (as lspci shows it), --gpu auto, or --gpu simulated; 'gpus' lists them.")
        }
        if gpu == ["simulated"] { return .simulated }
        guard !gpu.contains("simulated") else {
            throw ValidationError("--gpu simulated goes with no other GPU.")
        }
        return .passthrough(try GPUSelection.resolve(gpu, on: LiveHost(), anyDevice: anyDevice, goingOnWith: earlier))
    }
}
