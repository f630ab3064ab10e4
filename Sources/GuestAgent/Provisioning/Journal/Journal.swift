public import Contract
import FoundationEssentials
import Glibc
public import Guest
import Synchronization
import SystemPackage

/// The run's memory: one record a line, appended and synced one by one, never changed.
///
/// A crash in the middle of a write leaves a torn last line, which the next ``open(_:boot:)`` cuts off.
public final class Journal: Sendable {
    private struct State: ~Copyable {
        var file: FileDescriptor
        var length: Int64
        var lastSeq: Int
        /// All records but progress and output, which the ``StepMachine`` does not ask for and which are large.
        var records: [JournalRecord]
    }

    private let state: Mutex<State>
    private let boot: String
    private let now: @Sendable () -> Double

    private init(_ state: consuming State, boot: String, now: @escaping @Sendable () -> Double) {
        self.state = Mutex(state)
        self.boot = boot
        self.now = now
    }

    deinit {
        state.withLock { try? $0.file.close() }
    }

    /// The records that decide what is next, in order.
    public var records: [JournalRecord] { state.withLock { $0.records } }

    /// The number of the last record, 0 for an empty journal.
    public var lastSeq: Int { state.withLock { $0.lastSeq } }

    /// The plan: the last accepted one, since a continued run may bring its payloads at other places.
    public var plan: Plan? { records.plan }

    /// How the run ended, nil while it is under way.
    public var succeeded: Bool? {
        if case .finished(let succeeded)? = records.last?.event { return succeeded }
        return nil
    }

    /// Opens the journal, which is made where there is none, for the running boot.
    ///
    /// Throws a ``Failure`` with ``FailureCode/planRefused`` for a journal that cannot be continued: a line that is no
    /// record, a gap in the numbers, a newer schema.
    public static func open(
        _ root: SystemRoot, boot: String, now: (@Sendable () -> Double)? = nil
    ) throws -> Journal {
        try StateFolder(root).create()
        let file = try FileDescriptor.open(
            FilePath(root.real(StateFolder.journal)), .readWrite, options: [.create, .append, .closeOnExec],
            permissions: [.ownerRead, .ownerWrite])
        do {
            let (records, seq, length) = try load(file)
            try file.resize(to: length)  // the torn line
            return Journal(
                State(file: file, length: length, lastSeq: seq, records: records), boot: boot,
                now: now ?? { Date.now.timeIntervalSince1970 })
        } catch {
            try? file.close()
            throw error
        }
    }

    private static func load(_ file: FileDescriptor) throws -> ([JournalRecord], seq: Int, length: Int64) {
        var records: [JournalRecord] = []
        var seq = 0
        var length: Int64 = 0
        var lines = LineReader(file)
        while let line = try lines.next() {
            let record: JournalRecord
            do {
                record = try JournalLine.decode(line)
            } catch let failure as Failure {
                throw refusal("Line \(seq + 1) of the journal is no record.", failure.evidence)
            }
            guard record.seq == seq + 1 else {
                throw refusal("The journal's records go from \(seq) to \(record.seq).", [])
            }
            seq = record.seq
            length += Int64(line.utf8.count + 1)
            if record.event.decides { records.append(record) }
        }
        if let plan = records.plan, plan.schema > ContractVersion.journal {
            throw refusal("The journal has schema \(plan.schema), which is newer than this agent.", [])
        }
        return (records, seq, length)
    }

    private static func refusal(_ message: String, _ evidence: [String]) -> Failure {
        .guest(
            .planRefused, "continue the run", message, evidence: evidence,
            remedy: "Move \(StateFolder.journal) in the guest away, and run the same command again.")
    }

    /// Appends one record and waits until it is on disk. A line that cannot be written whole is taken back.
    public func append(_ event: Event) throws {
        try state.withLock { state in
            var record = JournalRecord(seq: state.lastSeq + 1, time: now(), boot: boot, event: event)
            var text = try JournalLine.encode(record)
            // A control character becomes six bytes. A line that is too long would be refused ever after.
            while text.utf8.count > JournalLine.limit {
                guard let shorter = record.event.shortened else {
                    throw Failure.guest(
                        .internal, "write the journal", "A record of \(text.utf8.count) bytes is too long.",
                        evidence: [String(text.prefix(300))], remedy: "Report this.")
                }
                record.event = shorter
                text = try JournalLine.encode(record)
            }
            let line = Array((text + "\n").utf8)
            do {
                try state.file.writeAll(line)
                // fdatasync writes the length as well, which is what changed.
                guard fdatasync(state.file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            } catch {
                try? state.file.resize(to: state.length)
                throw error
            }
            state.length += Int64(line.count)
            state.lastSeq = record.seq
            if event.decides { state.records.append(record) }
        }
    }

    /// Puts a finished journal aside, as journal-RUNID.jsonl, so that a new run begins an empty one.
    public static func archive(_ root: SystemRoot, runID: String) throws {
        var name = "\(StateFolder.path)/journal-\(runID).jsonl"
        var number = 2
        while root.exists(name) {
            name = "\(StateFolder.path)/journal-\(runID)-\(number).jsonl"
            number += 1
        }
        try root.move(StateFolder.journal, to: name)
    }
}

extension Sequence<JournalRecord> {
    var plan: Plan? {
        reduce(nil) { plan, record in
            if case .planAccepted(let accepted) = record.event { accepted } else { plan }
        }
    }
}

extension Event {
    /// The same with half of the text; nil where that cannot be.
    fileprivate var shortened: Event? {
        switch self {
        case .output(let step, var output):
            guard !output.text.isEmpty else { return nil }
            output.text = String(decoding: output.text.utf8.suffix(output.text.utf8.count / 2), as: UTF8.self)
            output.truncated = true
            return .output(step, output)
        case .stepFailed(let step, var failure):
            guard !failure.evidence.isEmpty else { return nil }
            let long = failure.evidence.contains { $0.utf8.count > 2000 }
            failure.evidence =
                long
                ? failure.evidence.map { String(decoding: $0.utf8.prefix(1000), as: UTF8.self) }
                : failure.evidence.dropLast()
            return .stepFailed(step, failure)
        default: return nil
        }
    }

    /// Whether the ``StepMachine`` may ask for it.
    fileprivate var decides: Bool {
        switch self {
        case .progress, .output, .inspected, .warning: false
        default: true
        }
    }
}
