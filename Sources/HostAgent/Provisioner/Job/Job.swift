public import Passthrough
public import VirtualMachines

/// What the user asked for, complete and unchecked: the command line as values.
public struct Job: Codable, Equatable, Sendable {
    /// Which GPU the guest gets.
    public enum GPURequest: Codable, Equatable, Sendable {
        /// QEMU's `edu` device in a GPU's place.
        case simulated
        /// Real ones, bound to vfio-pci already.
        case passthrough([PCIAddress])
        /// None: what is to be undone needs none.
        case none
    }

    /// Where the result goes.
    public enum Destination: Codable, Equatable, Sendable {
        /// A qcow2 file backed by IMAGE: small, instant, and needs IMAGE to stay where it is.
        case overlay(path: String)
        /// A qcow2 file of its own.
        case standalone(path: String)
        /// Back into IMAGE, under a journal.
        case inPlace
    }

    /// How the guest is logged in to.
    public enum Access: Codable, Equatable, Sendable {
        /// Keys made for this run, handed in by SMBIOS and NoCloud, and taken out of the result.
        case ephemeral
        /// The user's own: name, and at least one of key file, password (kept out of every record) or ssh-agent.
        case user(name: String, identity: String?, usesPassword: Bool, usesAgent: Bool)
    }

    /// IMAGE as given, made absolute.
    public var image: String
    /// What goes into the guest.
    public var contents: JobContents
    public var gpu: GPURequest
    public var destination: Destination
    public var access: Access
    /// The disk's size in the guest, in bytes; nil keeps IMAGE's.
    public var diskSize: Int64?
    public var memoryBytes: Int64
    public var cpus: Int
    public var machine: MachineType
    public var diskBus: DiskBus
    public var nic: NICModel
    /// Nil: as the image needs it.
    public var firmware: FirmwareNeed?
    public var accelerator: AcceleratorRequest
    /// Nil: on for drivers older than 465.
    public var hideHypervisor: Bool?
    public var display: Display
    /// The forwarded SSH port on 127.0.0.1; nil for a free one.
    public var sshPort: UInt16?
    /// Passed to QEMU as they are, after ours.
    public var extraQEMUArguments: [String]
    /// The guest agent's binary; nil: the one beside this tool.
    public var agent: String?
    /// Leave out the cold boot that proves the result.
    public var skipProofBoot: Bool
    /// How the GPUs are shown to the guest.
    public var gpuOptions: GPUOptions
    /// Nil for ordinary pages.
    public var hugepages: HugepageRequest?
    public var numa: NUMARequest

    /// A job with the usual values for whatever is not named.
    public init(
        image: String, contents: JobContents, gpu: GPURequest, destination: Destination,
        access: Access = .ephemeral, diskSize: Int64? = nil, memoryBytes: Int64 = 4 << 30, cpus: Int = 4,
        machine: MachineType = .q35, diskBus: DiskBus = .virtio, nic: NICModel = .virtio, firmware: FirmwareNeed? = nil,
        accelerator: AcceleratorRequest = .auto, hideHypervisor: Bool? = nil, display: Display = .none,
        sshPort: UInt16? = nil, extraQEMUArguments: [String] = [], agent: String? = nil,
        skipProofBoot: Bool = false, gpuOptions: GPUOptions = GPUOptions(), hugepages: HugepageRequest? = nil,
        numa: NUMARequest = .auto
    ) {
        self.image = image
        self.contents = contents
        self.gpu = gpu
        self.destination = destination
        self.access = access
        self.diskSize = diskSize
        self.memoryBytes = memoryBytes
        self.cpus = cpus
        self.machine = machine
        self.diskBus = diskBus
        self.nic = nic
        self.firmware = firmware
        self.accelerator = accelerator
        self.hideHypervisor = hideHypervisor
        self.display = display
        self.sshPort = sshPort
        self.extraQEMUArguments = extraQEMUArguments
        self.agent = agent
        self.skipProofBoot = skipProofBoot
        self.gpuOptions = gpuOptions
        self.hugepages = hugepages
        self.numa = numa
    }

    /// The file that will hold the result: IMAGE itself with `--in-place`.
    public var resultPath: String {
        switch destination {
        case .overlay(let path), .standalone(let path): path
        case .inPlace: image
        }
    }

    /// Where a result goes that was not told where: `disk.qcow2` → `disk.gpu.qcow2`, beside IMAGE; of an undo,
    /// `disk.gpu.qcow2` → `disk.gpu.undone.qcow2`.
    public static func defaultResultPath(forImage image: String, undo: Bool = false) -> String {
        let slash = image.lastIndex(of: "/").map { image.index(after: $0) } ?? image.startIndex
        let name = image[slash...]
        let stem = name.lastIndex(of: ".").map { $0 > name.startIndex ? name[..<$0] : name } ?? name
        return "\(image[..<slash])\(stem).\(undo ? "undone" : "gpu").qcow2"
    }
}

extension Job {
    /// Reads also what version 0.1 wrote (schema 1 of the run's record), where the contents stood among the rest and there
    /// was one toolkit.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        image = try values.decode(String.self, forKey: .image)
        contents =
            try values.decodeIfPresent(JobContents.self, forKey: .contents)
            ?? EarlierContents(from: decoder).contents
        gpu = try values.decode(GPURequest.self, forKey: .gpu)
        destination = try values.decode(Destination.self, forKey: .destination)
        access = try values.decode(Access.self, forKey: .access)
        diskSize = try values.decodeIfPresent(Int64.self, forKey: .diskSize)
        memoryBytes = try values.decode(Int64.self, forKey: .memoryBytes)
        cpus = try values.decode(Int.self, forKey: .cpus)
        machine = try values.decode(MachineType.self, forKey: .machine)
        diskBus = try values.decode(DiskBus.self, forKey: .diskBus)
        nic = try values.decode(NICModel.self, forKey: .nic)
        firmware = try values.decodeIfPresent(FirmwareNeed.self, forKey: .firmware)
        accelerator = try values.decode(AcceleratorRequest.self, forKey: .accelerator)
        hideHypervisor = try values.decodeIfPresent(Bool.self, forKey: .hideHypervisor)
        display = try values.decode(Display.self, forKey: .display)
        sshPort = try values.decodeIfPresent(UInt16.self, forKey: .sshPort)
        extraQEMUArguments = try values.decode([String].self, forKey: .extraQEMUArguments)
        agent = try values.decodeIfPresent(String.self, forKey: .agent)
        skipProofBoot = try values.decode(Bool.self, forKey: .skipProofBoot)
        // Not in records of 0.2 and before.
        gpuOptions = try values.decodeIfPresent(GPUOptions.self, forKey: .gpuOptions) ?? GPUOptions()
        hugepages = try values.decodeIfPresent(HugepageRequest.self, forKey: .hugepages)
        numa = try values.decodeIfPresent(NUMARequest.self, forKey: .numa) ?? .auto
    }

    private struct EarlierContents: Decodable {
        var driver: String?
        var cuda: String?
        var allowIncompatible: Bool
        var dkms: Bool

        var contents: JobContents {
            var contents = JobContents()
            contents.driver = driver
            contents.cuda = cuda.map { [$0] } ?? []
            contents.allowIncompatible = allowIncompatible
            contents.dkms = dkms
            return contents
        }
    }
}

/// What a run may ask for while it runs, and where it says how it goes. Secrets live here, never in a record.
public struct JobContext: Sendable {
    /// The password of `Job.Access.user`; also answers sudo.
    public var password: String?
    /// The key file's passphrase.
    public var passphrase: String?
    /// Whether the user has accepted NVIDIA's licences.
    public var licencesAccepted: Bool
    /// Told of everything that happens, in order.
    public var progress: @Sendable (Progress) -> Void
    /// How cards are taken from this host's drivers, and put back.
    public var claims: Claims

    /// A context.
    public init(
        password: String? = nil, passphrase: String? = nil, licencesAccepted: Bool, claims: Claims = Claims(),
        progress: @escaping @Sendable (Progress) -> Void
    ) {
        self.password = password
        self.passphrase = passphrase
        self.licencesAccepted = licencesAccepted
        self.claims = claims
        self.progress = progress
    }
}
