/// One function of a device on the PCI bus, as lspci prints it. What an option leaves out is nil.
public struct PCIDevice: Equatable, Sendable, Encodable {
    /// A window to the device's memory or registers, or its firmware.
    public struct Region: Equatable, Sendable, Encodable {
        /// What is behind it.
        public enum Kind: String, Equatable, Sendable, Encodable {
            case memory, ports, rom
        }

        /// Number of the base address register; told from `-vv` on.
        public var number: Int?
        /// What is behind it.
        public var kind: Kind
        /// Hexadecimal; nil where none was assigned.
        public var address: String?
        /// Nil where it is not told.
        public var sizeBytes: Int64?
        /// 32 or 64; nil for ports and firmware.
        public var bits: Int?
        /// Nil for ports and firmware.
        public var prefetchable: Bool?
        /// Whether the device does not answer there now.
        public var disabled = false
    }

    /// A link's speed and width.
    public struct Link: Equatable, Sendable, Encodable {
        /// Transfers per second and lane, in 10^9: 2.5, 5, 8, 16, 32, 64.
        public var gigatransfersPerSecond: Double
        /// Lanes.
        public var width: Int

        /// Generation of PCI Express: 2.5 is 1, 64 is 6; nil for other speeds.
        public var generation: Int? {
            [2.5, 5, 8, 16, 32, 64].firstIndex(of: gigatransfersPerSecond).map { $0 + 1 }
        }
    }

    /// "0000:01:00.0"; a domain that is not printed is 0, as lspci leaves it out where there is no other.
    /// Empty where the line's beginning was cut off.
    public var address: String
    /// Vendor and device as printed, "NVIDIA Corporation AD102 [GeForce RTX 4090]".
    public var title: String {
        guard let vendor else { return vendorAndDevice ?? device ?? "" }
        return device.map { vendor + " " + $0 } ?? vendor
    }
    /// Vendor and device, where it was not seen which part is which.
    var vendorAndDevice: String?
    /// "VGA compatible controller"; nil with `-n`, empty where it was cut off.
    public var className: String?
    /// Class and subclass, four hexadecimal digits: "0300".
    public var classID: String?
    /// "NVIDIA Corporation". Without `-mm` it is told from the device by the way in which companies are named: nil where
    /// that fails.
    public var vendor: String?
    /// Four hexadecimal digits, "10de".
    public var vendorID: String?
    /// "AD102 [GeForce RTX 4090]"; "Device 2f18" where lspci has no name.
    public var device: String?
    /// Four hexadecimal digits, "2684".
    public var deviceID: String?
    /// Who made the board, and what it is, as printed.
    public var subsystem: String?
    /// Four hexadecimal digits.
    public var subsystemVendorID: String?
    /// Four hexadecimal digits.
    public var subsystemDeviceID: String?
    /// Two hexadecimal digits, "a1"; "ff" of a device that no longer answers.
    public var revision: String?
    /// Two hexadecimal digits, "00".
    public var programmingInterface: String?
    /// The kernel's driver that has it, "nvidia", "vfio-pci"; nil where none has.
    public var driver: String?
    /// The kernel's modules that could.
    public var modules: [String] = []
    /// Its regions.
    public var regions: [Region] = []
    /// The group that can only be passed through as one.
    public var iommuGroup: Int?
    /// The node of the machine's memory that it is next to.
    public var numaNode: Int?
    /// "4", as on the board.
    public var physicalSlot: String?
    /// The link as it is now.
    public var link: Link?
    /// The link that it could have.
    public var linkCapability: Link?
    /// Lines that no field is known for.
    public var other: [OtherField] = []

    /// A device of which nothing but its address is known.
    public init(address: String) { self.address = address }

    /// Whether NVIDIA made its chip.
    public var isNVIDIA: Bool {
        if let vendorID { return vendorID == "10de" }
        return (vendor ?? vendorAndDevice ?? "").utf8.starts(with: "NVIDIA".utf8)
    }

    /// Whether it draws or computes: class 03.
    public var isDisplayController: Bool {
        if let classID { return classID.utf8.starts(with: "03".utf8) }
        guard let className else { return false }
        return Self.displayClasses.contains { className.utf8.starts(with: $0.utf8) }
    }

    private static let displayClasses = [
        "VGA compatible controller", "3D controller", "Display controller", "XGA compatible controller",
    ]

    /// The name that the device is sold by, "GeForce RTX 4090": what is in brackets. Nil where lspci has no name.
    public var productName: String? {
        guard let device, device != "Device", !device.utf8.starts(with: "Device ".utf8) else { return nil }
        guard let open = device.utf8.firstIndex(of: UInt8(ascii: "[")),
            let close = device.utf8[open...].firstIndex(of: UInt8(ascii: "]"))
        else { return device }
        return String(device[device.utf8.index(after: open)..<close])
    }
}

extension GPUReading {
    private static let ofPCI = FactStore(for: [
        .name, .busID, .pciDeviceID, .pciSubsystemID, .pcieLinkGeneration, .pcieLinkWidth, .pcieLinkGenerationDeviceMax,
        .pcieLinkWidthMax,
    ])

    /// What lspci tells of a GPU.
    init(_ device: PCIDevice) {
        self.init()
        facts = FactStore(like: Self.ofPCI, text: 64)
        func set(_ fact: GPUFact, _ value: String?) {
            if let value { self[fact] = .value(.text(value)) }
        }
        func set(_ fact: GPUFact, _ value: Int?) {
            if let value { self[fact] = .value(.integer(Int64(value))) }
        }
        set(.name, device.productName)
        set(.busID, device.address.isEmpty ? nil : device.address)
        if let id = device.deviceID, let vendor = device.vendorID { set(.pciDeviceID, (id + vendor).uppercased()) }
        if let id = device.subsystemDeviceID, let vendor = device.subsystemVendorID {
            set(.pciSubsystemID, (id + vendor).uppercased())
        }
        set(.pcieLinkGeneration, device.link?.generation)
        set(.pcieLinkWidth, device.link?.width)
        set(.pcieLinkGenerationDeviceMax, device.linkCapability?.generation)
        set(.pcieLinkWidthMax, device.linkCapability?.width)
    }
}
