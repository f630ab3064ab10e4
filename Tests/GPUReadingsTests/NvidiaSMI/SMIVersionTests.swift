import GPUReadings
import Testing

/// `nvidia-smi --version`, in texts of our own making.
@Suite struct SMIVersionTests {
    private static let first = """
        NVIDIA-SMI version  : 550.54.14
        NVML version        : 550.54
        DRIVER version      : 550.54.13
        CUDA Version        : 12.4

        """
    private static let last = """
        NVIDIA-SMI version  : 610.20
        NVML version        : 610.19
        DRIVER version      : Deprecated, see "KMD version" instead
        CUDA version        : Deprecated, see "CUDA UMD version" instead
        KMD version         : 610.21
        CUDA UMD version    : 13.3
        GSP version         : 610.22

        """

    private static func parse(_ text: String) -> [ParsedOutput] {
        var parser = OutputParser()
        return parser.push(Array(text.utf8)) + parser.finish()
    }

    @Test func versions() throws {
        let reading = try SMIVersionReading(parsing: Self.first)
        #expect(reading.smiVersion == "550.54.14" && reading.nvmlVersion == "550.54")
        #expect(reading.driverVersion == "550.54.13" && reading.cudaVersion == "12.4" && reading.other.isEmpty)
    }

    @Test func ofTheKernelModule() throws {
        let reading = try SMIVersionReading(parsing: Self.last)
        #expect(reading.smiVersion == "610.20" && reading.nvmlVersion == "610.19")
        #expect(reading.driverVersion == "610.21" && reading.cudaVersion == "13.3")
        #expect(reading.other == [OtherField(path: "GSP version", text: "610.22")])
    }

    @Test func recognised() throws {
        let outputs = Self.parse("$ nvidia-smi --version\r\n" + Self.first + Self.last + "GPU 0: X (UUID: GPU-1)\n")
        #expect(outputs.map(\.kind) == [.smiVersion, .smiVersion, .smiList] && outputs.map(\.line) == [2, 6, 13])
        // The prompt.
        #expect(outputs.map(\.warnings.count) == [1, 0, 0] && outputs.allSatisfy { $0.error == nil })
    }

    @Test func withoutDriver() throws {
        let output = try #require(
            Self.parse("NVIDIA-SMI version  : 550.1\nDRIVER version : N/A\nCUDA Version : soon\n").first)
        guard case .smiVersion(let reading)? = output.reading else {
            Issue.record("\(output)")
            return
        }
        #expect(reading.smiVersion == "550.1" && reading.driverVersion == nil && reading.cudaVersion == nil)
        #expect(output.warnings == [ReadingWarning(line: 3, field: "CUDA Version", problem: "unreadable")])
    }

    @Test(arguments: ["", "NVML version : 1\n", "NVIDIA-SMI version\n", "nvidia-smi: command not found\n"])
    func refusesOthers(_ text: String) {
        #expect(throws: ReadingError.self) { try SMIVersionReading(parsing: text) }
        #expect(Self.parse(text).isEmpty)
    }
}
