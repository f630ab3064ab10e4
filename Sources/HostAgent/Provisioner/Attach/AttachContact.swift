import Contract
import FoundationEssentials
import SecureShell

/// The first contact of a command with a machine: makes sure which one it is, logs in, looks around. Changes nothing.
struct AttachContact {
    let address: AttachAddress
    let job: AttachJob
    let context: JobContext
    let prompts: AttachPrompts
    /// The key of this run so far, or of the last one on this machine.
    let remembered: HostKeyPin?
    /// Whether a run goes on: then the machine may be rebooting just now.
    let continuing: Bool

    /// How long the machine may not answer.
    private var patience: Duration { continuing ? AttachSession.rebootDeadline : .seconds(20) }

    /// What came of it.
    struct Made {
        var shell: GuestShell
        var hostKey: HostKeyPin
        var survey: MachineSurvey
        var reach: GuestReach
    }

    /// A root shell on the machine that is meant.
    struct Entered {
        var shell: GuestShell
        var hostKey: HostKeyPin
        /// How to get in again, after a reboot.
        var reach: GuestReach
    }

    func make() async throws -> Made {
        let entered = try await enter()
        let output = try await entered.shell.attempt(MachineSurvey.script, deadline: .seconds(120))
        return Made(
            shell: entered.shell, hostKey: entered.hostKey, survey: MachineSurvey(output.stdoutText),
            reach: entered.reach)
    }

    /// Makes sure which machine it is, logs in, becomes root.
    func enter() async throws -> Entered {
        context.progress(.phase("Connect to \(address.user)@\(address.endpoint)"))
        _ = try await waitForSSHBanner(address.endpoint, deadline: .now + patience)
        let hostKey = try await trustedKey()
        var login = address.login(
            job.access, context, hasAgent: ProcessInfo.processInfo.environment["SSH_AUTH_SOCK"] != nil)
        let late = login.mayArriveLate
        // A person waits here: a login that does not work is told at once.
        if !continuing { login.mayArriveLate = false }
        let shell = try await reach(login, patience).shell(hostKey: hostKey, user: nil)
        login.mayArriveLate = late
        return Entered(shell: shell, hostKey: hostKey, reach: reach(login, AttachSession.rebootDeadline))
    }

    private func reach(_ login: GuestLogin, _ deadline: Duration) -> GuestReach {
        GuestReach(endpoint: address.endpoint, login: login, watch: ConnectionWatch(), bootDeadline: deadline)
    }

    /// The machine's key, if it may be trusted. Nothing secret has been sent by then.
    private func trustedKey() async throws -> HostKeyPin {
        let known = try await KnownHosts.look(for: address.knownName, in: address.knownHostsFiles)
        let shown = try await shownKey(known)
        switch HostKeyDecision.on(
            shown, of: address.endpoint, remembered: remembered, request: job.hostKey, known: known)
        {
        case .accept: return shown
        case .refuse(let failure): throw failure
        case .ask(let reason):
            let question = """
                \(reason.prefix(1).uppercased())\(reason.dropFirst()): \(address.endpoint)
                It shows the \(shown.type) key \(shown.fingerprint)
                Is that the key of the machine that you mean?
                """
            guard let ask = prompts.ask, ask(question) else {
                throw HostKeyDecision.unknown(shown, address.endpoint)
            }
            return shown
        }
    }

    /// A server has several keys, and shows one of the first type that it is asked for.
    private func shownKey(_ known: KnownHosts) async throws -> HostKeyPin {
        func key(_ types: [String]) async throws -> HostKeyPin {
            try await SSHConnection.hostKey(of: address.endpoint, types: types, timeout: .seconds(60))
        }
        if case .fingerprint(let wanted) = job.hostKey {
            let first = try await key(HostKeyPin.types)
            if first.fingerprint == wanted { return first }
            // The fingerprint does not tell of which type it is.
            for type in HostKeyPin.types where type != first.type {
                if let other = try? await key([type]), other.fingerprint == wanted { return other }
            }
            return first
        }
        if let remembered {
            return try await key([remembered.type] + HostKeyPin.types.filter { $0 != remembered.type })
        }
        return try await key(known.typesToAsk)
    }
}
