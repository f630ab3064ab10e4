import Foundation
@testable import GPUReadings
import Testing

@Suite struct SMITableReadingTests {
    private static let mig = """
        Tue Jul 14 09:00:26 2026
        +-----------------------------------------------------------------------------------------+
        | NVIDIA-SMI 590.48.01              Driver Version: 590.48.01      CUDA Version: 13.1     |
        +-----------------------------------------+------------------------+----------------------+
        | GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
        | Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
        |                                         |                        |               MIG M. |
        |=========================================+========================+======================|
        |   0  NVIDIA H100 80GB HBM3          On  |   00000000:00:09.0 Off |                   On |
        | N/A   42C    P0             98W /  700W |      59MiB /  81559MiB |     N/A      Default |
        |                                         |                        |              Enabled |
        +-----------------------------------------+------------------------+----------------------+
        |   1  NVIDIA A100-SXM4-80GB         Off  |   00000000:00:0A.0  On |                    2 |
        | 30%   warm   P0            N/A /   700W |      59MiB /  81559MiB |     12%   Prohibited |
        |                                         |                        |             Disabled |
        +-----------------------------------------+------------------------+----------------------+

        +-----------------------------------------------------------------------------------------+
        | MIG devices:                                                                            |
        +------------------+----------------------------------+-----------+-----------------------+
        | GPU  GI  CI  MIG |              Shared Memory-Usage |        Vol|        Shared         |
        |      ID  ID  Dev |                Shared BAR1-Usage | SM     Unc| CE ENC  DEC  OFA  JPG |
        |                  |                                  |        ECC|                       |
        |==================+==================================+===========+=======================|
        |  0    2   0   0  |              26MiB / 40448MiB    | 60      1 |  3   0    2    0    4 |
        |                  |               3MiB / 24739MiB    |           |                       |
        +------------------+----------------------------------+-----------+-----------------------+
        |  0    3   0   1  |              17MiB / 20096MiB    | 32    N/A |  2   0    2    0    2 |
        |                  |               0MiB / 12369MiB    |           |                       |
        +------------------+----------------------------------+-----------+-----------------------+

        +-----------------------------------------------------------------------------------------+
        | Processes:                                                                              |
        |  GPU   GI   CI              PID   Type   Process name                        GPU Memory |
        |        ID   ID                                                               Usage      |
        |=========================================================================================|
        |    0    2    0            12012      C   a | b                                  414MiB |
        |    5    2    0            12013      C   lost                                     1MiB |
        +-----------------------------------------------------------------------------------------+
        """

    @Test(arguments: ["\n", "\r\n", "\r\r\n"]) func everythingThatATableHas(_ lineEnd: String) throws {
        let reading = try SMITableReading(parsing: Self.mig.replacing("\n", with: lineEnd))
        #expect(reading.timestamp == "Tue Jul 14 09:00:26 2026")
        #expect(
            reading.smiVersion == "590.48.01" && reading.driverVersion == "590.48.01" && reading.cudaVersion == "13.1")
        #expect(reading.indices == [0, 1])
        let (one, other) = (try #require(reading.gpus.first), try #require(reading.gpus.last))
        #expect(one.name == .value("NVIDIA H100 80GB HBM3") && one[.persistenceMode] == .value(.text("Enabled")))
        #expect(one[.displayActive] == .value(.text("Disabled")))
        #expect(one.eccMode == .value("Enabled") && one[.eccVolatileUncorrected] == .absent(.missing))
        #expect(one.migMode == .value("Enabled") && one.fanPercent == .absent(.notApplicable))
        #expect(
            other[.persistenceMode] == .value(.text("Disabled")) && other[.displayActive] == .value(.text("Enabled")))
        #expect(other.eccMode == .value("Enabled") && other[.eccVolatileUncorrected] == .value(.integer(2)))
        #expect(other.powerDrawWatts == .absent(.notApplicable) && other.powerLimitWatts == .value(700))
        #expect(other.computeMode == .value("Prohibited") && other.utilizationGPUPercent == .value(12))
        #expect(other.temperatureCelsius == .absent(.unreadable("warm")))
        #expect(
            reading.warnings == [
                ReadingWarning(line: 14, field: "temperatureCelsius", problem: "unreadable"),
                ReadingWarning(line: 38, problem: "a process is of GPU 5, which the table does not have"),
            ])

        #expect(one.migDevices.map(\.index) == [.value(0), .value(1)])
        let device = try #require(one.migDevices.first)
        #expect(device.gpuInstanceID == .value(2) && device.computeInstanceID == .value(0))
        #expect(device.memoryUsedBytes == .value(26 << 20) && device.memoryTotalBytes == .value(40448 << 20))
        #expect(
            device[.bar1UsedBytes] == .value(.integer(3 << 20))
                && device[.bar1TotalBytes] == .value(.integer(24739 << 20)))
        #expect(device.multiprocessorCount == .value(60) && device[.eccVolatileUncorrectedSRAM] == .value(.integer(1)))
        let engines: [GPUFact] = [.copyEngineCount, .encoderCount, .decoderCount, .ofaCount, .jpegCount]
        #expect(engines.map { device[$0] } == [3, 0, 2, 0, 4].map { .value(.integer($0)) })
        #expect(one.migDevices.last?[.eccVolatileUncorrectedSRAM] == .absent(.notApplicable))

        #expect(one.processes.map(\.name) == [.value("a | b")])
        #expect(
            one.processes.first?.gpuInstanceID == .value(2) && one.processes.first?.usedMemoryBytes == .value(414 << 20)
        )
    }

    /// Somebody left the heading and the names out.
    @Test func tablesThatWereCutDown() throws {
        let reading = try SMITableReading(
            parsing: """
                +---------------------------------------------------------------------------------------+
                | NVIDIA-SMI 535.154.05             Driver Version: 535.154.05   CUDA Version: 12.2     |
                |-----------------------------------------+----------------------+----------------------+
                | GPU  Fan  Temp  Perf      Pwr:Usage/Cap |         Memory-Usage | GPU-Util  Compute M. |
                |=========================================+======================+======================|
                |   3  N/A   47C   P5          25W /  90W |   1238MiB / 16384MiB |     11%      Default |
                +-----------------------------------------+----------------------+----------------------+
                |  GPU   GI   CI        PID   Type   Process name                            GPU Memory |
                |=======================================================================================|
                |    3   N/A  N/A      2241      G   /usr/lib/xorg/Xorg                          511MiB |
                """)
        let gpu = try #require(reading.gpus.first)
        #expect(reading.indices == [3] && gpu.temperatureCelsius == .value(47) && gpu.powerDrawWatts == .value(25))
        #expect(gpu.processes.map(\.pid) == [.value(2241)])
        #expect(gpu.name == .absent(.missing))

        let row = try SMITableReading(
            parsing: "|   1  Tesla V100-PCIE...  On   | 00008ED0:00:00.0 Off |                    0 |")
        #expect(row.gpus.first?.pciAddress == "8ed0:00:00.0" && row.gpus.first?.nameIsCut == true)
        #expect(row.gpus.first?.name == .value("Tesla V100-PCIE"))
    }

    @Test func windows() throws {
        let gpu = try SMITableReading(
            parsing: "|   0  NVIDIA GeForce RTX 3060      WDDM  |   00000000:07:00.0  On |                  Off |"
        ).gpus.first
        #expect(gpu?[.driverModel] == .value(.text("WDDM")) && gpu?[.persistenceMode] == .absent(.missing))
        #expect(gpu?.eccMode == .value("Disabled") && gpu?[.eccVolatileUncorrected] == .absent(.notApplicable))
    }

    @Test func secondTableIsLeftToItself() throws {
        #expect(try SMITableReading(parsing: Self.mig + "\n" + Self.mig).gpus.count == 2)
    }

    @Test func failuresInJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let reading = try SMIFailureReading(
            parsing: "Unable to determine the device handle for GPU0000:CB:00.0: Unknown Error\n"
                + "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.144\n")
        #expect(
            String(decoding: try encoder.encode(reading), as: UTF8.self)
                == #"{"failures":[{"failure":"deviceHandle","gpu":"GPU0000:CB:00.0","reason":"Unknown Error"},"#
                + #"{"failure":"versionMismatch","library":"550.144"}]}"#)
        #expect(throws: ReadingError.self) { try SMIFailureReading(parsing: "hello") }
    }
}
