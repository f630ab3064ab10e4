@testable import GPUReadings
import Testing

@Suite struct SMICSVReadingTests {
    @Test func unitsOrNot() throws {
        for text in [
            "name, power.draw [W], memory.used [MiB], fan.speed [%], temperature.gpu\nA100, 67.03 W, 12 MiB, 40 %, 32\n",
            "name, power.draw [W], memory.used [MiB], fan.speed [%], temperature.gpu\r\nA100, 67.03, 12, 40, 32\r\n",
            "name,power.draw,memory.used,fan.speed,temperature.gpu\nA100,67.03,12,40,32",
        ] {
            let reading = try SMICSVReading(parsing: text)
            #expect(reading.columns == ["name", "power.draw", "memory.used", "fan.speed", "temperature.gpu"])
            let gpu = try #require(reading.gpus.first)
            #expect(gpu.name == .value("A100") && gpu.powerDrawWatts == .value(67.03))
            #expect(gpu.memoryUsedBytes == .value(12 << 20) && gpu.fanPercent == .value(40))
            #expect(gpu.temperatureCelsius == .value(32))
            #expect(reading.warnings.isEmpty && gpu.other.isEmpty)
        }
    }

    @Test(
        arguments: [
            ("[N/A]", .notApplicable), ("N/A", .notApplicable), ("[Not Supported]", .notSupported),
            ("[Unknown Error]", .unknownError), ("[Function Not Found]", .functionNotFound),
            ("[Insufficient Permissions]", .insufficientPermissions), ("[GPU is lost]", .gpuLost),
            ("[Requested functionality has been deprecated]", .deprecated), ("", .missing), ("hot", .unreadable("hot")),
        ] as [(String, Absence)])
    func absences(_ cell: String, _ absence: Absence) throws {
        let reading = try SMICSVReading(parsing: "uuid, temperature.gpu\nGPU-1, \(cell)\n")
        #expect(reading.gpus.first?.temperatureCelsius == .absent(absence))
        #expect(reading.gpus.first?.uuid == .value("GPU-1"))
        let isUnreadable = absence == .unreadable("hot")
        #expect(
            reading.warnings
                == (isUnreadable ? [ReadingWarning(line: 2, field: "temperatureCelsius", problem: "unreadable")] : []))
    }

    /// The one that is in force is asked for by another name than the one that was set.
    @Test func limitsAndDraws() throws {
        let gpu = try SMICSVReading(
            parsing: "power.limit [W], enforced.power.limit [W], power.draw.instant [W], power.draw.average [W]\n"
                + "300 W, 250 W, 9 W, [N/A]\n"
        ).gpus.first
        #expect(gpu?.powerLimitWatts == .value(250))
        #expect(gpu?[.powerLimitRequestedWatts] == .value(.decimal(300)))
        #expect(gpu?.powerDrawWatts == .value(9))
        #expect(gpu?[.powerDrawAverageWatts] == .absent(.notApplicable))
        #expect(try SMICSVReading(parsing: "power.limit [W]\n300 W\n").gpus.first?.powerLimitWatts == .value(300))
    }

    @Test func withoutHeaderTheCallerNamesTheColumns() throws {
        let rows = "GPU-1, 40 %\nGPU-2, 50 %\n"
        let reading = try SMICSVReading(parsing: rows, columns: ["uuid", "fan.speed"])
        #expect(reading.gpus.map(\.fanPercent) == [.value(40), .value(50)])
        #expect(throws: ReadingError.self) { try SMICSVReading(parsing: rows) }
        #expect(throws: ReadingError.self) { try SMICSVReading(parsing: rows, columns: ["uuid"]) }
        // A header is believed.
        let other = try SMICSVReading(parsing: "fan.speed [%]\n7 %\n", columns: ["uuid"])
        #expect(other.gpus.map(\.fanPercent) == [.value(7)])
    }

    @Test func badRowsAreLeftOut() throws {
        let reading = try SMICSVReading(
            parsing:
                "Unable to determine the device handle for GPU 0000:0A:00.0: GPU is lost\nuuid, fan.speed [%]\nGPU-1, 1 %\n"
                + "GPU-2\n\nGPU-3, 3 %, 3\nuuid, fan.speed [%]\nGPU-4, 4 %")
        #expect(reading.gpus.map(\.uuid) == [.value("GPU-1"), .value("GPU-4")])
        #expect(reading.warnings.map(\.line) == [4, 6])
        let single = try SMICSVReading(parsing: "name\nA100\nNo devices were found\n")
        #expect(single.gpus.map(\.name) == [.value("A100")] && single.warnings.map(\.line) == [3])
    }

    @Test func unknownColumnsAreKept() throws {
        let reading = try SMICSVReading(parsing: "uuid, flux.capacitor [GW]\nGPU-1, 1.21 GW\n")
        #expect(reading.gpus.first?.other == [OtherField(path: "flux.capacitor", text: "1.21 GW")])
    }

    @Test func processesGoToTheirGPU() throws {
        let reading = try SMICSVReading(
            parsing:
                "gpu_uuid, pid, process_name, used_gpu_memory [MiB]\nGPU-1, 7, python, 5 MiB\nGPU-2, 8, C:\\a, b,c.exe, [N/A]\n"
                + "GPU-1, 9, sh, 6 MiB\n")
        #expect(reading.gpus.map(\.uuid) == [.value("GPU-1"), .value("GPU-2")])
        #expect(reading.gpus.map { $0.processes.map(\.pid) } == [[.value(7), .value(9)], [.value(8)]])
        let process = try #require(reading.gpus.last?.processes.first)
        #expect(process.name == .value("C:\\a, b,c.exe") && process.usedMemoryBytes == .absent(.notApplicable))
        #expect(reading.gpus.first?.processes.last?.usedMemoryBytes == .value(6 << 20))
        #expect(reading.warnings.isEmpty)
        let short = try SMICSVReading(parsing: "pid, name, used_memory [MiB]\n7, python, 5\n")
        #expect(short.gpus.first?.processes.first?.name == .value("python"))
        #expect(short.gpus.first?.name == .absent(.missing))
    }

    @Test func otherLists() throws {
        let accounted = try SMICSVReading(
            parsing: "gpu_name, pid, gpu_utilization [%], mem_utilization [%], max_memory_usage [MiB], time [ms]\n"
                + "L40S, 7, 71 %, 8 %, 5 MiB, 5270 ms\n")
        let process = try #require(accounted.gpus.first?.accountedProcesses.first)
        #expect(accounted.gpus.first?.name == .value("L40S") && accounted.gpus.first?.processes == [])
        #expect(process[.utilizationGPUPercent] == .value(.integer(71)))
        #expect(process[.runtimeMilliseconds] == .value(.integer(5270)))
        let pages = try SMICSVReading(
            parsing:
                "gpu_uuid, retired_pages.address, retired_pages.cause\nGPU-1, 0x5, Single Bit ECC\nGPU-1, [N/A], Double Bit ECC\n"
        )
        #expect(pages.gpus.count == 1)
        #expect(pages.gpus.first?.retiredPages.map(\.address) == [.value("0x5"), .absent(.notApplicable)])
        #expect(pages.gpus.first?.retiredPages.map(\.cause) == [.value("Single Bit ECC"), .value("Double Bit ECC")])
        let rows = try SMICSVReading(
            parsing: "gpu_uuid, remapped_rows.correctable, remapped_rows.pending\nGPU-1, 2, No\n")
        #expect(rows.gpus.first?[.remappedRowsCorrectable] == .value(.integer(2)))
        #expect(rows.gpus.first?[.remappedRowsPending] == .value(.flag(false)))
    }

    /// A fact can be set that the columns did not have.
    @Test func readingsCanBeChanged() throws {
        var gpu = try #require(try SMICSVReading(parsing: "uuid, fan.speed [%]\nGPU-1, 1 %\n").gpus.first)
        gpu.name = .value("A100")
        #expect(gpu.name == .value("A100") && gpu.uuid == .value("GPU-1") && gpu.fanPercent == .value(1))
        #expect(gpu.knownFacts == [.name, .uuid, .fanPercent])
    }

    @Test(arguments: ["", "\n\n", "hello\n", "a, b\n1, 2\n", "name", "NVIDIA A100, 40 %\n", "1, 2, 3\n"])
    func otherTexts(_ text: String) throws {
        if text == "name" {
            #expect(try SMICSVReading(parsing: text).gpus.isEmpty)
        } else {
            #expect(throws: ReadingError.self) { try SMICSVReading(parsing: text) }
        }
    }
}
