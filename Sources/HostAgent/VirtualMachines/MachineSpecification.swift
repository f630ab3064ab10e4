public import Contract
public import Passthrough

/// Everything that makes the virtual machine; ``qemuArguments(for:)`` is a function of it alone. Every path is absolute.
public struct MachineSpecification: Codable, Equatable, Sendable {
    /// The VM's name, in QEMU's process title and in messages.
    public var name: String
    public var machine: MachineType
    public var accelerator: Accelerator
    /// Virtual processors, one socket.
    public var cpus: Int
    /// The guest's memory, a multiple of 1 MiB. With a real GPU all of it is pinned.
    public var memoryBytes: Int64
    public var firmware: Firmware
    /// The root disk, always qcow2, written to.
    public var diskPath: String
    public var diskBus: DiskBus
    public var nic: NICModel
    /// "52:54:00:…"; kept with the VM, so that the guest's NIC keeps its configuration. See ``macAddress(for:)``.
    public var macAddress: String
    /// TCP port on 127.0.0.1 that leads to the guest's port 22.
    public var sshPort: UInt16
    public var display: Display
    public var gpus: [GPUAttachment]
    public var payloads: [PayloadDrive]
    /// A folder with `meta-data` and `user-data`, shown as a read-only FAT drive labelled `cidata` (NoCloud).
    public var seedFolder: String?
    /// SMBIOS type 11 values, as the guest is to read them; see ``GuestCredentials``.
    public var smbiosStrings: [String]
    /// Hides the hypervisor's signature, which NVIDIA drivers before 465 refuse on GeForce. Only under KVM.
    public var hideHypervisor: Bool
    /// The run's folder, mode 0700: sockets, logs, the record. See ``MachineFolder``.
    public var folder: String
    /// Added to QEMU's arguments as they are, at the end.
    public var extraArguments: [String]
    // Optional each, so that a vm.json of a version without them is read.
    /// How the GPUs are shown; nil: as they are.
    public var gpuOptions: GPUOptions?
    /// The address space for the GPUs' BARs; nil: QEMU's and the firmware's defaults.
    public var windows: MemoryWindows?
    /// Bytes of the hugepages that the guest's memory is made of; nil: ordinary pages.
    public var hugepageBytes: Int64?
    /// The host's NUMA node that the guest is kept on.
    public var numa: NUMABinding?
    /// Further ports of 127.0.0.1 that lead into the guest; the launch chooses those that have no port of the host.
    public var forwards: [PortForward]?

    /// A machine. The defaults are what a current Linux image takes.
    public init(
        name: String, machine: MachineType = .q35, accelerator: Accelerator, cpus: Int, memoryBytes: Int64,
        firmware: Firmware = .bios, diskPath: String, diskBus: DiskBus = .virtio, nic: NICModel = .virtio,
        macAddress: String, sshPort: UInt16, display: Display = .none, gpus: [GPUAttachment] = [],
        payloads: [PayloadDrive] = [], seedFolder: String? = nil, smbiosStrings: [String] = [],
        hideHypervisor: Bool = false, folder: String, extraArguments: [String] = [],
        gpuOptions: GPUOptions? = nil, windows: MemoryWindows? = nil, hugepageBytes: Int64? = nil,
        numa: NUMABinding? = nil, forwards: [PortForward]? = nil
    ) {
        self.name = name
        self.machine = machine
        self.accelerator = accelerator
        self.cpus = cpus
        self.memoryBytes = memoryBytes
        self.firmware = firmware
        self.diskPath = diskPath
        self.diskBus = diskBus
        self.nic = nic
        self.macAddress = macAddress
        self.sshPort = sshPort
        self.display = display
        self.gpus = gpus
        self.payloads = payloads
        self.seedFolder = seedFolder
        self.smbiosStrings = smbiosStrings
        self.hideHypervisor = hideHypervisor
        self.folder = folder
        self.extraArguments = extraArguments
        self.gpuOptions = gpuOptions
        self.windows = windows
        self.hugepageBytes = hugepageBytes
        self.numa = numa
        self.forwards = forwards
    }

    /// Every function of the host that is passed through, the GPUs and what goes with them.
    public var passedFunctions: [PCIAddress] {
        gpus.flatMap { gpu -> [PCIAddress] in
            if case .vfio(let address, let companions) = gpu { [address] + companions } else { [] }
        }
    }
}

extension MachineSpecification {
    /// The most payload drives and GPUs that the fixed PCI addresses have room for.
    public static let payloadLimit = 4 * payloadDevices
    public static let gpuLimit = 14
    /// PCI devices that payload drives share.
    static let payloadDevices = 8

    /// What QEMU would refuse, or what the guest would silently see otherwise than asked, all of it at once. Pure.
    public func problems() -> [Failure] {
        var problems: [Failure] = []
        func refuse(_ message: String, _ remedy: String) {
            problems.append(
                Failure(
                    .optionInvalid, operation: "describe the VM \(name)", message: message, remedy: remedy, side: .host)
            )
        }
        let paths =
            [diskPath, folder] + payloads.map(\.path) + [seedFolder, gpuOptions?.romFile].compactMap { $0 }
        for path in paths where !path.hasPrefix("/") {
            refuse("The path \(path) is not absolute.", "Give it from the root; QEMU runs in another folder.")
        }
        if cpus < 1 || cpus > 255 { refuse("\(cpus) processors cannot be.", "Ask for 1 to 255.") }
        if memoryBytes < 64 << 20 || memoryBytes % (1 << 20) != 0 {
            refuse("\(memoryBytes) bytes of memory cannot be.", "Ask for a multiple of 1 MiB, 64 MiB or more.")
        }
        if diskBus == .ide, machine != .pc {
            refuse(
                "Machine type q35 has no IDE controller.", "Use --machine pc with --disk-bus ide, or --disk-bus sata.")
        }
        if payloads.count > Self.payloadLimit {
            refuse("\(payloads.count) payload drives are too many.", "Attach at most \(Self.payloadLimit).")
        }
        if gpus.count > Self.gpuLimit {
            refuse("\(gpus.count) GPUs are too many for one VM.", "Pass at most \(Self.gpuLimit).")
        }
        for payload in payloads where payload.serial.utf8.count > PayloadDrive.serialLimit || payload.serial.isEmpty {
            refuse(
                "The drive serial \(payload.serial) is not 1 to \(PayloadDrive.serialLimit) bytes long.",
                "Use a prefix of the file's digest.")
        }
        if Set(payloads.map(\.serial)).count != payloads.count {
            refuse("Two payload drives have one serial.", "Give each its own: the guest tells them apart by it.")
        }
        for case .vfio(let gpu, let companions) in gpus where companions.count > 7 {
            refuse("\(gpu) has \(companions.count) companions.", "A PCI device has at most 8 functions.")
        }
        if Set(passedFunctions).count < passedFunctions.count {
            refuse("A function of the host is passed twice.", "Name each GPU once, by its own address.")
        }
        if let gpuOptions {
            let problems = gpuOptions.problems(count: gpus.count, anyReal: !passedFunctions.isEmpty)
            for problem in problems { refuse(problem, "Correct it, or leave it out.") }
        }
        let forwards = forwards ?? []
        if forwards.count > PortForward.limit {
            refuse("\(forwards.count) forwarded ports are too many.", "Forward at most \(PortForward.limit).")
        }
        if forwards.contains(where: { $0.host == 0 || $0.guest == 0 }) {
            refuse("Port 0 cannot be forwarded.", "Name ports from 1 to 65535.")
        }
        let hosts = forwards.compactMap(\.host)
        for port in Set(hosts.filter { port in port == sshPort || hosts.count { $0 == port } > 1 }).sorted() {
            refuse(
                "Port \(port) of 127.0.0.1 cannot lead to two ports of the guest.", "Choose another for one of them.")
        }
        if gpus.contains(.awaited), machine == .pc || gpuOptions?.address != nil {
            refuse("A GPU can be plugged in later only into a root port.", "Use q35, without --gpu-address.")
        }
        if let hugepageBytes, hugepageBytes < 1 || memoryBytes % hugepageBytes != 0 {
            refuse("The memory is no whole number of hugepages.", "Ask for a multiple of \(hugepageBytes) bytes.")
        }
        return problems
    }
}
