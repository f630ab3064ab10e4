extension CUDADevice {
    /// Puts a value into a device; false where it is of another kind.
    mutating func read(_ definition: CUDAField.Definition, _ value: ByteText.Piece, in text: ByteText) -> Bool {
        let field = definition.field
        switch definition.kind {
        case .text: self[text: field] = text.cut(value)
        case .version: self[text: field] = text.version(value)
        case .minorVersion:
            guard let major = self[text: field], let minor = text.version(value) else { return false }
            self[text: field] = major.contains(".") ? major : major + "." + minor
        case .integer: self[integer: field] = text.numbers(value, most: 1).first
        case .bytes: self[number: field] = text.byteCount(value)
        case .kilohertz: self[number: field] = text.kilohertz(value)
        case .flag: self[flag: field] = text.flag(value)
        case .list:
            let numbers = text.numbers(value, most: 4).map { Int64($0) }
            self[list: field] = numbers.count == 3 ? numbers : nil
        case .versions:
            guard let (driver, runtime) = text.halves(value, at: "/") else { return false }
            cudaVersion = text.version(text.trimmed(driver))
            runtimeVersion = text.version(text.trimmed(runtime))
        case .pci: return readAddress(value, in: text)
        case .multiprocessors:
            let numbers = text.numbers(value, most: 3)
            guard numbers.count >= 2 else { return false }
            multiprocessors = numbers[0]
            coresPerMultiprocessor = numbers[1]
            cores = numbers.count > 2 ? numbers[2] : nil
        case .copies:
            self[flag: field] = text.flag(value)
            if let count = text.numbers(value, most: 1).first { copyEngines = count }
        case .textures: readTextures(field, value, in: text)
        case .driverMode:
            // Before CUDA 5 there is "Device is using TCC driver mode: No", on Linux too, where there is no other mode.
            if text.starts(value, with: "No") { return true }
            self[text: field] = text.starts(value, with: "WDDM") ? "WDDM" : "TCC"
        }
        if field == .cores, let cores = cores, let count = multiprocessors, count > 0 {
            coresPerMultiprocessor = cores / count
        }
        return self[field] != nil
    }

    /// "0 / 221 / 0", or without the domain.
    private mutating func readAddress(_ value: ByteText.Piece, in text: ByteText) -> Bool {
        let numbers = text.numbers(value, most: 4)
        guard numbers.count == 2 || numbers.count == 3 else { return false }
        pciBus = numbers[numbers.count - 2]
        pciLocation = numbers[numbers.count - 1]
        guard numbers.count == 3 else { return true }
        pciDomain = numbers[0]
        busID = PCIAddressText.spelled(domain: numbers[0], bus: numbers[1], device: numbers[2])
        return true
    }

    /// "1D=(131072), 2D=(131072, 65536), 3D=(16384, 16384, 16384)", "1D=(8192) x 512, 2D=(8192,8192) x 512"
    private mutating func readTextures(_ first: CUDAField, _ value: ByteText.Piece, in text: ByteText) {
        let fields: [CUDAField] =
            first == .maximumTexture1D
            ? [.maximumTexture1D, .maximumTexture2D, .maximumTexture3D]
            : [.maximumLayeredTexture1D, .maximumLayeredTexture2D]
        var rest = value
        while let found = text.find("D=", in: rest), found.lowerBound > value.lowerBound {
            let dimensions = Int(text[found.lowerBound - 1] &- 0x31)
            rest = found.upperBound..<value.upperBound
            let end = text.find("D=", in: rest).map { $0.lowerBound - 1 } ?? value.upperBound
            guard fields.indices.contains(dimensions), end >= rest.lowerBound else { continue }
            self[list: fields[dimensions]] = text.numbers(rest.lowerBound..<end, most: 4).map { Int64($0) }
        }
    }
}
