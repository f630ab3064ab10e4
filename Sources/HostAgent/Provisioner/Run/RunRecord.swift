import Contract
import FoundationEssentials
import SecureShell
import VirtualMachines

/// What a run has reached, on disk before the next thing is begun, so that the same command continues after any crash.
struct RunRecord: Codable, Sendable {
    /// Where a run stands. Each phase names what may have been begun, not what is known to be done.
    enum Phase: String, Codable, Sendable {
        /// The work disk may be half made; it is made again.
        case preparing
        /// The work disk is whole; a VM may run on it; the guest's journal decides.
        case provisioning
        /// The guest has finished and its journal is here; credentials may be gone from the guest, power may be off.
        case sealing
        /// The guest is off, the work disk is the result; a proof boot may run on a throwaway overlay.
        case proving
        /// The result may be in place already.
        case publishing
        /// The report is written.
        case ended
    }

    static let currentSchema = 2

    var schema = RunRecord.currentSchema
    var runID: String
    var job: Job
    var prepared: PreparedJob
    var phase: Phase
    var startedAt: Double
    /// The port forwarded to the guest's SSH.
    var sshPort: UInt16
    /// The guest's host key, pinned at the first contact.
    var hostKey: HostKeyPin?
    /// Who logged in at the first contact.
    var user: String?
    var boots: [BootSection] = []
    /// Warnings of the host's side, in order.
    var warnings: [String] = []
    var proofBoot: ProofBootSection?
    /// QEMU's arguments of the main VM.
    var arguments: [String] = []
    var result: ImageSection?
    /// True once the guest has said that this run's keys and traces are out of it and on disk.
    var sealed: Bool?
    /// What the guest was known by before it was told to forget it, in each boot in which it was; nil in records of versions
    /// that did not ask for that.
    var formerMarks: [GuestMarks]?
    /// The published file, told apart from another of the same name.
    var resultInode: UInt64?
    /// How it ended, once `ended`.
    var outcome: Report.Outcome?

    /// Whether it ended with its result in place.
    var isPublished: Bool { outcome == .provisioned || outcome == .undone }

    /// What must be equal for two commands to be the same run. Where they differ only in how the VM is launched (its
    /// memory, buses, ports, display), the run goes on, and the next launch is as the new command says.
    func isSameWork(as other: PreparedJob, of job: Job) -> Bool {
        // A result that was committed into IMAGE has changed it.
        let sameImage = prepared.image == other.image || (job.destination == .inPlace && isPublished)
        return prepared.recipe == other.recipe && sameImage && self.job.destination == job.destination
            && self.job.access == job.access && self.job.gpu == job.gpu && self.job.diskSize == job.diskSize
            && self.job.contents.generalise == job.contents.generalise
    }

    /// The same without looking at the files again: while a result is published they are as they were, except IMAGE,
    /// which `--in-place` may have half written.
    func isSameCommand(as job: Job) -> Bool {
        self.job.image == job.image && self.job.contents == job.contents
            && self.job.destination == job.destination && self.job.access == job.access && self.job.gpu == job.gpu
    }
}

/// What the preflight made of a ``Job``: the inputs as they were found.
struct PreparedJob: Codable, Equatable, Sendable {
    /// IMAGE, told apart from another file of the same name.
    struct Image: Codable, Equatable, Sendable {
        var path: String
        var format: String
        var virtualSize: Int64
        var inode: UInt64
        var size: Int64
        var modifiedNanoseconds: Int64
    }

    var image: Image
    var recipe: Recipe
    var payloads: [Payload]
    /// Payload drives: the files' paths on this host, by serial.
    var drives: [PayloadDrive]
    var accelerator: Accelerator
    var acceleratorReason: String
    var firmware: Firmware
    var hideHypervisor: Bool
    var agentPath: String
    var agentSHA256: String
    var qemuVersion: String
    var warnings: [String]
    /// How the VM is fitted to the host and its GPUs; nil in records of versions that did not.
    var fit: MachineFit? = nil
}
