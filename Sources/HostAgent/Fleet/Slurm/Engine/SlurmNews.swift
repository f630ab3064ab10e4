/// What ``SlurmEngine/follow(_:tell:)`` tells while it waits.
public enum SlurmNews: Equatable, Sendable {
    /// A guest stands otherwise than before.
    case state(guest: String, SlurmGuestState)
    /// A guest's job told something.
    case event(guest: String, SlurmEvent)
    /// A guest that was told to end did not power off in time.
    case cutOff(guest: String)
    /// Slurm did not answer; it is asked again.
    case silence(reason: String)
}
