/// One write to sysfs by which a PCI function changes its driver.
public struct SysfsWrite: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The attribute, absolute.
    public var path: String
    /// What is written: one line with its end.
    public var text: String

    /// As a shell would do it.
    public var description: String { "echo\(text == "\n" ? "" : " \(text.dropLast())") > \(path)" }

    /// Lets one driver alone match (nil: any that fits). It neither unbinds nor binds.
    static func driverOverride(_ driver: String?, _ function: PCIAddress) -> SysfsWrite {
        SysfsWrite(path: "\(HostPCI.devices)/\(function)/driver_override", text: "\(driver ?? "")\n")
    }

    /// Takes a function from its driver; refused where it is on another by now.
    static func unbind(_ function: PCIAddress, from driver: String) -> SysfsWrite {
        SysfsWrite(path: "\(HostPCI.drivers)/\(driver)/unbind", text: "\(function)\n")
    }

    /// Has the kernel look for a driver. It answers well also where none was found, or where one failed.
    static func probe(_ function: PCIAddress) -> SysfsWrite {
        SysfsWrite(path: "/sys/bus/pci/drivers_probe", text: "\(function)\n")
    }

    /// Binds to one driver; refused, with the reason, where it does not match or fails.
    static func bind(_ function: PCIAddress, to driver: String) -> SysfsWrite {
        SysfsWrite(path: "\(HostPCI.drivers)/\(driver)/bind", text: "\(function)\n")
    }
}
