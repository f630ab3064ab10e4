package import GPUReadings
package import Telemetry

extension TelemetrySample {
    /// What a document of nvidia-smi's says of the facts that are sent.
    package init(_ reading: SMIQueryReading) {
        self.init(
            driverVersion: reading.driverVersion, cudaVersion: reading.cudaVersion,
            gpus: reading.gpus.prefix(TelemetryLimits.gpus).enumerated().map { GPUSample($1, index: $0) })
    }
}

extension GPUSample {
    /// nvidia-smi numbers its GPUs in the order of the document.
    init(_ gpu: GPUReading, index: Int) {
        self.init(index: index)
        uuid = gpu.uuid.value
        name = gpu.name.value
        pciAddress = gpu.pciAddress
        for fact in SampledFacts.numbers {
            switch gpu[fact] {
            case .value(.integer(let value)): numbers[fact] = Double(value)
            case .value(.decimal(let value)): numbers[fact] = value
            case .value(.flag(let value)): numbers[fact] = value ? 1 : 0
            case .value(.text): break
            case .absent(let absence): note(absence, fact)
            }
        }
        for fact in SampledFacts.texts {
            switch gpu[fact] {
            case .value(.text(let value)): texts[fact.key] = value
            case .value: break
            case .absent(let absence): note(absence, fact)
            }
        }
        clocksEvents = SampledFacts.clocksEvents.filter { gpu[$0] == .value(.flag(true)) }.map(\.key)
        processCount = gpu.processes.count
        processes = gpu.processes.map { ProcessSample($0) }
            .sorted { ($0.memoryBytes ?? -1, $1.pid) > ($1.memoryBytes ?? -1, $0.pid) }
            .prefix(TelemetryLimits.processes).map { $0 }
        migDevices = gpu.migDevices.prefix(TelemetryLimits.processes).enumerated().map { MIGSample($1, index: $0) }
    }

    /// A GPU that has no fan is no news, a GPU that is lost is.
    private mutating func note(_ absence: Absence, _ fact: GPUFact) {
        switch absence {
        case .gpuLost, .unknownError, .error, .insufficientPermissions: faults[fact.key] = absence.name
        case .missing, .notApplicable, .notSupported, .deprecated, .functionNotFound, .unreadable: break
        }
    }
}

extension ProcessSample {
    init(_ process: GPUProcessReading) {
        self.init(
            pid: process.pid.value ?? 0, name: process.name.value, type: process.type.value,
            memoryBytes: process.usedMemoryBytes.value)
    }
}

extension MIGSample {
    init(_ device: MIGDeviceReading, index: Int) {
        self.init(
            index: device.index.value ?? index, gpuInstance: device.gpuInstanceID.value,
            computeInstance: device.computeInstanceID.value, memoryTotalBytes: device.memoryTotalBytes.value,
            memoryUsedBytes: device.memoryUsedBytes.value)
    }
}
