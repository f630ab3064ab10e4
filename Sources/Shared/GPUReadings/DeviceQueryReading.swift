/// What the CUDA sample deviceQuery (or deviceQueryDrv) said.
///
/// Known to read the layouts of CUDA 3.2 to 13.2. Of other programs with such a name, of which there are many, this is
/// told by NVIDIA's own spelling of the capability line.
public struct DeviceQueryReading: Equatable, Sendable {
    /// One GPU.
    public struct Device: Equatable, Sendable {
        /// "GeForce GTX 1050 Ti"; nil where the line was left out by who copied the text.
        public var name: String?
        /// The newest CUDA that the driver can run, "9.1".
        public var driverVersion: String?
        /// The CUDA that the program was built with, "9.1".
        public var runtimeVersion: String?
        /// "6.1".
        public var computeCapability: String?
        /// Total memory.
        public var globalMemoryBytes: Int64?
        /// Number of multiprocessors.
        public var multiprocessors: Int?
        /// Cores of each multiprocessor.
        public var coresPerMultiprocessor: Int?
        /// Highest clock of the shaders.
        public var clockMHz: Int?
        /// Highest clock of the memory.
        public var memoryClockMHz: Int?
        /// Width of the bus to the memory.
        public var busWidthBits: Int?
        /// Level 2 cache.
        public var l2CacheBytes: Int64?
        /// Whether ECC is on.
        public var eccEnabled: Bool?
        /// PCI domain; nil before CUDA 6.5.
        public var pciDomain: Int?
        /// PCI bus.
        public var pciBus: Int?
        /// PCI device on the bus ("location ID").
        public var pciLocation: Int?

        /// A GPU of which nothing is known.
        public init() {}
    }

    /// The GPUs, in order.
    public var devices: [Device] = []
    /// How many GPUs the program announced; nil where that line is missing.
    public var announcedDevices: Int?
    /// The last line's verdict; nil where the output ends before it.
    public var passed: Bool?
    /// The call that failed, nil where none did.
    public var failure: CUDAFailure?

    /// Reads the output.
    ///
    /// - Parameter text: the output; lines around it, and a missing end, do no harm.
    /// - Throws: ``ReadingError`` where it is no output of NVIDIA's sample.
    public init(parsing text: String) throws(ReadingError) {
        let lines = Lines(text)
        var recognised = false
        for (_, line) in lines {
            let line = line.trimmed
            if line.hasPrefix("CUDA Device Query (") {
                recognised = true
            } else if let announced = Self.announcement(line) {
                announcedDevices = announced
            } else if let name = Self.heading(line) {
                devices.append(Device())
                devices[devices.count - 1].name = name
            } else if let code = line.after("cudaGetDeviceCount returned") ?? line.after("cuInit(0) returned"),
                let number = code.numbers.first
            {
                recognised = true
                failure = CUDAFailure(code: number, text: "")
            } else if let words = line.after("-> "), failure?.text.isEmpty == true {
                failure?.text = words.cut
            } else if line == "Result = PASS" || line == "PASSED" {
                passed = true
            } else if line == "Result = FAIL" || line == "FAILED" {
                passed = false
            } else if let (field, value) = DeviceQueryField.split(line) {
                if field == .capability { recognised = true }
                // A device without its heading begins with the first field, which repeats with the next device.
                if devices.isEmpty || (field == .versions && devices.last?.driverVersion != nil) {
                    devices.append(Device())
                }
                field.read(value, into: &devices[devices.count - 1])
            }
        }
        guard recognised else {
            let first = lines.firstSaid
            throw ReadingError(
                "the output of deviceQuery", line: first.number, seen: first.text,
                problem: "there is neither its title nor a line of a device")
        }
    }

    /// "There is 1 device supporting CUDA" (3.x), "Found 2 CUDA Capable device(s)" (4.x), "Detected 1 CUDA …" (5.0 on),
    /// "There are no available device(s) that support CUDA".
    private static func announcement(_ line: Substring) -> Int? {
        if line.hasPrefix("There are no ") || line.hasPrefix("There is no ") {
            return line.has("support") && line.has("CUDA") ? 0 : nil
        }
        for beginning in ["There is ", "There are ", "Found ", "Detected "] {
            if let rest = line.after(beginning), rest.has("CUDA"), rest.has("device") { return rest.numbers.first }
        }
        return nil
    }

    /// The name in `Device 0: "Tesla T4"`. Look-alikes have no quotes.
    private static func heading(_ line: Substring) -> String? {
        guard let (number, quoted) = line.after("Device ")?.halves(at: ": \""), Int(number) != nil,
            quoted.last == "\""
        else { return nil }
        return quoted.dropLast().cut
    }
}
