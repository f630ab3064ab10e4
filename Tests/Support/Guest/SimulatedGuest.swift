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
    private let snapshots: Snapshots?
    /// The same files, of which nobody is told.
    private let files: SystemRoot
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
            "/etc/ld.so.conf.d/libc.conf": "/usr/local/lib\n", "/usr/local/lib/libusers.so.1": "",
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
        case ("systemctl", "daemon-reload"), ("systemctl", "stop"): return says("")
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

    // MARK: - Files that a program changes, one by one

    private func put(_ path: String, _ text: some StringProtocol, mode: UInt32 = 0o644) throws {
        snapshots?.take(.volatile(path), "write \(path)")
        try files.createDirectory(SystemRoot.parent(of: path))
        try files.remove(path)
        try files.write(String(text), to: path, mode: mode)
    }

    private func take(_ path: String) throws {
        guard (try? FileState(of: path, files)) != .absent else { return }
        snapshots?.take(.volatile(path), "remove \(path)")
        try files.removeTree(path)
    }

    private func link(_ path: String, _ target: String) throws {
        snapshots?.take(.volatile(path), "link \(path)")
        try files.createDirectory(SystemRoot.parent(of: path))
        try files.link(path, to: target)
    }

    // MARK: - Boot files

    private func updateGrub() throws {
        let texts =
            [files.textIfReadable("/etc/default/grub") ?? ""]
            + files.list("/etc/default/grub.d").compactMap { files.textIfReadable("/etc/default/grub.d/\($0)") }
        var value = ""
        for line in texts.joined(separator: "\n").split(separator: "\n") where line.hasPrefix("GRUB_CMDLINE_LINUX=") {
            value = line.dropFirst(19).filter { $0 != "\"" }.replacing("$GRUB_CMDLINE_LINUX", with: value)
        }
        let entries = [Self.kernel, Self.olderKernel].map {
            "menuentry 'Debian, with Linux \($0)' {\n  linux /boot/vmlinuz-\($0) root=UUID=1 ro \(value) quiet\n  initrd /boot/initrd.img-\($0)\n}\n"
        }
        try put("/boot/grub/grub.cfg", entries.joined(), mode: 0o444)
    }

    private func updateInitramfs(_ kernel: String) throws {
        // "070701": how a cpio archive begins, which is looked for.
        var names = ["070701", "bin/sh", "scripts/init", "init"]
        let hooks = files.list("/etc/initramfs-tools/hooks").map {
            files.textIfReadable("/etc/initramfs-tools/hooks/\($0)")
        }
        if !hooks.contains(where: { $0?.contains("nouveau.ko") == true }) {
            names.append("usr/lib/modules/\(kernel)/\(Self.nouveau)")
        }
        try put("/boot/initrd.img-\(kernel)", names.joined(separator: "\n") + "\n")
    }

    private func ldconfig() throws {
        var lines: [String] = []
        for name in files.list("/etc/ld.so.conf.d") {
            for folder in (files.textIfReadable("/etc/ld.so.conf.d/\(name)") ?? "").split(separator: "\n") {
                for library in files.list(String(folder)) where library.contains(".so") {
                    lines.append("\t\(library) (libc6,x86-64) => \(folder)/\(library)")
                }
            }
        }
        for library in files.list("/usr/lib/x86_64-linux-gnu") where library.contains(".so") {
            lines.append("\t\(library) (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/\(library)")
        }
        try put("/etc/ld.so.cache", lines.joined(separator: "\n") + "\n")
    }

    // MARK: - Modules

    private var loaded: [String] {
        (files.textIfReadable("/proc/modules") ?? "").split(separator: "\n").compactMap {
            $0.split(separator: " ").first.map { String($0) }
        }
    }

    private func moduleFile(_ name: String) -> String? {
        let folder = "/lib/modules/\(Self.kernel)"
        let wanted = name.replacing("_", with: "-") + ".ko"
        return (files.textIfReadable(folder + "/modules.dep") ?? "").split(separator: "\n")
            .map { $0.prefix { $0 != ":" } }.first { $0.split(separator: "/").last ?? "" == wanted }
            .map { "\(folder)/\($0)" }.flatMap { files.exists($0) ? $0 : nil }
    }

    private func setLoaded(_ names: [String]) throws {
        try put("/proc/modules", names.sorted().map { "\($0) 16384 0 - Live 0x0\n" }.joined())
    }

    private func load(_ name: String) throws {
        try setLoaded(Set(loaded + [name]).sorted())
        if name == "nouveau" { try link(Self.device + "/driver", "../../../../bus/pci/drivers/nouveau") }
        guard name == "nvidia", let text = moduleFile("nvidia").flatMap({ files.textIfReadable($0) }) else { return }
        try put("/sys/module/nvidia/version", text.dropFirst(8))
        try put("/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  \(text.dropFirst(8))")
        if !loaded.contains("nouveau") { try link(Self.device + "/driver", "../../../../bus/pci/drivers/nvidia") }
    }

    private func modprobe(_ name: String) throws -> CommandResult {
        if loaded.contains(name) { return CommandResult(.exited(0)) }
        guard moduleFile(name) != nil else {
            return CommandResult(.exited(1), errors: "modprobe: FATAL: Module \(name) not found.\n")
        }
        if name == "nvidia_uvm", !loaded.contains("nvidia") { try load("nvidia") }
        try load(name)
        return CommandResult(.exited(0))
    }

    private func unload(_ name: String) throws -> CommandResult {
        guard loaded.contains(name) else { return CommandResult(.exited(0)) }
        if name == "nouveau" && parameters.busyNouveau || name == "nvidia" && loaded.contains("nvidia_uvm") {
            return CommandResult(.exited(1), errors: "modprobe: FATAL: Module \(name) is in use.\n")
        }
        try setLoaded(loaded.filter { $0 != name })
        if name != "nvidia_uvm" { try take(Self.device + "/driver") }
        if name == "nvidia" {
            try take("/sys/module/nvidia")
            try take("/proc/driver/nvidia")
        }
        return CommandResult(.exited(0))
    }

    // MARK: - Packages

    private static let contents: [String: [String]] = {
        let build = "/lib/modules/\(kernel)/build"
        return [
            "gcc": ["/usr/bin/gcc", "/usr/bin/cc"], "make": ["/usr/bin/make"], "libc6-dev": ["/usr/include/stdio.h"],
            "g++": ["/usr/bin/g++"], "gcc-11": ["/usr/bin/gcc-11"], "g++-11": ["/usr/bin/g++-11"],
            "libxml2": ["/usr/lib/x86_64-linux-gnu/libxml2.so.2"], "dkms": ["/usr/sbin/dkms"],
            "libelf-dev": ["/usr/include/libelf.h"], "perl": ["/usr/share/perl/5.36.0/Env.pm"],
            "linux-headers-\(kernel)": ["\(build)/include/generated/autoconf.h", "\(build)/Makefile"],
        ]
    }()

    /// dpkg's states, as far as a crash leaves them behind.
    private enum PackageState: String {
        case installed = "ok"
        case halfInstalled = "half"
    }

    private var packages: [String: PackageState] {
        Dictionary(
            uniqueKeysWithValues: (files.textIfReadable("/var/lib/dpkg/packages") ?? "").split(separator: "\n")
                .compactMap {
                    let words = $0.split(separator: " ")
                    return PackageState(rawValue: String(words[1])).map { (String(words[0]), $0) }
                })
    }

    /// dpkg syncs its database.
    private func set(_ packages: [String: PackageState]) throws {
        let text = packages.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.rawValue)\n" }.joined()
        snapshots?.take(.durable("/var/lib/dpkg/packages"), "write /var/lib/dpkg/packages")
        try files.write(text, to: "/var/lib/dpkg/packages")
    }

    private func query(_ words: [String]) -> CommandResult {
        let asked = words.dropFirst().filter { !$0.hasPrefix("-") && !$0.contains("$") }
        let names = asked.isEmpty ? packages.keys.sorted() : Array(asked)
        let known = names.filter { packages[$0] != nil }
        let withName = words.contains { $0.contains("${Package}") }
        return CommandResult(
            .exited(known.count == names.count ? 0 : 1),
            output: known.map {
                (withName ? "\($0) " : "")
                    + (packages[$0] == .installed ? "install ok installed\n" : "install reinstreq half-installed\n")
            }.joined())
    }

    private func install(_ words: [String]) throws -> CommandResult {
        guard let index = words.firstIndex(of: "install") else { return CommandResult(.exited(0)) }
        if packages.values.contains(.halfInstalled) {
            return CommandResult(
                .exited(100),
                output: "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.\n"
            )
        }
        for name in words[(index + 1)...] where packages[name] != .installed {
            guard Self.contents[name] != nil else {
                return CommandResult(.exited(100), output: "E: Unable to locate package \(name)\n")
            }
            try set(packages.merging([name: .halfInstalled]) { $1 })
            try unpack(name)
        }
        try ldconfig()
        return CommandResult(.exited(0))
    }

    private func unpack(_ name: String) throws {
        for path in Self.contents[name] ?? [] { try put(path, "package \(name)\n", mode: 0o755) }
        snapshots?.take(.sync, "dpkg's sync")
        try set(packages.merging([name: .installed]) { $1 })
    }

    /// Ends what was begun.
    private func configure() throws -> CommandResult {
        for (name, state) in packages.sorted(by: { $0.key < $1.key }) where state == .halfInstalled { try unpack(name) }
        try ldconfig()
        return CommandResult(.exited(0))
    }

    private func purge(_ names: [String]) throws -> CommandResult {
        for name in names where packages[name] != nil {
            try set(packages.merging([name: .halfInstalled]) { $1 })
            for path in Self.contents[name] ?? [] {
                try take(path)
                var folder = SystemRoot.parent(of: path)
                // dpkg removes folders that nobody else has.
                while folder.split(separator: "/").count > 2, files.list(folder).isEmpty {
                    try take(folder)
                    folder = SystemRoot.parent(of: folder)
                }
            }
            // Its database is synced, and with it the file system's own journal of what was removed before.
            snapshots?.take(.sync, "dpkg's sync")
            try set(packages.filter { $0.key != name })
        }
        try ldconfig()
        return CommandResult(.exited(0))
    }

    // MARK: - NVIDIA's programs

    /// `sh -c 'dd … | sha256sum' sh FILE SKIP COUNT`
    private func digest(_ words: [String]) throws -> CommandResult {
        guard words.count == 7, let skip = Int(words[5]), let count = Int(words[6]) else {
            return CommandResult(.exited(2), errors: "sh: what?\n")
        }
        let bytes = try SystemRoot.live.bytes(words[4])
        return CommandResult(.exited(0), output: ContentDigest(bytes.dropFirst(skip).prefix(count)).hash + "  -\n")
    }

    private static let probeAnswer = """
        {"gpu_probe": 1, "result": "pass", "device_count": 1, "devices": [{"name": "Simulated", "copies": [
        {"kind": "host-to-device", "bytes": 1048576, "repeats": 1, "gigabytes_per_second": 1.0, "verified": true}]}]}

        """

    private static let driverLog = "/var/lib/nvidia/log"

    private func installDriver(_ runfile: String, _ words: [String]) throws -> CommandResult {
        guard files.textIfReadable(runfile) == Self.driverPayload else {
            return CommandResult(.exited(1), output: "Error in check sums\n")
        }
        try put("/var/log/nvidia-installer.log", "nvidia-installer log file\n")
        func fails(_ text: String) throws -> CommandResult {
            try put("/var/log/nvidia-installer.log", "ERROR: \(text)\n")
            return CommandResult(.exited(1), output: "ERROR: \(text)\n")
        }
        if loaded.contains("nouveau") {
            return try fails("The Nouveau kernel driver is currently in use by your system.")
        }
        guard files.exists("/usr/bin/cc"), files.exists("/usr/include/stdio.h") else {
            return try fails("Unable to find the development tool `cc` in your path")
        }
        guard files.exists("/lib/modules/\(Self.kernel)/build/Makefile") else {
            return try fails("Unable to find the kernel source tree for the currently running kernel.")
        }
        if files.exists(Self.driverLog) { _ = try uninstallDriver() }
        let paths =
            ["/usr/bin/nvidia-smi", "/usr/bin/nvidia-uninstall", "/usr/lib/x86_64-linux-gnu/libcuda.so.1"]
            + Self.nvidia.map { "/lib/modules/\(Self.kernel)/\($0)" }
        // The log of what is installed comes first: an installation that is cut short can be taken out.
        try put(Self.driverLog, "\(Self.driverVersion)\n" + paths.map { "1: \($0)\n" }.joined())
        for path in paths {
            let text = path.hasSuffix(".ko") ? "version=\(Self.driverVersion)\n" : "driver\n"
            try put(path, text, mode: path.contains("/bin/") ? 0o755 : 0o644)
        }
        try depmod(adding: Self.nvidia)
        try ldconfig()
        try load("nvidia")
        try put("/var/log/nvidia-installer.log", "-> Installation of the NVIDIA driver is now complete.\n")
        return CommandResult(.exited(0))
    }

    private func uninstallDriver() throws -> CommandResult {
        try put("/var/log/nvidia-uninstall.log", "nvidia-installer log file\n")
        for line in (files.textIfReadable(Self.driverLog) ?? "").split(separator: "\n") where line.hasPrefix("1: ") {
            // The program that runs goes last, with its log.
            if !line.hasSuffix("nvidia-uninstall") { try take(String(line.dropFirst(3))) }
        }
        if files.list("/lib/modules/\(Self.kernel)/kernel/drivers/video").isEmpty {
            try take("/lib/modules/\(Self.kernel)/kernel/drivers/video")
        }
        try depmod(adding: [])
        try ldconfig()
        try take("/usr/bin/nvidia-uninstall")
        try take("/var/lib/nvidia")
        return CommandResult(.exited(0))
    }

    private func depmod(adding names: [String]) throws {
        try put(
            "/lib/modules/\(Self.kernel)/modules.dep", ([Self.nouveau] + names).map { $0 + ":\n" }.joined())
    }

    private static let cudaManifest = toolkit + "/bin/.uninstall_manifest"
    private static let cudaLoader = "/etc/ld.so.conf.d/cuda-11-4.conf"

    private func installCUDA(_ runfile: String, _ words: [String]) throws -> CommandResult {
        guard files.textIfReadable(runfile) == Self.cudaPayload else {
            return CommandResult(.exited(1), output: "Error in check sums\n")
        }
        guard words.contains("--toolkitpath=\(Self.toolkit)"), !files.exists("/tmp/cuda-installer.log") else {
            return CommandResult(.exited(1), output: "Segmentation fault\n")
        }
        let samples = "\(Self.toolkit)/samples/NVIDIA_CUDA-11.4_Samples/1_Utilities"
        let paths = [
            Self.cudaManifest, "\(Self.toolkit)/bin/cuda-uninstaller", "\(Self.toolkit)/bin/nvcc",
            "\(Self.toolkit)/lib64/libcudart.so.11.0", "\(Self.toolkit)/version.json",
            "\(samples)/deviceQuery/Makefile", "\(samples)/bandwidthTest/Makefile",
        ]
        for path in paths {
            let text =
                path == Self.cudaManifest
                ? paths.joined(separator: "\n") + "\n"
                : path.hasSuffix("version.json") ? "{ \"version\" : \"11.4.4\" }\n" : "CUDA\n"
            try put(path, text, mode: path.contains("/bin/") ? 0o755 : 0o644)
        }
        try link("/usr/local/cuda", Self.toolkit)
        try put(Self.cudaLoader, "\(Self.toolkit)/lib64\n")
        try ldconfig()
        try put("/var/log/cuda-installer.log", "Finished with code: 0\n")
        return CommandResult(.exited(0), output: "= Summary =\n")
    }

    /// Removes what it installed, and folders only where they are empty.
    private func uninstallCUDA() throws -> CommandResult {
        let paths = (files.textIfReadable(Self.cudaManifest) ?? "").split(separator: "\n").map { String($0) }
        try take("/usr/local/cuda")
        try take(Self.cudaLoader)
        for path in paths.reversed() {
            try take(path)
            var folder = SystemRoot.parent(of: path)
            while folder.hasPrefix(Self.toolkit), files.isDirectory(folder), files.list(folder).isEmpty {
                try take(folder)
                folder = SystemRoot.parent(of: folder)
            }
        }
        try ldconfig()
        return CommandResult(.exited(0), output: "Successfully uninstalled\n")
    }

    private func make(_ words: [String]) throws -> CommandResult {
        let folder = words[2]
        guard files.exists("\(folder)/Makefile") else {
            return CommandResult(.exited(2), output: "make: *** No rule\n")
        }
        let name = folder.split(separator: "/").last.map { String($0) } ?? ""
        let release = "\(folder)/../../bin/x86_64/linux/release"
        let built = [
            "\(folder)/\(name).o", "\(folder)/\(name)",
            FilePath("\(release)/\(name)").lexicallyNormalized().string,
        ]
        if words.last == "clean" {
            for path in built { try take(path) }
            return CommandResult(.exited(0))
        }
        for path in built {
            try put(path, "")  // cut short here, it is no program
            try put(path, path.hasSuffix(".o") ? "object\n" : "program\n", mode: path.hasSuffix(".o") ? 0o644 : 0o755)
        }
        return CommandResult(.exited(0))
    }
}
