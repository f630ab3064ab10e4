// Public, because the option types it extends are.
public import ArgumentParser
public import VirtualMachines

extension MachineType: ExpressibleByArgument {}
extension DiskBus: ExpressibleByArgument {}
extension NICModel: ExpressibleByArgument {}
extension AcceleratorRequest: ExpressibleByArgument {}

/// What to make.
struct RecipeOptions: ParsableArguments {
    @Argument(help: "The disk image: qcow2, or raw, vmdk, vdi, vhdx (converted to qcow2).", completion: .file())
    var image: String

    @Option(help: ArgumentHelp("NVIDIA's driver runfile, NVIDIA-Linux-x86_64-….run.", valueName: "file"))
    var driver: String?

    @Option(help: ArgumentHelp("The CUDA runfile, cuda_…_linux.run; its toolkit and samples only.", valueName: "file"))
    var cuda: String?

    @Option(
        help: ArgumentHelp(
            "PCI address of a GPU that is bound to vfio-pci; repeat for several. 'simulated' puts QEMU's edu device in "
                + "a GPU's place.", valueName: "bdf"))
    var gpu: [String]

    @Option(help: ArgumentHelp("Where the result goes. (default: IMAGE.gpu.qcow2 beside IMAGE)", valueName: "file"))
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

    @Flag(help: "Go on although driver, CUDA or compiler do not fit each other.")
    var allowIncompatible = false

    @Flag(inversion: .prefixedNo, help: "Register the driver's module with DKMS where the guest has it.")
    var dkms = true

    @Flag(help: "Leave out the cold boot that proves the result.")
    var skipProofBoot = false

    @Flag(
        name: .customLong("accept-nvidia-licenses"),
        help: "Accept the licences of NVIDIA's driver and CUDA, which are installed without asking again.")
    var acceptLicences = false
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
        name: .customLong("qemu-argument"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("One more argument for QEMU; repeat for several.", valueName: "argument"))
    var qemuArguments: [String] = []
}

/// How to log in to the guest. Without any of these, keys are made for this run, handed to the guest at boot, and taken
/// out of the result.
struct LoginOptions: ParsableArguments {
    @Option(help: "The guest's user; one that is not root needs sudo.")
    var user: String?

    @Option(help: ArgumentHelp("A private key of that user.", valueName: "file"))
    var identity: String?

    @Option(help: ArgumentHelp("A file whose first line is that user's password; - asks for it.", valueName: "file"))
    var passwordFile: String?

    @Flag(help: "Use the keys of ssh-agent.")
    var sshAgent = false
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
