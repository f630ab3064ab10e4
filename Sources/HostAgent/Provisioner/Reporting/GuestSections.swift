import Contract
import GPUReadings

/// The parts of a report that follow from what the guest said, wherever the guest runs.
struct GuestSections {
    let recipe: Recipe
    let fold: JournalFold

    var gpus: [GPUSection] {
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
        for device in probe?.devices ?? [] {
            // The same GPU to both, whatever the order; a MIG instance is part of one, with an id of its own.
            guard let index = sections.firstIndex(where: { $0.uuid != nil && $0.uuid == device.uuid }) else { continue }
            sections[index].computeCapability = sections[index].computeCapability ?? device.computeCapability
        }
        for index in sections.indices where fold.bound.indices.contains(index) {
            sections[index].boundDriver = fold.bound[index]
        }
        return sections
    }

    var driver: DriverSection? {
        guard let driver = recipe.driver, fold.reached(.driver) else { return nil }
        // The first line of /proc/driver/nvidia/version is part of the proof: "NVIDIA UNIX x86_64 Kernel Module  470…",
        // "NVIDIA UNIX Open Kernel Module for x86_64  550…".
        let words = fold.steps.first { $0.id == .proveDriver }?.evidence.first { $0.contains("Kernel Module") }
        return DriverSection(
            version: driver.version, kernelModules: words.map { $0.contains("Open Kernel") ? "open" : "proprietary" },
            persistenceDaemon: driver.persistenceDaemon ? fold.isDone(.persistenceDaemon) ?? false : nil)
    }

    var telemetry: TelemetrySection? {
        guard let telemetry = recipe.telemetry, fold.reached(.telemetry) else { return nil }
        return TelemetrySection(
            unit: TelemetrySection.unit, intervalSeconds: telemetry.intervalSeconds,
            enabled: fold.isDone(.telemetry) ?? false)
    }

    var toolkits: [CUDASection] { recipe.toolkits.compactMap(toolkit) }

    private func toolkit(_ cuda: CUDARecipe) -> CUDASection? {
        guard fold.reached(StepID.cudaToolkit.of(cuda, in: recipe)) else { return nil }
        var section = CUDASection(version: cuda.version, toolkitPath: cuda.toolkitPath)
        section.patches = cuda.patches.isEmpty ? nil : cuda.patches.map(\.fileName)
        var outputs: [String: ToolOutput] = [:]
        for step in [StepID.cudaToolkit, .environment, .proveCUDA] {
            outputs.merge(fold.outputsByStep[step.of(cuda, in: recipe)] ?? [:]) { $1 }
        }
        section.nvcc = outputs["nvcc-version"]?.text.split(separator: "\n").suffix(2).joined(separator: "; ")
        if let output = outputs["device-query"], let reading = try? DeviceQueryReading(parsing: output.text) {
            section.deviceQueryPassed = reading.passed
            section.devices = reading.devices.count
            section.driverVersion = reading.devices.first?.driverVersion
            section.runtimeVersion = reading.devices.first?.runtimeVersion
        }
        if let output = outputs["bandwidth-test"], let reading = try? BandwidthTestReading(parsing: output.text) {
            section.bandwidthTestPassed = reading.passed
            section.hostToDeviceBytesPerSecond = reading.last(.hostToDevice)?.bytesPerSecond
            section.deviceToHostBytesPerSecond = reading.last(.deviceToHost)?.bytesPerSecond
            section.deviceToDeviceBytesPerSecond = reading.last(.deviceToDevice)?.bytesPerSecond
        }
        if !cuda.samples && recipe.samples == nil {
            section.note =
                "CUDA \(cuda.version) has no samples in its runfile (they ended with 11.5); gpu-probe speaks for it."
        }
        return section
    }

    var probe: ProbeSection? {
        guard let text = fold.outputs["gpu-probe"]?.text, let reading = try? GPUProbeReading(parsing: text) else {
            return nil
        }
        return ProbeSection(
            passed: reading.passed, driverCUDAVersion: reading.driverVersion,
            devices: reading.devices.map(ProbeSection.Device.init), errors: reading.troubles.map(\.description))
    }

    var nvbandwidth: NVBandwidthSection? {
        guard let text = fold.outputs["nvbandwidth"]?.text, let reading = try? NVBandwidthReading(parsing: text) else {
            return nil
        }
        return NVBandwidthSection(
            passed: reading.passed, version: reading.version,
            testCases: reading.testCases.map {
                NVBandwidthSection.TestCase(name: $0.name, status: $0.status.rawValue, sum: $0.sum)
            })
    }
}

extension ProbeSection.Device {
    init(_ device: GPUProbeReading.Device) {
        self.init()
        name = device.name
        uuid = device.uuid
        busID = device.busID
        computeCapability = device.computeCapability
        memoryTotalBytes = device.memoryTotalBytes
        memoryFreeBytes = device.memoryFreeBytes
        multiprocessors = device.multiprocessors
        clockMHz = device.clockKHz.map { Double($0) / 1000 }
        memoryClockMHz = device.memoryClockKHz.map { Double($0) / 1000 }
        eccEnabled = device.eccEnabled
        hostToDeviceBytesPerSecond = device.last(.hostToDevice)?.bytesPerSecond
        deviceToHostBytesPerSecond = device.last(.deviceToHost)?.bytesPerSecond
        deviceToDeviceBytesPerSecond = device.last(.deviceToDevice)?.bytesPerSecond
        verified = device.copies.isEmpty ? nil : device.copies.allSatisfy(\.verified)
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
