import Contract
import FoundationEssentials
import Host
import Passthrough
import VirtualMachines

/// The VM against this host: what the GPUs' BARs, hugepages and NUMA nodes ask for.
extension Preflight {
    /// How the VM fits this host; nil, with the reasons among the failures, where it does not, or where what it depends on
    /// is not known yet.
    func fitToHost(firmware: Firmware?, accelerator: Accelerator?) async throws -> MachineFit? {
        // A GPU that is not there, or not to be had, is told already.
        guard let firmware, let accelerator, !failures.contains(where: { $0.code == .gpuUnavailable }) else {
            return nil
        }
        let cards = if case .passthrough(let addresses) = job.gpu { addresses } else { [PCIAddress]() }
        let request = FitRequest(
            cards: cards, machine: job.machine, firmware: firmware, accelerator: accelerator,
            memoryBytes: job.memoryBytes, hugepages: job.hugepages, numa: job.numa, mayRun: standing.continuing)
        let found = try await attempt { try await fitMachine(request, to: LiveHost()) }
        warnings += found?.warnings ?? []
        return found?.fit
    }

    /// What can be said of the GPU's options without a host.
    func checkGPUOptions() {
        let cards = if case .passthrough(let gpus) = job.gpu { gpus.count } else { 0 }
        for problem in job.gpuOptions.problems(count: max(1, cards), anyReal: cards > 0) {
            invalid(problem, "Correct it, or leave it out.")
        }
        guard let file = job.gpuOptions.romFile else { return }
        // A ROM begins with 55 aa (PCI firmware specification 3.3, 5.1.1); a guest skips what does not.
        let start = FilePrefix.read(file, count: 2)
        if start.isEmpty {
            return invalid("--gpu-rom \(file) cannot be read.", "Name the card's ROM as a file.")
        }
        if start != [0x55, 0xaa] {
            invalid(
                "--gpu-rom \(file) is no ROM: it does not begin with 55 aa.",
                "Dump it anew; a vendor's update file has a header in front of the ROM, which must be cut off.")
        }
    }
}
