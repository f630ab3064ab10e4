/// What ``SlurmEngine/follow(_:tell:)`` tells while it waits.
public enum SlurmNews: Equatable, Sendable {
    /// A guest stands otherwise than before.
    case state(guest: String, SlurmGuestState)
    /// A guest's job told something.
    case event(guest: String, SlurmEvent)
    /// Slurm did not answer; it is asked again.
    case silence(reason: String)
}
