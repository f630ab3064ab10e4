public import Contract

/// What a run tells while it goes on; renderers make lines or a live view of it.
public enum Progress: Sendable {
    /// A new part of the host's work: "check the inputs", "boot the guest".
    case phase(String)
    /// Something worth a line.
    case note(String)
    case warning(String)
    /// Bytes of a large file that are there, of bytes in all.
    case transfer(name: String, done: Int64, total: Int64)
    /// A record of the guest's journal, in order, each once per run of this command.
    case guest(JournalRecord)
}
