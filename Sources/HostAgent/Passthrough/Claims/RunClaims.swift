public import Contract
import Host

/// The cards of one run: taken before its VM is launched, given back at its end, whatever the end is. Where the process is
/// killed, the claims on disk name the run and its VM, and the run's next process takes them up.
public actor RunClaims {
    private let claims: Claims
    private let folder: String
    private var locks: [ClaimLock] = []

    /// Those of the run in `folder`.
    public init(_ claims: Claims, folder: String) {
        self.claims = claims
        self.folder = folder
    }

    /// Binds the cards that `addresses` are functions of, where they are not bound. Throws as
    /// ``Claims/bind(_:keeper:allowBootVGA:grant:)`` does. Called again for cards that it has, it does nothing.
    public func take(_ addresses: [PCIAddress]) async throws -> [CardChange] {
        guard locks.isEmpty else { return [] }
        let cards = try addresses.map { try claims.pci.card($0) }
        let bound = try await claims.bind(cards, keeper: .run(folder: folder))
        locks = bound.locks
        return bound.changes
    }

    /// Notes which process has the cards. Best effort: who has a card open is looked for, too.
    public func note(_ machine: ProcessIdentity, folder: String) {
        for lock in locks {
            guard var claim = try? claims.folder.load(lock.card), claim.hostBootID == claims.bootID else { continue }
            claim.machine = Claim.Machine(process: machine, folder: folder)
            try? claims.folder.save(claim)
        }
    }

    /// Puts back what this run has claimed; cards that were on vfio-pci before, or that `bind` keeps, stay as they are.
    /// Goes on to its end in a cancelled task, too. Answers what went wrong.
    public func giveBack() async -> (changes: [CardChange], failures: [Failure]) {
        let (claims, folder, held) = (claims, folder, locks)
        defer { locks = [] }
        guard claims.isRoot, claims.folder.exists else { return ([], []) }
        return await Task.detached {
            var changes: [CardChange] = []
            var failures: [Failure] = []
            do {
                for claim in try claims.folder.all() where claim.keeper == .run(folder: folder) {
                    let lock = try held.first { $0.card == claim.card } ?? claims.folder.lock(claim.card)
                    defer { withExtendedLifetime(lock) {} }
                    do {
                        changes.append(try await claims.putBack(claim, "put back \(claim.card)"))
                    } catch {
                        failures += Claims.failures(of: error)
                    }
                }
            } catch {
                failures += Claims.failures(of: error)
            }
            return (changes, failures)
        }.value
    }
}
