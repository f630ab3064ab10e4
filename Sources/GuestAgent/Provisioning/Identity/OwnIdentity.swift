public import Contract
public import Guest

/// What a machine on a generalised image does at each boot before anybody can reach it: takes the name that its host gave it,
/// and makes itself the keys that it lacks. On a machine that has both it changes nothing.
public struct OwnIdentity: Sendable {
    private let guest: Guest

    /// The identity of `guest`.
    public init(_ guest: Guest) {
        self.guest = guest
    }

    /// Returns what was changed, a line each, and what went wrong: a name that cannot be taken is no reason to have no keys.
    public func take() async -> (changed: [String], failures: [Failure]) {
        var (changed, failures): ([String], [Failure]) = ([], [])
        // The name first: ssh-keygen writes it into its keys.
        for part in [{ try await takeName() }, { try await makeKeys() }] as [() async throws -> [String]] {
            do {
                changed += try await part()
            } catch {
                failures += Failures.list(
                    of: error, operation: "give this machine an identity",
                    remedy: "Look at /etc and \(StateFolder.path): is the disk full or read-only?", side: .guest)
            }
        }
        return (changed, failures)
    }

    /// The other end: forgets what makes this machine itself, once all else has stopped. Returns what was removed.
    ///
    /// Throws a ``Failure`` where nobody has asked for it by `seal --generalise`.
    public func forget() async throws -> [String] {
        guard let mark = GeneralisationMark(reading: guest.root) else {
            throw Failure.guest(
                .optionInvalid, "forget this machine's identity", "Nothing has sealed this machine for that.",
                remedy: "Use `gpu-guest-agent seal --generalise`.")
        }
        return try await Generalisation(guest).finish(mark)
    }

    // MARK: - Keys

    private func makeKeys() async throws -> [String] {
        var changed: [String] = []
        let identity = MachineIdentity(guest.root)
        let mark = GeneralisationMark(reading: guest.root)
        if let mark {
            let removed = try identity.forgetHostKeys() + identity.forget(earlierID: mark.machineID)
            changed += removed.map { "\($0) removed" }
        }
        // Some of them missing is their owner's decision.
        if guest.root.program("ssh-keygen") != nil, MachineIdentity.hostKeys.paths(guest.root).isEmpty {
            for command in Self.keyCommands(mark?.keyTypes ?? []) { try await make(command) }
            let keys = MachineIdentity.hostKeys.paths(guest.root)
            await restoreLabels(keys)
            changed += keys.map { "\($0) made" }
        }
        if mark != nil {
            // Not before the keys are on disk: without the mark nobody would make them anew.
            guest.root.sync()
            try guest.root.remove(GeneralisationMark.path)
        }
        return changed
    }

    /// Keys of these types, or of all that ssh-keygen thinks right.
    private static func keyCommands(_ types: [String]) -> [Command] {
        guard !types.isEmpty else { return [Command(["ssh-keygen", "-A"], deadline: .seconds(480))] }
        return types.map { type in
            Command(
                ["ssh-keygen", "-q", "-t", type, "-N", "", "-f", GeneralisationMark.key(type)],
                deadline: .seconds(480))
        }
    }

    private func make(_ command: Command) async throws {
        let result = try await guest.runner.run(command)
        guard result.succeeded else {
            throw Failure.command(
                command, result, operation: "make SSH host keys",
                remedy: "Run `ssh-keygen -A` in the guest by hand; sshd does not start without.")
        }
    }

    // MARK: - Name

    private func takeName() async throws -> [String] {
        let given = SMBIOSStrings.oem(guest.root).lazy.filter { $0.hasPrefix(Hostname.smbiosPrefix) }
            .map { String($0.dropFirst(Hostname.smbiosPrefix.count)) }.first
        guard let name = given else { return [] }
        guard Hostname.isValid(name) else {
            throw Failure.guest(
                .optionInvalid, "take the name that the host gives", "\"\(Printable.line(name))\" is no host name.",
                remedy: "Use letters, digits and inner dashes, at most \(Hostname.limit) in all.")
        }
        var changed: [String] = []
        let (file, hosts) = ("/etc/hostname", "/etc/hosts")
        if guest.root.attribute(file) != name {
            try guest.root.write(name + "\n", to: file)
            changed.append(file)
        }
        if let text = guest.root.textIfReadable(hosts), case let new = HostsFile.text(text, naming: name), new != text {
            try guest.root.write(new, to: hosts)
            changed.append(hosts)
        }
        await restoreLabels(changed)
        let kernel = "/proc/sys/kernel/hostname"
        if guest.root.attribute(kernel) != name {
            try guest.root.set(kernel, to: name)
            changed.append("the running kernel's host name")
        }
        return changed.map { "\($0): \(name)" }
    }

    /// Where there is no SELinux there is no restorecon, and nothing to restore.
    private func restoreLabels(_ files: [String]) async {
        guard !files.isEmpty, guest.root.program("restorecon") != nil else { return }
        _ = try? await guest.runner.run(Command(["restorecon"] + files))
    }
}
