import Synchronization

/// Whether this process was asked to end. Running programs are ended then, and no new ones are started, so that the
/// journal can say what was interrupted.
public enum StopRequest {
    private static let made = Atomic<Bool>(false)

    /// True after ``make()``.
    public static var isMade: Bool { made.load(ordering: .relaxed) }

    /// Asks. Safe in a signal handler: a store, no lock, no memory.
    public static func make() {
        made.store(true, ordering: .relaxed)
    }
}
