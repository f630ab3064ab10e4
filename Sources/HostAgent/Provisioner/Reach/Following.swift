import Contract
import SecureShell
import VirtualMachines

/// Follows the guest's journal to its end, across reboots, dropped connections and agents that died.
struct Following {
    let reach: GuestReach
    let agent: @Sendable (GuestShell) -> AgentInstallation
    let plan: Plan
    /// Told of each new connection, before anything else runs on it: pins the key, counts the boot.
    let connected: (GuestShell) async throws -> Void
    let progress: @Sendable (Progress) -> Void
    /// What to do where the guest asks for something that nobody here can give it.
    var remedy = "Try another --machine; an old guest may lack drivers for PCIe."
    /// How long the agent may be wholly silent; it sends a heartbeat every few seconds.
    let idleLimit: Duration

    /// Follows until the guest's `finished` record is in `journal`.
    func toTheEnd(journal: inout GuestJournal, hostKey: () -> HostKeyPin?, user: () -> String?) async throws {
        var perseverance = Perseverance(journal.records)
        var handedOver = false
        while journal.finished == nil {
            var cut: Failure?
            do {
                let shell = try await reach.shell(hostKey: hostKey(), user: user())
                defer { Task { await shell.connection.close() } }
                try await connected(shell)
                if !handedOver {
                    let (agent, plan) = (agent(shell), plan)
                    try await reach.watch.during("hand the plan to the guest agent") {
                        try await agent.install()
                        try await agent.start(plan)
                    }
                    handedOver = true
                }
                try await replay(shell, into: &journal)
            } catch let failure as Failure where Self.isTransient(failure) {
                cut = failure
            }
            switch perseverance.next(after: cut, journal: journal.records) {
            case .reconnect: break
            case .handOverAgain: handedOver = false
            case .giveUp(let failure): throw failure
            }
        }
    }

    private func replay(_ shell: GuestShell, into journal: inout GuestJournal) async throws {
        let lines = shell.lines(
            of: "\(AgentInstallation.path) follow --after \(journal.lastSeq)", idleLimit: idleLimit)
        let (records, feed) = AsyncThrowingStream<JournalRecord, any Error>.makeStream()
        // The stream is read in a task of its own, so that QEMU's death ends the wait for the next line at once.
        let reader = Task { [reach] in
            do {
                try await reach.watch.during("follow the guest agent") {
                    for try await line in lines where !line.isEmpty { feed.yield(try JournalLine.decode(line)) }
                }
                feed.finish()
            } catch let failure as Failure where failure.code == .commandFailed {
                // `follow` ended by itself: it does so, in words, where no agent works on an unfinished journal.
                feed.finish(throwing: Self.silent(failure.evidence))
            } catch {
                feed.finish(throwing: error)
            }
        }
        defer { reader.cancel() }
        for try await record in records where try journal.append(record) {
            progress(.guest(record))
            if let failure = unfulfillable(record.event) { throw failure }
            if journal.finished != nil { return }
        }
        try Task.checkCancellation()
        throw Self.silent([])
    }

    private static func silent(_ evidence: [String]) -> Failure {
        Failure(
            .agentSilent, operation: "follow the guest agent", message: "The agent stopped before it had finished.",
            evidence: evidence, remedy: "Look at `journalctl -u gpu-guest-agent` in the guest.", retryable: true,
            side: .guest)
    }

    /// What reconnecting can cure.
    static func isTransient(_ failure: Failure) -> Bool {
        [.sshBroken, .sshUnreachable, .agentSilent, .deadline].contains(failure.code)
    }

    /// A request that this host cannot fulfil yet: hot-plug has an issue of its own.
    private func unfulfillable(_ event: Event) -> Failure? {
        guard case .hostNeeded(_, let request, let reason) = event else { return nil }
        let message: String
        switch request {
        case .attachGPU: message = "The guest does not see its GPU."
        case .attachDrive(let serial): message = "The guest does not see the runfile's drive \(Printable.line(serial))."
        case .powerCycle: message = "The guest needs its power switched off and on."
        }
        return Failure(
            .gpuNotVisible, operation: "give the guest what it asked for", message: message,
            evidence: [Printable.line(reason)],
            remedy: remedy, side: .guest)
    }
}
