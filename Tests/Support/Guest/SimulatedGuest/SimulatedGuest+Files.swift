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

    func link(_ path: String, _ target: String) throws {
        snapshots?.take(.volatile(path), "link \(path)")
        try files.createDirectory(SystemRoot.parent(of: path))
        try files.link(path, to: target)
    }
}
