/// One PCI function of the host, as sysfs shows it at one moment.
public struct HostPCIDevice: Codable, Equatable, Sendable {
    /// Where it sits.
    public var address: PCIAddress
    /// Vendor id; NVIDIA is 0x10de.
    public var vendor: UInt16
    /// Device id within the vendor.
    public var device: UInt16
    /// Class code, 24 bits: base class, subclass, programming interface. 0x030000 is a VGA controller, 0x030200 a
    /// 3D controller, 0x0604xx a bridge.
    public var classCode: UInt32
    /// The kernel driver bound to it ("vfio-pci", "nvidia", "nouveau"); nil for none.
    public var driver: String?
    /// Number of its IOMMU group; nil where the IOMMU is off.
    public var iommuGroup: Int?
    /// Sizes of the six BARs in bytes, 0 for an unused one (from sysfs `resource`).
    public var bars: [UInt64]
    /// The board maker's vendor id.
    public var subsystemVendor: UInt16?
    /// The board maker's device id.
    public var subsystemDevice: UInt16?
    /// Whether the firmware drew its screen with it: the host's console is likely there.
    public var isBootVGA: Bool
    /// NUMA node it is attached to; nil where the firmware does not tell.
    public var numaNode: Int?
    /// The driver that alone may bind it, by name; nil where none was set (sysfs `driver_override`).
    public var driverOverride: String?
    /// Whether it is a virtual function (SR-IOV) of another function, which makes and removes it (sysfs `physfn`).
    public var isVirtualFunction: Bool

    /// A device.
    public init(
        address: PCIAddress, vendor: UInt16, device: UInt16, classCode: UInt32, driver: String?, iommuGroup: Int?,
        bars: [UInt64], subsystemVendor: UInt16? = nil, subsystemDevice: UInt16? = nil, isBootVGA: Bool = false,
        numaNode: Int? = nil, driverOverride: String? = nil, isVirtualFunction: Bool = false
    ) {
        self.address = address
        self.vendor = vendor
        self.device = device
        self.classCode = classCode
        self.driver = driver
        self.iommuGroup = iommuGroup
        self.bars = bars
        self.subsystemVendor = subsystemVendor
        self.subsystemDevice = subsystemDevice
        self.isBootVGA = isBootVGA
        self.numaNode = numaNode
        self.driverOverride = driverOverride
        self.isVirtualFunction = isVirtualFunction
    }

    /// NVIDIA's.
    public static let nvidia: UInt16 = 0x10de

    /// Whether it is a GPU of NVIDIA's: a display controller, that is VGA (0300), 3D (0302) or other (0380).
    public var isNVIDIAGPU: Bool { vendor == Self.nvidia && classCode >> 16 == 0x03 }

    /// Bridges (base class 06) stay on the host's pcieport driver and do not make an IOMMU group unusable.
    public var isBridge: Bool { classCode >> 16 == 0x06 }

    /// Whether its driver hands it to user space: vfio-pci, or a vendor's variant of it.
    public var isOnVFIO: Bool { driver.map(isVFIO) ?? false }
}

/// Whether a driver of this name hands devices to user space: vfio-pci, or a vendor's variant of it.
func isVFIO(_ driver: String) -> Bool {
    driver == "vfio-pci" || driver.hasSuffix("-vfio-pci") || driver.hasSuffix("_vfio_pci")
}
