import Host

/// What sysfs shows of a function's driver at one moment: all that a claim's next write depends on, beside its journal.
public struct FunctionState: Equatable, Sendable {
    /// The driver bound to it; nil for none.
    public var driver: String?
    /// The driver that alone may bind it; nil where any may.
    public var driverOverride: String?
    /// Every PCI driver that is loaded.
    public var loadedDrivers: Set<String>

    /// A state.
    public init(driver: String?, driverOverride: String?, loadedDrivers: Set<String>) {
        self.driver = driver
        self.driverOverride = driverOverride
        self.loadedDrivers = loadedDrivers
    }

    /// Whether the function is in user space's hands.
    var isOnVFIO: Bool { driver.map(isVFIO) ?? false }

    /// The state that `write` leads to where the kernel does as it should and `expected` is what a probe finds: what a
    /// dry run shows.
    func after(_ write: SysfsWrite, expected: String?) -> FunctionState {
        var next = self
        let word = write.text.dropLast()
        if write.path.hasSuffix("/driver_override") {
            next.driverOverride = word.isEmpty ? nil : String(word)
        } else if write.path.hasSuffix("/unbind") {
            next.driver = nil
        } else {
            next.driver = driverOverride ?? expected
        }
        return next
    }
}

extension HostPCI {
    static let drivers = "/sys/bus/pci/drivers"

    /// What sysfs shows of a function now.
    func state(_ function: PCIAddress) -> FunctionState {
        let folder = "\(Self.devices)/\(function)"
        let override = tree.attribute("\(folder)/driver_override") ?? ""
        return FunctionState(
            driver: tree.linkName("\(folder)/driver"),
            // The kernel writes "(null)" where nothing is set.
            driverOverride: override.isEmpty || override == "(null)" ? nil : override,
            loadedDrivers: Set(tree.list(Self.drivers)))
    }
}
