import Contract
import Guest

/// A file that is there while an installer runs. Found later, it says that the installer was interrupted and that what
/// looks installed is not whole.
struct InstallMarker {
    let path: String

    init(_ step: StepID) {
        self.init(name: step.rawValue)
    }

    init(name: String) {
        path = "\(StateFolder.path)/\(name).incomplete"
    }

    func isSet(_ root: SystemRoot) -> Bool { root.exists(path) }

    func text(_ root: SystemRoot) -> String? { root.attribute(path) }

    func set(_ root: SystemRoot, _ text: String = "") throws {
        try root.write(text + "\n", to: path, mode: 0o600)
    }

    /// After what was installed is on disk: a marker that is gone too early would hide a torn installation.
    func clear(_ root: SystemRoot) throws {
        root.sync()
        try root.remove(path)
    }
}
