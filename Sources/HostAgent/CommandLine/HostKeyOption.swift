import ArgumentParser
import Provisioner

/// Which machine it must be that runs already.
struct HostKeyOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The machine's host key: its SHA256 fingerprint, or known_hosts to take only what ~/.ssh/known_hosts has. "
                + "(default: known_hosts, or what attach saw; attach asks you else)", valueName: "fingerprint"))
    var hostKey: String?

    func request() throws -> AttachJob.HostKeyRequest {
        guard let hostKey else { return .ask }
        guard let request = AttachJob.HostKeyRequest(option: hostKey) else {
            throw ValidationError(
                "--host-key takes known_hosts, or a fingerprint like SHA256:… with 43 characters (ssh-keygen -lf).")
        }
        return request
    }
}
