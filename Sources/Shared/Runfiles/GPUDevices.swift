/// A span of PCI device ids that NVIDIA's list gives to one kind of GPU.
private struct DeviceSpan {
    var ids: ClosedRange<UInt16>
    var generation: GPUGeneration

    init(_ ids: ClosedRange<UInt16>, _ generation: GPUGeneration) {
        self.ids = ids
        self.generation = generation
    }
}

private let tesla = GPUGeneration("Tesla (G80 to GT200)", lastBranch: 340, .proprietary)
private let fermi = GPUGeneration("Fermi", lastBranch: 390, .proprietary)
private let grid = GPUGeneration("GRID K1 and K2", lastBranch: 367, .proprietary)
private let kepler = GPUGeneration("Kepler", lastBranch: 470, .proprietary)
private let maxwellToVolta = GPUGeneration("Maxwell, Pascal and Volta", lastBranch: 580, .proprietary)
private let turingToAda = GPUGeneration("Turing to Ada Lovelace", lastBranch: nil, .either)
private let graceHopper = GPUGeneration("Grace Hopper", lastBranch: nil, .open)
private let blackwell = GPUGeneration("Blackwell and later", lastBranch: nil, .open)

/// Source: NVIDIA/nvidia-installer 590.48.01. Up to 12ba the spans are the runs of neighbours in its list of legacy GPUs
/// that need the same branch; what lies between two runs is not known. From 1340 on they are the limits that the
/// installer itself draws: GPUs without a GSP end at 1dff; those that it says can do with proprietary modules are 1e02 to
/// 28f8, apart from self-hosted Hopper (2340 to 237f); later ones need the open modules.
private let spans: [DeviceSpan] = [
    DeviceSpan(0x0191...0x019e, tesla),
    DeviceSpan(0x0400...0x042f, tesla),
    DeviceSpan(0x05e0...0x065c, tesla),
    DeviceSpan(0x06c0...0x06df, fermi),
    DeviceSpan(0x06e0...0x06ff, tesla),
    DeviceSpan(0x0840...0x0cbc, tesla),
    DeviceSpan(0x0dc0...0x0f03, fermi),
    DeviceSpan(0x0fc6...0x0fee, kepler),
    DeviceSpan(0x0fef...0x0ff2, grid),
    DeviceSpan(0x0ff6...0x103c, kepler),
    DeviceSpan(0x1040...0x109b, fermi),
    DeviceSpan(0x10c0...0x10d8, tesla),
    DeviceSpan(0x1140...0x1140, fermi),
    DeviceSpan(0x1180...0x11be, kepler),
    DeviceSpan(0x11bf...0x11bf, grid),
    DeviceSpan(0x11c0...0x11fc, kepler),
    DeviceSpan(0x1200...0x1251, fermi),
    DeviceSpan(0x1280...0x12ba, kepler),
    DeviceSpan(0x1340...0x1dff, maxwellToVolta),
    DeviceSpan(0x1e00...0x233f, turingToAda),
    DeviceSpan(0x2340...0x237f, graceHopper),
    DeviceSpan(0x2380...0x28ff, turingToAda),
    DeviceSpan(0x2900...0x3fff, blackwell),
]

extension GPUGeneration {
    /// The generation, or the generations that drivers treat alike, of a PCI device.
    ///
    /// - Parameters:
    ///   - vendor: four hex digits: "10de", or "1234" for the simulated GPU, which plays a Pascal.
    ///   - device: four hex digits.
    /// - Returns: nil for a device that is not in the table.
    public static func of(vendor: String, device: String) -> GPUGeneration? {
        if vendor == "1234" && device == "11e8" { return maxwellToVolta }
        guard vendor == "10de", let id = UInt16(device, radix: 16) else { return nil }
        return spans.first { $0.ids.contains(id) }?.generation
    }
}
