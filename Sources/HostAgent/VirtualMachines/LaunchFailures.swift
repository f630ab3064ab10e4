import Contract
import FailureCatalogue
import Host

/// What QEMU's words at its start mean. Pure; the texts are the failure catalogue's (FailureArea.hostVFIO).
///
/// - Parameters:
///   - lines: The end of qemu.log.
///   - end: How the process ended.
///   - spec: What was to be started.
/// - Returns: The catalogue's failure, or vm.qemu-failed with the lines as evidence.
func launchFailure(_ lines: [String], end: ProcessEnd, spec: MachineSpecification) -> Failure {
    let operation = "start the virtual machine \(spec.name)"
    let known = FailureCatalogue.explain(lines.joined(separator: "\n"), name: "qemu.log", areas: [.hostVFIO])
    if let known = known.first {
        guard known.name != "qemu.image-in-use" else {
            return imageInUse(spec.diskPath, operation: operation, evidence: lines)
        }
        return Failure(
            known.code, operation: operation, message: known.message, evidence: lines, remedy: known.remedy,
            retryable: known.retryable, side: .host)
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
