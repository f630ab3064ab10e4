import Guest
import SystemPackage

/// NVIDIA's installers, and what CUDA's samples are built with.
extension SimulatedGuest {
    /// `sh -c 'dd … | sha256sum' sh FILE SKIP COUNT`
    func digest(_ words: [String]) throws -> CommandResult {
        guard words.count == 7, let skip = Int(words[5]), let count = Int(words[6]) else {
            return CommandResult(.exited(2), errors: "sh: what?\n")
        }
        let bytes = try SystemRoot.live.bytes(words[4])
        return CommandResult(.exited(0), output: ContentDigest(bytes.dropFirst(skip).prefix(count)).hash + "  -\n")
    }

    static let probeAnswer = """
        {"gpu_probe": 1, "result": "pass", "device_count": 1, "devices": [{"name": "Simulated", "copies": [
        {"kind": "host-to-device", "bytes": 1048576, "repeats": 1, "gigabytes_per_second": 1.0, "verified": true}]}]}

        """

    static let driverLog = "/var/lib/nvidia/log"

    func installDriver(_ runfile: String, _ words: [String]) throws -> CommandResult {
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

    func uninstallDriver() throws -> CommandResult {
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

    func depmod(adding names: [String]) throws {
        try put(
            "/lib/modules/\(Self.kernel)/modules.dep", ([Self.nouveau] + names).map { $0 + ":\n" }.joined())
    }

    static let cudaManifest = toolkit + "/bin/.uninstall_manifest"
    static let cudaLoader = "/etc/ld.so.conf.d/cuda-11-4.conf"

    func installCUDA(_ runfile: String, _ words: [String]) throws -> CommandResult {
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
    func uninstallCUDA() throws -> CommandResult {
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

    func make(_ words: [String]) throws -> CommandResult {
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
