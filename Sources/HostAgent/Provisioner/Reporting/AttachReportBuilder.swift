import Contract
import SecureShell

/// The report of a run on a running machine, as a pure fold over what the host recorded and what the machine journalled.
struct AttachReportBuilder {
    let record: AttachRecord
    let journal: [JournalRecord]
    let failures: [Failure]
    let finishedAt: Double
    let hostKernel: String
    let folder: String

    func report() -> Report {
        let fold = JournalFold(journal)
        let sections = GuestSections(recipe: record.inputs.recipe, fold: fold)
        let facts = fold.facts
        let filesStay =
            !record.uploads.isEmpty && (record.job.keepPayloads || record.phase != .ended || !failures.isEmpty)
        return Report(
            outcome: failures.isEmpty ? (record.outcome ?? .provisioned) : .failed,
            simulated: record.inputs.recipe.gpus.contains(where: \.simulated), runID: record.runID,
            startedAt: record.startedAt, finishedAt: finishedAt,
            host: HostSection(
                kernel: hostKernel, architecture: "x86_64", qemu: "", accelerator: "", acceleratorReason: ""),
            image: ImageSection(path: record.machine, format: "attached", virtualSize: 0),
            vm: VMSection(
                machine: "attached", firmware: facts?.firmware ?? "", cpus: facts?.cpus ?? 0,
                memoryBytes: facts?.memoryBytes ?? 0, diskBus: "", nic: "", hypervisorHidden: false, arguments: []),
            guest: facts, steps: fold.steps, boots: record.boots, gpus: sections.gpus, driver: sections.driver,
            probe: sections.probe, toolkits: sections.toolkits, nvbandwidth: sections.nvbandwidth,
            proofBoot: record.proofBoot, warnings: record.inputs.warnings + fold.warnings, failures: failures,
            runFolder: folder,
            attached: AttachedSection(
                user: record.user, host: record.endpoint.host, port: record.endpoint.port,
                hostKey: record.hostKey.fingerprint, name: record.survey.name,
                virtualization: record.survey.virtualization, bytesSent: record.bytesSent,
                payloadFolder: filesStay ? PayloadFolder.path : nil, provenByReboot: record.proofBoot?.passed == true),
            telemetry: sections.telemetry)
    }
}
