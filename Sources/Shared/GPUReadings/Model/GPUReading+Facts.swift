/// The facts that are asked for most, by name and type; the others are in ``GPUReading/subscript(_:)``.
extension GPUReading {
    /// "GeForce GTX 1050 Ti". The table cuts it: ``nameIsCut``.
    public var name: Reading<String> {
        get { facts.text(.name) }
        set { facts.set(.name, newValue) }
    }

    /// "GPU-2809c740-…", stable across reboots.
    public var uuid: Reading<String> {
        get { facts.text(.uuid) }
        set { facts.set(.uuid, newValue) }
    }

    /// PCI address as printed: "00000000:00:16.0". ``pciAddress`` has it as the kernel spells it.
    public var busID: Reading<String> {
        get { facts.text(.busID) }
        set { facts.set(.busID, newValue) }
    }

    /// Serial number of the board.
    public var serial: Reading<String> {
        get { facts.text(.serial) }
        set { facts.set(.serial, newValue) }
    }

    /// Version of the card's firmware.
    public var vbios: Reading<String> {
        get { facts.text(.vbios) }
        set { facts.set(.vbios, newValue) }
    }

    /// "P0", fastest, to "P12".
    public var performanceState: Reading<String> {
        get { facts.text(.performanceState) }
        set { facts.set(.performanceState, newValue) }
    }

    /// Intended fan speed, percent of the fastest.
    public var fanPercent: Reading<Int> {
        get { facts.whole(.fanPercent) }
        set { facts.set(.fanPercent, newValue) }
    }

    /// Of the GPU itself.
    public var temperatureCelsius: Reading<Int> {
        get { facts.whole(.temperatureCelsius) }
        set { facts.set(.temperatureCelsius, newValue) }
    }

    /// Where it switches itself off. Missing on Hopper and later, which give distances and not temperatures.
    public var temperatureShutdownCelsius: Reading<Int> {
        get { facts.whole(.temperatureShutdownCelsius) }
        set { facts.set(.temperatureShutdownCelsius, newValue) }
    }

    /// Where it slows down to save itself.
    public var temperatureSlowdownCelsius: Reading<Int> {
        get { facts.whole(.temperatureSlowdownCelsius) }
        set { facts.set(.temperatureSlowdownCelsius, newValue) }
    }

    /// Where it begins to lower its clocks.
    public var temperatureMaxCelsius: Reading<Int> {
        get { facts.whole(.temperatureMaxCelsius) }
        set { facts.set(.temperatureMaxCelsius, newValue) }
    }

    /// What its fan and clocks steer for.
    public var temperatureTargetCelsius: Reading<Int> {
        get { facts.whole(.temperatureTargetCelsius) }
        set { facts.set(.temperatureTargetCelsius, newValue) }
    }

    /// How far below its limit it is (T.Limit): a distance, not a temperature; smaller is hotter.
    public var temperatureHeadroomCelsius: Reading<Int> {
        get { facts.whole(.temperatureHeadroomCelsius) }
        set { facts.set(.temperatureHeadroomCelsius, newValue) }
    }

    /// Of the memory.
    public var memoryTemperatureCelsius: Reading<Int> {
        get { facts.whole(.memoryTemperatureCelsius) }
        set { facts.set(.memoryTemperatureCelsius, newValue) }
    }

    /// Where the memory begins to slow down.
    public var memoryTemperatureMaxCelsius: Reading<Int> {
        get { facts.whole(.memoryTemperatureMaxCelsius) }
        set { facts.set(.memoryTemperatureMaxCelsius, newValue) }
    }

    /// Of the board, averaged over a second where the GPU averages (Ampere and later), of the moment elsewhere.
    public var powerDrawWatts: Reading<Double> {
        get { facts.decimal(.powerDrawWatts) }
        set { facts.set(.powerDrawWatts, newValue) }
    }

    /// The limit in force.
    public var powerLimitWatts: Reading<Double> {
        get { facts.decimal(.powerLimitWatts) }
        set { facts.set(.powerLimitWatts, newValue) }
    }

    /// Of the module that the GPU shares with a CPU (Grace); never to be taken for the GPU's own.
    public var modulePowerDrawWatts: Reading<Double> {
        get { facts.decimal(.modulePowerDrawWatts) }
        set { facts.set(.modulePowerDrawWatts, newValue) }
    }

    /// Frame buffer. Total is used + free + reserved, where reserved is told (from 510), else used + free.
    public var memoryTotalBytes: Reading<Int64> {
        get { facts.integer(.memoryTotalBytes) }
        set { facts.set(.memoryTotalBytes, newValue) }
    }

    /// Allocated by programs and, before 510, by the driver.
    public var memoryUsedBytes: Reading<Int64> {
        get { facts.integer(.memoryUsedBytes) }
        set { facts.set(.memoryUsedBytes, newValue) }
    }

    /// Not allocated.
    public var memoryFreeBytes: Reading<Int64> {
        get { facts.integer(.memoryFreeBytes) }
        set { facts.set(.memoryFreeBytes, newValue) }
    }

    /// Kept by driver and firmware.
    public var memoryReservedBytes: Reading<Int64> {
        get { facts.integer(.memoryReservedBytes) }
        set { facts.set(.memoryReservedBytes, newValue) }
    }

    /// Share of the last sample period in which a kernel ran. Not applicable under MIG.
    public var utilizationGPUPercent: Reading<Int> {
        get { facts.whole(.utilizationGPUPercent) }
        set { facts.set(.utilizationGPUPercent, newValue) }
    }

    /// Share of it in which memory was read or written.
    public var utilizationMemoryPercent: Reading<Int> {
        get { facts.whole(.utilizationMemoryPercent) }
        set { facts.set(.utilizationMemoryPercent, newValue) }
    }

    /// Share of it in which video was encoded.
    public var utilizationEncoderPercent: Reading<Int> {
        get { facts.whole(.utilizationEncoderPercent) }
        set { facts.set(.utilizationEncoderPercent, newValue) }
    }

    /// Share of it in which video was decoded.
    public var utilizationDecoderPercent: Reading<Int> {
        get { facts.whole(.utilizationDecoderPercent) }
        set { facts.set(.utilizationDecoderPercent, newValue) }
    }

    /// Current clock of the shaders.
    public var clockGraphicsMHz: Reading<Int> {
        get { facts.whole(.clockGraphicsMHz) }
        set { facts.set(.clockGraphicsMHz, newValue) }
    }

    /// Current clock of the multiprocessors.
    public var clockSMMHz: Reading<Int> {
        get { facts.whole(.clockSMMHz) }
        set { facts.set(.clockSMMHz, newValue) }
    }

    /// Current clock of the memory.
    public var clockMemoryMHz: Reading<Int> {
        get { facts.whole(.clockMemoryMHz) }
        set { facts.set(.clockMemoryMHz, newValue) }
    }

    /// Current clock of the video engines.
    public var clockVideoMHz: Reading<Int> {
        get { facts.whole(.clockVideoMHz) }
        set { facts.set(.clockVideoMHz, newValue) }
    }

    /// Highest clock of the shaders.
    public var clockGraphicsMaxMHz: Reading<Int> {
        get { facts.whole(.clockGraphicsMaxMHz) }
        set { facts.set(.clockGraphicsMaxMHz, newValue) }
    }

    /// Highest clock of the multiprocessors.
    public var clockSMMaxMHz: Reading<Int> {
        get { facts.whole(.clockSMMaxMHz) }
        set { facts.set(.clockSMMaxMHz, newValue) }
    }

    /// Highest clock of the memory.
    public var clockMemoryMaxMHz: Reading<Int> {
        get { facts.whole(.clockMemoryMaxMHz) }
        set { facts.set(.clockMemoryMaxMHz, newValue) }
    }

    /// Current generation of the link; idle GPUs lower it.
    public var pcieLinkGeneration: Reading<Int> {
        get { facts.whole(.pcieLinkGeneration) }
        set { facts.set(.pcieLinkGeneration, newValue) }
    }

    /// Current number of lanes.
    public var pcieLinkWidth: Reading<Int> {
        get { facts.whole(.pcieLinkWidth) }
        set { facts.set(.pcieLinkWidth, newValue) }
    }

    /// "Default", "Exclusive_Process" or "Prohibited"; the table has "E. Process".
    public var computeMode: Reading<String> {
        get { facts.text(.computeMode) }
        set { facts.set(.computeMode, newValue) }
    }

    /// "Enabled" or "Disabled".
    public var migMode: Reading<String> {
        get { facts.text(.migMode) }
        set { facts.set(.migMode, newValue) }
    }

    /// "Enabled" or "Disabled".
    public var eccMode: Reading<String> {
        get { facts.text(.eccMode) }
        set { facts.set(.eccMode, newValue) }
    }

    /// "390.42"; where both are told, that of the kernel module.
    public var driverVersion: Reading<String> {
        get { facts.text(.driverVersion) }
        set { facts.set(.driverVersion, newValue) }
    }

    /// The newest CUDA that the driver can run, "11.4". Missing before 410, and where nvidia-smi does not find libcuda.
    public var cudaVersion: Reading<String> {
        get { facts.text(.cudaVersion) }
        set { facts.set(.cudaVersion, newValue) }
    }

    /// "6.1".
    public var computeCapability: Reading<String> {
        get { facts.text(.computeCapability) }
        set { facts.set(.computeCapability, newValue) }
    }
}
