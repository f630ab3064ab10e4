import Contract
import SecureShell

/// What a run on a running machine has reached; on disk before the next thing is begun.
struct AttachRecord: Codable, Sendable {
    /// Each names what may have been begun.
    enum Phase: String, Codable, Sendable {
        /// Files may be in the machine, whole or in part.
        case uploading
        /// The plan may be handed over; the machine's journal decides.
        case provisioning
        /// The machine may be rebooting, to prove itself.
        case proving
        /// Files may be gone from the machine.
        case finishing
        /// The report is written.
        case ended
    }

    static let currentSchema = 1

    var schema = AttachRecord.currentSchema
    var runID: String
    var job: AttachJob
    var user: String
    var endpoint: SSHEndpoint
    var inputs: AttachInputs
    var survey: MachineSurvey
    var phase: Phase
    var startedAt: Double
    /// Trusted from the first contact on.
    var hostKey: HostKeyPin
    var boots: [BootSection] = []
    /// Bytes that went over the network, all tries together.
    var bytesSent: Int64 = 0
    var proofBoot: ProofBootSection?
    var outcome: Report.Outcome?

    var machine: String { "\(user)@\(endpoint)" }
    var plan: Plan { Plan(runID: runID, recipe: inputs.recipe, payloads: inputs.payloads) }
    var uploads: [ResumableUpload] { PayloadFolder.uploads(inputs.payloads, sources: inputs.sources) }
}

/// The inputs of an ``AttachJob`` as they were found.
struct AttachInputs: Codable, Equatable, Sendable {
    var recipe: Recipe
    /// Placed in the machine.
    var payloads: [Payload]
    /// The same on this host.
    var sources: [String]
    var agentPath: String
    var agentSHA256: String
    var warnings: [String]
}
