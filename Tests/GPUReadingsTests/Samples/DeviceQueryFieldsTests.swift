import Foundation
import GPUReadings
import Testing

/// Every line of a device, in a text of our own making in the layout of CUDA 12.
@Suite struct DeviceQueryFieldsTests {
    static func text(_ devices: Int = 2) -> String {
        let device = """
              CUDA Driver Version / Runtime Version          12.4 / 12.3
              CUDA Capability Major/Minor version number:    9.0
              Total amount of global memory:                 1001 MBytes (1050000000 bytes)
              (132) Multiprocessors, (128) CUDA Cores/MP:    16896 CUDA Cores
              GPU Max Clock rate:                            1980 MHz (1.98 GHz)
              Memory Clock rate:                             2619 Mhz
              Memory Bus Width:                              6144-bit
              L2 Cache Size:                                 62914560 bytes
              Maximum Texture Dimension Size (x,y,z)         1D=(131072), 2D=(131072, 65536), 3D=(16384, 16384, 16385)
              Maximum Layered 1D Texture Size, (num) layers  1D=(32768), 2048 layers
              Maximum Layered 2D Texture Size, (num) layers  2D=(32768, 32769), 2047 layers
              Total amount of constant memory:               65536 bytes
              Total amount of shared memory per block:       49152 bytes
              Total shared memory per multiprocessor:        233472 bytes
              Total number of registers available per block: 65537
              Warp size:                                     32
              Maximum number of threads per multiprocessor:  2048
              Maximum number of threads per block:           1024
              Max dimension size of a thread block (x,y,z): (1024, 1024, 64)
              Max dimension size of a grid size    (x,y,z): (2147483647, 65535, 65534)
              Maximum memory pitch:                          2147483647 bytes
              Texture alignment:                             512 bytes
              Concurrent copy and kernel execution:          Yes with 3 copy engine(s)
              Run time limit on kernels:                     No
              Integrated GPU sharing Host Memory:            No
              Support host page-locked memory mapping:       Yes
              Alignment requirement for Surfaces:            Yes
              Device has ECC support:                        Enabled
              CUDA Device Driver Mode (TCC or WDDM):         WDDM (Windows Display Driver Model)
              Device supports Unified Addressing (UVA):      Yes
              Device supports Managed Memory:                Yes
              Device supports Compute Preemption:            Yes
              Supports Cooperative Kernel Launch:            Yes
              Supports MultiDevice Co-op Kernel Launch:      No
              Supports something that we do not know:        Perhaps
              Warp size:                                     many
              Device PCI Domain ID / Bus ID / location ID:   1 / 221 / 31
              Compute Mode:
                 < Exclusive Process (many threads in one process is able to use ::cudaSetDevice() with this device) >


            """
        return "./deviceQuery Starting...\n\n CUDA Device Query (Runtime API) version (CUDART static linking)\n\n"
            + "Detected \(devices) CUDA Capable device(s)\n\n"
            + (0..<devices).map { "Device \($0): \"NVIDIA X\($0)\"\n" + device }.joined()
            + "> Peer access from NVIDIA X0 (GPU0) -> NVIDIA X1 (GPU1) : Yes\n"
            + "> Peer-to-Peer (P2P) access from NVIDIA X1 (GPU1) -> NVIDIA X0 (GPU0) : No\n\n"
            + "deviceQuery, CUDA Driver = CUDART, CUDA Driver Version = 12.4, CUDA Runtime Version = 12.3, NumDevs = 2\n"
            + "Result = PASS\n"
    }

    @Test func everyField() throws {
        let reading = try DeviceQueryReading(parsing: Self.text())
        #expect(reading.announcedDevices == 2 && reading.passed == true && reading.failure == nil)
        #expect(reading.cudaVersion == "12.4" && reading.runtimeVersion == "12.3")
        #expect(reading.devices.map(\.name) == ["NVIDIA X0", "NVIDIA X1"])
        let device = try #require(reading.devices.last)
        #expect(device.driverVersion == "12.4" && device.runtimeVersion == "12.3" && device.computeCapability == "9.0")
        #expect(device.memoryTotalBytes == 1_050_000_000 && device.globalMemoryBytes == 1_050_000_000)
        #expect(device.multiprocessors == 132 && device.coresPerMultiprocessor == 128 && device.cores == 16896)
        #expect(device.clockMHz == 1980 && device.clockKHz == 1_980_000 && device.memoryClockMHz == 2619)
        #expect(device.busWidthBits == 6144 && device.l2CacheBytes == 62_914_560)
        #expect(device.maximumTextures.oneD == [131_072] && device.maximumTextures.twoD == [131_072, 65_536])
        #expect(device.maximumTextures.threeD == [16384, 16384, 16385])
        #expect(device.maximumLayeredTextures.oneD == [32768, 2048])
        #expect(device.maximumLayeredTextures.twoD == [32768, 32769, 2047])
        #expect(device.constantMemoryBytes == 65536 && device.sharedMemoryPerBlockBytes == 49152)
        #expect(device.sharedMemoryPerMultiprocessorBytes == 233_472 && device.registersPerBlock == 65537)
        #expect(device.threadsPerMultiprocessor == 2048 && device.threadsPerBlock == 1024)
        #expect(device.blockDimensions == [1024, 1024, 64])
        #expect(device.gridDimensions == [2_147_483_647, 65535, 65534])
        #expect(device.memoryPitchBytes == 2_147_483_647 && device.textureAlignmentBytes == 512)
        #expect(device.concurrentCopy == true && device.copyEngines == 3 && device.kernelTimeLimit == false)
        #expect(device.integrated == false && device.canMapHostMemory == true && device.surfaceAlignment == true)
        #expect(device.eccEnabled == true && device.driverMode == "WDDM" && device.unifiedAddressing == true)
        #expect(device.managedMemory == true && device.computePreemption == true && device.cooperativeLaunch == true)
        #expect(device.multiDeviceCooperativeLaunch == false && device.computeMode == "Exclusive Process")
        #expect(device.pciDomain == 1 && device.pciBus == 221 && device.pciLocation == 31)
        #expect(device.busID == "0001:dd:1f.0")
    }

    @Test func peersAndWhatIsNotKnown() throws {
        let reading = try DeviceQueryReading(parsing: Self.text())
        #expect(reading.peerAccess.map { [$0.from, $0.to] } == [[0, 1], [1, 0]])
        #expect(reading.peerAccess.map(\.access) == [true, false])
        #expect(
            reading.other.map { $0.path + "=" + $0.text } == [
                "0/Supports something that we do not know=Perhaps", "0/Warp size=many",
                "1/Supports something that we do not know=Perhaps", "1/Warp size=many",
            ])
    }

    @Test func commonModel() throws {
        let gpu = try #require(DeviceQueryReading(parsing: Self.text()).gpus.first)
        #expect(gpu.name == .value("NVIDIA X0") && gpu.pciAddress == "0001:dd:1f.0" && gpu.eccMode == .value("Enabled"))
        #expect(gpu.computeMode == .value("Exclusive_Process"))
        #expect(gpu[.computeCapability] == .value(.text("9.0")) && gpu.memoryTotalBytes == .absent(.missing))
    }

    @Test func oldLines() throws {
        let reading = try DeviceQueryReading(
            parsing: """
                CUDA Device Query (Runtime API) version (CUDART static linking)
                There is 1 device supporting CUDA
                Device 0: "X"
                  Max Texture Dimension Size (x,y,z)             1D=(8192), 2D=(65536,32768), 3D=(2048,2047,2046)
                  Max Layered Texture Size (dim) x layers        1D=(8192) x 512, 2D=(8192,8191) x 511
                  Maximum sizes of each dimension of a block:    512 x 511 x 64
                  Maximum sizes of each dimension of a grid:     65535 x 65534 x 1
                  Concurrent copy and execution:                 Yes with 1 copy engine(s)
                  Integrated:                                    No
                  Compute mode:                                  Default (multiple host threads can use this device)
                  Concurrent kernel execution:                   Yes
                  Device is using TCC driver mode:               No
                PASSED
                """)
        let device = try #require(reading.devices.first)
        #expect(
            device.maximumTextures.threeD == [2048, 2047, 2046] && device.maximumLayeredTextures.oneD == [8192, 512])
        #expect(device.maximumLayeredTextures.twoD == [8192, 8191, 511] && device.blockDimensions == [512, 511, 64])
        #expect(device.gridDimensions == [65535, 65534, 1] && device.copyEngines == 1 && device.integrated == false)
        #expect(device.computeMode == "Default" && device.concurrentKernels == true && device.driverMode == nil)
        #expect(reading.announcedDevices == 1 && reading.passed == true && reading.other.isEmpty)
    }

    @Test func firstLines() throws {
        let reading = try DeviceQueryReading(
            parsing: """
                There are 2 devices supporting CUDA
                Device 0: "Tesla C2050"
                  CUDA Driver Version:                           3.0
                  CUDA Runtime Version:                          3.0
                  CUDA Capability Major revision number:         2
                  CUDA Capability Minor revision number:         0
                  Number of multiprocessors:                     14
                  Number of cores:                               448
                Device 1: "GeForce 8600"
                  CUDA Driver Version:                           3.0
                  CUDA Capability Major revision number:         1
                  CUDA Capability Minor revision number:         1
                Test PASSED
                """)
        #expect(reading.devices.map(\.computeCapability) == ["2.0", "1.1"] && reading.announcedDevices == 2)
        #expect(
            reading.devices[0].coresPerMultiprocessor == 32 && reading.cudaVersion == "3.0" && reading.passed == true)
    }

    @Test func failures() throws {
        let title = "CUDA Device Query (Driver API) statically linked version\n"
        let reading = try DeviceQueryReading(
            parsing: title
                + "checkCudaErrors() Driver API error = 0100 \"CUDA_ERROR_NO_DEVICE\" from file <x.cpp>, line 54.\n")
        #expect(reading.failure == .init(code: 100, text: "CUDA_ERROR_NO_DEVICE") && reading.passed == nil)
        let none = try DeviceQueryReading(
            parsing: title + "There are no available device(s) that support CUDA\nResult = PASS\n")
        #expect(none.announcedDevices == 0 && none.passed == true && none.gpus.isEmpty)
    }

    /// Carriage returns, a prompt, colours and UTF-16 change nothing.
    @Test func disguises() throws {
        let text = Self.text()
        let plain = try DeviceQueryReading(parsing: text)
        let crlf =
            "$ ./deviceQuery\n"
            + text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        #expect(try DeviceQueryReading(parsing: crlf) == plain)
        #expect(try DeviceQueryReading(parsing: "\u{feff}\u{1b}[32m" + text + "\u{1b}[0m") == plain)
    }

    /// As forums and chats print it: blanks made one, indentation gone, lines made one.
    @Test(arguments: ["one", "lines", "pairs", "all"]) func collapsed(_ how: String) throws {
        let lines = Self.text().split(separator: "\n").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        var text: String
        switch how {
        case "lines": text = lines.joined(separator: "\n")
        case "pairs":
            text = stride(from: 0, to: lines.count, by: 2).map {
                lines[$0..<min($0 + 2, lines.count)].joined(separator: " ")
            }
            .joined(separator: "\n")
        case "one": text = lines.dropFirst().joined(separator: " ")
        default: text = lines.joined(separator: " ")
        }
        text += "\n"
        var parser = OutputParser()
        let outputs = parser.push(Array(text.utf8)) + parser.finish()
        guard outputs.count == 1, case .deviceQuery(let reading)? = outputs[0].reading else {
            Issue.record("\(how): \(outputs.map(\.kind)) \(outputs.flatMap(\.warnings))")
            return
        }
        let plain = try DeviceQueryReading(parsing: Self.text())
        // The two values that cannot be read are said of each device, as they are of the plain text.
        #expect(outputs[0].warnings.compactMap(\.field) == ["Warp size", "Warp size"], "\(outputs[0].warnings)")
        #expect(reading.devices == plain.devices && reading.peerAccess == plain.peerAccess)
        #expect(reading.passed == true && reading.announcedDevices == 2 && reading.runtimeVersion == "12.3")
    }

    /// What stands behind the end on its line is not the document's.
    @Test func collapsedAndMore() {
        let line = Self.text(1).split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
            .joined(separator: " ")
        var parser = OutputParser()
        let outputs = parser.push(Array((line + " " + line + " thanks\n").utf8)) + parser.finish()
        #expect(outputs.map(\.kind) == [.deviceQuery, .deviceQuery])
        #expect(outputs.last?.warnings.last?.problem.contains("\"thanks\"") == true)
    }

    @Test func json() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(DeviceQueryReading(parsing: Self.text(1))), as: UTF8.self)
        #expect(
            text.contains("\"clockMHz\":1980,") && text.contains("\"warpSize\":32")
                && text.contains("\"cudaVersion\":\"12.4\""))
        #expect(text.contains("\"gridDimensions\":[2147483647,65535,65534]") && !text.contains("uuid"))
    }
}
