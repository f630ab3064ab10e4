import Contract

// The failures of this module, one function each, so that a code has one remedy wherever it is thrown.
extension Failure {
    static func sshUnreachable(
        _ endpoint: SSHEndpoint, operation: String, message: String, evidence: [String]
    ) -> Failure {
        Failure(
            .sshUnreachable, operation: operation, message: message, evidence: evidence,
            remedy:
                "See whether the machine has booted (its serial console), runs an SSH server and lets \(endpoint) in.",
            retryable: true, side: .host)
    }

    static func sshBroken(_ endpoint: SSHEndpoint, operation: String, seen: String) -> Failure {
        Failure(
            .sshBroken, operation: operation, message: "The SSH connection to \(endpoint) broke.", evidence: [seen],
            remedy: "Run the command again; it continues. If it breaks again, look at the machine's serial console.",
            retryable: true, side: .host)
    }

    static func sshDeadline(operation: String, after limit: Duration, evidence: [String] = []) -> Failure {
        Failure(
            .deadline, operation: operation, message: "It was not done within \(wholeSeconds(limit)) s.",
            evidence: evidence, remedy: "See what the machine is busy with, then run the command again.",
            retryable: true, side: .host)
    }

    static func sshHostKeyChanged(_ endpoint: SSHEndpoint, pinned: HostKeyPin, shown: HostKeyPin) -> Failure {
        Failure(
            .sshHostKeyChanged, operation: "connect to \(endpoint)",
            message: "The SSH server at \(endpoint) is not the machine of before: its host key has changed.",
            evidence: [
                "expected \(pinned.type) \(pinned.fingerprint)", "got      \(shown.type) \(shown.fingerprint)",
            ],
            remedy:
                "Find out which machine listens there. If it was reinstalled on purpose, remove the stored host key.",
            side: .host)
    }
}

/// Whole seconds, rounded up, for messages.
func wholeSeconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return seconds + (attoseconds > 0 ? 1 : 0)
}
