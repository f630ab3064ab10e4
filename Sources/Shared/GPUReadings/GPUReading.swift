/// What nvidia-smi said about one GPU, in whichever layout. A field that the layout does not have is absent as
/// ``Absence/missing``.
public struct GPUReading: Equatable, Sendable {
    /// "GeForce GTX 1050 Ti". The table cuts it: ``nameIsCut``.
    public var name: Reading<String> = .absent(.missing)
    /// Whether ``name`` is only the beginning of it, as the table prints long ones.
    public var nameIsCut = false
    /// "GPU-2809c740-…", stable across reboots.
    public var uuid: Reading<String> = .absent(.missing)
    /// PCI address as printed: "00000000:00:16.0". ``pciAddress`` has it as the kernel spells it.
    public var busID: Reading<String> = .absent(.missing)
    /// Serial number of the board.
    public var serial: Reading<String> = .absent(.missing)
    /// Version of the card's firmware.
    public var vbios: Reading<String> = .absent(.missing)
    /// "P0", fastest, to "P12".
    public var performanceState: Reading<String> = .absent(.missing)
    /// Intended fan speed, percent of the fastest.
    public var fanPercent: Reading<Int> = .absent(.missing)

    /// Of the GPU itself.
    public var temperatureCelsius: Reading<Int> = .absent(.missing)
    /// Where it switches itself off. Missing on Hopper and later, which give distances and not temperatures.
    public var temperatureShutdownCelsius: Reading<Int> = .absent(.missing)
    /// Where it slows down to save itself.
    public var temperatureSlowdownCelsius: Reading<Int> = .absent(.missing)
    /// Where it begins to lower its clocks.
    public var temperatureMaxCelsius: Reading<Int> = .absent(.missing)
    /// What its fan and clocks steer for.
    public var temperatureTargetCelsius: Reading<Int> = .absent(.missing)
    /// How far below its limit it is (T.Limit): a distance, not a temperature; smaller is hotter.
    public var temperatureHeadroomCelsius: Reading<Int> = .absent(.missing)
    /// Of the memory.
    public var memoryTemperatureCelsius: Reading<Int> = .absent(.missing)
    /// Where the memory begins to slow down.
    public var memoryTemperatureMaxCelsius: Reading<Int> = .absent(.missing)

    /// Of the board, averaged over a second where the GPU averages (Ampere and later), of the moment elsewhere.
    public var powerDrawWatts: Reading<Double> = .absent(.missing)
    /// The limit in force.
    public var powerLimitWatts: Reading<Double> = .absent(.missing)
    /// Of the module that the GPU shares with a CPU (Grace); never to be taken for the GPU's own.
    public var modulePowerDrawWatts: Reading<Double> = .absent(.missing)

    /// Frame buffer. Total is used + free + reserved, where reserved is told (from 510), else used + free.
    public var memoryTotalBytes: Reading<Int64> = .absent(.missing)
    /// Allocated by programs and, before 510, by the driver.
    public var memoryUsedBytes: Reading<Int64> = .absent(.missing)
    /// Not allocated.
    public var memoryFreeBytes: Reading<Int64> = .absent(.missing)
    /// Kept by driver and firmware.
    public var memoryReservedBytes: Reading<Int64> = .absent(.missing)

    /// Share of the last sample period in which a kernel ran. Not applicable under MIG.
    public var utilizationGPUPercent: Reading<Int> = .absent(.missing)
    /// Share of it in which memory was read or written.
    public var utilizationMemoryPercent: Reading<Int> = .absent(.missing)

    /// Current clock of the shaders.
    public var clockGraphicsMHz: Reading<Int> = .absent(.missing)
    /// Current clock of the multiprocessors.
    public var clockSMMHz: Reading<Int> = .absent(.missing)
    /// Current clock of the memory.
    public var clockMemoryMHz: Reading<Int> = .absent(.missing)
    /// Highest clock of the shaders.
    public var clockGraphicsMaxMHz: Reading<Int> = .absent(.missing)
    /// Highest clock of the multiprocessors.
    public var clockSMMaxMHz: Reading<Int> = .absent(.missing)
    /// Highest clock of the memory.
    public var clockMemoryMaxMHz: Reading<Int> = .absent(.missing)

    /// "Default", "Exclusive_Process" or "Prohibited"; the table has "E. Process".
    public var computeMode: Reading<String> = .absent(.missing)
    /// "Enabled" or "Disabled".
    public var migMode: Reading<String> = .absent(.missing)
    /// "Enabled" or "Disabled".
    public var eccMode: Reading<String> = .absent(.missing)

    /// The programs that use it, as far as the reader may see them (not those of other containers).
    public var processes: [GPUProcessReading] = []

    /// A GPU of which nothing is known.
    public init() {}

    /// ``busID`` as sysfs spells it, "0000:00:16.0"; nil where it is absent or no PCI address.
    public var pciAddress: String? {
        guard let busID = busID.value else { return nil }
        let parts = busID.lowercased().split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let domain = UInt32(parts[0], radix: 16), parts[1].count == 2, parts[2].count == 4,
            UInt8(parts[1], radix: 16) != nil
        else { return nil }
        let digits = String(domain, radix: 16)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ":\(parts[1]):\(parts[2])"
    }
}

/// A program that uses a GPU.
public struct GPUProcessReading: Equatable, Sendable {
    /// In the name space of nvidia-smi.
    public var pid: Reading<Int> = .absent(.missing)
    /// The command; empty or missing in a container. The table cuts it at the left.
    public var name: Reading<String> = .absent(.missing)
    /// "C" computes, "G" draws, "C+G" does both; missing up to 340.
    public var type: Reading<String> = .absent(.missing)
    /// Memory of the GPU that it holds. Not applicable on Windows.
    public var usedMemoryBytes: Reading<Int64> = .absent(.missing)

    /// A program of which nothing is known.
    public init() {}
}
