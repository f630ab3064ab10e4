/// The guest machine as its agent found it. Nothing here is trusted by the host beyond being shown.
public struct GuestFacts: Codable, Equatable, Sendable {
    /// /etc/os-release `ID`: "debian".
    public var osID: String
    /// /etc/os-release `VERSION_ID`, empty where there is none (rolling).
    public var osVersion: String
    /// /etc/os-release `PRETTY_NAME`.
    public var osName: String
    /// `uname -r`.
    public var kernel: String
    /// `uname -m`.
    public var architecture: String
    /// "bios" or "uefi".
    public var firmware: String
    /// Whether Secure Boot is enforced; nil where it cannot be told.
    public var secureBoot: Bool?
    /// "initramfs-tools" or "dracut"; nil where neither was found.
    public var initramfsTool: String?
    /// Version of systemd, nil where the guest does not run it.
    public var systemd: Int?
    /// The hypervisor signature as CPUID gives it to the guest ("KVMKVMKVM"), nil where hidden or absent.
    public var hypervisor: String?
    /// Online CPUs.
    public var cpus: Int
    /// Bytes of memory (MemTotal).
    public var memoryBytes: Int64
    /// Bytes free on the root file system.
    public var rootFreeBytes: Int64
    /// The GPUs, one entry for each PCI function that matches the plan.
    public var gpus: [GuestGPU]

    /// Facts of a machine.
    public init(
        osID: String, osVersion: String, osName: String, kernel: String, architecture: String, firmware: String,
        secureBoot: Bool?, initramfsTool: String?, systemd: Int?, hypervisor: String?, cpus: Int, memoryBytes: Int64,
        rootFreeBytes: Int64, gpus: [GuestGPU]
    ) {
        self.osID = osID
        self.osVersion = osVersion
        self.osName = osName
        self.kernel = kernel
        self.architecture = architecture
        self.firmware = firmware
        self.secureBoot = secureBoot
        self.initramfsTool = initramfsTool
        self.systemd = systemd
        self.hypervisor = hypervisor
        self.cpus = cpus
        self.memoryBytes = memoryBytes
        self.rootFreeBytes = rootFreeBytes
        self.gpus = gpus
    }
}

/// A GPU on the guest's PCI bus.
public struct GuestGPU: Codable, Equatable, Sendable {
    /// Full address: "0000:01:00.0".
    public var address: String
    /// Four lower-case hex digits.
    public var vendor: String
    /// Four lower-case hex digits.
    public var device: String
    /// The bound kernel driver, nil where none is.
    public var driver: String?

    /// A GPU as sysfs shows it.
    public init(address: String, vendor: String, device: String, driver: String?) {
        self.address = address
        self.vendor = vendor
        self.device = device
        self.driver = driver
    }
}
