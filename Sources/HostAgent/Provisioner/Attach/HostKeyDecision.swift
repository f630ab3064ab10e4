import Contract
import Host
import SecureShell

/// What is to become of the key that a machine shows. Pure.
enum HostKeyDecision: Equatable {
    case accept
    /// Only a person can say; the words tell why.
    case ask(String)
    case refuse(Failure)

    /// `remembered`: the key of this run so far. What the person names counts most, then what the run knows, then what the
    /// person's ssh knows.
    static func on(
        _ shown: HostKeyPin, of endpoint: SSHEndpoint, remembered: HostKeyPin?, request: AttachJob.HostKeyRequest,
        known: KnownHosts
    ) -> HostKeyDecision {
        if case .fingerprint(let wanted) = request {
            guard shown.fingerprint != wanted else { return .accept }
            return changed(
                endpoint, shown, "expected \(wanted) (--host-key)",
                "Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the machine's own console.")
        }
        if let remembered {
            guard shown != remembered else { return .accept }
            return changed(
                endpoint, shown, "expected \(remembered.type) \(remembered.fingerprint), as when a run here began",
                "Find out which machine listens there. If it was installed anew, name its new key with --host-key, or give "
                    + "--start-over, which forgets the old one.")
        }
        switch known.verdict(on: shown) {
        case .known: return .accept
        case .revoked:
            return changed(
                endpoint, shown, "known_hosts says @revoked of this key", "Give the machine a new host key.")
        case .changed(let before):
            return changed(
                endpoint, shown, "known_hosts has \(before.type) \(before.base64.suffix(20))",
                "Find out which machine listens there. If it was installed anew, forget the old key: "
                    + "ssh-keygen -R \(shellQuote(KnownHosts.name(of: endpoint)))")
        case .unknown:
            if request == .knownHosts { return .refuse(unknown(shown, endpoint)) }
            return .ask(
                known.keys.isEmpty
                    ? "known_hosts does not know this machine"
                    : "known_hosts knows the machine by another type of key (\(known.keys[0].type))")
        }
    }

    /// Nobody has said that this is the right machine.
    static func unknown(_ shown: HostKeyPin, _ endpoint: SSHEndpoint) -> Failure {
        Failure(
            .sshHostKeyUnknown, operation: "make sure which machine answers at \(endpoint)",
            message: "Nothing says that the machine at \(endpoint) is the one that is meant.",
            evidence: ["it shows \(shown.type) \(shown.fingerprint)"],
            remedy:
                "Compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the machine's own console, then "
                + "give --host-key \(shown.fingerprint), or log in once with ssh, which remembers it in known_hosts.",
            side: .host)
    }

    private static func changed(
        _ endpoint: SSHEndpoint, _ shown: HostKeyPin, _ expected: String, _ remedy: String
    ) -> HostKeyDecision {
        .refuse(
            Failure(
                .sshHostKeyChanged, operation: "make sure which machine answers at \(endpoint)",
                message: "The machine at \(endpoint) does not show the host key that it should.",
                evidence: [expected, "got \(shown.type) \(shown.fingerprint)"], remedy: remedy, side: .host))
    }
}
