import Contract
import Guest

/// Makes an image of a machine that many machines can stand on.
///
/// Everything goes while the machine still runs, except the keys of its SSH server: the host must be able to log in once more,
/// should its connection be cut. They go when all else has stopped, and what services write at their own end goes then, too. A
/// mark on disk says that they must go; a machine that went down without an end forgets them in its next boot, before anybody
/// can see them, and the mark.
struct Generalisation {
    private let guest: Guest
    private let identity: MachineIdentity

    init(_ guest: Guest) {
        self.guest = guest
        identity = MachineIdentity(guest.root)
    }

    /// While the machine runs. Returns what was removed; can be done again.
    func apply() async throws -> [String] {
        try StateFolder(guest.root).create()
        let mark = GeneralisationMark(guest.root, earlier: GeneralisationMark(reading: guest.root))
        try mark.write(guest.root)
        try await install()
        return try identity.emptyID() + identity.forget(earlierID: mark.machineID)
    }

    /// Once all else has stopped. The mark stays for the next boot: journald still runs, and may write once more.
    func finish(_ mark: GeneralisationMark) async throws -> [String] {
        // It makes a folder anew that was removed under it, unless it is told to do without (systemd ≥ 243).
        if guest.root.program("journalctl") != nil {
            _ = try await guest.runner.run(Command(["journalctl", "--relinquish-var"], deadline: .seconds(30)))
        }
        let removed =
            try identity.forgetHostKeys() + identity.emptyID() + identity.forget(earlierID: mark.machineID)
        guest.root.sync()
        return removed
    }

    private func install() async throws {
        for (file, text) in [
            (IdentityUnits.identityFile, IdentityUnits.identityText),
            (IdentityUnits.forgettingFile, IdentityUnits.forgettingText),
        ] {
            try guest.root.createDirectory(SystemRoot.parent(of: file))
            try guest.root.write(text, to: file)
            // Where there is no SELinux there is no restorecon, and nothing to restore.
            _ = try await guest.runner.run(Command(["restorecon", file]))
        }
        try await systemctl("daemon-reload")
        try await systemctl("enable", "--quiet", IdentityUnits.identity)
        try await systemctl("start", IdentityUnits.forgetting)
    }

    private func systemctl(_ arguments: String...) async throws {
        let command = Command(["systemctl"] + arguments, deadline: .seconds(120))
        let result = try await guest.runner.run(command)
        guard result.succeeded else {
            throw Failure.command(
                command, result, code: .agentInstall, operation: "set up the unit that gives a machine its identity",
                remedy: "Look at `systemctl status \(IdentityUnits.identity)` in the guest.")
        }
    }
}
