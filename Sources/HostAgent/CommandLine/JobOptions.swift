// Public, because the option types it extends are.
public import ArgumentParser
public import Contract
import FoundationEssentials
import Provisioner
import SecureShell
public import VirtualMachines

extension KernelModuleType: ExpressibleByArgument {}
extension Recipe.Kernels: ExpressibleByArgument {}

extension MachineType: ExpressibleByArgument {}
extension DiskBus: ExpressibleByArgument {}
extension NICModel: ExpressibleByArgument {}
extension AcceleratorRequest: ExpressibleByArgument {}

/// The disk image that every job begins with.
struct ImageArgument: ParsableArguments {
    @Argument(help: "The disk image: qcow2, or raw, vmdk, vdi, vhdx (converted to qcow2).", completion: .file())
    var image: String

    var path: String { ProvisionCommand.absolute(image) }
}

/// Driver and toolkits.
struct InstallOptions: ParsableArguments {
    @Option(help: ArgumentHelp("NVIDIA's driver runfile, NVIDIA-Linux-x86_64-….run.", valueName: "file"))
    var driver: String?

    @Option(
        help: ArgumentHelp(
            "A CUDA runfile, cuda_…_linux.run; its toolkit and samples only. Repeat for several toolkits beside each "
                + "other; the first is the default one.", valueName: "file"))
    var cuda: [String] = []

    @Option(help: ArgumentHelp("A patch of one of these toolkits; repeat for several.", valueName: "file"))
    var cudaPatch: [String] = []

    @Option(
        help: ArgumentHelp(
            "open or proprietary. (default: as the GPU and the driver's installer have it)", valueName: "type"))
    var kernelModuleType: KernelModuleType?

    @Flag(inversion: .prefixedNo, help: "Register the driver's module with DKMS where the guest has it.")
    var dkms = true

    @Flag(help: "Enable nvidia-persistenced.")
    var persistenceDaemon = false

    @Flag(help: "Let the guest tell of its GPUs from then on, for `telemetry`: a unit that reads nvidia-smi.")
    var telemetry = false

    @Option(
        help: ArgumentHelp("Seconds between its samples, from 0.1 to 3600. (default: 1)", valueName: "seconds"))
    var telemetryInterval: Double?

    @Option(
        help: ArgumentHelp(
            "For a guest with Secure Boot: the private key (PEM, without a passphrase) that signs the modules.",
            valueName: "file"))
    var moduleSigningKey: String?

    @Option(
        help: ArgumentHelp("The certificate of that key, which the guest's firmware knows.", valueName: "file"))
    var moduleSigningCertificate: String?

    @Flag(help: "Go on although driver, CUDA or compiler do not fit each other.")
    var allowIncompatible = false

    @OptionGroup var licences: LicenceOption
}

/// NVIDIA's licences.
struct LicenceOption: ParsableArguments {
    @Flag(
        name: .customLong("accept-nvidia-licenses"),
        help: "Accept the licences of NVIDIA's driver and CUDA, which are installed without asking again.")
    var acceptLicences = false

    /// Whether they are accepted: by the option, by an earlier answer, or by one that is asked for now.
    func accepted(_ places: Places) throws -> Bool {
        let licences = Licences(configuration: places.configuration)
        if acceptLicences || licences.remembered { return true }
        guard Terminal.isInteractive, Terminal.confirm(Licences.question) else { return false }
        try licences.remember()
        return true
    }
}

/// The guest's own packages and kernels.
struct GuestOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Install what is missing from this folder of .deb, .rpm or .pkg.tar.zst files, without a network.",
            valueName: "folder"))
    var offline: String?

    @Flag(help: "Bring all packages up to date first, and reboot where that brought another kernel.")
    var updatePackages = false

    @Flag(help: "Fail rather than replace a kernel whose headers are gone from the archives.")
    var keepKernel = false

    @Option(
        help: ArgumentHelp(
            "Kernels whose initramfs and boot entries are rid of nouveau: all or running.", valueName: "which"))
    var kernels: Recipe.Kernels = .all
}

/// How the result proves itself.
struct ProofOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "NVIDIA's cuda-samples, a folder or a tar archive, for toolkits that bring none (11.6 and later).",
            valueName: "path"))
    var samples: String?

    @Option(
        help: ArgumentHelp("nvbandwidth, to measure with as well: a program, or its sources.", valueName: "path"))
    var nvbandwidth: String?
}

/// Where the result goes.
struct ResultOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the result goes. (default: beside IMAGE, as IMAGE.gpu.qcow2; IMAGE.undone.qcow2 of an undo)",
            valueName: "file"))
    var output: String?

    @Flag(help: "Make the result independent of IMAGE; without it, the result is backed by IMAGE and needs it.")
    var standalone = false

    @Flag(
        help: ArgumentHelp(
            "Write the result into IMAGE itself. Images elsewhere that are backed by IMAGE would be destroyed; those "
                + "in its own folder are looked for."))
    var inPlace = false

    @Option(help: ArgumentHelp("Grow the disk, its root partition and file system to this size.", valueName: "size"))
    var diskSize: SizeArgument?

    @Flag(help: "Leave out the cold boot that proves the result.")
    var skipProofBoot = false

    func destination(_ image: String, undo: Bool) throws -> Job.Destination {
        if inPlace {
            guard output == nil, !standalone else {
                throw ValidationError("--in-place goes with neither --output nor --standalone.")
            }
            return .inPlace
        }
        let path = output.map(ProvisionCommand.absolute) ?? Job.defaultResultPath(forImage: image, undo: undo)
        return standalone ? .standalone(path: path) : .overlay(path: path)
    }
}

/// The virtual machine.
struct MachineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Guest memory.", valueName: "size"))
    var memory = SizeArgument(bytes: 4 << 30)

    @Option(help: "Guest CPUs. (default: those of the host, 4 at most)")
    var cpus: Int?

    @Option(help: "Chipset.")
    var machine: MachineType = .q35

    @Option(help: "How the root disk is attached; old images lack virtio.")
    var diskBus: DiskBus = .virtio

    @Option(help: "Network card.")
    var nic: NICModel = .virtio

    @Option(help: ArgumentHelp("bios or uefi. (default: as the image needs it)", valueName: "firmware"))
    var firmware: FirmwareArgument?

    @Option(help: "auto: KVM where it truly works, emulation (tcg) otherwise.")
    var accel: AcceleratorRequest = .auto

    @Flag(
        inversion: .prefixedNo,
        help: "Hide the hypervisor from the guest, under KVM. (default: for drivers older than 465, which ask for it)")
    var hideHypervisor: Bool?

    @Option(
        help: ArgumentHelp("VNC on loopback (a display number) or on a unix socket (a path).", valueName: "display"))
    var vnc: String?

    @Option(
        help: ArgumentHelp(
            "The port of 127.0.0.1 forwarded to the guest's SSH. (default: a free one)", valueName: "port"))
    var sshPort: UInt16?

    @Option(
        help: ArgumentHelp(
            "The GPU's device number on the guest's root bus (0x10 to 0x1e), several one after the other. (default: on q35 a "
                + "root port for each)", valueName: "number"))
    var gpuAddress: DeviceNumberArgument?

    @Option(help: ArgumentHelp("A file that the guest sees as the GPU's ROM.", valueName: "file"))
    var gpuRom: String?

    @Flag(name: .customLong("no-gpu-rombar"), help: "Show the guest no ROM of the GPU's; computing needs none.")
    var noGPUROMBar = false

    @Option(
        help: ArgumentHelp(
            "A property of QEMU's vfio-pci for the GPU, such as x-pci-vendor-id=0x10de; repeat for several.",
            valueName: "key=value"))
    var gpuProperty: [String] = []

    @Option(
        defaultAsFlag: HugepageArgument(request: .largest),
        help: ArgumentHelp(
            "Take the guest's memory from hugepages: --hugepages=2M, 1G, or the largest of which enough are free.",
            valueName: "size"))
    var hugepages: HugepageArgument?

    @Option(
        help: ArgumentHelp(
            "Keep the guest on a NUMA node of the host: auto (the GPU's), off, or its number.", valueName: "node"))
    var numa = NUMAArgument(request: .auto)

    @Option(
        name: .customLong("qemu-argument"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("One more argument for QEMU; repeat for several.", valueName: "argument"))
    var qemuArguments: [String] = []

    func gpuOptions() throws -> GPUOptions {
        let properties = gpuProperty.map { ($0, DeviceProperty($0)) }
        var options = GPUOptions(
            address: gpuAddress?.number, romFile: gpuRom.map(ProvisionCommand.absolute), hasROM: !noGPUROMBar)
        options.properties = properties.compactMap(\.1)
        let bad = properties.filter { $0.1 == nil }.map { "--gpu-property \($0.0) is no KEY=VALUE." }
        // The rest of their rules are the job's, which tells all problems together.
        guard bad.isEmpty else { throw ValidationError(bad.joined(separator: "\n")) }
        return options
    }

    func display() throws -> Display {
        guard let vnc else { return .none }
        if vnc.contains("/") { return .vncSocket(path: ProvisionCommand.absolute(vnc)) }
        guard let number = Int(vnc.drop { $0 == ":" }), (0...99).contains(number) else {
            throw ValidationError("--vnc takes a display number from 0 to 99, or the path of a socket.")
        }
        return .vncLoopback(display: number)
    }
}

/// How to log in to the guest. Without any of these, keys are made for this run, handed to the guest at boot, and taken
/// out of the result.
struct LoginOptions: ParsableArguments {
    @Option(help: "The guest's user; one that is not root needs sudo.")
    var user: String?

    @OptionGroup var credentials: CredentialOptions

    func access() -> Job.Access {
        let given = credentials
        guard given.identity != nil || given.passwordFile != nil || given.sshAgent || user != nil else {
            return .ephemeral
        }
        return .user(
            name: user ?? "root", identity: given.identity.map(ProvisionCommand.absolute),
            usesPassword: given.passwordFile != nil, usesAgent: given.sshAgent)
    }

    func password() throws -> String? { try credentials.password(of: "\(user ?? "root") in the guest") }

    func passphrase() throws -> String? { try credentials.passphrase() }
}

/// What to prove with that one is a user.
struct CredentialOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A private key of that user.", valueName: "file"))
    var identity: String?

    @Option(help: ArgumentHelp("A file whose first line is that user's password; - asks for it.", valueName: "file"))
    var passwordFile: String?

    @Flag(help: "Use the keys of ssh-agent.")
    var sshAgent = false

    /// Nothing of it where none was named.
    var access: AttachJob.Access {
        AttachJob.Access(
            identity: identity.map(ProvisionCommand.absolute), usesPassword: passwordFile != nil, usesAgent: sshAgent)
    }

    /// Nil where none is to be used.
    func password(of whom: String) throws -> String? {
        guard let file = passwordFile else { return nil }
        if file == "-" { return try Terminal.askSecret("Password of \(whom): ") }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ValidationError("--password-file \(file) cannot be read.")
        }
        return String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).first
            .map(String.init) ?? ""
    }

    /// Asked for only where the key needs one and a person is there; otherwise the login says so.
    func passphrase() throws -> String? {
        guard let identity, Terminal.isInteractive, KeyPair.isEncrypted(at: identity) else { return nil }
        return try Terminal.askSecret("Passphrase of \(identity): ")
    }
}

/// How this tool goes about it.
struct RunOptions: ParsableArguments {
    @Flag(
        help:
            "Show what would be done and why, step by step, and change nothing: an image's guest is booted on a throwaway disk."
    )
    var dryRun = false

    @Option(help: "What goes to stdout, as text or json.")
    var format: ReportFormat = .text

    @Option(help: ArgumentHelp("The guest agent. (default: gpu-guest-agent beside this tool)", valueName: "file"))
    var agent: String?

    @Option(help: ArgumentHelp("Where runs are kept. (default: ~/.local/state/provision-gpu-vm)", valueName: "folder"))
    var state: String?

    @Flag(
        help:
            "Throw an unfinished run of the same result away, its VM included (or that of the same machine), and begin anew."
    )
    var startOver = false

    @Flag(name: .shortAndLong, help: "Print nothing while working.")
    var quiet = false
}

/// A PCI device number, hexadecimal with 0x, as QEMU's `addr=` has it, or decimal.
struct DeviceNumberArgument: ExpressibleByArgument {
    var number: Int

    init?(argument: String) {
        let hexadecimal = argument.hasPrefix("0x") || argument.hasPrefix("0X")
        let digits = hexadecimal ? argument.dropFirst(2) : argument[...]
        guard digits.first?.isHexDigit == true, let number = Int(digits, radix: hexadecimal ? 16 : 10) else {
            return nil
        }
        self.number = number
    }
}

/// "2M", "1G": bytes of a hugepage.
struct HugepageArgument: ExpressibleByArgument, CustomStringConvertible {
    var request: HugepageRequest

    init(request: HugepageRequest) { self.request = request }

    init?(argument: String) {
        guard let size = SizeArgument(argument: argument) else { return nil }
        request = .size(size.bytes)
    }

    var description: String {
        if case .size(let bytes) = request { "\(bytes >> 20)M" } else { "largest" }
    }
}

/// "auto", "off" or a node's number.
struct NUMAArgument: ExpressibleByArgument {
    var request: NUMARequest

    init(request: NUMARequest) { self.request = request }

    init?(argument: String) {
        switch argument {
        case "auto": request = .auto
        case "off": request = .off
        default:
            guard let node = Int(argument), node >= 0 else { return nil }
            request = .node(node)
        }
    }

    var defaultValueDescription: String {
        switch request {
        case .auto: "auto"
        case .off: "off"
        case .node(let node): "\(node)"
        }
    }
}

/// "bios" or "uefi" on the command line.
struct FirmwareArgument: ExpressibleByArgument {
    var need: FirmwareNeed

    init?(argument: String) {
        switch argument {
        case "bios": need = .bios
        case "uefi": need = .uefi
        default: return nil
        }
    }

    static var allValueStrings: [String] { ["bios", "uefi"] }
}
