public import Contract
import FoundationEssentials
import Host
import VirtualMachines

/// A run as it lies in the state folder, for commands that only look: `list`, `ssh`, `logs`, `report`.
public struct StoredRun: Sendable {
    /// A VM that a run may have started.
    public enum Part: String, Codable, Sendable, CaseIterable {
        /// The one that is provisioned.
        case provisioning
        /// The cold boot that proves the result.
        case proof
        /// The one that a dry run looks into.
        case dryRun = "dry-run"
    }

    private let files: RunFolder

    private init(_ files: RunFolder) {
        self.files = files
    }

    /// All runs below `state`, by name. Dry runs count as parts of theirs.
    public static func all(state: String) -> [StoredRun] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(state)/runs")) ?? []
        let suffix = ".dry-run"
        let runs = Set(names.map { $0.hasSuffix(suffix) ? String($0.dropLast(suffix.count)) : $0 })
        return runs.sorted().map { StoredRun(RunFolder(path: "\(state)/runs/\($0)")) }
    }

    /// The run that made the file at `result`, by the name of the file, else by the file itself, which may have been renamed.
    public static func thatMade(_ result: String, state: String) -> StoredRun? {
        let named = StoredRun(RunFolder(state: state, resultPath: result))
        if FileManager.default.fileExists(atPath: named.files.recordPath) { return named }
        guard let inode = try? FileStatus(of: result).inode else { return nil }
        return all(state: state).first { run in
            guard let record = try? run.files.load(), record.isPublished else { return false }
            return record.resultInode == inode
        }
    }

    /// Its name, which is its folder's.
    public var name: String { files.runID }
    /// Its folder.
    public var folder: String { files.path }
    /// The guest agent's journal, as far as it was followed.
    public var journal: String { files.journalPath }

    /// The folder of one of its VMs.
    public func machineFolder(_ part: Part) -> String {
        switch part {
        case .provisioning: files.vmPath
        case .proof: files.proofPath
        case .dryRun: files.dryRun.vmPath
        }
    }

    /// Whether a process works on it now.
    public var isAtWork: Bool { LockFile.isTaken(files.lockPath) || LockFile.isTaken(files.dryRun.lockPath) }

    /// The stored report; nil where the run has not come to an end. Throws a ``Failure`` where it cannot be understood.
    public func report() throws -> Report? {
        guard let data = FileManager.default.contents(atPath: files.reportPath) else { return nil }
        do {
            return try JSONDecoder().decode(Report.self, from: data)
        } catch {
            throw Failure(
                .runDiffers, operation: "read the report", message: "\(files.reportPath) cannot be understood.",
                evidence: ["\(error)"], remedy: "Use the version of provision-gpu-vm that wrote it.", side: .host)
        }
    }

    /// What its record says; nil where there is none (a run that was cut off as it began, a dry run).
    /// Throws a ``Failure`` where it cannot be understood.
    public func facts() throws -> Facts? {
        try files.load().map { record in
            Facts(
                image: record.job.image, result: record.job.resultPath, isUnfinished: record.phase != .ended,
                access: record.job.access, keys: files.keys,
                contact: record.hostKey.map { FirstContact(hostKey: $0, user: record.user) },
                hidesHypervisor: record.prepared.hideHypervisor, bus: record.job.diskBus.rawValue,
                nic: record.job.nic.rawValue, machine: record.job.machine.rawValue, recipe: record.prepared.recipe)
        }
    }

    /// What other commands need of a run's record.
    public struct Facts: Sendable {
        /// IMAGE.
        public var image: String
        /// Where the result is, or will be.
        public var result: String
        public var isUnfinished: Bool
        public var access: Job.Access
        /// Those of an ephemeral access.
        public var keys: GuestKeys
        /// Nil where the guest was not reached yet.
        public var contact: FirstContact?
        /// Whether the VM that the driver was proven in hid its hypervisor.
        public var hidesHypervisor: Bool
        /// `--disk-bus`, `--nic` and `--machine` of the run.
        public var bus: String
        public var nic: String
        public var machine: String
        /// What was made of the guest.
        public var recipe: Recipe
    }
}
