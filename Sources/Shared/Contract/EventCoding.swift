extension Event: Codable {
    private enum Key: String, CodingKey {
        case kind, plan, version, facts, step, evidence, reason, message, output, request, failure, succeeded
    }

    private enum Kind: String {
        case planAccepted, agentStarted, inspected, stepSatisfied, stepStarted, progress, output, stepApplied
        case stepVerified, rebootRequested, hostNeeded, warning, stepFailed, finished
    }

    /// The `kind` written in the journal.
    public var kind: String {
        switch self {
        case .planAccepted: Kind.planAccepted.rawValue
        case .agentStarted: Kind.agentStarted.rawValue
        case .inspected: Kind.inspected.rawValue
        case .stepSatisfied: Kind.stepSatisfied.rawValue
        case .stepStarted: Kind.stepStarted.rawValue
        case .progress: Kind.progress.rawValue
        case .output: Kind.output.rawValue
        case .stepApplied: Kind.stepApplied.rawValue
        case .stepVerified: Kind.stepVerified.rawValue
        case .rebootRequested: Kind.rebootRequested.rawValue
        case .hostNeeded: Kind.hostNeeded.rawValue
        case .warning: Kind.warning.rawValue
        case .stepFailed: Kind.stepFailed.rawValue
        case .finished: Kind.finished.rawValue
        case .unknown(let kind, _): kind
        }
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let kind = try values.decode(String.self, forKey: .kind)
        func step() throws -> StepID { try values.decode(StepID.self, forKey: .step) }
        func reason() throws -> String { try values.decode(String.self, forKey: .reason) }
        func evidence() throws -> [String] { try values.decode([String].self, forKey: .evidence) }
        switch Kind(rawValue: kind) {
        case .planAccepted: self = .planAccepted(try values.decode(Plan.self, forKey: .plan))
        case .agentStarted: self = .agentStarted(version: try values.decode(String.self, forKey: .version))
        case .inspected: self = .inspected(try values.decode(GuestFacts.self, forKey: .facts))
        case .stepSatisfied: self = .stepSatisfied(try step(), evidence: try evidence())
        case .stepStarted: self = .stepStarted(try step(), reason: try reason())
        case .progress: self = .progress(try step(), message: try values.decode(String.self, forKey: .message))
        case .output: self = .output(try step(), try values.decode(ToolOutput.self, forKey: .output))
        case .stepApplied: self = .stepApplied(try step())
        case .stepVerified: self = .stepVerified(try step(), evidence: try evidence())
        case .rebootRequested: self = .rebootRequested(try step(), reason: try reason())
        case .hostNeeded:
            self = .hostNeeded(
                try step(), try values.decode(HostRequest.self, forKey: .request), reason: try reason())
        case .warning:
            self = .warning(
                try values.decodeIfPresent(StepID.self, forKey: .step),
                message: try values.decode(String.self, forKey: .message))
        case .stepFailed: self = .stepFailed(try step(), try values.decode(Failure.self, forKey: .failure))
        case .finished: self = .finished(succeeded: try values.decode(Bool.self, forKey: .succeeded))
        case nil: self = .unknown(kind: kind, try JSONValue(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        if case .unknown(_, let value) = self {
            try value.encode(to: encoder)
            return
        }
        var values = encoder.container(keyedBy: Key.self)
        try values.encode(kind, forKey: .kind)
        switch self {
        case .planAccepted(let plan): try values.encode(plan, forKey: .plan)
        case .agentStarted(let version): try values.encode(version, forKey: .version)
        case .inspected(let facts): try values.encode(facts, forKey: .facts)
        case .stepSatisfied(let step, let evidence), .stepVerified(let step, let evidence):
            try values.encode(step, forKey: .step)
            try values.encode(evidence, forKey: .evidence)
        case .stepStarted(let step, let reason), .rebootRequested(let step, let reason):
            try values.encode(step, forKey: .step)
            try values.encode(reason, forKey: .reason)
        case .progress(let step, let message):
            try values.encode(step, forKey: .step)
            try values.encode(message, forKey: .message)
        case .output(let step, let output):
            try values.encode(step, forKey: .step)
            try values.encode(output, forKey: .output)
        case .stepApplied(let step): try values.encode(step, forKey: .step)
        case .hostNeeded(let step, let request, let reason):
            try values.encode(step, forKey: .step)
            try values.encode(request, forKey: .request)
            try values.encode(reason, forKey: .reason)
        case .warning(let step, let message):
            try values.encodeIfPresent(step, forKey: .step)
            try values.encode(message, forKey: .message)
        case .stepFailed(let step, let failure):
            try values.encode(step, forKey: .step)
            try values.encode(failure, forKey: .failure)
        case .finished(let succeeded): try values.encode(succeeded, forKey: .succeeded)
        case .unknown: break
        }
    }
}
