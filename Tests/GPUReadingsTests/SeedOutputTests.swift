import GPUReadings
import Testing

/// The outputs of the case that the project began with: a GTX 1050 Ti under driver 390.42 and CUDA 9.1.
@Suite struct SeedOutputTests {
    @Test func table() throws {
        let reading = try SMITableReading(parsing: Fixtures.seed("nvidia-smi.txt"))
        #expect(reading.smiVersion == "390.42")
        #expect(reading.driverVersion == "390.42")
        #expect(reading.cudaVersion == nil)
        let gpu = try #require(reading.gpus.first)
        #expect(gpu.name == .value("GeForce GTX 105"))
        #expect(gpu.nameIsCut)
        #expect(gpu.pciAddress == "0000:00:16.0")
        #expect(gpu.fanPercent == .value(40))
        #expect(gpu.temperatureCelsius == .value(32))
        #expect(gpu.performanceState == .value("P0"))
        #expect(gpu.powerDrawWatts == .absent(.notApplicable))
        #expect(gpu.powerLimitWatts == .value(100))
        #expect(gpu.memoryUsedBytes == .value(0))
        #expect(gpu.memoryTotalBytes == .value(4040 << 20))
        #expect(gpu.utilizationGPUPercent == .value(0))
        #expect(gpu.computeMode == .value("Default"))
        #expect(gpu.processes.isEmpty)
    }

    @Test func temperatures() throws {
        let reading = try SMITextReading(parsing: Fixtures.seed("nvidia-smi-q-d-temperature.txt"))
        #expect(reading.timestamp == "Thu Mar 15 01:32:42 2018")
        #expect(reading.driverVersion == "390.42")
        #expect(reading.attachedGPUs == 1)
        let gpu = try #require(reading.gpus.first)
        #expect(gpu.pciAddress == "0000:00:16.0")
        #expect(gpu.temperatureCelsius == .value(32))
        #expect(gpu.temperatureShutdownCelsius == .value(102))
        #expect(gpu.temperatureSlowdownCelsius == .value(99))
        #expect(gpu.temperatureMaxCelsius == .absent(.notApplicable))
        #expect(gpu.memoryTemperatureCelsius == .absent(.notApplicable))
        #expect(gpu.powerDrawWatts == .absent(.missing))
    }

    @Test func deviceQueryWithoutItsEnd() throws {
        let reading = try DeviceQueryReading(parsing: Fixtures.seed("deviceQuery-truncated.txt"))
        #expect(reading.announcedDevices == 1)
        #expect(reading.passed == nil)
        #expect(reading.failure == nil)
        let device = try #require(reading.devices.first)
        #expect(device.name == "GeForce GTX 1050 Ti")
        #expect(device.driverVersion == "9.1")
        #expect(device.runtimeVersion == "9.1")
        #expect(device.computeCapability == "6.1")
        #expect(device.globalMemoryBytes == 4_236_312_576)
        #expect(device.multiprocessors == 6)
        #expect(device.coresPerMultiprocessor == 128)
        #expect(device.clockMHz == 1481)
        #expect(device.memoryClockMHz == 3504)
        #expect(device.busWidthBits == 128)
        #expect(device.l2CacheBytes == 1_048_576)
        #expect(device.eccEnabled == nil)
    }

    @Test func bandwidth() throws {
        let reading = try BandwidthTestReading(parsing: Fixtures.seed("bandwidthTest.txt"))
        #expect(reading.devices == ["GeForce GTX 1050 Ti"])
        #expect(reading.mode == "Quick")
        #expect(reading.passed == true)
        #expect(reading.measurements.map(\.direction) == [.hostToDevice, .deviceToHost, .deviceToDevice])
        #expect(reading.measurements.allSatisfy { $0.hostMemory == .pinned && $0.transferBytes == 33_554_432 })
        let download = try #require(reading.last(.hostToDevice))
        #expect(download.printed == 9719.0)
        #expect(download.unit == .megabytesPerSecond)
        #expect(download.bytesPerSecond == 9719.0 * 1_048_576)
    }
}
