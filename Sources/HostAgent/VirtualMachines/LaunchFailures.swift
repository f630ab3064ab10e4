import Contract
import FailureCatalogue
import Host
import Passthrough

/// What QEMU's words at its start mean. Pure; the texts are the failure catalogue's (FailureArea.hostVFIO).
///
/// - Parameters:
///   - lines: The end of qemu.log.
///   - end: How the process ended.
///   - spec: What was to be started.
/// - Returns: The catalogue's failure, with the GPU and the IOMMU group in its remedy where the lines name them, or
///   vm.qemu-failed with the lines as evidence.
func launchFailure(_ lines: [String], end: ProcessEnd, spec: MachineSpecification) -> Failure {
    let operation = "start the virtual machine \(spec.name)"
    let known = FailureCatalogue.explain(lines.joined(separator: "\n"), name: "qemu.log", areas: [.hostVFIO])
    if let known = known.first {
        guard known.name != "qemu.image-in-use" else {
            return imageInUse(spec.diskPath, operation: operation, evidence: lines)
        }
        let subject = LaunchSubject(lines, of: known, spec: spec)
        return Failure(
            known.code, operation: operation, message: subject.filled(known.message), evidence: lines,
            remedy: subject.filled(known.remedy), retryable: known.retryable, side: .host)
    }
    let ended =
        switch end {
        case .exited(let status): "exited with status \(status)"
        case .signalled(let signal): "was ended by signal \(signal)"
        case .unseen: "is gone"
        }
    return Failure(
        .qemuFailed, operation: operation, message: "QEMU \(ended) before the guest started.", evidence: lines,
        remedy: "Read QEMU's words above; the command is in vm.json of \(spec.folder).", side: .host)
}

/// Which of the host's devices QEMU complains about.
struct LaunchSubject: Equatable {
    /// Nil where the lines name none and the machine has several GPUs, or none.
    var gpu: PCIAddress?
    /// The IOMMU group's number.
    var group: Int?
    var memoryBytes: Int64

    /// Reads "vfio 0000:41:00.0: group 17 is not viable" and its like; only a function that was passed through counts.
    init(_ lines: [String], of finding: Explanation.Finding, spec: MachineSpecification) {
        memoryBytes = spec.memoryBytes
        // The lines that made the finding speak first: others may warn of another card.
        let said = finding.evidence.map(\.text) + lines
        let passed = spec.gpus.compactMap { gpu in gpu.primary.map { (primary: $0, all: gpu.functions.map(\.address)) }
        }
        let named = said.lazy.flatMap { line in
            line.matches(of: /(?:[0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\.[0-7]/)
        }
        .compactMap { PCIAddress(String($0.output)) }.first { address in passed.contains { $0.all.contains(address) } }
        gpu =
            named.flatMap { address in passed.first { $0.all.contains(address) }?.primary }
            ?? (passed.count == 1 ? passed[0].primary : nil)
        group =
            said.lazy.compactMap { line in
                line.firstMatch(of: /(?:group |\/dev\/vfio\/)([0-9]{1,9})/).flatMap { Int($0.output.1) }
            }.first
    }

    /// The catalogue writes BDF for the GPU's address and GROUP for its group's number; how much memory is meant is known
    /// here alone.
    func filled(_ text: String) -> String {
        var text = text.replacing(
            "above the guest's memory", with: "above the guest's memory of \(memoryBytes >> 20) MiB")
        if let gpu { text = text.replacing("BDF", with: gpu.description) }
        if let group { text = text.replacing("GROUP", with: "\(group)") }
        return text
    }
}
