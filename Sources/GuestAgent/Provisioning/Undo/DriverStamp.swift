import Contract
import Guest

/// The version of the driver that this agent installed. A driver that is not ours has no stamp, and is not taken out.
struct DriverStamp {
    private static let path = StateFolder.path + "/driver.installed"
    private static let taken = StateFolder.path + "/driver.undone"
    private static let torn = StateFolder.path + "/driver-torn.undone"
    private static let replaced = StateFolder.path + "/driver.before"

    /// To be written when the installer is done.
    static func write(_ version: String, _ root: SystemRoot) throws {
        try root.write(version + "\n", to: path, mode: 0o600)
    }

    /// The driver that is ours to take out, nil where there is none.
    static func installed(_ root: SystemRoot) -> String? { root.attribute(path) }

    /// The driver that was taken out, or was somebody else's by then.
    static func undone(_ root: SystemRoot) -> String? { root.attribute(taken) }

    static func setUndone(_ text: String, _ root: SystemRoot) throws {
        try root.write(text + "\n", to: taken, mode: 0o600)
        try root.remove(path)
    }

    /// A driver that we began to install, and that has no uninstaller.
    static func torn(_ root: SystemRoot) -> String? { root.attribute(torn) }

    static func setTorn(_ version: String, _ root: SystemRoot) throws {
        try root.write(version + "\n", to: torn, mode: 0o600)
    }

    /// A driver of somebody else's that was taken out to make room for ours.
    static func replaced(_ root: SystemRoot) -> String? { root.attribute(replaced) }

    static func setReplaced(_ version: String, _ root: SystemRoot) throws {
        try root.write(version + "\n", to: replaced, mode: 0o600)
    }
}
