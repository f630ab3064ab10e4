public import Contract
public import Provisioner

/// What a run of a fleet tells while it goes on.
public enum FleetEvent: Sendable {
    /// What it is about.
    public enum Subject: Hashable, Sendable {
        /// A golden image, by its digest.
        case golden(String)
        /// A guest, by its name.
        case guest(String)
    }

    /// How a task ended, or how it goes on.
    public enum End: Sendable {
        case done(GuestStart?)
        /// It failed for good.
        case failed(Failure)
        /// It failed, and is tried again in so many seconds.
        case resting(Failure, seconds: Double)
        /// It was cut off by who asked for it.
        case interrupted
    }

    case began(Subject, String)
    case progress(Subject, Progress)
    case ended(Subject, End)
}
