public import Contract
import Host

extension Claims {
    /// Stops a process that uses a card: given its identity and, of a VM of this tool, the folder of its vm.json.
    public typealias Stopping = @Sendable (ProcessIdentity, _ folder: String?) async -> Void

    /// Puts a card back on the drivers that it had, and forgets the claim. A card that nobody claimed is left alone.
    ///
    /// - Parameter stopping: Stops who still uses it; without, a card in use is refused.
    /// - Throws: ``FailureCode/rootNeeded``; ``FailureCode/gpuInUse``; ``FailureCode/driverStuck``, in which case the claim
    ///   stays and the next release tries again; ``Failures`` for several.
    public func release(_ card: PCIAddress, stopping: Stopping? = nil) async throws -> CardChange {
        let operation = "release \(card)"
        guard isRoot else {
            throw Failure(
                .rootNeeded, operation: operation, message: "Only root can put a card back on its drivers.",
                remedy: "Run `sudo provision-gpu-vm release --gpu \(card)`.", side: .host)
        }
        guard folder.exists, let seen = try claim(on: card) else { return try unclaimed(card) }
        if let stopping { await stop(seen, stopping) }
        let lock = try await lock(seen.card, patience: stopping == nil ? .zero : .seconds(60))
        defer { withExtendedLifetime(lock) {} }
        // Whoever had the lock may have put it back meanwhile.
        guard let claim = try folder.load(seen.card) else { return try unclaimed(card) }
        return try await Task.detached { try await putBack(claim, operation) }.value
    }

    /// What a release would do.
    public func plan(releasing card: PCIAddress) throws -> PlannedCard {
        guard folder.exists, let claim = try claim(on: card), claim.hostBootID == bootID else {
            return PlannedCard(card: card, steps: [])
        }
        var steps = claim.functions.flatMap {
            $0.plannedSteps(from: pci.state($0.address), toBind: false).map(\.shell)
        }
        steps += claim.nodes.map { "chown \($0.owner) \($0.path)" }
        if claim.stoppedPersistence { steps.append(PersistenceDaemon.restart.joined(separator: " ")) }
        return PlannedCard(card: claim.card, steps: steps)
    }

    /// Puts back what commands that are no more left behind: claims of runs whose VM is provably gone, and claims that were
    /// half made or half undone. Leaves alone what `bind` keeps, what a living process or VM has, the run in `except`, and
    /// the `cards` that the caller is about to take up itself.
    ///
    /// Returns what was put back, and what went wrong; nothing where this is not root.
    public func restoreAbandoned(
        except run: String? = nil, sparing cards: Set<PCIAddress> = []
    ) async -> (changes: [CardChange], failures: [Failure]) {
        guard isRoot, folder.exists else { return ([], []) }
        var changes: [CardChange] = []
        var failures: [Failure] = []
        do {
            for claim in try folder.all() {
                if let run, claim.keeper == .run(folder: run) { continue }
                if cards.contains(claim.card) { continue }
                if claim.keeper == .user, claim.stage == .bound, claim.hostBootID == bootID { continue }
                // Somebody works on it.
                guard let lock = try? folder.lock(claim.card) else { continue }
                defer { withExtendedLifetime(lock) {} }
                guard let claim = try folder.load(claim.card), users(of: claim).isEmpty else { continue }
                do {
                    changes.append(
                        try await Task.detached { try await putBack(claim, "put back \(claim.card)") }.value)
                } catch {
                    failures += Self.failures(of: error)
                }
            }
        } catch {
            failures += Self.failures(of: error)
        }
        return (changes, failures)
    }

    /// The claim that one of whose functions is `address`.
    func claim(on address: PCIAddress) throws -> Claim? {
        try folder.all().first { claim in claim.functions.contains { $0.address == address } }
    }

    private func unclaimed(_ card: PCIAddress) throws -> CardChange {
        let card = try pci.card(card)
        return CardChange(
            card: card.name,
            functions: card.functions.map { CardChange.Function(address: $0.address, from: $0.driver, to: $0.driver) },
            claimed: false, notes: ["It is not claimed; nothing was done."])
    }

    private func stop(_ claim: Claim, _ stopping: Stopping) async {
        if let machine = claim.machine, machine.process.isAlive(tree) {
            await stopping(machine.process, machine.folder)
        }
        for pid in Set(users(of: claim).map(\.pid)) {
            guard let stat = ProcessIdentity.stat(pid, tree) else { continue }
            await stopping(ProcessIdentity(pid: pid, startTime: stat.startTime), nil)
        }
    }

    /// Takes the lock; a run whose VM was just stopped puts the card back itself, and lets go of the lock then.
    private func lock(_ card: PCIAddress, patience: Duration) async throws -> ClaimLock {
        let end = ContinuousClock.now + patience
        while true {
            do {
                return try folder.lock(card)
            } catch let failure as Failure where failure.code == .gpuInUse && ContinuousClock.now < end {
                // flock(2) knows no deadline.
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    // MARK: - One card

    /// Puts back cards whose locks are held; answers what went wrong.
    func putBack(_ cards: [PCIAddress]) async -> [String] {
        var problems: [String] = []
        for card in cards {
            do {
                guard let claim = try folder.load(card) else { continue }
                _ = try await putBack(claim, "put back \(card)")
            } catch {
                problems += Self.failures(of: error).map(\.message)
            }
        }
        return problems
    }

    /// Puts back a claim whose lock is held.
    func putBack(_ claim: Claim, _ operation: String) async throws -> CardChange {
        let before = drivers(claim.functions.map(\.address))
        guard claim.hostBootID == bootID else {
            try folder.remove(claim.card)
            return change(
                claim, from: before, claimed: false,
                notes: ["The host was booted since: its drivers are as the boot left them, and the claim is void."])
        }
        let users = users(of: claim)
        guard users.isEmpty else { throw inUse(claim, users, operation) }
        let (notes, failures) = await restoreAll(claim)
        switch failures.count {
        case 0: return change(claim, from: before, claimed: false, notes: notes)
        case 1: throw failures[0]
        default: throw Failures(failures)
        }
    }

    /// Every function as far as it goes; the claim is forgotten only where all of them are back.
    func restoreAll(_ claim: Claim) async -> (notes: [String], failures: [Failure]) {
        var notes: [String] = []
        var failures: [Failure] = []
        var claim = claim
        claim.stage = .releasing
        do {
            try folder.save(claim)
            for function in claim.functions {
                do { try await walk(function, toBind: false) } catch { failures += Self.failures(of: error) }
            }
            for node in claim.nodes { restore(node, &notes) }
            guard failures.isEmpty else { return (notes, failures) }
            if claim.stoppedPersistence {
                switch await changes.run(PersistenceDaemon.restart, deadline: PersistenceDaemon.deadline) {
                case .accepted: notes.append("\(PersistenceDaemon.name) was started again.")
                case .refused(let words): notes.append("\(PersistenceDaemon.name) did not start again: \(words)")
                case .hanging: notes.append("\(PersistenceDaemon.name) did not start again in time.")
                }
            }
            try folder.remove(claim.card)
        } catch {
            failures += Self.failures(of: error)
        }
        return (notes, failures)
    }

    /// A node that is still there (its group was on vfio-pci before) goes back to its owner, unless somebody gave it to yet
    /// another one.
    private func restore(_ node: Claim.Node, _ notes: inout [String]) {
        guard case .success(let status) = tree.status(node.path), status.owner == node.grantedTo,
            node.owner != node.grantedTo
        else { return }
        if case .refused(let words) = changes.setOwner(node.owner, of: node.path) {
            notes.append("\(node.path) still belongs to user \(node.grantedTo): \(words)")
        }
    }

    static func failures(of error: any Error) -> [Failure] {
        Failures.list(
            of: error, operation: "put a card back", remedy: "Run `provision-gpu-vm release --all` as root.",
            side: .host)
    }
}
