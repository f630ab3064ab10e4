import GPUReadings
import Testing

/// deviceQuery and bandwidthTest, on texts written for the tests: one line of each spelling.
@Suite struct DeviceQueryReadingTests {
    static let title = " CUDA Device Query (Runtime API) version (CUDART static linking)\n"

    private func device(_ lines: String) throws -> DeviceQueryReading.Device {
        try #require(
            DeviceQueryReading(parsing: "\(Self.title)Detected 1 CUDA Capable device(s)\nDevice 0: \"X\"\n\(lines)\n")
                .devices.first)
    }

    @Test(arguments: [
        "  Multiprocessors x Cores/MP = Cores:            6 (MP) x 8 (Cores/MP) = 48 (Cores)",
        "  ( 6) Multiprocessors x ( 8) CUDA Cores/MP:     48 CUDA Cores",
        "  ( 6) Multiprocessors, ( 8) CUDA Cores/MP:      48 CUDA Cores",
        "  (006) Multiprocessors, (008) CUDA Cores/MP:    48 CUDA Cores",
        "  Number of multiprocessors:                     6\n  Number of cores:                               48",
    ])
    func multiprocessors(_ line: String) throws {
        let device = try device(line)
        #expect(device.multiprocessors == 6)
        #expect(device.coresPerMultiprocessor == 8)
    }

    @Test(
        arguments: [
            ("GPU Max Clock rate:  1481 MHz (1.48 GHz)", 1481), ("GPU Clock rate: 1147 MHz (1.15 GHz)", 1147),
            ("GPU Clock Speed:  1.84 GHz", 1840), ("Clock rate:  1.10 GHz", 1100), ("Clock rate:  fast", nil),
        ] as [(String, Int?)])
    func clocks(_ line: String, _ clock: Int?) throws {
        #expect(try device(line).clockMHz == clock)
    }

    @Test func otherSpellings() throws {
        let old = try device(
            "CUDA Driver Version: 3.20\nCUDA Runtime Version: 3.20\nTotal amount of global memory: 268107776 bytes\n"
                + "Memory Clock rate: 900.00 Mhz\nDevice has ECC support enabled: Yes\n"
                + "Device PCI Bus ID / PCI location ID:  1 / 0")
        #expect(old.driverVersion == "3.20" && old.runtimeVersion == "3.20")
        #expect(old.globalMemoryBytes == 268_107_776)
        #expect(old.memoryClockMHz == 900)
        #expect(old.eccEnabled == true)
        #expect(old.pciDomain == nil && old.pciBus == 1 && old.pciLocation == 0)
        let new = try device("Device has ECC support: Disabled\nDevice PCI Domain ID / Bus ID / location ID: 0 / 2 / 5")
        #expect(new.eccEnabled == false)
        #expect(new.pciDomain == 0 && new.pciBus == 2 && new.pciLocation == 5)
    }

    @Test func failure() throws {
        let reading = try DeviceQueryReading(
            parsing: "./deviceQuery Starting...\n\(Self.title)\ncudaGetDeviceCount returned 35\n"
                + "-> CUDA driver version is insufficient for CUDA runtime version\nResult = FAIL\n")
        #expect(reading.passed == false)
        #expect(
            reading.failure
                == .init(code: 35, text: "CUDA driver version is insufficient for CUDA runtime version"))
    }

    @Test(
        arguments: [
            ("Result = PASS", true), ("PASSED", true), ("Result = FAIL", false), ("Result = PAS", nil), ("", nil),
        ] as [(String, Bool?)])
    func verdict(_ line: String, _ passed: Bool?) throws {
        #expect(try DeviceQueryReading(parsing: Self.title + line + "\n").passed == passed)
    }

    @Test(arguments: [
        "CUDA Device Query...\nThere are 1 CUDA devices.\nMajor revision number: 3\n",
        "Device 0: RTX 3060\n  Compute Capability : 8.6\n", "Result = PASS\n", "",
    ])
    func lookAlikesAreRefused(_ text: String) {
        #expect(throws: ReadingError.self) { try DeviceQueryReading(parsing: text) }
    }
}

@Suite struct BandwidthTestReadingTests {
    @Test func unitsMeanWhatTheProgramComputed() throws {
        func rate(_ unit: String) throws -> Double? {
            try BandwidthTestReading(
                parsing: "[CUDA Bandwidth Test] - Starting...\nHost to Device Bandwidth, 1 Device(s)\n"
                    + " PAGEABLE Memory Transfers\n   Transfer Size (Bytes)\tBandwidth(\(unit))\n   32000000\t\t12.5\n"
            ).last(.hostToDevice)?.bytesPerSecond
        }
        #expect(try rate("MB/s") == 12.5 * 1_048_576)
        #expect(try rate("GB/s") == 12.5e9)
        #expect(try rate("furlongs") == nil)
    }

    @Test func csv() throws {
        let reading = try BandwidthTestReading(
            parsing:
                "bandwidthTest-H2D-Pinned, Bandwidth = 12.4 GB/s, Time = 0.0 s, Size = 1000 bytes, NumDevsUsed = 1\n"
                + "bandwidthTest-D2D, Bandwidth = 5740.6 MB/s, Time = 0.0 s, Size = 2000 bytes, NumDevsUsed = 1\n")
        #expect(reading.measurements.map(\.direction) == [.hostToDevice, .deviceToDevice])
        #expect(reading.measurements.map(\.hostMemory) == [.pinned, nil])
        #expect(reading.measurements.map(\.transferBytes) == [1000, 2000])
        #expect(reading.measurements.map(\.unit) == [.gigabytesPerSecond, .megabytesPerSecond])
        #expect(reading.passed == nil)
    }

    /// CUDA 2 and 4.
    @Test func oldLayouts() throws {
        let old = try BandwidthTestReading.runs(
            in:
                "Running on......\n      device 0:GeForce 8600\nQuick Mode\nHost to Device Bandwidth for Pageable memory\n.\n"
                + "Transfer Size (Bytes)   Bandwidth(MB/s)\n 33554432               1545.4\n\n&&&& Test PASSED\n")
        #expect(old.count == 1 && old[0].devices == ["GeForce 8600"] && old[0].passed == true)
        #expect(old[0].measurements.map(\.hostMemory) == [.pageable])
        let four = try BandwidthTestReading.runs(
            in:
                "[bandwidthTest] starting...\n\n./bandwidthTest Starting...\n\nRunning on...\n\n Device 0: X\n Quick Mode\n\n"
                + " Host to Device Bandwidth, 1 Device(s), Paged memory\n   Transfer Size (Bytes)\tBandwidth(MB/s)\n"
                + "   33554432\t\t\t3064.9\n\n[bandwidthTest] test results...\nPASSED\n\n> exiting in 3 seconds: 3...2...1...done!\n"
        )
        #expect(four.count == 1 && four[0].passed == true && four[0].measurements.map(\.printed) == [3064.9])
    }

    @Test func runsAreKeptApart() throws {
        let run = "Running on...\n Device 0: A\n Quick Mode\nResult = PASS\n"
        let other = "[CUDA Bandwidth Test] - Starting...\nRunning on...\n Device 0: B\nResult = FAIL\n"
        let runs = try BandwidthTestReading.runs(in: run + other)
        #expect(runs.map(\.devices) == [["A"], ["B"]])
        #expect(runs.map(\.passed) == [true, false])
        #expect(try BandwidthTestReading(parsing: run + other).devices == ["B"])
    }

    @Test func failure() throws {
        let constant = "CUDA error at bandwidthTest.cu:255 code=35(cudaErrorInsufficientDriver) \"cudaSetDevice(0)\"\n"
        let words = "cudaGetDeviceProperties returned 35\n-> too old\n"
        let start = "[CUDA Bandwidth Test] - Starting...\nRunning on...\n\n"
        #expect(
            try BandwidthTestReading(parsing: start + words + constant).failure == .init(code: 35, text: "too old"))
        #expect(
            try BandwidthTestReading(parsing: start + constant).failure
                == .init(code: 35, text: "cudaErrorInsufficientDriver"))
    }
}
