public import GPUReadings

/// The facts of a GPU that a sampler sends, out of all that nvidia-smi prints: what changes while it works, and the limits
/// beside which that is read. Sent under their names in ``GPUReadings/GPUFact``, so that neither side depends on the order here.
public enum SampledFacts {
    /// What is a number, in the unit of its name; flags (such as `remappedRowsPending`) are 0 or 1.
    public static let numbers: [GPUFact] = [
        .utilizationGPUPercent, .utilizationMemoryPercent, .utilizationEncoderPercent, .utilizationDecoderPercent,
        .utilizationJPEGPercent, .utilizationOFAPercent,
        .memoryTotalBytes, .memoryUsedBytes, .memoryFreeBytes, .memoryReservedBytes, .bar1TotalBytes, .bar1UsedBytes,
        .temperatureCelsius, .memoryTemperatureCelsius, .temperatureSlowdownCelsius, .temperatureShutdownCelsius,
        .temperatureMaxCelsius, .temperatureTargetCelsius, .temperatureHeadroomCelsius, .fanPercent,
        .powerDrawWatts, .powerLimitWatts, .powerLimitDefaultWatts, .modulePowerDrawWatts, .memoryPowerDrawWatts,
        .clockGraphicsMHz, .clockSMMHz, .clockMemoryMHz, .clockVideoMHz,
        .clockGraphicsMaxMHz, .clockSMMaxMHz, .clockMemoryMaxMHz,
        .pcieLinkGeneration, .pcieLinkGenerationMax, .pcieLinkWidth, .pcieLinkWidthMax, .pcieReplays,
        .pcieTransmitBytesPerSecond, .pcieReceiveBytesPerSecond,
        .encoderSessionCount,
        .eccVolatileCorrected, .eccVolatileUncorrected, .eccAggregateCorrected, .eccAggregateUncorrected,
        .eccVolatileCorrectedDRAM, .eccVolatileCorrectedSRAM, .eccVolatileUncorrectedDRAM, .eccVolatileUncorrectedSRAM,
        .eccAggregateCorrectedDRAM, .eccAggregateCorrectedSRAM, .eccAggregateUncorrectedDRAM,
        .eccAggregateUncorrectedSRAM,
        .retiredPagesSingleBit, .retiredPagesDoubleBit, .retiredPagesPending,
        .remappedRowsCorrectable, .remappedRowsUncorrectable, .remappedRowsPending, .remappedRowsFailure,
    ]

    /// What is a word: "P0", "Enabled", "Default", "None".
    public static let texts: [GPUFact] = [
        .performanceState, .computeMode, .migMode, .eccMode, .persistenceMode, .recoveryAction, .vbios, .serial,
    ]

    /// Why the clocks are held down, each active or not. Only the active ones are sent, by their names.
    public static let clocksEvents: [GPUFact] = [
        .clocksEventIdle, .clocksEventApplicationClocks, .clocksEventSWPowerCap, .clocksEventHWSlowdown,
        .clocksEventHWThermalSlowdown, .clocksEventHWPowerBrake, .clocksEventSWThermalSlowdown, .clocksEventSyncBoost,
        .clocksEventDisplayClocks,
    ]

    /// Those of ``clocksEvents`` that say the GPU is slower than it could be: not "idle", not what a user set.
    public static let throttling: [GPUFact] = [
        .clocksEventSWPowerCap, .clocksEventHWSlowdown, .clocksEventHWThermalSlowdown, .clocksEventHWPowerBrake,
        .clocksEventSWThermalSlowdown,
    ]

    /// Where in ``numbers`` a fact stands, by its raw value; -1 where it is none of them.
    private static let places: [Int] = {
        var places = [Int](repeating: -1, count: GPUFact.allCases.count)
        for (place, fact) in numbers.enumerated() { places[fact.rawValue] = place }
        return places
    }()

    /// Where in ``numbers`` a fact stands; nil where it is none of them.
    public static func place(of fact: GPUFact) -> Int? {
        let place = places[fact.rawValue]
        return place < 0 ? nil : place
    }
}
