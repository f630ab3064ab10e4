import Glibc
package import Guest
import Synchronization
import SystemPackage
import Testing

/// A whole Debian machine with a simulated GPU in a folder: programs that do what the real ones do to files, and a kernel
/// whose state is files as well. All of it is in the tree, so that a copy of the tree is a copy of the machine.
package final class SimulatedGuest: CommandRunner {
    /// What differs from machine to machine.
    package struct Parameters: Sendable {
        /// nouveau does not unload: only a reboot rids the machine of it.
        package var busyNouveau = false
        package init(busyNouveau: Bool = false) { self.busyNouveau = busyNouveau }
    }

    package static let kernel = "6.1.0-18-amd64"
    package static let olderKernel = "6.1.0-17-amd64"
    package static let driverVersion = "470.256.02"
    package static let toolkit = "/usr/local/cuda-11.4"
    static let device = "/sys/bus/pci/devices/0000:01:00.0"
    static let nouveau = "kernel/drivers/gpu/drm/nouveau/nouveau.ko"
    static let nvidia = ["kernel/drivers/video/nvidia.ko", "kernel/drivers/video/nvidia-uvm.ko"]
    package static let driverRunfile = "NVIDIA-Linux-x86_64-470.256.02.run"
    package static let cudaRunfile = "cuda_11.4.4_470.82.01_linux.run"

    package let parameters: Parameters
    package let fake: FakeRoot
    let snapshots: Snapshots?
    /// The same files, of which nobody is told.
    let files: SystemRoot
    private let log = Mutex<[String]>([])

    /// A machine fresh from its installer, booted. With `snapshots`, each change from now on is one.
    package init(_ parameters: Parameters = Parameters(), snapshots: Snapshots? = nil) throws {
        self.parameters = parameters
        self.snapshots = snapshots
        fake = try FakeRoot(Self.fresh, observer: { snapshots?.take($0) })
        files = SystemRoot(prefix: fake.root.prefix)
        for folder in ["/run/systemd/system", "/var/tmp", "/tmp", "/var/log", "/etc/initramfs-tools/hooks"] {
            try files.createDirectory(folder)
        }
        try updateGrub()
        for kernel in [Self.kernel, Self.olderKernel] { try updateInitramfs(kernel) }
        try ldconfig()
        try boot()
        snapshots?.watch(fake.root.prefix.string)
    }

    /// The machine of a copied tree.
    package init(_ tree: Tree, _ parameters: Parameters, snapshots: Snapshots? = nil) throws {
        self.parameters = parameters
        self.snapshots = snapshots
        fake = try FakeRoot(copying: tree, observer: { snapshots?.take($0) })
        files = SystemRoot(prefix: fake.root.prefix)
        snapshots?.watch(fake.root.prefix.string)
    }

    package var guest: Guest { Guest(root: fake.root, runner: self, architecture: "x86_64") }
    package var tree: Tree { Tree(of: fake.root.prefix.string) }
    package var ran: [String] { log.withLock { $0 } }

    /// Digest that this machine's sha256sum prints.
    package static func digest(_ text: some StringProtocol) -> String { ContentDigest(Array(text.utf8)).hash }

    package static let driverPayload = "driver runfile, not a multiple of a sector"
    package static let cudaPayload = "CUDA runfile, longer than the driver's"

    private static let fresh: [String: String] = {
        var fresh = [
            "/etc/os-release": "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\n",
            "/etc/default/grub":
                "# If you change this file, run 'update-grub' afterwards.\nGRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\"console=ttyS0\"\n",
            "/etc/modprobe.d/users.conf": "options snd index=0\n", "/etc/profile.d/users.sh": "",
            "/etc/systemd/system/users.service": "", "/etc/ld.so.conf.d/libc.conf": "/usr/local/lib\n",
            "/usr/local/lib/libusers.so.1": "",
            "/usr/lib/x86_64-linux-gnu/libc.so.6": "", "/usr/bin/sh": "", "/usr/include/users.h": "",
            "/usr/sbin/update-grub": "", "/usr/sbin/mkinitramfs": "", "/usr/bin/dpkg": "", "/usr/sbin/modprobe": "",
            "/var/lib/dpkg/packages": "dpkg ok\nkmod ok\n", "/var/lib/apt/lists/deb.debian.org_Packages": "",
            "/proc/sys/kernel/osrelease": "\(kernel)\n", "/proc/modules": "", "/proc/meminfo": "MemTotal: 4096 kB\n",
            "/proc/cpuinfo": "flags : fpu\n", "/sys/devices/system/cpu/online": "0-1\n",
            "\(device)/vendor": "0x1234\n", "\(device)/device": "0x11e8\n", "\(device)/class": "0x00ff00\n",
            "/sys/block/vdb/serial": "driver\n", "/dev/vdb": driverPayload + "\0\0\0",
            "/sys/block/vdc/serial": "cuda\n", "/dev/vdc": cudaPayload + "\0\0\0",
        ]
        for kernel in [kernel, olderKernel] {
            fresh["/boot/vmlinuz-\(kernel)"] = "kernel"
            fresh["/lib/modules/\(kernel)/\(nouveau)"] = "nouveau"
            fresh["/lib/modules/\(kernel)/modules.dep"] = "\(nouveau):\n"
        }
        return fresh
    }()

    // MARK: - Power

    /// A reboot in good order: everything goes to disk first.
    package func reboot() throws {
        snapshots?.take(.sync, "reboot")
        try boot()
    }

    /// What the tree is after the power went and came back.
    package func boot() throws {
        let count = Int(files.attribute("/proc/sys/kernel/random/boot_id")?.split(separator: "-").last ?? "0") ?? 0
        try put("/proc/sys/kernel/random/boot_id", "boot-\(count + 1)\n")
        for name in files.list("/run") { try files.removeTree("/run/\(name)") }
        try files.createDirectory("/run/systemd/system")
        try files.removeTree("/sys/module")
        try files.removeTree("/proc/driver")
        try put("/proc/modules", "")
        try files.remove(Self.device + "/driver")

        let entry =
            (files.textIfReadable("/boot/grub/grub.cfg") ?? "").split(separator: "\n")
            .first { $0.contains("vmlinuz-\(Self.kernel)") } ?? ""
        try put("/proc/cmdline", entry.drop { $0 != "r" } + "\n")
        let blacklisted = entry.contains("modprobe.blacklist=nouveau")
        let early = (files.textIfReadable("/boot/initrd.img-\(Self.kernel)") ?? "").contains("nouveau.ko")
        let late = !files.list("/etc/modprobe.d").contains {
            (files.textIfReadable("/etc/modprobe.d/\($0)") ?? "").contains("blacklist nouveau")
        }
        if !blacklisted && (early || late), moduleFile("nouveau") != nil {
            try load("nouveau")
        } else if moduleFile("nvidia") != nil {
            try load("nvidia")
        }
    }

    // MARK: - Programs

    package func run(_ command: Command) async throws -> CommandResult {
        log.withLock { $0.append(command.line) }
        let words = command.arguments
        func says(_ text: String, _ status: Int32 = 0) -> CommandResult {
            CommandResult(.exited(status), output: text)
        }
        switch (words.first ?? "", words.dropFirst().first ?? "") {
        case ("systemctl", "--version"): return says("systemd 252 (252.22-1~deb12u1)\n")
        case ("systemctl", "show-environment"): return says("LANG=C\nPATH=/usr/local/sbin:/usr/sbin:/usr/bin\n")
        case ("systemctl", "daemon-reload"), ("systemctl", "stop"), ("systemctl", "start"), ("systemctl", "restart"):
            return says("")
        case ("systemctl", "enable"), ("systemctl", "disable"), ("systemctl", "is-active"): return try unit(words)
        case ("gcc", "-std=gnu99"):
            guard let index = words.firstIndex(of: "-o"), files.exists("/usr/bin/gcc") else {
                return CommandResult(.notFound)
            }
            try put(words[index + 1], "")
            try put(words[index + 1], "program\n", mode: 0o755)
            return says("")
        case (let program, _) where program.hasSuffix("/gpu-probe"):
            guard files.textIfReadable(program) == "program\n" else { return CommandResult(.notFound) }
            return says(Self.probeAnswer, 0)
        case ("cc", "-dumpversion"): return files.exists("/usr/bin/cc") ? says("12\n") : CommandResult(.notFound)
        case ("bash", "-lc"):
            let profile = files.textIfReadable("/etc/profile.d/gpu-guest-agent-cuda.sh") ?? ""
            return profile.contains(Self.toolkit) ? says("\(Self.toolkit)/bin/nvcc\n") : says("", 1)
        case ("dpkg", "-S"): return says("", 1)  // no package's
        case ("dpkg-query", _): return query(words)
        case ("apt-get", _): return try install(words)
        case ("dpkg", "--configure"): return try configure()
        case ("dpkg", "--purge"): return try purge(Array(words.dropFirst(2)))
        case ("gcc", _), ("gcc-11", _):
            let version = words[0] == "gcc" ? "12" : "11"
            guard files.exists("/usr/bin/\(words[0])") else { return CommandResult(.notFound) }
            return says(words[1] == "-dumpversion" ? "\(version)\n" : "\(words[0]) (Debian) \(version).2.0\n")
        case ("update-grub", _):
            try updateGrub()
            return says("done\n")
        case ("update-initramfs", "-u"):
            try updateInitramfs(words[3])
            return says("update-initramfs: Generating /boot/initrd.img-\(words[3])\n")
        case ("lsinitramfs", let image):
            return files.textIfReadable(image).map { says($0) } ?? says("", 1)
        case ("modprobe", "-r"): return try unload(words[2])
        case ("modprobe", let name): return try modprobe(name.replacing("-", with: "_"))
        case ("modinfo", "-F"):
            let text = moduleFile(words[3]).flatMap { files.textIfReadable($0) } ?? ""
            return text.hasPrefix("version=") ? says(String(text.dropFirst(8))) : says("", 1)
        case ("sh", "-c"): return try digest(words)
        case ("sh", let runfile) where runfile.hasSuffix(Self.driverRunfile): return try installDriver(runfile, words)
        case ("sh", let runfile) where runfile.hasSuffix(Self.cudaRunfile): return try installCUDA(runfile, words)
        case ("/usr/bin/nvidia-uninstall", "--silent"): return try uninstallDriver()
        case (Self.toolkit + "/bin/cuda-uninstaller", "--silent"): return try uninstallCUDA()
        case (Self.toolkit + "/bin/nvcc", _):
            guard files.exists(words[0]) else { return CommandResult(.notFound) }
            return says("nvcc: NVIDIA (R) Cuda compiler driver\nCuda compilation tools, release 11.4, V11.4.152\n")
        case ("ldconfig", "-p"): return says(files.textIfReadable("/etc/ld.so.cache") ?? "")
        case ("ldconfig", _):
            try ldconfig()
            return says("")
        case ("make", "-C"): return try make(words)
        case ("nvidia-smi", _):
            guard files.exists("/usr/bin/nvidia-smi") else { return CommandResult(.notFound) }
            return loaded.contains("nvidia")
                ? says("Driver Version: \(Self.driverVersion)\n")
                : says("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n", 9)
        case ("lspci", _): return says("01:00.0 Unclassified device [00ff]: Device [1234:11e8]\n")
        case ("dmesg", _): return says("")
        case (let program, _) where program.hasPrefix(Self.toolkit + "/samples/"):
            guard files.textIfReadable(program) == "program\n" else { return CommandResult(.notFound) }
            return says(
                "Detected 1 CUDA Capable device(s)\nResult = \(loaded.contains("nvidia_uvm") ? "PASS" : "FAIL")\n")
        default:
            Issue.record("unexpected command: \(command.line)")
            return CommandResult(.notFound)
        }
    }
}
