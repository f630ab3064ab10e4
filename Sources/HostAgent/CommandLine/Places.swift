import FoundationEssentials

/// Where this tool keeps things, by the XDG base directories.
struct Places {
    /// Runs, and digests of runfiles.
    let state: String
    /// The user's answers.
    let configuration: String

    init(state: String?) {
        let environment = ProcessInfo.processInfo.environment
        let home = environment["HOME"] ?? "/root"
        self.state =
            state.map(ProvisionCommand.absolute)
            ?? "\(environment["XDG_STATE_HOME"] ?? "\(home)/.local/state")/provision-gpu-vm"
        configuration = "\(environment["XDG_CONFIG_HOME"] ?? "\(home)/.config")/provision-gpu-vm"
    }
}
