import Contract
import FoundationEssentials
import Glibc
public import Host

/// The golden images that all fleets of a site share: who counts on them, and the removal of those on which nobody does.
///
/// A submitter counts on what is there from its look at it until its tasks are in the spool; it holds a lock meanwhile that no
/// remover gets. From then on the tasks say what is used.
public struct SlurmGoldens: Sendable {
    private let site: SlurmSite
    private let store: GoldenStore

    public init(_ site: SlurmSite) {
        self.site = site
        store = GoldenStore(FleetPlace(state: site.shared, goldens: site.goldens))
    }

    /// What came of a removal.
    public enum Removal: Equatable, Sendable {
        /// The digests of what is gone.
        case done([String])
        /// There is something that nobody uses, as far as can be seen. Why it stays: a sentence.
        case left(String)
    }

    /// Keeps removers away. Nil where there are no locks in `shared`: then nobody removes anything.
    public func use() -> SharedLock? { try? SharedLock.take("\(site.shared)/golden.lock") }

    /// Removes the images on which no fleet's guests stand, that no job builds, and that are not `wanted`.
    ///
    /// - Parameter use: The caller's own, of which this is the end.
    public func collect(_ use: SharedLock?, wanted: Set<String>) -> Removal {
        guard !store.whole().isSubset(of: wanted) else { return .done([]) }
        let counted: Set<String>
        do {
            counted = try inUse()
        } catch {
            return .left((error as? Failure)?.message ?? "\(site.shared)/spool cannot be read: \(error)")
        }
        let keeping = wanted.union(counted)
        guard !store.whole().isSubset(of: keeping) else { return .done([]) }
        guard isOurs else { return .left("Other users may write to \(site.shared): they may be about to use them.") }
        guard let use else { return .left("\(site.shared) has no file locks: others may be about to use them.") }
        guard use.takeAlone() else { return .left("Another command works with \(site.shared).") }
        do {
            // Looked at again: nobody else begins or ends anything now.
            return .done(store.collect(keeping: wanted.union(try inUse())))
        } catch {
            return .left("\(site.shared)/spool has changed.")
        }
    }

    /// Whether nobody but this user can have anything in `shared`.
    private var isOurs: Bool {
        var found = stat()
        return stat(site.shared, &found) == 0 && found.st_uid == geteuid() && found.st_mode & 0o022 == 0
    }

    /// The digests that tasks of any fleet name: a guest's image until it is destroyed, and one that is being built.
    private func inUse() throws -> Set<String> {
        var digests: Set<String> = []
        let folder = "\(site.shared)/spool"
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        for fleet in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let spool = site.spool(fleet: fleet)
            for number in (try spool.header()?.guests ?? [:]).values {
                let task = try spool.task(number)
                if let digest = task.builds {
                    // One that was cut off counts as well, until its image is built again.
                    let state = spool.result(number)?.state
                    if state != .ended, state != .failed { digests.insert(digest) }
                } else if task.action != .destroy, let golden = task.golden {
                    digests.insert(golden.digest)
                }
            }
        }
        return digests
    }
}
