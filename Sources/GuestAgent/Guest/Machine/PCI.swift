public import Contract

/// The guest's PCI bus, as sysfs shows it.
public struct PCIBus: Sendable {
    private let root: SystemRoot

    /// The bus of the machine with this root.
    public init(_ root: SystemRoot) {
        self.root = root
    }

    /// One function of a device.
    public struct Function: Equatable, Sendable {
        /// "0000:01:00.0"
        public var address: String
        /// Four lower-case hex digits.
        public var vendor: String
        public var device: String
        /// Six lower-case hex digits: "030200".
        public var classCode: String
        /// The bound driver.
        public var driver: String?
    }

    /// All functions, by address.
    public var functions: [Function] {
        root.list("/sys/bus/pci/devices").compactMap { address in
            let folder = "/sys/bus/pci/devices/\(address)"
            guard let vendor = hex(folder + "/vendor"), let device = hex(folder + "/device") else { return nil }
            return Function(
                address: address, vendor: vendor, device: device, classCode: hex(folder + "/class") ?? "",
                driver: root.linkTarget(folder + "/driver")?.split(separator: "/").last.map { String($0) })
        }
    }

    /// The functions that are one of `gpus`.
    public func gpus(_ gpus: [ExpectedGPU]) -> [GuestGPU] {
        functions.filter { function in gpus.contains { $0.matches(function) } }
            .map { GuestGPU(address: $0.address, vendor: $0.vendor, device: $0.device, driver: $0.driver) }
    }

    /// What of `gpus` is not there, in words; empty where all are.
    public func missing(_ gpus: [ExpectedGPU]) -> [String] {
        let functions = functions
        return gpus.compactMap { gpu in
            let found = functions.count { gpu.matches($0) }
            return found >= gpu.count
                ? nil : "\(found) of \(gpu.count) devices \(gpu.vendor):\(gpu.device ?? "any GPU") on the PCI bus"
        }
    }

    private func hex(_ path: String) -> String? {
        guard let value = root.attribute(path) else { return nil }
        return (value.hasPrefix("0x") ? value.dropFirst(2) : value[...]).lowercased()
    }
}

extension ExpectedGPU {
    /// Whether a function is such a GPU: by exact id, or any display controller of the vendor (0300 VGA, 0302 3D).
    func matches(_ function: PCIBus.Function) -> Bool {
        guard function.vendor == vendor else { return false }
        if let device { return function.device == device }
        return function.classCode.hasPrefix("0300") || function.classCode.hasPrefix("0302")
    }
}
