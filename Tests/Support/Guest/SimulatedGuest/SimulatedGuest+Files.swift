import Guest
import SystemPackage

/// Files that a program changes, one by one.
extension SimulatedGuest {
    func put(_ path: String, _ text: some StringProtocol, mode: UInt32 = 0o644) throws {
        snapshots?.take(.volatile(path), "write \(path)")
        try files.createDirectory(SystemRoot.parent(of: path))
        try files.remove(path)
        try files.write(String(text), to: path, mode: mode)
    }

    func take(_ path: String) throws {
        guard (try? FileState(of: path, files)) != .absent else { return }
        snapshots?.take(.volatile(path), "remove \(path)")
        try files.removeTree(path)
    }

    /// What is enabled runs.
    func unit(_ words: [String]) throws -> CommandResult {
        let name = words.last ?? ""
        let wanted = "/etc/systemd/system/multi-user.target.wants/\(name)"
        switch words[1] {
        case "enable":
            guard files.exists("/etc/systemd/system/\(name)") else { return CommandResult(.exited(1)) }
            try link(wanted, "/etc/systemd/system/\(name)")
            return CommandResult(.exited(0))
        case "disable":
            try take(wanted)
            return CommandResult(.exited(0))
        default:
            return files.linkTarget(wanted) != nil
                ? CommandResult(.exited(0), output: "active\n") : CommandResult(.exited(3), output: "inactive\n")
        }
    }

    func link(_ path: String, _ target: String) throws {
        snapshots?.take(.volatile(path), "link \(path)")
        try files.createDirectory(SystemRoot.parent(of: path))
        try files.link(path, to: target)
    }
}
