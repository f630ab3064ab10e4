import GPUReadings
import Testing

/// Reads every recording of the corpus. What a reader makes of a single layout is in that reader's own tests.
@Suite(.enabled(if: Fixtures.corpus != nil, "there is no corpus beside the project, and GPU_CORPUS names none"))
struct CorpusTests {
    @Test func xml() throws {
        for (name, bytes) in try Fixtures.recordings("smi-xml") {
            let reading = try SMIQueryReading(xml: bytes)
            #expect(reading.driverVersion.map { name.contains($0) } == true, "\(name)")
            // One recording was shortened to the first of its GPUs.
            #expect(reading.attachedGPUs == reading.gpus.count || name.hasPrefix("535.54.03-"), "\(name)")
            #expect(reading.warnings.isEmpty && reading.other.isEmpty, "\(name): \(reading.other)")
            for gpu in reading.gpus {
                #expect(gpu.other.isEmpty, "\(name): \(gpu.other)")
                #expect(gpu.name.value != nil && gpu.uuid.value != nil && gpu.pciAddress != nil, "\(name)")
                let lost = gpu.temperatureCelsius.absence == .gpuLost
                #expect(gpu.unreadable.isEmpty, "\(name)")
                // One was cut down by who tests what happens then.
                guard !name.contains("outdated-gpu") else { continue }
                #expect(gpu.temperatureCelsius.value != nil || lost, "\(name)")
                #expect(gpu.memoryTotalBytes.value != nil || lost, "\(name)")
                #expect(gpu.powerDrawWatts.absence != .missing && gpu.powerLimitWatts.absence != .missing, "\(name)")
            }
        }
    }

    @Test func queryText() throws {
        for (name, text) in try Fixtures.texts("smi-q") {
            let reading = try SMITextReading(parsing: text)
            #expect(reading.driverVersion.map { name.contains($0) } == true, "\(name)")
            #expect(!reading.gpus.isEmpty, "\(name)")
            #expect(name.contains("truncated") || reading.attachedGPUs == reading.gpus.count, "\(name)")
            for gpu in reading.gpus {
                #expect(gpu.pciAddress != nil && gpu.unreadable.isEmpty, "\(name): \(gpu.unreadable)")
                #expect(gpu.other.isEmpty, "\(name): \(gpu.other)")
                guard !name.contains("truncated") else { continue }
                #expect(gpu.temperatureCelsius.value != nil && gpu.memoryTotalBytes.value != nil, "\(name)")
                #expect(gpu.powerDrawWatts.absence != .missing && gpu.powerLimitWatts.absence != .missing, "\(name)")
                #expect(gpu.utilizationGPUPercent.absence != .missing, "\(name)")
                #expect(gpu.clockSMMHz.absence != .missing, "\(name)")
            }
        }
    }

    @Test func tables() throws {
        for (name, text) in try Fixtures.texts("smi-table") {
            let reading = try SMITableReading(parsing: text)
            // Fragments: rows without a heading, a heading without rows, and a table made over by another tool.
            #expect(reading.driverVersion != nil || name.hasPrefix("ERR-power"), "\(name)")
            #expect(reading.gpus.isEmpty == name.contains("header-KMD-UMD"), "\(name)")
            for gpu in reading.gpus {
                let hasHeading = !name.contains("simplified")
                #expect((gpu.name.value != nil && gpu.pciAddress != nil) == hasHeading, "\(name)")
                #expect(gpu.temperatureCelsius.absence != .missing, "\(name)")
                #expect(gpu.memoryTotalBytes.absence != .missing, "\(name)")
                #expect(gpu.unreadable.isEmpty, "\(name): \(gpu.unreadable)")
            }
        }
    }

    @Test func csv() throws {
        for (name, bytes) in try Fixtures.recordings("smi-csv") + Fixtures.recordings("smi-csv-apps") {
            let reading = try SMICSVReading(parsing: bytes)
            let rows = bytes.count { $0 == UInt8(ascii: "\n") } - 1
            let lists = reading.gpus.reduce(0) {
                $0 + $1.processes.count + $1.accountedProcesses.count + $1.retiredPages.count
            }
            #expect(
                lists == (reading.columns.contains { $0 == "pid" || $0.hasPrefix("retired_pages.address") } ? rows : 0),
                "\(name)")
            if lists == 0, rows > 0 { #expect(reading.gpus.count == rows, "\(name)") }
            #expect(reading.warnings.isEmpty, "\(name): \(reading.warnings)")
            for gpu in reading.gpus { #expect(gpu.unreadable.isEmpty, "\(name): \(gpu.unreadable)") }
            let strangers = reading.gpus.flatMap(\.other).map(\.path)
            #expect(strangers.isEmpty, "\(name): \(Set(strangers))")
        }
    }

    /// The same machines at about the same time, in three formats.
    @Test(arguments: ["590.48.01-h200-mig-linux-idle", "595.80-l40s-linux-idle"])
    func formatsAgree(_ machine: String) throws {
        let query = try Fixtures.recordings("smi-q").first { $0.name.hasPrefix(machine) }
        let table = try Fixtures.recordings("smi-table").first { $0.name.hasPrefix(machine) }
        let csv = try Fixtures.recordings("smi-csv").first { $0.name.hasPrefix(machine) }
        let gpus = try [
            query.flatMap { try SMITextReading(parsing: $0.bytes).gpus.first },
            table.flatMap { try SMITableReading(parsing: $0.bytes).gpus.first },
            csv.flatMap { try SMICSVReading(parsing: $0.bytes).gpus.first },
        ].compactMap { $0 }
        let first = try #require(gpus.first)
        #expect(gpus.count > 1)
        let steady: [GPUFact] = [
            .name, .busID, .memoryTotalBytes, .powerLimitWatts, .computeMode, .migMode, .eccMode, .persistenceMode,
            .fanPercent,
            .displayActive, .performanceState,
        ]
        for gpu in gpus.dropFirst() {
            for fact in steady { #expect(gpu[fact] == first[fact], "\(machine): \(fact)") }
            // CSV has none.
            guard gpu.migDevices.count == first.migDevices.count else { continue }
            for (one, other) in zip(gpu.migDevices, first.migDevices) {
                let facts: [GPUFact] = [
                    .index, .gpuInstanceID, .computeInstanceID, .memoryTotalBytes, .bar1TotalBytes,
                    .multiprocessorCount,
                    .copyEngineCount, .decoderCount, .eccVolatileUncorrectedSRAM,
                ]
                for fact in facts { #expect(one[fact] == other[fact], "\(machine): \(fact)") }
            }
        }
    }

    @Test func errors() throws {
        for (name, text) in try Fixtures.texts("smi-error") {
            // A cell of CSV that says "[Unknown Error]" is a value of its row, not a failure of the program.
            #expect((SMIFailure(parsing: text) == nil) == name.hasPrefix("csv-"), "\(name)")
        }
    }

    @Test func deviceQuery() throws {
        for (name, text) in try Fixtures.texts("devicequery") {
            let reading = try DeviceQueryReading(parsing: text)
            #expect(!reading.devices.isEmpty, "\(name)")
            #expect(reading.announcedDevices ?? reading.devices.count == reading.devices.count, "\(name)")
            for device in reading.devices {
                #expect(device.driverVersion != nil && device.computeCapability != nil, "\(name)")
                #expect(device.globalMemoryBytes != nil && device.multiprocessors != nil, "\(name)")
                #expect(device.coresPerMultiprocessor != nil && device.clockMHz != nil, "\(name)")
                #expect(device.eccEnabled != nil, "\(name)")
            }
        }
        for (name, text) in try Fixtures.texts("devicequery-fail") {
            let reading = try DeviceQueryReading(parsing: text)
            #expect(reading.passed == false && reading.devices.isEmpty, "\(name)")
            #expect(reading.failure.map { name.hasPrefix("\($0.code)-") && !$0.text.isEmpty } == true, "\(name)")
        }
        for (name, text) in try Fixtures.texts("devicequery-like") {
            #expect(throws: ReadingError.self, "\(name)") { try DeviceQueryReading(parsing: text) }
        }
    }

    @Test func bandwidthTest() throws {
        for (name, text) in try Fixtures.texts("bandwidthtest") {
            let runs = try BandwidthTestReading.runs(in: text)
            #expect(runs.count == (name.contains("2runs") ? 2 : 1), "\(name)")
            for run in runs where !name.hasPrefix("fail-") {
                #expect(run.passed == true && run.devices.count == 1 && run.mode != nil, "\(name)")
                let expected = run.mode == "Quick" ? 3 : 81
                #expect(run.measurements.count == expected, "\(name)")
            }
            if name.hasPrefix("fail-") { #expect(runs.first?.failure?.code == 35, "\(name)") }
        }
    }

    /// No reader takes what another tool wrote.
    @Test func readersKeepApart() throws {
        let kinds = [
            "smi-xml", "smi-q", "smi-table", "devicequery", "bandwidthtest", "lspci", "nvbandwidth", "smi-csv",
        ]
        for kind in kinds {
            for (name, whole) in try Fixtures.texts(kind) {
                // The beginning tells; the largest are hundreds of KiB of clocks.
                let text = String(whole.prefix(20_000))
                let readers = [
                    (try? SMIQueryReading(xml: text)) != nil ? "smi-xml" : nil,
                    (try? SMITextReading(parsing: text)) != nil ? "smi-q" : nil,
                    (try? SMITableReading(parsing: text)) != nil ? "smi-table" : nil,
                    (try? SMICSVReading(parsing: text)) != nil ? "smi-csv" : nil,
                    (try? DeviceQueryReading(parsing: text)) != nil ? "devicequery" : nil,
                    (try? BandwidthTestReading(parsing: text)) != nil ? "bandwidthtest" : nil,
                ].compactMap { $0 }
                #expect(readers.allSatisfy { $0 == kind }, "\(kind)/\(name): \(readers)")
            }
        }
    }
}

extension GPUReading {
    /// The texts that could not be made a value of.
    var unreadable: [String] {
        knownFacts.compactMap {
            if case .absent(.unreadable(let text)) = self[$0] { "\($0): \(text)" } else { nil }
        }
    }
}
