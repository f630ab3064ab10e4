import Foundation
import GPUReadings
import Testing

/// What GPUReadings makes of a recording, compared with what a script in another language makes of the same bytes
/// (Tests/IndependentReadings): over the corpus, where there is one, and over our own fixtures.
@Suite(.enabled(if: SecondReading.isPossible, "there is no python3"))
struct IndependentReadingTests {
    typealias Value = SecondReading.Value

    /// The corpus' recordings of a kind, whose names `suits`, and fixtures.
    private static func files(_ folder: String, fixtures: [String] = [], suits: (String) -> Bool = { _ in true }) throws
        -> [URL]
    {
        let recordings = try Fixtures.recordings(folder).map(\.name).filter(suits).compactMap {
            Fixtures.corpus?.appending(path: "\(folder)/\($0)")
        }
        return recordings + fixtures.map { Fixtures.package.appending(path: "Fixtures/\($0)") }
    }

    private static let simulated = ["390.42", "470.256.02", "550.54.14", "580.65.06"].map {
        "simulated-outputs/nvidia-smi/\($0)/"
    }

    /// Compares file by file; `ours` tells a recording in the script's terms.
    private func compare(_ files: [URL], by script: String, _ ours: ([ParsedOutput]) throws -> Value) throws {
        let second = try SecondReading.of(files, by: script)
        try #require(second.count == files.count)
        for (file, theirs) in zip(files, second) {
            var parser = OutputParser()
            let outputs = parser.push(Array(try Data(contentsOf: file))) + parser.finish()
            let differences = try ours(outputs).differences(from: theirs.without("file"))
            #expect(differences.isEmpty, "\(file.lastPathComponent): \(differences.prefix(5))")
        }
    }

    @Test func xml() throws {
        let files = try Self.files("smi-xml", fixtures: Self.simulated.map { $0 + "query.xml" })
        try compare(files, by: "smi_xml.py") { outputs in
            guard case .smiXML(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "driver": .init(reading.driverVersion), "cuda": .init(reading.cudaVersion),
                "gpus": .list(reading.gpus.map { .init($0) }),
            ])
        }
    }

    @Test func queryText() throws {
        let files = try Self.files(
            "smi-q", fixtures: Self.simulated.map { $0 + "query.txt" } + ["fuzz-seeds/smi-text/samples.txt"])
        try compare(files, by: "smi_q.py") { outputs in
            guard case .smiText(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "driver": .init(reading.driverVersion), "cuda": .init(reading.cudaVersion),
                "gpus": .list(reading.gpus.map { Value($0).with("samples", Self.samples(of: $0)) }),
            ])
        }
    }

    /// The blocks of samples that there are, by their headings.
    private static func samples(of gpu: GPUReading) -> Value {
        let blocks: [(String, String, String)] = [
            ("Power", "power", "Watts"), ("SM Clock", "clockSM", "MHz"), ("Memory Clock", "clockMemory", "MHz"),
            ("GPU Utilization", "utilizationGPU", "Percent"), ("Memory Utilization", "utilizationMemory", "Percent"),
            ("ENC Utilization", "utilizationEncoder", "Percent"), ("DEC Utilization", "utilizationDecoder", "Percent"),
        ]
        var found: [String: Value] = [:]
        for (heading, name, unit) in blocks {
            let keys =
                ["SamplesSeconds", "SampleCount"] + ["Maximum", "Minimum", "Average"].map { "Samples\($0)\(unit)" }
            let facts = keys.compactMap { GPUFact(key: name + $0) }.map { gpu[$0] }
            if facts.contains(where: { $0.absence != .missing }) { found[heading] = .list(facts.map { Value($0) }) }
        }
        return .members(found)
    }

    @Test func table() throws {
        // Two were made over by other programs: rows without name and address, programs with columns of their own.
        let files = try Self.files(
            "smi-table", fixtures: Self.simulated.map { $0 + "table.txt" } + ["seed-outputs/nvidia-smi.txt"]
        ) { !$0.contains("simplified") && !$0.contains("x3-peci1") }
        try compare(files, by: "smi_table.py") { outputs in
            guard case .smiTable(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "driver": .init(reading.driverVersion), "cuda": .init(reading.cudaVersion),
                "gpus": .list(reading.gpus.map { .init($0) }),
            ])
        }
    }

    @Test func csv() throws {
        let files = try Self.files("smi-csv", fixtures: Self.simulated.map { $0 + "query-gpu.csv" })
        try compare(files, by: "smi_csv.py") { outputs in
            guard case .smiCSV(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "driver": .init(reading.gpus.last?[.driverVersion] ?? .absent(.missing)),
                "rows": .list(reading.gpus.map { .init($0) }),
            ])
        }
    }

    @Test func csvOfPrograms() throws {
        let files = try Self.files("smi-csv-apps") { $0.contains("query-compute") || $0.contains("query-acc") }
        try compare(files, by: "smi_csv.py") { outputs in
            guard case .smiCSV(let reading)? = outputs.first?.reading else { return .none }
            var rows: [Value] = []
            for gpu in reading.gpus {
                for process in gpu.processes + gpu.accountedProcesses {
                    rows.append(
                        .members([
                            "name": .init(gpu.name), "uuid": .init(gpu.uuid), "bus": .init(gpu.pciAddress),
                            "pid": .init(process.pid), "process": .init(process.name),
                            "memory": .init(process.usedMemoryBytes),
                        ]))
                }
            }
            return .members(["driver": .none, "rows": .list(rows)])
        }
    }

    @Test func csvOfRetiredPages() throws {
        let files = try Self.files("smi-csv-apps") { $0.contains("query-retired") }
        try compare(files, by: "smi_csv.py") { outputs in
            guard case .smiCSV(let reading)? = outputs.first?.reading else { return .none }
            var rows: [Value] = []
            for gpu in reading.gpus {
                for page in gpu.retiredPages {
                    rows.append(
                        .members([
                            "name": .init(gpu.name), "uuid": .init(gpu.uuid), "bus": .init(gpu.pciAddress),
                            "page": .init(page.address), "retired": .init(page.timestamp), "cause": .init(page.cause),
                        ]))
                }
            }
            return .members(["driver": .none, "rows": .list(rows)])
        }
    }

    @Test func listAndLinks() throws {
        let files = try Self.files("smi-other", fixtures: Self.simulated.map { $0 + "list.txt" }) {
            $0.contains("-list") || $0.contains("nvlink")
        }
        try compare(files, by: "smi_list.py") { outputs in
            // Behind the links some recordings have outputs of other kinds.
            guard case .smiList(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "gpus": .list(
                    reading.gpus.map { gpu in
                        let links = reading.nvlinks.filter { gpu[.index] == .value(.integer(Int64($0.gpu))) }
                        return .members([
                            "links": .list(
                                links.map {
                                    .members([
                                        "number": .init($0.number), "rate": .init($0.bytesPerSecond.map { $0 / 1e9 }),
                                    ])
                                }),
                            "index": .init(gpu[.index]), "name": .init(gpu.name), "uuid": .init(gpu.uuid),
                            "mig": .list(
                                gpu.migDevices.map {
                                    .members([
                                        "index": .init($0.index), "profile": .init($0.profile), "uuid": .init($0.uuid),
                                    ])
                                }),
                        ])
                    })
            ])
        }
    }

    @Test func topology() throws {
        let files = try Self.files("smi-other") { $0.contains("linux-capabilities-topo") }
        try compare(files, by: "smi_topology.py") { outputs in
            guard case .smiTopology(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "rows": .list(
                    reading.nodes.filter { $0.name.hasPrefix("GPU") }.map {
                        .members([
                            "name": .init($0.name), "links": .list($0.links.map { .init($0) }),
                            "cpus": .init($0.cpuAffinity), "numa": .init($0.numaAffinity),
                        ])
                    })
            ])
        }
    }

    @Test func versions() throws {
        let files = try Self.files(
            "smi-other", fixtures: ["550", "610"].map { "fuzz-seeds/smi-version/\($0).txt" }
        ) { $0.contains("-version") }
        try compare(files, by: "smi_version.py") { outputs in
            guard case .smiVersion(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "smi": .init(reading.smiVersion), "nvml": .init(reading.nvmlVersion),
                "driver": .init(reading.driverVersion), "cuda": .init(reading.cudaVersion),
            ])
        }
    }

    @Test func monitors() throws {
        let files = try Self.files("smi-other") { $0.contains("mon.txt") }
        try compare(files, by: "smi_monitor.py") { outputs in
            guard let reading = outputs.first?.reading else { return .none }
            var rows: [Value] = []
            switch reading {
            case .smiDeviceMonitor(let monitor):
                for gpu in monitor.samples.flatMap(\.gpus) {
                    guard case .members(var facts) = Value(gpu) else { continue }
                    facts["gpu"] = .init(gpu[.index])
                    rows.append(.members(facts))
                }
            case .smiProcessMonitor(let monitor):
                for gpu in monitor.samples.flatMap(\.gpus) {
                    for process in gpu.processes {
                        rows.append(
                            .members([
                                "gpu": .init(gpu[.index]), "pid": .init(process.pid), "type": .init(process.type),
                                "name": .init(process.name), "sm": .init(process[.utilizationGPUPercent]),
                            ]))
                    }
                }
            default: break
            }
            return .members(["rows": .list(rows)])
        }
    }

    @Test func failures() throws {
        try compare(try Self.files("smi-error") { !$0.hasPrefix("csv-") }, by: "smi_error.py") { outputs in
            guard case .smiError(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "failures": .list(
                    reading.failures.map { failure in .text(String("\(failure)".prefix { $0 != "(" })) })
            ])
        }
    }

    @Test func deviceQuery() throws {
        let files =
            try Self.files("devicequery", fixtures: ["seed-outputs/deviceQuery-truncated.txt"])
            + Self.files("devicequery-fail")
        try compare(files, by: "devicequery.py") { outputs in
            guard case .deviceQuery(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "code": .init(reading.failure?.code), "passed": .init(reading.passed),
                "devices": .list(
                    reading.devices.map { device in
                        .members([
                            "name": .init(device.name), "driver": .init(device.driverVersion),
                            "runtime": .init(device.runtimeVersion), "capability": .init(device.computeCapability),
                            "memoryTotal": .init(device.globalMemoryBytes),
                            "multiprocessors": .init(device.multiprocessors),
                            "coresPerMultiprocessor": .init(device.coresPerMultiprocessor),
                            "clock": .init(device.clockMHz), "memoryClock": .init(device.memoryClockMHz),
                            "busWidth": .init(device.busWidthBits), "l2Cache": .init(device.l2CacheBytes),
                            "ecc": .init(device.eccEnabled), "bus": .init(device.address),
                        ])
                    }),
            ])
        }
    }

    @Test func bandwidthTest() throws {
        let files = try Self.files("bandwidthtest", fixtures: ["seed-outputs/bandwidthTest.txt"])
        try compare(files, by: "bandwidthtest.py") { outputs in
            var devices: [Value] = []
            var figures: [Value] = []
            var verdicts: [Value] = []
            for output in outputs {
                guard case .bandwidthTest(let reading)? = output.reading else { return .none }
                devices += reading.devices.map { .init($0) }
                verdicts += reading.passed.map { [.flag($0)] } ?? []
                figures += reading.measurements.map {
                    .members([
                        "direction": .text($0.direction.rawValue), "bytes": .init($0.transferBytes),
                        "rate": .number($0.bytesPerSecond),
                    ])
                }
            }
            return .members(["devices": .list(devices), "figures": .list(figures), "verdicts": .list(verdicts)])
        }
    }

    @Test func nvbandwidth() throws {
        try compare(try Self.files("nvbandwidth"), by: "nvbandwidth.py") { outputs in
            guard case .nvbandwidth(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "driver": .init(reading.driverVersion), "cuda": .init(reading.runtimeVersion),
                "devices": .list(reading.devices.map { .init($0.name) }),
                "cases": .list(
                    reading.testCases.map { test in
                        .members([
                            "name": .init(test.name), "sum": .init(test.sum),
                            "matrix": .list(test.matrix.map { .list($0.map { .init($0) }) }),
                        ])
                    }),
            ])
        }
    }

    @Test func lspci() throws {
        let fixtures = ["guest-lspci-after.txt", "guest-lspci-before.txt", "host-lspci-before.txt"]
        // One begins in the middle of a line: the address of its first device was cut off.
        let files = try Self.files("lspci", fixtures: fixtures.map { "seed-outputs/\($0)" }) { !$0.contains("4060M") }
        try compare(files, by: "lspci.py") { outputs in
            guard case .lspci(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "devices": .list(
                    reading.devices.map { device in
                        .members([
                            "bus": .init(device.address), "class": .init(device.className),
                            "classCode": .init(device.classID), "nvidia": .flag(device.isNVIDIA),
                            "vendor": .init(device.vendorID), "device": .init(device.deviceID),
                            "driver": .init(device.driver), "modules": .list(device.modules.map { .init($0) }),
                        ])
                    })
            ])
        }
    }

    @Test func gpuProbe() throws {
        let files = ["gpu-probe.json", "gpu-probe-no-libcuda.json"].map {
            Fixtures.package.appending(path: "Fixtures/simulated-outputs/\($0)")
        }
        try compare(files, by: "gpu_probe.py") { outputs in
            guard case .gpuProbe(let reading)? = outputs.first?.reading else { return .none }
            return .members([
                "cuda": .init(reading.driverVersion), "passed": .init(reading.passed),
                "devices": .list(
                    reading.devices.map { device in
                        .members([
                            "name": .init(device.name), "uuid": .init(device.uuid), "bus": .init(device.busID),
                            "capability": .init(device.computeCapability),
                            "memoryTotal": .init(device.memoryTotalBytes),
                            "rates": .list(device.copies.map { .init($0.bytesPerSecond.map { $0 / 1e9 }) }),
                        ])
                    }),
            ])
        }
    }
}

extension SecondReading.Value {
    fileprivate func with(_ key: String, _ value: Self) -> Self {
        guard case .members(var members) = self else { return self }
        members[key] = value
        return .members(members)
    }

    fileprivate func without(_ key: String) -> Self {
        guard case .members(var members) = self else { return self }
        members[key] = nil
        return .members(members)
    }

    /// Any fact.
    fileprivate init(_ reading: Reading<FactValue>) {
        switch reading.value {
        case .text(let text)?: self = .text(text)
        case .integer(let number)?: self = .number(Double(number))
        case .decimal(let number)?: self = .number(number)
        case .flag(let flag)?: self = .flag(flag)
        case nil: self = .none
        }
    }
}

extension CUDADevice {
    /// The address as the kernel spells it, by deviceQuery's numbers.
    fileprivate var address: String? {
        guard let bus = pciBus, let location = pciLocation else { return nil }
        func hex(_ number: Int, _ digits: Int) -> String {
            let text = String(number, radix: 16)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        return "\(hex(pciDomain ?? 0, 4)):\(hex(bus, 2)):\(hex(location, 2)).0"
    }
}
