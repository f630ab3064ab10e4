/// What a tool printed, kept beside the report.
public struct ToolOutput: Codable, Equatable, Sendable {
    /// A file-name-like name, lower case: "nvidia-smi-q-x", "device-query", "nvidia-installer-log".
    public var name: String
    /// The command as it was run, or the file that was read.
    public var source: String
    /// Exit status; nil for a file.
    public var exitStatus: Int32?
    /// The text, at most ``limit`` bytes; the end of it where it was longer.
    public var text: String
    /// True where the beginning was cut off.
    public var truncated: Bool

    /// The most bytes of text that an agent sends and a host keeps.
    public static let limit = 256 << 10

    /// Output of a tool.
    public init(name: String, source: String, exitStatus: Int32?, text: String, truncated: Bool) {
        self.name = name
        self.source = source
        self.exitStatus = exitStatus
        self.text = Self.withoutControls(text)
        self.truncated = truncated
    }

    /// JSON makes six bytes of a control character, and a log that a crash tore may be full of them. Lines, tabs and
    /// the colours of a terminal stay.
    private static func withoutControls(_ text: String) -> String {
        let kept: Set<UInt8> = [UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"), 0x1b]
        guard text.utf8.contains(where: { $0 < 0x20 && !kept.contains($0) }) else { return text }
        return String(
            decoding: text.utf8.map { $0 < 0x20 && !kept.contains($0) ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }
}

/// What a step needs from the host. It has no answer message: the step's own check is the answer (the device is there).
public enum HostRequest: Codable, Equatable, Sendable {
    /// The GPU is not on the guest's bus.
    case attachGPU
    /// No drive with this serial is there.
    case attachDrive(serial: String)
    /// A reboot did not help; power must go off and on.
    case powerCycle
}

/// One thing that happened in the guest.
public enum Event: Equatable, Sendable {
    /// The journal's first record: the job.
    case planAccepted(Plan)
    /// The agent started in a boot (the record's boot id), for the first time or after a reboot or a crash.
    case agentStarted(version: String)
    /// The machine, at the beginning.
    case inspected(GuestFacts)
    /// A step's check found it done already; it was not applied.
    case stepSatisfied(StepID, evidence: [String])
    /// A step begins to change the machine.
    case stepStarted(StepID, reason: String)
    /// A line of progress within a step.
    case progress(StepID, message: String)
    /// What a tool printed.
    case output(StepID, ToolOutput)
    /// The change is made and on disk (synced); verification is next, in this boot or after `rebootRequested`.
    case stepApplied(StepID)
    /// The step's proof.
    case stepVerified(StepID, evidence: [String])
    /// The guest is about to reboot itself.
    case rebootRequested(StepID, reason: String)
    /// The step cannot go on without the host.
    case hostNeeded(StepID, HostRequest, reason: String)
    /// Worth a line in the report.
    case warning(StepID?, message: String)
    /// The step failed; `finished(succeeded: false)` follows.
    case stepFailed(StepID, Failure)
    /// The journal's last record.
    case finished(succeeded: Bool)
    /// A kind that this version does not know, kept as it came.
    case unknown(kind: String, JSONValue)
}

/// One line of the journal.
public struct JournalRecord: Codable, Equatable, Sendable {
    /// Counts from 1 without gaps.
    public var seq: Int
    /// The guest's clock, seconds since 1970.
    public var time: Double
    /// /proc/sys/kernel/random/boot_id of the boot in which it happened.
    public var boot: String
    /// What happened.
    public var event: Event

    /// A record.
    public init(seq: Int, time: Double, boot: String, event: Event) {
        self.seq = seq
        self.time = time
        self.boot = boot
        self.event = event
    }
}
