import Contract
import FoundationEssentials
import Glibc
import Host
import SystemPackage

/// A fleet's folder on shared storage: what submitter and jobs tell each other. 0700; a file has one writer, and is replaced whole or
/// appended to, so that a kill leaves nothing half written but the last line of events.
///
///     spool.json       the fleet, the spool's id, the guests' numbers       submitter
///     site.json        the site, for the nodes                              submitter
///     task-N.json      what the job is to do                                submitter
///     array-….sh       the job scripts                                      submitter
///     holder-N.json    which job has guest N                                job
///     result-N.json    how it stands                                        job
///     events-N.jsonl   what it told                                         job
///     job-….log        what it printed                                      Slurm
public struct SlurmSpool: Sendable {
    /// A larger file of the spool is not read.
    static let fileLimit = 4 << 20
    /// Bytes of events that are read of a task at once.
    static let eventsLimit = 1 << 20

    /// Its absolute path, the same on every node.
    public let folder: String

    public init(folder: String) {
        self.folder = folder
    }

    /// What `spool.json` says.
    struct Header: Codable, Equatable {
        var version = 1
        var fleet: String
        /// Tells this spool's jobs from those of another fleet of the same name.
        var id: String
        /// Numbers that share an array's name: the site's as it was when the spool was made, so that its jobs are always found.
        var arraySize: Int
        /// A guest's number, for good: that of its files.
        var guests: [String: Int] = [:]

        /// The guest's number, a new one where it has none.
        mutating func number(of guest: String) -> Int {
            if let number = guests[guest] { return number }
            // Numbers are given in order and never taken back.
            let number = guests.count
            guests[guest] = number
            return number
        }
    }

    /// Which job has a guest.
    struct Holder: Codable, Equatable {
        var job: String
        var node: String
    }

    // MARK: - The submitter's

    /// The header; made with the folder where there is none.
    func open(fleet: String, arraySize: Int, newID: () -> String) throws -> Header {
        try makePrivateFolder(folder, operation: "make the fleet's spool")
        if let header = try header() {
            guard header.fleet == fleet else {
                throw Failure(
                    .runDiffers, operation: "open the spool", message: "\(folder) is the spool of \(header.fleet).",
                    remedy: "Give this fleet a spool of its own.", side: .host)
            }
            return header
        }
        let header = Header(fleet: fleet, id: newID(), arraySize: arraySize)
        try write(header)
        return header
    }

    /// The header; nil where there is no spool.
    func header() throws -> Header? {
        guard let data = data("spool.json") else { return nil }
        let header = try decode(Header.self, data, "spool.json")
        guard header.version == 1, header.arraySize > 0 else {
            throw unreadable("spool.json", "its version is \(header.version)")
        }
        return header
    }

    func write(_ header: Header) throws { try replace("spool.json", header) }

    func write(_ site: SlurmSite) throws { try replace("site.json", site) }

    func write(_ task: GuestTask, _ number: Int) throws { try replace("task-\(number).json", task) }

    func write(script: String, _ name: String) throws -> String {
        try store(name, script.utf8)
        return path(name)
    }

    /// Forgets what an earlier job of a guest left, before a new one is submitted.
    func clear(_ number: Int) throws {
        for name in ["result-\(number).json", "holder-\(number).json", "events-\(number).jsonl"] {
            guard unlink(path(name)) == 0 || errno == ENOENT else { throw unwritable(name, Errno(rawValue: errno)) }
        }
    }

    // MARK: - Both sides'

    /// The site that its jobs were submitted with. Throws a ``Failure`` where it cannot be read.
    public func site() throws -> SlurmSite {
        guard let data = data("site.json") else { throw unreadable("site.json", "it is not there") }
        return try decode(SlurmSite.self, data, "site.json")
    }

    func task(_ number: Int) throws -> GuestTask {
        guard let data = data("task-\(number).json") else { throw unreadable("task-\(number).json", "it is not there") }
        let task = try decode(GuestTask.self, data, "task-\(number).json")
        guard task.version == 1 else { throw unreadable("task-\(number).json", "its version is \(task.version)") }
        return task
    }

    /// A guest's result; nil where there is none, or none that can be read: the queue then has the word.
    func result(_ number: Int) -> TaskResult? {
        data("result-\(number).json").flatMap { try? JSONDecoder().decode(TaskResult.self, from: $0) }
    }

    /// The whole lines of a guest's events from `offset` on, and where the next begin.
    func events(_ number: Int, from offset: Int) -> (events: [SlurmEvent], next: Int) {
        guard
            let file = try? FileDescriptor.open(
                FilePath(path("events-\(number).jsonl")), .readOnly, options: [.closeOnExec])
        else { return ([], offset) }
        defer { try? file.close() }
        // A file that is shorter than what was read of it is another job's.
        let size = (try? file.seek(offset: 0, from: .end)).map(Int.init) ?? 0
        let start = size < offset ? 0 : offset
        var bytes = [UInt8](repeating: 0, count: min(Self.eventsLimit, size - start))
        let count = bytes.withUnsafeMutableBytes { buffer in
            (try? file.read(fromAbsoluteOffset: Int64(start), into: buffer)) ?? 0
        }
        guard let last = bytes[..<count].lastIndex(of: UInt8(ascii: "\n")) else {
            // A line that fills all that is read has no end worth waiting for.
            return ([], count == Self.eventsLimit ? start + count : start)
        }
        let lines = bytes[..<last].split(separator: UInt8(ascii: "\n"))
        return (lines.map { SlurmEvent(line: $0) }, start + last + 1)
    }

    // MARK: - The job's

    func write(_ result: TaskResult, _ number: Int) throws { try replace("result-\(number).json", result) }

    func append(_ event: SlurmEvent, _ number: Int) throws {
        let name = "events-\(number).jsonl"
        do {
            let file = try FileDescriptor.open(
                FilePath(path(name)), .readWrite, options: [.create, .append, .closeOnExec],
                permissions: [.ownerReadWrite])
            try file.closeAfter {
                // Half a line of a job that was killed must not swallow this one.
                let size = try file.seek(offset: 0, from: .end)
                var last: [UInt8] = [UInt8(ascii: "\n")]
                if size > 0 {
                    _ = try last.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: size - 1, into: $0) }
                }
                _ = try file.writeAll((last[0] == UInt8(ascii: "\n") ? [] : [UInt8(ascii: "\n")]) + event.line)
            }
        } catch let error as Errno {
            throw unwritable(name, error)
        }
    }

    /// Takes a guest for a job, unless another has it: then that one is returned.
    func take(_ number: Int, for holder: Holder) throws -> Holder? {
        let name = "holder-\(number).json"
        do {
            // Exclusive creation is atomic on NFS as well (3 and later).
            let file = try FileDescriptor.open(
                FilePath(path(name)), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite])
            try file.closeAfter { _ = try file.writeAll(try JSONEncoder().encode(holder)) }
            return nil
        } catch Errno.fileExists {
            let other = data(name).flatMap { try? JSONDecoder().decode(Holder.self, from: $0) }
            guard let other else {
                // A holder that was killed while it wrote is nobody.
                try inherit(number, for: holder)
                return nil
            }
            return other.job == holder.job ? nil : other
        } catch let error as Errno {
            throw unwritable(name, error)
        }
    }

    /// Takes a guest from a job that is provably gone.
    func inherit(_ number: Int, for holder: Holder) throws { try replace("holder-\(number).json", holder) }

    // MARK: - Files

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    private func data(_ name: String) -> Data? {
        guard let file = try? FileDescriptor.open(FilePath(path(name)), .readOnly, options: [.closeOnExec]) else {
            return nil
        }
        defer { try? file.close() }
        let size = (try? file.seek(offset: 0, from: .end)).map(Int.init) ?? 0
        guard (1...Self.fileLimit * (name == "spool.json" ? 16 : 1)).contains(size) else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = bytes.withUnsafeMutableBytes { (try? file.read(fromAbsoluteOffset: 0, into: $0)) ?? 0 }
        return Data(bytes[..<count])
    }

    private func replace(_ name: String, _ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try store(name, try encoder.encode(value))
    }

    private func store(_ name: String, _ bytes: some Sequence<UInt8>) throws {
        do {
            try replaceFile(path(name), with: bytes)
        } catch let error as Errno {
            throw unwritable(name, error)
        }
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ data: Data, _ name: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw unreadable(name, "\(error)")
        }
    }

    private func unreadable(_ name: String, _ why: String) -> Failure {
        Failure(
            .runDiffers, operation: "read the fleet's spool",
            message: "\(path(name)) cannot be read: \(Printable.line(why, limit: 300)).",
            remedy: "Is the folder on storage that every node has under this path, and the tool there as new as here?",
            side: .host)
    }

    private func unwritable(_ name: String, _ error: Errno) -> Failure {
        Failure(
            .hostSpace, operation: "write the fleet's spool", message: "\(path(name)) cannot be written: \(error)",
            remedy: "Look at the space and the rights of the shared folder.", retryable: true, side: .host)
    }
}
