import Contract
import FoundationEssentials
import SecureShell

/// Puts the agent into the guest and hands it the plan. Every part may be done again: what is there already is left.
struct AgentInstallation: Sendable {
    let shell: GuestShell
    /// The binary on this host and its digest.
    let agentPath: String
    let agentSHA256: String
    let runID: String

    static let path = "/usr/local/libexec/gpu-guest-agent"

    /// Pushes the binary unless the guest has exactly this one, and has it install its unit.
    func install() async throws {
        let operation = "put the guest agent in place"
        let remedy = "Look whether /usr/local in the guest is full or read-only."
        let present = try await shell.attempt("sha256sum \(Self.path)", deadline: .seconds(120))
        if !present.stdoutText.hasPrefix(agentSHA256) {
            // Uploaded to a place that the login may write, copied by root: a binary *moved* from a home keeps its
            // SELinux label and fails under systemd with 203/EXEC.
            let upload = "/tmp/gpu-guest-agent.\(runID)"
            try await shell.connection.upload(
                file: agentPath, to: upload, mode: 0o700, deadline: .seconds(600))
            let seen = try await shell.run(
                "sha256sum \(shellQuote(upload))", deadline: .seconds(120), operation: operation, code: .agentInstall,
                remedy: remedy)
            guard seen.hasPrefix(agentSHA256) else {
                throw Failure(
                    .agentInstall, operation: operation, message: "The agent arrived damaged.",
                    evidence: ["sent \(agentSHA256)", "arrived \(Printable.line(seen.prefix(64)))"],
                    remedy: "Run the same command again; look for a full /tmp in the guest.", retryable: true,
                    side: .guest)
            }
            try await shell.run(
                "mkdir -p /usr/local/libexec && cp \(shellQuote(upload)) \(Self.path).new && chmod 755 \(Self.path).new"
                    + " && mv -f \(Self.path).new \(Self.path) && rm -f \(shellQuote(upload)) && sync",
                deadline: .seconds(120), operation: operation, code: .agentInstall, remedy: remedy)
        }
        try await shell.run(
            "\(Self.path) install", deadline: .seconds(120), operation: operation, code: .agentInstall, remedy: remedy)
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
                remedy: "Read what the agent said; --start-over begins with a fresh overlay.", side: .guest)
        }
    }
}
