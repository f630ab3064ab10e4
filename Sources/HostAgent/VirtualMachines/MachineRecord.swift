import Contract
import FoundationEssentials
import Host

/// Which process is the VM, on disk (`vm.json`): a later run finds by it what an earlier one started.
public struct MachineRecord: Codable, Equatable, Sendable {
    /// ``schemaVersion`` of the writer.
    public var schema: Int
    public var pid: Int32
    /// Field 22 of /proc/PID/stat: with the boot id it tells the VM from a later process of the same number.
    public var startTime: UInt64
    /// /proc/sys/kernel/random/boot_id of the host.
    public var hostBootID: String
    /// The machine as it was started; `sshPort` is the port that was taken.
    public var specification: MachineSpecification
    /// QEMU, absolute, and its arguments, as they were.
    public var arguments: [String]
    /// Seconds since 1970.
    public var launchedAt: Double
    /// Bytes that serial.log held before this launch: ``ConsoleWatch`` starts there.
    public var consoleOffset: Int64
    /// Bytes that qemu.log held before this launch.
    public var logOffset: Int64

    /// Raised with every change that an older version cannot read.
    public static let schemaVersion = 1

    public init(
        pid: Int32, startTime: UInt64, hostBootID: String, specification: MachineSpecification, arguments: [String],
        launchedAt: Double, consoleOffset: Int64 = 0, logOffset: Int64 = 0
    ) {
        schema = Self.schemaVersion
        self.pid = pid
        self.startTime = startTime
        self.hostBootID = hostBootID
        self.specification = specification
        self.arguments = arguments
        self.launchedAt = launchedAt
        self.consoleOffset = consoleOffset
        self.logOffset = logOffset
    }

    /// In place of the pid, from before QEMU's start until it is known.
    static let launching: Int32 = 0

    /// The record with its process: as it is, or, where its writer was killed while it launched, completed by looking
    /// for the process that has exactly these arguments (they name this folder's sockets). Nil where there is none.
    func found() -> MachineRecord? {
        guard pid == Self.launching else { return self }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = Int32(name), let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline"),
                let stat = ProcessStat(pid: pid), stat.isAlive
            else { continue }
            let words = line.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            if words.dropFirst().elementsEqual(arguments.dropFirst(), by: { $0.elementsEqual($1.utf8) }) {
                var record = self
                record.pid = pid
                record.startTime = stat.startTime
                return record
            }
        }
        return nil
    }

    /// Writes it by rename, so that a reader never sees half of it.
    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try encoder.encode(self).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Failure(
                .hostSpace, operation: "note the virtual machine", message: "\(path) cannot be written: \(error)",
                remedy: "Look at the folder's owner and at the free space.", side: .host)
        }
    }

    /// What stands in a VM's folder, and whether its process lives now. No socket is touched, so that this never hangs.
    ///
    /// - Returns: nil where no VM was ever started there. Of a launch that was cut off, the record without its process
    ///   (`pid` 0) where none is found.
    /// - Throws: A ``Failure`` where the record cannot be understood: the VM may live.
    public static func look(in folder: String) throws -> (record: MachineRecord, lives: Bool)? {
        guard let written = try read(from: MachineFolder(folder).record) else { return nil }
        guard written.hostBootID == Host.hostBootID(), let record = written.found() else { return (written, false) }
        let stat = ProcessStat(pid: record.pid)
        return (record, stat.map { $0.isAlive && $0.startTime == record.startTime } ?? false)
    }

    /// Reads it; nil where there is none. A newer schema, or a file that is none, is a ``Failure``: the VM may live.
    static func read(from path: String) throws -> MachineRecord? {
        guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
        struct Version: Decodable { var schema: Int }
        let decoder = JSONDecoder()
        do {
            let schema = try decoder.decode(Version.self, from: bytes).schema
            guard schema <= schemaVersion else {
                throw Failure(
                    .runDiffers, operation: "find the virtual machine",
                    message: "\(path) has schema \(schema); this version knows \(schemaVersion).",
                    remedy: "Use the version of provision-gpu-vm that started this virtual machine, or a newer one.",
                    side: .host)
            }
            return try decoder.decode(MachineRecord.self, from: bytes)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(
                .runDiffers, operation: "find the virtual machine", message: "\(path) cannot be understood.",
                evidence: ["\(error)"],
                remedy:
                    "See with `ps -ef | grep qemu` whether the virtual machine runs; stop it, then remove the file.",
                side: .host)
        }
    }
}
