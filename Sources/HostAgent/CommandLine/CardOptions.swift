import ArgumentParser
import Contract
import Passthrough

/// Which cards `bind` takes.
struct CardOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The GPU, as lspci shows it; repeat for several.", valueName: "gpu"))
    var gpu: [String]

    @Flag(help: "Take also a device that is no NVIDIA GPU.")
    var anyDevice = false

    func addresses() throws -> [PCIAddress] {
        try gpu.map { text in
            guard let address = PCIAddress(text) else {
                throw ValidationError("--gpu \(text) is no PCI address like 41:00.0.")
            }
            let device = try HostPCI().device(address)
            guard anyDevice || device.isNVIDIAGPU else {
                throw Failure(
                    .gpuUnavailable, operation: "find the GPU \(address)", message: "\(address) is no NVIDIA GPU.",
                    evidence: ["/sys/bus/pci/devices/\(address)/{vendor,class}"],
                    remedy: "List the machine's GPUs with `provision-gpu-vm gpus`; --any-device takes it all the same.",
                    side: .host)
            }
            return address
        }
    }
}
