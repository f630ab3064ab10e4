import GPUReadings
import Testing

@Suite struct SMIListTests {
    @Test func gpusAndInstances() throws {
        let reading = try SMIListReading(
            parsing: """
                GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-00000000-0000-0000-0000-000000000000)
                  MIG 3g.40gb     Device  0: (UUID: MIG-00000000-0000-0000-0000-000000000001)
                  MIG 1g.10gb     Device  1: (UUID: MIG-GPU-00000000-0000-0000-0000-000000000000/7/2)
                GPU 1: Tesla K20m (UUID: GPU-1)
                """)
        #expect(reading.gpus.map(\.name) == [.value("NVIDIA H100 80GB HBM3"), .value("Tesla K20m")])
        #expect(reading.gpus[0].uuid == .value("GPU-00000000-0000-0000-0000-000000000000"))
        #expect(reading.gpus[1][.index] == .value(.integer(1)) && reading.gpus[1].migDevices.isEmpty)
        let devices = reading.gpus[0].migDevices
        #expect(devices.map(\.profile) == ["3g.40gb", "1g.10gb"] && devices.map(\.index) == [.value(0), .value(1)])
        #expect(devices[0].uuid == .value("MIG-00000000-0000-0000-0000-000000000001"))
        #expect(devices[1].gpuInstanceID == .value(7) && devices[1].computeInstanceID == .value(2))
    }

    @Test func links() throws {
        let reading = try SMIListReading(
            parsing: "GPU 0: A (UUID: GPU-1)\n\t Link 0: 26.562 GB/s\n\t Link 1: <inactive>\nGPU 3: B (UUID: GPU-2)\n"
                + "\t Link 0: 25 GB/s\nDevice does not have or support Nvlink\n")
        #expect(reading.nvlinks.map(\.gpu) == [0, 0, 3] && reading.nvlinks.map(\.number) == [0, 1, 0])
        #expect(reading.nvlinks.map(\.bytesPerSecond) == [26.562e9, nil, 25e9])
        #expect(reading.notes == ["Device does not have or support Nvlink"])
    }

    @Test(arguments: ["", "No devices found.", "GPU x: y", "  MIG 1g Device 0: (UUID: MIG-1)", "GPU 00000000:01:00.0"])
    func refusesOthers(_ text: String) {
        #expect(throws: ReadingError.self) { try SMIListReading(parsing: text) }
    }

    @Test(.enabled(if: Fixtures.corpus != nil, "there is no corpus beside the project"))
    func recordings() throws {
        for (name, text) in try Fixtures.texts("smi-other") where name.contains("list") || name.contains("nvlink") {
            let reading = try SMIListReading(parsing: text)
            #expect(reading.gpus.count == (name.hasPrefix("gpud") ? 8 : 1), "\(name)")
            #expect(
                reading.gpus.allSatisfy { $0.name.value != nil && $0.uuid.value?.hasPrefix("GPU-") == true }, "\(name)")
            #expect(reading.gpus[0].migDevices.count == (name.contains("h100-mig") ? 4 : 0), "\(name)")
            let links = text.split(separator: "\n").filter { $0.contains(" Link ") && $0.contains("GB/s") }.count
            #expect(
                reading.nvlinks.count == links && (!name.contains("nvlink") || links > 0 || !reading.notes.isEmpty),
                "\(name)")
        }
    }
}
