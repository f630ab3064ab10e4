import Contract
import FoundationEssentials
import Glibc
import Host
import SystemPackage

/// The folder of one run, 0700: its record, keys, sockets, logs, the guest's journal, what the tools printed.
struct RunFolder: Sendable {
    let path: String

    /// `STATE/runs/NAME-HASH`: the same result path always has the same folder, so that the same command finds its run.
    init(state: String, resultPath: String) {
        let name = (FilePath(resultPath).lastComponent?.string ?? "run").prefix(40)
        path = "\(state)/runs/\(name)-\(StableHash.hex(resultPath))"
    }

    /// `STATE/runs/USER-HOST-PORT-HASH`, of a machine that runs already.
    init(state: String, machine: String) {
        path = "\(state)/runs/\(Printable.fileName(machine).prefix(40))-\(StableHash.hex(machine))"
    }

    /// The place of a dry run of the same command, beside the run's own.
    var dryRun: RunFolder { RunFolder(path: "\(path).dry-run") }

    /// The run that is kept in `path`.
    init(path: String) {
        self.path = path
    }

    var runID: String { FilePath(path).lastComponent?.string ?? path }
    var lockPath: String { "\(path)/lock" }
    var recordPath: String { "\(path)/run.json" }
    /// The record of a run on a machine that runs already.
    var attachmentPath: String { "\(path)/attach.json" }
    var journalPath: String { "\(path)/journal.jsonl" }
    var reportPath: String { "\(path)/report.json" }
    var outputsPath: String { "\(path)/outputs" }
    var vmPath: String { "\(path)/vm" }
    var proofPath: String { "\(path)/proof" }
    /// Archives of the user's folders.
    var payloadsPath: String { "\(path)/payloads" }
    var seedPath: String { keys.seedFolder }
    /// The keys that are handed in at boot, where the user gave no login.
    var keys: GuestKeys { GuestKeys(folder: path) }

    /// Throws a ``Failure`` where the state folder cannot be written.
    func create() throws {
        do {
            try createFolders()
        } catch {
            throw Failure(
                .hostSpace, operation: "make the run's folder", message: "\(path) cannot be made: \(error)",
                remedy: "Choose another place with --state, or make it writable.", side: .host)
        }
    }

    private func createFolders() throws {
        for folder in [path, outputsPath, vmPath] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        // createDirectory leaves the mode of a folder that is there already alone.
        chmod(path, 0o700)
    }

    /// The record, nil where this run is new. Throws when it was written by a newer version.
    func load() throws -> RunRecord? {
        try load(RunRecord.self, from: recordPath, schema: RunRecord.currentSchema)
    }

    /// The same of any record that has a schema.
    func load<Record: Decodable>(_ type: Record.Type, from recordPath: String, schema current: Int) throws -> Record? {
        guard let data = FileManager.default.contents(atPath: recordPath) else { return nil }
        func refusal(_ message: String, _ seen: String, _ remedy: String) -> Failure {
            Failure(
                .runDiffers, operation: "continue the run", message: message, evidence: [seen],
                remedy: "\(remedy) Or stop its VM, if one lives, and remove \(path).", side: .host)
        }
        do {
            let schema = try JSONDecoder().decode(RecordSchema.self, from: data).schema
            guard schema <= current else {
                throw refusal(
                    "\(recordPath) was written by a newer version.",
                    "schema \(schema); this version reads up to \(current)", "Use that version.")
            }
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            throw refusal("\(recordPath) cannot be understood.", "\(error)", "Use the version that wrote it.")
        }
    }

    func save(_ record: RunRecord) throws {
        try write(try JSON.pretty(record), to: recordPath)
    }

    /// Keeps what the tools printed in the guest, a file each.
    func saveOutputs(of journal: GuestJournal) throws {
        for record in journal.records {
            guard case .output(let step, let output) = record.event else { continue }
            let name = "\(Printable.fileName(step.rawValue)).\(Printable.fileName(output.name)).txt"
            try write(Data(output.text.utf8), to: "\(outputsPath)/\(name)")
        }
    }

    /// Writes it so that a crash leaves the old or the new file, never half of one.
    func write(_ data: Data, to file: String) throws {
        try replaceFile(file, with: data)
    }

    /// Forgets a run that has ended, or that is begun anew; the folder itself, its lock and the archives stay, which the
    /// preflight has just made.
    func clear() throws {
        for entry in try FileManager.default.contentsOfDirectory(atPath: path)
        where entry != "lock" && "\(path)/\(entry)" != payloadsPath {
            try FileManager.default.removeItem(atPath: "\(path)/\(entry)")
        }
        try create()
    }
}

/// What every record of a run begins with.
private struct RecordSchema: Decodable {
    var schema: Int
}

/// An exclusive lock on a run, held by this process and gone with it.
final class RunLock: Sendable {
    private let file: LockFile

    /// Throws ``FailureCode/runLocked`` naming the process that holds it.
    init(folder: RunFolder) throws {
        guard let file = try LockFile.take(folder.lockPath) else {
            let holder = LockFile.holder(of: folder.lockPath)
            throw Failure(
                .runLocked, operation: "take up the run",
                message: "Another provision-gpu-vm works on this result\(holder.map { " (process \($0))" } ?? "").",
                remedy: "Wait for it, or stop it; then run the same command again.", retryable: true, side: .host)
        }
        self.file = file
    }
}

/// JSON as this tool writes it.
enum JSON {
    static func pretty(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value) + Data("\n".utf8)
    }
}
