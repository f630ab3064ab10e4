/// The lines of a device in deviceQuery's output that are read.
enum DeviceQueryField {
    case versions, driverVersion, runtimeVersion, capability, memory, multiprocessors, multiprocessorCount, cores
    case clock, memoryClock, busWidth, l2Cache, ecc, pci

    /// The spellings by which a line begins, the longer before the shorter. Through the versions there are two of
    /// the multiprocessors that begin with the numbers, found by ``split(_:)``.
    private static let labels: [(label: String, field: DeviceQueryField)] = [
        ("CUDA Driver Version / Runtime Version", .versions),
        ("CUDA Driver Version:", .driverVersion),
        ("CUDA Runtime Version:", .runtimeVersion),
        ("CUDA Capability Major/Minor version number:", .capability),
        ("Total amount of global memory:", .memory),
        ("Multiprocessors x Cores/MP = Cores:", .multiprocessors),
        ("Number of multiprocessors:", .multiprocessorCount),
        ("Number of cores:", .cores),
        ("GPU Max Clock rate:", .clock),
        ("GPU Clock rate:", .clock),
        ("GPU Clock Speed:", .clock),
        ("Clock rate:", .clock),
        ("Memory Clock rate:", .memoryClock),
        ("Memory Bus Width:", .busWidth),
        ("L2 Cache Size:", .l2Cache),
        ("Device has ECC support enabled:", .ecc),
        ("Device has ECC support:", .ecc),
        ("Device PCI Domain ID / Bus ID / location ID:", .pci),
        ("Device PCI Bus ID / PCI location ID:", .pci),
    ]

    /// The field of a line, and the text that has its value.
    static func split(_ line: Substring) -> (DeviceQueryField, Substring)? {
        for (label, field) in labels {
            if let value = line.after(label) { return (field, value) }
        }
        // "( 6) Multiprocessors, (128) CUDA Cores/MP:", "(16) Multiprocessors x ( 8) CUDA Cores/MP:"
        return line.hasPrefix("(") && line.has(") Multiprocessors") ? (.multiprocessors, line) : nil
    }

    /// Puts the value into `device`. What cannot be read leaves the field empty.
    func read(_ value: Substring, into device: inout DeviceQueryReading.Device) {
        let numbers = value.numbers
        switch self {
        case .versions:
            guard let (driver, runtime) = value.halves(at: "/") else { return }
            device.driverVersion = Self.version(driver)
            device.runtimeVersion = Self.version(runtime)
        case .driverVersion: device.driverVersion = Self.version(value)
        case .runtimeVersion: device.runtimeVersion = Self.version(value)
        case .capability: device.computeCapability = Self.version(value)
        case .memory: device.globalMemoryBytes = Self.bytes(value)
        case .multiprocessors:
            guard numbers.count >= 2 else { return }
            device.multiprocessors = numbers[0]
            device.coresPerMultiprocessor = numbers[1]
        case .multiprocessorCount: device.multiprocessors = numbers.first
        case .cores:
            guard let cores = numbers.first, let multiprocessors = device.multiprocessors, multiprocessors > 0 else {
                return
            }
            device.coresPerMultiprocessor = cores / multiprocessors
        case .clock: device.clockMHz = Self.megahertz(value)
        case .memoryClock: device.memoryClockMHz = Self.megahertz(value)
        case .busWidth: device.busWidthBits = numbers.first
        case .l2Cache: device.l2CacheBytes = Self.bytes(value)
        case .ecc: device.eccEnabled = ["Enabled": true, "Yes": true, "Disabled": false, "No": false][value]
        case .pci:
            let address = numbers.suffix(3)
            guard let location = address.last, address.count >= 2 else { return }
            device.pciDomain = address.count == 3 ? address.first : nil
            device.pciBus = address[address.endIndex - 2]
            device.pciLocation = location
        }
    }

    /// "9.1". CUDA 4.1 could print 4.10 for itself; it is kept as printed.
    private static func version(_ text: Substring) -> String? {
        let text = text.trimmed
        return !text.isEmpty && text.allSatisfy { $0 == "." || ("0"..."9").contains($0) } ? String(text) : nil
    }

    /// The number before "bytes": "4040 MBytes (4236312576 bytes)", "268107776 bytes". Megabytes alone are rounded, and
    /// not used.
    private static func bytes(_ text: Substring) -> Int64? {
        guard let (before, _) = text.halves(at: " bytes") else { return nil }
        return before.numbers.last.map { Int64($0) }
    }

    /// "1481 MHz (1.48 GHz)", "900.00 Mhz", "1.84 GHz".
    private static func megahertz(_ text: Substring) -> Int? {
        let words = text.words
        guard words.count >= 2, case .value(let number) = Quantity.decimal(words[0], units: [""]) else { return nil }
        switch words[1].lowercased() {
        case "mhz": return Int(exactly: number.rounded())
        case "ghz": return Int(exactly: (number * 1000).rounded())
        default: return nil
        }
    }
}
