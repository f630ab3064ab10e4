import GPUReadings
import Testing

@Suite struct GPUProbeReadingTests {
    static func fixture(_ name: String) throws -> String { try Fixtures.text("simulated-outputs/\(name)") }

    @Test func readsWhatTheSimulatedGPUSays() throws {
        let reading = try GPUProbeReading(parsing: try Self.fixture("gpu-probe.json"))
        #expect(reading.schema == 1 && reading.passed == true && reading.troubles.isEmpty)
        #expect(reading.driverVersion == "11.4" && reading.announcedDevices == 1)
        let device = try #require(reading.devices.first)
        #expect(device.name == "NVIDIA GeForce GTX 1050 Ti" && device.busID == "0000:00:16.0")
        #expect(device.uuid == "GPU-51340000-1234-11e8-0000-000000160000" && device.isMIG == false)
        #expect(device.computeCapability == "6.1" && device.memoryTotalBytes == 4_236_312_576)
        #expect(device.multiprocessors == 6 && device.clockKHz == 1_481_000 && device.memoryClockKHz == 3_504_000)
        #expect(device.busWidthBits == 128 && device.l2CacheBytes == 1_048_576 && device.warpSize == 32)
        #expect(device.threadsPerBlock == 1024 && device.registersPerBlock == 65_536 && device.copyEngines == 2)
        #expect(
            device.blockDimensions == [1024, 1024, 64] && device.gridDimensions == [2_147_483_647, 65_535, 65_535])
        #expect(device.eccEnabled == false && device.unifiedAddressing == true && device.managedMemory == true)
        #expect(device.computeMode == "default")
        #expect(device.copies.map(\.direction) == [.hostToDevice, .deviceToDevice, .deviceToHost])
        #expect(device.copies.allSatisfy { $0.verified && $0.transferBytes == 32 << 20 && $0.repeats == 20 })
        #expect(device.last(.hostToDevice)?.bytesPerSecond ?? 0 > 1e6)
    }

    @Test func readsThatThereIsNoLibrary() throws {
        let reading = try GPUProbeReading(parsing: try Self.fixture("gpu-probe-no-libcuda.json"))
        #expect(reading.passed == false && reading.devices.isEmpty)
        #expect(reading.troubles.map(\.call) == ["dlopen"])
        #expect(reading.troubles[0].description.hasPrefix("dlopen: libcuda.so.1: cannot open"))
    }

    @Test func saysWhichCallFailed() throws {
        let reading = try GPUProbeReading(
            parsing:
                "NVIDIA: a library's words\n{\"gpu_probe\": 1, \"result\": \"fail\", \"errors\": [{\"call\": \"cuInit\","
                + " \"code\": 803, \"name\": \"CUDA_ERROR_SYSTEM_DRIVER_MISMATCH\", \"text\": \"x\", \"new\": {}}, 7]}\n"
        )
        #expect(reading.troubles.map(\.code) == [803])
        #expect(reading.troubles[0].description == "cuInit returned 803 (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH): x")
    }

    @Test(
        arguments: [
            "{\"gpu_probe\": \"1\"}", "{\"gpu_probe\": 0}", "{}", "[]", "", "}{", "{\"gpu_probe\": 1",
            "{\"gpu_probe\": 1, \"devices\": [}",
        ])
    func refusesWhatIsNone(_ text: String) {
        #expect(throws: ReadingError.self) { try GPUProbeReading(parsing: text) }
    }

    /// Another kind of value is no value, and never an end of the reading.
    @Test func bearsOddValues() throws {
        let reading = try GPUProbeReading(
            parsing: """
                {"gpu_probe": 1, "result": "maybe", "device_count": 1e300, "devices": [1, {"name": 5, "mig": "yes",
                "multiprocessors": -1.5, "grid_dimensions": "x", "copies": [{"kind": "sideways", "bytes": 1},
                {"kind": "host-to-device", "bytes": 0}, {"kind": "host-to-device", "bytes": 8,
                "gigabytes_per_second": -3}]}]}
                """)
        #expect(reading.passed == nil && reading.announcedDevices == nil && reading.devices.count == 2)
        #expect(reading.devices[1].name == nil && reading.devices[1].multiprocessors == nil)
        #expect(reading.devices[1].copies.count == 1 && reading.devices[1].copies[0].bytesPerSecond == nil)
        #expect(reading.devices[1].copies[0].verified == false)
    }

    /// Half a document is none; every cut is refused or, behind the last brace, read.
    @Test func refusesHalfADocument() throws {
        let whole = Array(try Self.fixture("gpu-probe.json").utf8)
        for end in stride(from: 0, to: whole.count - 2, by: 17) {
            #expect(throws: ReadingError.self) {
                try GPUProbeReading(parsing: String(decoding: whole[..<end], as: UTF8.self))
            }
        }
    }

    @Test func bearsDeepNesting() {
        let deep = "{\"gpu_probe\": 1, \"devices\": " + String(repeating: "[", count: 100_000) + "}"
        #expect(throws: ReadingError.self) { try GPUProbeReading(parsing: deep) }
    }
}
