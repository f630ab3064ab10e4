import Foundation
import GPUReadings
import Testing

@Suite struct SMIMonitorTests {
    @Test func everyColumn() throws {
        let reading = try SMIDeviceMonitorReading(
            parsing: """
                # gpu    pwr  gtemp  mtemp     sm    mem    enc    dec    jpg    ofa   mclk   pclk  pviol  tviol     fb   bar1   ccpm  sbecc  dbecc    pci  rxpci  txpci  smutil
                # Idx      W      C      C      %      %      %      %      %      %    MHz    MHz      %   bool     MB     MB     MB   errs   errs   errs   MB/s   MB/s   GPM:%
                    0    100     43     44     10      4      5      6      7      8   3499   1721      3      1    442      2      0      9     10     11    577     95      50
                    1     25     43      -      -      -      0      0      -      -    405    139      0      0      0      2      0      -      -      0      0      0       -
                """)
        #expect(reading.count == 1 && reading.gpus.count == 2)
        let gpu = try #require(reading.gpus.first)
        #expect(gpu[.index] == .value(.integer(0)) && gpu.powerDrawWatts == .value(100))
        #expect(gpu.temperatureCelsius == .value(43) && gpu.memoryTemperatureCelsius == .value(44))
        #expect(gpu.utilizationGPUPercent == .value(10) && gpu.utilizationMemoryPercent == .value(4))
        #expect(
            gpu[.utilizationEncoderPercent] == .value(.integer(5)) && gpu[.utilizationOFAPercent] == .value(.integer(8))
        )
        #expect(gpu.clockMemoryMHz == .value(3499) && gpu.clockGraphicsMHz == .value(1721))
        #expect(gpu[.powerViolationPercent] == .value(.integer(3)) && gpu[.thermalViolation] == .value(.flag(true)))
        #expect(gpu.memoryUsedBytes == .value(442 << 20) && gpu[.bar1UsedBytes] == .value(.integer(2 << 20)))
        #expect(gpu[.eccAggregateCorrected] == .value(.integer(9)) || gpu[.eccVolatileCorrected] == .value(.integer(9)))
        #expect(gpu[.pcieReplayErrors] == .value(.integer(11)))
        #expect(gpu[.pcieReceiveBytesPerSecond] == .value(.integer(577_000_000)))
        #expect(gpu[.pcieTransmitBytesPerSecond] == .value(.integer(95_000_000)))
        #expect(gpu.other.map { $0.path + "=" + $0.text } == ["smutil=50"])
        #expect(reading.gpus[1].utilizationGPUPercent == .absent(.notApplicable))
    }

    /// The heading is repeated; a GPU that is seen again, or another time, begins a sample.
    @Test func samples() throws {
        let heading = "#Date       Time        gpu   pwr  temp\n#YYYYMMDD   HH:MM:SS    Idx     W     C\n"
        let reading = try SMIDeviceMonitorReading(
            parsing: heading + " 20210102   19:12:31      0    37    19\n 20210102   19:12:31      1    38    20\n"
                + heading
                + " 20210102   19:12:32      0    39    21\n 20210102   19:12:33      1    40    22\n")
        #expect(reading.samples.map { $0.gpus.count } == [2, 1, 1] && reading.sample(1).date == "20210102")
        #expect(reading.samples.map(\.time) == ["19:12:31", "19:12:32", "19:12:33"])
        #expect(
            reading.sample(0).gpus[1].temperatureCelsius == .value(20) && reading.gpus[0].powerDrawWatts == .value(40))
        let short = try SMIDeviceMonitorReading(parsing: "# gpu pwr\n# Idx W\n 0 1\n 1 2\n 0 3\n 1 4\n 0 5\n")
        #expect(short.samples.map { $0.gpus.count } == [2, 2, 1])
    }

    @Test func csv() throws {
        let reading = try SMIDeviceMonitorReading(
            parsing: "#gpu, pwr, gtemp\n#Idx, W, C\n0, 37, 19\n1, 38, -\n")
        #expect(reading.gpus.map(\.powerDrawWatts) == [.value(37), .value(38)])
        #expect(reading.gpus[1].temperatureCelsius == .absent(.notApplicable))
    }

    @Test func instances() throws {
        let reading = try SMIDeviceMonitorReading(
            parsing: "# gpu gi ci sm\n# Idx Idx Idx %\n 0 - - 5\n 0 1 0 6\n 0 2 0 7\n 0 - - 8\n")
        #expect(reading.count == 2)
        let gpu = reading.sample(0).gpus[0]
        #expect(reading.sample(0).gpus.count == 1 && gpu.utilizationGPUPercent == .value(5))
        #expect(gpu.migDevices.map(\.gpuInstanceID) == [.value(1), .value(2)])
        #expect(gpu.migDevices.map { $0[.utilizationGPUPercent] } == [.value(.integer(6)), .value(.integer(7))])
    }

    @Test func programs() throws {
        let reading = try SMIProcessMonitorReading(
            parsing: """
                # gpu         pid   type     sm    mem    enc    dec    jpg    ofa     fb    command
                # Idx           #    C/G      %      %      %      %      %      %     MB    name
                    0       2140   C+G      -      -      -      -      -      -      7    NVIDIA Overlay.
                    0      12267     C     90      8      -      -      -      -    512    gpu_burn
                    1          -     -      -      -      -      -      -      -      -    -
                    0       2140   C+G      1      -      -      -      -      -      7    NVIDIA Overlay.
                    1          -     -      -      -      -      -      -      -      -    -
                """)
        #expect(reading.count == 2 && reading.sample(0).gpus.map { $0.processes.count } == [2, 0])
        let first = reading.sample(0).gpus[0].processes
        #expect(first.map(\.pid) == [.value(2140), .value(12267)] && first[0].name == .value("NVIDIA Overlay."))
        #expect(first[0].type == .value("C+G") && first[1].usedMemoryBytes == .value(512 << 20))
        #expect(first[1][.utilizationGPUPercent] == .value(.integer(90)))
        #expect(first[0][.utilizationGPUPercent] == .absent(.notApplicable))
        #expect(reading.gpus.map { $0.processes.count } == [1, 0])
    }

    @Test func whatCannotBeRead() throws {
        let reading = try SMIDeviceMonitorReading(
            parsing: "# gpu pwr sm\n# Idx W %\n 0 hot 7\n 0 1\nnonsense\n 1 -9223372036854775808 99999999999999999999\n"
        )
        #expect(reading.gpus.count == 2 && reading.gpus[0].powerDrawWatts == .absent(.unreadable("hot")))
        #expect(reading.gpus[1].utilizationGPUPercent == .absent(.unreadable("99999999999999999999")))
    }

    @Test(arguments: ["", "0 1 2\n", "# x y\n 0 1\n", "#\n", "# gpu\n 1\n"])
    func refusesOthers(_ text: String) {
        #expect(throws: ReadingError.self) { try SMIDeviceMonitorReading(parsing: text) }
        #expect(throws: ReadingError.self) { try SMIProcessMonitorReading(parsing: text) }
        #expect(throws: ReadingError.self) { try SMIProcessMonitorReading(parsing: "# gpu pwr\n 0 1\n") }
    }

    @Test func json() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(
            decoding: try encoder.encode(SMIDeviceMonitorReading(parsing: "# gpu pwr\n# Idx W\n 0 1\n")), as: UTF8.self)
        #expect(
            text
                == "{\"gpus\":[{\"index\":0,\"powerDrawWatts\":1}],\"samples\":[{\"gpus\":[{\"index\":0,\"powerDrawWatts\":1}]}]}"
        )
    }

    @Test(.enabled(if: Fixtures.corpus != nil, "there is no corpus beside the project"))
    func recordings() throws {
        for (name, text) in try Fixtures.texts("smi-other") {
            // Some recordings have other things behind them.
            let rows = text.split(separator: "\n").filter { $0.hasPrefix("    0 ") }
            if name.contains("-dmon") {
                let reading = try SMIDeviceMonitorReading(parsing: text)
                #expect(reading.count == 5 && rows.count == 5, "\(name)")
                for sample in reading.samples {
                    #expect(sample.gpus.count == 1 && sample.gpus[0].powerDrawWatts.value != nil, "\(name)")
                    #expect(sample.gpus[0].temperatureCelsius.value != nil && sample.gpus[0].other.isEmpty, "\(name)")
                }
            } else if name.contains("-pmon") {
                let reading = try SMIProcessMonitorReading(parsing: text)
                #expect(reading.count == 5, "\(name)")
                let said = rows.filter { !$0.contains(" -     -      -      -      -      -      -      -    -") }.count
                #expect(reading.samples.reduce(0) { $0 + $1.gpus[0].processes.count } == said, "\(name)")
            }
        }
    }
}
