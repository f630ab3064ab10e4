import Contract
import VirtualMachines

/// The report as a pure fold over what the host recorded and what the guest journalled.
struct ReportBuilder {
    let record: RunRecord
    let journal: [JournalRecord]
    let failures: [Failure]
    let finishedAt: Double
    let hostKernel: String
    let folder: String

    /// The outcome follows from the record; failures make it `failed` whatever else was reached.
    func report() -> Report {
        let prepared = record.prepared
        let fold = JournalFold(journal)
        let sections = GuestSections(recipe: prepared.recipe, fold: fold)
        var image =
            record.result
            ?? ImageSection(
                path: prepared.image.path, format: prepared.image.format, virtualSize: prepared.image.virtualSize)
        image.path = prepared.image.path
        return Report(
            outcome: failures.isEmpty ? (record.outcome ?? .provisioned) : .failed,
            simulated: prepared.recipe.gpus.contains(where: \.simulated), runID: record.runID,
            startedAt: record.startedAt, finishedAt: finishedAt,
            host: HostSection(
                kernel: hostKernel, architecture: "x86_64", qemu: prepared.qemuVersion,
                accelerator: prepared.accelerator.rawValue, acceleratorReason: prepared.acceleratorReason),
            image: image,
            vm: VMSection(
                machine: record.job.machine.rawValue, firmware: prepared.firmware == .bios ? "bios" : "uefi",
                cpus: record.job.cpus, memoryBytes: record.job.memoryBytes, diskBus: record.job.diskBus.rawValue,
                nic: record.job.nic.rawValue,
                hypervisorHidden: prepared.hideHypervisor && prepared.accelerator == .kvm,
                arguments: record.arguments),
            guest: fold.facts, steps: fold.steps, boots: record.boots, gpus: sections.gpus, driver: sections.driver,
            probe: sections.probe, toolkits: sections.toolkits,
            nvbandwidth: sections.nvbandwidth, proofBoot: record.proofBoot,
            warnings: prepared.warnings + record.warnings + fold.warnings,
            failures: failures, runFolder: folder, telemetry: sections.telemetry)
    }
}
