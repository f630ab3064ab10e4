import GPUReadings
import Testing

@Suite struct NVBandwidthReadingTests {
    /// Of our own making, in nvbandwidth's layout.
    static let text = """
        nvbandwidth Version: v0.8
        Built from Git version: v0.8

        CUDA Runtime Version: 12080
        CUDA Driver Version: 12080
        Driver Version: 570.86.10

        host
        Device 0: NVIDIA A (00000000:01:00)
        Device 1: NVIDIA B (00000000:02:00)

        Running host_to_device_memcpy_ce.
        memcpy CE CPU(row) -> GPU(column) bandwidth (GB/s)
                   0         1
         0     25.17     24.00

        SUM host_to_device_memcpy_ce 49.17

        Running device_to_device_memcpy_read_ce.
        memcpy CE GPU(row) -> GPU(column) bandwidth (GB/s)
                   0         1
         0       N/A     24.50
         1     24.40       N/A

        SUM device_to_device_memcpy_read_ce 48.90

        Running host_to_device_memcpy_sm.
        Waived:
        Running device_local_copy.

        """

    @Test func readsText() throws {
        let reading = try NVBandwidthReading(parsing: Self.text)
        #expect(reading.version == "v0.8" && reading.runtimeVersion == "12.8" && reading.driverVersion == "570.86.10")
        #expect(reading.devices.map(\.name) == ["NVIDIA A", "NVIDIA B"] && reading.passed)
        #expect(reading.testCases.map(\.status) == [.passed, .passed, .waived, .unknown])
        #expect(reading.testCase("host_to_device_memcpy_ce")?.matrix == [[25.17, 24]])
        let peers = try #require(reading.testCase("device_to_device_memcpy_read_ce"))
        #expect(peers.matrix == [[nil, 24.5], [24.4, nil]] && peers.sum == 48.9)
        #expect(peers.summary == "memcpy CE GPU(row) -> GPU(column) bandwidth (GB/s)")
    }

    @Test func readsDevicesAndFigures() throws {
        let reading = try NVBandwidthReading(parsing: Self.text)
        #expect(reading.devices.map(\.busID) == ["00000000:01:00.0", "00000000:02:00.0"] && reading.host == "host")
        #expect(reading.gpus.map(\.pciAddress) == ["0000:01:00.0", "0000:02:00.0"] && reading.cudaVersion == "12.8")
        let several = try NVBandwidthReading(
            parsing: """
                nvbandwidth Version: v0.8
                Process 0 (nodeA): device 0: NVIDIA GB200 (00000008:01:00)
                Process 1 (nodeB): device 3: NVIDIA GB200 (00000018:01:00)

                Running multinode_device_to_device_memcpy_read_ce.
                memcpy CE GPU(row) -> GPU(column) bandwidth (GB/s)
                           0         1
                 0       N/A    397.48
                 1    397.62       N/A

                SUM multinode_device_to_device_memcpy_read_ce 795.10
                MIN multinode_device_to_device_memcpy_read_ce 397.48
                MAX multinode_device_to_device_memcpy_read_ce 397.62
                AVG multinode_device_to_device_memcpy_read_ce 397.55

                Waived:
                """)
        #expect(several.devices.map(\.host) == ["nodeA", "nodeB"] && several.devices.map(\.process) == [0, 1])
        #expect(several.devices.map(\.number) == [0, 3] && several.devices[1].busID == "00000018:01:00.0")
        let test = several.testCases[0]
        #expect(test.minimum == 397.48 && test.maximum == 397.62 && test.average == 397.55 && test.sum == 795.1)
        #expect(several.waivedUnnamed == 1 && several.passed)
    }

    @Test func readsJSON() throws {
        let reading = try NVBandwidthReading(
            parsing: """
                {"nvbandwidth": {"CUDA Runtime Version": 12040, "Driver Version": "550.54.15", "git_version": "v0.6",
                "GPU Device list": ["0: NVIDIA A10: (00000000:01:00)"], "testcases": [
                {"name": "host_to_device_memcpy_ce", "status": "Passed", "sum": 25.17,
                 "bandwidth_description": "d", "bandwidth_matrix": [["25.17", "N/A"]]},
                {"name": "x", "status": "Waived"}, {"name": "y", "status": "Error", "error": "out of memory"}]}}
                """)
        #expect(reading.version == "v0.6" && reading.runtimeVersion == "12.4")
        #expect(reading.testCases.map(\.status) == [.passed, .waived, .failed] && !reading.passed)
        #expect(reading.devices.map(\.name) == ["NVIDIA A10"] && reading.devices[0].busID == "00000000:01:00.0")
        #expect(reading.testCases[0].matrix == [[25.17, nil]] && reading.errors == ["out of memory"])
    }

    @Test(arguments: [
        ("{\"nvbandwidth\": {\"error\": \"no device\"}}", "no device"),
        (
            "nvbandwidth Version: v0.5\n[CUDA_ERROR_NO_DEVICE] no CUDA-capable device is detected in expression\n",
            "NO_DEVICE"
        ),
        ("ERROR: Testcase x not found!\n", "not found"),
    ])
    func saysWhatWentWrong(_ text: String, _ words: String) throws {
        let reading = try NVBandwidthReading(parsing: text)
        #expect(!reading.passed && reading.errors.first?.contains(words) == true)
    }

    @Test(arguments: ["", "hello\nDevice 0: x", "{\"nvbandwidth\": 5}", "{\"nvbandwidth\": {"])
    func refusesOthers(_ text: String) {
        #expect(throws: ReadingError.self) { try NVBandwidthReading(parsing: text) }
    }

    @Test(.enabled(if: Fixtures.corpus != nil, "there is no corpus beside the project"))
    func readsTheRecordings() throws {
        for (name, text) in try Fixtures.texts("nvbandwidth") {
            let reading = try NVBandwidthReading(parsing: text)
            if name.hasPrefix("text-v") { #expect(reading.passed && reading.devices.count == 1, "\(name)") }
            if name.hasPrefix("superbench") { #expect(reading.testCases.count > 5, "\(name)") }
        }
    }
}
