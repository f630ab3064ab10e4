public import Contract
import Glibc
public import Guest
import SystemPackage

/// Reads a journal that another process may be writing.
public struct JournalReader {
    private let file: FileDescriptor
    private var lines: LineReader
    /// Number of the last record that was read.
    public private(set) var lastSeq = 0

    /// Opens the journal; throws `Errno.noSuchFileOrDirectory` where there is none.
    public init(_ root: SystemRoot) throws {
        file = try FileDescriptor.open(FilePath(root.real(StateFolder.journal)), .readOnly, options: [.closeOnExec])
        lines = LineReader(file)
    }

    /// Closes the file. The reader is of no use afterwards.
    public func close() {
        try? file.close()
    }

    /// The next complete record with its line; nil where there is none yet.
    public mutating func next() throws -> (record: JournalRecord, line: String)? {
        guard let line = try lines.next() else { return nil }
        let record = try JournalLine.decode(line)
        lastSeq = record.seq
        return (record, line)
    }

    /// All complete records of the journal.
    public static func records(_ root: SystemRoot) throws -> [JournalRecord] {
        var reader = try JournalReader(root)
        defer { reader.close() }
        var records: [JournalRecord] = []
        while let (record, _) = try reader.next() { records.append(record) }
        return records
    }

    /// The plan of the journal, nil where there is none.
    public static func plan(_ root: SystemRoot) -> Plan? {
        guard var reader = try? JournalReader(root) else { return nil }
        defer { reader.close() }
        var plan: Plan?
        while let (record, _) = try? reader.next() {
            if case .planAccepted(let accepted) = record.event { plan = accepted }
        }
        return plan
    }
}

/// What `status` says.
public struct RunStatus: Codable, Equatable, Sendable {
    /// Nil where there was no run.
    public var runID: String?
    /// Number of the journal's last record.
    public var lastSeq: Int
    /// "none", "running", "interrupted" (unfinished and no process at it), "succeeded", "failed".
    public var state: String
    /// The step of the last record that has one.
    public var step: StepID?

    /// Reads it off the journal of a machine.
    public init(of root: SystemRoot) {
        (runID, lastSeq, state, step) = (nil, 0, "none", nil)
        guard var reader = try? JournalReader(root) else { return }
        defer { reader.close() }
        var succeeded: Bool?
        while let (record, _) = try? reader.next() {
            lastSeq = record.seq
            if let step = record.event.step { self.step = step }
            switch record.event {
            case .planAccepted(let plan): runID = plan.runID
            case .finished(let value): succeeded = value
            default: break
            }
        }
        state =
            switch succeeded {
            case true?: "succeeded"
            case false?: "failed"
            case nil: RunLock.isTaken(root) ? "running" : "interrupted"
            }
    }
}
