import GPUReadings
import Testing

/// nvidia-smi's layouts for people, on texts written for the tests.
@Suite struct SMITextTests {
    @Test func queryOf610() throws {
        let reading = try SMITextReading(
            parsing: """
                ==============NVSMI LOG==============

                Timestamp                    : Wed Aug 12 21:53:45 2026
                Driver Version               : 610.57.04 [Deprecated; will be removed]
                KMD Version                  : 610.57.04
                CUDA UMD Version             : 13.3

                Attached GPUs                : 2
                GPU 00000000:0C:00.0
                    Utilization
                        GPU                  : 7 %
                    GPU Power Readings\u{20}
                        Average Power Draw   : N/A
                        Instantaneous Power Draw : 38.89 W
                        GPU Ceiling Power Limit
                            Current Power Limit : 250.00 W
                    Module Power Readings
                        Instantaneous Power Draw : 99.00 W
                    Processes
                        GPU instance ID      : N/A
                        Process ID           : 12
                            Type             : C
                            Name             : a : b
                            Used GPU Memory  : 5 MiB
                        Process ID           : 13
                GPU 00000000:0D:00.0
                    Utilization
                        Gpu                  : 8 %
                """)
        #expect(reading.driverVersion == "610.57.04")
        #expect(reading.cudaVersion == "13.3")
        #expect(reading.gpus.map(\.pciAddress) == ["0000:0c:00.0", "0000:0d:00.0"])
        #expect(reading.gpus.map(\.utilizationGPUPercent) == [.value(7), .value(8)])
        let gpu = try #require(reading.gpus.first)
        #expect(gpu.powerDrawWatts == .value(38.89))
        #expect(gpu.powerLimitWatts == .value(250))
        #expect(gpu.modulePowerDrawWatts == .value(99))
        #expect(gpu.processes.map(\.pid) == [.value(12), .value(13)])
        #expect(gpu.processes.first?.name == .value("a : b"))
        #expect(gpu.processes.first?.usedMemoryBytes == .value(5 << 20))
    }

    /// What -d POWER, CLOCK and UTILIZATION print of the last moments, and a vGPU host of itself.
    @Test func samplesAndVirtualGPUs() throws {
        let reading = try SMITextReading(parsing: Fixtures.text("fuzz-seeds/smi-text/samples.txt"))
        let gpu = try #require(reading.gpus.first)
        #expect(
            gpu[.powerSamplesSeconds] == .value(.decimal(117.96)) && gpu[.powerSampleCount] == .value(.integer(119)))
        #expect(gpu[.powerSamplesMaximumWatts] == .value(.decimal(16)))
        #expect(gpu[.powerSamplesMinimumWatts] == .value(.decimal(9.12)))
        #expect(gpu[.powerSamplesAverageWatts] == .value(.decimal(9.74)) && gpu.powerDrawWatts == .value(8.97))
        #expect(gpu[.clockSMSamplesMaximumMHz] == .value(.integer(1227)) && gpu.clockSMMHz == .value(139))
        #expect(gpu[.clockMemorySamplesAverageMHz] == .absent(.notApplicable))
        #expect(gpu[.utilizationEncoderSamplesMinimumPercent] == .value(.integer(2)))
        #expect(gpu[.utilizationGPUSamplesSeconds] == .absent(.unreadable("18446744073709.22 sec")))
        #expect(reading.warnings.map(\.field) == ["utilizationGPUSamplesSeconds"] && reading.warnings.first?.line == 20)
        #expect(gpu[.vgpuFractionalMulti] == .value(.flag(true)))
        #expect(gpu[.vgpuHeterogeneousSizes] == .value(.flag(false)) && gpu.other.isEmpty)
        #expect(
            reading.other
                == [OtherField(path: "vGPU Driver Capability/Heterogenous Multi-vGPU", text: "Supported")])
    }

    @Test func tableWithInstancesAndOddCells() throws {
        let reading = try SMITableReading(
            parsing: """
                Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error
                +-----------------------------------------------------------------------------------------+
                | NVIDIA-SMI 550.54.14              Driver Version: 550.54.14      CUDA Version: N/A      |
                |-----------------------------------------+------------------------+----------------------+
                | GPU  Name                 Persistence-M | Bus-Id          Disp.A | Volatile Uncorr. ECC |
                | Fan  Temp   Perf          Pwr:Usage/Cap |           Memory-Usage | GPU-Util  Compute M. |
                |                                         |                        |               MIG M. |
                |=========================================+========================+======================|
                |   0  NVIDIA H200                    On  |   0000000F:83:00.0 Off |                   On |
                |ERR!   28C    P0            ERR! /  N/A  | Not Supported          |     N/A   E. Process |
                |                                         |                        |              Enabled |
                +-----------------------------------------+------------------------+----------------------+
                | MIG devices:                                                                            |
                | GPU  GI  CI  MIG |              Shared Memory-Usage |        Vol|        Shared         |
                |  0    2   0   0  |              22MiB / 71424MiB    | 16      0 |  3   0    3    0    3 |
                +-----------------------------------------------------------------------------------------+
                | Processes:                                                                              |
                |  GPU   GI   CI              PID   Type   Process name                        GPU Memory |
                |        ID   ID                                                               Usage      |
                |=========================================================================================|
                |    0    2    0            12012    C+G   ...two words                            414MiB |
                |    0   N/A  N/A           12013      C   python                                     N/A |
                |    7   N/A  N/A           12014      C   python                                    1MiB |
                +-----------------------------------------------------------------------------------------+
                """)
        #expect(reading.driverVersion == "550.54.14")
        #expect(reading.cudaVersion == nil)
        #expect(reading.indices == [0])
        let gpu = try #require(reading.gpus.first)
        #expect(gpu.name == .value("NVIDIA H200") && !gpu.nameIsCut)
        #expect(gpu.pciAddress == "000f:83:00.0")
        #expect(gpu.fanPercent == .absent(.error))
        #expect(gpu.temperatureCelsius == .value(28))
        #expect(gpu.powerDrawWatts == .absent(.error))
        #expect(gpu.powerLimitWatts == .absent(.notApplicable))
        #expect(gpu.memoryTotalBytes == .absent(.notSupported))
        #expect(gpu.utilizationGPUPercent == .absent(.notApplicable))
        #expect(gpu.computeMode == .value("E. Process"))
        #expect(gpu.migMode == .value("Enabled"))
        #expect(gpu.processes.map(\.pid) == [.value(12012), .value(12013)])
        #expect(gpu.processes.first?.type == .value("C+G"))
        #expect(gpu.processes.first?.name == .value("...two words"))
        #expect(gpu.processes.first?.usedMemoryBytes == .value(414 << 20))
        #expect(gpu.processes.last?.usedMemoryBytes == .absent(.notApplicable))
    }

    @Test(
        arguments: [
            (
                "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure",
                .couldNotCommunicate
            ),
            ("No devices were found\r\n", .noDevices),
            ("Failed to initialize NVML: Driver/library version mismatch", .versionMismatch(library: nil)),
            (
                "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.144",
                .versionMismatch(library: "550.144")
            ),
            ("Failed to initialize NVML: Unknown Error", .unknownNVMLError),
            ("Failed to initialize NVML: Insufficient Permissions", .insufficientPermissions),
            ("Failed to initialize NVML: GPU access blocked", .nvml(reason: "GPU access blocked")),
            ("NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.", .libraryMissing),
            (
                "Unable to determine the device handle for GPU 0000:0A:00.0: GPU is lost.  Reboot",
                .deviceHandle(gpu: "GPU 0000:0A:00.0", reason: "GPU is lost.  Reboot")
            ),
            (
                "Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error",
                .deviceHandle(gpu: "GPU1: 0000:34:00.0", reason: "Unknown Error")
            ),
        ] as [(String, SMIFailure)])
    func failures(_ text: String, _ failure: SMIFailure) {
        #expect(SMIFailure(parsing: text) == failure)
    }

    @Test func severalFailures() {
        let text = "Unable to determine the device handle for gpu 0000:01:00.0: Not Found\nNo devices were found\n"
        #expect(
            SMIFailure.all(in: text)
                == [.deviceHandle(gpu: "gpu 0000:01:00.0", reason: "Not Found"), .noDevices])
        #expect(SMIFailure.all(in: "+-----+\n| NVIDIA-SMI 390.42 |\n").isEmpty)
    }
}
