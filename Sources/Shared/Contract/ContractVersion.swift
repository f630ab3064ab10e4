/// The version of what host and guest say to each other, and of the documents both leave behind.
///
/// A reader accepts its own schema and older ones. A newer schema is refused in words, never guessed at.
public enum ContractVersion {
    /// Schema of ``Plan`` and ``JournalRecord``.
    public static let journal = 2
    /// Schema of ``Report``.
    public static let report = 3
    /// Version of the tool and of the agent; both are built from one package and carry one number.
    public static let tool = "0.1.0"
}
