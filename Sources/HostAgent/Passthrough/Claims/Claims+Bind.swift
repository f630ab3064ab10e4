import Contract
import Host

extension Claims {
    /// Cards that a command has bound, and the locks that keep others off as long as they are held.
    public struct Bound: Sendable {
        public var changes: [CardChange]
        public var locks: [ClaimLock]
    }

    /// Binds whole cards to vfio-pci, each function through driver_override, and journals before how they were. What is
    /// bound already stays; a claim that a crash left half made is completed.
    ///
    /// - Parameters:
    ///   - keeper: How long the claim lasts.
    ///   - grant: Gives the cards' device nodes to a user.
    /// - Throws: ``Failures`` of ``problems(of:allowBootVGA:)``; ``FailureCode/gpuInUse`` where another command or a VM has
    ///   a card; ``FailureCode/driverStuck`` where the kernel refused or hangs. What this call had bound by then is put
    ///   back, except where the kernel hangs. Cancelled, it puts back, too.
    public func bind(
        _ cards: [PCICard], keeper: Claim.Keeper = .user, allowBootVGA: Bool = false, grant: CardGrant? = nil
    ) async throws -> Bound {
        let problems = await problems(of: cards, allowBootVGA: allowBootVGA)
        guard problems.isEmpty else { throw Failures(problems) }
        if !isRoot {
            if let grant { throw granting(grant) }
            return Bound(changes: cards.map { unchanged($0, "It is on vfio-pci already.") }, locks: [])
        }
        // Always in the same order, so that two commands for the same cards cannot wait for each other.
        let ordered = cards.sorted { $0.name < $1.name }
        let locks = try ordered.map { try folder.lock($0.name) }
        var changes: [CardChange] = []
        for card in ordered {
            do {
                // In a task of its own: an interruption must not come between two writes, only between two cards.
                changes.append(try await Task.detached { try await bind(card, keeper, grant) }.value)
                try Task.checkCancellation()
            } catch {
                let done = changes.filter(\.isChange).map(\.card)
                let problems = await Task.detached { await putBack(done) }.value
                var failure =
                    error as? Failure
                    ?? Failure(
                        .interrupted, operation: "claim \(card.name)", message: "Interrupted.",
                        remedy: "Run the same command again.", retryable: true, side: .host)
                failure.cleanup += problems
                throw failure
            }
        }
        return Bound(changes: changes, locks: locks)
    }

    /// What binding would do.
    public func plan(binding cards: [PCICard], grant: CardGrant? = nil) async -> [PlannedCard] {
        var loaded = Set(tree.list(HostPCI.drivers))
        var planned: [PlannedCard] = []
        for card in cards {
            var steps: [String] = []
            let onNVIDIA = card.functions.contains { $0.driver == PersistenceDaemon.driver }
            if onNVIDIA, await PersistenceDaemon.isActive(tree) {
                steps.append(PersistenceDaemon.stop.joined(separator: " "))
            }
            for function in card.functions {
                var state = pci.state(function.address)
                state.loadedDrivers = loaded
                let way = described(function.address).plannedSteps(from: state, toBind: true)
                if !way.isEmpty { loaded.insert(ClaimedFunction.vfio) }
                steps += way.map(\.shell)
            }
            if let grant { steps += card.groups.map { "chown \(grant.name) /dev/vfio/\($0)" } }
            planned.append(PlannedCard(card: card.name, steps: steps))
        }
        return planned
    }

    private func unchanged(_ card: PCICard, _ note: String) -> CardChange {
        CardChange(
            card: card.name,
            functions: card.functions.map { CardChange.Function(address: $0.address, from: $0.driver, to: $0.driver) },
            claimed: false, notes: [note])
    }

    private func granting(_ grant: CardGrant) -> Failure {
        Failure(
            .rootNeeded, operation: "give the card to \(grant.name)", message: "Only root can give a device node away.",
            remedy: "Run the same command with sudo.", side: .host)
    }

    /// The journal's record of a function that is as it was.
    private func described(_ address: PCIAddress) -> ClaimedFunction {
        let state = pci.state(address)
        return ClaimedFunction(
            address: address, driver: state.driver,
            module: state.driver.flatMap { tree.linkName("\(HostPCI.drivers)/\($0)/module") },
            driverOverride: state.driverOverride)
    }

    // MARK: - One card

    private func bind(_ card: PCICard, _ keeper: Claim.Keeper, _ grant: CardGrant?) async throws -> CardChange {
        let addresses = card.functions.map(\.address)
        let before = drivers(addresses)
        let earlier = try standing(on: card, keeper)
        if earlier == nil, grant == nil, addresses.allSatisfy({ pci.state($0).isOnVFIO }) {
            return unchanged(card, "It was on vfio-pci already, and stays there.")
        }
        var claim =
            earlier
            ?? Claim(
                card: card.name, hostBootID: bootID, stage: .binding, keeper: keeper, claimant: .own,
                functions: addresses.map { described($0) })
        // A function that came by hot-plug since.
        claim.functions += addresses.filter { address in !claim.functions.contains { $0.address == address } }
            .map { described($0) }
        claim.stage = .binding
        claim.claimant = .own
        // What the user asked to keep is kept.
        if claim.keeper != .user { claim.keeper = keeper }
        try folder.save(claim)
        var notes: [String] = []
        do {
            try await stopPersistence(&claim, &notes)
            for function in claim.functions { try await walk(function, toBind: true) }
            if let grant { try self.grant(grant, &claim, card, &notes) }
            claim.stage = .bound
            try folder.save(claim)
        } catch {
            guard var failure = error as? Failure else { throw error }
            if let earlier, earlier.stage == .bound {
                try folder.save(earlier)
            } else if !failure.isHanging {
                // What hangs in the kernel holds the device's lock: any further write would hang, too.
                failure.cleanup += await restoreAll(claim).failures.map(\.message)
            }
            throw failure
        }
        return change(claim, from: before, claimed: true, notes: notes)
    }

    /// The claim of before on a card that still says how the card was.
    private func standing(on card: PCICard, _ keeper: Claim.Keeper) throws -> Claim? {
        let address = card.name
        guard let earlier = try folder.load(address) else { return nil }
        let isOver = earlier.hostBootID != bootID || (earlier.stage == .bound && isUndone(earlier))
        if isOver {
            try folder.remove(address)
            return nil
        }
        if earlier.keeper != .user, earlier.keeper != keeper {
            let users = users(of: earlier)
            guard users.isEmpty else { throw inUse(earlier, users, "claim \(address)") }
        }
        return earlier
    }

    /// Whether somebody has put the card back by hand since it was bound: nothing of ours is left on it.
    private func isUndone(_ claim: Claim) -> Bool {
        claim.functions.allSatisfy { function in
            let now = pci.state(function.address)
            return !now.isOnVFIO && now.driverOverride != ClaimedFunction.vfio && now.driver != nil
        }
    }

    private func stopPersistence(_ claim: inout Claim, _ notes: inout [String]) async throws {
        let functions = claim.functions.map(\.address)
        guard functions.contains(where: { pci.state($0).driver == PersistenceDaemon.driver }) else { return }
        let isActive = await PersistenceDaemon.isActive(tree)
        // It is stopped once for several cards, and each of them remembers.
        let others = try folder.all().contains { $0.hostBootID == bootID && $0.stoppedPersistence }
        claim.stoppedPersistence = claim.stoppedPersistence || isActive || others
        try folder.save(claim)
        if isActive {
            switch await changes.run(PersistenceDaemon.stop, deadline: PersistenceDaemon.deadline) {
            case .accepted: break
            case .refused(let words): notes.append(words)
            case .hanging(let seen): notes += seen
            }
            notes.append("\(PersistenceDaemon.name) was stopped; it is started again by the release.")
        }
        let card = try pci.card(claim.card)
        let holders = CardHolders(tree, cards: [card]).throughDriver(of: card)
        guard holders.isEmpty else {
            throw Failure(
                .gpuInUse, operation: "claim the card \(claim.card)", message: "\(claim.card) is in use on this host.",
                evidence: holders.map(\.description) + notes,
                remedy: "End these processes, then run the same command again.", retryable: true, side: .host)
        }
    }

    private func grant(
        _ grant: CardGrant, _ claim: inout Claim, _ card: PCICard, _ notes: inout [String]
    ) throws {
        for path in card.groups.map({ "/dev/vfio/\($0)" }) {
            let operation = "give \(path) to \(grant.name)"
            guard case .success(let status) = tree.status(path) else {
                throw Failure(
                    .gpuUnavailable, operation: operation, message: "There is no \(path), although its card is bound.",
                    evidence: ["the module vfio makes it"], remedy: "Look at dmesg for what vfio says.", side: .host)
            }
            if !claim.nodes.contains(where: { $0.path == path }) {
                claim.nodes.append(Claim.Node(path: path, owner: status.owner, grantedTo: grant.id))
            }
            for index in claim.nodes.indices where claim.nodes[index].path == path {
                claim.nodes[index].grantedTo = grant.id
            }
            try folder.save(claim)
            if status.owner == grant.id { continue }
            if case .refused(let words) = changes.setOwner(grant.id, of: path) {
                throw Failure(
                    .gpuUnavailable, operation: operation, message: "\(path) keeps its owner: \(words)",
                    remedy: "Give it by hand: chown \(grant.name) \(path)", side: .host)
            }
            notes.append("\(path) belongs to \(grant.name) until the release.")
        }
    }
}

extension Failure {
    /// Whether a write never came back.
    fileprivate var isHanging: Bool { code == .driverStuck && message.hasPrefix("The kernel did not come back") }
}
