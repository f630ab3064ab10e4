/// Where a field is found, in each of nvidia-smi's long outputs.
///
/// The places are tried in order, and the first with a value wins: neither the DTD's number nor the driver's version
/// tells which dialect an output is (v12 alone has four, and nvidia-smi need not be the driver's own). Parents are part
/// of a place, because children repeat: `power_draw` is in three blocks, of GPU, module and memory.
struct FieldPlaces {
    /// Paths of elements below `<gpu>`.
    var xml: [String]
    /// Paths of keys below the GPU's line in `-q`, in lower case.
    var text: [String]
}

/// The fields of ``GPUReading`` and their places, by the drivers that print them there.
enum SMIFields {
    static let name = FieldPlaces(xml: ["product_name"], text: ["product name"])
    static let uuid = FieldPlaces(xml: ["uuid"], text: ["gpu uuid"])
    static let busID = FieldPlaces(xml: ["pci/pci_bus_id"], text: ["pci/bus id"])
    static let serial = FieldPlaces(xml: ["serial"], text: ["serial number"])
    static let vbios = FieldPlaces(xml: ["vbios_version"], text: ["vbios version"])
    static let performanceState = FieldPlaces(xml: ["performance_state"], text: ["performance state"])
    static let fan = FieldPlaces(xml: ["fan_speed"], text: ["fan speed"])
    static let computeMode = FieldPlaces(xml: ["compute_mode"], text: ["compute mode"])
    static let migMode = FieldPlaces(xml: ["mig_mode/current_mig"], text: ["mig mode/current"])
    static let eccMode = FieldPlaces(xml: ["ecc_mode/current_ecc"], text: ["ecc mode/current"])

    static let temperature = FieldPlaces(xml: ["temperature/gpu_temp"], text: ["temperature/gpu current temp"])
    static let temperatureShutdown = FieldPlaces(
        xml: ["temperature/gpu_temp_max_threshold"], text: ["temperature/gpu shutdown temp"])
    static let temperatureSlowdown = FieldPlaces(
        xml: ["temperature/gpu_temp_slow_threshold"], text: ["temperature/gpu slowdown temp"])
    static let temperatureMax = FieldPlaces(
        xml: ["temperature/gpu_temp_max_gpu_threshold"], text: ["temperature/gpu max operating temp"])
    static let temperatureTarget = FieldPlaces(
        xml: ["temperature/gpu_target_temperature"],
        text: ["temperature/gpu target temperature", "temperature/gpu target temperature specification"])
    static let temperatureHeadroom = FieldPlaces(
        xml: ["temperature/gpu_temp_tlimit"],
        text: ["temperature/gpu t.limit temp", "temperature/gpu current t.limit temp"])
    static let memoryTemperature = FieldPlaces(
        xml: ["temperature/memory_temp"], text: ["temperature/memory current temp"])
    static let memoryTemperatureMax = FieldPlaces(
        xml: ["temperature/gpu_temp_max_mem_threshold"], text: ["temperature/memory max operating temp"])

    // Up to 525; 535 to 565; from 570. What was one figure became two, and the older one was the average where the GPU
    // averages, so the average comes first and the moment stands in where it is N/A (Turing).
    static let powerDraw = FieldPlaces(
        xml: [
            "power_readings/power_draw", "gpu_power_readings/power_draw", "gpu_power_readings/average_power_draw",
            "gpu_power_readings/instant_power_draw",
        ],
        text: [
            "power readings/power draw", "gpu power readings/power draw", "gpu power readings/average power draw",
            "gpu power readings/instantaneous power draw",
        ])
    // The enforced one was renamed to current at 535; 610 puts the text's into a block of their own.
    static let powerLimit = FieldPlaces(
        xml: [
            "power_readings/enforced_power_limit", "power_readings/power_limit",
            "gpu_power_readings/current_power_limit", "gpu_power_readings/gpu_ceiling_power_limit/current_power_limit",
        ],
        text: [
            "power readings/enforced power limit", "power readings/power limit",
            "gpu power readings/current power limit",
            "gpu power readings/gpu ceiling power limit/current power limit",
        ])
    static let modulePowerDraw = FieldPlaces(
        xml: [
            "module_power_readings/power_draw", "module_power_readings/average_power_draw",
            "module_power_readings/instant_power_draw",
        ],
        text: [
            "module power readings/power draw", "module power readings/average power draw",
            "module power readings/instantaneous power draw",
        ])

    static let memoryTotal = FieldPlaces(xml: ["fb_memory_usage/total"], text: ["fb memory usage/total"])
    static let memoryUsed = FieldPlaces(xml: ["fb_memory_usage/used"], text: ["fb memory usage/used"])
    static let memoryFree = FieldPlaces(xml: ["fb_memory_usage/free"], text: ["fb memory usage/free"])
    static let memoryReserved = FieldPlaces(xml: ["fb_memory_usage/reserved"], text: ["fb memory usage/reserved"])

    static let utilizationGPU = FieldPlaces(xml: ["utilization/gpu_util"], text: ["utilization/gpu"])
    static let utilizationMemory = FieldPlaces(xml: ["utilization/memory_util"], text: ["utilization/memory"])

    static let clockGraphics = FieldPlaces(xml: ["clocks/graphics_clock"], text: ["clocks/graphics"])
    static let clockSM = FieldPlaces(xml: ["clocks/sm_clock"], text: ["clocks/sm"])
    static let clockMemory = FieldPlaces(xml: ["clocks/mem_clock"], text: ["clocks/memory"])
    static let clockGraphicsMax = FieldPlaces(xml: ["max_clocks/graphics_clock"], text: ["max clocks/graphics"])
    static let clockSMMax = FieldPlaces(xml: ["max_clocks/sm_clock"], text: ["max clocks/sm"])
    static let clockMemoryMax = FieldPlaces(xml: ["max_clocks/mem_clock"], text: ["max clocks/memory"])

    /// All of them.
    static let all = [
        name, uuid, busID, serial, vbios, performanceState, fan, computeMode, migMode, eccMode, temperature,
        temperatureShutdown, temperatureSlowdown, temperatureMax, temperatureTarget, temperatureHeadroom,
        memoryTemperature, memoryTemperatureMax, powerDraw, powerLimit, modulePowerDraw, memoryTotal, memoryUsed,
        memoryFree, memoryReserved, utilizationGPU, utilizationMemory, clockGraphics, clockSM, clockMemory,
        clockGraphicsMax, clockSMMax, clockMemoryMax,
    ]
}

extension GPUReading {
    /// A GPU from the texts that were found, by place. `dialect` chooses which places are meant.
    init(_ texts: [String: String], dialect: KeyPath<FieldPlaces, [String]>) {
        self.init()
        func read<Value>(_ places: FieldPlaces, _ parse: (String) -> Reading<Value>) -> Reading<Value> {
            var reason = Absence.missing
            for place in places[keyPath: dialect] {
                guard let text = texts[place] else { continue }
                switch parse(text) {
                case .value(let value): return .value(value)
                case .absent(let absence): if reason == .missing { reason = absence }
                }
            }
            return .absent(reason)
        }
        func string(_ places: FieldPlaces) -> Reading<String> { read(places) { Quantity.text($0) } }
        func celsius(_ places: FieldPlaces) -> Reading<Int> { read(places) { Quantity.whole($0, units: ["C"]) } }
        func percent(_ places: FieldPlaces) -> Reading<Int> { read(places) { Quantity.whole($0, units: ["%"]) } }
        func megahertz(_ places: FieldPlaces) -> Reading<Int> { read(places) { Quantity.whole($0, units: ["MHz"]) } }
        func watts(_ places: FieldPlaces) -> Reading<Double> { read(places) { Quantity.decimal($0, units: ["W"]) } }
        func bytes(_ places: FieldPlaces) -> Reading<Int64> { read(places) { Quantity.bytes($0) } }

        name = string(SMIFields.name)
        uuid = string(SMIFields.uuid)
        busID = string(SMIFields.busID)
        serial = string(SMIFields.serial)
        vbios = string(SMIFields.vbios)
        performanceState = string(SMIFields.performanceState)
        fanPercent = percent(SMIFields.fan)
        computeMode = string(SMIFields.computeMode)
        migMode = string(SMIFields.migMode)
        eccMode = string(SMIFields.eccMode)
        temperatureCelsius = celsius(SMIFields.temperature)
        temperatureShutdownCelsius = celsius(SMIFields.temperatureShutdown)
        temperatureSlowdownCelsius = celsius(SMIFields.temperatureSlowdown)
        temperatureMaxCelsius = celsius(SMIFields.temperatureMax)
        temperatureTargetCelsius = celsius(SMIFields.temperatureTarget)
        temperatureHeadroomCelsius = celsius(SMIFields.temperatureHeadroom)
        memoryTemperatureCelsius = celsius(SMIFields.memoryTemperature)
        memoryTemperatureMaxCelsius = celsius(SMIFields.memoryTemperatureMax)
        powerDrawWatts = watts(SMIFields.powerDraw)
        powerLimitWatts = watts(SMIFields.powerLimit)
        modulePowerDrawWatts = watts(SMIFields.modulePowerDraw)
        memoryTotalBytes = bytes(SMIFields.memoryTotal)
        memoryUsedBytes = bytes(SMIFields.memoryUsed)
        memoryFreeBytes = bytes(SMIFields.memoryFree)
        memoryReservedBytes = bytes(SMIFields.memoryReserved)
        utilizationGPUPercent = percent(SMIFields.utilizationGPU)
        utilizationMemoryPercent = percent(SMIFields.utilizationMemory)
        clockGraphicsMHz = megahertz(SMIFields.clockGraphics)
        clockSMMHz = megahertz(SMIFields.clockSM)
        clockMemoryMHz = megahertz(SMIFields.clockMemory)
        clockGraphicsMaxMHz = megahertz(SMIFields.clockGraphicsMax)
        clockSMMaxMHz = megahertz(SMIFields.clockSMMax)
        clockMemoryMaxMHz = megahertz(SMIFields.clockMemoryMax)
    }
}
