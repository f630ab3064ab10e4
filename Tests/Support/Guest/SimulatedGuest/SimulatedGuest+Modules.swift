import Guest
import SystemPackage

/// Kernel modules.
extension SimulatedGuest {
    var loaded: [String] {
        (files.textIfReadable("/proc/modules") ?? "").split(separator: "\n").compactMap {
            $0.split(separator: " ").first.map { String($0) }
        }
    }

    func moduleFile(_ name: String) -> String? {
        let folder = "/lib/modules/\(Self.kernel)"
        let wanted = name.replacing("_", with: "-") + ".ko"
        return (files.textIfReadable(folder + "/modules.dep") ?? "").split(separator: "\n")
            .map { $0.prefix { $0 != ":" } }.first { $0.split(separator: "/").last ?? "" == wanted }
            .map { "\(folder)/\($0)" }.flatMap { files.exists($0) ? $0 : nil }
    }

    func setLoaded(_ names: [String]) throws {
        try put("/proc/modules", names.sorted().map { "\($0) 16384 0 - Live 0x0\n" }.joined())
    }

    func load(_ name: String) throws {
        try setLoaded(Set(loaded + [name]).sorted())
        if name == "nouveau" { try link(Self.device + "/driver", "../../../../bus/pci/drivers/nouveau") }
        guard name == "nvidia", let text = moduleFile("nvidia").flatMap({ files.textIfReadable($0) }) else { return }
        try put("/sys/module/nvidia/version", text.dropFirst(8))
        try put("/proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  \(text.dropFirst(8))")
        if !loaded.contains("nouveau") { try link(Self.device + "/driver", "../../../../bus/pci/drivers/nvidia") }
    }

    func modprobe(_ name: String) throws -> CommandResult {
        if loaded.contains(name) { return CommandResult(.exited(0)) }
        guard moduleFile(name) != nil else {
            return CommandResult(.exited(1), errors: "modprobe: FATAL: Module \(name) not found.\n")
        }
        if name == "nvidia_uvm", !loaded.contains("nvidia") { try load("nvidia") }
        try load(name)
        return CommandResult(.exited(0))
    }

    func unload(_ name: String) throws -> CommandResult {
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
}
