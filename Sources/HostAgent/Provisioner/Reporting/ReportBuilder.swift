import Contract
import GPUReadings
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
            guest: fold.facts, steps: fold.steps, boots: record.boots, gpus: gpus(fold), cuda: cuda(fold),
            proofBoot: record.proofBoot, warnings: prepared.warnings + record.warnings + fold.warnings,
            failures: failures, runFolder: folder)
    }

    private func gpus(_ fold: JournalFold) -> [GPUSection] {
        var sections: [GPUSection] = []
        if let text = fold.outputs["nvidia-smi-q-x"]?.text, let reading = try? SMIQueryReading(xml: text) {
            sections = reading.gpus.map { GPUSection($0, of: reading) }
        }
        if let text = fold.outputs["device-query"]?.text, let reading = try? DeviceQueryReading(parsing: text),
            reading.devices.count == sections.count
        {
            for (index, device) in reading.devices.enumerated() {
                sections[index].computeCapability = device.computeCapability
            }
        }
        for index in sections.indices where fold.bound.indices.contains(index) {
            sections[index].boundDriver = fold.bound[index]
        }
        return sections
    }

    private func cuda(_ fold: JournalFold) -> CUDASection? {
        guard let recipe = record.prepared.recipe.cuda, fold.reached(.cudaToolkit) else { return nil }
        var section = CUDASection(version: recipe.version, toolkitPath: recipe.toolkitPath)
        section.nvcc = fold.outputs["nvcc-version"]?.text.split(separator: "\n").suffix(2).joined(separator: "; ")
        if let output = fold.outputs["device-query"], let reading = try? DeviceQueryReading(parsing: output.text) {
            section.deviceQueryPassed = reading.passed
            section.devices = reading.devices.count
            section.driverVersion = reading.devices.first?.driverVersion
            section.runtimeVersion = reading.devices.first?.runtimeVersion
        }
        if let output = fold.outputs["bandwidth-test"], let reading = try? BandwidthTestReading(parsing: output.text) {
            section.bandwidthTestPassed = reading.passed
            section.hostToDeviceBytesPerSecond = reading.last(.hostToDevice)?.bytesPerSecond
            section.deviceToHostBytesPerSecond = reading.last(.deviceToHost)?.bytesPerSecond
            section.deviceToDeviceBytesPerSecond = reading.last(.deviceToDevice)?.bytesPerSecond
        }
        if !recipe.samples {
            section.note =
                "CUDA \(recipe.version) has no samples in its runfile (they ended with 11.5); no deviceQuery."
        }
        return section
    }
}

extension GPUSection {
    init(_ gpu: GPUReading, of reading: SMIQueryReading) {
        self.init()
        name = gpu.name.value
        uuid = gpu.uuid.value
        busID = gpu.busID.value
        driverVersion = reading.driverVersion
        driverCUDAVersion = reading.cudaVersion
        temperatureCelsius = gpu.temperatureCelsius.value.map(Double.init)
        shutdownTemperatureCelsius = gpu.temperatureShutdownCelsius.value.map(Double.init)
        slowdownTemperatureCelsius = gpu.temperatureSlowdownCelsius.value.map(Double.init)
        fanPercent = gpu.fanPercent.value.map(Double.init)
        powerDrawWatts = gpu.powerDrawWatts.value
        powerLimitWatts = gpu.powerLimitWatts.value
        memoryTotalBytes = gpu.memoryTotalBytes.value
        memoryUsedBytes = gpu.memoryUsedBytes.value
        utilizationPercent = gpu.utilizationGPUPercent.value.map(Double.init)
        graphicsClockMHz = gpu.clockGraphicsMHz.value.map(Double.init)
        memoryClockMHz = gpu.clockMemoryMHz.value.map(Double.init)
        performanceState = gpu.performanceState.value
    }
}
