import Contract
import FoundationEssentials
import Host
import SecureShell

/// Puts the agent into the guest and hands it the plan. Every part may be done again: what is there already is left.
struct AgentInstallation: Sendable {
    let shell: GuestShell
    /// The binary on this host and its digest.
    let agentPath: String
    let agentSHA256: String
    let runID: String

    static let path = "/usr/local/libexec/gpu-guest-agent"
    static let unitFile = "/etc/systemd/system/gpu-guest-agent.service"
    /// Of an image that was generalised: words of a shell.
    static let identityUnitFiles =
        "/etc/systemd/system/gpu-guest-identity.service "
        + "/etc/systemd/system/multi-user.target.wants/gpu-guest-identity.service"

    init(_ shell: GuestShell, agentPath: String, agentSHA256: String, runID: String) {
        self.shell = shell
        self.agentPath = agentPath
        self.agentSHA256 = agentSHA256
        self.runID = runID
    }

    /// The installation that a run's record names.
    init(_ shell: GuestShell, of record: RunRecord) {
        self.init(
            shell, agentPath: record.prepared.agentPath, agentSHA256: record.prepared.agentSHA256, runID: record.runID)
    }

    /// The installing script's status for a binary whose digest is not the host's.
    private static let damaged: Int32 = 88

    /// Pushes the binary unless the guest has exactly this one, and has it install its unit.
    func install() async throws {
        let upload = "/tmp/gpu-guest-agent.\(runID)"
        let present = try await shell.attempt("sha256sum \(Self.path)", deadline: .seconds(120))
        if present.stdoutText.hasPrefix(agentSHA256) {
            try check(await shell.attempt("\(Self.path) install", deadline: .seconds(120)))
            return
        }
        // Uploaded to a place that the login may write, copied by root: a binary *moved* from a home keeps its SELinux
        // label and fails under systemd with 203/EXEC. One script, since each command costs seconds under emulation.
        try await shell.connection.upload(file: agentPath, to: upload, mode: 0o700, deadline: .seconds(600))
        let script = """
            set -e
            upload=\(shellQuote(upload)) agent=\(Self.path)
            [ "$(sha256sum <"$upload" | cut -c 1-64)" = \(agentSHA256) ] || exit \(Self.damaged)
            mkdir -p /usr/local/libexec
            cp "$upload" $agent.new
            chmod 755 $agent.new
            mv -f $agent.new $agent
            if command -v restorecon >/dev/null; then restorecon $agent; fi
            rm -f "$upload"
            sync
            $agent install
            """
        try check(await shell.attempt(script, deadline: .seconds(240)))
    }

    private func check(_ output: SSHConnection.Output) throws {
        guard output.status != 0 else { return }
        throw Failure(
            .agentInstall, operation: "put the guest agent in place",
            message: output.status == Self.damaged
                ? "The agent arrived damaged." : "Installing it ended with status \(output.status).",
            evidence: Array(Printable.lines(output.stderrText + "\n" + output.stdoutText).suffix(20)),
            remedy: "Look whether /tmp or /usr/local in the guest is full or read-only; run the same command again.",
            retryable: true, side: .guest)
    }

    /// Hands the plan over; the agent goes on under systemd. A plan that it has already is taken up where it was.
    func start(_ plan: Plan) async throws {
        let output = try await shell.attempt(
            "\(Self.path) run --plan -", input: Array(try JSONEncoder().encode(plan)), deadline: .seconds(120))
        guard output.status == 0 else {
            throw Failure(
                .planRefused, operation: "hand the plan to the guest agent",
                message: "The agent refused it (status \(output.status)).",
                evidence: Array(Printable.lines(output.stderrText).suffix(20)),
                remedy: "Read what the agent said; --start-over begins anew.", side: .guest)
        }
    }
}
